// Package lambdahost runs Lambda functions from their real bootstrap binaries: one process per execution environment, one invocation
// at a time in each, a new environment when all are busy, and the Runtime API as the only way in and out. It follows the Lambda
// runtime API reference and the execution environment lifecycle of the developer guide. It does not limit memory or CPU, and an
// invocation is not billed.
package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"lumo/scripts/localcloud/awslocal"
)

// PayloadLimit is the largest synchronous request or response.
const PayloadLimit = 6 << 20

// Config describes a function.
type Config struct {
	Name    string
	Binary  string
	Memory  int // MiB, told to the function
	Timeout time.Duration
	Limit   int // environments at most; 0 is 10

	// Environment is all that the function sees beside what Lambda itself sets: nothing leaks in from the developer's shell.
	Environment map[string]string
	// Output receives what the function prints and one START and one REPORT line per invocation: one whole line per Write, from
	// several goroutines at once.
	Output io.Writer
	// IdleAfter ends environments that had nothing to do for so long; 0 is 5 minutes.
	IdleAfter time.Duration
	// InitLimit is how long a new process may take to ask for its first invocation; 0 is the 10 s of Lambda.
	InitLimit time.Duration
	// Freeze stops processes between invocations, as Lambda does, which shows work left behind after the response.
	Freeze bool
}

// Result is the outcome of an invocation. ErrorType is empty when the function answered.
type Result struct {
	Payload   []byte
	ErrorType string
}

// ErrThrottled means that all environments stayed busy: TooManyRequestsException.
var ErrThrottled = errors.New("all environments of the function are busy")

// ErrClosed means that the host is stopping.
var ErrClosed = errors.New("the function host is stopping")

// throttleAfter is how long a caller waits for an environment. One is free only when it asks for its next invocation, a moment after
// its answer; without this patience that moment would count as a throttle.
const throttleAfter = 100 * time.Millisecond

// Function is a function ready to be invoked.
type Function struct {
	config Config
	slots  chan struct{} // one token per environment that may work
	reaper *time.Ticker
	done   chan struct{}

	mu        sync.Mutex
	all       map[*environment]bool
	idle      []*environment // the most recently used last
	closed    bool
	stats     Stats
	variables map[string]string // of Config.Environment, or of the last Update
	release   int               // counts calls of Update
}

// Stats count since the start.
type Stats struct {
	Invocations  int   `json:"invocations"`
	Errors       int   `json:"errors"`
	Timeouts     int   `json:"timeouts"`
	Throttles    int   `json:"throttles"`
	Environments int   `json:"environments"` // alive now
	Started      int   `json:"started"`
	PeakRSS      int64 `json:"peakRssBytes"` // of the largest process
	BusyMillis   int64 `json:"busyMillis"`   // time spent in invocations
}

// New starts no process; the first invocation does.
func New(c Config) *Function {
	if c.Limit == 0 {
		c.Limit = 10
	}
	if c.IdleAfter == 0 {
		c.IdleAfter = 5 * time.Minute
	}
	if c.InitLimit == 0 {
		c.InitLimit = 10 * time.Second
	}
	f := &Function{config: c, slots: make(chan struct{}, c.Limit), all: map[*environment]bool{}, done: make(chan struct{}), variables: c.Environment}
	f.reaper = time.NewTicker(max(c.IdleAfter/4, time.Millisecond))
	go f.reap()
	return f
}

// Name of the function.
func (f *Function) Name() string { return f.config.Name }

// Stats returns the counters.
func (f *Function) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Environments = len(f.all)
	return s
}

// Invoke is a synchronous invocation. The context bounds the wait for an environment only: like Lambda, the function goes on when its
// caller leaves.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Result, error) {
	if err := f.reserve(ctx); err != nil {
		return Result{}, err
	}
	inv := &invocation{id: newID(), payload: payload, result: make(chan Result, 1), over: make(chan struct{})}
	e, failed, err := f.environment()
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	fmt.Fprintf(f.config.Output, "START RequestId: %s Version: $LATEST\n", inv.id)
	r := failed
	if e != nil {
		began = time.Now()
		inv.deadline = began.Add(f.config.Timeout)
		r = e.run(inv)
	}
	f.report(inv, e, r, time.Since(began))
	return r, nil
}

func (f *Function) reserve(ctx context.Context) error {
	select {
	case f.slots <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(throttleAfter)
	defer t.Stop()
	select {
	case f.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-f.done:
		return ErrClosed
	case <-t.C:
		f.mu.Lock()
		f.stats.Throttles++
		f.mu.Unlock()
		return ErrThrottled
	}
}

// environment takes an idle environment or starts one; it holds the slot of the caller from then on, until it is free or dead. A start
// that fails is a failed invocation, as it is with Lambda.
func (f *Function) environment() (*environment, Result, error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		<-f.slots
		return nil, Result{}, ErrClosed
	}
	if n := len(f.idle); n > 0 {
		e := f.idle[n-1]
		f.idle = f.idle[:n-1]
		e.hold()
		f.mu.Unlock()
		return e, Result{}, nil
	}
	e := newEnvironment(f)
	f.all[e] = true
	f.stats.Started++
	f.mu.Unlock()
	if failed, ok := e.start(); !ok {
		return nil, failed, nil
	}
	return e, Result{}, nil
}

func (f *Function) report(inv *invocation, e *environment, r Result, d time.Duration) {
	line := fmt.Sprintf("REPORT RequestId: %s Duration: %.2f ms Memory Size: %d MB", inv.id, millis(d), f.config.Memory)
	var rss int64
	if e != nil {
		rss = e.peakRSS()
		line += fmt.Sprintf(" Max Memory Used: %d MB", rss>>20)
		if init := e.takeInit(); init > 0 {
			line += fmt.Sprintf(" Init Duration: %.2f ms", millis(init))
		}
	}
	if r.ErrorType != "" {
		line += " Status: error Error Type: " + r.ErrorType
	}
	fmt.Fprintln(f.config.Output, line)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Invocations++
	f.stats.BusyMillis += d.Milliseconds()
	f.stats.PeakRSS = max(f.stats.PeakRSS, rss)
	if r.ErrorType != "" {
		f.stats.Errors++
	}
	if r.ErrorType == errTimeout {
		f.stats.Timeouts++
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// free is called when an environment asks for its next invocation.
func (f *Function) free(e *environment) {
	f.mu.Lock()
	switch {
	case !f.all[e]: // it is dead by now
	case e.of != f.release:
		go e.stop()
	default:
		e.idleSince = time.Now()
		f.idle = append(f.idle, e)
	}
	f.mu.Unlock()
	e.release()
}

// Update is a deployment: what begins from now on sees other variables, what is at work ends with those it began with.
func (f *Function) Update(variables map[string]string) {
	f.mu.Lock()
	old := f.idle
	f.idle, f.variables = nil, variables
	f.release++
	f.mu.Unlock()
	stopAll(old)
}

// gone is called once, when the process of an environment has ended.
func (f *Function) gone(e *environment) {
	f.mu.Lock()
	delete(f.all, e)
	f.idle = slices.DeleteFunc(f.idle, func(x *environment) bool { return x == e })
	f.mu.Unlock()
	e.release()
}

func (f *Function) reap() {
	for {
		select {
		case <-f.done:
			return
		case <-f.reaper.C:
		}
		f.mu.Lock()
		var old []*environment
		for len(f.idle) > 0 && time.Since(f.idle[0].idleSince) > f.config.IdleAfter {
			old = append(old, f.idle[0])
			f.idle = f.idle[1:]
		}
		f.mu.Unlock()
		stopAll(old)
	}
}

// Close ends all environments: SIGTERM, after 300 ms SIGKILL, as Lambda's shutdown phase. Running invocations fail.
func (f *Function) Close() {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	f.closed = true
	f.idle = nil
	var all []*environment
	for e := range f.all {
		all = append(all, e)
	}
	f.mu.Unlock()
	close(f.done)
	f.reaper.Stop()
	stopAll(all)
}

func stopAll(es []*environment) {
	var wg sync.WaitGroup
	for _, e := range es {
		wg.Go(e.stop)
	}
	wg.Wait()
}

// environ is the whole environment of a process.
func (f *Function) environ(runtimeAPI string, variables map[string]string) []string {
	vars := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"_HANDLER":                        "bootstrap",
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_LAMBDA_FUNCTION_NAME":        f.config.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.config.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"LAMBDA_TASK_ROOT":                filepath.Dir(f.config.Binary),
		"AWS_REGION":                      awslocal.Region,
		"AWS_DEFAULT_REGION":              awslocal.Region,
		"AWS_ACCESS_KEY_ID":               awslocal.AccessKey,
		"AWS_SECRET_ACCESS_KEY":           awslocal.SecretKey,
		"LANG":                            "en_US.UTF-8",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin",
		"TZ":                              ":UTC",
	}
	for k, v := range variables {
		vars[k] = v
	}
	out := make([]string, 0, len(vars))
	for k, v := range vars {
		out = append(out, k+"="+v)
	}
	return out
}

func newID() string {
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", rand.Uint32(), rand.Uint32N(1<<16), rand.Uint32N(1<<12), 0x8000|rand.Uint32N(1<<14), rand.Uint64N(1<<48))
}

// ARN of the function called name.
func ARN(name string) string {
	return "arn:aws:lambda:" + awslocal.Region + ":" + awslocal.Account + ":function:" + name
}

// failure is a result in the form in which Lambda reports errors.
func failure(errorType, message string) Result {
	b, _ := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": message}) // strings only
	return Result{Payload: b, ErrorType: errorType}
}

const (
	errExit    = "Runtime.ExitError"
	errTimeout = "Sandbox.Timedout"
	errLarge   = "Function.ResponseSizeTooLarge"
)

// peakRSS reads the high-water mark of a live process. wait4's rusage would not do: between fork and exec the child shares the memory of
// this process, whose peak it then inherits.
func peakRSS(pid int) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	return parsePeak(b)
}
