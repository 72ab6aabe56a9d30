package linesync

import (
	"context"
	"errors"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// Sweeps remember where an account's sweep stands.
type Sweeps interface {
	Cursor(ctx context.Context, p id.PortalID, s id.Slot) (string, error)
	SaveCursor(ctx context.Context, p id.PortalID, s id.Slot, cursor string) error
}

// Sweeper looks for changed names and pictures, of which LINE tells nothing (line.md 5.1): a stretch of the linked friends with every look
// that the tick takes at a portal, once a minute while the portal is in use and seldom while it is idle.
type Sweeper struct {
	Friends  friend.Store
	Profiles contactsync.Profiles
	Sweeps   Sweeps
	Index    Index
	Outbox   contactsync.Outbox
	Clock    clock.Clock
	Parallel int
	// Stretch is how many friends one look covers; 0 means 400. LINE allows 2,000 profile calls a second.
	Stretch int
}

// Sweep covers one stretch of every account.
func (s *Sweeper) Sweep(ctx context.Context, scope contactsync.Scope) error {
	for _, slot := range scope.Slots {
		cursor, err := s.Sweeps.Cursor(ctx, scope.Portal, slot)
		if err != nil {
			return err
		}
		stretch := s.Stretch
		if stretch <= 0 {
			stretch = 400
		}
		rows, next, err := s.Friends.Page(ctx, scope.Portal, slot, cursor, stretch)
		if err != nil {
			return err
		}
		if err := s.look(ctx, scope, rows); err != nil {
			return err
		}
		if next == cursor {
			continue
		}
		if err := s.Sweeps.SaveCursor(ctx, scope.Portal, slot, next); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sweeper) look(ctx context.Context, scope contactsync.Scope, rows []friend.Friend) error {
	now := s.Clock.Now().UnixMilli()
	return work.Each(ctx, s.Parallel, len(rows), func(ctx context.Context, i int) error {
		f := rows[i]
		if f.Link.Contact == 0 || f.Follow == friend.Blocked || now-f.ProfileAt < ProfileAge/2 {
			return nil
		}
		p, ok, err := s.Profiles.Profile(ctx, scope.Portal, f.Key)
		if fault.ClassOf(err).Retryable() {
			return err
		}
		if err != nil || !ok || p.Name == f.Name && p.Picture == f.Picture {
			return nil
		}
		return s.store(ctx, scope, f, p)
	})
}

func (s *Sweeper) store(ctx context.Context, scope contactsync.Scope, f friend.Friend, p friend.Profile) error {
	for range 8 {
		f = f.Clone()
		f.ApplyProfile(p, s.Clock.Now().UnixMilli())
		if len(contactsync.PendingOf(f, scope).Properties) > 0 {
			f.MarkDirty(s.Clock.Now().UnixMilli())
		}
		saved, err := s.Friends.Save(ctx, scope.Portal, f)
		if err == nil {
			return errors.Join(s.Outbox.Kick(ctx, scope.Portal), s.Index.Ensure(ctx, scope.Portal, f.Slot, []friend.Friend{saved}))
		}
		if !errors.Is(err, friend.ErrStale) {
			return err
		}
		var ok bool
		if f, ok, err = s.Friends.Get(ctx, scope.Portal, f.Key); err != nil || !ok {
			return err
		}
	}
	return friend.ErrStale
}
