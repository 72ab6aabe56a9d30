package hubspotsandbox

import (
	"fmt"
	"strconv"
)

// Limits are the paces of one portal.
type Limits struct {
	General       int `json:"general"` // requests in any 10 s, default 110
	Search        int `json:"search"`  // searches in any second, default 5
	SearchByOther int `json:"searchByOther"`
}

// DefaultLimits are those of a marketplace app. SearchByOther is the part of the search budget, shared by the whole account, that the
// customer's other apps use.
var DefaultLimits = Limits{General: 110, Search: 5}

const (
	generalWindow = 10_000
	searchWindow  = 1_000
)

// window counts requests in a rolling span of real (unskewed) time. Refused ones do not count against the limit, but do count as
// arrivals for the peak.
type window struct {
	accepted, arrived ring
}

// ring keeps the times, in ms, of the last span.
type ring struct {
	at   []int64
	peak int
}

func (r *ring) add(now, span int64) {
	r.trim(now, span)
	r.at = append(r.at, now)
	r.peak = max(r.peak, len(r.at))
}

func (r *ring) trim(now, span int64) {
	i := 0
	for i < len(r.at) && r.at[i] <= now-span {
		i++
	}
	if i > 0 {
		r.at = append(r.at[:0], r.at[i:]...)
	}
}

func (w *window) arrive(now, span int64, limit int) (left int, ok bool) {
	w.arrived.add(now, span)
	w.accepted.trim(now, span)
	if len(w.accepted.at) >= limit {
		return 0, false
	}
	w.accepted.add(now, span)
	return limit - len(w.accepted.at), true
}

// pace counts the request; a reply is the 429.
func (s *Server) pace(rt route, c *call) *reply {
	now, p := s.clock.Now().UnixMilli(), c.portal
	if rt.search {
		limit := p.Limits.Search - p.Limits.SearchByOther
		if _, ok := p.search.arrive(now, searchWindow, limit); !ok {
			r := c.limited("You have reached your secondly limit.", "SECONDLY")
			return &r
		}
		return nil
	}
	left, ok := p.general.arrive(now, generalWindow, p.Limits.General)
	c.header = map[string]string{
		"X-HubSpot-RateLimit-Max":                   strconv.Itoa(p.Limits.General),
		"X-HubSpot-RateLimit-Remaining":             strconv.Itoa(left),
		"X-HubSpot-RateLimit-Interval-Milliseconds": strconv.Itoa(generalWindow),
	}
	if !ok {
		r := c.limited("You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING")
		return &r
	}
	return nil
}

func (c *call) limited(message, policy string) reply {
	return reply{status: 429, body: errorBody{Status: "error", Message: message, ErrorType: "RATE_LIMIT",
		CorrelationID: c.id, PolicyName: policy, GroupName: fmt.Sprintf("publicapi:oauth-app:%s", policy)}}
}
