package compose

import (
	"context"
	"encoding/json"
	"fmt"

	"lumo/shared/chat"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
)

// Chat sends what people write to friends.
func (a *App) Chat() *chat.Service {
	return &chat.Service{
		Store: dynamo.Chats{Table: a.Table()}, Friends: a.Friends(), Accounts: dynamo.LineAccounts{Table: a.Table()}, Line: pusher{a}, Alarm: a.Directory(),
		Scopes: a.Scopes(), Outbox: a.Outbox(), Told: a.tellInbox, Groups: a.Groups().Allowed, Failures: a.Failures(), Clock: a.Clock, NewID: a.NewID, NewKey: a.newKey, Log: a.Log,
	}
}

// newKey is a random UUID, the only form of retry key that LINE takes.
func (a *App) newKey() string {
	b := a.Random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// pusher is chat.Line over the LINE client.
type pusher struct{ app *App }

var _ chat.Line = pusher{}

func (l pusher) Push(ctx context.Context, p id.PortalID, k friend.Key, retryKey string, messages []json.RawMessage) (chat.Accepted, error) {
	c, err := l.channel(ctx, p, k)
	if err != nil {
		return chat.Accepted{}, err
	}
	if g, ok := k.Group(); ok {
		return accepted(c.PushGroup(ctx, retryKey, g, line.Outgoing{Messages: messages}))
	}
	return accepted(c.Push(ctx, retryKey, k.User, line.Outgoing{Messages: messages}))
}

func (l pusher) Reply(ctx context.Context, p id.PortalID, k friend.Key, token string, messages []json.RawMessage) (chat.Accepted, error) {
	c, err := l.channel(ctx, p, k)
	if err != nil {
		return chat.Accepted{}, err
	}
	return accepted(c.Reply(ctx, token, line.Outgoing{Messages: messages}))
}

func (l pusher) channel(ctx context.Context, p id.PortalID, k friend.Key) (*line.ChannelClient, error) {
	account, err := l.app.Accounts().Store.Account(ctx, p, k.Slot)
	if err != nil {
		return nil, err
	}
	if account.State != lineaccount.Active {
		return nil, lineaccount.ErrUnknown
	}
	return l.app.Channel(ctx, account)
}

func accepted(sent line.Sent, err error) (chat.Accepted, error) {
	if err != nil {
		return chat.Accepted{}, err
	}
	out := chat.Accepted{RequestID: sent.RequestID}
	if len(sent.Messages) > 0 {
		out.LineID = sent.Messages[0].ID
	}
	return out, nil
}
