package tag

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

// Accounts is the part of the account store in use.
type Accounts interface {
	Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error)
	Accounts(ctx context.Context, p id.PortalID) ([]lineaccount.Account, error)
}

// Options makes HubSpot offer the tags; lineproperty.Service is the real one.
type Options interface {
	SetTags(ctx context.Context, p id.PortalID, w lineproperty.Wish, tags []lineproperty.Tag) (lineproperty.Set, error)
}

// Index is told of friends whose rows were stored; friendindex.Index is the real one.
type Index interface {
	Ensure(ctx context.Context, p id.PortalID, s id.Slot, fs []friend.Friend) error
	Count(ctx context.Context, p id.PortalID, s id.Slot) (friendindex.Counts, error)
}

// Audit writes into the portal's audit log.
type Audit interface {
	Note(ctx context.Context, p id.PortalID, by portal.Actor, a portal.Action, subject string, changes ...portal.Change) error
}

// Actions in the audit log.
const (
	Created portal.Action = "tag_created"
	Renamed portal.Action = "tag_renamed"
	Given   portal.Action = "tags_changed"

	DeletedTag  portal.Action = "tag_deleted"
	RestoredTag portal.Action = "tag_restored"
	CopiedTag   portal.Action = "tag_copied"
)

// Service changes tags.
type Service struct {
	Store    Store
	Accounts Accounts
	Options  Options
	Friends  friend.Store
	Index    Index
	Outbox   contactsync.Outbox
	Audit    Audit
	Chain    *chain.Engine
	Places   []Place // where tags may be used
	Clock    clock.Clock
	NewID    func() string
	Parallel int // rows written at once; 1 in the simulation
}

// List returns an account's tags by name.
func (s *Service) List(ctx context.Context, p id.PortalID, slot id.Slot) ([]Tag, error) {
	all, err := s.Store.All(ctx, p, slot)
	slices.SortFunc(all, func(a, b Tag) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return all, err
}

// New is a tag to be made. Seed is random and the same when the request is repeated.
type New struct {
	Slot id.Slot
	Name string
	By   portal.Actor
	At   time.Time
	Seed string
}

// Result of a change: the tag, and whether HubSpot offers it under its name already. If not, giving it to friends tries again.
type Result struct {
	Tag     Tag
	Offered bool
}

// Create makes a tag and lets HubSpot offer it. HubSpot being away is no reason not to.
func (s *Service) Create(ctx context.Context, p id.PortalID, n New) (Result, error) {
	return s.create(ctx, p, n, Tag{}, Created)
}

// create makes a tag that is like another in everything that n does not say.
func (s *Service) create(ctx context.Context, p id.PortalID, n New, like Tag, a portal.Action, changes ...portal.Change) (Result, error) {
	name, err := CleanName(n.Name)
	if err != nil {
		return Result{}, err
	}
	account, err := s.account(ctx, p, n.Slot)
	if err != nil {
		return Result{}, err
	}
	all, err := s.Store.All(ctx, p, n.Slot)
	if err != nil {
		return Result{}, err
	}
	t := like
	t.Slot, t.Name, t.CreatedAt, t.CreatedBy, t.UpdatedAt = n.Slot, name, n.At.UnixMilli(), n.By, n.At.UnixMilli()
	for try := range 5 {
		t.ID = idFrom(n.Seed, try)
		known := slices.ContainsFunc(all, func(o Tag) bool { return o.ID == t.ID })
		if len(all) >= MaxTags && !known {
			return Result{}, ErrTooMany
		}
		made, err := s.Store.Create(ctx, p, t)
		if errors.Is(err, ErrIDUsed) {
			continue
		}
		if err != nil {
			return Result{}, err
		}
		if err := s.Audit.Note(ctx, p, n.By, a, name, changes...); err != nil {
			return Result{}, err
		}
		return s.offered(ctx, p, account, made)
	}
	return Result{}, ErrIDUsed
}

// Rename gives a tag another name; the account and the id stay for ever (P-136).
func (s *Service) Rename(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, tagID, to string, at time.Time) (Result, error) {
	name, err := CleanName(to)
	if err != nil {
		return Result{}, err
	}
	account, err := s.account(ctx, p, slot)
	if err != nil {
		return Result{}, err
	}
	for range tries {
		t, ok, err := s.Store.Get(ctx, p, slot, tagID)
		if err != nil {
			return Result{}, err
		}
		if !ok {
			return Result{}, ErrUnknown
		}
		if t.Name == name {
			return s.offered(ctx, p, account, t)
		}
		former := t.Name
		t.Name, t.UpdatedAt = name, at.UnixMilli()
		t, err = s.Store.Rename(ctx, p, t, former)
		if errors.Is(err, ErrChanged) {
			continue
		}
		if err != nil {
			return Result{}, err
		}
		if err := s.Audit.Note(ctx, p, by, Renamed, name, portal.Change{Field: "name", Old: former, New: name}); err != nil {
			return Result{}, err
		}
		return s.offered(ctx, p, account, t)
	}
	return Result{}, ErrChanged
}

// tries bounds how often a change that somebody else overtook is decided anew.
const tries = 8

func (s *Service) account(ctx context.Context, p id.PortalID, slot id.Slot) (lineaccount.Account, error) {
	a, err := s.Accounts.Account(ctx, p, slot)
	if errors.Is(err, lineaccount.ErrUnknown) || err == nil && a.State != lineaccount.Active {
		return a, ErrNoAccount
	}
	return a, err
}

// offered publishes after a change; what HubSpot refuses now is tried again when the tag is given.
func (s *Service) offered(ctx context.Context, p id.PortalID, a lineaccount.Account, t Tag) (Result, error) {
	err := s.publish(ctx, p, a)
	if err != nil && !later(err) {
		return Result{}, err
	}
	return Result{Tag: t, Offered: err == nil}, nil
}

// later tells errors of HubSpot, and of somebody who changes the same options, from errors of our own.
func later(err error) bool {
	return fault.ClassOf(err) != "" || errors.Is(err, lineproperty.ErrBusy)
}

// Publish makes HubSpot's property offer the tags of a connected account, such as after the property was made anew.
func (s *Service) Publish(ctx context.Context, p id.PortalID, slot id.Slot) error {
	a, err := s.account(ctx, p, slot)
	if err != nil {
		return err
	}
	return s.publish(ctx, p, a)
}

// publish makes HubSpot's property offer the account's tags.
func (s *Service) publish(ctx context.Context, p id.PortalID, a lineaccount.Account) error {
	all, err := s.List(ctx, p, a.Slot)
	if err != nil {
		return err
	}
	aside, err := s.Store.Aside(ctx, p, a.Slot)
	if err != nil {
		return err
	}
	slices.SortFunc(aside, func(a, b Tag) int { return cmp.Compare(a.ID, b.ID) })
	var tags []lineproperty.Tag
	for _, t := range slices.Concat(all, aside) {
		tags = append(tags, lineproperty.Tag{ID: t.ID, Name: t.Name, Deleted: t.State == Deleted || t.State == Purged})
	}
	_, err = s.Options.SetTags(ctx, p, lineproperty.Wish{Slot: a.Slot, AccountName: a.Name}, tags)
	return err
}
