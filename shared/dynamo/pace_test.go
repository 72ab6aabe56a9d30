package dynamo_test

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/pace"

	"pgregory.net/rapid"
)

// The table and the in-memory store answer every sequence of accesses alike, so what the limiter's tests prove holds for both.
func TestPaceRowsBehaveLikeTheMemoryStore(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		runs++
		p := id.PortalID(runs)
		real, memory := dynamo.NewPace(table, clock.NewVirtual(noon)), pace.NewMemory()
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			k := rapid.SampledFrom([]pace.Kind{pace.General, pace.Search}).Draw(r, "kind")
			at := noon.Add(time.Duration(rapid.IntRange(0, 60_000).Draw(r, "ms")) * time.Millisecond)
			var got, want pace.Row
			var err error
			switch rapid.IntRange(0, 3).Draw(r, "verb") {
			case 0:
				got, err = real.Read(t.Context(), p, k)
				want, _ = memory.Read(t.Context(), p, k)
			case 1:
				c := pace.Change{
					Holder: fmt.Sprint("h", rapid.IntRange(0, 4).Draw(r, "holder")),
					Lease:  pace.Lease{Want: rapid.IntRange(0, 105).Draw(r, "want"), Old: 3, At: at, Until: at.Add(19 * time.Second)},
				}
				if gone := fmt.Sprint("h", rapid.IntRange(0, 4).Draw(r, "gone")); gone != c.Holder {
					c.Forget = []string{gone}
				}
				got, err = real.Write(t.Context(), p, k, c)
				want, _ = memory.Write(t.Context(), p, k, c)
			case 2:
				was := int64(rapid.IntRange(0, 3).Draw(r, "was"))
				m := pace.Messages{N: was + 1}
				if rapid.Bool().Draw(r, "lease") {
					m = pace.Messages{
						N: was + 1, Gen: was, Want: 52, Old: 20, At: at, Until: at.Add(11 * time.Second), Since: at.Add(1234 * time.Microsecond),
						Debt: rapid.Float64Range(0, 6).Draw(r, "debt"), Load: rapid.Float64Range(0, 50).Draw(r, "load"),
					}
				}
				if rapid.Bool().Draw(r, "started") && m.Want > 0 {
					m.Start = at.Add(time.Second)
				}
				var ok, wantOK bool
				got, ok, err = real.Count(t.Context(), p, was, m)
				want, wantOK, _ = memory.Count(t.Context(), p, was, m)
				if ok != wantOK {
					r.Fatalf("counted on the table: %v, in memory: %v", ok, wantOK)
				}
				if k != pace.General {
					got, err = real.Read(t.Context(), p, k)
					want, _ = memory.Read(t.Context(), p, k)
				}
			default:
				s := pace.Stop{Until: at, Level: rapid.IntRange(0, 16).Draw(r, "level"), LevelAt: at}
				got, err = real.Stop(t.Context(), p, k, s)
				want, _ = memory.Stop(t.Context(), p, k, s)
			}
			if err != nil {
				r.Fatal(err)
			}
			if !sameRow(got, want) {
				r.Fatalf("the table says %+v, memory %+v", got, want)
			}
		}
	})
}

func sameRow(a, b pace.Row) bool {
	in := func(r pace.Row) pace.Row {
		leases := map[string]pace.Lease{}
		for h, l := range r.Leases {
			l.At, l.Until = l.At.UTC(), l.Until.UTC()
			leases[h] = l
		}
		return pace.Row{Leases: leases, Level: r.Level}
	}
	return reflect.DeepEqual(in(a), in(b)) && sameMessages(a.Messages, b.Messages) && a.Stop.Equal(b.Stop) && a.LevelAt.Equal(b.LevelAt)
}

func sameMessages(a, b pace.Messages) bool {
	utc := func(m pace.Messages) pace.Messages {
		for _, t := range []*time.Time{&m.At, &m.Until, &m.Start, &m.Since} {
			*t = t.UTC()
		}
		return m
	}
	return utc(a) == utc(b)
}

// Limiters that share nothing but the table keep the limit together, one goroutine in virtual time.
func TestLimitersShareThePaceThroughTheTable(t *testing.T) {
	t.Parallel()
	v := clock.NewVirtual(noon)
	store := dynamo.NewPace(newTable(t), v)
	var limiters []*pace.Limiter
	for range 3 {
		limiters = append(limiters, pace.New(pace.Config{Store: store, Clock: v}))
	}
	var calls []time.Time
	for i := range 200 {
		if err := limiters[i%3].Wait(t.Context(), 7, pace.General, pace.Bulk); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, v.Now())
	}
	if !slices.IsSortedFunc(calls, time.Time.Compare) {
		t.Error("time went back")
	}
	for i := 105; i < len(calls); i++ {
		if span := calls[i].Sub(calls[i-105]); span < 10*time.Second {
			t.Fatalf("106 calls in %v", span)
		}
	}
	for _, l := range limiters {
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	row, err := store.Read(t.Context(), 7, pace.General)
	if err != nil {
		t.Fatal(err)
	}
	for h, l := range row.Leases {
		if l.Until.After(v.Now()) {
			t.Errorf("lease %s was not handed back", h)
		}
	}
}

// Writes of many holders at once neither conflict nor lose one another.
func TestConcurrentLeasesAreAllKept(t *testing.T) {
	t.Parallel()
	store := dynamo.NewPace(newTable(t), clock.Real{})
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			c := pace.Change{Holder: fmt.Sprint("h", i), Lease: pace.Lease{Want: 105, At: noon, Until: noon.Add(time.Minute)}}
			if _, err := store.Write(t.Context(), 7, pace.General, c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	row, err := store.Read(t.Context(), 7, pace.General)
	if err != nil || len(row.Leases) != 12 {
		t.Errorf("%d leases, %v", len(row.Leases), err)
	}
}

// noTimers is the clock of a process that is frozen between invocations.
type noTimers struct{ *clock.Virtual }

func (noTimers) AfterFunc(time.Duration, func()) func() { return func() {} }

func TestAFrozenProcessJoinsAgainWhateverLapsedMeanwhile(t *testing.T) {
	t.Parallel()
	table := newTable(t)
	for i, gap := range []time.Duration{time.Second, 20 * time.Second, 33 * time.Second, time.Hour} {
		v := clock.NewVirtual(noon)
		l := pace.New(pace.Config{Store: dynamo.NewPace(table, v), Clock: noTimers{v}})
		for range 3 {
			for _, k := range []pace.Kind{pace.General, pace.Search} {
				if err := l.Wait(t.Context(), id.PortalID(100+i), k, pace.Bulk); err != nil {
					t.Fatalf("after %v: %v", gap, err)
				}
			}
			v.Advance(gap)
		}
	}
}
