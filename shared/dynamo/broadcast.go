package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/broadcast"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Broadcasts implements broadcast.Store: rows at P#<portal>#BCAST / <slot>#<id>, where ids sort by time. The local index "due" on the
// partition holds those that the minute tick must look at.
type Broadcasts struct{ Table *Table }

var (
	_ broadcast.Store         = Broadcasts{}
	_ broadcast.SettingsStore = Broadcasts{}
)

type broadcastItem struct {
	Name        string             `dynamodbav:"nm"`
	Bubbles     []byte             `dynamodbav:"b,omitempty"` // JSON, as the API has it
	Silent      bool               `dynamodbav:"si,omitempty"`
	Tracking    broadcast.Tracking `dynamodbav:"tr,omitempty"`
	Audience    broadcast.Audience `dynamodbav:"au"`
	TestUsers   []id.LineUserID    `dynamodbav:"tu,omitempty"`
	SendAt      int64              `dynamodbav:"sa,omitempty"`
	Status      broadcast.Status   `dynamodbav:"st"`
	CreatedAt   int64              `dynamodbav:"ca"`
	CreatedBy   portal.Actor       `dynamodbav:"cb"`
	UpdatedAt   int64              `dynamodbav:"ua"`
	ConfirmedAt int64              `dynamodbav:"fa,omitempty"`
	ConfirmedBy portal.Actor       `dynamodbav:"fb"`
	StartedAt   int64              `dynamodbav:"ba,omitempty"`
	EndedAt     int64              `dynamodbav:"ea,omitempty"`
	Frozen      *broadcast.Frozen  `dynamodbav:"fr,omitempty"`
	Hold        *broadcast.Hold    `dynamodbav:"ho,omitempty"`
	Progress    broadcast.Progress `dynamodbav:"pr"`
	Links       []string           `dynamodbav:"li,omitempty"`
	Pictures    []string           `dynamodbav:"pi,omitempty"`
	Attempt     int                `dynamodbav:"at,omitempty"`
	Due         int64              `dynamodbav:"due,omitempty"`
	Version     int64              `dynamodbav:"v"`
}

func (s Broadcasts) part(p id.PortalID) partition { return s.Table.Portal(p).in("BCAST") }

func broadcastKey(s id.Slot, name string) string { return s.String() + "#" + name }

func broadcastItemOf(b broadcast.Broadcast) (broadcastItem, error) {
	raw, err := json.Marshal(b.Bubbles)
	return broadcastItem{
		Name: b.Name, Bubbles: raw, Silent: b.Silent, Tracking: b.Tracking, Audience: b.Audience, TestUsers: b.TestUsers, SendAt: b.SendAt, Status: b.Status,
		CreatedAt: b.CreatedAt, CreatedBy: b.CreatedBy, UpdatedAt: b.UpdatedAt, ConfirmedAt: b.ConfirmedAt, ConfirmedBy: b.ConfirmedBy,
		StartedAt: b.StartedAt, EndedAt: b.EndedAt, Frozen: b.Frozen, Hold: b.Hold, Progress: b.Progress, Links: b.Links, Pictures: b.Pictures,
		Attempt: b.Attempt, Due: b.Due, Version: b.Version,
	}, err
}

func (it broadcastItem) broadcast(slot id.Slot, name string) (broadcast.Broadcast, error) {
	b := broadcast.Broadcast{
		ID: name, Slot: slot, Name: it.Name, Silent: it.Silent, Tracking: it.Tracking, Audience: it.Audience, TestUsers: it.TestUsers, SendAt: it.SendAt,
		Status: it.Status, CreatedAt: it.CreatedAt, CreatedBy: it.CreatedBy, UpdatedAt: it.UpdatedAt, ConfirmedAt: it.ConfirmedAt,
		ConfirmedBy: it.ConfirmedBy, StartedAt: it.StartedAt, EndedAt: it.EndedAt, Frozen: it.Frozen, Hold: it.Hold, Progress: it.Progress,
		Links: it.Links, Pictures: it.Pictures, Attempt: it.Attempt, Due: it.Due, Version: it.Version,
	}
	return b, json.Unmarshal(it.Bubbles, &b.Bubbles)
}

// Get implements broadcast.Store.
func (s Broadcasts) Get(ctx context.Context, p id.PortalID, slot id.Slot, name string) (broadcast.Broadcast, error) {
	var it broadcastItem
	ok, err := s.part(p).get(ctx, broadcastKey(slot, name), &it)
	if err != nil {
		return broadcast.Broadcast{}, err
	}
	if !ok {
		return broadcast.Broadcast{}, broadcast.ErrUnknown
	}
	return it.broadcast(slot, name)
}

// Save implements broadcast.Store.
func (s Broadcasts) Save(ctx context.Context, p id.PortalID, b broadcast.Broadcast) (broadcast.Broadcast, error) {
	was := b.Version
	b.Version++
	it, err := broadcastItemOf(b)
	if err != nil {
		return b, err
	}
	err = s.part(p).put(ctx, broadcastKey(b.Slot, b.ID), it, versioned(was))
	if errors.Is(err, ErrChanged) {
		return b, broadcast.ErrChanged
	}
	return b, err
}

// Delete implements broadcast.Store.
func (s Broadcasts) Delete(ctx context.Context, p id.PortalID, b broadcast.Broadcast) error {
	err := s.part(p).remove(ctx, broadcastKey(b.Slot, b.ID), versionIs(b.Version))
	if errors.Is(err, ErrChanged) {
		return broadcast.ErrChanged
	}
	return err
}

// List implements broadcast.Store.
func (s Broadcasts) List(ctx context.Context, p id.PortalID, slot id.Slot, after string, limit int) ([]broadcast.Broadcast, string, error) {
	part := s.part(p)
	q := query{prefix: broadcastKey(slot, ""), descending: true, limit: int32(limit)}
	if after != "" {
		q.after = part.key(broadcastKey(slot, after))
	}
	pg, err := part.query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var out []broadcast.Broadcast
	for _, m := range pg.Items {
		delete(m, "b")
		m["b"] = &types.AttributeValueMemberB{Value: []byte("null")}
		b, err := readBroadcast(m)
		if err != nil {
			return nil, "", err
		}
		out = append(out, b)
	}
	next := ""
	if pg.Next != nil {
		_, next, err = splitBroadcastKey(text(pg.Next[attrSK]))
	}
	return out, next, err
}

func readBroadcast(m map[string]types.AttributeValue) (broadcast.Broadcast, error) {
	var it broadcastItem
	if err := attributevalue.UnmarshalMap(m, &it); err != nil {
		return broadcast.Broadcast{}, err
	}
	slot, name, err := splitBroadcastKey(text(m[attrSK]))
	if err != nil {
		return broadcast.Broadcast{}, err
	}
	return it.broadcast(slot, name)
}

func splitBroadcastKey(sk string) (id.Slot, string, error) {
	for i := range sk {
		if sk[i] == '#' {
			slot, err := id.ParseSlot(sk[:i])
			return slot, sk[i+1:], err
		}
	}
	return 0, "", fmt.Errorf("row %.40q is no broadcast", sk)
}

// dueAtOnce broadcasts are looked at by one tick.
const dueAtOnce = 50

// Due implements broadcast.Store.
func (s Broadcasts) Due(ctx context.Context, p id.PortalID, until int64) (bs []broadcast.Broadcast, next int64, err error) {
	k := expression.Key(attrPK).Equal(expression.Value(s.part(p).pk))
	pg, err := s.Table.run(ctx, k, indexDue, query{limit: dueAtOnce})
	if err != nil {
		return nil, 0, err
	}
	for _, m := range pg.Items {
		at, err := strconv.ParseInt(numText(m[attrDue]), 10, 64)
		if err != nil {
			return nil, 0, err
		}
		if at > until {
			return bs, at, nil
		}
		slot, name, err := splitBroadcastKey(text(m[attrSK]))
		if err != nil {
			return nil, 0, err
		}
		b, err := s.Get(ctx, p, slot, name)
		if errors.Is(err, broadcast.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		bs = append(bs, b)
	}
	return bs, 0, nil
}

// Reservations implements broadcast.Ledger: one row for each account, so that a reservation is one conditional write.
type Reservations struct{ Table *Table }

var _ broadcast.Ledger = Reservations{}

type reservationsItem struct {
	By      map[string]broadcast.Reservation `dynamodbav:"by"`
	Version int64                            `dynamodbav:"v"`
}

// Load implements broadcast.Ledger.
func (s Reservations) Load(ctx context.Context, p id.PortalID, slot id.Slot) (broadcast.Reservations, error) {
	var it reservationsItem
	_, err := s.Table.Portal(p).conf().get(ctx, "reserved#"+slot.String(), &it)
	return broadcast.Reservations{By: it.By, Version: it.Version}, err
}

// Settings implements broadcast.SettingsStore.
func (s Broadcasts) Settings(ctx context.Context, p id.PortalID, slot id.Slot) (broadcast.Settings, error) {
	var v broadcast.Settings
	_, err := s.Table.Portal(p).conf().get(ctx, "broadcasts#"+slot.String(), &v)
	return v, err
}

// SaveSettings implements broadcast.SettingsStore.
func (s Broadcasts) SaveSettings(ctx context.Context, p id.PortalID, slot id.Slot, v broadcast.Settings) error {
	return s.Table.Portal(p).conf().put(ctx, "broadcasts#"+slot.String(), v, nil)
}

// Save implements broadcast.Ledger.
func (s Reservations) Save(ctx context.Context, p id.PortalID, slot id.Slot, r broadcast.Reservations) error {
	err := s.Table.Portal(p).conf().put(ctx, "reserved#"+slot.String(), reservationsItem{r.By, r.Version + 1}, versioned(r.Version))
	if errors.Is(err, ErrChanged) {
		return broadcast.ErrReservations
	}
	return err
}
