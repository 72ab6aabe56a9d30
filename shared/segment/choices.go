package segment

import (
	"context"

	"lumo/shared/broadcast"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/tag"
)

// Available is what conditions can rest on.
type Available struct {
	Mappings   mapping.Set
	Tags       []tag.Tag
	Lists      []hubspotlist.List
	Broadcasts []broadcast.Broadcast // that went out, latest first
}

// Choices finds what an account's conditions can rest on.
func (s *Service) Choices(ctx context.Context, p id.PortalID, slot id.Slot, broadcasts int) (a Available, err error) {
	if err = s.account(ctx, p, slot); err != nil {
		return a, err
	}
	if a.Mappings, err = s.Mappings.Load(ctx, p); err != nil {
		return a, err
	}
	if a.Tags, err = s.Tags.All(ctx, p, slot); err != nil {
		return a, err
	}
	if a.Lists, _, err = s.Lists.Index(ctx, p); err != nil {
		return a, err
	}
	for after, seen := "", 0; seen < looked && len(a.Broadcasts) < broadcasts; {
		bs, next, err := s.Broadcasts.List(ctx, p, slot, after, 50)
		if err != nil {
			return a, err
		}
		for _, b := range bs {
			if b.StartedAt != 0 && len(a.Broadcasts) < broadcasts {
				a.Broadcasts = append(a.Broadcasts, b)
			}
		}
		if after = next; after == "" {
			break
		}
		seen += len(bs)
	}
	return a, nil
}
