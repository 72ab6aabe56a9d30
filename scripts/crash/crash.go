// Package crash kills -9 the functions and the whole local cloud at chosen moments of an initial sync and looks, from outside, whether
// anything got lost or doubled. Production code knows nothing of it: between the functions and everything they call stands a tap
// (tap.go), and a point (points.go) is the nth call of a kind; the kill comes before the call is sent, or after it had its effect and
// before the caller sees the answer. At each point the process dies twice. Each point has a world of its own: sandboxes of HubSpot and
// LINE in the harness, which survive, and a local cloud as a process, which does not.
//
// What a kill costs in calls to HubSpot is what was under way then. Here that is little; an import of many thousands has a page for each 500
// contacts under way, up to some 25, and 8 batches in flight, and asks for those again.
//
// One thing is faster than in AWS: the message of a killed function comes back after a second instead of the queue's visibility timeout.
package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"lumo/scripts/localcloud/runner"
)

// Options of a run.
type Options struct {
	Root string // of the repository
	// Only names points by a regular expression; empty is all.
	Only string
	// Parallel worlds at a time; 0 means 3.
	Parallel int
	// Kept is where logs of failed worlds go; empty means a folder of the system's.
	Kept string
	Out  io.Writer // one JSON object per line

	built string
}

// perKill is how many calls to HubSpot a kill may cost.
const perKill = 3

// perKillOf is perKill, or more: a kill spreads the calls of a workflow over time, so that their callbacks are completed in more and smaller batches.
func perKillOf(r route) int {
	if r == enrolling {
		return 10
	}
	return perKill
}

// Line is the outcome of one point.
type Line struct {
	Point   string  `json:"point"`
	Kills   int     `json:"kills"`
	Calls   int     `json:"calls"`
	Allowed int     `json:"allowed"`
	OK      bool    `json:"ok"`
	Error   string  `json:"error,omitempty"`
	Log     string  `json:"log,omitempty"`
	Seconds float64 `json:"seconds"`
	// More and less calls than undisturbed, by endpoint.
	More map[string]int `json:"more,omitempty"`
}

// Summary is the last line.
type Summary struct {
	Points      int            `json:"points"`
	Kills       int            `json:"kills"`
	Failed      int            `json:"failed"`
	Undisturbed map[string]int `json:"undisturbed"` // calls to HubSpot, by world
	Seconds     float64        `json:"seconds"`
	OK          bool           `json:"ok"`
}

// Run kills at every point. The error tells what kept it from doing so; a point that failed is in the summary.
func Run(ctx context.Context, o Options) (Summary, error) {
	began := time.Now()
	only, err := regexp.Compile(o.Only)
	if err != nil {
		return Summary{}, err
	}
	chosen := slices.Clone(points)
	chosen = slices.DeleteFunc(chosen, func(p point) bool { return !only.MatchString(p.name) })
	if len(chosen) == 0 {
		return Summary{}, errors.New("no point has such a name")
	}
	g, err := newRig(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	defer g.close()
	if err := g.measure(ctx, chosen); err != nil {
		return g.sum, err
	}
	g.each(chosen, func(p point) { g.shoot(ctx, p) })
	g.sum.Seconds = time.Since(began).Seconds()
	g.sum.OK = g.sum.Failed == 0 && g.sum.Points == len(chosen)
	g.print(g.sum)
	return g.sum, ctx.Err()
}

// rig runs scenarios side by side.
type rig struct {
	Options
	folder string

	mu          sync.Mutex
	sum         Summary
	undisturbed map[string]map[string]int // calls by kind of scenario and endpoint
	lines       []Line
}

// newRig builds the functions.
func newRig(ctx context.Context, o Options) (*rig, error) {
	var err error
	if o.Kept == "" {
		o.Kept = filepath.Join(os.TempDir(), "lumo-crash-logs")
	}
	if o.Parallel <= 0 {
		o.Parallel = 3
	}
	if o.Root, err = filepath.Abs(o.Root); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "lumo-crash")
	if err != nil {
		return nil, err
	}
	o.built = filepath.Join(folder, "bin")
	if err := runner.Build(ctx, o.Root, o.built); err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	return &rig{Options: o, folder: folder, sum: Summary{Undisturbed: map[string]int{}}, undisturbed: map[string]map[string]int{}}, nil
}

func (g *rig) close() { os.RemoveAll(g.folder) }

func (g *rig) print(v any) {
	b, err := json.Marshal(v)
	if err == nil && g.Out != nil {
		g.Out.Write(append(b, '\n'))
	}
}

// each works on the points side by side, those that wait for minutes first.
func (g *rig) each(ps []point, work func(point)) {
	slices.SortStableFunc(ps, func(a, b point) int { return rank(a) - rank(b) })
	var wg sync.WaitGroup
	slots := make(chan struct{}, g.Parallel)
	for _, p := range ps {
		if p.slow { // it mostly waits
			wg.Go(func() { work(p) })
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			work(p)
		})
	}
	wg.Wait()
}

func rank(p point) int {
	if p.slow {
		return 0
	}
	return 1
}

// kind names the world and way of a point: what it is measured against.
func (p point) kind() string {
	way := p.route
	if way == "" {
		way = firstSync
	}
	if p.world != "" {
		return string(way) + ", " + p.world
	}
	return string(way)
}

// measure runs every kind of scenario without a kill.
func (g *rig) measure(ctx context.Context, ps []point) error {
	var kinds []point
	for _, p := range ps {
		if !slices.ContainsFunc(kinds, func(q point) bool { return q.kind() == p.kind() }) {
			kinds = append(kinds, point{route: p.route, world: p.world})
		}
	}
	var failed error
	g.each(kinds, func(p point) {
		s, err := g.scenario(p, nil)
		if err == nil {
			var out ran
			if out, err = s.run(ctx); err == nil {
				g.mu.Lock()
				g.sum.Undisturbed[p.kind()], g.undisturbed[p.kind()] = total(out.calls), out.calls
				g.mu.Unlock()
				g.print(map[string]any{"undisturbed": p.kind(), "calls": total(out.calls), "seconds": out.took.Seconds()})
				return
			}
		}
		g.mu.Lock()
		failed = errors.Join(failed, fmt.Errorf("undisturbed %s: %w; see %s", p.kind(), err, g.keep(s)))
		g.mu.Unlock()
	})
	return failed
}

func (g *rig) scenario(p point, shot *shot) (*scenario, error) {
	folder, err := os.MkdirTemp(g.folder, "world")
	s := &scenario{Options: g.Options, route: p.route, size: sizes[p.world], shot: shot, fault: p.fault, folder: folder}
	if s.route == "" {
		s.route = firstSync
	}
	return s, err
}

func total(calls map[string]int) int {
	n := 0
	for _, c := range calls {
		n += c
	}
	return n
}

// difference of two counts, without the endpoints that were called as often.
func difference(a, b map[string]int) map[string]int {
	out := maps.Clone(a)
	for endpoint, n := range b {
		out[endpoint] -= n
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// shoot is one point.
func (g *rig) shoot(ctx context.Context, p point) {
	l := Line{Point: p.name, Allowed: g.sum.Undisturbed[p.kind()] + killsPerPoint*perKillOf(p.route)}
	s, err := g.scenario(p, &shot{point: p, dead: map[int]bool{}})
	if err == nil {
		var out ran
		out, err = s.run(ctx)
		l.Kills, l.Calls, l.Seconds = out.kills, total(out.calls), out.took.Seconds()
		l.More = difference(out.calls, g.undisturbed[p.kind()])
	}
	if err == nil && l.Calls > l.Allowed {
		err = fmt.Errorf("%d calls to HubSpot, allowed are %d", l.Calls, l.Allowed)
	}
	if l.OK = err == nil; err != nil {
		l.Error, l.Log = err.Error(), g.keep(s)
	}
	os.RemoveAll(s.folder)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sum.Points++
	g.sum.Kills += l.Kills
	if !l.OK {
		g.sum.Failed++
	}
	g.lines = append(g.lines, l)
	g.print(l)
}

// keep saves what the world printed and says where.
func (g *rig) keep(s *scenario) string {
	if s == nil || os.MkdirAll(g.Kept, 0o700) != nil {
		return ""
	}
	b, err := os.ReadFile(filepath.Join(s.folder, "cloud.log"))
	if err != nil {
		return ""
	}
	f, err := os.CreateTemp(g.Kept, "world-*.log")
	if err != nil {
		return ""
	}
	defer f.Close()
	f.Write(b)
	return f.Name()
}
