package compose

import (
	"context"
	"time"

	"lumo/shared/broadcast"
	"lumo/shared/chain"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/segment"
)

// Segments keeps and evaluates segments.
func (a *App) Segments() *segment.Service {
	return &segment.Service{
		Store: dynamo.Segments{Table: a.Table()}, Accounts: a.Accounts().Store, Tags: dynamo.Tags{Table: a.Table()}, Mappings: a.Mappings(), Lists: a.ListJobs(),
		Broadcasts: a.sentBroadcasts(), Marks: dynamo.Tracking{Table: a.Table()}, Blobs: a.Blobs(), Index: a.FriendIndex(), Friends: a.Friends(),
		Audit: a.Portals(), Zone: a.zone, Clock: a.Clock, Parallel: a.parallel(16),
	}
}

func (a *App) zone(ctx context.Context, p id.PortalID) (*time.Location, error) {
	row, err := a.Portals().Get(ctx, p)
	if err != nil {
		return nil, err
	}
	return row.Zone(), nil
}

// sentBroadcasts are broadcasts with what their chains know.
type sentBroadcasts struct {
	*broadcast.Service
	dynamo.Broadcasts
}

func (a *App) sentBroadcasts() sentBroadcasts {
	store := dynamo.Broadcasts{Table: a.Table()}
	chains := &chain.Engine{Store: dynamo.Chains{Table: a.Table()}}
	return sentBroadcasts{&broadcast.Service{Store: store, Sender: &broadcast.Sender{Chain: chains}}, store}
}
