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
