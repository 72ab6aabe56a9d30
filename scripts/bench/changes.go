package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/clock"
	"lumo/shared/syncrun"
)

// measureChanges changes more contacts between two runs than a search shows (10,000), over some minutes and in one millisecond. The next
// run must find them all and come to an end.
func measureChanges(ctx context.Context, r *run) ([]Figure, error) {
	most := max(r.Size*6/10, 600)
	w, err := r.world(ctx, setup{contacts: most, virtual: true, held: true, latency: hubspotsandbox.Latency{Millis: 150}})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := w.storeKnown(ctx, 0); err != nil {
		return nil, err
	}
	if _, err := w.whole(ctx, syncrun.Request{Trigger: syncrun.Initial, Extent: syncrun.Contacts}); err != nil {
		return nil, err
	}
	var out []Figure
	stuck := 0
	for _, c := range []struct {
		name string
		n    int
		over time.Duration
	}{{"12000", most / 5, 5 * time.Minute}, {"60000", most, 5 * time.Minute}, {"10001_in_one_ms", min(most, most/6+1+r.smallest()), 0}} {
		stale, ended, err := w.changed(ctx, c.n, c.over)
		if err != nil {
			return nil, err
		}
		if !ended {
			stuck++
		}
		out = append(out, atMost("changes_"+c.name+"_stale", float64(stale), fmt.Sprintf("contacts of %d", c.n), 0))
	}
	return append(out, atMost("changes_stuck_runs", float64(stuck), "runs", 0)), nil
}

// smallest is what is added in small runs, so that more change in one millisecond than fit a page of search.
func (r *run) smallest() int {
	if r.Size < FullSize {
		return 250
	}
	return 0
}

// changed edits n contacts over a while and lets the next run come. It returns how many are stale then, and whether the run came to an end.
func (w *world) changed(ctx context.Context, n int, over time.Duration) (stale int, ended bool, err error) {
	v := w.clock.(*clock.Virtual)
	for i := range n {
		v.Advance(over / time.Duration(n))
		value := map[string]string{"lastname": fmt.Sprintf("%d-%d", i, v.Now().UnixMilli())}
		if err := w.hub.Edit(hub, "contacts", w.contacts[i], value, hubspotsandbox.By{}); err != nil {
			return 0, false, err
		}
	}
	if err := w.untilNextRun(ctx); err != nil {
		return 0, false, err
	}
	w.calls.reset()
	began := w.clock.Now()
	run, err := w.whole(ctx, syncrun.Request{Trigger: syncrun.Automatic, Extent: syncrun.Contacts, Changes: true})
	if err != nil && !errors.Is(err, errOver) {
		return 0, false, err
	}
	ended = err == nil
	stale, err = w.stale(ctx)
	w.run.say("changes: %d in %v: the run ended as %s after %.0f s and %d calls; %d read, %d stale %s", n, over, run.Status, w.clock.Now().Sub(began).Seconds(), len(w.calls.all()), run.Counts.Read, stale, w.example)
	return stale, ended, err
}
