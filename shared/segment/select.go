package segment

import (
	"context"
	"errors"
	"fmt"

	"lumo/shared/broadcast"
	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// Select turns a segment into a test of friends for a broadcast. Members of lists are as fresh as asked for (P-52); ErrPreparing asks to come
// again when that takes longer. A segment that rests on something that is gone is refused (P-53).
func (s *Service) Select(ctx context.Context, p id.PortalID, slot id.Slot, segment string, f broadcast.Freshness) (broadcast.Selection, error) {
	sel, err := s.selection(ctx, p, slot, segment, f)
	var ps Problems
	switch {
	case errors.Is(err, ErrUnknown):
		err = fmt.Errorf("%w: %w", broadcast.ErrAudience, err)
	case errors.As(err, &ps) && ps.passing():
		err = fmt.Errorf("%w: %w", broadcast.ErrPreparing, err)
	case errors.As(err, &ps):
		err = fmt.Errorf("%w: %w", broadcast.ErrAudience, err)
	}
	return sel, err
}

func (s *Service) selection(ctx context.Context, p id.PortalID, slot id.Slot, segment string, f broadcast.Freshness) (broadcast.Selection, error) {
	var none broadcast.Selection
	g, err := s.get(ctx, p, slot, segment)
	if err != nil {
		return none, err
	}
	if err := s.fresh(ctx, p, g.Tree, f); err != nil {
		return none, err
	}
	b, err := s.bind(ctx, p, slot, g.Tree)
	if err != nil {
		return none, err
	}
	var who set
	err = s.walk(ctx, p, slot, b, -1, func(e friendindex.Entry, v Truth, _ bool) {
		if v == True {
			who.add(e.Ordinal)
		}
	})
	return broadcast.Selection{
		Match: func(e friendindex.Entry) bool { return who.has(e.Ordinal) }, MembersAsOf: b.asOf, NotFriends: b.strangers(),
	}, err
}

// fresh reads the members of lists again that are older than asked for.
func (s *Service) fresh(ctx context.Context, p id.PortalID, t Tree, f broadcast.Freshness) error {
	if f.Since == 0 {
		return nil
	}
	for _, l := range t.Lists() {
		done, err := s.Lists.Fresh(ctx, p, l, f.Since, f.By, f.Stop)
		if err != nil {
			return s.gone(t, l, err)
		}
		if !done {
			return broadcast.ErrPreparing
		}
	}
	return nil
}
