package inbox

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"

	"lumo/shared/bubble"
	"lumo/shared/chat"
	"lumo/shared/id"
	"lumo/shared/message"
)

// Types of HubSpot's channel events.
const (
	typeMessage = "OUTGOING_CHANNEL_MESSAGE_CREATED"
	typeCreated = "CHANNEL_ACCOUNT_CREATED"
	typeUpdated = "CHANNEL_ACCOUNT_UPDATED"
	typePurged  = "CHANNEL_ACCOUNT_PURGED"
)

// number is an id that comes as a string or as a number.
type number string

func (n *number) UnmarshalJSON(b []byte) error {
	*n = number(strings.Trim(string(b), `"`))
	if *n == "null" {
		*n = ""
	}
	return nil
}

// webhook is one event of HubSpot's; fields of all types together.
type webhook struct {
	Type       string     `json:"type"`
	Portal     number     `json:"portalId"`
	Channel    number     `json:"channelId"`
	Event      number     `json:"eventId"`
	Account    number     `json:"channelAccountId"`
	Identifier identifier `json:"channelAccountDeliveryIdentifier"`
	Authorized *bool      `json:"authorized"`
	Message    *answer    `json:"message"`
}

type identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// answer is a message that somebody sent from HubSpot.
type answer struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Account number `json:"channelAccountId"`
	Thread  number `json:"conversationsThreadId"`
	Client  struct {
		App int64 `json:"integrationAppId"`
	} `json:"client"`
	Senders []struct {
		Actor string `json:"actorId"`
	} `json:"senders"`
	Recipients []struct {
		Identifier identifier `json:"deliveryIdentifier"`
	} `json:"recipients"`
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments"`
	Direction   string       `json:"direction"`
}

type attachment struct {
	Type string `json:"type"`
	File number `json:"fileId"`
	Name string `json:"name"`
}

// ErrBody: that is no webhook of a channel.
var ErrBody = errors.New("the body is no channel event")

// ParseWebhook makes notes of a verified body: one event, or several. appID is ours: what the app published itself is skipped, as are events
// of types that are not known. skipped counts them.
func ParseWebhook(body []byte, appID, at int64) (notes []Note, skipped int, err error) {
	var raws []json.RawMessage
	if json.Unmarshal(body, &raws) != nil {
		raws = []json.RawMessage{body}
	}
	for _, raw := range raws {
		var w webhook
		if err := json.Unmarshal(raw, &w); err != nil {
			return nil, 0, ErrBody
		}
		n, ok := w.note(appID)
		if !ok {
			skipped++
			continue
		}
		n.HubSpot, n.At = raw, at
		notes = append(notes, n)
	}
	return notes, skipped, nil
}

func (w webhook) note(appID int64) (Note, bool) {
	p, err := id.ParsePortal(string(w.Portal))
	if err != nil {
		return Note{}, false
	}
	switch {
	case w.Type == typeMessage && w.Message != nil:
		m := *w.Message
		if m.ID == "" || m.Client.App == appID || m.Type != "" && m.Type != "MESSAGE" || m.Direction == "INCOMING" || len(m.Recipients) == 0 {
			return Note{}, false
		}
		u, err := id.ParseLineUser(m.Recipients[0].Identifier.Value)
		return Note{Portal: p, Account: string(m.Account), User: u, ID: "message " + m.ID}, err == nil && m.Account != ""
	case (w.Type == typeCreated || w.Type == typeUpdated || w.Type == typePurged) && w.Account != "":
		return Note{Portal: p, Account: string(w.Account), ID: w.Type + " " + string(w.Account) + " " + string(w.Event)}, true
	}
	return Note{}, false
}

// user is the HubSpot user who wrote it, 0 when it is nobody's.
func (a answer) user() int64 {
	for _, s := range a.Senders {
		if n, ok := strings.CutPrefix(s.Actor, "A-"); ok {
			u, _ := strconv.ParseInt(n, 10, 64)
			return u
		}
	}
	return 0
}

// maxText of one LINE text, in UTF-16 units, with slack for emoji that LINE counts as words.
const maxText = 4900

// split cuts a long text where a line or a word ends, if one does.
func split(s string) []string {
	var out []string
	for {
		s = strings.TrimSpace(s)
		if len(utf16.Encode([]rune(s))) <= maxText {
			break
		}
		cut, units := 0, 0
		for i, r := range s {
			if units += utf16.RuneLen(r); units > maxText {
				cut = i
				break
			}
		}
		if i := strings.LastIndexAny(s[:cut], "\n "); i > cut/2 {
			cut = i
		}
		out, s = append(out, s[:cut]), s[cut:]
	}
	if s != "" {
		out = append(out, s)
	}
	return out
}

// maxObjects of one send at LINE.
const maxObjects = 5

// sends packs contents into as few sends as LINE takes.
func sends(parts []chat.Content) []chat.Content {
	var out []chat.Content
	for len(parts) > 0 {
		n := min(len(parts), maxObjects)
		first := parts[0]
		first.Rest = parts[1:n:n]
		out, parts = append(out, first), parts[n:]
	}
	return out
}

// reasons are what an agent reads in the thread about a message that did not reach the friend.
var reasons = map[string]string{
	chat.CodeBlocked:     "The friend has blocked this LINE account.",
	chat.CodeUnverified:  "LINE has not confirmed this LINE User ID, so nothing may be sent to it.",
	chat.CodeAccount:     "The LINE account is disconnected from Lumo.",
	chat.CodeNoFriend:    "Lumo does not know this LINE friend.",
	chat.CodeStopped:     "Lumo is disconnected from HubSpot.",
	chat.CodeKeyOver:     "LINE did not say whether it delivered this message. Ask the friend before you send it again.",
	chat.CodeQuota:       "The LINE account's messages of this month are used up.",
	chat.CodeRecipient:   "LINE does not know this friend.",
	chat.CodeCredentials: "LINE refuses the account's credentials. Reconnect the LINE account in Lumo.",
	chat.CodeUnavailable: "LINE did not answer in time. The message was not sent.",
	chat.CodeInternal:    "Lumo could not send this message. Try again.",
}

// reasonOf says why a message did not reach the friend.
func reasonOf(m message.Message) string {
	if s := reasons[m.Code]; s != "" {
		return s
	}
	if m.Reason != "" {
		return "LINE refused this message: " + m.Reason
	}
	return "LINE refused this message."
}

// reasonOfRefusal is reasonOf for what was refused before LINE was asked; "" when err is no refusal.
func reasonOfRefusal(err error) string {
	for _, r := range []struct {
		err  error
		code string
	}{
		{chat.ErrBlocked, chat.CodeBlocked}, {chat.ErrUnverified, chat.CodeUnverified}, {chat.ErrAccount, chat.CodeAccount}, {chat.ErrNoFriend, chat.CodeNoFriend},
	} {
		if errors.Is(err, r.err) {
			return reasons[r.code]
		}
	}
	var ps bubble.Problems
	if errors.As(err, &ps) {
		return "LINE cannot show this message."
	}
	return ""
}
