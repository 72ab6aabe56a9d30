package broadcast

import (
	"context"
	"slices"

	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/tag"
)

// Tags looks up tags.
type Tags interface {
	Get(ctx context.Context, p id.PortalID, s id.Slot, tagID string) (tag.Tag, bool, error)
}

// Selections is the Selector over everybody, tags and segments.
type Selections struct {
	Tags Tags
	// Segment turns a segment into a test of friends; nil while there are none. It answers ErrAudience and ErrPreparing as Selector says.
	Segment func(ctx context.Context, p id.PortalID, s id.Slot, segment string, f Freshness) (Selection, error)
}

var _ Selector = Selections{}

// Select implements Selector.
func (c Selections) Select(ctx context.Context, p id.PortalID, s id.Slot, a Audience, f Freshness) (Selection, error) {
	switch {
	case a.Kind == Everyone:
		return Selection{}, nil
	case a.Kind == WithTag:
		if _, ok, err := c.Tags.Get(ctx, p, s, a.Ref); err != nil || !ok {
			if err == nil {
				err = ErrAudience
			}
			return Selection{}, err
		}
		return Selection{Match: func(e friendindex.Entry) bool { return slices.Contains(e.Tags, a.Ref) }}, nil
	case a.Kind == Segment && c.Segment != nil:
		return c.Segment(ctx, p, s, a.Ref, f)
	}
	return Selection{}, ErrAudience
}
