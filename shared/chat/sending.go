package chat

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/logging"
	"lumo/shared/message"
)

// proceed goes on with an intent that is there: it is settled already, somebody is at it, or somebody died over it.
func (s *Service) proceed(ctx context.Context, p id.PortalID, i Intent, wait time.Duration) (Intent, error) {
	for until := s.Clock.Now().Add(wait); ; {
		now := s.Clock.Now()
		next, turn := i.Take(s.NewID(), s.NewKey(), now)
		if turn == Over && next.Status == i.Status {
			return i, nil
		}
		if turn == Busy {
			if !now.Before(until) {
				return i, nil
			}
			if err := s.Clock.Sleep(ctx, glance); err != nil {
				return i, nil
			}
		} else {
			if err := s.list(ctx, p, next); err != nil {
				return i, err
			}
			saved, err := s.Store.Save(ctx, p, next)
			switch {
			case err == nil && turn == Over:
				return saved, nil
			case err == nil:
				return s.resume(ctx, p, saved)
			case !errors.Is(err, ErrChanged):
				return i, err
			}
		}
		var ok bool
		var err error
		if i, ok, err = s.Store.Load(ctx, p, i.Friend, i.ID); err != nil || !ok {
			return i, errors.Join(err, ErrNoMessage)
		}
	}
}

// resume is attempt for a message that waited: meanwhile the friend may have blocked the account, or the account left.
func (s *Service) resume(ctx context.Context, p id.PortalID, i Intent) (Intent, error) {
	if _, err := s.allowed(ctx, p, i.Friend, 0, i.content()); err != nil {
		return s.settle(ctx, p, i, i.Failed(err, s.Clock.Now()))
	}
	return s.attempt(ctx, p, i)
}

// attempt calls LINE for an intent that we hold, and settles it.
func (s *Service) attempt(ctx context.Context, p id.PortalID, i Intent) (Intent, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.Clock.AfterFunc(budget, cancel)()
	objects, err := i.content().Objects()
	next := i.Failed(err, s.Clock.Now())
	if err == nil {
		next, err = s.call(limited, p, i, objects)
	}
	ctx = context.WithoutCancel(ctx)
	if next.Code == CodeInternal {
		s.log(p, "message not sent", err)
	}
	if next.Status != message.Sent {
		return s.settle(ctx, p, i, next)
	}
	if next.Reply != "" && !i.Taken { // LINE cannot be asked about a reply for long, so what is known is stored at once
		i.Taken, i.LineID, i.CorrelationID = true, next.LineID, next.CorrelationID
		if i, err = s.Store.Save(ctx, p, i); err != nil {
			return s.settle(ctx, p, i, i)
		}
		next.Version = i.Version
	}
	// Before it is settled: who dies in between finds it still open, asks LINE again, and comes here again.
	if s.heard(ctx, p, next) != nil {
		return i, nil
	}
	return s.settle(ctx, p, i, next)
}

// heard tells whom it concerns that LINE has a message.
func (s *Service) heard(ctx context.Context, p id.PortalID, i Intent) error {
	if !i.Automatic {
		if err := s.answered(ctx, p, i); err != nil {
			s.log(p, "friend not marked as answered", err)
			return err
		}
	}
	if s.Told == nil {
		return nil
	}
	err := s.Told(ctx, p, i)
	if err != nil {
		s.log(p, "sent message not told", err)
	}
	return err
}

// call asks LINE once, or twice when a reply token turns out to be of no use. That is stored before the push: whoever takes over must not
// think of the reply as open.
func (s *Service) call(ctx context.Context, p id.PortalID, i Intent, objects []json.RawMessage) (next Intent, err error) {
	if i.Taken {
		next, _ = i.Replied(Accepted{LineID: i.LineID, RequestID: i.CorrelationID}, nil, s.Clock.Now())
		return next, nil
	}
	if i.Reply != "" {
		accepted, err := s.Line.Reply(ctx, p, i.Friend, i.Reply, objects)
		err = known(err)
		next, push := i.Replied(accepted, err, s.Clock.Now())
		if !push {
			return next, err
		}
		if i, err = s.Store.Save(ctx, p, next); err != nil {
			return next, err
		}
	}
	accepted, err := s.Line.Push(ctx, p, i.Friend, i.RetryKey, objects)
	if err = known(err); err != nil {
		return i.Failed(err, s.Clock.Now()), err
	}
	return i.Sent(accepted, s.Clock.Now()), nil
}

func known(err error) error {
	if errors.Is(err, lineaccount.ErrUnknown) {
		return ErrAccount
	}
	return err
}

func (s *Service) log(p id.PortalID, what string, err error) {
	if s.Log != nil {
		s.Log.Warn(what, logging.Portal(p), logging.Error(err))
	}
}

// settle stores what became of an attempt. Whoever took over meanwhile knows better.
func (s *Service) settle(ctx context.Context, p id.PortalID, was, next Intent) (Intent, error) {
	if err := s.list(ctx, p, next); err != nil {
		s.log(p, "message not listed as failed", err) // the message itself tells
	}
	saved, err := s.Store.Save(ctx, p, next)
	if err == nil {
		return saved, nil
	}
	if !errors.Is(err, ErrChanged) {
		s.log(p, "outcome of a message not stored", err) // it stays open, so the tick asks LINE again
		return was, nil
	}
	now, ok, err := s.Store.Load(ctx, p, was.Friend, was.ID)
	if err != nil || !ok {
		return was, nil
	}
	return now, nil
}
