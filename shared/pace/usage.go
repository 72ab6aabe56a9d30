package pace

import (
	"slices"
	"time"
)

// usage remembers one window of what a holder was allowed and what it sent. It is the second guard, after the spacing of calls: in
// no rolling window does a holder send more than its quotas over that window add up to, rounded down. The quotas of all holders
// sum to the budget at any time, so their calls do in any window.
type usage struct {
	quotas []step      // ascending; the first one holds since before the window
	sent   []time.Time // ascending
}

type step struct {
	from  time.Time
	quota int
}

// set notes the quota from now on.
func (u *usage) set(quota int, now time.Time) {
	if n := len(u.quotas); n > 0 && u.quotas[n-1].quota == quota {
		return
	}
	u.quotas = append(u.quotas, step{now, quota})
}

// reset starts over with a quota that counts as held for the whole window before (0: nothing was allowed). What was sent stays known.
func (u *usage) reset(before int) {
	u.quotas = append(u.quotas[:0], step{time.Time{}, before})
}

// forget drops what was sent.
func (u *usage) forget() { u.sent = u.sent[:0] }

func (u *usage) trim(now time.Time) {
	edge := now.Add(-window)
	drop := 0
	for drop+1 < len(u.quotas) && !u.quotas[drop+1].from.After(edge) {
		drop++
	}
	u.quotas = slices.Delete(u.quotas, 0, drop)
	gone := 0
	for gone < len(u.sent) && !u.sent[gone].After(edge) {
		gone++
	}
	u.sent = slices.Delete(u.sent, 0, gone)
}

// allowed is the whole number of calls that the quotas over the window before now add up to.
func (u *usage) allowed(now time.Time) int {
	edge := now.Add(-window)
	var units float64 // calls per window x nanoseconds
	end := now
	for i := len(u.quotas) - 1; i >= 0 && end.After(edge); i-- {
		from := u.quotas[i].from
		if from.Before(edge) {
			from = edge
		}
		units += float64(u.quotas[i].quota) * float64(end.Sub(from))
		end = from
	}
	return int(units/float64(window) + 1e-6)
}

// room returns when one more call fits behind others that go first; now when it fits already.
func (u *usage) room(now time.Time, others int) time.Time {
	u.trim(now)
	if len(u.sent)+others < u.allowed(now) {
		return now
	}
	// Either the oldest call leaves the window or, with a young quota, the sum grows by one: look again soon enough for both.
	next := now.Add(window)
	if len(u.sent) > 0 {
		next = u.sent[0].Add(window)
	}
	if n := len(u.quotas); n > 0 && u.quotas[n-1].quota > 0 {
		if grown := now.Add(window / time.Duration(4*u.quotas[n-1].quota)); grown.Before(next) {
			next = grown
		}
	}
	return next
}

func (u *usage) add(now time.Time) { u.sent = append(u.sent, now) }
