package compose

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"lumo/shared/broadcast"
	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/tracking"
)

// Broadcasts is what people do with broadcasts.
func (a *App) Broadcasts() *broadcast.Service {
	s := a.Casts()
	return &broadcast.Service{
		Store: s.Store, Settings: s.Settings, Ledger: s.Ledger, Selector: s.Selector, Index: s.Index, Friends: s.Friends, Line: s.Line, Values: s.Values,
		Sender: s, Clock: a.Clock, Known: a.mergeable,
	}
}

// Casts does the work behind them.
func (a *App) Casts() *broadcast.Sender {
	store := dynamo.Broadcasts{Table: a.Table()}
	return &broadcast.Sender{
		Store: store, Ledger: dynamo.Reservations{Table: a.Table()}, Settings: store, Selector: broadcast.Selections{Tags: dynamo.Tags{Table: a.Table()}, Segment: a.Segments().Select},
		Index: a.FriendIndex(), Friends: a.Friends(), Blobs: a.Blobs(), Line: casting{a}, Links: a.trackedLinks(), Values: merging{a}, Tell: a.notes(),
		Chain: &chain.Engine{
			Store: dynamo.Chains{Table: a.Table()}, Queue: a.Sender(), Alarm: a.Directory(), Clock: a.Clock, Lane: queue.BroadcastSteps, Group: broadcast.Group,
		},
		Alarm: a.Directory(), Clock: a.Clock, Parallel: a.parallel(64),
	}
}

func (a *App) signer() tracking.Signer {
	return tracking.Signer{Key: []byte(a.Config.LinkSigningKey.Reveal())}
}

func (a *App) trackedLinks() tracking.Links {
	return tracking.Links{Signer: a.signer(), Origin: a.Config.PublicURL}
}

func (a *App) notes() *tracking.Notes {
	return &tracking.Notes{Friends: a.Friends(), Outbox: a.Outbox(), Clock: a.Clock, Parallel: a.parallel(32)}
}

// Desk answers visits of tracked links.
func (a *App) Desk() tracking.Desk {
	return tracking.Desk{Signer: a.signer(), Targets: dynamo.Tracking{Table: a.Table()}, Clock: a.Clock}
}

// Taps counts them.
func (a *App) Taps() *tracking.Counter {
	store := dynamo.Tracking{Table: a.Table()}
	return &tracking.Counter{Store: store, Users: a.FriendIndex(), Switch: store, Notes: a.notes()}
}

// mergeable tells which properties a message may merge: those that are mapped.
func (a *App) mergeable(ctx context.Context, p id.PortalID) (func(string) bool, error) {
	set, err := a.Mappings().Load(ctx, p)
	return func(property string) bool { return slices.Contains(set.Properties(), property) }, err
}

// merging is broadcast.Merger over mappings and friends' fields.
type merging struct{ app *App }

func (m merging) Values(ctx context.Context, p id.PortalID, _ id.Slot) (func(friend.Friend) bubble.Values, error) {
	set, err := m.app.Mappings().Load(ctx, p)
	if err != nil {
		return nil, err
	}
	return func(f friend.Friend) bubble.Values {
		return func(field string) (string, bool) {
			if field == bubble.FieldName {
				return f.Name, f.Name != ""
			}
			mapped, ok := set.Find(field)
			r, has := f.Fields[field]
			if !ok || !has {
				return "", false
			}
			return mapped.Decide(r).Value, true
		}
	}, nil
}

// castWatcher takes scheduled broadcasts back when a portal is disconnected. It is made when it is told, since broadcasts ask for portals.
type castWatcher struct{ app *App }

func (w castWatcher) PortalStarted(ctx context.Context, p id.PortalID) error {
	return w.app.Broadcasts().PortalStarted(ctx, p)
}

func (w castWatcher) PortalStopped(ctx context.Context, p id.PortalID) error {
	return w.app.Broadcasts().PortalStopped(ctx, p)
}

// casting is broadcast.Line over the LINE client.
type casting struct{ app *App }

var _ broadcast.Line = casting{}

func (l casting) Channel(ctx context.Context, p id.PortalID, s id.Slot) (broadcast.Channel, error) {
	row, err := l.app.Portals().Get(ctx, p)
	if errors.Is(err, portal.ErrUnknown) || err == nil && !row.State.Runs() {
		return nil, broadcast.ErrNoAccount // nothing is sent for a portal that was disconnected
	}
	if err != nil {
		return nil, err
	}
	account, err := l.app.Accounts().Store.Account(ctx, p, s)
	if errors.Is(err, lineaccount.ErrUnknown) || err == nil && account.State != lineaccount.Active {
		return nil, broadcast.ErrNoAccount
	}
	if err != nil {
		return nil, err
	}
	c, err := l.app.Channel(ctx, account)
	return castChannel{c}, err
}

type castChannel struct{ client *line.ChannelClient }

func outgoing(m broadcast.Message) line.Outgoing {
	return line.Outgoing{Messages: m.Messages, Silent: m.Silent, Unit: m.Unit}
}

func (c castChannel) Multicast(ctx context.Context, key string, to []id.LineUserID, m broadcast.Message) error {
	_, err := c.client.Multicast(ctx, key, to, outgoing(m))
	return err
}

func (c castChannel) Push(ctx context.Context, key string, to id.LineUserID, m broadcast.Message) error {
	_, err := c.client.BulkPush(ctx, key, to, outgoing(m))
	return err
}

func (c castChannel) Validate(ctx context.Context, messages []json.RawMessage) error {
	return c.client.Validate(ctx, messages)
}

func (c castChannel) Quota(ctx context.Context) (broadcast.Quota, error) {
	q, err := c.client.Quota(ctx)
	if err != nil {
		return broadcast.Quota{}, err
	}
	used, err := c.client.Consumption(ctx)
	return broadcast.Quota{Limited: q.Limited, Value: q.Value, Used: used}, err
}
