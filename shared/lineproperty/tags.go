package lineproperty

import (
	"context"
	"fmt"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/portal"
)

const (
	lockFor  = 30 * time.Second
	lockWait = 500 * time.Millisecond
	lockTry  = 10
)

// SetTags makes HubSpot offer exactly the slot's tags. HubSpot replaces an option list whole, so reading, merging and writing happen
// under a lock. With more than MaxTagOptions the slot's tags move to a text property for good, and Entry.Text says so.
func (s *Service) SetTags(ctx context.Context, p id.PortalID, w Wish, tags []Tag) (Set, error) {
	set, err := s.Store.Set(ctx, p, w.Slot)
	if err != nil {
		return Set{}, err
	}
	e, ok := set.Entries[Tags]
	if !ok || e.Status != Ready || e.Text {
		return set, nil
	}
	live := 0
	for _, t := range tags {
		if !t.Deleted {
			live++
		}
	}
	if live > MaxTagOptions {
		return s.tagsAsText(ctx, p, w)
	}
	name := "options#" + e.Name
	holder, err := s.lock(ctx, p, name)
	if err != nil {
		return Set{}, err
	}
	defer func() { _ = s.Store.Unlock(context.WithoutCancel(ctx), p, name, holder) }()
	have, err := s.CRM.Property(ctx, p, e.Name)
	if fault.Is(err, fault.NotFound) {
		if _, err := s.MarkMissing(ctx, p, w.Slot, e.Name); err != nil {
			return Set{}, err
		}
		return s.Store.Set(ctx, p, w.Slot)
	}
	if err != nil {
		return Set{}, fmt.Errorf("read tag options: %w", err)
	}
	merged, changed := mergeTags(have.Options, tags)
	if !changed {
		return set, nil
	}
	if err := s.CRM.SetOptions(ctx, p, e.Name, merged); err != nil {
		return Set{}, fmt.Errorf("write tag options: %w", err)
	}
	return set, nil
}

func (s *Service) lock(ctx context.Context, p id.PortalID, name string) (holder string, err error) {
	holder = s.NewID()
	for range lockTry {
		now := s.Clock.Now()
		got, err := s.Store.Lock(ctx, p, name, holder, now, now.Add(lockFor))
		if err != nil || got {
			return holder, err
		}
		if err := s.Clock.Sleep(ctx, lockWait); err != nil {
			return "", err
		}
	}
	return "", ErrBusy
}

// tagsAsText moves the slot to a text property that holds the names of tags.
func (s *Service) tagsAsText(ctx context.Context, p id.PortalID, w Wish) (Set, error) {
	d, _ := Define(Tags, w.Slot, w.AccountName)
	d = namesOfTags(d)
	refused, err := s.create(ctx, p, []Property{d})
	if err != nil {
		return Set{}, err
	}
	e := Entry{Key: Tags, Name: d.Name, Status: Ready, Text: true}
	if cause := refused[d.Name]; cause != nil {
		if e, err = s.refused(ctx, p, d, e, cause); err != nil {
			return Set{}, err
		}
	}
	return s.change(ctx, p, w.Slot, func(set *Set) *portal.Entry {
		set.Entries[Tags] = e
		return &portal.Entry{}
	})
}
