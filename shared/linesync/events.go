// Package linesync brings what happens at LINE into friends: webhook events, profiles, and the import of existing friends (P-140 to P-146).
// Follow state is ordered by the events' own time, so deliveries may be late, doubled and out of order.
package linesync

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/message"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/work"
)

// Kind of an event that concerns friends. Others are kept by nobody here.
type Kind string

const (
	Follow   Kind = "follow"
	Unfollow Kind = "unfollow"
	Message  Kind = "message"
	Unsend   Kind = "unsend"
	Other    Kind = "other" // anything else that a user did: a sign of life
)

// Event is one event of one user in a one-to-one chat.
type Event struct {
	Kind      Kind
	User      id.LineUserID
	At        int64 // Unix ms
	Unblocked bool
	MessageID string
	Type      string // of the message
	Text      string
}

// Envelope is what travels through the queue: raw events of one account, already verified.
type Envelope struct {
	Portal id.PortalID       `json:"portal"`
	Slot   id.Slot           `json:"slot"`
	Events []json.RawMessage `json:"events"`
	// Linking are those of them that are about a linking, told again by themselves; Events is empty then.
	Linking []json.RawMessage `json:"linking,omitempty"`
}

// ProfileAge is how old a profile may be when a sign of life comes: LINE has no event for a changed name or picture.
const ProfileAge = 60_000

// Index is the directory of names behind the friends' search. It may lag a row after a crash; full runs and imports rebuild it.
type Index interface {
	Ensure(ctx context.Context, p id.PortalID, s id.Slot, fs []friend.Friend) error
}

// Service applies events.
type Service struct {
	Friends  friend.Store
	Profiles contactsync.Profiles
	Invalids contactsync.Invalids
	Messages message.Store
	Index    Index
	Outbox   contactsync.Outbox
	Queue    queue.Sender
	Clock    clock.Clock
	Parallel int
}

// Handle applies events of one account, user by user.
func (s *Service) Handle(ctx context.Context, scope contactsync.Scope, slot id.Slot, events []Event) error {
	byUser := map[id.LineUserID][]Event{}
	var users []id.LineUserID
	for _, e := range events {
		if e.User == "" {
			continue
		}
		if _, ok := byUser[e.User]; !ok {
			users = append(users, e.User)
		}
		byUser[e.User] = append(byUser[e.User], e)
	}
	return work.Each(ctx, s.Parallel, len(users), func(ctx context.Context, i int) error {
		return s.user(ctx, scope, friend.Key{Slot: slot, User: users[i]}, byUser[users[i]])
	})
}

func (s *Service) user(ctx context.Context, scope contactsync.Scope, k friend.Key, events []Event) error {
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	if err := s.keep(ctx, scope.Portal, k, events); err != nil {
		return err
	}
	var profile *friend.Profile
	for range 8 {
		f, known, err := s.Friends.Get(ctx, scope.Portal, k)
		if err != nil {
			return err
		}
		if !known {
			f = friend.Friend{Key: k, Follow: friend.Unknown}
		}
		before := f.Clone()
		apply(&f, events, scope.Shows(k.Slot, lineproperty.LastReceived))
		if profile == nil && s.wantsProfile(f) {
			if profile, err = s.profile(ctx, scope.Portal, k); err != nil {
				return err
			}
		}
		if profile != nil {
			f.ApplyProfile(*profile, s.now())
		}
		if err = s.save(ctx, scope, f, before, known); err == nil {
			err = s.want(ctx, scope, f, events)
		}
		if !errors.Is(err, friend.ErrStale) {
			return err
		}
	}
	return friend.ErrStale
}

// want asks for a contact, where the portal makes one for friends who come or write (P-29). It comes after the row is stored; a repetition asks again.
func (s *Service) want(ctx context.Context, scope contactsync.Scope, f friend.Friend, events []Event) error {
	wrote := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == Message })
	came := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == Follow })
	if !(wrote && scope.Wants(f, portal.WhenMessaged) || (wrote || came) && scope.Wants(f, portal.Always)) {
		return nil
	}
	return contactsync.Want(ctx, s.Queue, scope.Portal, []friend.Key{f.Key}, s.now())
}

// keep stores the messages themselves.
func (s *Service) keep(ctx context.Context, p id.PortalID, k friend.Key, events []Event) error {
	for _, e := range events {
		var err error
		switch e.Kind {
		case Message:
			err = s.Messages.Put(ctx, p, message.Message{ID: e.MessageID, Friend: k, Direction: message.In, Type: e.Type, Text: e.Text, At: e.At})
		case Unsend:
			err = s.Messages.Unsend(ctx, p, k, e.MessageID, e.At)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apply merges events; texts are kept where HubSpot shows the last one.
func apply(f *friend.Friend, events []Event, texts bool) {
	for _, e := range events {
		switch e.Kind {
		case Follow:
			f.ApplyFollow(e.At, true, e.Unblocked)
		case Unfollow:
			f.ApplyFollow(e.At, false, false)
		case Message:
			f.Wrote(e.At)
			if texts && e.Type == "text" {
				f.Received.Heard(e.MessageID, e.At, e.Text)
			}
		case Unsend:
			if texts || f.Received.ID == e.MessageID {
				f.Received.TakenBack(e.MessageID)
			}
		}
	}
}

func (s *Service) wantsProfile(f friend.Friend) bool {
	return f.Follow != friend.Blocked && s.now()-f.ProfileAt > ProfileAge
}

// profile returns nil when LINE does not tell (blocked meanwhile, left LINE); what was known stays.
func (s *Service) profile(ctx context.Context, p id.PortalID, k friend.Key) (*friend.Profile, error) {
	prof, ok, err := s.Profiles.Profile(ctx, p, k)
	if err != nil {
		if fault.ClassOf(err).Retryable() {
			return nil, err
		}
		return nil, nil
	}
	if !ok {
		return nil, nil
	}
	return &prof, nil
}

func (s *Service) now() int64 { return s.Clock.Now().UnixMilli() }

// save stores a changed friend, marks it for HubSpot when it owes something, and wakes the contact that was waiting for this user.
func (s *Service) save(ctx context.Context, scope contactsync.Scope, f, before friend.Friend, known bool) error {
	owes := len(contactsync.PendingOf(f, scope).Properties) > 0
	if owes {
		f.MarkDirty(s.now())
	}
	if known && f.Equal(before) {
		if f.Due != 0 {
			return s.Outbox.Kick(ctx, scope.Portal)
		}
		return nil
	}
	if !known {
		n, err := s.Friends.Ordinals(ctx, scope.Portal, f.Slot, 1)
		if err != nil {
			return err
		}
		f.Ordinal = n
	}
	saved, err := s.Friends.Save(ctx, scope.Portal, f)
	if err != nil {
		return err
	}
	if !known || friendindex.Differs(before, saved) {
		if err := s.Index.Ensure(ctx, scope.Portal, f.Slot, []friend.Friend{saved}); err != nil {
			return err
		}
	}
	if f.Due != 0 {
		if err := s.Outbox.Kick(ctx, scope.Portal); err != nil {
			return err
		}
	}
	if f.Link.Contact == 0 {
		return s.claimed(ctx, scope, f.Key)
	}
	return nil
}

// claimed wakes a contact that named this user before LINE knew the user (P-27): it is read again and links now.
func (s *Service) claimed(ctx context.Context, scope contactsync.Scope, k friend.Key) error {
	c, err := s.Invalids.Forget(ctx, scope.Portal, k)
	if err != nil || c == 0 {
		return err
	}
	name, ok := scope.Names[k.Slot][lineproperty.UserID]
	if !ok {
		return nil
	}
	b, err := json.Marshal(contactsync.Batch{Portal: scope.Portal, Notes: []contactsync.Note{{Kind: contactsync.Changed, Contact: c, Property: name.Name, At: s.now()}}})
	if err != nil {
		return err
	}
	return s.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: b})
}
