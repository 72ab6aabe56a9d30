package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/queue"
)

// Alarm has the tick look at a portal.
type Alarm interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

func (s *Service) alarm(ctx context.Context, e Execution) error {
	return s.Alarm.BringForward(ctx, e.Call.Portal, time.UnixMilli(e.Due))
}

// tell answers HubSpot for decided executions, in batches, and stores who was told. What HubSpot does not take now is left to the tick.
func (s *Service) tell(ctx context.Context, row portal.Portal, all []Execution) error {
	var failed error
	for batch := range slices.Chunk(all, MaxComplete) {
		var cs []Completion
		for _, e := range batch {
			for _, callback := range e.Waiting() {
				cs = append(cs, Completion{callback, s.outputs(e)})
			}
		}
		var err error
		for part := range slices.Chunk(cs, MaxComplete) {
			if err = s.HubSpot.Complete(ctx, row.ID, part); err != nil {
				break
			}
		}
		failed = errors.Join(failed, s.note(ctx, row, batch, err))
	}
	return failed
}

// note stores what HubSpot said of a batch. It does not say which callback it did not know, so those are then answered one by one.
func (s *Service) note(ctx context.Context, row portal.Portal, batch []Execution, err error) error {
	if len(batch) > 1 && unknown(err) {
		var failed error
		for _, e := range batch {
			failed = errors.Join(failed, s.tell(ctx, row, []Execution{e}))
		}
		return failed
	}
	var failed error
	for _, e := range batch {
		failed = errors.Join(failed, s.noted(ctx, e, err))
	}
	return failed
}

// unknown: HubSpot does not know a callback, because it gave up waiting, or because it has not read our "wait" yet.
func unknown(err error) bool { return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) }

func (s *Service) noted(ctx context.Context, e Execution, err error) error {
	told := e.Waiting()
	if err != nil && !unknown(err) {
		s.warn(e.Call.Portal, "workflow not told", err)
	}
	for range tries {
		next := s.after(e, told, err)
		if next.Due != 0 {
			if err := s.alarm(ctx, next); err != nil {
				return err
			}
		}
		_, serr := s.Store.Save(ctx, next)
		if !errors.Is(serr, ErrChanged) {
			return serr
		}
		now, ok, lerr := s.Store.Load(ctx, e.Ref())
		if lerr != nil || !ok {
			return lerr
		}
		e = now
	}
	return ErrChanged
}

// after is the rule: taken, or never to be taken; else later, less and less often, until HubSpot has given up waiting itself.
func (s *Service) after(e Execution, told []string, err error) Execution {
	now := s.Clock.Now()
	over := now.After(e.Deadline().Add(margin))
	switch {
	case err == nil:
		return e.Told(told, now)
	case unknown(err):
		if e.Unknown++; e.Unknown < maxUnknown && !over {
			return e.Later(now.Add(10 * time.Second))
		}
		return e.Told(told, now)
	case fault.Is(err, fault.Revoked), fault.Is(err, fault.Permission), over:
		return e.Told(told, now) // nobody will ever hear it: the wait ends by itself
	}
	e.Tries++
	return e.Later(now.Add(min(30*time.Second<<min(e.Tries, 6), 15*time.Minute)))
}

// Work is a message of the queue: a call that came, or executions to go on with.
type Work struct {
	Portal id.PortalID `json:"portal"`
	Call   *Call       `json:"call,omitempty"`
	Refs   []Ref       `json:"refs,omitempty"`
}

// Accept queues a call. The short delay lets HubSpot read "wait" before it is told the answer.
func (s *Service) Accept(ctx context.Context, c Call) error {
	b, err := json.Marshal(Work{Portal: c.Portal, Call: &c})
	if err != nil {
		return err
	}
	return s.Queue.Send(ctx, queue.Actions, queue.Message{Body: b, Delay: time.Second})
}

const (
	// dueAtOnce executions go back into the queue in one tick, refsAtOnce of them in one message.
	dueAtOnce  = 2000
	refsAtOnce = 50
)

// Look queues what is due, and tells whether anything is left for later.
func (s *Service) Look(ctx context.Context, p id.PortalID, runs bool) (open bool, err error) {
	until := s.Clock.Now().UnixMilli()
	if !runs {
		until = 1<<62 - 1
	}
	refs, err := s.Store.Due(ctx, p, until, dueAtOnce)
	if err != nil {
		return true, err
	}
	var out []queue.Message
	for part := range slices.Chunk(refs, refsAtOnce) {
		b, err := json.Marshal(Work{Portal: p, Refs: part})
		if err != nil {
			return true, err
		}
		out = append(out, queue.Message{Body: b})
	}
	if len(out) > 0 {
		return true, s.Queue.Send(ctx, queue.Actions, out...)
	}
	left, err := s.Store.Due(ctx, p, 1<<62-1, 1)
	return len(left) > 0, err
}
