package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/chat"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/work"
)

const (
	// customers share the load: HubSpot lets an app make 11 calls a second in each portal.
	customers = 10
	// conversation begins one conversation of a question and its answer: together 50 messages a second.
	conversation = 40 * time.Millisecond
	// inboxTurns of Lumo and of the bare calls, so that what else the machine does weighs on both alike.
	inboxTurns = 3
)

// chatting is chat.Service with what was stored of its messages.
type chatting struct {
	*chat.Service
	rows dynamo.Chats
}

func (c chatting) Load(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (chat.Intent, bool, error) {
	return c.rows.Load(ctx, p, k, messageID)
}

// chats is chat.Line over one channel, at the pace of what people write.
type chats struct{ pushes }

func (p chats) Push(ctx context.Context, _ id.PortalID, k friend.Key, key string, ms []json.RawMessage) (chat.Accepted, error) {
	sent, err := p.c.Push(ctx, key, k.User, line.Outgoing{Messages: ms})
	return chat.Accepted{RequestID: sent.RequestID}, err
}

// relaying is a world whose customers have HubSpot's inbox connected.
type relaying struct {
	*sending
	relay *inbox.Relay
	conns []inbox.Connection
}

// measureInbox has friends write and agents answer, and compares each way with what the two sandboxes take for the bare calls.
func measureInbox(ctx context.Context, r *run) ([]Figure, error) {
	each := max(min(r.Size/800, 125), 10)
	s, err := r.sending(ctx, (2*inboxTurns*each/customers+2)*customers)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	x := &relaying{sending: s}
	if err := x.connect(ctx); err != nil {
		return nil, err
	}
	if _, _, err := x.talk(ctx, 0, customers, x.ours); err != nil { // tokens, connections of the network
		return nil, err
	}
	var in, out, bareIn, bareOut []time.Duration
	next := customers
	for range inboxTurns {
		a, b, err := x.talk(ctx, next, each, x.ours)
		if err != nil {
			return nil, err
		}
		c, d, err := x.talk(ctx, next+each, each, x.bare)
		if err != nil {
			return nil, err
		}
		next += 2 * each
		in, out, bareIn, bareOut = append(in, a...), append(out, b...), append(bareIn, c...), append(bareOut, d...)
	}
	return r.compared("inbox", in, out, bareIn, bareOut), nil
}

func percentile(all []time.Duration, part int) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[min(len(all)*part/100, len(all)-1)]
}

// connect makes the customers, each with its inbox connected as from HubSpot's settings.
func (x *relaying) connect(ctx context.Context) error {
	x.hub.DefineChannel("LINE", "", origin+"/setup/inbox")
	channel := x.hub.Channels()[0]
	connector := x.app.InboxConnector()
	for i := range customers {
		p := id.PortalID(2001 + i)
		x.hub.AddPortal(int64(p), hubspotsandbox.PortalOptions{})
		code, err := x.hub.Code(int64(p), tie)
		if err != nil {
			return err
		}
		if _, err := x.app.Portals().Install(ctx, code, tie); err != nil {
			return err
		}
		account := lineaccount.Account{Portal: p, Slot: slot, Name: "Shop", Bot: id.BotUserID(fmt.Sprintf("U%032x", 0xb00+i)), ChannelID: strconv.Itoa(i + 2), State: lineaccount.Active, ConnectedAt: x.clock.Now()}
		if _, err := x.app.Accounts().Store.Save(ctx, account); err != nil {
			return err
		}
		to, err := x.hub.BeginConnection(int64(p), channel, firstInbox, 1)
		if err != nil {
			return err
		}
		at, err := url.Parse(to)
		if err != nil {
			return err
		}
		token := at.Query().Get("accountToken")
		if err := connector.Connect(ctx, p, inbox.Choice{Token: token, Channel: strconv.FormatInt(channel, 10), Slot: slot, User: 1}); err != nil {
			return err
		}
		if _, err := x.hub.FinishConnection(int64(p), token); err != nil {
			return err
		}
		states, err := connector.Statuses(ctx, p)
		if err != nil || len(states) != 1 || !states[0].Works() {
			return fmt.Errorf("inbox of portal %d: %+v %w", p, states, err)
		}
		x.conns = append(x.conns, states[0].Connection)
	}
	x.relay = x.app.Relay()
	c := x.app.Chat()
	c.Friends, c.Accounts, c.Line, c.Failures = x.rows, oneAccount{}, chats{pushes{x.channel}}, nil
	x.relay.Friends, x.relay.Accounts, x.relay.Chat = x.rows, oneAccount{}, chatting{c, dynamo.Chats{Table: x.app.Table()}}
	return nil
}

// turn is one conversation of a question and an answer, and how long each took.
type turn func(ctx context.Context, c inbox.Connection, k friend.Key, n int) (in, out time.Duration, err error)

// talk begins conversations at their rate, whether the earlier ones have ended or not.
func (x *relaying) talk(ctx context.Context, first, count int, take turn) (in, out []time.Duration, err error) {
	var mu sync.Mutex
	began := x.clock.Now()
	err = work.Each(ctx, count, count, func(ctx context.Context, i int) error {
		if err := x.clock.Sleep(ctx, time.Duration(i)*conversation-x.clock.Now().Sub(began)); err != nil {
			return err
		}
		n := first + i
		a, b, err := take(ctx, x.conns[n%customers], friend.Key{Slot: slot, User: x.people[n]}, n)
		mu.Lock()
		in, out = append(in, a), append(out, b)
		mu.Unlock()
		return err
	})
	return in, out, err
}

// ours goes through Lumo: from LINE's accepted webhook to the thread, and from HubSpot's to the phone and the status in the thread.
func (x *relaying) ours(ctx context.Context, c inbox.Connection, k friend.Key, n int) (in, out time.Duration, err error) {
	message := strconv.Itoa(100_000 + n)
	raw, err := json.Marshal(map[string]any{
		"type": "message", "mode": "active", "timestamp": x.clock.Now().UnixMilli(), "source": map[string]string{"type": "user", "userId": string(k.User)},
		"webhookEventId": "event-" + message, "deliveryContext": map[string]bool{"isRedelivery": false},
		"message": map[string]string{"type": "text", "id": message, "quoteToken": "q", "text": "Do you have umbrellas?"},
	})
	if err != nil {
		return 0, 0, err
	}
	began := x.clock.Now()
	if err := x.relay.Handle(ctx, inbox.Note{Portal: c.Portal, Account: c.Account, User: k.User, Slot: slot, ID: "event-" + message, At: began.UnixMilli(), Line: raw}); err != nil {
		return 0, 0, err
	}
	in = x.clock.Now().Sub(began)
	mark, ok, err := x.relay.Store.Mark(ctx, c.Portal, k, "in "+message)
	if err != nil || !ok {
		return 0, 0, fmt.Errorf("message %s is not in HubSpot: %w", message, err)
	}
	answer, err := x.answer(c, mark)
	if err != nil {
		return 0, 0, err
	}
	raw, err = json.Marshal(map[string]any{
		"type": "OUTGOING_CHANNEL_MESSAGE_CREATED", "portalId": c.Portal.String(), "channelId": c.Channel,
		"message": map[string]any{
			"id": answer, "type": "MESSAGE", "channelAccountId": c.Account, "conversationsThreadId": mark.Thread, "direction": "OUTGOING", "text": "Upstairs",
			"recipients": []any{map[string]any{"deliveryIdentifier": map[string]string{"type": "CHANNEL_SPECIFIC_OPAQUE_ID", "value": string(k.User)}}},
		},
	})
	if err != nil {
		return 0, 0, err
	}
	began = x.clock.Now()
	err = x.relay.Handle(ctx, inbox.Note{Portal: c.Portal, Account: c.Account, User: k.User, ID: "message " + answer, At: began.UnixMilli(), HubSpot: raw})
	return in, x.clock.Now().Sub(began), err
}

// answer is what an agent writes.
func (x *relaying) answer(c inbox.Connection, m inbox.Mark) (string, error) {
	thread, err := strconv.ParseInt(m.Thread, 10, 64)
	if err != nil {
		return "", err
	}
	return x.hub.Reply(int64(c.Portal), thread, 1, "Upstairs")
}

// bare makes only the calls that have to be made.
func (x *relaying) bare(ctx context.Context, c inbox.Connection, k friend.Key, n int) (in, out time.Duration, err error) {
	e := inbox.Event{Kind: inbox.Said, ID: strconv.Itoa(100_000 + n), User: k.User, At: x.clock.Now().UnixMilli(), Type: "text", Text: "Do you have umbrellas?"}
	began := x.clock.Now()
	mark, err := x.relay.HubSpot.Publish(ctx, c.Portal, inbox.Incoming(c, e, friend.Friend{Key: k, Name: "Friend"}))
	if err != nil {
		return 0, 0, err
	}
	in = x.clock.Now().Sub(began)
	answer, err := x.answer(c, mark)
	if err != nil {
		return 0, 0, err
	}
	objects, err := chat.OfText("Upstairs").Objects()
	if err != nil {
		return 0, 0, err
	}
	began = x.clock.Now()
	if _, err := x.channel.Push(ctx, fmt.Sprintf("00000000-0000-4000-8000-%012d", n), k.User, line.Outgoing{Messages: objects}); err != nil {
		return 0, 0, err
	}
	err = x.relay.HubSpot.SetStatus(ctx, c.Portal, c.Channel, answer, inbox.StatusSent, "")
	return in, x.clock.Now().Sub(began), err
}
