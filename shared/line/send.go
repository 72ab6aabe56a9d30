package line

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"

	"lumo/shared/fault"
	"lumo/shared/id"
)

// Limits of one send.
const (
	MaxMessages   = 5
	MaxRecipients = 500
)

// Outgoing is what to send: 1 to MaxMessages message objects, passed on as they are (the SDK's own types lose Flex properties).
type Outgoing struct {
	Messages []json.RawMessage
	Silent   bool   // no notification on the phone
	Unit     string // custom aggregation unit, for statistics; not for replies
}

// Text is a text message object.
func Text(s string) json.RawMessage {
	b, _ := json.Marshal(map[string]string{"type": "text", "text": s}) // a map of strings always encodes
	return b
}

// Sent is LINE's acceptance. It says nothing about delivery: people who blocked the account get nothing, silently.
type Sent struct {
	RequestID string // of the request that was accepted, which may be an earlier one
	Messages  []SentMessage
	// Repeated: the retry key had been accepted before, so this call sent nothing.
	Repeated bool
}

// SentMessage identifies a sent message. Only push and reply tell.
type SentMessage struct {
	ID         string `json:"id"`
	QuoteToken string `json:"quoteToken"`
}

// sendBody fits push, multicast and reply; absent fields are left out, never null.
type sendBody struct {
	To         any               `json:"to,omitempty"`
	ReplyToken string            `json:"replyToken,omitempty"`
	Messages   []json.RawMessage `json:"messages"`
	Silent     bool              `json:"notificationDisabled,omitempty"`
	Units      []string          `json:"customAggregationUnits,omitempty"`
}

// Push sends to one user. The retry key must be stored, or derivable, before the call: after an Unknown outcome repeat with the
// same key and the same content within 24 hours. A repeat of an accepted send succeeds with Sent.Repeated.
func (c *ChannelClient) Push(ctx context.Context, retryKey string, to id.LineUserID, o Outgoing) (Sent, error) {
	if err := checkUser(to); err != nil {
		return Sent{}, err
	}
	if err := c.state.push.wait(ctx, c.client.clock); err != nil {
		return Sent{}, notSent(err)
	}
	return c.keyed(ctx, "/v2/bot/message/push", retryKey, sendBody{To: to}, o)
}

// BulkPush is Push at the pace of broadcasts, which leaves room for what people write at the same time.
func (c *ChannelClient) BulkPush(ctx context.Context, retryKey string, to id.LineUserID, o Outgoing) (Sent, error) {
	if err := checkUser(to); err != nil {
		return Sent{}, err
	}
	if err := c.state.bulk.wait(ctx, c.client.clock); err != nil {
		return Sent{}, notSent(err)
	}
	return c.keyed(ctx, "/v2/bot/message/push", retryKey, sendBody{To: to}, o)
}

// Validate asks LINE whether it would take the messages in a push or multicast; nothing is sent. Invalid carries LINE's reasons.
func (c *ChannelClient) Validate(ctx context.Context, messages []json.RawMessage) error {
	_, err := c.send(ctx, "/v2/bot/message/validate/push", "", sendBody{}, Outgoing{Messages: messages})
	return err
}

// Multicast sends the same to up to MaxRecipients users, all or nothing; keys as with Push.
func (c *ChannelClient) Multicast(ctx context.Context, retryKey string, to []id.LineUserID, o Outgoing) (Sent, error) {
	if len(to) == 0 || len(to) > MaxRecipients {
		return Sent{}, refusedHere(fmt.Sprintf("A multicast takes 1 to %d users.", MaxRecipients), nil)
	}
	for _, u := range to {
		if err := checkUser(u); err != nil {
			return Sent{}, err
		}
	}
	if err := c.state.multicast.wait(ctx, c.client.clock); err != nil {
		return Sent{}, notSent(err)
	}
	return c.keyed(ctx, "/v2/bot/message/multicast", retryKey, sendBody{To: to}, o)
}

var retryKeyPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (c *ChannelClient) keyed(ctx context.Context, path, key string, b sendBody, o Outgoing) (Sent, error) {
	if !retryKeyPattern.MatchString(key) {
		return Sent{}, refusedHere("A send needs a UUID as its retry key.", nil)
	}
	if o.Unit != "" {
		b.Units = []string{o.Unit}
	}
	return c.send(ctx, path, key, b, o)
}

// Reply answers an event, free of quota, within about a minute of it and once. LINE takes no retry key here: repeat an Unknown outcome
// only with the same token while that is certainly still valid, and then read CodeReplyToken as "was accepted".
func (c *ChannelClient) Reply(ctx context.Context, replyToken string, o Outgoing) (Sent, error) {
	if replyToken == "" || o.Unit != "" {
		return Sent{}, refusedHere("A reply needs a reply token and takes no aggregation unit.", nil)
	}
	return c.send(ctx, "/v2/bot/message/reply", "", sendBody{ReplyToken: replyToken}, o)
}

func (c *ChannelClient) send(ctx context.Context, path, key string, b sendBody, o Outgoing) (Sent, error) {
	if len(o.Messages) == 0 || len(o.Messages) > MaxMessages {
		return Sent{}, refusedHere(fmt.Sprintf("A send takes 1 to %d messages.", MaxMessages), nil)
	}
	b.Messages, b.Silent = o.Messages, o.Silent
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b); err != nil {
		return Sent{}, refusedHere("A message is not JSON.", err)
	}
	return authorized(ctx, c, func(token string) (Sent, error) {
		r, err := c.client.do(ctx, request{
			method: http.MethodPost, url: c.client.api + path, token: token, retryKey: key,
			contentType: "application/json", body: bytes.NewReader(body.Bytes()),
		})
		if err != nil {
			return Sent{}, err
		}
		return accepted(r)
	})
}

// accepted reads the answer to a send. Any 2xx counts, even one that cannot be read: the messages are out.
func accepted(r reply) (Sent, error) {
	s := Sent{RequestID: r.header.Get(headerRequest)}
	if r.status/100 != 2 {
		f := interpret(r)
		if f.Class != fault.Exists {
			return Sent{}, f
		}
		s = Sent{RequestID: f.CorrelationID, Repeated: true}
	}
	var body struct {
		SentMessages []SentMessage `json:"sentMessages"`
	}
	if err := json.Unmarshal(r.body, &body); err == nil {
		s.Messages = body.SentMessages
	}
	return s, nil
}
