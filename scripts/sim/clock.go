package sim

import (
	"context"
	"time"

	"lumo/shared/clock"
)

// simClock is the one clock of a world. Sleeping gives the baton away; timers are tasks of their own.
type simClock struct{ s *scheduler }

var _ clock.Clock = simClock{}

func (c simClock) Now() time.Time { return c.s.now }

func (c simClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.s.current == nil { // set-up and checks
		c.s.runUntil(c.s.now.Add(max(d, 0)))
		return ctx.Err()
	}
	c.s.wait(c.s.now.Add(max(d, 0)))
	return ctx.Err()
}

// AfterFunc belongs to whoever sets it. A function's timers stand still while its environment is frozen, and die with it.
func (c simClock) AfterFunc(d time.Duration, f func()) func() {
	t := &task{name: "timer"}
	if owner := c.s.current; owner != nil && owner.outside == 0 {
		t.env = owner.env
	}
	at := c.s.now.Add(max(d, 0))
	if t.env != nil {
		return t.env.afterFunc(c.s, at, f)
	}
	c.s.start(at, t, f)
	return func() {
		if t.wake != nil && !t.begun {
			t.wake.off, t.over = true, true
		}
	}
}

// functionContext carries an invocation's deadline in virtual time. It is never done: a function that is still at work then is killed.
type functionContext struct {
	context.Context
	deadline time.Time
}

func (c functionContext) Deadline() (time.Time, bool) { return c.deadline, true }
