package lambdahost_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/scripts/localcloud/lambdahost"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lambdahost")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "bootstrap")
	c := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary, "./testdata/bootstrap")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func function(t *testing.T, change ...func(*lambdahost.Config)) (*lambdahost.Function, *output) {
	t.Helper()
	t.Parallel()
	out := new(output)
	c := lambdahost.Config{Name: "Probe", Binary: binary, Memory: 256, Timeout: 20 * time.Second, Output: out}
	for _, f := range change {
		f(&c)
	}
	f := lambdahost.New(c)
	t.Cleanup(f.Close)
	return f, out
}

func invoke(t *testing.T, f *lambdahost.Function, event string) lambdahost.Result {
	t.Helper()
	r, err := f.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type reply struct {
	Calls, PID, Memory int
	Request, ARN, Name string
	Left               float64
}

func answer(t *testing.T, f *lambdahost.Function) reply {
	t.Helper()
	r := invoke(t, f, `{}`)
	var a reply
	if err := json.Unmarshal(r.Payload, &a); err != nil || r.ErrorType != "" {
		t.Fatalf("%v %s %s", err, r.ErrorType, r.Payload)
	}
	return a
}

func TestOneProcessServesOneAfterTheOther(t *testing.T) {
	f, out := function(t)
	first, second := answer(t, f), answer(t, f)
	if first.Calls != 1 || second.Calls != 2 || first.PID != second.PID || first.Request == second.Request {
		t.Errorf("%+v %+v", first, second)
	}
	if first.Name != "Probe" || first.Memory != 256 || first.ARN != lambdahost.ARN("Probe") || first.Left < 1 || first.Left > 20 {
		t.Errorf("context: %+v", first)
	}
	f.Close()
	log := out.String()
	for _, want := range []string{"hello from init", "START RequestId: " + first.Request, "REPORT RequestId: " + second.Request, "Init Duration", "SIGTERM received"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	if s := f.Stats(); s.Invocations != 2 || s.Started != 1 || s.Errors != 0 || s.PeakRSS < 1<<20 {
		t.Errorf("stats: %+v", s)
	}
}

// A deployment: what begins afterwards runs in a new process, what is at work ends in the old one.
func TestUpdateBeginsNewProcesses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go")
	f, out := function(t, func(c *lambdahost.Config) { c.Environment = map[string]string{"WAIT_FOR": file} })
	before := answer(t, f)
	slow := make(chan lambdahost.Result)
	go func() {
		r, _ := f.Invoke(context.WithoutCancel(t.Context()), []byte(`{"Do":"wait"}`))
		slow <- r
	}()
	for strings.Count(out.String(), "START") < 2 {
		time.Sleep(time.Millisecond)
	}
	f.Update(map[string]string{"WAIT_FOR": file, "RELEASE": "2"})
	after := answer(t, f)
	if after.PID == before.PID || after.Calls != 1 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := <-slow; r.ErrorType != "" || string(r.Payload) != `"waited"` {
		t.Errorf("what was at work: %s %s", r.ErrorType, r.Payload)
	}
	if next := answer(t, f); next.PID != after.PID || next.Calls != 2 {
		t.Errorf("then %+v", next)
	}
	if r := invoke(t, f, `{"Do":"environment"}`); !strings.Contains(string(r.Payload), "RELEASE=2") {
		t.Errorf("the new process sees %s", r.Payload)
	}
}

func TestFailuresAreReportedAndTheNextOneWorks(t *testing.T) {
	f, _ := function(t)
	for do, want := range map[string]string{"error": "errorString", "panic": "string", "exit": "Runtime.ExitError"} {
		r := invoke(t, f, `{"Do":"`+do+`"}`)
		if r.ErrorType == "" || !strings.Contains(string(r.Payload)+r.ErrorType, want) {
			t.Errorf("%s: %+v %s", do, r.ErrorType, r.Payload)
		}
		answer(t, f)
	}
	if r := invoke(t, f, `{"Do":"large","Size":6291456}`); r.ErrorType != "Function.ResponseSizeTooLarge" {
		t.Errorf("large: %s", r.ErrorType)
	}
	if r := invoke(t, f, `{"Do":"large","Size":6291454}`); r.ErrorType != "" || len(r.Payload) != 6<<20 {
		t.Errorf("6 MB: %s, %d bytes", r.ErrorType, len(r.Payload))
	}
}

func TestTimeoutKillsTheProcess(t *testing.T) {
	f, _ := function(t, func(c *lambdahost.Config) { c.Timeout = 200 * time.Millisecond })
	before := answer(t, f)
	if r := invoke(t, f, `{"Do":"hang"}`); r.ErrorType != "Sandbox.Timedout" || !strings.Contains(string(r.Payload), "timed out after 0.20 seconds") {
		t.Errorf("%s %s", r.ErrorType, r.Payload)
	}
	if after := answer(t, f); after.PID == before.PID {
		t.Error("the process that hung was used again")
	}
	if s := f.Stats(); s.Timeouts != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestInitFailures(t *testing.T) {
	exit, _ := function(t, func(c *lambdahost.Config) { c.Environment = map[string]string{"INIT": "exit"} })
	hang := lambdahost.New(lambdahost.Config{Name: "x", Binary: binary, Timeout: time.Second, InitLimit: 100 * time.Millisecond, Output: new(output), Environment: map[string]string{"INIT": "hang"}})
	defer hang.Close()
	none := lambdahost.New(lambdahost.Config{Name: "x", Binary: binary + "-none", Timeout: time.Second, Output: new(output)})
	defer none.Close()
	for _, c := range []struct {
		f    *lambdahost.Function
		want string
	}{{exit, "Runtime.ExitError"}, {hang, "Sandbox.Timedout"}, {none, "Runtime.InvalidEntrypoint"}} {
		for range 12 { // more often than there are environments: a failed start must give its slot back
			if r := invoke(t, c.f, `{}`); r.ErrorType != c.want {
				t.Fatalf("%s, want %s", r.ErrorType, c.want)
			}
		}
	}
}

func TestConcurrencyUpToTheLimit(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	f, _ := function(t, func(c *lambdahost.Config) {
		c.Limit = 3
		c.Environment = map[string]string{"WAIT_FOR": gate}
	})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if r, err := f.Invoke(context.Background(), []byte(`{"Do":"wait"}`)); err != nil || r.ErrorType != "" {
				t.Error(err, r.ErrorType)
			}
		})
	}
	for f.Stats().Environments < 3 {
		time.Sleep(time.Millisecond)
	}
	if _, err := f.Invoke(t.Context(), []byte(`{}`)); !errors.Is(err, lambdahost.ErrThrottled) {
		t.Errorf("a fourth: %v", err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for range 50 {
		wg.Go(func() {
			for {
				_, err := f.Invoke(context.Background(), []byte(`{}`))
				if err == nil {
					return
				}
				if !errors.Is(err, lambdahost.ErrThrottled) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if s := f.Stats(); s.Started != 3 {
		t.Errorf("stats: %+v", s)
	}
}

func TestTheEnvironmentIsCleanAndIdleProcessesEnd(t *testing.T) {
	f, _ := function(t, func(c *lambdahost.Config) {
		c.Environment = map[string]string{"OWN": "value"}
		c.IdleAfter = 50 * time.Millisecond
	})
	var vars []string
	if err := json.Unmarshal(invoke(t, f, `{"Do":"environment"}`).Payload, &vars); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(vars, "OWN=value") || !slices.Contains(vars, "_HANDLER=bootstrap") {
		t.Errorf("%v", vars)
	}
	for _, v := range vars {
		if strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, "GOPATH=") {
			t.Errorf("leaked: %s", v)
		}
	}
	for f.Stats().Environments > 0 {
		time.Sleep(time.Millisecond)
	}
	if answer(t, f).Calls != 1 {
		t.Error("the reaped process answered")
	}
}

// The figure must be that of the function, not one inherited from this process.
func TestPeakMemoryIsThatOfTheFunction(t *testing.T) {
	ballast := make([]byte, 256<<20)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	f, _ := function(t)
	answer(t, f)
	small := f.Stats().PeakRSS
	invoke(t, f, `{"Do":"allocate","Size":67108864}`)
	large := f.Stats().PeakRSS
	if small <= 0 || small > 64<<20 || large < 64<<20 || large > 200<<20 {
		t.Errorf("peak %d MiB, then %d MiB", small>>20, large>>20)
	}
	_ = ballast[0]
}

func TestFrozenProcessesAnswer(t *testing.T) {
	f, out := function(t, func(c *lambdahost.Config) { c.Freeze = true })
	for want := 1; want <= 3; want++ {
		if got := answer(t, f).Calls; got != want {
			t.Errorf("call %d, want %d", got, want)
		}
	}
	f.Close()
	if !strings.Contains(out.String(), "SIGTERM received") {
		t.Error("a frozen process did not shut down")
	}
}

func TestAfterClose(t *testing.T) {
	f, _ := function(t)
	answer(t, f)
	f.Close()
	if _, err := f.Invoke(t.Context(), []byte(`{}`)); !errors.Is(err, lambdahost.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if s := f.Stats(); s.Environments != 0 {
		t.Errorf("stats: %+v", s)
	}
}
