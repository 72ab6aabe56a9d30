package line

import (
	"cmp"
	"encoding/json"

	"lumo/shared/inbox"
)

// InboxEvent turns a queued event into what conversations show; false for events that belong to no one-to-one chat, or whose time cannot be
// read.
func InboxEvent(raw json.RawMessage) (inbox.Event, bool) {
	e := ParseEvent(raw)
	if e.Source != FromUser || e.User == "" || e.Timestamp.IsZero() {
		return inbox.Event{}, false
	}
	out := inbox.Event{Kind: inbox.Sign, ID: e.ID, User: e.User, At: e.Timestamp.UnixMilli()}
	if e.Active {
		out.ReplyToken = e.ReplyToken
	}
	switch {
	case e.Type == MessageEvent && e.Message != nil && e.Message.ID != "":
		out.Kind, out.ID = inbox.Said, e.Message.ID
		out.Type, out.Text = string(e.Message.Type), words(*e.Message)
		contentOf(*e.Message, &out)
	case e.Type == UnsendEvent && e.Unsend != nil:
		out.Kind, out.ID = inbox.Unsent, e.Unsend.MessageID
	case e.Type == PostbackEvent && e.Postback != nil:
		out.Kind, out.Text = inbox.Tapped, inbox.PostbackLabel(e.Postback.Data)
	}
	return out, true
}

func contentOf(m Message, out *inbox.Event) {
	switch m.Type {
	case ImageMessage, VideoMessage, AudioMessage, FileMessage:
		out.File = &inbox.File{Name: m.FileName, Size: m.FileSize}
		if p := m.Provider; p != nil && p.Type == "external" {
			out.File.Foreign = cmp.Or(p.OriginalURL, p.PreviewURL)
		}
	case LocationMessage:
		out.Place = &inbox.Place{Title: m.Title, Address: m.Address, Latitude: m.Latitude, Longitude: m.Longitude}
	}
}
