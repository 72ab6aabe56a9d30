package pace

import (
	"math"
	"slices"
	"strings"
	"time"
)

// The pace of the general limit. HubSpot allows 110 calls in any rolling 10 s; what is held back absorbs the jitter of the network.
const (
	window = 10 * time.Second
	budget = 105
)

// The pace of searches: five a second, shared with the customer's other apps. Slots a little longer than a fifth of a second keep
// five in any second although replies jitter.
const (
	searchSlot        = 217 * time.Millisecond
	searchesPerSecond = 5
	searchMargin      = 20 * time.Millisecond
	halving           = 4 // levels
	worstLevel        = 4 * halving
	recoverEach       = 10 * time.Second // per level: a halved pace is whole again after 40 s
)

// Times of leases.
const (
	// skew is how far the clocks of two holders may differ.
	skew = 150 * time.Millisecond
	// poll is how old a view may be before it is read again.
	poll = 700 * time.Millisecond
	// notice is the time within which every holder knows of a new one. Who has not read the row for longer than this, less the
	// skew, must not send: so a newcomer may start after it without asking anyone.
	notice = 1200 * time.Millisecond
	// generalTTL is just below the promise that the share of a killed holder is back within 20 s. Renewals are nearly all of the
	// limiter's writes, so it is no shorter. A search slot is free only notice after the lapse.
	generalTTL = 19300 * time.Millisecond
	searchTTL  = 18 * time.Second
	// renewLead is how long before its end a lease is renewed at the latest.
	renewLead = 600 * time.Millisecond
	// forgetAfter: a lapsed lease stays visible for a window, as a sign that the pace was in use.
	forgetAfter = window + 2*time.Second
)

// Demands of a lease, in calls per window.
const (
	wantAll = budget
	// wantInteractive is what a person's clicks need. Small, so that bulk work keeps most of the pace.
	wantInteractive = 20
)

// alive tells whether a lease, as seen by a read that began at seen, may still be in use by its holder.
func (l Lease) alive(seen time.Time) bool { return !seen.After(l.Until.Add(skew)) }

// others is the demand of a lease in the eyes of the other holders: raised before its holder may use it.
func (l Lease) others(now time.Time) int {
	if now.Before(l.At.Add(notice - skew)) {
		return l.Old
	}
	return l.Want
}

// share is the quota per window of holder me, whose own demand is mine, in a row that was read at seen.
//
// Safety: every live holder that may send is in the row of everyone who may send (see notice), and adding a lease or raising a
// demand never raises anyone else's quota (divide). So whatever mixture of old and new rows the holders act on, their quotas sum
// to at most the budget, less what message traffic reserves (Messages).
func (r Row) share(me string, mine int, seen, now time.Time) int {
	holders := make([]string, 0, len(r.Leases)+1)
	for h, l := range r.Leases {
		if other(h, me) && l.alive(seen) {
			holders = append(holders, h)
		}
	}
	holders = append(holders, me)
	slices.Sort(holders)
	wants := make([]int, len(holders))
	at := 0
	for i, h := range holders {
		if h == me {
			at, wants[i] = i, mine
		} else {
			wants[i] = r.Leases[h].others(now)
		}
	}
	return divide(budget-r.Messages.others(now), wants)[at]
}

// divide hands out whole units: one to each in turn as long as it wants more, then what is left in the same way to all who want
// anything. It is max-min fair, and monotone: another's demand never adds to one's own part.
func divide(units int, wants []int) []int {
	parts := make([]int, len(wants))
	for _, sated := range []bool{true, false} {
		for gave := true; gave && units > 0; {
			gave = false
			for i, w := range wants {
				if w == 0 || sated && parts[i] >= w || units == 0 {
					continue
				}
				parts[i]++
				units--
				gave = true
			}
		}
	}
	return parts
}

// nameMark divides the name of a lease into its process and its number.
const nameMark = "x"

// other tells whether a lease belongs to another process. An older lease of one's own is known to be over, whatever the clocks of others
// say, so a process that works on right after it handed back need not wait.
func other(holder, me string) bool {
	return processOf(holder) != processOf(me)
}

func processOf(holder string) string {
	if at := strings.LastIndex(holder, nameMark); at >= 0 {
		return holder[:at]
	}
	return holder
}

// busyBefore tells whether another process, or message traffic, used the pace within a window before now.
func (r Row) busyBefore(me string, now time.Time) bool {
	if r.Messages.live() && me != messageHolder {
		return true
	}
	for h, l := range r.Leases {
		if other(h, me) && l.Until.After(now.Add(-window)) {
			return true
		}
	}
	return false
}

// occupied tells whether anyone else may hold a live lease.
func (r Row) occupied(me string, seen time.Time) bool {
	for h, l := range r.Leases {
		if other(h, me) && l.alive(seen) {
			return true
		}
	}
	return false
}

// lapsed lists the leases that nobody needs any more.
func (r Row) lapsed(now time.Time) []string {
	var out []string
	for h, l := range r.Leases {
		if l.Until.Add(forgetAfter).Before(now) {
			out = append(out, h)
		}
	}
	slices.Sort(out)
	return out
}

// firstLapse is the earliest end of another's lease that a read at seen could not decide, or the zero time.
func (r Row) firstLapse(me string, seen time.Time) time.Time {
	var first time.Time
	for h, l := range r.Leases {
		if other(h, me) && l.alive(seen) && (first.IsZero() || l.Until.Before(first)) {
			first = l.Until
		}
	}
	return first
}

// slotLength of searches at now.
func (r Row) slotLength(now time.Time) time.Duration {
	level := r.level(now)
	return time.Duration(float64(searchSlot) * math.Pow(2, float64(level)/halving))
}

// level is the slowness at now: it melts with time, so recovering needs no write.
func (r Row) level(now time.Time) int {
	past := max(now.Sub(r.LevelAt), 0)
	return max(0, r.Level-int(past/recoverEach))
}

// turn says which of n holders me is for searches. Holders come and go at the same moment for everyone: notice after they wrote,
// when all have read it.
func (r Row) turn(me string, now time.Time) (index, n int) {
	n = 1
	for h, l := range r.Leases {
		if !other(h, me) || now.Before(l.At.Add(notice)) || !now.Before(l.Until.Add(notice)) {
			continue
		}
		n++
		if h < me {
			index++
		}
	}
	return index, n
}

// slotFrom is the beginning of the earliest slot at or after from. All holders count slots from the same zero.
func slotFrom(from time.Time, slot time.Duration) time.Time {
	k := slotNumber(from, slot)
	if at := time.Unix(0, k*int64(slot)); !at.Before(from) {
		return at
	}
	return time.Unix(0, (k+1)*int64(slot))
}

func slotNumber(at time.Time, slot time.Duration) int64 { return at.UnixNano() / int64(slot) }
