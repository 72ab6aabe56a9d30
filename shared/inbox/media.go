package inbox

import (
	"context"
	"io"

	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// Content opens files that users sent. Close Body.
type Content interface {
	Open(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (Held, error)
}

// Held is a file at LINE.
type Held struct {
	Body io.ReadCloser
	Type string
	Size int64 // -1 when LINE does not say
}

// Upload is a file for HubSpot.
type Upload struct {
	Name, Folder, Type string
	Body               []byte
}

// Signed is where a file of HubSpot's can be fetched for a while.
type Signed struct {
	URL, Name, Extension string
	Size                 int64
}

// attach brings a file over.
func (r *Relay) attach(context.Context, id.PortalID, Connection, Event, *Message) error { return nil }

// parts are what LINE gets of an agent's message; refusal says why it gets nothing.
func (r *Relay) parts(_ context.Context, _ id.PortalID, a answer) (out []chat.Content, refusal string, err error) {
	for _, s := range split(a.Text) {
		out = append(out, chat.OfText(s))
	}
	if len(a.Attachments) > 0 {
		return nil, "Lumo cannot send attachments to LINE yet.", nil
	}
	if len(out) == 0 {
		return nil, "The message is empty.", nil
	}
	return out, "", nil
}
