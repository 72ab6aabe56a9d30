package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/clock"
	"lumo/shared/syncrun"
	"lumo/shared/work"
)

const (
	seeds = 20
	// seedsAtOnce worlds are played side by side; each does one thing at a time.
	seedsAtOnce = 2
	// searchLag is how late the search index may be; every change has its own lag.
	searchLag = 120 * time.Second
	// importOf: the portal of this measurement has a fifth of the contacts, a twentieth of which are edited.
	importOf, editsOf = 5, 20
	// writesOf: every fifth seed also writes back what the import owes HubSpot; the runs that follow then read everybody again.
	writesOf = 5
)

// measureStale edits contacts in HubSpot at random moments of their first import, with a search index that is late and no webhook or journal
// to tell of it. What the runs that follow by themselves make of it is compared with HubSpot. A run reads every window twice, so two of them
// must see everything.
func measureStale(ctx context.Context, r *run) ([]Figure, error) {
	n := max(seeds*r.Size/FullSize, 2)
	span, err := r.importTime(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	worst, bad, between := 0, 0, 0
	err = work.Each(ctx, seedsAtOnce, n, func(ctx context.Context, i int) error {
		after, err := r.staleSeed(ctx, uint64(i+1), span)
		if err != nil {
			return fmt.Errorf("seed %d: %w", i+1, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if after[2] > 0 {
			bad++
		}
		worst, between = max(worst, after[2]), max(between, after[0])
		return nil
	})
	return []Figure{
		atMost("stale_after_edits_during_import", float64(worst), fmt.Sprintf("contacts, worst of %d seeds", n), 0),
		atMost("stale_seeds", float64(bad), fmt.Sprintf("seeds of %d", n), 0),
		info("stale_when_import_ends", float64(between), "contacts that wait for the next run, worst seed"),
	}, err
}

func (r *run) staleWorld(ctx context.Context, held bool) (*world, error) {
	w, err := r.world(ctx, setup{contacts: max(r.Size/importOf, 100), virtual: true, held: held, latency: hubspotsandbox.Latency{Millis: 150}})
	if err == nil {
		err = w.storeKnown(ctx, 0)
	}
	return w, err
}

// importTime is how long the import takes that is to be disturbed.
func (r *run) importTime(ctx context.Context) (time.Duration, error) {
	w, err := r.staleWorld(ctx, true)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	began := w.clock.Now()
	_, _, err = w.reading(ctx, w.app.Runner())
	took := w.clock.Now().Sub(began)
	r.say("stale: an import of %d contacts one page at a time takes %.1f s", len(w.contacts), took.Seconds())
	return took, err
}

// staleSeed returns how many contacts are stale after the import and after each of the next two runs.
func (r *run) staleSeed(ctx context.Context, seed uint64, span time.Duration) (after [3]int, err error) {
	w, err := r.staleWorld(ctx, seed%writesOf != 0)
	if err != nil {
		return after, err
	}
	defer w.Close()
	if err := w.hub.SetSearch(hub, hubspotsandbox.SearchSettings{MaxLag: searchLag.Milliseconds()}); err != nil {
		return after, err
	}
	rng := rand.New(rand.NewPCG(seed, 0x7374616c65))
	var failed error
	for range max(len(w.contacts)/editsOf, 10) {
		k, property := rng.IntN(len(w.contacts)), []string{"firstname", "lastname", "phone"}[rng.IntN(3)]
		value := fmt.Sprintf("+8180%08d", rng.IntN(100_000_000))
		w.clock.AfterFunc(time.Duration(rng.Int64N(int64(span))), func() {
			if err := w.hub.Edit(hub, "contacts", w.contacts[k], map[string]string{property: value}, hubspotsandbox.By{}); err != nil {
				failed = err
			}
		})
	}
	for i := range after {
		q := syncrun.Request{Trigger: syncrun.Initial, Extent: syncrun.Contacts}
		if i > 0 {
			if err := w.untilNextRun(ctx); err != nil {
				return after, err
			}
			q = syncrun.Request{Trigger: syncrun.Automatic, Extent: syncrun.Contacts, Changes: true}
		}
		if _, err := w.whole(ctx, q); err != nil {
			return after, err
		}
		if after[i], err = w.stale(ctx); err != nil {
			return after, err
		}
		if i > 0 && after[i] == 0 {
			break
		}
	}
	if after[2] > 0 {
		r.say("stale: seed %d: %s", seed, w.example)
	}
	r.say("stale: seed %d: %d after the import, %d and %d after the next runs", seed, after[0], after[1], after[2])
	return after, failed
}

// untilNextRun moves a virtual clock to when the portal's next automatic run is due.
func (w *world) untilNextRun(ctx context.Context) error {
	sch, err := w.app.Schedules().Load(ctx, hub)
	if err != nil {
		return err
	}
	row, err := w.app.Portals().Get(ctx, hub)
	if err != nil {
		return err
	}
	now := w.clock.Now()
	w.clock.(*clock.Virtual).Advance(max(sch.Next(row, now).Sub(now), time.Minute))
	return nil
}
