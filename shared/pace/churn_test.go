package pace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"lumo/shared/clock"
)

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
