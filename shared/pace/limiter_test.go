package pace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
)

const portal id.PortalID = 4711

// line records the calls that reach HubSpot.
type line struct {
	mu    sync.Mutex
	calls []time.Time
	by    []string
}

func (l *line) call(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.by = append(l.calls, time.Now()), append(l.by, who)
}

// highest is the greatest number of calls in any rolling span (half open: a call leaves exactly one span later).
func (l *line) highest(span time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	times := slices.Clone(l.calls)
	slices.SortFunc(times, time.Time.Compare)
	most, from := 0, 0
	for i, t := range times {
		for !times[from].After(t.Add(-span)) {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// count is the number of calls of one holder ("" is all) in [from, to).
func (l *line) count(who string, from, to time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for i, t := range l.calls {
		if (who == "" || l.by[i] == who) && !t.Before(from) && t.Before(to) {
			n++
		}
	}
	return n
}

func (l *line) first(who string, from time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, t := range l.calls {
		if l.by[i] == who && !t.Before(from) {
			return t
		}
	}
	return time.Time{}
}

// mortal is a process's way to the store. After kill nothing it does has an effect.
type mortal struct {
	Store
	mu    sync.Mutex
	dead  bool
	delay func() time.Duration
}

var errDead = errors.New("killed")

func (m *mortal) kill() { m.mu.Lock(); m.dead = true; m.mu.Unlock() }

func (m *mortal) alive() bool { m.mu.Lock(); defer m.mu.Unlock(); return !m.dead }

func (m *mortal) lag() {
	if m.delay != nil {
		time.Sleep(m.delay())
	}
}

func (m *mortal) Read(ctx context.Context, p id.PortalID, k Kind) (Row, error) {
	m.lag()
	if !m.alive() {
		return Row{}, errDead
	}
	defer m.lag()
	return m.Store.Read(ctx, p, k)
}

func (m *mortal) Write(ctx context.Context, p id.PortalID, k Kind, c Change) (Row, error) {
	m.lag()
	if !m.alive() {
		return Row{}, errDead
	}
	defer m.lag()
	return m.Store.Write(ctx, p, k, c)
}

// process is one running function: a limiter and some goroutines that call as fast as they may.
type process struct {
	name   string
	l      *Limiter
	store  *mortal
	line   *line
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

type load struct {
	kind     Kind
	priority Priority
	parallel int
	reply    time.Duration
}

func newProcess(s Store, to *line, name string) *process {
	p := &process{name: name, store: &mortal{Store: s}, line: to}
	n := 0
	p.l = New(Config{Store: p.store, NewID: func() string { n++; return fmt.Sprintf("%s%d", name, n) }})
	return p
}

func (p *process) run(ctx context.Context, w load) *process {
	ctx, p.cancel = context.WithCancel(ctx)
	for range w.parallel {
		p.wg.Go(func() {
			for p.l.Wait(ctx, portal, w.kind, w.priority) == nil {
				if !p.store.alive() {
					return
				}
				p.line.call(p.name)
				time.Sleep(w.reply)
			}
		})
	}
	return p
}

func (p *process) stop() { p.cancel(); p.wg.Wait() }

func (p *process) kill() { p.store.kill(); p.stop() }

var bulk = load{General, Bulk, 2, 150 * time.Millisecond}

func TestEightHoldersShareTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to, start := NewMemory(), &line{}, time.Now()
		var all []*process
		for i := range 8 {
			all = append(all, newProcess(store, to, string(rune('a'+i))).run(t.Context(), bulk))
		}
		time.Sleep(10 * time.Second)
		writes, from := store.Writes, time.Now()
		time.Sleep(10 * time.Minute)
		until := time.Now()
		for _, p := range all {
			p.stop()
		}
		calls := to.count("", from, until)
		used := float64(calls) / (110 * 60)
		perWrite := float64(calls) / float64(store.Writes-writes)
		t.Logf("highest %d, used %.4f, calls per write %.1f (whole run %.1f), reads per call %.2f", to.highest(window), used, perWrite,
			float64(to.count("", start, until))/float64(store.Writes), float64(store.Reads)/float64(calls))
		if most := to.highest(window); most > budget {
			t.Errorf("%d calls in 10 s, want at most %d", most, budget)
		}
		if used < 0.95 {
			t.Errorf("used %.4f of the budget, want 0.95", used)
		}
		if perWrite < 24 {
			t.Errorf("%.1f calls per write, want 24", perWrite)
		}
		for _, p := range all {
			if n := to.count(p.name, from, until); n < 13*60-2 || n > 14*60+2 {
				t.Errorf("holder %s made %d calls, want an even share", p.name, n)
			}
		}
	})
}

func TestOneHolderUsesTheWholeBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to, start := NewMemory(), &line{}, time.Now()
		p := newProcess(store, to, "a").run(t.Context(), load{General, Bulk, 4, 150 * time.Millisecond})
		time.Sleep(5 * time.Minute)
		until := time.Now()
		p.stop()
		if n := to.count("", start, until); n < 30*105 {
			t.Errorf("%d calls in 5 min, want %d", n, 30*105)
		}
		if most := to.highest(window); most > budget {
			t.Errorf("%d calls in 10 s", most)
		}
		if first := to.first("a", start); !first.Equal(start) {
			t.Errorf("the first call of a lone holder waited %v", first.Sub(start))
		}
	})
}

func TestNewcomerGetsItsShareWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		a := newProcess(store, to, "a").run(t.Context(), bulk)
		time.Sleep(30 * time.Second)
		joined := time.Now()
		b := newProcess(store, to, "b").run(t.Context(), bulk)
		time.Sleep(32 * time.Second)
		a.stop()
		b.stop()
		if wait := to.first("b", joined).Sub(joined); wait > 2*time.Second {
			t.Errorf("the newcomer's first call waited %v", wait)
		}
		settled := joined.Add(2 * time.Second)
		na, nb := to.count("a", settled, settled.Add(30*time.Second)), to.count("b", settled, settled.Add(30*time.Second))
		if na < 155 || na > 160 || nb < 154 || nb > 160 {
			t.Errorf("shares %d and %d, want about 157 each", na, nb)
		}
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestKilledHoldersShareIsBackWithinTwentySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		a := newProcess(store, to, "a").run(t.Context(), bulk)
		b := newProcess(store, to, "b").run(t.Context(), bulk)
		time.Sleep(18700*time.Millisecond + 30*time.Millisecond) // just after a renewal: the worst moment
		killed := time.Now()
		a.kill()
		time.Sleep(40 * time.Second)
		b.stop()
		back := killed.Add(20 * time.Second)
		if n := to.count("b", back, back.Add(10*time.Second)); n < 104 {
			t.Errorf("20 s after the kill the survivor makes %d calls in 10 s, want 105", n)
		}
		if n := to.count("b", killed.Add(5*time.Second), killed.Add(15*time.Second)); n > 53 {
			t.Errorf("the survivor took %d before the lease lapsed", n)
		}
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestReleasedShareIsTakenOverAtOnce(t *testing.T) {
	t.Parallel()
	for name, release := range map[string]func(*process){
		"release": func(p *process) { _ = p.l.Release(context.Background()) },
		"close":   func(p *process) { _ = p.l.Close(context.Background()) },
		"idle":    func(*process) { time.Sleep(idleAfter) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, to := NewMemory(), &line{}
				a := newProcess(store, to, "a").run(t.Context(), bulk)
				b := newProcess(store, to, "b").run(t.Context(), bulk)
				time.Sleep(15 * time.Second)
				a.stop()
				release(a)
				from := time.Now().Add(time.Second)
				time.Sleep(12 * time.Second)
				b.stop()
				if n := to.count("b", from, from.Add(10*time.Second)); n < 103 {
					t.Errorf("%d calls in 10 s after the release, want 105", n)
				}
				if most := to.highest(window); most > budget+1 {
					t.Errorf("%d calls in 10 s", most)
				}
			})
		})
	}
}

func TestInteractiveCallTakesTheNextSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		p := newProcess(store, to, "bulk").run(t.Context(), load{General, Bulk, 40, 10 * time.Millisecond})
		time.Sleep(20 * time.Second)
		for range 20 {
			began := time.Now()
			if err := p.l.Wait(t.Context(), portal, General, Interactive); err != nil {
				t.Fatal(err)
			}
			to.call("person")
			if waited := time.Since(began); waited > window/budget+5*time.Millisecond {
				t.Errorf("a person waited %v behind 40 bulk calls", waited)
			}
			time.Sleep(time.Second)
		}
		p.stop()
		if most := to.highest(window); most > budget {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestInteractiveProcessKeepsItsSmallLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		p := newProcess(store, to, "bulk").run(t.Context(), bulk)
		time.Sleep(20 * time.Second)
		card := newProcess(store, to, "card")
		click := func() time.Duration {
			began := time.Now()
			for range burst {
				if err := card.l.Wait(t.Context(), portal, General, Interactive); err != nil {
					t.Fatal(err)
				}
				to.call("card")
			}
			if err := card.l.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		if d := click(); d > 3500*time.Millisecond {
			t.Errorf("the first click waited %v", d)
		}
		from := time.Now()
		time.Sleep(4 * time.Second)
		if d := click(); d > 600*time.Millisecond {
			t.Errorf("the second click waited %v", d)
		}
		if n := to.count("bulk", from, from.Add(4*time.Second)); n < 33 {
			t.Errorf("bulk made %d calls in 4 s beside an idle click lease, want 34", n)
		}
		p.stop()
		if most := to.highest(window); most > budget+1 {
			t.Errorf("%d calls in 10 s", most)
		}
	})
}

func TestSlowStopsAllHolders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		a := newProcess(store, to, "a").run(t.Context(), bulk)
		b := newProcess(store, to, "b").run(t.Context(), bulk)
		time.Sleep(15 * time.Second)
		hit := time.Now()
		writes := store.Writes
		for range 5 { // calls under way get a 429 too
			a.l.Slow(t.Context(), portal, General, 10*time.Second)
		}
		if store.Writes != writes+1 {
			t.Errorf("%d writes for one 429 and its echoes", store.Writes-writes)
		}
		time.Sleep(25 * time.Second)
		a.stop()
		b.stop()
		if n := to.count("a", hit.Add(time.Millisecond), hit.Add(10*time.Second)); n > 0 {
			t.Errorf("the holder that saw the 429 made %d calls", n)
		}
		if n := to.count("b", hit.Add(time.Second), hit.Add(10*time.Second)); n > 0 {
			t.Errorf("the other holder made %d calls", n)
		}
		if n := to.count("", hit.Add(10*time.Second), hit.Add(20*time.Second)); n < 100 {
			t.Errorf("after the stop only %d calls in 10 s", n)
		}
	})
}

func TestSearchesOfManyHoldersStayBelowFiveASecond(t *testing.T) {
	t.Parallel()
	for _, holders := range []int{1, 2, 3, 7} {
		t.Run(fmt.Sprint(holders), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, to := NewMemory(), &line{}
				var all []*process
				for i := range holders {
					all = append(all, newProcess(store, to, string(rune('a'+i))).run(t.Context(), load{Search, Bulk, 3, 300 * time.Millisecond}))
					time.Sleep(time.Duration(i) * 333 * time.Millisecond)
				}
				time.Sleep(10 * time.Second)
				from := time.Now()
				time.Sleep(time.Minute)
				all[0].kill()
				time.Sleep(30 * time.Second)
				for _, p := range all[1:] {
					p.stop()
				}
				if most := to.highest(time.Second); most > 5 {
					t.Errorf("%d searches in a second", most)
				}
				if n := to.count("", from, from.Add(time.Minute)); n < 274 {
					t.Errorf("%d searches in a minute, want 276", n)
				}
				end := from.Add(80 * time.Second)
				if n := to.count("", end, end.Add(10*time.Second)); holders > 1 && n < 45 {
					t.Errorf("20 s after a kill only %d searches in 10 s, want 46", n)
				}
			})
		})
	}
}

func TestSearchHalvesAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to := NewMemory(), &line{}
		a := newProcess(store, to, "a").run(t.Context(), load{Search, Bulk, 2, 100 * time.Millisecond})
		b := newProcess(store, to, "b").run(t.Context(), load{Search, Bulk, 2, 100 * time.Millisecond})
		time.Sleep(20 * time.Second)
		hit := time.Now()
		a.l.Slow(t.Context(), portal, Search, time.Second)
		b.l.Slow(t.Context(), portal, Search, time.Second) // the same burst
		time.Sleep(80 * time.Second)
		a.stop()
		b.stop()
		if n := to.count("", hit.Add(time.Second), hit.Add(11*time.Second)); n < 21 || n > 24 {
			t.Errorf("%d searches in the 10 s after a 429, want 23", n)
		}
		if n := to.count("", hit.Add(60*time.Second), hit.Add(70*time.Second)); n < 45 {
			t.Errorf("%d searches in 10 s a minute later, want 46", n)
		}
	})
}

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

// Processes come, go, pause and die at random, with slow stores and clocks that differ: the limit holds at all times.
func TestChurnNeverExceedsTheLimit(t *testing.T) {
	t.Parallel()
	worst := 0
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			store, to := NewMemory(), &line{}
			var all []*process
			for i := range 60 {
				p := newProcess(store, to, fmt.Sprintf("p%02d", i))
				p.store.delay = func() time.Duration { return time.Duration(i%5*i%7) * 9 * time.Millisecond }
				p.l.cfg.Clock = skewed{time.Duration(rng.IntN(140)-70) * time.Millisecond}
				pr := Priority(rng.IntN(3))
				p.run(t.Context(), load{General, pr, 1 + rng.IntN(6), time.Duration(rng.IntN(200)) * time.Millisecond})
				all = append(all, p)
				time.Sleep(time.Duration(rng.IntN(3000)) * time.Millisecond)
				if len(all) > 1+rng.IntN(8) {
					at := rng.IntN(len(all))
					p := all[at]
					all = slices.Delete(all, at, at+1)
					switch rng.IntN(3) {
					case 0:
						p.kill()
					default:
						p.stop()
						_ = p.l.Release(context.Background())
					}
				}
			}
			for _, p := range all {
				p.stop()
				_ = p.l.Close(context.Background())
			}
			time.Sleep(2 * idleAfter) // whoever was stopped while busy hands back by itself
			worst = max(worst, to.highest(window))
		})
	}
	t.Logf("worst rolling 10 s: %d", worst)
	if worst > 110 {
		t.Errorf("%d calls in 10 s", worst)
	}
}

type skewed struct{ by time.Duration }

func (s skewed) Now() time.Time { return time.Now().Add(s.by) }
func (s skewed) Sleep(ctx context.Context, d time.Duration) error {
	return clock.Real{}.Sleep(ctx, d)
}
func (s skewed) AfterFunc(d time.Duration, f func()) func() { return clock.Real{}.AfterFunc(d, f) }
