package hubspotsandbox

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of faults.
const (
	FaultStatus    = "status"     // answers with Status, nothing happens
	FaultHang      = "hang"       // never answers, nothing happens
	FaultHangAfter = "hang_after" // never answers, but it happened
	FaultCutBefore = "cut_before" // closes the connection, nothing happens
	FaultCutAfter  = "cut_after"  // closes the connection, but it happened
	FaultSlow      = "slow"       // answers after Millis
	FaultGarbage   = "garbage"    // happens, but the answer is an HTML page with status 200
)

// Fault makes matching requests go wrong. It is spent after Count requests or at Until.
type Fault struct {
	ID          int     `json:"id"`
	Method      string  `json:"method"` // "" = any
	Path        string  `json:"path"`   // regular expression over the path, "" = any
	Portal      int64   `json:"portal"` // 0 = any
	Kind        string  `json:"kind"`
	Status      int     `json:"status"`
	RetryAfter  string  `json:"retryAfter"`  // header of a status fault
	Body        string  `json:"body"`        // instead of HubSpot's own error
	Millis      int64   `json:"millis"`      // of slow, and of hang (default 60,000)
	Count       int     `json:"count"`       // 0 = no end
	Skip        int     `json:"skip"`        // lets so many matching requests through first
	Probability float64 `json:"probability"` // 0 = always
	Until       int64   `json:"until"`       // unskewed ms, 0 = no end
	Hits        int     `json:"hits"`

	path *regexp.Regexp
}

// AddFault adds a fault and returns its id.
func (s *Server) AddFault(f Fault) (int, error) {
	if !slices.Contains([]string{FaultStatus, FaultHang, FaultHangAfter, FaultCutBefore, FaultCutAfter, FaultSlow, FaultGarbage}, f.Kind) {
		return 0, fmt.Errorf("unknown kind of fault %q", f.Kind)
	}
	if f.Kind == FaultStatus && (f.Status < 200 || f.Status > 599) {
		return 0, fmt.Errorf("a status fault needs a status, not %d", f.Status)
	}
	re, err := regexp.Compile(f.Path)
	if err != nil {
		return 0, fmt.Errorf("path of the fault: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faultSeq++
	f.path, f.ID = re, s.faultSeq
	s.faults = append(s.faults, &f)
	return f.ID, nil
}

// RemoveFault takes a fault away; 0 takes all away.
func (s *Server) RemoveFault(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(f *Fault) bool { return id == 0 || f.ID == id })
}

// Faults lists the faults with their hits, spent ones included.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Fault
	for _, f := range s.faults {
		out = append(out, *f)
	}
	return out
}

// faultFor picks the first fault that applies to the call.
func (s *Server) faultFor(c *call) *Fault {
	for _, f := range s.faults {
		if f.Method != "" && !strings.EqualFold(f.Method, c.r.Method) || !f.path.MatchString(c.r.URL.Path) {
			continue
		}
		if f.Portal != 0 && (c.portal == nil || c.portal.ID != f.Portal) || f.Count > 0 && f.Hits >= f.Count || f.Until != 0 && s.realNow() >= f.Until {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Probability > 0 && s.rng.Float64() >= f.Probability {
			continue
		}
		f.Hits++
		hit := *f
		return &hit
	}
	return nil
}

// stops tells whether the request goes no further than the fault.
func (f *Fault) stops() bool { return f.Kind != FaultSlow && f.Kind != FaultCutAfter }

// misbehave plays a fault that ends the request.
func (s *Server) misbehave(w http.ResponseWriter, c *call, rt route, f *Fault) {
	if f.Kind == FaultHangAfter || f.Kind == FaultGarbage {
		s.mu.Lock()
		s.answer(rt, c, nil)
		s.mu.Unlock()
	}
	out := reply{status: f.Status}
	switch f.Kind {
	case FaultStatus:
		out = s.faultReply(c, f)
	case FaultGarbage:
		out = reply{status: 200, raw: []byte("<html><body>Bad gateway</body></html>"), header: map[string]string{"Content-Type": "text/html"}}
	default:
		out.status = 0
	}
	s.mu.Lock()
	s.finish(rt, c, out)
	s.mu.Unlock()
	if out.status != 0 {
		write(w, out)
		return
	}
	if f.Kind == FaultHang || f.Kind == FaultHangAfter {
		hang := f.Millis
		if hang == 0 {
			hang = 60_000
		}
		s.pause(c.r, time.Duration(hang)*time.Millisecond)
	}
	panic(http.ErrAbortHandler)
}

func (s *Server) faultReply(c *call, f *Fault) reply {
	var out reply
	switch {
	case f.Body != "":
		out = reply{status: f.Status, raw: []byte(f.Body), header: map[string]string{}}
		if !strings.HasPrefix(strings.TrimSpace(f.Body), "{") {
			out.header["Content-Type"] = "text/html"
		}
	case f.Status == 429 && c.search:
		out = c.limited("You have reached your secondly limit.", "SECONDLY")
	case f.Status == 429:
		out = c.limited("You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING")
	case f.Status == 423:
		out = c.fail(423, "LOCKED", "The resource is locked by another operation")
	case f.Status == 477:
		out = c.fail(477, "MIGRATION_IN_PROGRESS", "The account is being moved to another data center")
	default:
		out = c.fail(f.Status, "INTERNAL_ERROR", http.StatusText(f.Status))
	}
	if f.RetryAfter != "" {
		out.add(map[string]string{"Retry-After": f.RetryAfter})
	}
	out.add(c.header)
	return out
}

// Latency is added to every API answer without using the processor.
type Latency struct {
	Millis int64 `json:"millis"`
	Jitter int64 `json:"jitterMs"` // up to so much more
}

func (l Latency) draw(rng *rand.Rand) time.Duration {
	d := l.Millis
	if l.Jitter > 0 {
		d += rng.Int64N(l.Jitter + 1)
	}
	return time.Duration(d) * time.Millisecond
}

// SetLatency changes the artificial reply time.
func (s *Server) SetLatency(l Latency) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = l
}

// Transport reaches the server without a network, whatever the host of the URL: for in-process tests and the simulation. Cut connections and
// hanging requests become errors.
func (s *Server) Transport() http.RoundTripper { return transport{s, s} }

// TransportTo is Transport through a handler that wraps the server, such as a contract check.
func (s *Server) TransportTo(h http.Handler) http.RoundTripper { return transport{s, h} }

type transport struct {
	s *Server
	h http.Handler
}

// cut is the error of a connection that the server closed.
type cut struct{ late bool }

func (c cut) Error() string {
	if c.late {
		return "hubspot sandbox: request timed out"
	}
	return "hubspot sandbox: connection closed without an answer"
}
func (c cut) Timeout() bool   { return c.late }
func (c cut) Temporary() bool { return true }

func (t transport) RoundTrip(r *http.Request) (res *http.Response, err error) {
	start := t.s.clock.Now()
	rec := httptest.NewRecorder()
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			res, err = nil, cut{late: t.s.clock.Now().Sub(start) >= 30*time.Second || r.Context().Err() != nil}
		}
	}()
	t.h.ServeHTTP(rec, in)
	out := rec.Result()
	out.Request = r
	out.ContentLength = int64(rec.Body.Len())
	out.Header.Set("Content-Length", strconv.Itoa(rec.Body.Len()))
	return out, nil
}
