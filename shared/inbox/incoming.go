package inbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Kind of an event of LINE that a conversation shows.
type Kind string

const (
	Said   Kind = "said"   // a message
	Tapped Kind = "tapped" // a postback
	Unsent Kind = "unsent" // a message was taken back
	Sign   Kind = "sign"   // nothing to show, but perhaps a reply token
)

// Event is one event of a one-to-one chat at LINE.
type Event struct {
	Kind       Kind
	ID         string // the event's, or the message's where there is one
	User       id.LineUserID
	At         int64 // Unix ms
	ReplyToken string

	Type string // of a message: text, image, ...
	Text string // what it says in words; a postback's label or data
	// File is set for messages with content.
	File *File
	// Place is set for locations.
	Place *Place
}

// File is content of a message: held by LINE, or, rarely, at a foreign address.
type File struct {
	Name    string
	Size    int64 // 0 when LINE does not tell
	Foreign string
}

// Place is a location.
type Place struct {
	Title, Address      string
	Latitude, Longitude float64
}

// Status of a message in HubSpot.
type Status string

const (
	StatusSent   Status = "SENT"
	StatusFailed Status = "FAILED"
)

// Message is one to publish in HubSpot.
type Message struct {
	Channel, Account string
	Incoming         bool
	Text             string
	At               time.Time
	Thread           string // our name of the conversation
	Key              string // the same in every repetition
	User             id.LineUserID
	UserName         string
	Bot              id.BotUserID
	BotName          string
	Contact          id.ContactID // 0: not linked
	Files            []string     // ids in HubSpot
	Place            *Place
}

// ThreadName is our name of a conversation. It holds the channel account, so that connecting again begins new threads.
func ThreadName(c Connection, u id.LineUserID) string {
	return "line:" + string(c.Bot) + ":" + string(u) + ":" + c.Account
}

// Incoming is what HubSpot shows of an event. Files are added by who has uploaded them; note is said where one could not be.
func Incoming(c Connection, e Event, f friend.Friend) Message {
	m := Message{
		Channel: c.Channel, Account: c.Account, Incoming: true, Text: Words(e), At: time.UnixMilli(e.At).UTC(), Thread: ThreadName(c, e.User),
		Key: "line:" + e.ID, User: e.User, UserName: f.Name, Bot: c.Bot, BotName: c.Name, Place: e.Place,
	}
	if f.Link.State != friend.Unlinked {
		m.Contact = f.Link.Contact
	}
	return m
}

// Words are the text of an event in HubSpot, never empty (P-86).
func Words(e Event) string {
	switch {
	case e.Kind == Tapped:
		return "[Tapped: " + cmp.Or(e.Text, "button") + "]"
	case e.Place != nil:
		where := strings.TrimSpace(e.Place.Title + "\n" + e.Place.Address)
		return strings.TrimSpace("[Location] " + where + "\n" + MapLink(*e.Place))
	case e.Type == "text":
		return cmp.Or(strings.TrimRight(e.Text, " \t\r\n"), "[Empty message]")
	case e.Type == "sticker":
		return strings.TrimSpace("[Sticker] " + e.Text)
	case e.Type == "file":
		return strings.TrimSpace("[File] " + e.Text)
	case e.Type == "image":
		return "[Photo]"
	case e.Type == "video":
		return "[Video]"
	case e.Type == "audio":
		return "[Voice message]"
	}
	return fmt.Sprintf("[%s]", cmp.Or(e.Type, "Message of a kind that Lumo does not know"))
}

// MapLink shows a place on a map.
func MapLink(p Place) string {
	at := strconv.FormatFloat(p.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(p.Longitude, 'f', -1, 64)
	return "https://www.google.com/maps/search/?" + url.Values{"api": {"1"}, "query": {at}}.Encode()
}

// label of a postback: the data of our own buttons may name it.
func PostbackLabel(data string) string {
	var named struct {
		Label string `json:"label"`
	}
	if json.Unmarshal([]byte(data), &named) == nil && named.Label != "" {
		return named.Label
	}
	if v, err := url.ParseQuery(data); err == nil && v.Get("label") != "" {
		return v.Get("label")
	}
	return data
}
