package linesandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// object is a JSON object under construction.
type object map[string]any

// put leaves an empty property out, as LINE does (Messaging API reference: Webhook event objects).
func (o object) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// outEvent is a webhook event on its way. The body is kept without its delivery context, which changes.
type outEvent struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	User       string          `json:"user"`
	Happened   time.Time       `json:"happened"`
	Body       json.RawMessage `json:"body"`
	ReplyToken string          `json:"replyToken,omitempty"`
	Due        time.Time       `json:"due"`
	Failures   int             `json:"failures,omitempty"`
	Redelivery bool            `json:"redelivery,omitempty"`
	Copy       bool            `json:"copy,omitempty"` // an injected duplicate: never redelivered itself
}

func (s *Server) emitFollow(c *channel, r *relation, unblocked bool) {
	detail := object{"follow": object{"isUnblocked": unblocked}}
	if s.chance(c.Settings.BareFollow) {
		detail = nil // two examples of LINE's guide show a follow event without its object (LINE docs: Get user IDs)
	}
	s.emit(c, r, "follow", detail, true)
}

// emit puts an event of a person into the channel's outbox.
func (s *Server) emit(c *channel, r *relation, kind string, detail object, replyable bool) {
	now := s.now()
	at := max(now.UnixMilli(), r.LastEvent+1) // a person cannot do two things in the same millisecond
	r.LastEvent = at
	body := object{
		"type": kind, "mode": "active", "timestamp": at,
		"source": object{"type": "user", "userId": lineUserID(c.Provider, r.User)},
	}
	maps.Copy(body, detail)
	e := &outEvent{Type: kind, User: r.User, Happened: time.UnixMilli(at).UTC()}
	if replyable {
		e.ReplyToken = s.hex(32)
		body["replyToken"] = e.ReplyToken
	}
	s.send(c, e, body)
	if s.chance(c.Settings.UnknownEvents) {
		s.send(c, &outEvent{Type: "sandboxNews", User: r.User, Happened: e.Happened}, object{
			"type": "sandboxNews", "mode": "active", "timestamp": at, "source": body["source"], "sandboxNews": object{"level": 3},
		})
	}
}

// send stamps an event, remembers it for redelivery on demand, and schedules it.
func (s *Server) send(c *channel, e *outEvent, body object) {
	if !c.UseWebhook || s.webhookURL(c) == "" {
		return // LINE keeps nothing for an account that does not listen
	}
	e.ID = s.ulid(e.Happened)
	body["webhookEventId"] = e.ID
	raw, err := json.Marshal(body)
	if err != nil {
		s.cfg.Log.Error("event not encoded", "channel", c.ID, "type", e.Type, "error", err)
		return
	}
	e.Body = raw
	set := c.Settings
	e.Due = s.now().Add(set.delay(s.rnd))
	c.Events = keepLast(append(c.Events, e), 2000)
	c.Waiting = append(c.Waiting, e)
	if s.chance(set.Duplicate) {
		twin := *e
		twin.Copy, twin.Due = true, e.Due.Add(set.delay(s.rnd)+time.Duration(s.rnd.IntN(1000))*time.Millisecond)
		c.Waiting = append(c.Waiting, &twin)
	}
	s.arm(c)
}

func keepLast[T any](list []T, n int) []T {
	if len(list) <= 2*n {
		return list
	}
	return slices.Clone(list[len(list)-n:])
}

func (s *Server) chance(p float64) bool { return p > 0 && s.rnd.Float64() < p }

// envelope renders one webhook body: compact, properties in any order, sometimes one that nobody knows (Messaging API reference: Webhooks).
func (s *Server) envelope(c *channel, events []*outEvent) ([]byte, error) {
	list := make([]any, len(events))
	for i, e := range events {
		d := json.NewDecoder(bytes.NewReader(e.Body))
		d.UseNumber()
		var body map[string]any
		if err := d.Decode(&body); err != nil {
			return nil, fmt.Errorf("decode stored event %s: %w", e.ID, err)
		}
		body["deliveryContext"] = map[string]any{"isRedelivery": e.Redelivery}
		if s.chance(c.Settings.UnknownProperties) {
			body["sandboxFuture"] = map[string]any{"since": "2027-01-01", "list": []any{json.Number("1"), "二"}}
		}
		list[i] = body
	}
	var out bytes.Buffer
	if err := s.scramble(&out, map[string]any{"destination": c.BotUserID, "events": list}, !c.Settings.SortedProperties); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (s *Server) scramble(out *bytes.Buffer, v any, shuffle bool) error {
	switch v := v.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if shuffle {
			s.rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		}
		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(strconv.Quote(name))
			out.WriteByte(':')
			if err := s.scramble(out, v[name], shuffle); err != nil {
				return err
			}
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := s.scramble(out, item, shuffle); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	default:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("encode event value: %w", err)
		}
		out.Truncate(out.Len() - 1) // the encoder's line end
	}
	return nil
}
