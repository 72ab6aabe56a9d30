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

	"lumo/shared/id"

	"pgregory.net/rapid"
)

// shaky is a store whose answers come late or get lost, and whose writes may be done long after their sender gave up on them.
type shaky struct {
	Store
	mu      sync.Mutex
	rng     *rand.Rand
	slow    time.Duration // the longest way there, and back
	trouble int           // of a hundred accesses
	late    sync.WaitGroup
}

var errLost = errors.New("no answer")

func (s *shaky) draw() (there, back, later time.Duration, fate int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	upTo := func(d time.Duration) time.Duration { return time.Duration(s.rng.Int64N(int64(d) + 1)) }
	there, back, later = upTo(s.slow), upTo(s.slow), upTo(15*time.Second)
	if s.rng.IntN(100) < s.trouble {
		fate = 1 + s.rng.IntN(3)
	}
	return there, back, later, fate
}

// through does one access, or does it and loses its answer, or does it much later, or not at all.
func through[T any](s *shaky, do func() (T, error)) (out T, err error) {
	there, back, later, fate := s.draw()
	time.Sleep(there)
	switch fate {
	case 1:
		_, _ = do()
		return out, errLost
	case 2:
		s.late.Go(func() { time.Sleep(later); _, _ = do() })
		return out, errLost
	case 3:
		return out, errLost
	}
	out, err = do()
	time.Sleep(back)
	return out, err
}

func (s *shaky) Read(ctx context.Context, p id.PortalID, k Kind) (Row, error) {
	return through(s, func() (Row, error) { return s.Store.Read(context.WithoutCancel(ctx), p, k) })
}

func (s *shaky) Write(ctx context.Context, p id.PortalID, k Kind, c Change) (Row, error) {
	return through(s, func() (Row, error) { return s.Store.Write(context.WithoutCancel(ctx), p, k, c) })
}

func (s *shaky) Count(ctx context.Context, p id.PortalID, was int64, m Messages) (Row, bool, error) {
	type answer struct {
		row Row
		ok  bool
	}
	a, err := through(s, func() (answer, error) {
		row, ok, err := s.Store.Count(context.WithoutCancel(ctx), p, was, m)
		return answer{row, ok}, err
	})
	return a.row, a.ok, err
}

// Messages, bulk work and clicks of many processes that come, go, sleep and die, with clocks that differ and a store that is slow, loses
// answers and does what it was told long ago: the limit holds in any ten seconds.
func TestNothingThatHappensExceedsTheLimit(t *testing.T) {
	worst, messages, n := 0, 0, 0
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		slow := time.Duration(rapid.SampledFrom([]int{0, 5, 40, 200, 600}).Draw(r, "slow")) * time.Millisecond
		trouble := rapid.SampledFrom([]int{0, 2, 15}).Draw(r, "trouble")
		chatty := rapid.IntRange(1, 9).Draw(r, "chatty") // of ten processes
		most := 0
		synctest.Test(t, func(t *testing.T) {
			to := mixture(t, seed, slow, trouble, chatty)
			most = to.highest(window)
			messages += to.count("m", time.Time{}, time.Now())
		})
		worst, n = max(worst, most), n+1
		if most > 110 {
			r.Fatalf("%d calls in 10 s", most)
		}
	})
	t.Logf("worst rolling 10 s of %d runs: %d; %d messages", n, worst, messages)
	if messages == 0 {
		t.Error("no messages were sent")
	}
}

// mixture runs for about a minute.
func mixture(t *testing.T, seed uint64, slow time.Duration, trouble, chatty int) *line {
	rng := rand.New(rand.NewPCG(seed, 1))
	memory, to := NewMemory(), &line{}
	var all []*process
	var stores []*shaky
	end := func(p *process) {
		switch rng.IntN(3) {
		case 0:
			p.kill()
		default:
			p.stop()
			_ = p.l.Release(context.Background())
		}
	}
	for i := range 35 {
		store := &shaky{Store: memory, rng: rand.New(rand.NewPCG(seed, uint64(i+2))), slow: slow, trouble: trouble}
		stores = append(stores, store)
		name, w := fmt.Sprint("p", i), load{General, Priority(rng.IntN(4)), 1 + rng.IntN(6), time.Duration(rng.IntN(200)) * time.Millisecond}
		if rng.IntN(10) < chatty {
			name, w = "m", load{Message, Event, 1 + rng.IntN(8), time.Duration(rng.IntN(1500)) * time.Millisecond}
		}
		p := newProcess(store, to, name)
		p.l = New(Config{Store: p.store, Clock: skewed{time.Duration(rng.IntN(140)-70) * time.Millisecond}, NewID: func() string { return fmt.Sprint("p", i) }})
		all = append(all, p.run(t.Context(), w))
		if rng.IntN(8) == 0 {
			time.Sleep(time.Duration(rng.IntN(14_000)) * time.Millisecond) // time for leases to end
		} else {
			time.Sleep(time.Duration(rng.IntN(1500)) * time.Millisecond)
		}
		for len(all) > 1+rng.IntN(8) {
			at := rng.IntN(len(all))
			end(all[at])
			all = slices.Delete(all, at, at+1)
		}
	}
	for _, p := range all {
		p.stop()
		_ = p.l.Close(context.Background())
	}
	for _, s := range stores {
		s.late.Wait()
	}
	time.Sleep(2 * idleAfter)
	return to
}
