package runner_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sqs"
)

// TestMain lets the test binary be the cloud that gets killed.
func TestMain(m *testing.M) {
	state := os.Getenv("RUNNER_TEST_STATE")
	if state == "" {
		os.Exit(run(m))
	}
	c, err := runner.Start(context.Background(), config(state))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.URL())
	select {}
}

// run builds the probe once for all tests.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "runner")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv("RUNNER_TEST_BUILT", dir)
	c := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "Probe", "bootstrap"), "./testdata/cloud/functions/probe")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

func config(state string) runner.Config {
	return runner.Config{
		Built: os.Getenv("RUNNER_TEST_BUILT"),
		Root:  "testdata/cloud", Repository: "../../..", State: state, Front: "127.0.0.1:0", Control: "127.0.0.1:0", NoSchedules: true,
		Parameters: map[string]string{"Secret": "given"}, Chaos: sqs.Rough,
		Getenv: func(name string) string {
			if strings.HasPrefix(name, "AWS_") {
				return ""
			}
			return os.Getenv(name)
		},
	}
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func start(t *testing.T, c runner.Config) *runner.Cloud {
	t.Helper()
	cloud, err := runner.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	return cloud
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", url, res.Status, b, err)
	}
	return string(b)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func count(t *testing.T, c *runner.Cloud, name string) string {
	t.Helper()
	return post(t, c.URL()+"/count", name)
}

func TestTheWholeCloud(t *testing.T) {
	t.Parallel()
	var out output
	cfg := config(t.TempDir())
	cfg.Out = &out
	cfg.Built = ""
	c := start(t, cfg)
	if got := post(t, c.URL()+"/hello", ""); got != c.URL()+" given" {
		t.Errorf("parameters: %q", got)
	}
	for i := range 30 {
		post(t, c.URL()+"/send", fmt.Sprint("m", i))
		post(t, c.URL()+"/order", fmt.Sprint("o", i))
	}
	post(t, c.URL()+"/send", "bad")
	for i := range 30 {
		eventually(t, "a standard message is done", func() bool { return count(t, c, fmt.Sprint("Work/m", i)) != "0" })
		eventually(t, "a FIFO message is done", func() bool { return count(t, c, fmt.Sprintf("Order.fifo/o%d", i)) == "1" })
	}
	eventually(t, "the bad message reaches the dead-letter queue's consumer", func() bool { return count(t, c, "Dead/bad") != "0" })

	post(t, c.URL()+"/others", "")
	if got := post(t, c.ControlURL()+"/_local/tick?name=Tick", ""); !strings.Contains(got, `"errorType": ""`) {
		t.Error(got)
	}
	if count(t, c, "tick") != "1" {
		t.Error("the tick left no trace")
	}
	post(t, c.ControlURL()+"/_local/chaos", `{"duplicate":0}`)
	post(t, c.URL()+"/print", "a line of its own")

	s := c.Status()
	p := s.Functions["Probe"]
	if p.Invocations < 60 || p.PeakRSS < 1<<20 || p.DynamoDB["UpdateItem"] < 60 || s.KMSCalls != 1 || s.Mails != 1 || len(s.Queues) != 3 || s.Mappings["Probe.Work"].Deleted < 30 {
		b, _ := json.MarshalIndent(s, "", " ")
		t.Errorf("status: %s", b)
	}
	eventually(t, "what the function printed is shown", func() bool { return strings.Contains(out.String(), "Probe            a line of its own\n") })
	if log, err := os.ReadFile(filepath.Join(cfg.State, "logs", "Probe.log")); err != nil || !bytes.Contains(log, []byte("REPORT RequestId")) || strings.Contains(out.String(), "REPORT") {
		t.Errorf("logs: %v", err)
	}
	c.Close()

	again := start(t, cfg)
	if count(t, again, "tick") != "1" || again.Status().Mails != 1 {
		t.Error("a restart forgot something")
	}
	if err := runner.Reset(cfg.State); err == nil {
		t.Error("the folder of a running cloud was deleted")
	}
	again.Close()
	if err := runner.Reset(cfg.State); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(cfg.State); !os.IsNotExist(err) {
		t.Error("the folder is still there")
	}
}

// kill -9 of the cloud, with everything it runs: each message that was accepted is still done after a restart.
func TestAKilledCloudLosesNothing(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RUNNER_TEST_STATE="+state)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)
	const messages = 200
	for i := range messages {
		post(t, url+"/send", fmt.Sprint(i))
	}
	cmd.Process.Kill()
	cmd.Wait()
	c := start(t, config(state))
	for i := range messages {
		eventually(t, fmt.Sprint("message ", i), func() bool {
			return count(t, c, fmt.Sprint("Work/", i)) != "0" || count(t, c, fmt.Sprint("Dead/", i)) != "0"
		})
	}
}

func TestClearMessages(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	used := t.TempDir()
	start(t, config(used))
	text, err := os.ReadFile("testdata/cloud/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root := func(change ...string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "template.yaml"), []byte(strings.NewReplacer(change...).Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct {
		name   string
		change func(*runner.Config)
		want   string
	}{
		{"port", func(c *runner.Config) { c.Front = taken.Addr().String() }, "choose another with -front"},
		{"folder in use", func(c *runner.Config) { c.State = used }, "another local cloud uses the folder"},
		{"no code", func(c *runner.Config) { c.Root, c.Built = root(), "" }, "the folder functions/probe does not exist"},
		{"template", func(c *runner.Config) { c.Root = root("AWS::S3::Bucket", "AWS::S3::Bukket") }, "AWS::S3::Bukket is not understood"},
		{"parameter", func(c *runner.Config) { c.Parameters = map[string]string{"Nope": "x"} }, "no parameter Nope"},
	} {
		cfg := config(t.TempDir())
		cfg.TableInMemory = true
		c.change(&cfg)
		cloud, err := runner.Start(t.Context(), cfg)
		if err == nil {
			cloud.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A brought endpoint is used as it is, and no stand-in runs for it.
func TestABroughtEndpoint(t *testing.T) {
	t.Parallel()
	other := start(t, config(t.TempDir()))
	cfg := config(t.TempDir())
	cfg.Getenv = func(name string) string {
		if name == "AWS_ENDPOINT_URL_DYNAMODB" {
			return other.Endpoint("dynamodb")
		}
		return ""
	}
	c := start(t, cfg)
	post(t, c.ControlURL()+"/_local/tick?name=Probe.Tick", "")
	if count(t, other, "tick") != "1" {
		t.Error("the tick did not reach the other table")
	}
	if len(c.Status().Functions["Probe"].DynamoDB) != 0 {
		t.Error("requests to a brought endpoint were redirected")
	}
}

// A tap sees the calls of the functions and those of the event source mappings.
func TestATap(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	tap := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		service, rest, _ := strings.Cut(strings.TrimPrefix(r.In.URL.Path, "/"), "/")
		host, path, _ := strings.Cut(rest, "/")
		_, operation, _ := strings.Cut(r.In.Header.Get("X-Amz-Target"), ".")
		mu.Lock()
		seen[service+" "+operation] = true
		mu.Unlock()
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.URL.Path, r.Out.URL.RawPath = "http", host, "/"+path, ""
	}})
	defer tap.Close()
	cfg := config(t.TempDir())
	cfg.TableInMemory = true
	cfg.Tap = func(service, url string) string {
		return tap.URL + "/" + service + "/" + strings.TrimPrefix(url, "http://")
	}
	c := start(t, cfg)
	post(t, c.URL()+"/send", "m")
	post(t, c.URL()+"/others", "")
	eventually(t, "the message is done", func() bool { return count(t, c, "Work/m") != "0" })
	for _, call := range []string{"dynamodb UpdateItem", "sqs SendMessage", "sqs ReceiveMessage", "kms GenerateDataKey"} {
		eventually(t, call, func() bool { mu.Lock(); defer mu.Unlock(); return seen[call] })
	}
	c.Close()
}
