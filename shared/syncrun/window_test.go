package syncrun

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/id"
)

// counted counts the checkpoints.
type counted struct {
	memory
	saves atomic.Int32
}

func (c *counted) Save(ctx context.Context, r chain.Row) (chain.Row, error) {
	defer c.saves.Add(1)
	return c.memory.Save(ctx, r)
}

// What a killed run asks for again is what it was told and no cursor covers.
func TestASmallRunHasTwoPagesUnderWay(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		x := &index{rows: map[id.ContactID]int64{}, seen: map[id.ContactID]int{}}
		for c := range id.ContactID(1400) {
			x.rows[c+1] = 1
		}
		store := &counted{}
		most := 0
		x.between = func() { most = max(most, x.calls-int(store.saves.Load())) }
		run := Run{ID: "r", StartedAt: 1000, Expected: len(x.rows)}
		run.Read.BothEnds = both
		v := clock.NewVirtual(time.UnixMilli(run.StartedAt))
		engine := &chain.Engine{Store: store, Clock: v}
		err := engine.Step(t.Context(), chain.Row{}, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
			rd := &reader{source: x, applier: &contactsync.Applier{Clock: v, Parallel: 8}, scope: contactsync.Scope{Portal: 1}, clock: v, ahead: 40, run: &run, step: s}
			ends := []end{rd.down(1, nil, nil)}
			if both {
				ends = append(ends, rd.up(1, nil))
			}
			_, err := rd.read(ctx, ends, func() bool { return false })
			return chain.Next{State: run}, err
		})
		if err != nil || !run.Read.Met() {
			t.Fatalf("%v, %+v", err, run.Read)
		}
		if most > smallWindow {
			t.Errorf("both ends %t: %d pages under way", both, most)
		}
	}
}

func TestTheWindowGrowsWithTheRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ contacts, pages, searches int }{{1, 2, 1}, {1400, 2, 1}, {5000, 10, 2}, {100_000, 200, searchesAhead}} {
		w := newWindow(2, c.contacts)
		one := 0
		for w.take(one) {
			one++
		}
		if other := w.take(0); one != c.pages-1 || !other || w.take(0) {
			t.Errorf("%d contacts: one end takes %d pages, and the other may take one: %t", c.contacts, one, other)
		}
		if got := w.searches(); got != c.searches {
			t.Errorf("%d contacts: %d searches at once", c.contacts, got)
		}
	}
	if all, none := newWindow(1, 0).hold(), newWindow(2, 1000).hold(); all != held || none != 0 {
		t.Errorf("calls are held for %s, and in a small run for %s", all, none)
	}
}
