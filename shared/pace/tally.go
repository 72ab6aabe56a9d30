package pace

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lumo/shared/id"
)

const (
	// glance is how old a row may be before counting in it is preceded by another look: a write to an old row would fail.
	glance = 50 * time.Millisecond
	// longestLead bounds by how much calls are counted ahead for a slow store.
	longestLead = 3 * time.Second
)

// tally is this process's way to the messages' lease of one portal. As with a bucket, waiters drive it and nothing blocks on anything but
// the clock. A process owns nothing of the lease, so there is nothing to hand back.
type tally struct {
	cfg     Config
	portal  id.PortalID
	general *bucket // knows of 429s that this process got

	mu      sync.Mutex
	waiting int
	used    time.Time
	doing   time.Time // since when an access to the row is under way; zero when none is
	failed  time.Time

	row   Row
	seen  time.Time // when the access began that row comes from; zero: the row must be read
	had   time.Time // when it ended
	sight sight

	// lead is how far ahead calls are counted: nothing, unless the store is so slow that their time would be past when it answers.
	lead time.Duration
	// granted calls may go from opens to closes; who waits takes them.
	granted       int
	opens, closes time.Time
}

func (t *tally) wait(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting++
	defer func() { t.waiting--; t.used = t.cfg.Clock.Now() }()
	for failures := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := t.cfg.Clock.Now()
		if !t.unwritten() && t.take(now) {
			return nil
		}
		pause, err := t.advance(ctx, now)
		if err != nil {
			if failures++; failures >= 4 {
				return fmt.Errorf("pace of portal %s: %w", t.portal, err)
			}
		}
		if pause > 0 {
			if err := t.nap(ctx, pause); err != nil {
				return err
			}
		}
	}
}

func (t *tally) nap(ctx context.Context, d time.Duration) error {
	t.mu.Unlock()
	defer t.mu.Lock()
	return t.cfg.Clock.Sleep(ctx, max(d, time.Millisecond))
}

func (t *tally) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting == 0 && t.cfg.Clock.Now().Sub(t.used) > window
}

// unwritten tells whether this process knows from when a new demand may be used and nobody has written it down. That comes first: the
// process may end after its call, and all others would begin to wait.
func (t *tally) unwritten() bool {
	m := t.row.Messages
	return !t.seen.IsZero() && m.live() && m.Start.IsZero() && t.sight.gen == m.Gen
}

// take uses a call that was counted.
func (t *tally) take(now time.Time) bool {
	if t.granted == 0 || now.Before(t.opens) {
		return false
	}
	if now.After(t.closes) || now.Before(t.stopped()) {
		t.granted = 0
		return false
	}
	t.granted--
	return true
}

// stopped is when a 429 allows calls again.
func (t *tally) stopped() time.Time {
	stop := t.general.stopped()
	if t.row.Stop.After(stop) {
		return t.row.Stop
	}
	return stop
}

// advance does the next thing for those who wait, and says how long to sleep before the one after.
func (t *tally) advance(ctx context.Context, now time.Time) (time.Duration, error) {
	switch {
	case !t.doing.IsZero() && now.Sub(t.doing) < ioPatience:
		return ioNap, nil
	case now.Sub(t.failed) < 100*time.Millisecond:
		return 100 * time.Millisecond, nil
	case now.Before(t.stopped()) && !t.unwritten():
		return min(t.stopped().Sub(now), longestNap), nil
	case t.granted >= t.waiting && !t.unwritten():
		return max(t.opens.Sub(now), ioNap), nil
	case t.seen.IsZero() || now.Sub(t.had) > glance:
		return 0, t.access(ctx, now, t.read)
	}
	// A call is counted for the time at which it may go, which is never before what others have counted.
	at := micro(now.Add(t.lead))
	if m := t.row.Messages; m.live() && m.Since.After(at) {
		at = m.Since
	}
	s := t.row.entry(at, max(t.waiting-t.granted, 0), t.sight)
	if !s.write {
		return max(min(s.until.Add(-t.lead).Sub(now), longestNap/4), time.Millisecond), nil
	}
	return 0, t.access(ctx, now, func(ctx context.Context) (Row, error) { return t.count(ctx, now, at, s) })
}

// access gives the lock away while the store works; do takes it back.
func (t *tally) access(ctx context.Context, now time.Time, do func(context.Context) (Row, error)) error {
	t.doing = now
	row, err := do(ctx)
	if t.doing.Equal(now) {
		t.doing = time.Time{}
	}
	if err != nil {
		t.failed, t.seen = t.cfg.Clock.Now(), time.Time{}
		return err
	}
	t.see(row, now, t.cfg.Clock.Now())
	return nil
}

func (t *tally) read(ctx context.Context) (Row, error) {
	t.mu.Unlock()
	defer t.mu.Lock()
	return t.cfg.Store.Read(ctx, t.portal, General)
}

// count writes a step down. Its calls may go if the answer comes in time: later ones would come too close to those that follow.
func (t *tally) count(ctx context.Context, began, at time.Time, s entry) (Row, error) {
	was := t.row.Messages.N
	t.mu.Unlock()
	row, ok, err := t.cfg.Store.Count(ctx, t.portal, was, s.next)
	t.mu.Lock()
	if err != nil || !ok {
		return row, err
	}
	end := t.cfg.Clock.Now()
	took := end.Sub(began)
	t.lead = 0
	if took > messageLate/2 {
		t.lead = min(took*3/2, longestLead)
	}
	if s.calls == 0 || end.After(at.Add(messageLate)) {
		return row, nil
	}
	if end.After(t.closes) {
		t.granted = 0
	}
	t.granted += s.calls
	t.closes = at.Add(messageLate)
	t.opens = at.Add(-skew)
	return row, nil
}

// see keeps a row, unless a later one is known, and what it says about a new demand.
func (t *tally) see(row Row, began, end time.Time) {
	if began.Before(t.seen) {
		return
	}
	t.row, t.seen, t.had = row, began, end
	m := row.Messages
	if !m.live() || !m.Start.IsZero() {
		return
	}
	if s := row.sight(began, end); t.sight.gen != s.gen || s.start.Before(t.sight.start) {
		t.sight = s
	}
}
