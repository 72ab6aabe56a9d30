// Package handle answers LINE's webhooks: find the account, verify with its secret, queue, 200. Copies for other tools are queued too (P-09).
package handle

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/groupchat"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/linesync"
	"lumo/shared/logging"
	"lumo/shared/queue"
)

// Accounts finds the account of a bot and opens its secret.
type Accounts interface {
	ByBot(ctx context.Context, b id.BotUserID) (lineaccount.Account, error)
	Secret(ctx context.Context, a lineaccount.Account) (string, error)
}

// Inboxes tells which accounts' conversations HubSpot shows.
type Inboxes interface {
	Connection(ctx context.Context, p id.PortalID, s id.Slot) (inbox.Connection, bool, error)
}

// Deps is what the function works with.
type Deps struct {
	Accounts Accounts
	Inboxes  Inboxes
	// Groups tells whether a portal shows group chats as companies.
	Groups    func(ctx context.Context, p id.PortalID) (bool, error)
	Clock     clock.Clock
	Queue     queue.Sender
	Forwarder Forwarder
	Log       *slog.Logger
}

// maxBytes of one queued message; LINE tells no limit for a webhook's size.
const maxBytes = 200_000

// New makes the handlers.
func New(d Deps) entry.Handlers {
	h := entry.Handlers{HTTP: d.receive}
	if d.Forwarder.Accounts != nil {
		h.Queues = map[queue.Queue]entry.BatchHandler{queue.LineForwards: d.Forwarder.Batch}
	}
	return h
}

// receive must answer within 2 s (line.md 2.1). An account that is not connected any more answers 200, or LINE would go on trying.
func (d Deps) receive(ctx context.Context, r entry.Request) (entry.Response, error) {
	bot, err := id.ParseBotUser(r.Params["bot"])
	if err != nil {
		return refuse(404, "ACCOUNT", "There is no such account.")
	}
	a, err := d.Accounts.ByBot(ctx, bot)
	if errors.Is(err, lineaccount.ErrUnknown) {
		return refuse(404, "ACCOUNT", "There is no such account.")
	}
	if err != nil {
		return entry.Response{}, err
	}
	secret, err := d.Accounts.Secret(ctx, a)
	if err != nil {
		return entry.Response{}, err
	}
	if !line.VerifySignature(secret, r.Header.Get("X-Line-Signature"), r.Body) {
		return refuse(401, "SIGNATURE", "The signature does not match this request.")
	}
	events, destination, err := line.ParseEvents(r.Body)
	if err != nil {
		return refuse(400, "BODY", "The body must be a LINE webhook.")
	}
	if destination != "" && destination != bot {
		return refuse(400, "DESTINATION", "The webhook is for another account.")
	}
	if a.State != lineaccount.Active || len(events) == 0 {
		return entry.JSON(200, map[string]int{"accepted": 0})
	}
	if err := d.queue(ctx, a, events, r); err != nil {
		return entry.Response{}, err
	}
	return entry.JSON(200, map[string]int{"accepted": len(events)})
}

func (d Deps) queue(ctx context.Context, a lineaccount.Account, events []line.Event, r entry.Request) error {
	var out []queue.Message
	env, size := linesync.Envelope{Portal: a.Portal, Slot: a.Slot}, 0
	flush := func() error {
		if len(env.Events) == 0 {
			return nil
		}
		b, err := json.Marshal(env)
		if err != nil {
			return err
		}
		out = append(out, queue.Message{Body: b})
		env.Events, size = nil, 0
		return nil
	}
	for _, e := range events {
		if size+len(e.Raw) > maxBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		env.Events, size = append(env.Events, e.Raw), size+len(e.Raw)
	}
	if err := flush(); err != nil {
		return err
	}
	if err := d.Queue.Send(ctx, queue.LineEvents, out...); err != nil {
		return err
	}
	if err := d.linking(ctx, a, events); err != nil {
		return err
	}
	if err := d.converse(ctx, a, events); err != nil {
		return err
	}
	if err := d.group(ctx, a, events); err != nil {
		return err
	}
	if len(a.Forwards) == 0 {
		return nil
	}
	return d.Forwarder.Queue(ctx, a, r.Body, r.Header.Get("X-Line-Signature"))
}

// linking hands on who asks for a linking link, and what LINE says of a nonce. They go by themselves: an answer must not wait for anything else.
func (d Deps) linking(ctx context.Context, a lineaccount.Account, events []line.Event) error {
	env := linesync.Envelope{Portal: a.Portal, Slot: a.Slot}
	for _, e := range events {
		if _, ok := line.LinkEvent(e, a.Linking.Word); ok {
			env.Linking = append(env.Linking, e.Raw)
		}
	}
	if len(env.Linking) == 0 {
		return nil
	}
	b, err := json.Marshal(env)
	if err != nil {
		return err
	}
	return d.Queue.Send(ctx, queue.LineEvents, queue.Message{Body: b})
}

// converse hands on what HubSpot's inbox shows.
func (d Deps) converse(ctx context.Context, a lineaccount.Account, events []line.Event) error {
	c, ok, err := d.Inboxes.Connection(ctx, a.Portal, a.Slot)
	if err != nil || !ok || !c.Works() {
		return err
	}
	var out []queue.Message
	at := d.Clock.Now().UnixMilli()
	for _, e := range events {
		x, ok := line.InboxEvent(e.Raw)
		if !ok || x.Kind == inbox.Sign && x.ReplyToken == "" {
			continue
		}
		raw := e.Raw
		if _, ours := line.LinkEvent(e, a.Linking.Word); ours {
			if e.Type != line.MessageEvent {
				continue // a tap that Lumo answers is no conversation
			}
			raw = line.WithoutReply(raw) // the reply is the link
		}
		n := inbox.Note{Portal: a.Portal, Account: c.Account, User: x.User, Slot: a.Slot, ID: e.ID, At: at, Line: raw}
		m, err := n.Message("")
		if err != nil {
			return err
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		return nil
	}
	return d.Queue.Send(ctx, queue.Inbox, out...)
}

// group hands on what happens in group chats, where the portal wants that. Rooms are ignored (P-101).
func (d Deps) group(ctx context.Context, a lineaccount.Account, events []line.Event) error {
	var out []queue.Message
	rooms := 0
	for _, e := range events {
		if e.Source == line.FromRoom {
			rooms++
		}
		x, ok := line.GroupEvent(e.Raw)
		if !ok {
			continue
		}
		m, err := groupchat.Note{Portal: a.Portal, Slot: a.Slot, Group: x.Group, ID: e.ID, Line: e.Raw}.Message("")
		if err != nil {
			return err
		}
		out = append(out, m)
	}
	if rooms > 0 {
		d.Log.LogAttrs(ctx, slog.LevelInfo, "events of rooms ignored", logging.Portal(a.Portal), logging.Count("events", rooms))
	}
	if len(out) == 0 {
		return nil
	}
	on, err := d.Groups(ctx, a.Portal)
	if err != nil || !on {
		return err
	}
	return d.Queue.Send(ctx, queue.Inbox, out...)
}

func refuse(status int, code, message string) (entry.Response, error) {
	return entry.JSON(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}
