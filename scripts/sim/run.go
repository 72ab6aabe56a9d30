package sim

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"lumo/shared/dynamo"
	"lumo/shared/syncrun"
)

// Options of a run.
type Options struct {
	Size    Size
	Climate Climate
	Plant   Plant
	// Actions is how many things people do; 0 draws 40 to 80.
	Actions int
	// Only, when set, names the acts that people choose from.
	Only []string
	// Trace receives every line of the trace.
	Trace io.Writer
}

// Size of the world.
type Size struct{ Portals, Accounts, People, Contacts int }

// size is small on purpose: the fewer contacts, the more happens to each. In one world of five there are more, so that what is missed of
// one is not made up for by what happens to it next.
func (w *World) size() Size {
	if w.rng.IntN(5) == 0 {
		return Size{Portals: 2, Accounts: 2, People: 12, Contacts: 14}
	}
	return Size{Portals: 2, Accounts: 2, People: 6, Contacts: 6}
}

// Result of a seed.
type Result struct {
	Seed       uint64      `json:"seed"`
	Steps      int         `json:"steps"`
	Trace      string      `json:"trace"`
	OK         bool        `json:"ok"`
	Violations []Violation `json:"violations"`
	// Crashes, Faults and Invocations tell how rough it was.
	Crashes     int `json:"crashes"`
	Faults      int `json:"faults"`
	Invocations int `json:"invocations"`
	// Evaluated tells how often each invariant was looked at.
	Evaluated map[string]int `json:"evaluated"`
	Last      []string       `json:"-"` // of the trace
	Log       []byte         `json:"-"` // of all functions
}

// Run plays one seed.
func Run(seed uint64, o Options) (Result, error) {
	w, err := newWorld(seed, o)
	if err != nil {
		return Result{}, err
	}
	if w.options.Size == (Size{}) {
		w.options.Size = w.size()
	}
	w.populate()
	w.tick(w.functions["list-sync"])
	w.live()
	w.settle()
	if w.broken != "" {
		w.violations = append(w.violations, Violation{"panic", w.broken})
	}
	w.close()
	r := Result{
		Seed: seed, Steps: w.steps, Trace: hex.EncodeToString(w.hash.Sum(nil))[:32], OK: len(w.violations) == 0, Violations: w.violations,
		Crashes: w.crashes, Faults: w.faults, Invocations: w.invocations, Evaluated: w.evaluated, Last: w.lines, Log: w.log.Bytes(),
	}
	return r, w.failure
}

// advance plays until a time, with the queues served.
func (w *World) advance(d time.Duration) {
	until := w.now.Add(d)
	for w.healthy() {
		w.pollAll()
		if !w.step(until) {
			break
		}
	}
	if w.now.Before(until) {
		w.now = until
	}
}

func (w *World) healthy() bool { return w.broken == "" && w.failure == nil }

// live is the part in which people act and things go wrong, in two or three spells. Each ends with a rush, and between two of them lies
// a lull: what is lost must show there, before what people do next makes up for it.
func (w *World) live() {
	n := w.options.Actions
	if n == 0 {
		n = 40 + w.rng.IntN(41)
	}
	w.advance(30 * time.Second)
	w.compares = w.rng.IntN(3) == 0
	spells := 2 + w.rng.IntN(2)
	for i := range spells {
		w.weather.spell(w.now, 20*time.Minute)
		w.trace("spell %d", i+1)
		for range n / spells {
			if !w.healthy() {
				return
			}
			w.act()
			w.advance(w.pause())
		}
		w.rush()
		if i+1 < spells {
			w.lull()
		}
	}
}

// rush is much work at once, on one side or on both, in weather of its own; then nobody acts any more while it is still bad.
func (w *World) rush() {
	w.weather.spell(w.now, 30*time.Second)
	w.trace("rush")
	kind := w.rng.IntN(5)
	if w.weather.journal == "refused" && w.rng.IntN(3) > 0 {
		kind = 0 // where nothing but the search index tells of it
	}
	switch kind {
	case 0, 1:
		t := w.tenant()
		w.enroll(t)
		if w.compares {
			w.syncSoon(t, 30+w.rng.IntN(70), syncrun.Contacts)
		} else {
			w.enroll(t)
			w.readMeanwhile(t)
		}
	case 2, 3:
		for range 3 {
			w.editManyInLumo()
		}
	default:
		for range 4 {
			[]func(*World){(*World).editManyInLumo, (*World).workflow, (*World).race}[w.rng.IntN(3)](w)
		}
	}
	w.advance(time.Duration(20+w.rng.IntN(220)) * time.Second)
}

// lull is fair weather until everything has arrived and every portal was read twice by its automatic runs: whatever the search index
// showed late or in another order is there then, without any full compare.
func (w *World) lull() {
	w.weather.storm = false
	w.trace("lull")
	from := w.now
	if w.planned.After(from) { // what was begun in the rush goes on for a while
		from = w.planned
	}
	from = from.Add(w.weather.lag)
	for end := w.now.Add(3 * time.Hour); !w.readTwice(from) && w.now.Before(end); {
		w.advance(time.Minute)
		if !w.healthy() {
			return
		}
	}
	if w.quiet(3 * time.Hour) {
		w.checkStreams()
	}
}

// readTwice tells whether two runs of every portal began after a time and are over.
func (w *World) readTwice(from time.Time) bool {
	for _, t := range w.portals {
		if t.removed {
			continue
		}
		rows, _, err := dynamo.Chains{Table: w.rows()}.List(context.Background(), t.id, syncrun.Kind, "", 10)
		if err != nil {
			w.fail("read runs: %v", err)
			return true
		}
		n := 0
		for _, r := range rows {
			var run syncrun.Run
			if json.Unmarshal(r.State, &run) == nil && run.Trigger != syncrun.Manual && run.StartedAt >= from.UnixMilli() && (run.Status == syncrun.Complete || run.Status == syncrun.CompleteWithErrors) {
				n++
			}
		}
		if n < 2 {
			return false
		}
	}
	return true
}

// pause between two acts: mostly short, so that they meet in the middle of each other's consequences.
func (w *World) pause() time.Duration {
	switch n := w.rng.IntN(20); {
	case n < 8:
		return time.Duration(w.rng.IntN(2500)) * time.Millisecond
	case n < 15:
		return time.Duration(w.rng.IntN(40)) * time.Second
	case n < 19:
		return time.Duration(w.rng.IntN(240)) * time.Second
	}
	return time.Duration(w.rng.IntN(20)) * time.Minute
}

// settle clears the weather, lets everything arrive, and checks.
func (w *World) settle() {
	w.calm()
	if !w.quiet(3 * time.Hour) {
		return
	}
	w.advance(2*interval + 5*time.Minute)
	if !w.quiet(3 * time.Hour) {
		return
	}
	w.trace("everything has arrived")
	w.checkAll()
}

// interval of automatic runs when nothing happens.
const interval = time.Hour

// quiet plays until nothing is on its way; false when it never ends.
func (w *World) quiet(most time.Duration) bool {
	for end := w.now.Add(most); w.now.Before(end); {
		w.advance(30 * time.Second)
		if !w.healthy() {
			return false
		}
		if w.pending == 0 && w.enrolled() == 0 && w.idle(w.now.Add(2*time.Minute)) && w.hubspot.HookCounts().Pending == 0 && w.line.WaitingWebhooks() == 0 {
			return true
		}
	}
	why := fmt.Sprintf("%d acts of people pending (%s), %d contacts in workflows", w.pending, w.lastTrouble, w.enrolled())
	for _, s := range w.sources {
		if at, ok := w.sqs.Next(s.Queue); ok {
			why += fmt.Sprintf("; queue %s next at %s", s.Queue, at.Sub(w.now))
		}
	}
	w.violate("I3", "the system does not come to rest within %s of fair weather: %s", most, why)
	return true
}
