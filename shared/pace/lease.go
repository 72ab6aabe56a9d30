package pace

import (
	"context"
	"slices"
	"time"
)

// do accesses the row without the lock.
func (b *bucket) do(ctx context.Context, v verb, now time.Time) error {
	b.doing = &action{v, now}
	mine := b.doing
	var err error
	switch v {
	case join:
		err = b.join(ctx, now)
	case renew:
		err = b.renew(ctx, now)
	case end:
		err = b.endMessages(ctx, now)
	default:
		err = b.look(ctx, now)
	}
	if b.doing == mine {
		b.doing = nil
	}
	if err != nil {
		b.failed = b.cfg.Clock.Now()
	}
	return err
}

func (b *bucket) look(ctx context.Context, now time.Time) error {
	row, err := b.read(ctx)
	if err != nil {
		return err
	}
	b.see(row, now)
	return nil
}

// read gives the lock away meanwhile; whatever happens in the store, it is held again afterwards.
func (b *bucket) read(ctx context.Context) (Row, error) {
	b.mu.Unlock()
	defer b.mu.Lock()
	return b.cfg.Store.Read(ctx, b.portal, b.kind)
}

// see keeps a row that was read by an access that began at began, unless a later one is known.
func (b *bucket) see(row Row, began time.Time) {
	if began.Before(b.seen) {
		return
	}
	b.row, b.seen = row, began
	if _, ok := row.Leases[b.holder]; !ok {
		b.holder = "" // forgotten by the others: it lapsed long ago
	}
}

// endMessages takes back what message traffic reserved. Until somebody does, its lease is good however old it is: so it cannot be prolonged
// by one process while another believes it is over, and no clock decides between them.
func (b *bucket) endMessages(ctx context.Context, now time.Time) error {
	row, err := b.count(ctx, b.row.Messages.N, b.row.Messages.ended())
	if err != nil {
		return err
	}
	b.see(row, now)
	return nil
}

func (b *bucket) count(ctx context.Context, was int64, m Messages) (Row, error) {
	b.mu.Unlock()
	defer b.mu.Lock()
	row, _, err := b.cfg.Store.Count(ctx, b.portal, was, m)
	return row, err
}

// join takes a lease under a new name.
func (b *bucket) join(ctx context.Context, now time.Time) error {
	name := b.newName()
	lease := Lease{Want: b.demand(), At: now, Until: now.Add(b.ttl())}
	c := Change{Holder: name, Lease: lease, Forget: b.row.lapsed(now)}
	if b.holder != "" && !slices.Contains(c.Forget, b.holder) {
		c.Forget = append(c.Forget, b.holder)
	}
	row, end, err := b.write(ctx, c)
	if err != nil {
		return err
	}
	alone := !row.busyBefore(name, now)
	if b.returned && !alone {
		b.usage.forget() // it was sent on the account of the lease that was handed back
	}
	b.holder, b.lease, b.quota, b.returned = name, lease, 0, false
	b.row, b.seen = row, now
	b.startsAt = end
	if row.occupied(name, now) {
		// Everyone else has read of this lease when notice has passed since the write was done.
		b.startsAt = end.Add(notice)
	}
	if alone { // the whole window was this process's, and what it sent is known
		b.usage.reset(row.share(name, lease.Want, now, end))
		return nil
	}
	b.usage.reset(0)
	b.next, b.late = b.startsAt, 0
	return nil
}

// renew prolongs the lease, with a larger demand if there is one. A renewal that is done only after the end is no renewal: others
// may have taken the share.
func (b *bucket) renew(ctx context.Context, now time.Time) error {
	lease := b.lease
	lease.Until = now.Add(b.ttl())
	raised := b.wantsMore()
	if raised {
		lease.Old, lease.Want, lease.At = b.lease.Want, wantAll, now
		if now.Before(b.startsAt) {
			lease.Old = b.lease.Old
		}
	}
	name, oldEnd := b.holder, b.lease.Until
	row, end, err := b.write(ctx, Change{Holder: name, Lease: lease, Forget: b.row.lapsed(now)})
	if err != nil {
		return err
	}
	if b.holder != name {
		return nil
	}
	if !end.Before(oldEnd) {
		b.lease.Until = oldEnd
		return nil
	}
	b.lease = lease
	if raised {
		b.startsAt = end.Add(notice)
	}
	b.see(row, now)
	return nil
}

func (b *bucket) write(ctx context.Context, c Change) (row Row, end time.Time, err error) {
	b.mu.Unlock()
	defer b.mu.Lock()
	row, err = b.cfg.Store.Write(ctx, b.portal, b.kind, c)
	return row, b.cfg.Clock.Now(), err
}

// release hands the lease back. The lease stays in the row for a while, as a sign that the pace was used just now.
func (b *bucket) release(ctx context.Context, which func(*bucket) bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.disarmIdle()
	now := b.cfg.Clock.Now()
	if !b.held(now) || len(b.waiters) > 0 || !which(b) {
		return nil
	}
	lease, name := b.lease, b.holder
	lease.Until = now
	b.holder, b.quota, b.returned = "", 0, true
	_, _, err := b.write(ctx, Change{Holder: name, Lease: lease, Forget: b.row.lapsed(now)})
	return err
}

func (b *bucket) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Clock.Now()
	return b.holder == "" && len(b.waiters) == 0 && !b.stop.After(now) && now.Sub(b.lastUse) > window
}

// armIdle makes sure that a lease that nobody uses is handed back, where no Release comes.
func (b *bucket) armIdle(after time.Duration) {
	if b.idleTimer != nil || b.holder == "" {
		return
	}
	b.idleTimer = b.cfg.Clock.AfterFunc(after, b.idle)
}

func (b *bucket) disarmIdle() {
	if b.idleTimer != nil {
		b.idleTimer()
		b.idleTimer = nil
	}
}

func (b *bucket) idle() {
	b.mu.Lock()
	b.idleTimer = nil
	left := b.lastUse.Add(idleAfter).Sub(b.cfg.Clock.Now())
	busy := len(b.waiters) > 0
	if busy {
		left = idleAfter
	}
	if left > 0 {
		b.armIdle(left)
		b.mu.Unlock()
		return
	}
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = b.release(ctx, func(*bucket) bool { return true }) // it lapses by itself if this fails
}

// stopped is until when a 429 that this process got stops it.
func (b *bucket) stopped() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stop
}

// slow stops this holder at once and tells the others.
func (b *bucket) slow(ctx context.Context, retryAfter time.Duration) error {
	b.mu.Lock()
	now := b.cfg.Clock.Now()
	if retryAfter <= 0 {
		retryAfter = window
		if b.kind == Search {
			retryAfter = time.Second
		}
	}
	s := Stop{Until: now.Add(retryAfter)}
	if b.kind == Search {
		s.Level, s.LevelAt = min(b.row.level(now)+halving, worstLevel), s.Until
	}
	// One 429 seldom comes alone: the calls that were under way get one too, and are no new reason.
	known := b.row.Stop
	if b.stop.After(known) {
		known = b.stop
	}
	if now.Before(known) && s.Until.Sub(known) < window/2 {
		b.mu.Unlock()
		return nil
	}
	b.stop = s.Until
	if b.kind == Search {
		b.row.Level, b.row.LevelAt = s.Level, s.LevelAt
	}
	b.mu.Unlock()
	_, err := b.cfg.Store.Stop(ctx, b.portal, b.kind, s)
	return err
}
