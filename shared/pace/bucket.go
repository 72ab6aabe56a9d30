package pace

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"lumo/shared/id"
)

const (
	// idleAfter without a call, a lease is handed back.
	idleAfter = 6 * time.Second
	// longestNap bounds every sleep, so that a share that grows meanwhile is noticed.
	longestNap = time.Second
	// ioPatience is how long one waiter relies on another to finish a read or write of the row.
	ioPatience = 2 * time.Second
	ioNap      = 5 * time.Millisecond
	// burst is how many calls of a waiting person may go at once, when the share was not used up before.
	burst = 3
	// longestSlip is how late a waiter may wake without the pace losing time.
	longestSlip = 100 * time.Millisecond
	// A lone holder may also have nothing to send for a moment. So much of it is made up for, by a pace that is a tenth faster meanwhile:
	// calls must not bunch, since they reach HubSpot with a jitter of their own. It is two calls, and a burst is two more before their time:
	// whoever joins then goes on evenly, and in a window that begins with the first of these calls all of them count.
	longestDelay = 200 * time.Millisecond
	catchUp      = 10
	// searchSlip is how late after its slot began a search may still go. Five slots are only 85 ms longer than a second.
	searchSlip = 35 * time.Millisecond
)

// bucket is this process's holder of one portal and kind. Waiters drive it: whoever finds something due does it. Nothing blocks on
// anything but the clock, so it works with one goroutine in virtual time as with fifty in real time.
type bucket struct {
	cfg     Config
	newName func() string
	portal  id.PortalID
	kind    Kind

	mu      sync.Mutex
	waiters []*waiter // in the order of service
	seq     int
	doing   *action // a read or write of the row that is under way

	holder   string // "" without a lease
	lease    Lease
	returned bool      // the last lease was handed back
	startsAt time.Time // from when the lease's present demand may be used
	row      Row
	seen     time.Time // when the read began that row comes from
	failed   time.Time // last failure of the store

	usage    usage
	quota    int
	next     time.Time // general: theoretical time of the next call
	late     time.Duration
	lastSlot time.Time // search: the slot used last
	searches []search  // the last ones
	stop     time.Time

	lastUse   time.Time
	absence   time.Duration // between the end of one wait and the beginning of the next
	idleTimer func()
}

// lead is how many slots early a call may go, when the share was not used up before.
func (p Priority) lead() time.Duration {
	switch p {
	case Interactive:
		return burst - 1
	case Chain:
		return 1
	}
	return 0
}

type waiter struct {
	priority Priority
	seq      int
}

// action is one access to the row.
type action struct {
	verb  verb
	since time.Time
}

type verb int

const (
	nothing verb = iota
	look         // read the row
	join         // take a new lease
	renew        // prolong it, or raise its demand
	end          // of the lease of message traffic, which nobody has used for long
)

func newBucket(cfg Config, newName func() string, p id.PortalID, k Kind) *bucket {
	return &bucket{cfg: cfg, newName: newName, portal: p, kind: k}
}

func sortBuckets(bs []*bucket) {
	slices.SortFunc(bs, func(a, b *bucket) int {
		return cmp.Or(cmp.Compare(a.portal, b.portal), cmp.Compare(a.kind, b.kind))
	})
}

func (b *bucket) wait(ctx context.Context, pr Priority) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.enter(pr)
	defer b.leave(w)
	for failures := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := b.cfg.Clock.Now()
		if due := b.due(w, now); due != nothing {
			if err := b.do(ctx, due, now); err != nil {
				if failures++; !b.usable(b.cfg.Clock.Now()) && failures >= 4 {
					return fmt.Errorf("pace of portal %s: %w", b.portal, err)
				}
			}
			continue
		}
		at := b.slotFor(w, now)
		if !at.After(now) {
			b.take(w, now)
			return nil
		}
		if err := b.nap(ctx, min(at.Sub(now), b.untilDue(now))); err != nil {
			return err
		}
	}
}

// nap sleeps without the lock.
func (b *bucket) nap(ctx context.Context, d time.Duration) error {
	b.mu.Unlock()
	defer b.mu.Lock()
	return b.cfg.Clock.Sleep(ctx, max(d, time.Millisecond))
}

func (b *bucket) enter(pr Priority) *waiter {
	now := b.cfg.Clock.Now()
	if len(b.waiters) == 0 && !b.lastUse.IsZero() {
		b.absence = now.Sub(b.lastUse)
	}
	b.seq++
	w := &waiter{pr, b.seq}
	at, _ := slices.BinarySearchFunc(b.waiters, w, func(a, b *waiter) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.seq, b.seq))
	})
	b.waiters = slices.Insert(b.waiters, at, w)
	return w
}

func (b *bucket) leave(w *waiter) {
	b.waiters = slices.DeleteFunc(b.waiters, func(o *waiter) bool { return o == w })
	b.lastUse = b.cfg.Clock.Now()
	b.armIdle(idleAfter)
}

// held tells whether the lease is valid. It ends by our own clock exactly at Until; others wait a skew longer.
func (b *bucket) held(now time.Time) bool { return b.holder != "" && now.Before(b.lease.Until) }

// usable tells whether calls may be granted now: with a lease, and with a view young enough that no newcomer can be unknown.
func (b *bucket) usable(now time.Time) bool {
	return b.held(now) && now.Sub(b.seen) <= notice-skew
}

// due says what must be done with the row before w can go on.
func (b *bucket) due(w *waiter, now time.Time) verb {
	if b.doing != nil && now.Sub(b.doing.since) < ioPatience {
		return nothing // slotFor waits if it must
	}
	pausing := now.Sub(b.failed) < 100*time.Millisecond
	switch {
	case pausing:
		return nothing
	case !b.held(now):
		return join
	case !now.Before(b.renewAt()), b.wantsMore():
		return renew
	case now.Sub(b.seen) >= poll && (b.waiters[0] == w || !b.usable(now)), b.lapseDue(now):
		return look
	case b.row.Messages.over(b.seen) && b.waiters[0] == w:
		return end
	}
	return nothing
}

// lapseDue: another's lease has ended since the row was read; only a new read tells whether it was renewed.
func (b *bucket) lapseDue(now time.Time) bool {
	first := b.row.firstLapse(b.holder, b.seen)
	return !first.IsZero() && now.After(first.Add(skew)) && !b.seen.After(first.Add(skew))
}

// renewAt leaves time for one more wait, since only a waiter renews.
func (b *bucket) renewAt() time.Time {
	lead := min(max(renewLead, b.absence+renewLead/2), b.ttl()/4)
	return b.lease.Until.Add(-lead)
}

func (b *bucket) ttl() time.Duration {
	if b.kind == Search {
		return searchTTL
	}
	return generalTTL
}

// wantsMore: a lease that was made for clicks now serves more than that.
func (b *bucket) wantsMore() bool {
	return b.lease.Want < wantAll && b.demand() == wantAll
}

func (b *bucket) demand() int {
	last := b.waiters[len(b.waiters)-1]
	if last.priority < Interactive || len(b.waiters) > 2*burst {
		return wantAll
	}
	return wantInteractive
}

// untilDue is how long a waiter may sleep before the lease or the view needs care.
func (b *bucket) untilDue(now time.Time) time.Duration {
	d := longestNap
	if b.doing != nil || !b.usable(now) {
		d = ioNap
		return d
	}
	if left := b.renewAt().Sub(now); left > 0 {
		d = min(d, left)
	}
	if first := b.row.firstLapse(b.holder, b.seen); !first.IsZero() {
		if left := first.Add(skew + time.Millisecond).Sub(now); left > 0 {
			d = min(d, left)
		}
	}
	return d
}

// take uses a slot.
func (b *bucket) take(w *waiter, now time.Time) {
	b.usage.add(now)
	if b.kind == Search {
		b.searches = append(b.searches[max(len(b.searches)+1-searchesPerSecond, 0):], search{at: now})
		slot := b.row.slotLength(now)
		b.lastSlot = time.Unix(0, (slotNumber(now, slot)+1)*int64(slot))
		return
	}
	b.next = b.following(now)
}

// following is when the call after one at now is due: a spacing later, or a little sooner while there is a delay to be made up for.
func (b *bucket) following(now time.Time) time.Time {
	spacing := window / time.Duration(b.quota)
	if b.quota < budget { // others are there, who may be late at the same time
		from := now.Add(-min(spacing/2, longestSlip))
		if b.next.After(from) {
			from = b.next
		}
		b.late = 0
		return from.Add(spacing)
	}
	from := b.next
	if late := now.Sub(from); late > 0 {
		from, b.late = now, min(b.late+late, longestDelay)
	}
	caught := min(b.late, spacing/catchUp)
	b.late -= caught
	return from.Add(spacing - caught)
}
