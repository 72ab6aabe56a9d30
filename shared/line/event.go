package line

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lumo/shared/id"
)

// EventType is LINE's own word. Types that are not listed here are kept too: see Event.Known.
type EventType string

const (
	FollowEvent        EventType = "follow"
	UnfollowEvent      EventType = "unfollow"
	MessageEvent       EventType = "message"
	MessageEditedEvent EventType = "messageEdited" // groups only
	UnsendEvent        EventType = "unsend"
	PostbackEvent      EventType = "postback"
	JoinEvent          EventType = "join"
	LeaveEvent         EventType = "leave"
	MemberJoinedEvent  EventType = "memberJoined"
	MemberLeftEvent    EventType = "memberLeft"
	AccountLinkEvent   EventType = "accountLink"
)

// Source says where an event comes from.
type Source string

const (
	FromUser  Source = "user"
	FromGroup Source = "group"
	FromRoom  Source = "room"
)

// Event is one webhook event. Everything but Raw is what could be read; a detail pointer is nil when LINE left it out, as it may
// even for its own kind of event (a follow without "follow" exists).
type Event struct {
	Type EventType
	// ID is webhookEventId, the same in every redelivery. An event without one gets an ID made from its content.
	ID string
	// Timestamp is when it happened, also in redeliveries. Events arrive in any order; this is what orders them.
	Timestamp  time.Time
	Source     Source
	User       id.LineUserID // empty when unknown: in groups, and on a failed account link
	Group      string        // group or room id
	ReplyToken string        // once, within a minute
	Redelivery bool
	// Active is false while another module holds the chat: receive only.
	Active bool

	Follow   *Follow
	Message  *Message
	Unsend   *Unsend
	Postback *Postback
	Link     *Link

	// Problem says why the event could not be read whole; nil for unknown types. It goes with the failed item, never into a log.
	Problem error
	// Raw is the event as LINE sent it.
	Raw json.RawMessage
}

// Known tells whether the type is one of the constants above.
func (e Event) Known() bool {
	switch e.Type {
	case FollowEvent, UnfollowEvent, MessageEvent, MessageEditedEvent, UnsendEvent, PostbackEvent,
		JoinEvent, LeaveEvent, MemberJoinedEvent, MemberLeftEvent, AccountLinkEvent:
		return true
	}
	return false
}

// Follow: someone added or unblocked the account.
type Follow struct {
	Unblocked bool `json:"isUnblocked"` // LINE does not guarantee it
}

// Unsend: the user took a message back; every copy of it must go.
type Unsend struct {
	MessageID string `json:"messageId"`
}

// Postback: the user tapped a postback action of ours.
type Postback struct {
	Data   string            `json:"data"`
	Params map[string]string `json:"params"`
}

// Link: somebody went through the account link dialog. On a failed one nobody is named.
type Link struct {
	Result string `json:"result"` // ok, failed
	Nonce  string `json:"nonce"`
}

// MessageType is LINE's own word; others than these may come.
type MessageType string

const (
	TextMessage     MessageType = "text"
	ImageMessage    MessageType = "image"
	VideoMessage    MessageType = "video"
	AudioMessage    MessageType = "audio"
	FileMessage     MessageType = "file"
	LocationMessage MessageType = "location"
	StickerMessage  MessageType = "sticker"
)

// Message is what a user sent; which fields are set depends on Type.
type Message struct {
	ID              string           `json:"id"`
	Type            MessageType      `json:"type"`
	Text            string           `json:"text"` // text, and some stickers
	QuoteToken      string           `json:"quoteToken"`
	QuotedMessageID string           `json:"quotedMessageId"`
	MarkAsReadToken string           `json:"markAsReadToken"`
	PackageID       string           `json:"packageId"`
	StickerID       string           `json:"stickerId"`
	Keywords        []string         `json:"keywords"`
	FileName        string           `json:"fileName"`
	FileSize        int64            `json:"fileSize"`
	Duration        float64          `json:"duration"` // milliseconds
	Provider        *ContentProvider `json:"contentProvider"`
	ImageSet        *ImageSet        `json:"imageSet"`
	Title           string           `json:"title"`
	Address         string           `json:"address"`
	Latitude        float64          `json:"latitude"`
	Longitude       float64          `json:"longitude"`
}

// ContentProvider says where the file is: with LINE (Content fetches it) or at foreign addresses, which are not to be trusted.
type ContentProvider struct {
	Type        string `json:"type"` // line, external
	OriginalURL string `json:"originalContentUrl"`
	PreviewURL  string `json:"previewImageUrl"`
}

// ImageSet joins pictures that were sent at once; they arrive as single events in any order.
type ImageSet struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
	Total int    `json:"total"`
}

// ParseEvents reads a webhook body whose signature is verified. Each event is read by itself, so that one which is malformed or of a
// type made tomorrow never costs the others (LINE's SDK refuses the whole body). The error means that body is no webhook at all.
// No events is a connectivity check. destination is empty when it is no bot id.
func ParseEvents(body []byte) (events []Event, destination id.BotUserID, err error) {
	var w struct {
		Destination json.RawMessage   `json:"destination"`
		Events      []json.RawMessage `json:"events"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, "", errors.New("LINE webhook: the body is not a JSON object with an array of events")
	}
	var bot string
	if json.Unmarshal(w.Destination, &bot) == nil {
		destination, _ = id.ParseBotUser(bot) // empty if malformed
	}
	for _, raw := range w.Events {
		events = append(events, parseEvent(raw))
	}
	return events, destination, nil
}

// ParseEvent reads one event that was queued by itself.
func ParseEvent(raw []byte) Event { return parseEvent(raw) }

func parseEvent(raw json.RawMessage) Event {
	e := Event{Raw: bytes.Clone(raw)}
	fields := map[string]json.RawMessage{}
	r := fieldReader{fields: fields}
	if err := json.Unmarshal(raw, &fields); err != nil {
		r.problems = append(r.problems, errors.New("event is not a JSON object"))
	}
	r.read("type", &e.Type)
	r.read("webhookEventId", &e.ID)
	r.read("replyToken", &e.ReplyToken)
	r.source(&e)
	r.timestamp(&e)
	mode := "active"
	r.read("mode", &mode)
	e.Active = mode == "active"
	var delivery struct {
		Redelivery bool `json:"isRedelivery"`
	}
	r.read("deliveryContext", &delivery)
	e.Redelivery = delivery.Redelivery
	r.detail(&e)
	if e.ID == "" {
		sum := sha256.Sum256(raw)
		e.ID = "sha256-" + hex.EncodeToString(sum[:16])
		r.problems = append(r.problems, errors.New("no webhookEventId"))
	}
	if e.Type == "" {
		r.problems = append(r.problems, errors.New("no type"))
	}
	e.Problem = errors.Join(r.problems...)
	return e
}

// fieldReader reads field by field and goes on after a bad one. Its errors name fields, never values: those are personal.
type fieldReader struct {
	fields   map[string]json.RawMessage
	problems []error
}

func (r *fieldReader) read(name string, into any) (present bool) {
	raw, ok := r.fields[name]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		var wrong *json.UnmarshalTypeError
		where := name
		if errors.As(err, &wrong) && wrong.Field != "" {
			where += "." + wrong.Field
		}
		r.problems = append(r.problems, fmt.Errorf("%s is not of the expected kind", where))
	}
	return true
}

func (r *fieldReader) source(e *Event) {
	var s struct {
		Type    Source `json:"type"`
		UserID  string `json:"userId"`
		GroupID string `json:"groupId"`
		RoomID  string `json:"roomId"`
	}
	r.read("source", &s)
	e.Source, e.Group = s.Type, s.GroupID+s.RoomID
	if s.UserID == "" {
		return
	}
	u, err := id.ParseLineUser(s.UserID)
	if err != nil {
		r.problems = append(r.problems, errors.New("source.userId is malformed"))
	}
	e.User = u
}

// timestamp takes whole milliseconds, and also the float that a JSON library in between may make of them.
func (r *fieldReader) timestamp(e *Event) {
	var ms float64
	if r.read("timestamp", &ms) && ms > 0 && ms < 1<<53 {
		e.Timestamp = time.UnixMilli(int64(ms)).UTC()
		return
	}
	r.problems = append(r.problems, errors.New("no usable timestamp"))
}

func (r *fieldReader) detail(e *Event) {
	switch e.Type {
	case FollowEvent:
		e.Follow = read[Follow](r, "follow")
	case MessageEvent, MessageEditedEvent:
		if e.Message = read[Message](r, "message"); e.Message == nil {
			r.problems = append(r.problems, errors.New("no message"))
		}
	case UnsendEvent:
		e.Unsend = read[Unsend](r, "unsend")
	case PostbackEvent:
		e.Postback = read[Postback](r, "postback")
	case AccountLinkEvent:
		e.Link = read[Link](r, "link")
	}
}

// read returns what could be read of a field: json goes on after a member of the wrong type, and keeps the others.
func read[T any](r *fieldReader, name string) *T {
	var v T
	if !r.read(name, &v) {
		return nil
	}
	return &v
}
