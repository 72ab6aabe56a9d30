// Package clock is the seam through which time enters. Nothing else in the project calls time.Now, time.Sleep or time.AfterFunc
// where the answer influences behaviour, so that the simulation can run days in seconds.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells and spends time.
type Clock interface {
	Now() time.Time
	// Sleep returns ctx.Err() if the context ends first.
	Sleep(ctx context.Context, d time.Duration) error
	// AfterFunc runs f after d, unless stop is called first.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// Real is the wall clock.
type Real struct{}

func (Real) Now() time.Time { return time.Now() }

func (Real) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (Real) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// Virtual moves only when told. Sleep advances it at once, which is right for one goroutine at a time (the simulation);
// functions set by AfterFunc run inside Advance, Sleep or Next, in order of their time, then of their setting.
type Virtual struct {
	mu     sync.Mutex
	now    time.Time
	seq    int
	timers []*timer
}

type timer struct {
	at   time.Time
	seq  int
	f    func()
	dead bool
}

// NewVirtual starts at t.
func NewVirtual(t time.Time) *Virtual { return &Virtual{now: t} }

func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *Virtual) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.Advance(d)
	return ctx.Err()
}

func (v *Virtual) AfterFunc(d time.Duration, f func()) func() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seq++
	t := &timer{at: v.now.Add(max(d, 0)), seq: v.seq, f: f}
	v.timers = append(v.timers, t)
	return func() { v.mu.Lock(); t.dead = true; v.mu.Unlock() }
}

// Advance moves time by d and runs what falls due on the way.
func (v *Virtual) Advance(d time.Duration) {
	until := v.Now().Add(max(d, 0))
	for v.step(until) {
	}
	v.mu.Lock()
	if v.now.Before(until) {
		v.now = until
	}
	v.mu.Unlock()
}

// Next returns the time of the earliest waiting function, or false when none waits.
func (v *Virtual) Next() (time.Time, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.earliest()
	if t == nil {
		return time.Time{}, false
	}
	return t.at, true
}

func (v *Virtual) earliest() *timer {
	var first *timer
	live := v.timers[:0]
	for _, t := range v.timers {
		if t.dead {
			continue
		}
		live = append(live, t)
		if first == nil || t.at.Before(first.at) || t.at.Equal(first.at) && t.seq < first.seq {
			first = t
		}
	}
	v.timers = live
	return first
}

func (v *Virtual) step(until time.Time) bool {
	v.mu.Lock()
	t := v.earliest()
	if t == nil || t.at.After(until) {
		v.mu.Unlock()
		return false
	}
	t.dead = true
	if t.at.After(v.now) {
		v.now = t.at
	}
	v.mu.Unlock()
	t.f()
	return true
}
