package pace

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDivide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wants, want []int
	}{
		{[]int{105}, []int{105}},
		{[]int{20}, []int{105}},
		{[]int{105, 105}, []int{53, 52}},
		{[]int{105, 20}, []int{85, 20}},
		{[]int{20, 20}, []int{53, 52}},
		{[]int{0, 105}, []int{0, 105}},
		{[]int{105, 105, 105, 105, 105, 105, 105, 105}, []int{14, 13, 13, 13, 13, 13, 13, 13}},
		{nil, []int{}},
	} {
		if got := divide(budget, c.wants); !slices.Equal(got, c.want) {
			t.Errorf("divide(%v) = %v, want %v", c.wants, got, c.want)
		}
	}
}

// The safety of mixed views rests on these: never more than the budget, and another's demand never adds to one's own part.
func TestDivideIsBoundedAndMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wants := rapid.SliceOfN(rapid.IntRange(0, budget), 1, 120).Draw(t, "wants")
		parts := divide(budget, wants)
		sum := 0
		for i, p := range parts {
			sum += p
			if wants[i] == 0 && p > 0 {
				t.Fatalf("%d units for who wants none", p)
			}
		}
		if sum > budget || slices.Max(wants) > 0 && sum < budget {
			t.Fatalf("handed out %d", sum)
		}
		more := slices.Clone(wants)
		at := rapid.IntRange(0, len(more)-1).Draw(t, "at")
		more[at] = rapid.IntRange(more[at], budget).Draw(t, "raised")
		for i, p := range divide(budget, more) {
			if i != at && p > parts[i] {
				t.Fatalf("raising %d gave %d more to %d", at, p-parts[i], i)
			}
		}
		for i := range wants {
			for j := range wants {
				if wants[i] > wants[j] && parts[i] < parts[j]-1 {
					t.Fatalf("%d wants more than %d and gets less", i, j)
				}
			}
		}
	})
}

func TestUsageNeverExceedsItsQuotas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var u usage
		now := time.Unix(1_000_000, 0)
		q := rapid.IntRange(0, budget).Draw(t, "quota")
		u.reset(q)
		var sent []time.Time
		highest := q
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				q = rapid.IntRange(0, budget).Draw(t, "quota")
				highest = max(highest, q)
				u.set(q, now)
			}
			at := u.room(now, 0)
			if at.Before(now) {
				t.Fatal("room in the past")
			}
			if !at.After(now) {
				u.add(now)
				sent = append(sent, now)
			}
			n := 0
			for _, s := range sent {
				if s.After(now.Add(-window)) {
					n++
				}
			}
			if n > highest {
				t.Fatalf("%d calls in the window, the highest quota was %d", n, highest)
			}
		}
	})
}

func TestSlotsBeginOnTheGrid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(0, rapid.Int64Range(1e18, 2e18).Draw(t, "from"))
		slot := time.Duration(rapid.Int64Range(1e8, 4e9).Draw(t, "slot"))
		at := slotFrom(from, slot)
		if at.Before(from) || at.Sub(from) >= slot || at.UnixNano()%int64(slot) != 0 {
			t.Fatalf("slot %v after", at.Sub(from))
		}
	})
}

// All who read the row agree on whose turn it is, whatever the moment, once notice has passed.
func TestTurnsAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_000_000, 0)
		row := Row{Leases: map[string]Lease{}}
		var holders []string
		for i := range rapid.IntRange(1, 8).Draw(t, "holders") {
			h := fmt.Sprint("h", i)
			row.Leases[h] = Lease{Want: wantAll, At: now.Add(-5 * time.Second), Until: now.Add(10 * time.Second)}
			holders = append(holders, h)
		}
		taken := map[int]bool{}
		for _, h := range holders {
			i, n := row.turn(h, now)
			if n != len(holders) || taken[i] {
				t.Fatalf("%s: turn %d of %d", h, i, n)
			}
			taken[i] = true
		}
	})
}
