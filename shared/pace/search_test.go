package pace

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

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

// A process that is short of processor time sends long after it was allowed to.
func TestSearchesThatLeaveLateKeepTheirDistance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to, l := &line{}, New(Config{Store: NewMemory()})
		for i := range 40 {
			if err := l.Wait(t.Context(), portal, Search, Bulk); err != nil {
				t.Fatal(err)
			}
			if i%7 == 3 {
				time.Sleep(190 * time.Millisecond)
			}
			l.Sent(portal, Search)
			to.call("a")
		}
		if most := to.highest(time.Second); most > 5 {
			t.Errorf("%d searches in a second", most)
		}
	})
}
