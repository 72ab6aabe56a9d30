package chat

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/logging"
	"lumo/shared/message"
	"lumo/shared/portal"
)

const (
	// patience of a repeated request while the first is at work, and its pause between looks. With an attempt of its own after that it still
	// fits the time that a function has.
	patience = 4 * time.Second
	glance   = 200 * time.Millisecond
	// lookAgain is when the tick looks whether a message is left over from a process that died.
	lookAgain = lease + time.Second
	// atOnce intents are tried in one tick of a portal.
	atOnce = 50
	tries  = 8
)

// Line sends to one user of an account. Its errors are *fault.Fault, lineaccount.ErrUnknown where the account is not connected, or our own
// trouble before LINE was called.
type Line interface {
	Push(ctx context.Context, p id.PortalID, k friend.Key, retryKey string, messages []json.RawMessage) (Accepted, error)
	Reply(ctx context.Context, p id.PortalID, k friend.Key, token string, messages []json.RawMessage) (Accepted, error)
}

// Accounts looks accounts up.
type Accounts interface {
	Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error)
}

// Alarm has the tick look at a portal.
type Alarm interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// Scopes loads what a portal's sync works with.
type Scopes interface {
	Scope(ctx context.Context, p id.PortalID) (contactsync.Scope, error)
}

// Service sends.
type Service struct {
	Store    Store
	Friends  friend.Store
	Accounts Accounts
	Line     Line
	Alarm    Alarm
	Scopes   Scopes
	Outbox   contactsync.Outbox
	Clock    clock.Clock
	// Groups tells whether a group chat may be written to, and how many people that reaches; nil where nobody writes to groups.
	Groups func(ctx context.Context, p id.PortalID, k friend.Key, texts string) (people int, err error)
	// Told hears of every message that LINE accepted, before it counts as sent; nil when nobody wants to know. It may hear of one twice.
	Told func(ctx context.Context, p id.PortalID, i Intent) error
	// Failures lists what was not sent; nil where nobody looks.
	Failures failure.Store
	NewID    func() string
	NewKey   func() string // a UUID
	Log      *slog.Logger
}

// Request is a message as it came from a person.
type Request struct {
	Friend  friend.Key
	ID      string // the client's, the same in every repetition
	Content Content
	By      portal.Actor
	// Contact on whose card it was written, 0 if on none: the friend must be linked to it.
	Contact id.ContactID
	// Automatic messages are no answer of a person. Whoever sends one comes again under the same ID until it is settled, so the tick is not
	// asked to; the content of the first request counts.
	Automatic bool
	// Reply is a reply token that is certainly valid until ReplyUntil (Unix ms) and that nobody else has, if there is one.
	Reply      string
	ReplyUntil int64
}

// Send stores a message and sends it. A repetition sends nothing: it waits a little for the first and tells what became of it. An error
// means that nothing was stored; what LINE refuses is told by the intent.
func (s *Service) Send(ctx context.Context, p id.PortalID, r Request) (Intent, error) {
	if err := r.Content.Check(); err != nil {
		return Intent{}, err
	}
	i, ok, err := s.Store.Load(ctx, p, r.Friend, r.ID)
	if err != nil {
		return i, err
	}
	if !ok {
		people, err := s.allowed(ctx, p, r.Friend, r.Contact, r.Content)
		if err != nil {
			return i, err
		}
		now := s.Clock.Now()
		// Before the row: an alarm too many does no harm.
		if !r.Automatic {
			if err := s.Alarm.BringForward(ctx, p, now.Add(lookAgain)); err != nil {
				return i, err
			}
		}
		mine := New(r.Friend, r.ID, r.Content, r.By, now, s.NewKey())
		mine.Automatic, mine.Attended, mine.People = r.Automatic, r.Automatic, people
		mine.Reply, mine.ReplyUntil = r.Reply, r.ReplyUntil
		mine, _ = mine.Take(s.NewID(), "", now)
		if mine, err = s.Store.Begin(ctx, p, mine); err == nil {
			return s.attempt(ctx, p, mine)
		}
		if !errors.Is(err, ErrExists) {
			return mine, err
		}
		if i, ok, err = s.Store.Load(ctx, p, r.Friend, r.ID); err != nil || !ok {
			return i, errors.Join(err, ErrChanged)
		}
	}
	if r.Automatic {
		return s.proceed(ctx, p, i, 0)
	}
	if i.Fingerprint != r.Content.Fingerprint() {
		return Intent{}, ErrReused
	}
	return s.proceed(ctx, p, i, patience)
}

// Stop settles a message that nobody may send any more, if it is not settled yet; ok is false when it was never stored.
func (s *Service) Stop(ctx context.Context, p id.PortalID, k friend.Key, messageID, code string) (i Intent, ok bool, err error) {
	for range tries {
		if i, ok, err = s.Store.Load(ctx, p, k, messageID); err != nil || !ok || i.Status != message.Sending {
			return i, ok, err
		}
		if i, err = s.Store.Save(ctx, p, i.Stopped(code)); !errors.Is(err, ErrChanged) {
			return i, true, err
		}
	}
	return i, ok, ErrChanged
}

// Retry is a person's wish to try a message again that was not sent.
func (s *Service) Retry(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (Intent, error) {
	for range tries {
		i, ok, err := s.Store.Load(ctx, p, k, messageID)
		if err != nil {
			return i, err
		}
		if !ok {
			return i, ErrNoMessage
		}
		off, err := s.listed(ctx, p, i)
		if err != nil {
			return i, err
		}
		now := s.Clock.Now()
		next, err := i.Again(s.NewKey(), now)
		if err != nil {
			return i, errors.Join(err, off())
		}
		if next.Status == i.Status { // sent meanwhile, or at it
			if err := off(); err != nil {
				return i, err
			}
			return s.proceed(ctx, p, i, patience)
		}
		if _, err := s.allowed(ctx, p, k, 0, i.content()); err != nil {
			return i, err
		}
		if err := s.Alarm.BringForward(ctx, p, now.Add(lookAgain)); err != nil {
			return i, err
		}
		next, turn := next.Take(s.NewID(), s.NewKey(), now)
		next, err = s.Store.Save(ctx, p, next)
		switch {
		case errors.Is(err, ErrChanged):
			continue
		case err != nil:
			return i, err
		case turn != Mine:
			return next, off()
		}
		if err := off(); err != nil {
			s.log(p, "message not taken off the failed items", err) // whoever tries it there is told that it was sent
		}
		return s.attempt(ctx, p, next)
	}
	return Intent{}, ErrChanged
}

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

// allowed tells whether a message may be sent to this friend or group now, and how many people get it.
func (s *Service) allowed(ctx context.Context, p id.PortalID, k friend.Key, c id.ContactID, content Content) (people int, err error) {
	a, err := s.Accounts.Account(ctx, p, k.Slot)
	if err == nil && a.State != lineaccount.Active || errors.Is(err, lineaccount.ErrUnknown) {
		return 0, ErrAccount
	}
	if err != nil {
		return 0, err
	}
	if _, group := k.Group(); group {
		if s.Groups == nil {
			return 0, ErrNoFriend
		}
		objects, err := content.Objects()
		if err != nil {
			return 0, err
		}
		var texts strings.Builder
		for _, o := range objects {
			texts.Write(o)
		}
		return s.Groups(ctx, p, k, texts.String())
	}
	f, ok, err := s.Friends.Get(ctx, p, k)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, ErrNoFriend
	case c != 0 && f.Link.Contact != c:
		return 0, ErrUnlinked
	case f.Follow == friend.Blocked:
		return 0, ErrBlocked
	case !f.Verified():
		return 0, ErrUnverified
	}
	return 1, nil
}

// answered notes that a person replied, and has HubSpot told (P-43).
func (s *Service) answered(ctx context.Context, p id.PortalID, i Intent) error {
	for range tries {
		f, ok, err := s.Friends.Get(ctx, p, i.Friend)
		if err != nil || !ok {
			return err
		}
		before := f.Clone()
		f.Answered(i.At)
		scope, err := s.Scopes.Scope(ctx, p)
		if errors.Is(err, contactsync.ErrNotConnected) && f.NeedsReply == before.NeedsReply {
			scope, err = contactsync.Scope{}, nil // HubSpot shows nothing of it
		}
		if err != nil {
			return err
		}
		if i.Type == Text && scope.Shows(f.Slot, lineproperty.LastSent) {
			f.Sent.Heard(i.ID, i.At, i.Text)
		}
		if f.NeedsReply != before.NeedsReply || f.Sent != before.Sent {
			if len(contactsync.PendingOf(f, scope).Properties) > 0 {
				f.MarkDirty(s.Clock.Now().UnixMilli())
			}
		}
		if f.Equal(before) {
			if f.Due != 0 { // who stored it may have died before it told
				return s.Outbox.Kick(ctx, p)
			}
			return nil
		}
		if _, err = s.Friends.Save(ctx, p, f); err == nil && f.Due != 0 {
			return s.Outbox.Kick(ctx, p)
		}
		if !errors.Is(err, friend.ErrStale) {
			return err
		}
	}
	return friend.ErrStale
}

// Resume goes on with a portal's messages that are not settled, and tells whether any is left. Of a portal that must not send any more it
// settles them all.
func (s *Service) Resume(ctx context.Context, p id.PortalID, runs bool) (open bool, err error) {
	until := s.Clock.Now().UnixMilli()
	if !runs {
		until = 1<<62 - 1
	}
	refs, err := s.Store.Due(ctx, p, until, atOnce)
	if err != nil {
		return true, err
	}
	for _, r := range refs {
		i, ok, err := s.Store.Load(ctx, p, r.Friend, r.ID)
		if err != nil {
			return true, err
		}
		if !ok {
			continue
		}
		if runs {
			_, err = s.proceed(ctx, p, i, 0)
		} else if _, err = s.Store.Save(ctx, p, i.Stopped(CodeStopped)); errors.Is(err, ErrChanged) {
			err = nil // whoever was at it has settled it, or the next look does
		}
		if err != nil {
			return true, err
		}
	}
	left, err := s.Store.Due(ctx, p, 1<<62-1, 1)
	return len(left) > 0, err
}
