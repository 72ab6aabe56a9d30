package bench

import (
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

// round keeps four digits, so that lines can be read.
func round(v float64) float64 { return math.Round(v*10_000) / 10_000 }
