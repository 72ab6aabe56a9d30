package pace

import (
	"slices"
	"time"
)

// slotFor is when w may go: now or before means at once, later means look again then.
func (b *bucket) slotFor(w *waiter, now time.Time) time.Time {
	if !b.usable(now) {
		return now.Add(ioNap)
	}
	floor := b.stop
	if b.row.Stop.After(floor) {
		floor = b.row.Stop
	}
	if b.startsAt.After(floor) && b.lease.Old == 0 {
		floor = b.startsAt
	}
	if floor.After(now) {
		return floor
	}
	ahead := slices.Index(b.waiters, w)
	if b.kind == Search {
		return b.searchSlot(ahead, now)
	}
	return b.generalSlot(w, ahead, now)
}

// generalSlot spaces calls evenly over the quota. Whoever waits behind others takes its slot only when theirs have passed, so a
// waiter that oversleeps holds nobody up.
func (b *bucket) generalSlot(w *waiter, ahead int, now time.Time) time.Time {
	b.setQuota(now)
	if b.quota == 0 {
		return now.Add(longestNap)
	}
	spacing := window / time.Duration(b.quota)
	at := b.next.Add(time.Duration(ahead) * spacing)
	at = at.Add(-w.priority.lead() * spacing)
	if at.After(now) {
		return at
	}
	return b.usage.room(now, ahead)
}

// setQuota follows the row. A changed pace keeps the part of the spacing that has passed already.
func (b *bucket) setQuota(now time.Time) {
	mine := b.lease.Want
	if now.Before(b.startsAt) {
		mine = b.lease.Old
	}
	quota := b.row.share(b.holder, mine, b.seen, now)
	if quota != b.quota && b.quota > 0 && quota > 0 && b.next.After(now) {
		b.next = now.Add(b.next.Sub(now) * time.Duration(b.quota) / time.Duration(quota))
	}
	b.quota = quota
	b.usage.set(quota, now)
}

// searchSlot finds the own slots. A slot is good for a while after it begins; whose it is was decided at its beginning.
func (b *bucket) searchSlot(ahead int, now time.Time) time.Time {
	slot := b.row.slotLength(now)
	from := now.Add(-searchSlip)
	for _, floor := range []time.Time{b.lastSlot, b.startsAt, b.secondOver()} {
		if floor.After(from) {
			from = floor
		}
	}
	at := slotFrom(from, slot)
	for ahead++; ; at = at.Add(slot) {
		index, n := b.row.turn(b.holder, at)
		if slotNumber(at, slot)%int64(n) != int64(index) {
			continue
		}
		if ahead--; ahead == 0 {
			return at
		}
	}
}
