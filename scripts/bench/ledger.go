package bench

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
)

// ledger notes the calls that arrive at HubSpot.
type ledger struct {
	clock clock.Clock
	next  http.Handler

	mu   sync.Mutex
	seen []arrival
}

type arrival struct {
	at     time.Time
	what   string // method and the end of the path
	status int    // 0: cut
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &noter{ResponseWriter: w}
	l.mu.Lock()
	n := len(l.seen)
	l.seen = append(l.seen, arrival{at: l.clock.Now(), what: kindOf(r)})
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		if n < len(l.seen) {
			l.seen[n].status = a.status
		}
		l.mu.Unlock()
	}()
	l.next.ServeHTTP(a, r)
}

type noter struct {
	http.ResponseWriter
	status int
}

func (n *noter) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// kindOf names a call: what it asks for, without ids and versions.
func kindOf(r *http.Request) string {
	var parts []string
	for _, p := range strings.Split(strings.Trim(r.URL.Path, "/"), "/") {
		if p != "" && (p[0] < '0' || p[0] > '9') && p != "crm" && p != "objects" {
			parts = append(parts, p)
		}
	}
	return r.Method + " " + strings.Join(parts, " ")
}

func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = nil
}

// all returns the calls of the API, without those for tokens.
func (l *ledger) all() []arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.seen), func(a arrival) bool { return strings.Contains(a.what, "oauth") })
}

// kinds counts the calls by kind.
func kinds(as []arrival) map[string]int {
	out := map[string]int{}
	for _, a := range as {
		out[a.what]++
	}
	return out
}

// highest is the greatest number of calls in any rolling span.
func highest(as []arrival, span time.Duration) int {
	most, from := 0, 0
	for i, a := range as {
		for !as[from].at.After(a.at.Add(-span)) {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// pauses lists the longest times between two calls, each with the time from the first call at which it began, for those who look for lost time.
func pauses(as []arrival, n int) []string {
	if len(as) < 2 {
		return nil
	}
	order := make([]int, len(as)-1)
	for i := range order {
		order[i] = i
	}
	length := func(i int) time.Duration { return as[i+1].at.Sub(as[i].at) }
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(length(b), length(a)) })
	var out []string
	for _, i := range order[:min(n, len(order))] {
		out = append(out, fmt.Sprintf("%d ms at %.1f s", length(i).Milliseconds(), as[i].at.Sub(as[0].at).Seconds()))
	}
	return out
}

// round keeps four digits, so that lines can be read.
func round(v float64) float64 { return math.Round(v*10_000) / 10_000 }
