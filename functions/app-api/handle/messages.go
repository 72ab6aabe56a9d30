package handle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/message"
	"lumo/shared/work"
)

type messageView struct {
	ID            string            `json:"id"`
	Direction     message.Direction `json:"direction"`
	Type          string            `json:"type"`
	Text          string            `json:"text"`
	Image         *string           `json:"image"`
	Preview       *string           `json:"preview"`
	Unsent        bool              `json:"unsent"`
	At            int64             `json:"at"`
	Status        *string           `json:"status"`
	Code          *string           `json:"code"`
	Reason        *string           `json:"reason"`
	CorrelationID *string           `json:"correlationId"`
	By            *string           `json:"by"`
	Cost          *int              `json:"cost"`
	Retry         bool              `json:"retry"`
}

func messageViewOf(m message.Message, now time.Time, most int) messageView {
	v := messageView{
		ID: m.ID, Direction: m.Direction, Type: m.Type, Text: clip(m.Text, most), Image: some(m.Image), Preview: some(m.Preview), Unsent: m.Unsent, At: m.At,
		Status: some(m.Status), Code: some(m.Code), Reason: some(m.Reason), By: some(m.By), Retry: chat.Retryable(m, now),
	}
	if m.Status == message.Failed || m.Status == message.Unclear {
		v.CorrelationID = some(m.CorrelationID)
	}
	if m.Status == message.Sent {
		v.Cost = &m.Cost
	}
	return v
}

// getMessages pages through a friend's messages, newest first.
func getMessages(ctx context.Context, c *call) (any, error) {
	k, err := c.talk()
	if err != nil {
		return nil, err
	}
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.known(ctx, k); err != nil {
		return nil, err
	}
	ms, next, err := c.Messages.Last(ctx, c.portal(), k, after, limit)
	if err != nil {
		return nil, err
	}
	c.openable(ctx, k, ms)
	now := c.Clock.Now()
	return sized(func(most int) any {
		out := list[messageView]{Items: []messageView{}, Next: c.next(next)}
		for _, m := range ms {
			out.Items = append(out.Items, messageViewOf(m, now, most))
		}
		return out
	}), nil
}

// openable gives what the friend sent its address. A conversation without addresses is better than none, so trouble is only logged.
func (c *call) openable(ctx context.Context, k friend.Key, ms []message.Message) {
	if _, group := k.Group(); group {
		return
	}
	err := work.Each(ctx, 4, len(ms), func(ctx context.Context, i int) (err error) {
		if m := ms[i]; m.Direction == message.In && !m.Unsent && slices.Contains([]string{"image", "video", "audio", "file"}, m.Type) {
			ms[i].Image, err = c.Files.Address(ctx, c.portal(), k, m.ID)
		}
		return err
	})
	if err != nil {
		c.Log.Warn("files of a conversation have no address", "portal", c.portal().String(), "error", err.Error())
	}
}

type sendMessage struct {
	request
	Contact string     `json:"contact"`
	Text    *string    `json:"text"`
	Image   *sendImage `json:"image"`
}

type sendImage struct {
	URL     string `json:"url"`
	Preview string `json:"preview"`
}

type sentView struct {
	Message messageView `json:"message"`
}

// postMessage sends what a person wrote. Its requestId is the message's own id, so a repetition is answered with what became of the first.
func postMessage(ctx context.Context, c *call) (any, error) {
	in, err := read[sendMessage](c)
	if err != nil {
		return nil, err
	}
	k, err := c.talk()
	if err != nil {
		return nil, err
	}
	r := chat.Request{Friend: k, ID: in.RequestID, By: c.who}
	if r.ID == "" {
		return nil, invalid("requestId", "A message needs a request id.")
	}
	if in.Contact != "" {
		if r.Contact, err = id.ParseContact(in.Contact); err != nil {
			return nil, malformed("contact", err)
		}
	}
	switch {
	case (in.Text == nil) == (in.Image == nil):
		return nil, invalid("text", "A message is either a text or an image.")
	case in.Text != nil:
		r.Content = chat.OfText(*in.Text)
	default:
		r.Content = chat.OfImage(in.Image.URL, in.Image.Preview)
	}
	i, err := c.Chat.Send(ctx, c.portal(), r)
	return c.sent(i, err)
}

// postMessageRetry tries again what was not sent.
func postMessageRetry(ctx context.Context, c *call) (any, error) {
	k, err := c.talk()
	if err != nil {
		return nil, err
	}
	if _, err := read[request](c); err != nil {
		return nil, err
	}
	if !requestPattern.MatchString(c.params["message"]) {
		return nil, malformed("message", id.ErrMalformed)
	}
	i, err := c.Chat.Retry(ctx, c.portal(), k, c.params["message"])
	return c.sent(i, err)
}

func (c *call) sent(i chat.Intent, err error) (any, error) {
	var ps bubble.Problems
	if errors.As(err, &ps) {
		return nil, invalid(fieldOf(ps[0]), ps[0].Message)
	}
	if err != nil {
		return nil, err
	}
	now := c.Clock.Now()
	return sized(func(most int) any { return sentView{messageViewOf(i.Message, now, most)} }), nil
}

// fieldOf names the part of the request in which a bubble has a problem.
func fieldOf(p bubble.Problem) string {
	switch {
	case strings.HasSuffix(p.Place, ".previewUrl"):
		return "image.preview"
	case strings.HasSuffix(p.Place, ".url"):
		return "image.url"
	}
	return "text"
}
