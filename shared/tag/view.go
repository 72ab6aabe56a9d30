package tag

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"lumo/shared/id"
)

// Use is something that needs a tag, and would need attention without it.
type Use struct {
	Kind   string // "broadcast", "segment", "workflow"
	ID     string
	Name   string
	Status string // of a broadcast
	LastAt int64  // of a workflow, Unix ms
}

// Place looks for uses of a tag. Whatever can refer to a tag brings one (compose.tagPlaces).
type Place func(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) ([]Use, error)

// Uses tells where a tag is used (P-137).
func (s *Service) Uses(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) ([]Use, error) {
	if _, ok, err := s.Store.Get(ctx, p, slot, tagID); err != nil || !ok {
		return nil, errors.Join(err, ErrUnknown)
	}
	out := []Use{}
	for _, look := range s.Places {
		us, err := look(ctx, p, slot, tagID)
		if err != nil {
			return nil, err
		}
		out = append(out, us...)
	}
	return out, nil
}

// Aside lists the tags that are not in use, the last deleted first; those that cannot be restored are left out.
func (s *Service) Aside(ctx context.Context, p id.PortalID, slot id.Slot) ([]Tag, error) {
	all, err := s.Store.Aside(ctx, p, slot)
	now := s.Clock.Now().UnixMilli()
	all = slices.DeleteFunc(all, func(t Tag) bool { return t.State == Purged || t.expired(now) })
	slices.SortFunc(all, func(a, b Tag) int { return cmp.Or(cmp.Compare(b.UpdatedAt, a.UpdatedAt), cmp.Compare(a.ID, b.ID)) })
	return all, err
}

// countsFor is how old numbers may be that nothing is known to have changed.
const countsFor = 2 * time.Minute

// Counts tells how many friends have which tag. They are counted anew when a tag was given or taken, and now and then.
func (s *Service) Counts(ctx context.Context, p id.PortalID, slot id.Slot) (Counts, error) {
	c, err := s.Store.Counts(ctx, p, slot)
	now := s.Clock.Now()
	if err != nil || c.At != 0 && now.UnixMilli()-c.At < countsFor.Milliseconds() {
		return c, err
	}
	n, err := s.Index.Count(ctx, p, slot)
	if err != nil {
		return c, err
	}
	c.At, c.Friends, c.Whole = now.UnixMilli(), n.Tags, n.Whole
	return c, s.Store.SaveCounts(ctx, p, slot, c)
}
