package inbox

import (
	"encoding/json"
	"strings"

	"lumo/shared/id"
	"lumo/shared/queue"
)

// Note is what travels through the queue: one event of one conversation, in the order of the conversation. Exactly one of LINE, HubSpot and
// Written is set.
type Note struct {
	Portal id.PortalID `json:"portal"`
	// Account is the HubSpot channel account, User the LINE user; together they are the conversation. Events of an account itself have no user.
	Account string        `json:"account"`
	User    id.LineUserID `json:"user,omitempty"`
	ID      string        `json:"id"` // of the event; the same in every delivery
	At      int64         `json:"at"` // when we received it, Unix ms

	Slot    id.Slot         `json:"slot,omitempty"`    // with LINE and Written
	Line    json.RawMessage `json:"line,omitempty"`    // LINE's event
	HubSpot json.RawMessage `json:"hubspot,omitempty"` // HubSpot's event
	Written string          `json:"written,omitempty"` // id of a message that somebody wrote in Lumo and LINE has
}

// Message puts the note in line behind all earlier ones of its conversation. attempt tells a repetition by hand from a doubled delivery.
func (n Note) Message(attempt string) (queue.Message, error) {
	b, err := json.Marshal(n)
	if err != nil {
		return queue.Message{}, err
	}
	return queue.Message{Body: b, Group: label(n.Portal.String() + "/" + n.Account + "/" + string(n.User)), Dedup: label(n.ID + attempt)}, nil
}

// label keeps to what SQS takes as an id; what others have named may hold anything.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	return s[:min(len(s), 128)]
}
