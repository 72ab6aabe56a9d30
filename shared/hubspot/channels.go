package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"lumo/shared/pace"
)

// Custom channels: messages of a channel of the app's own in the portal's conversations inbox.

// Identifier names one end of a channel. Ours are LINE's ids, which mean nothing to HubSpot.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Opaque is an identifier that only the channel understands.
func Opaque(value string) Identifier { return Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", value} }

// ChannelAccount joins an inbox with one account of the channel.
type ChannelAccount struct {
	ID         string     `json:"id"`
	Channel    string     `json:"channelId"`
	Inbox      string     `json:"inboxId"`
	Name       string     `json:"name"`
	Identifier Identifier `json:"deliveryIdentifier"`
	Active     bool       `json:"active"`
	Authorized bool       `json:"authorized"`
	Archived   bool       `json:"archived"`
}

// Staged is a connection that a user has begun in HubSpot's settings.
type Staged struct {
	Inbox int64 `json:"inboxId"`
	User  int64 `json:"userId"`
}

func channelPath(channel string) string {
	return "/conversations/custom-channels/{V}/" + pathPart(channel)
}

// CompleteConnection says which account the connection is for. fault.Exists: that account is connected already; fault.NotFound: the token
// is used or too old, or the channel is not this app's.
func (p *Portal) CompleteConnection(ctx context.Context, channel, token, name string, i Identifier) (Staged, error) {
	q := p.request(ctx, http.MethodPatch, channelPath(channel)+"/channel-account-staging-tokens/"+pathPart(token))
	q.body, q.priority = jsonBody(map[string]any{"accountName": name, "deliveryIdentifier": i}), pace.Interactive
	var out Staged
	return out, p.c.fetch(ctx, q, &out)
}

// ChannelAccounts lists the portal's accounts of a channel with this identifier.
func (p *Portal) ChannelAccounts(ctx context.Context, channel, identifier string) ([]ChannelAccount, error) {
	q := p.request(ctx, http.MethodGet, channelPath(channel)+"/channel-accounts")
	q.query = url.Values{"deliveryIdentifierType": {"CHANNEL_SPECIFIC_OPAQUE_ID"}, "deliveryIdentifierValue": {identifier}}
	var b struct {
		Results []ChannelAccount `json:"results"`
	}
	return b.Results, p.c.fetch(ctx, q, &b)
}

// AuthorizeAccount tells HubSpot whether the account works; without it agents are shown that it must be connected again.
func (p *Portal) AuthorizeAccount(ctx context.Context, channel, account string, works bool) error {
	q := p.request(ctx, http.MethodPatch, channelPath(channel)+"/channel-accounts/"+pathPart(account))
	q.body = jsonBody(map[string]any{"authorized": works})
	return p.c.fetch(ctx, q, nil)
}

// ChannelParticipant is one end of a message.
type ChannelParticipant struct {
	Identifier Identifier `json:"deliveryIdentifier"`
	Name       string     `json:"name,omitempty"`
}

// ChannelMessage to publish.
type ChannelMessage struct {
	Account     string               `json:"channelAccountId"`
	Direction   string               `json:"messageDirection"` // INCOMING, OUTGOING
	Text        string               `json:"text"`             // never empty
	Timestamp   string               `json:"timestamp"`        // RFC 3339
	Senders     []ChannelParticipant `json:"senders"`
	Recipients  []ChannelParticipant `json:"recipients"`
	Attachments []any                `json:"attachments"`
	Thread      string               `json:"integrationThreadId"`
	// Key makes a repetition harmless.
	Key     string `json:"integrationIdempotencyId"`
	Contact int64  `json:"associateWithContactId,omitempty"`
}

// FileAttachment is a file of the portal's. Its usage is left out: HubSpot has refused some values.
type FileAttachment struct {
	Type string `json:"type"` // FILE
	File string `json:"fileId"`
}

// LocationAttachment is a place.
type LocationAttachment struct {
	Type      string  `json:"type"` // LOCATION
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	URL       string  `json:"url,omitempty"`
}

// PublishedMessage is HubSpot's own name of a message.
type PublishedMessage struct {
	ID     string `json:"id"`
	Thread string `json:"conversationsThreadId"`
}

// PublishMessage shows a message in the inbox. It may be repeated: HubSpot knows messages by their key.
func (p *Portal) PublishMessage(ctx context.Context, channel string, m ChannelMessage) (PublishedMessage, error) {
	q := p.request(ctx, http.MethodPost, channelPath(channel)+"/messages")
	if m.Attachments == nil {
		m.Attachments = []any{}
	}
	q.body, q.priority = jsonBody(m), max(q.priority, pace.Event)
	var out PublishedMessage
	return out, p.c.fetch(ctx, q, &out)
}

// SetMessageStatus tells what became of an agent's message: SENT, or FAILED with a sentence for the agent.
func (p *Portal) SetMessageStatus(ctx context.Context, channel, message, status, reason string) error {
	q := p.request(ctx, http.MethodPatch, channelPath(channel)+"/messages/"+pathPart(message))
	b := map[string]any{"statusType": status}
	if reason != "" {
		b["errorMessage"] = reason
	}
	q.body, q.priority = jsonBody(b), max(q.priority, pace.Event)
	return p.c.fetch(ctx, q, nil)
}

// CommentOnThread leaves a note that only HubSpot's users see.
func (p *Portal) CommentOnThread(ctx context.Context, thread, text string) error {
	q := p.request(ctx, http.MethodPost, "/conversations/conversations/{V}/threads/"+pathPart(thread)+"/messages")
	q.body, q.once = jsonBody(map[string]any{"type": "COMMENT", "text": text, "attachments": []any{}}), true
	return p.c.fetch(ctx, q, nil)
}

// Channel is the app's definition of a custom channel.
type Channel struct {
	ID           string          `json:"id,omitempty"`
	Name         string          `json:"name"`
	Webhook      string          `json:"webhookUrl"`
	Redirect     string          `json:"channelAccountConnectionRedirectUrl"`
	Description  string          `json:"channelDescription,omitempty"`
	Logo         string          `json:"channelLogoUrl,omitempty"`
	Capabilities json.RawMessage `json:"capabilities"`
}

// Channels is the channels API of the app itself, which takes the key of the developer account that owns it.
type Channels struct {
	Client *Client
	Key    string
}

func (a Channels) request(method, path string, body any) *call {
	q := &call{method: method, path: "/conversations/custom-channels/{V}" + path, auth: noToken}
	q.query = url.Values{"hapikey": {a.Key}, "appId": {strconv.FormatInt(a.Client.cfg.AppID, 10)}}
	if body != nil {
		q.body = jsonBody(body)
	}
	return q
}

// List returns the app's channels.
func (a Channels) List(ctx context.Context) ([]Channel, error) {
	var b struct {
		Results []Channel `json:"results"`
	}
	return b.Results, a.Client.fetch(ctx, a.request(http.MethodGet, "", nil), &b)
}

// Ensure makes the app's one channel what c says, and returns its id. HubSpot allows about ten channels for an app; there is never a second.
func (a Channels) Ensure(ctx context.Context, c Channel) (string, error) {
	all, err := a.List(ctx)
	if err != nil {
		return "", err
	}
	if len(all) > 1 {
		return "", errors.New("the app has more than one custom channel in HubSpot; delete all but one")
	}
	var out Channel
	if len(all) == 1 {
		id := all[0].ID
		return id, a.Client.fetch(ctx, a.request(http.MethodPatch, "/"+pathPart(id), c), &out)
	}
	q := a.request(http.MethodPost, "", c)
	q.once = true
	err = a.Client.fetch(ctx, q, &out)
	return out.ID, err
}
