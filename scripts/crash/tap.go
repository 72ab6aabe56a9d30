package crash

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// call is one request that a function, or the runner's polling of queues, makes to the world outside its process.
type call struct {
	service   string // dynamodb, sqs, kms, s3, sesv2, hubspot, line
	operation string // PutItem, SendMessage, ... or the HTTP method
	path      string // of HubSpot and LINE
	body      string
}

// when says on which side of a call the kill comes.
type when bool

const (
	before when = false // the call is not sent
	after  when = true  // it had its effect, and the process never sees the answer
)

// shot waits for its moment: the nth call that matches kills, and so does the next that a living process makes, until kills are done.
type shot struct {
	point
	mu    sync.Mutex
	begun bool
	seen  int
	kills int
	dead  map[int]bool
	// down: the runner was killed and does not run again yet; its functions are dying.
	down bool
}

// planted is a fault of the product that the harness must find: its own test.
type planted struct {
	drop   func(call) bool // the call is answered well and has no effect
	thrice func(call) bool // the call is made three times
}

func (p *planted) drops(c call) bool { return p != nil && p.drop != nil && p.drop(c) }

func (p *planted) repeats(c call) int {
	if p != nil && p.thrice != nil && p.thrice(c) {
		return 2
	}
	return 0
}

// tap is the way from the functions to everything outside: each address carries its service and target, /<service>/<host:port>/...
type tap struct {
	server *http.Server
	url    string
	client *http.Client
	shot   *shot
	fault  *planted // nil: none
	// runner kills the runner, stand-ins and functions included.
	runner func() error
	failed func(error)
}

const killsPerPoint = 2

func newTap(s *shot, runner func() error, failed func(error)) (*tap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &tap{
		url: "http://" + l.Addr().String(), shot: s, runner: runner, failed: failed,
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: 10 * time.Second}
	go t.server.Serve(l)
	return t, nil
}

func (t *tap) close() { t.server.Close() }

// through is the address of a service as seen through the tap.
func (t *tap) through(service, address string) string {
	return t.url + "/" + service + "/" + strings.TrimPrefix(address, "http://")
}

func (t *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c, target := describe(r, body)
	if t.fault.drops(c) {
		io.WriteString(w, "{}")
		return
	}
	for range t.fault.repeats(c) {
		t.forward(r.Context(), r, target, body)
	}
	aim, hit := t.aim(c, r)
	if hit && t.shot.when == before {
		t.fire(aim)
	}
	ctx := r.Context()
	if hit { // what was sent arrives, whatever becomes of the sender
		ctx = context.WithoutCancel(ctx)
	}
	res, answer, err := t.forward(ctx, r, target, body)
	if hit {
		t.fire(aim)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	w.Write(answer)
}

// describe splits the address and names the operation.
func describe(r *http.Request, body []byte) (call, string) {
	service, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	host, path, _ := strings.Cut(rest, "/")
	c := call{service: service, operation: r.Method, path: "/" + path, body: string(body)}
	if _, op, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		c.operation = op
	}
	target := "http://" + host + "/" + path
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	return c, target
}

func (t *tap) forward(ctx context.Context, r *http.Request, target string, body []byte) (*http.Response, []byte, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, nil, err
	}
	out, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	out.Header = r.Header.Clone()
	out.Header.Del("Connection")
	out.Header.Del("Accept-Encoding") // the transport's own, so that the answer is decoded here
	res, err := t.client.Do(out)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	res.Header.Del("Content-Length")
	return res, answer, err
}

// begins tells whether calls count already.
func (s *shot) begins(c call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = s.begun || s.since == nil || s.since(c)
	return s.begun
}

// up tells that the runner that was killed runs again.
func (s *shot) up() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// aim tells whether this call is one to kill at, and whom.
func (t *tap) aim(c call, r *http.Request) (pid int, hit bool) {
	s := t.shot
	if s == nil || !s.begins(c) || !s.match(c) {
		return 0, false
	}
	here, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return 0, false
	}
	pid, err := processAt(r.RemoteAddr, here.String())
	if err != nil || s.function != "" && functionOf(pid) != s.function {
		return 0, false // dead already, or somebody else
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead[pid] || s.down || s.kills >= killsPerPoint {
		return 0, false
	}
	if s.seen++; s.seen < s.nth {
		return 0, false
	}
	s.kills++
	s.dead[pid], s.down = true, s.victim == theRunner
	return pid, true
}

// fire kills and ends the call without an answer.
func (t *tap) fire(pid int) {
	var err error
	if t.shot.victim == theRunner {
		err = t.runner()
	} else {
		err = kill9(pid)
	}
	if err != nil {
		t.failed(err)
	}
	panic(http.ErrAbortHandler)
}
