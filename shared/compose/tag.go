package compose

import (
	"context"
	"slices"

	"lumo/shared/broadcast"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/segment"
	"lumo/shared/tag"
)

// Tags are the labels of friends.
func (a *App) Tags() *tag.Service {
	return &tag.Service{
		Store: dynamo.Tags{Table: a.Table()}, Accounts: a.Accounts().Store, Options: a.Properties(), Friends: a.Friends(), Index: a.FriendIndex(), Outbox: a.Outbox(),
		Audit: a.Portals(), Chain: a.Chain(), Places: a.tagPlaces(), Clock: a.Clock, NewID: a.NewID, Parallel: a.parallel(16),
	}
}

// tagPlaces is everything that may refer to a tag; what else comes to do so belongs here.
func (a *App) tagPlaces() []tag.Place {
	return []tag.Place{a.tagInBroadcasts, a.tagInSegments, a.tagInWorkflows}
}

// tagInSegments looks through the account's segments.
func (a *App) tagInSegments(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) ([]tag.Use, error) {
	all, err := dynamo.Segments{Table: a.Table()}.All(ctx, p, slot)
	var out []tag.Use
	for _, g := range all {
		if g.Tree.Uses(segment.Tag, tagID) {
			out = append(out, tag.Use{Kind: "segment", ID: g.ID, Name: g.Name})
		}
	}
	return out, err
}

// tagInWorkflows are those whose steps named the tag lately: nobody tells which others would. Their names are HubSpot's, too.
func (a *App) tagInWorkflows(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) ([]tag.Use, error) {
	all, err := dynamo.Workflows{Table: a.Table()}.TagUses(ctx, p, slot, tagID)
	out := make([]tag.Use, len(all))
	for i, u := range all {
		out[i] = tag.Use{Kind: "workflow", ID: u.Workflow, Name: u.Workflow, LastAt: u.LastAt}
	}
	return out, err
}

// openCasts are broadcasts that may still go to somebody.
var openCasts = []broadcast.Status{broadcast.Draft, broadcast.Scheduled, broadcast.Sending, broadcast.Held}

// tagInBroadcasts looks through the broadcasts that are not over, the newest thousand of the account.
func (a *App) tagInBroadcasts(ctx context.Context, p id.PortalID, slot id.Slot, tagID string) ([]tag.Use, error) {
	var out []tag.Use
	store := dynamo.Broadcasts{Table: a.Table()}
	after := ""
	for range 10 {
		bs, next, err := store.List(ctx, p, slot, after, 100)
		if err != nil {
			return nil, err
		}
		for _, b := range bs {
			if b.Audience.Kind == broadcast.WithTag && b.Audience.Ref == tagID && slices.Contains(openCasts, b.Status) {
				out = append(out, tag.Use{Kind: "broadcast", ID: b.ID, Name: b.Name, Status: string(b.Status)})
			}
		}
		if after = next; next == "" {
			break
		}
	}
	return out, nil
}

// tagsInUse are the ids of an account's tags that friends may have.
func (a *App) tagsInUse(ctx context.Context, p id.PortalID, slot id.Slot) (map[string]bool, error) {
	all, err := dynamo.Tags{Table: a.Table()}.All(ctx, p, slot)
	out := make(map[string]bool, len(all))
	for _, t := range all {
		out[t.ID] = true
	}
	return out, err
}
