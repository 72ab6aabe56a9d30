package lambdahost

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// environment is one process with its own Runtime API, so that the caller of the API is known.
type environment struct {
	f         *Function
	of        int // the release that it belongs to
	variables map[string]string
	idleSince time.Time // guarded by f.mu

	invocations chan *invocation
	ready       chan struct{} // closed at the first request for an invocation
	dead        chan struct{} // closed when the process has ended
	server      *http.Server

	mu        sync.Mutex
	cmd       *exec.Cmd
	current   *invocation
	holds     bool // a slot of the function
	stopped   bool
	initError *Result
	init      time.Duration // until it is reported
	peak      int64
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	result   chan Result
	over     chan struct{} // closed when the process asks for the next one
}

// newEnvironment is called under f.mu.
func newEnvironment(f *Function) *environment {
	return &environment{f: f, of: f.release, variables: f.variables, holds: true, invocations: make(chan *invocation), ready: make(chan struct{}), dead: make(chan struct{})}
}

// start runs the process up to its first request for an invocation.
func (e *environment) start() (Result, bool) {
	began := time.Now()
	if err := e.launch(); err != nil {
		e.f.gone(e)
		close(e.dead)
		return failure("Runtime.InvalidEntrypoint", err.Error()), false
	}
	t := time.NewTimer(e.f.config.InitLimit)
	defer t.Stop()
	select {
	case <-e.ready:
		e.mu.Lock()
		e.init = time.Since(began)
		e.mu.Unlock()
		return Result{}, true
	case <-e.dead:
	case <-t.C:
		e.kill()
		return failure(errTimeout, "the function did not ask for an invocation within the init phase"), false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.initError != nil {
		return *e.initError, false
	}
	return failure(errExit, "the runtime exited during init"), false
}

// launch starts the process from a thread of its own that stays with it: Linux sends the parent-death signal when the thread that
// forked ends, not the process.
func (e *environment) launch() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	e.server = &http.Server{Handler: e}
	go e.server.Serve(l)
	cmd := exec.Command(e.f.config.Binary)
	cmd.Env = e.f.environ(l.Addr().String(), e.variables)
	out := &lineWriter{to: e.f.config.Output}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			e.mu.Lock()
			if e.cmd = cmd; e.stopped {
				cmd.Process.Kill()
			}
			e.mu.Unlock()
		}
		started <- err
		if err != nil {
			e.server.Close()
			return
		}
		cmd.Wait()
		out.flush()
		e.server.Close()
		e.f.gone(e)
		close(e.dead)
	}()
	return <-started
}

// run hands one invocation to the process and waits for its end.
func (e *environment) run(inv *invocation) Result {
	e.signal(syscall.SIGCONT) // it may be frozen
	t := time.NewTimer(time.Until(inv.deadline))
	defer t.Stop()
	exited := failure(errExit, "RequestId: "+inv.id+" Error: Runtime exited")
	select {
	case e.invocations <- inv:
	case <-e.dead:
		return exited
	}
	select {
	case r := <-inv.result:
		e.settle(inv)
		return r
	case <-t.C:
		e.peakRSS()
		e.kill()
		return failure(errTimeout, fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", inv.id, e.f.config.Timeout.Seconds()))
	case <-e.dead:
	}
	select {
	case r := <-inv.result: // a panic is reported first, then the process exits
		return r
	default:
		return exited
	}
}

// settle gives the process the moment that it needs to be free again (or to exit after a panic), so that the next caller does not
// start another process for nothing.
func (e *environment) settle(inv *invocation) {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-inv.over:
	case <-e.dead:
	case <-t.C:
	}
}

func (e *environment) hold() {
	e.mu.Lock()
	e.holds = true
	e.mu.Unlock()
}

// release gives the slot back, once.
func (e *environment) release() {
	e.mu.Lock()
	held := e.holds
	e.holds = false
	e.mu.Unlock()
	if held {
		<-e.f.slots
	}
}

func (e *environment) signal(s syscall.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cmd != nil {
		e.cmd.Process.Signal(s)
	}
}

func (e *environment) kill() { e.signal(syscall.SIGKILL) }

// stop is the shutdown phase.
func (e *environment) stop() {
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	e.peakRSS()
	e.signal(syscall.SIGCONT)
	e.signal(syscall.SIGTERM)
	select {
	case <-e.dead:
		return
	case <-time.After(300 * time.Millisecond):
	}
	e.kill()
	<-e.dead
}

// peakRSS is the largest memory seen; after the end of the process it is the last value read.
func (e *environment) peakRSS() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cmd != nil {
		e.peak = max(e.peak, peakRSS(e.cmd.Process.Pid))
	}
	return e.peak
}

func (e *environment) takeInit() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.init
	e.init = 0
	return d
}

const (
	runtimePath   = "/2018-06-01/runtime/"
	extensionPath = "/2020-01-01/extension/"
)

// ServeHTTP is the Runtime API, and as much of the Extensions API as the runtime needs to receive SIGTERM.
func (e *environment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch p := r.URL.Path; {
	case p == runtimePath+"invocation/next":
		e.next(w, r)
	case p == runtimePath+"init/error":
		e.failInit(w, r)
	case strings.HasPrefix(p, runtimePath+"invocation/"):
		id, what, _ := strings.Cut(strings.TrimPrefix(p, runtimePath+"invocation/"), "/")
		e.finish(w, r, id, what)
	case p == extensionPath+"register":
		w.Header().Set("Lambda-Extension-Identifier", newID())
		fmt.Fprintf(w, `{"functionName":%q,"functionVersion":"$LATEST","handler":"bootstrap"}`, e.f.config.Name)
	case p == extensionPath+"event/next":
		<-r.Context().Done()
	default:
		http.NotFound(w, r)
	}
}

// next gives the process its next invocation. Only now its last one is over.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	last := e.current
	e.current = nil
	e.mu.Unlock()
	if last != nil {
		if e.f.config.Freeze {
			e.signal(syscall.SIGSTOP)
		}
		e.f.free(e)
		close(last.over)
	} else {
		select {
		case <-e.ready: // a repeated request
		default:
			close(e.ready)
		}
	}
	select {
	case inv := <-e.invocations:
		e.mu.Lock()
		e.current = inv
		e.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", ARN(e.f.config.Name))
		h.Set("Lambda-Runtime-Trace-Id", fmt.Sprintf("Root=1-%08x-%s;Sampled=0", time.Now().Unix(), strings.ReplaceAll(inv.id, "-", "")[:24]))
		h.Set("Content-Length", strconv.Itoa(len(inv.payload)))
		io.Copy(w, bytes.NewReader(inv.payload))
	case <-r.Context().Done():
	}
}

func (e *environment) finish(w http.ResponseWriter, r *http.Request, id, what string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, PayloadLimit+1))
	io.Copy(io.Discard, r.Body) // trailers come after the body
	e.mu.Lock()
	inv := e.current
	e.mu.Unlock()
	if err != nil || inv == nil || inv.id != id || what != "response" && what != "error" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	const header = "Lambda-Runtime-Function-Error-Type"
	res := Result{Payload: body, ErrorType: r.Trailer.Get(header)}
	if what == "error" {
		if res.ErrorType = r.Header.Get(header); res.ErrorType == "" {
			res.ErrorType = "Unhandled"
		}
	}
	status := http.StatusAccepted
	if len(body) > PayloadLimit {
		status, res = http.StatusRequestEntityTooLarge, failure(errLarge, "Response payload size exceeded maximum allowed payload size (6291556 bytes).")
	}
	select {
	case inv.result <- res:
	default: // answered already
	}
	w.WriteHeader(status)
}

func (e *environment) failInit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, PayloadLimit))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	kind := r.Header.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		kind = "Runtime.InitError"
	}
	e.mu.Lock()
	e.initError = &Result{Payload: body, ErrorType: kind}
	e.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}
