package hubspotsandbox

import (
	"maps"
	"strings"
)

// Call is one API request as the sandbox saw it.
type Call struct {
	At            int64  `json:"at"`
	Method        string `json:"method"`
	Path          string `json:"path"`
	Status        int    `json:"status"` // 0 = the connection was cut or left hanging
	CorrelationID string `json:"correlationId"`
}

// Stats is what was asked of one portal (or, for portal 0, of the app-level endpoints).
type Stats struct {
	Total     int            `json:"total"`
	Endpoints map[string]int `json:"endpoints"` // "POST /crm/objects/{v}/{type}/batch/read" -> requests
	Statuses  map[int]int    `json:"statuses"`
	// Peak10s is the highest number of general requests that arrived in any rolling 10 s, refused ones included.
	Peak10s int `json:"peak10s"`
	// PeakSearch1s is the same for searches in any rolling second.
	PeakSearch1s int `json:"peakSearch1s"`
	// Limited counts the 429s that the pace itself gave.
	Limited int `json:"limited"`
	// Errors counts answers of 400 and above, and cut connections.
	Errors int `json:"errors"`
}

const callsKept = 500

type statsBook struct {
	endpoints map[string]int
	statuses  map[int]int
	calls     []Call
	total     int
}

func newStatsBook() *statsBook {
	return &statsBook{endpoints: map[string]int{}, statuses: map[int]int{}}
}

func (b *statsBook) count(endpoint string, status int) {
	if len(b.endpoints) < 2000 || b.endpoints[endpoint] > 0 {
		b.endpoints[endpoint]++
	}
	b.statuses[status]++
	b.total++
}

func (b *statsBook) log(c Call) {
	if len(b.calls) >= callsKept {
		b.calls = append(b.calls[:0], b.calls[callsKept/2:]...)
	}
	b.calls = append(b.calls, c)
}

func (b *statsBook) stats() Stats {
	out := Stats{Total: b.total, Endpoints: maps.Clone(b.endpoints), Statuses: maps.Clone(b.statuses), Limited: b.statuses[429]}
	for code, n := range b.statuses {
		if code >= 400 || code == 0 {
			out.Errors += n
		}
	}
	return out
}

// Stats tells what was asked of a portal; portal 0 is everything without a portal (tokens, journal).
func (s *Server) Stats(portalID int64) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return s.appStats.stats()
	}
	out := p.stats.stats()
	out.Peak10s, out.PeakSearch1s = p.general.arrived.peak, p.search.arrived.peak
	return out
}

// ResetStats starts counting anew, for all portals.
func (s *Server) ResetStats() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appStats = newStatsBook()
	for _, p := range s.portals {
		p.stats = newStatsBook()
		p.general.arrived.peak, p.search.arrived.peak = len(p.general.arrived.at), len(p.search.arrived.at)
	}
}

// Calls returns the last requests of a portal (0: app level), oldest first.
func (s *Server) Calls(portalID int64) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	book := s.appStats
	if p := s.portals[portalID]; p != nil {
		book = p.stats
	}
	return append([]Call(nil), book.calls...)
}

// Write is one write that the app made through the API and that was accepted.
type Write struct {
	Seq        int               `json:"seq"`
	At         int64             `json:"at"`
	Portal     int64             `json:"portal"`
	Request    string            `json:"request"` // correlation id: two writes with the same one came in one request
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Action     string            `json:"action"` // create, update, archive, merge, gdpr-delete, associate, list.add, property.create, ...
	Object     string            `json:"object,omitempty"`
	ID         string            `json:"id,omitempty"`
	Properties map[string]string `json:"properties,omitempty"` // as kept, after normalisation
	Changed    []string          `json:"changed,omitempty"`    // those of them that were different before
	Detail     string            `json:"detail,omitempty"`
}

type writeLog struct {
	limit, seq int
	list       []Write
}

// note puts a write of the app into the log.
func (s *Server) note(c *call, w Write) {
	if c.r == noRequest {
		return // an admin's change, not the app's
	}
	l := &s.writes
	l.seq++
	w.Seq, w.At, w.Request, w.Method, w.Path = l.seq, c.now, c.id, c.r.Method, c.r.URL.Path
	if c.portal != nil {
		w.Portal = c.portal.ID
	}
	if len(l.list) >= l.limit {
		l.list = append(l.list[:0], l.list[l.limit/4+1:]...)
	}
	l.list = append(l.list, w)
}

// Writes returns the writes that the app made in a portal (0: in all), after the given sequence number, oldest first.
func (s *Server) Writes(portalID int64, afterSeq int) []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Write
	for _, w := range s.writes.list {
		if w.Seq > afterSeq && (portalID == 0 || w.Portal == portalID) {
			out = append(out, w)
		}
	}
	return out
}

func valuesOf(in []change) map[string]string {
	out := make(map[string]string, len(in))
	for _, c := range in {
		out[c.prop.Name] = strings.Clone(c.value)
	}
	return out
}

func namesOf(in []change) []string {
	var out []string
	for _, c := range in {
		out = append(out, c.prop.Name)
	}
	return out
}
