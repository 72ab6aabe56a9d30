// Package handle answers HubSpot's webhooks: verify, queue, 200. Nothing is decided here.
package handle

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/logging"
	"lumo/shared/queue"
)

// Deps is what the function works with.
type Deps struct {
	Secrets   []string // the app's client secret, and the previous one during a rotation
	AppID     int64
	PublicURL string
	Queue     queue.Sender
	Clock     clock.Clock
	Log       *slog.Logger
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{
		Secrets: a.Config.HubspotSecrets(), AppID: a.Config.HubspotAppID, PublicURL: a.Config.PublicURL, Queue: a.Sender(), Clock: a.Clock, Log: a.Log,
	}
}

// maxNotes of one message keeps it far below SQS's limit.
const maxNotes = 100

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{HTTP: d.receive}
}

// receive takes a signed batch of events. A refusal makes HubSpot send it again for a day, so only what is not HubSpot's is refused;
// events that we do not know are named in the log and answered with 200.
func (d Deps) receive(ctx context.Context, r entry.Request) (entry.Response, error) {
	if err := hubspot.VerifySignature(d.Secrets, r.Method, r.URI(d.PublicURL), r.Body, hubspot.HeadersFrom(r.Header.Get), d.Clock.Now()); err != nil {
		return refuse(401, "SIGNATURE", "The signature does not match this request.")
	}
	if r.Path == ChannelPath {
		return d.channel(ctx, r)
	}
	notes, skipped, err := contactsync.ParseWebhook(r.Body, d.AppID)
	if err != nil {
		return refuse(400, "BODY", "The body must be a JSON array of events.")
	}
	for _, s := range skipped {
		d.Log.Warn("webhook event skipped", logging.Kind(s.Reason+" "+known(s.Type)))
	}
	var portals []id.PortalID
	for p := range notes {
		portals = append(portals, p)
	}
	slices.Sort(portals)
	var out []queue.Message
	for _, p := range portals {
		for part := range slices.Chunk(notes[p], maxNotes) {
			b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: part})
			if err != nil {
				return entry.Response{}, err
			}
			out = append(out, queue.Message{Body: b})
		}
	}
	if len(out) > 0 {
		if err := d.Queue.Send(ctx, queue.HubspotEvents, out...); err != nil {
			return entry.Response{}, err // 500: HubSpot sends the batch again
		}
	}
	return entry.JSON(200, map[string]int{"accepted": len(out)})
}

// ChannelPath is where events of the custom channel come in. HubSpot knows the address from the channel's definition.
const ChannelPath = "/hubspot/channel"

// channel queues events of conversations, each conversation's after each other.
func (d Deps) channel(ctx context.Context, r entry.Request) (entry.Response, error) {
	notes, skipped, err := inbox.ParseWebhook(r.Body, d.AppID, d.Clock.Now().UnixMilli())
	if err != nil {
		return refuse(400, "BODY", "The body must be an event of a custom channel.")
	}
	if skipped > 0 {
		d.Log.Info("channel events skipped", logging.Count("events", skipped))
	}
	var out []queue.Message
	for _, n := range notes {
		m, err := n.Message("")
		if err != nil {
			return entry.Response{}, err
		}
		out = append(out, m)
	}
	if len(out) > 0 {
		if err := d.Queue.Send(ctx, queue.Inbox, out...); err != nil {
			return entry.Response{}, err
		}
	}
	return entry.JSON(200, map[string]int{"accepted": len(out)})
}

func refuse(status int, code, message string) (entry.Response, error) {
	return entry.JSON(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

// known keeps what a stranger wrote into a type field out of the log.
func known(t string) string {
	if len(t) > 40 {
		return "too long"
	}
	for _, c := range t {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' {
			return "malformed"
		}
	}
	return t
}
