package bench

import (
	"context"
	"time"

	"lumo/shared/clock"
)

// fast is a clock that runs several times as fast as the real one. Unlike a virtual clock it suits work with many things under way.
type fast struct {
	began time.Time
	speed time.Duration
}

var _ clock.Clock = fast{}

func newFast(speed int) fast { return fast{time.Now(), time.Duration(speed)} }

// Now implements clock.Clock.
func (f fast) Now() time.Time { return f.began.Add(time.Since(f.began) * f.speed) }

// Sleep implements clock.Clock.
func (f fast) Sleep(ctx context.Context, d time.Duration) error {
	return clock.Real{}.Sleep(ctx, d/f.speed)
}

// AfterFunc implements clock.Clock.
func (f fast) AfterFunc(d time.Duration, do func()) func() {
	return clock.Real{}.AfterFunc(d/f.speed, do)
}
