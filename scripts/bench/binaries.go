package bench

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/template"
)

const (
	starts      = 20
	fewStarts   = 3 // at the sizes of tests
	startWithin = 5 * time.Second
	mega        = 1 << 20
)

// build makes a function's bootstrap as it is deployed.
func (r *run) build(ctx context.Context, f template.Function) (string, error) {
	out := filepath.Join(r.temp, "bin", f.ID, "bootstrap")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	c := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", out, ".")
	c.Dir = filepath.Join(r.Root, f.Code)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	b, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", f.Code, err, b)
	}
	return out, nil
}

// functions are those of the template, with values that let them start.
func (r *run) functions() ([]template.Function, error) {
	s, err := template.Read(filepath.Join(r.Root, "template.yaml"), template.Local{Stack: "bench", SQS: "http://127.0.0.1:1", Parameters: map[string]string{
		"HubspotClientId": "bench", "HubspotAppId": "42", "HubspotClientSecret": "bench",
	}})
	if err != nil {
		return nil, err
	}
	return s.Functions, nil
}

// measureBinaries starts every function until it asks for its first invocation.
func measureBinaries(ctx context.Context, r *run) ([]Figure, error) {
	fs, err := r.functions()
	if err != nil {
		return nil, err
	}
	n := starts
	if r.Size < FullSize/100 {
		n = fewStarts
	}
	var slowest, largest float64
	for _, f := range fs {
		bin, err := r.build(ctx, f)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(bin)
		if err != nil {
			return nil, err
		}
		var took []time.Duration
		for range n {
			d, err := ready(ctx, bin, f)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.ID, err)
			}
			took = append(took, d)
		}
		slices.Sort(took)
		median, size := took[len(took)/2], float64(info.Size())/mega
		r.say("%s: ready after %.1f ms, %.1f MB", f.ID, float64(median.Microseconds())/1000, size)
		slowest, largest = max(slowest, float64(median.Microseconds())/1000), max(largest, size)
	}
	return []Figure{atMost("binary_exec_to_ready", slowest, "ms, slowest function's median", 60), atMost("binary_size", largest, "MB, largest function", 25)}, nil
}

// ready is the time from the start of a process to its first question for work.
func ready(ctx context.Context, bin string, f template.Function) (time.Duration, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	asked := make(chan time.Time, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, "/invocation/next") {
			select {
			case asked <- time.Now():
			default:
			}
		}
		<-q.Context().Done()
	}), ReadHeaderTimeout: startWithin}
	go server.Serve(l)
	defer server.Close()
	env := maps.Clone(f.Environment)
	maps.Copy(env, map[string]string{
		"AWS_LAMBDA_RUNTIME_API": l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME": f.Name, "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": fmt.Sprint(f.Memory),
		"_HANDLER": "bootstrap", "AWS_REGION": awslocal.Region, "AWS_ACCESS_KEY_ID": awslocal.AccessKey, "AWS_SECRET_ACCESS_KEY": awslocal.SecretKey,
	})
	c := exec.CommandContext(ctx, bin)
	for k, v := range env {
		c.Env = append(c.Env, k+"="+v)
	}
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	began := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	var d time.Duration
	select {
	case at := <-asked:
		d = at.Sub(began)
	case <-time.After(startWithin):
		err = fmt.Errorf("it asks for no work within %v", startWithin)
	}
	_ = c.Process.Kill()
	if werr := c.Wait(); err != nil {
		err = fmt.Errorf("%w (%v): %.300s", err, werr, said.String())
	}
	return d, err
}
