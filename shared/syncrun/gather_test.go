package syncrun

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lumo/shared/clock"
)

// While a call is under way (HubSpot is slow, or refuses), what is asked for meanwhile travels together afterwards.
func TestAPoolDoesNotSendSmallCallsBehindOneAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent [][]int
		p := newPool(10, clock.Real{}, always, func(_ context.Context, ks []int) (map[int]int, error) {
			mu.Lock()
			sent = append(sent, slices.Clone(ks))
			mu.Unlock()
			time.Sleep(20 * held)
			out := map[int]int{}
			for _, k := range ks {
				out[k] = -k
			}
			return out, nil
		})
		var all sync.WaitGroup
		for k := range 8 {
			all.Go(func() {
				got, err := p.get(t.Context(), []int{k})
				if err != nil || got[k] != -k {
					t.Errorf("key %d: %v, %v", k, got, err)
				}
			})
			time.Sleep(2 * held)
		}
		all.Wait()
		if len(sent) != 2 || len(sent[0]) != 1 || len(sent[1]) != 7 {
			t.Errorf("calls %v, want the first key alone and the others together", sent)
		}
	})
}

func TestAPoolSendsFullCallsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, clock.Real{}, always, func(_ context.Context, ks []int) (map[int]int, error) {
			time.Sleep(time.Second)
			return map[int]int{ks[0]: 1, ks[1]: 1}, nil
		})
		began := time.Now()
		if got, err := p.get(t.Context(), []int{1, 2, 3, 4, 5, 6}); err != nil || len(got) != 6 {
			t.Errorf("%v, %v", got, err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("three full calls took %v, one after the other", took)
		}
	})
}

func always() time.Duration { return held }
