package linesandbox

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// EndpointStats counts one channel's calls of one endpoint.
type EndpointStats struct {
	Channel  string         `json:"channel,omitempty"`
	Endpoint string         `json:"endpoint"`
	Calls    int            `json:"calls"`
	Statuses map[string]int `json:"statuses"`
	// Highest number of calls within any rolling second and any rolling ten seconds.
	PeakSecond int `json:"peakSecond"`
	PeakTen    int `json:"peakTenSeconds"`
}

// Stats is what the server has seen since it was last reset.
type Stats struct {
	Endpoints []EndpointStats `json:"endpoints"`
	Calls     int             `json:"calls"`
	Errors    int             `json:"errors"` // 4xx and 5xx, faults included
	Webhooks  int             `json:"waitingWebhooks"`
}

type tally struct {
	byEndpoint map[string]*endpointTally
	calls      []Call
	total      int
	errors     int
}

type endpointTally struct {
	EndpointStats
	second, ten window
}

// window counts events of a rolling period.
type window struct {
	times []int64
	peak  int
}

func (w *window) add(ms int64, period time.Duration) {
	i := 0
	for i < len(w.times) && w.times[i] <= ms-period.Milliseconds() {
		i++
	}
	w.times = append(w.times[i:], ms)
	w.peak = max(w.peak, len(w.times))
}

func newTally() *tally { return &tally{byEndpoint: map[string]*endpointTally{}} }

func (t *tally) add(c Call) {
	t.total++
	if c.Status >= 400 {
		t.errors++
	}
	t.calls = keepLast(append(t.calls, c), 5000)
	key := c.Channel + " " + c.Endpoint
	e := t.byEndpoint[key]
	if e == nil {
		e = &endpointTally{EndpointStats: EndpointStats{Channel: c.Channel, Endpoint: c.Endpoint, Statuses: map[string]int{}}}
		t.byEndpoint[key] = e
	}
	status := strconv.Itoa(c.Status)
	if c.Fault != "" {
		status = string(c.Fault)
	}
	e.Calls++
	e.Statuses[status]++
	e.second.add(c.At.UnixMilli(), time.Second)
	e.ten.add(c.At.UnixMilli(), 10*time.Second)
}

// Stats counts calls per channel and endpoint.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Stats{Calls: s.stats.total, Errors: s.stats.errors, Webhooks: s.waiting(), Endpoints: []EndpointStats{}}
	for _, key := range slices.Sorted(maps.Keys(s.stats.byEndpoint)) {
		e := s.stats.byEndpoint[key]
		view := e.EndpointStats
		view.Statuses = maps.Clone(view.Statuses)
		view.PeakSecond, view.PeakTen = e.second.peak, e.ten.peak
		out.Endpoints = append(out.Endpoints, view)
	}
	return out
}

// Calls lists the latest requests to official endpoints (5,000 at least are kept), oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.stats.calls)
}

// ClearStats starts counting anew.
func (s *Server) ClearStats() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = newTally()
}

// bucket is one channel's token bucket for one endpoint.
type bucket struct {
	level float64
	at    time.Time
}

// admit takes a token, or refuses. Limits are per channel and per method and path template (Messaging API reference: Rate limits).
func (s *Server) admit(c *call) bool {
	scale := s.assumedNumber("rate_scale")
	if scale == 0 {
		return true
	}
	owner := "-"
	if c.ch != nil {
		owner = c.ch.ID
	}
	key := owner + " " + c.route.method + " " + c.route.path
	size, now := float64(c.route.limit.n)*scale, s.now()
	b := s.limits[key]
	if b == nil {
		b = &bucket{level: size, at: now}
		s.limits[key] = b
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.level = min(size, b.level+size*float64(passed)/float64(c.route.limit.per))
		b.at = now
	}
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
