package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
)

// Inboxes implements inbox.Store. At P#<portal>#INBOX lie "account#<slot>" and "traffic#<slot>"; what was relayed of a conversation lies at
// P#<portal>#RELAY#<slot>#<user> as "mark#<name>", and "token" is its reply token.
type Inboxes struct{ Table *Table }

var _ inbox.Store = Inboxes{}

type connectionItem struct {
	Slot    id.Slot      `dynamodbav:"slot"`
	Bot     id.BotUserID `dynamodbav:"bot"`
	State   inbox.State  `dynamodbav:"state"`
	Channel string       `dynamodbav:"channel,omitempty"`
	Account string       `dynamodbav:"account,omitempty"`
	Inbox   string       `dynamodbav:"inbox,omitempty"`
	Name    string       `dynamodbav:"name,omitempty"`
	By      int64        `dynamodbav:"by,omitempty"`
	At      int64        `dynamodbav:"at"`
	Code    string       `dynamodbav:"code,omitempty"`
	Version int64        `dynamodbav:"v"`
}

func (it connectionItem) connection(p id.PortalID) inbox.Connection {
	return inbox.Connection{
		Portal: p, Slot: it.Slot, Bot: it.Bot, State: it.State, Channel: it.Channel, Account: it.Account, Inbox: it.Inbox, Name: it.Name, By: it.By,
		At: it.At, Code: it.Code, Version: it.Version,
	}
}

type trafficItem struct {
	In  int64 `dynamodbav:"i,omitempty"`
	Out int64 `dynamodbav:"o,omitempty"`
}

type markItem struct {
	Message string       `dynamodbav:"m,omitempty"`
	Thread  string       `dynamodbav:"th,omitempty"`
	Status  inbox.Status `dynamodbav:"st,omitempty"`
	TTL     int64        `dynamodbav:"ttl"`
}

type replyTokenItem struct {
	Value string `dynamodbav:"tk"`
	Event int64  `dynamodbav:"e"`
	Until int64  `dynamodbav:"u"`
	TTL   int64  `dynamodbav:"ttl"`
}

// markRetention is longer than anything delivers an event again.
const markRetention = 30 * 24 * 3600

const connectionPrefix = "account#"

func (s Inboxes) at(p id.PortalID) partition { return s.Table.Portal(p).in("INBOX") }

func (s Inboxes) relayed(p id.PortalID, k friend.Key) partition {
	return s.Table.Portal(p).in("RELAY", k.Slot.String(), string(k.User))
}

// Connections implements inbox.Store.
func (s Inboxes) Connections(ctx context.Context, p id.PortalID) ([]inbox.Connection, error) {
	pg, err := s.at(p).query(ctx, query{prefix: connectionPrefix})
	if err != nil {
		return nil, err
	}
	out := make([]inbox.Connection, 0, len(pg.Items))
	for _, m := range pg.Items {
		var it connectionItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, err
		}
		out = append(out, it.connection(p))
	}
	return out, nil
}

// Connection implements inbox.Store.
func (s Inboxes) Connection(ctx context.Context, p id.PortalID, n id.Slot) (inbox.Connection, bool, error) {
	var it connectionItem
	ok, err := s.at(p).get(ctx, slotKey(connectionPrefix, n), &it)
	return it.connection(p), ok, err
}

// Save implements inbox.Store.
func (s Inboxes) Save(ctx context.Context, c inbox.Connection) (inbox.Connection, error) {
	was := c.Version
	c.Version++
	err := s.at(c.Portal).put(ctx, slotKey(connectionPrefix, c.Slot), connectionItem{
		Slot: c.Slot, Bot: c.Bot, State: c.State, Channel: c.Channel, Account: c.Account, Inbox: c.Inbox, Name: c.Name, By: c.By, At: c.At, Code: c.Code, Version: c.Version,
	}, versioned(was))
	if errors.Is(err, ErrChanged) {
		return c, inbox.ErrChanged
	}
	return c, err
}

// Traffic implements inbox.Store.
func (s Inboxes) Traffic(ctx context.Context, p id.PortalID, n id.Slot) (inbox.Traffic, error) {
	var it trafficItem
	_, err := s.at(p).get(ctx, slotKey("traffic#", n), &it)
	return inbox.Traffic{In: it.In, Out: it.Out}, err
}

// Saw implements inbox.Store. A time never goes back.
func (s Inboxes) Saw(ctx context.Context, p id.PortalID, n id.Slot, in bool, at int64) error {
	name := expression.Name("o")
	if in {
		name = expression.Name("i")
	}
	older := expression.AttributeNotExists(name).Or(name.LessThan(expression.Value(at)))
	return unlessChanged(s.at(p).update(ctx, slotKey("traffic#", n), expression.Set(name, expression.Value(at)), &older, nil))
}

// Mark implements inbox.Store.
func (s Inboxes) Mark(ctx context.Context, p id.PortalID, k friend.Key, name string) (inbox.Mark, bool, error) {
	var it markItem
	ok, err := s.relayed(p, k).get(ctx, "mark#"+name, &it)
	return inbox.Mark{Message: it.Message, Thread: it.Thread, Status: it.Status}, ok, err
}

// SetMark implements inbox.Store.
func (s Inboxes) SetMark(ctx context.Context, p id.PortalID, k friend.Key, name string, m inbox.Mark, at int64) error {
	return s.relayed(p, k).put(ctx, "mark#"+name, markItem{Message: m.Message, Thread: m.Thread, Status: m.Status, TTL: at/1000 + markRetention}, nil)
}

// KeepToken implements inbox.Store.
func (s Inboxes) KeepToken(ctx context.Context, p id.PortalID, k friend.Key, t inbox.Token) error {
	newer := absent().Or(expression.Name("e").LessThan(expression.Value(t.Event)))
	return unlessChanged(s.relayed(p, k).put(ctx, "token", replyTokenItem{t.Value, t.Event, t.Until, t.Until/1000 + 3600}, &newer))
}

// Token implements inbox.Store.
func (s Inboxes) Token(ctx context.Context, p id.PortalID, k friend.Key) (inbox.Token, error) {
	var it replyTokenItem
	_, err := s.relayed(p, k).get(ctx, "token", &it)
	return inbox.Token{Value: it.Value, Event: it.Event, Until: it.Until}, err
}

// DropToken implements inbox.Store. The row stays with its time, so that an older event's token does not take its place.
func (s Inboxes) DropToken(ctx context.Context, p id.PortalID, k friend.Key, value string) error {
	still := expression.Name("tk").Equal(expression.Value(value))
	return unlessChanged(s.relayed(p, k).update(ctx, "token", expression.Set(expression.Name("tk"), expression.Value("")), &still, nil))
}
