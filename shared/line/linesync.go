package line

import (
	"cmp"
	"strings"

	"lumo/shared/linesync"
)

// SyncEvent turns an event into what the friend sync works with; false for events that concern no single friend (groups, unknown users), or whose time
// cannot be read, without which it has no place in the order.
func SyncEvent(e Event) (linesync.Event, bool) {
	if e.Source != FromUser || e.User == "" || e.Timestamp.IsZero() {
		return linesync.Event{}, false
	}
	out := linesync.Event{Kind: linesync.Other, User: e.User, At: e.Timestamp.UnixMilli()}
	switch {
	case e.Type == FollowEvent:
		out.Kind, out.Unblocked = linesync.Follow, e.Follow != nil && e.Follow.Unblocked
	case e.Type == UnfollowEvent:
		out.Kind = linesync.Unfollow
	case e.Type == MessageEvent && e.Message != nil:
		out.Kind, out.MessageID, out.Type, out.Text = linesync.Message, e.Message.ID, string(e.Message.Type), words(*e.Message)
	case e.Type == UnsendEvent && e.Unsend != nil:
		out.Kind, out.MessageID = linesync.Unsend, e.Unsend.MessageID
	}
	return out, true
}

// words are what a conversation shows of a message besides its kind. A sticker's picture may not be fetched; its keywords say what it means.
func words(m Message) string {
	switch m.Type {
	case StickerMessage:
		return cmp.Or(m.Text, strings.Join(m.Keywords[:min(len(m.Keywords), 5)], ", "))
	case FileMessage:
		return m.FileName
	case LocationMessage:
		return strings.TrimSpace(m.Title + " " + m.Address)
	}
	return m.Text
}
