package pace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"lumo/shared/clock"
)

func TestThawedProcessDoesNotUseItsOldLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		a := newProcess(store, to, "a")
		a.l.cfg.Clock = frozen{}
		if err := a.l.Wait(t.Context(), portal, General, Bulk); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Second) // frozen: no timer ran, nothing was handed back
		b := newProcess(store, to, "b").run(t.Context(), bulk)
		time.Sleep(10 * time.Second)
		thawed := time.Now()
		if err := a.l.Wait(t.Context(), portal, General, Bulk); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(thawed); waited < notice {
			t.Errorf("the thawed process sent after %v, before the other could know of it", waited)
		}
		b.stop()
	})
}

// frozen is a clock whose timers never run.
type frozen struct{ clock.Real }

func (frozen) AfterFunc(time.Duration, func()) func() { return func() {} }

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Store: NewMemory()})
		l.Slow(t.Context(), portal, General, time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := l.Wait(ctx, portal, General, Interactive); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("waited %v", d)
		}
	})
}

func TestStoreOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(NewMemory(), &line{}, "a")
		if err := p.l.Wait(t.Context(), portal, General, Bulk); err != nil {
			t.Fatal(err)
		}
		p.store.kill()
		if err := p.l.Wait(t.Context(), portal, General, Bulk); err != nil {
			t.Errorf("with a fresh view an outage must not matter yet: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := p.l.Wait(t.Context(), portal, General, Bulk); !errors.Is(err, errDead) {
			t.Errorf("blind calls must fail, got %v", err)
		}
	})
}

func TestClosedLimiterRefuses(t *testing.T) {
	t.Parallel()
	l := New(Config{Store: NewMemory()})
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Wait(t.Context(), portal, General, Bulk); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// One goroutine in virtual time: waiting is nothing but the clock moving, and the same run gives the same times.
func TestVirtualTimeSingleThreaded(t *testing.T) {
	t.Parallel()
	run := func() (times []time.Duration) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		v, store := clock.NewVirtual(start), NewMemory()
		var ls []*Limiter
		for i := range 3 {
			n := 0
			ls = append(ls, New(Config{Store: store, Clock: v, NewID: func() string { n++; return fmt.Sprint("h", i, "x", n) }}))
		}
		for i := range 400 {
			if err := ls[i%3].Wait(context.Background(), portal, General, Bulk); err != nil {
				t.Fatal(err)
			}
			times = append(times, v.Now().Sub(start))
			if i%50 == 49 {
				v.Advance(8 * time.Second)
			}
		}
		return times
	}
	first := run()
	if !slices.Equal(first, run()) {
		t.Error("two equal runs differ")
	}
	for i, from := 0, 0; i < len(first); i++ {
		for first[from] <= first[i]-window {
			from++
		}
		if i-from+1 > budget {
			t.Fatalf("%d calls in 10 s", i-from+1)
		}
	}
}
