package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/mapping"
	"lumo/scripts/localcloud/sqs"
	"lumo/scripts/localcloud/template"
)

// binary is where the bootstrap of a function lies.
func (c *Cloud) binary(f template.Function) string {
	if c.config.Built != "" {
		return filepath.Join(c.config.Built, f.ID, "bootstrap")
	}
	return filepath.Join(c.config.State, "bin", f.ID, "bootstrap")
}

// build makes the bootstraps as they are deployed.
func (c *Cloud) build(ctx context.Context, f template.Function) error {
	folder := filepath.Join(c.config.Root, f.Code)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("template.yaml, Resources.%s: the folder %s does not exist", f.ID, f.Code)
	}
	out, err := filepath.Abs(c.binary(f))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", out, ".")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", f.Code, err, printed.Bytes())
	}
	return nil
}

func (c *Cloud) buildAll(ctx context.Context) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the go command is missing: install Go from https://go.dev/dl/")
	}
	errs := make([]error, len(c.system.Functions))
	var wg sync.WaitGroup
	room := make(chan struct{}, 2) // the go command is parallel itself
	for i, f := range c.system.Functions {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			errs[i] = c.build(ctx, f)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (c *Cloud) startFunctions(ctx context.Context) error {
	if c.config.Built == "" {
		began := time.Now()
		if err := c.buildAll(ctx); err != nil {
			return err
		}
		c.say.Status("built", fmt.Sprintf("%d functions in %.1f s", len(c.system.Functions), time.Since(began).Seconds()))
	}
	if err := os.MkdirAll(c.file("logs"), 0o700); err != nil {
		return err
	}
	for _, f := range c.system.Functions {
		log, err := os.OpenFile(filepath.Join(c.file("logs"), f.ID+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		c.onClose(func() { log.Close() })
		c.functions[f.ID] = lambdahost.New(lambdahost.Config{
			Name: f.Name, Binary: c.binary(f), Memory: f.Memory, Timeout: f.Timeout, Limit: f.Reserved, Environment: c.environment(f),
			Output: c.say.function(f.ID, log), Freeze: c.config.Freeze,
		})
	}
	c.onClose(func() {
		var wg sync.WaitGroup
		for _, f := range c.functions {
			wg.Go(f.Close)
		}
		wg.Wait()
	})
	return nil
}

// environment is what the function sees: its own variables, the endpoints and credentials.
func (c *Cloud) environment(f template.Function) map[string]string {
	vars := map[string]string{}
	for name, value := range f.Environment {
		vars[name] = value
	}
	for service, url := range c.endpoints {
		vars[variable(service)] = url
	}
	if c.counter != nil {
		vars[variable(serviceDynamoDB)] = c.counterURL + "/" + f.ID
	}
	for name, value := range c.credentials() {
		vars[name] = value
	}
	return vars
}

// patience is how long batches at work may take when the cloud closes.
const patience = 2 * time.Second

func (c *Cloud) startMappings(context.Context) error {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	client := awssqs.NewFromConfig(c.aws(serviceSQS))
	log := slog.New(slog.NewTextHandler(c.say.Lines("mapping"), nil))
	n := 0
	for _, f := range c.system.Functions {
		for _, src := range f.Sources {
			q, _ := c.system.Queue(src.Queue) // the template's reader has checked it
			m := mapping.New(mapping.Config{
				Queue: client, URL: c.endpoints[serviceSQS] + "/" + awslocal.Account + "/" + src.Queue, ARN: sqs.ARN(src.Queue), Function: c.functions[f.ID],
				Timeout: f.Timeout, Hidden: time.Duration(q.Visibility()) * time.Second,
				BatchSize: src.BatchSize, Window: src.Window, MaxConcurrency: src.MaxConcurrency, ReportItems: src.ReportItems, Log: log,
			})
			c.mappings[f.ID+"."+src.Event] = m
			wg.Go(func() { m.Run(ctx) })
			n++
		}
	}
	c.onClose(func() {
		stop()
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(patience):
		}
	})
	c.say.Status("queues", fmt.Sprintf("%d, read by %d event source mappings", len(c.system.Queues), n))
	return nil
}

// invoke is an invocation without an answer, as a schedule makes it.
func (c *Cloud) invoke(ctx context.Context, id string, payload []byte) (lambdahost.Result, error) {
	return c.functions[id].Invoke(ctx, payload)
}
