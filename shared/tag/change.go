package tag

import (
	"context"
	"errors"
	"time"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// Delete takes a tag out of use at once; its friends lose it in the background and remember it for KeptFor (P-137). HubSpot's option becomes
// hidden. Repeating the request that did it changes nothing.
func (s *Service) Delete(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, tagID string, at time.Time) (Tag, error) {
	if _, err := s.account(ctx, p, slot); err != nil {
		return Tag{}, err
	}
	for range tries {
		t, ok, err := s.Store.Get(ctx, p, slot, tagID)
		if err != nil {
			return Tag{}, err
		}
		if !ok {
			t, ok, err = s.Store.Spare(ctx, p, slot, tagID)
			if err != nil || !ok || t.State != Deleted || t.DeletedAt != at.UnixMilli() {
				return t, errors.Join(err, ErrUnknown)
			}
			return t, s.told(ctx, p, by, DeletedTag, t)
		}
		if err := s.announce(ctx, p); err != nil {
			return t, err
		}
		t.State, t.DeletedAt, t.DeletedBy, t.UpdatedAt = Deleted, at.UnixMilli(), by, at.UnixMilli()
		t.WorkSince, t.WalkedAt, t.Friends = s.Clock.Now().UnixMilli(), 0, 0
		t, err = s.Store.Drop(ctx, p, t)
		if errors.Is(err, ErrChanged) {
			continue
		}
		if err != nil {
			return t, err
		}
		return t, s.told(ctx, p, by, DeletedTag, t)
	}
	return Tag{}, ErrChanged
}

// Restore brings a deleted tag back to those friends who had it and from whom nobody took it since. It is in use again once all of them have
// it. to is its name from now on; "" keeps the old one.
func (s *Service) Restore(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, tagID, to string, at time.Time) (Tag, error) {
	if _, err := s.account(ctx, p, slot); err != nil {
		return Tag{}, err
	}
	for range tries {
		t, ok, err := s.Store.Spare(ctx, p, slot, tagID)
		if err != nil {
			return t, err
		}
		if !ok {
			t, ok, err = s.Store.Get(ctx, p, slot, tagID)
			if err != nil || !ok || t.UpdatedAt != at.UnixMilli() {
				return t, errors.Join(err, ErrUnknown)
			}
			return t, nil
		}
		if t.State == Restoring {
			return t, s.told(ctx, p, by, RestoredTag, t)
		}
		if err := s.restorable(ctx, p, t); err != nil {
			return t, err
		}
		if to != "" {
			if t.Name, err = CleanName(to); err != nil {
				return t, err
			}
		}
		if err := s.announce(ctx, p); err != nil {
			return t, err
		}
		t.State, t.UpdatedAt, t.WorkSince, t.WalkedAt = Restoring, at.UnixMilli(), s.Clock.Now().UnixMilli(), 0
		t, err = s.Store.Reclaim(ctx, p, t)
		if errors.Is(err, ErrChanged) {
			continue
		}
		if err != nil {
			return t, err
		}
		return t, s.told(ctx, p, by, RestoredTag, t)
	}
	return Tag{}, ErrChanged
}

func (s *Service) restorable(ctx context.Context, p id.PortalID, t Tag) error {
	switch {
	case t.State == Copying:
		return ErrUnknown
	case t.State == Purged || t.RestorableUntil() <= s.Clock.Now().UnixMilli():
		return ErrExpired
	}
	all, err := s.Store.All(ctx, p, t.Slot)
	if err == nil && len(all) >= MaxTags {
		err = ErrTooMany
	}
	return err
}

// RestorableUntil is when a deleted tag is forgotten.
func (t Tag) RestorableUntil() int64 { return t.DeletedAt + KeptFor.Milliseconds() }

// Copy is a tag to be made in another account (P-136): the account of a tag cannot change. Seed is as in New.
type Copy struct {
	Slot id.Slot
	Tag  string
	To   id.Slot
	Name string // "" is the same
	// People gives the copy to those friends of the other account who are known to be the people that have the tag: they have the same LINE
	// User ID (accounts of one provider) or are linked to the same contact.
	People bool
	By     portal.Actor
	At     time.Time
	Seed   string
}

// Copy makes the copy. With People it is in use once all of them have it.
func (s *Service) Copy(ctx context.Context, p id.PortalID, c Copy) (Result, error) {
	if c.To == c.Slot {
		return Result{}, ErrSameAccount
	}
	source, ok, err := s.Store.Get(ctx, p, c.Slot, c.Tag)
	if err != nil || !ok {
		return Result{}, errors.Join(err, ErrUnknown)
	}
	if c.Name == "" {
		c.Name = source.Name
	}
	n := New{Slot: c.To, Name: c.Name, By: c.By, At: c.At, Seed: c.Seed}
	note := []portal.Change{{Field: "copyOf", New: source.Name}, {Field: "account", Old: c.Slot.String(), New: c.To.String()}}
	if !c.People {
		return s.create(ctx, p, n, Tag{}, CopiedTag, note...)
	}
	if err := s.announce(ctx, p); err != nil {
		return Result{}, err
	}
	r, err := s.create(ctx, p, n, Tag{State: Copying, From: Source{Slot: c.Slot, ID: c.Tag}, WorkSince: s.Clock.Now().UnixMilli()}, CopiedTag, note...)
	if err != nil {
		return r, err
	}
	return r, s.announce(ctx, p)
}

// told notes a change that is stored, and has it worked on.
func (s *Service) told(ctx context.Context, p id.PortalID, by portal.Actor, a portal.Action, t Tag) error {
	if err := s.Audit.Note(ctx, p, by, a, t.Name, portal.Change{Field: "account", New: t.Slot.String()}); err != nil {
		return err
	}
	if err := s.Store.Forget(ctx, p, t.Slot); err != nil {
		return err
	}
	return s.announce(ctx, p)
}
