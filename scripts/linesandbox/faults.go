package linesandbox

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// FaultKind is a way to misbehave.
type FaultKind string

const (
	// FaultStatus answers with a status; nothing happened.
	FaultStatus FaultKind = "status"
	// FaultStatusAfter does the work and then answers with a status: accepted, but the caller cannot know.
	FaultStatusAfter FaultKind = "status_after"
	// FaultHang waits DelayMS (60 s if 0), then cuts the line; nothing happened.
	FaultHang FaultKind = "hang"
	// FaultHangAfter does the work, waits, then cuts the line.
	FaultHangAfter FaultKind = "hang_after"
	// FaultCutBefore cuts the line at once; nothing happened.
	FaultCutBefore FaultKind = "cut_before"
	// FaultCutAfter does the work and cuts the line instead of answering. Retry keys exist for this case (LINE docs: Retry failed API requests).
	FaultCutAfter FaultKind = "cut_after"
	// FaultSlow waits DelayMS (1 s if 0), then works and answers as usual.
	FaultSlow FaultKind = "slow"
)

// Fault makes matching requests go wrong.
type Fault struct {
	ID     int       `json:"id"`
	Method string    `json:"method,omitempty"` // regular expression on the method; empty: all
	Path   string    `json:"path,omitempty"`   // regular expression on the path; empty: all
	Kind   FaultKind `json:"kind"`
	Status int       `json:"status,omitempty"` // default 500
	Body   string    `json:"body,omitempty"`   // JSON to answer with; default LINE's text for the status
	// DelayMS for hang and slow.
	DelayMS int `json:"delayMs,omitempty"`
	// Skip lets the first matches pass.
	Skip int `json:"skip,omitempty"`
	// Count is how often it strikes; 0 is until removed.
	Count int `json:"count,omitempty"`
	// Chance of striking a match, 0 to 1; 0 is always.
	Chance float64 `json:"chance,omitempty"`
	// Struck counts the requests hit so far.
	Struck int `json:"struck"`
}

type armedFault struct {
	Fault
	method, path *regexp.Regexp
}

// AddFault arms a fault and returns its number. Of several that match a request the oldest strikes.
func (s *Server) AddFault(f Fault) (int, error) {
	switch f.Kind {
	case FaultStatus, FaultStatusAfter, FaultHang, FaultHangAfter, FaultCutBefore, FaultCutAfter, FaultSlow:
	default:
		return 0, fmt.Errorf("fault kind %q: %w", f.Kind, ErrUnknown)
	}
	method, err := regexp.Compile(f.Method)
	if err != nil {
		return 0, fmt.Errorf("fault method: %w", err)
	}
	path, err := regexp.Compile(f.Path)
	if err != nil {
		return 0, fmt.Errorf("fault path: %w", err)
	}
	if f.Status == 0 {
		f.Status = http.StatusInternalServerError
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faultSeq++
	f.ID, f.Struck = s.faultSeq, 0
	s.faults = append(s.faults, &armedFault{Fault: f, method: method, path: path})
	return f.ID, nil
}

// Faults lists what is armed.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Fault{}
	for _, f := range s.faults {
		out = append(out, f.Fault)
	}
	return out
}

// RemoveFault disarms one fault, ClearFaults all.
func (s *Server) RemoveFault(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.ID == id {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			return
		}
	}
}

// ClearFaults disarms all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// matchFault returns the fault that strikes this request, if any.
func (s *Server) matchFault(method, path string) *Fault {
	for _, f := range s.faults {
		if !f.method.MatchString(method) || !f.path.MatchString(path) || f.Count > 0 && f.Struck >= f.Count {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Chance > 0 && !s.chance(f.Chance) {
			continue
		}
		f.Struck++
		hit := f.Fault
		return &hit
	}
	return nil
}

// faultBefore acts before the work. It returns false when the request ends there.
func (s *Server) faultBefore(w http.ResponseWriter, r *http.Request, c *call, f *Fault) bool {
	switch f.Kind {
	case FaultStatus:
		write(w, c.requestID, f.answer())
		return false
	case FaultCutBefore:
		s.noteThenCut(c, r, f)
	case FaultHang:
		s.pause(r.Context(), f.DelayMS, time.Minute)
		s.noteThenCut(c, r, f)
	case FaultSlow:
		s.pause(r.Context(), f.DelayMS, time.Second)
	}
	return true
}

func (s *Server) noteThenCut(c *call, r *http.Request, f *Fault) {
	_, path := splitHost(r.URL.Path)
	s.note(c, s.Now(), path, 0, f.Kind)
	cut()
}

// faultAfter acts after the work and may change the answer.
func (s *Server) faultAfter(r *http.Request, f *Fault, a *answer) bool {
	switch f.Kind {
	case FaultStatusAfter:
		*a = f.answer()
	case FaultCutAfter:
		cut()
	case FaultHangAfter:
		s.pause(r.Context(), f.DelayMS, time.Minute)
		cut()
	}
	return false
}

// cut closes the connection without an answer; net/http documents this value for the purpose, and Transport honours it too.
func cut() { panic(http.ErrAbortHandler) }

func (s *Server) pause(ctx context.Context, ms int, otherwise time.Duration) {
	d := time.Duration(ms) * time.Millisecond
	if ms == 0 {
		d = otherwise
	}
	_ = s.cfg.Clock.Sleep(ctx, d) // the caller gave up: go on and find the line dead
}

func (f *Fault) answer() answer {
	if f.Body != "" {
		return answer{status: f.Status, raw: []byte(f.Body), mime: "application/json"}
	}
	text := http.StatusText(f.Status)
	if f.Status == http.StatusTooManyRequests {
		text = "The API rate limit has been exceeded. Try again later."
	}
	return refuse(f.Status, text)
}
