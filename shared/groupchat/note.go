package groupchat

import (
	"encoding/json"

	"lumo/shared/id"
	"lumo/shared/queue"
)

// Note is one event of a group on its way, in the order of its group; without an event it asks for a look at LINE.
type Note struct {
	Portal id.PortalID     `json:"portal"`
	Slot   id.Slot         `json:"slot"`
	Group  id.GroupID      `json:"group"`
	ID     string          `json:"id"` // of the event; the same in every delivery
	Line   json.RawMessage `json:"line,omitempty"`
}

// NoteOf reads a queued body; false when it is about something else.
func NoteOf(body []byte) (Note, bool) {
	var n Note
	err := json.Unmarshal(body, &n)
	return n, err == nil && n.Group != "" && n.Portal > 0
}

// Message puts the note behind all earlier ones of its group. attempt tells a repetition by hand from a doubled delivery.
func (n Note) Message(attempt string) (queue.Message, error) {
	b, err := json.Marshal(n)
	if err != nil {
		return queue.Message{}, err
	}
	return queue.Message{Body: b, Group: n.Portal.String() + "/" + n.Slot.String() + "/" + string(n.Group), Dedup: dedup(n.ID + attempt)}, nil
}

// dedup keeps to what SQS takes.
func dedup(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c <= ' ' || c > '~' {
			out[i] = '_'
		}
	}
	return string(out[:min(len(out), 128)])
}
