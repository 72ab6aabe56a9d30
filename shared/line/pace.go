package line

import (
	"context"
	"sync"
	"time"

	"lumo/shared/clock"
)

// limiter spreads calls evenly after a first burst (generic cell rate algorithm).
type limiter struct {
	mu       sync.Mutex
	interval time.Duration
	burst    int
	next     time.Time // when the next call would be due if there were no burst
}

// wait blocks until the call may go out, or until ctx ends.
func (l *limiter) wait(ctx context.Context, c clock.Clock) error {
	l.mu.Lock()
	now := c.Now()
	if l.next.Before(now) {
		l.next = now
	}
	pause := l.next.Add(-time.Duration(l.burst) * l.interval).Sub(now)
	l.next = l.next.Add(l.interval)
	l.mu.Unlock()
	if pause <= 0 {
		return ctx.Err()
	}
	return c.Sleep(ctx, pause)
}
