package linesandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is LINE's limit on a request (Messaging API reference: Request).
const maxBody = 2 << 20

// call is one request to an official endpoint, authenticated and read.
type call struct {
	s         *Server
	r         *http.Request
	route     *route
	params    map[string]string
	body      []byte
	requestID string
	ch        *channel // of the channel token
	token     *token
}

// answer is what goes back. A nil body is an empty one.
type answer struct {
	status int
	body   any // JSON
	raw    []byte
	mime   string
	header http.Header
}

type errorBody struct {
	Message      string        `json:"message"`
	Details      []errorDetail `json:"details,omitempty"`
	SentMessages []sentMessage `json:"sentMessages,omitempty"`
}

type errorDetail struct {
	Message  string `json:"message,omitempty"`
	Property string `json:"property,omitempty"`
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func refuse(status int, message string) answer {
	return answer{status: status, body: errorBody{Message: message}}
}

var empty = struct{}{}

// ServeHTTP answers LINE's endpoints, the sandbox's pages and its control API. The prefixes /api, /data and /access stand for
// LINE's three hosts: below a prefix only that host's paths exist, as at LINE; without one all do.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/" {
		http.Redirect(w, r, "/_sandbox/", http.StatusFound)
		return
	}
	if path == "/_sandbox" || strings.HasPrefix(path, "/_sandbox/") {
		s.sandbox.ServeHTTP(w, r)
		return
	}
	host, path := splitHost(path)
	s.serveOfficial(w, r, host, path)
}

func splitHost(path string) (hostName, string) {
	for _, h := range []hostName{apiHost, dataHost, accessHost} {
		if rest, found := strings.CutPrefix(path, "/"+string(h)+"/"); found {
			return h, "/" + rest
		}
	}
	return anyHost, path
}

func (s *Server) serveOfficial(w http.ResponseWriter, r *http.Request, host hostName, path string) {
	s.mu.Lock()
	c := &call{s: s, r: r, requestID: s.uuid()}
	start := s.now()
	fault := s.matchFault(r.Method, path)
	s.mu.Unlock()
	if fault != nil && !s.faultBefore(w, r, c, fault) {
		s.note(c, start, path, fault.Status, fault.Kind)
		return
	}
	a := s.process(c, host, path)
	s.note(c, start, path, a.status, "")
	if fault != nil && s.faultAfter(r, fault, &a) {
		return
	}
	write(w, c.requestID, a)
}

// process does everything but writing: when it returns, the effect has happened.
func (s *Server) process(c *call, host hostName, path string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	rt, params, other := s.find(c.r.Method, host, path)
	if rt == nil && other {
		return refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	if rt == nil {
		return refuse(http.StatusNotFound, "Not found")
	}
	c.route, c.params = rt, params
	if a, stopped := c.authenticate(); stopped {
		return a
	}
	if rt.handle == nil {
		return refuse(http.StatusNotImplemented, "The LINE sandbox does not implement "+rt.method+" "+rt.path+" yet.")
	}
	if !s.admit(c) {
		return refuse(http.StatusTooManyRequests, "The API rate limit has been exceeded. Try again later.")
	}
	if a, stopped := c.read(); stopped {
		return a
	}
	s.changes++
	return rt.handle(c)
}

// read takes the body without holding the lock: a slow client must not stop the others.
func (c *call) read() (answer, bool) {
	c.s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(nil, c.r.Body, maxBody))
	c.s.mu.Lock()
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "Request Entity Too Large"), true
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "The request body could not be read"), true
	}
	c.body = body
	want := c.route.content
	if want == "" || len(body) == 0 {
		return answer{}, false
	}
	got, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return refuse(http.StatusUnsupportedMediaType, "The content type, "+c.r.Header.Get("Content-Type")+", is not supported"), true
	}
	return answer{}, false
}

// unlocked runs f without the lock, for the few handlers that wait for somebody else.
func (c *call) unlocked(f func()) {
	c.s.mu.Unlock()
	defer c.s.mu.Lock()
	f()
}

// decode parses a JSON body. LINE names line and column of a syntax error; so do we, roughly.
func (c *call) decode(into any) (answer, bool) {
	if len(c.body) == 0 && !c.route.bodyNeeded() {
		return answer{}, false
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) && wrongType.Field != "" {
			return refuse(http.StatusBadRequest, "The property, "+wrongType.Field+", in the request body is invalid (line: -, column: -)"), true
		}
		return refuse(http.StatusBadRequest, "The request body could not be parsed as JSON (line: 1, column: 1)"), true
	}
	return answer{}, false
}

func write(w http.ResponseWriter, requestID string, a answer) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = slices.Clone(values)
	}
	h.Set("X-Line-Request-Id", requestID)
	h.Set("X-Sandbox", "line")
	body := a.raw
	if a.body != nil {
		h.Set("Content-Type", "application/json")
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(a.body); err != nil {
			a.status, b = http.StatusInternalServerError, *bytes.NewBufferString(`{"message":"not encoded"}`)
		}
		body = bytes.TrimRight(b.Bytes(), "\n")
	} else if a.mime != "" {
		h.Set("Content-Type", a.mime)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the client may be gone
}

// Call is one request to an official endpoint, as the sandbox saw it.
type Call struct {
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Endpoint  string    `json:"endpoint"` // method and path template
	Channel   string    `json:"channel,omitempty"`
	Status    int       `json:"status"` // what was answered, or would have been had the line not been cut
	Fault     FaultKind `json:"fault,omitempty"`
	RequestID string    `json:"requestId"`
	RetryKey  string    `json:"retryKey,omitempty"`
	Body      string    `json:"body,omitempty"` // of sends only
}

func (s *Server) note(c *call, at time.Time, path string, status int, fault FaultKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := Call{
		At: at, Method: c.r.Method, Path: path, Endpoint: c.r.Method + " (unknown)", Status: status, Fault: fault,
		RequestID: c.requestID, RetryKey: c.r.Header.Get("X-Line-Retry-Key"),
	}
	if c.route == nil {
		c.route, _, _ = s.find(c.r.Method, anyHost, path)
	}
	if c.route != nil {
		entry.Endpoint = c.route.method + " " + c.route.path
		if c.route.logged {
			entry.Body = string(c.body)
		}
	}
	if c.ch != nil {
		entry.Channel = c.ch.ID
	}
	s.stats.add(entry)
}
