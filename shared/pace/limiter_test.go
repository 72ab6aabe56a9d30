package pace

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestEightHoldersShareTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, to, start := NewMemory(), &line{}, time.Now()
		var all []*process
		for i := range 8 {
			all = append(all, newProcess(store, to, string(rune('a'+i))).run(t.Context(), bulk))
		}
		time.Sleep(10 * time.Second)
		_, before := store.Billed()
		from := time.Now()
		time.Sleep(10 * time.Minute)
		until := time.Now()
		for _, p := range all {
			p.stop()
		}
		calls := to.count("", from, until)
		used := float64(calls) / (110 * 60)
		reads, writes := store.Billed()
		perWrite := float64(calls) / float64(writes-before)
		t.Logf("highest %d, used %.4f, calls per write %.1f (whole run %.1f), reads per call %.2f", to.highest(window), used, perWrite,
			float64(to.count("", start, until))/float64(writes), float64(reads)/float64(calls))
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
		_, before := store.Billed()
		for range 5 { // calls under way get a 429 too
			a.l.Slow(t.Context(), portal, General, 10*time.Second)
		}
		if _, writes := store.Billed(); writes != before+1 {
			t.Errorf("%d writes for one 429 and its echoes", writes-before)
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

func TestAProcessThatHandedBackWorksOnAtOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{General, Search} {
		synctest.Test(t, func(t *testing.T) {
			p := newProcess(NewMemory(), &line{}, "a")
			for range 5 {
				began := time.Now()
				if err := p.l.Wait(t.Context(), portal, kind, Bulk); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(began); d > 2*searchSlot {
					t.Errorf("%s: waited %v", kind, d)
				}
				time.Sleep(time.Second)
				if err := p.l.Release(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
