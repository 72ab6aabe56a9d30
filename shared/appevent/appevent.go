// Package appevent says what happened between a person and a LINE account, for the timeline of the person's contact in HubSpot (P-110). HubSpot
// takes such events from apps that it approved; everybody else has the same facts in the contact's LINE properties, from which they are made.
package appevent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
)

// Type is the uid of an event's metafile (hubspot-app/app-events), so it never changes.
type Type string

const (
	Sent     Type = "lumo_line_message_sent"
	Opened   Type = "lumo_line_message_opened"
	Clicked  Type = "lumo_line_message_clicked"
	Followed Type = "lumo_line_account_followed"
	Blocked  Type = "lumo_line_account_blocked"
	Linked   Type = "lumo_line_identity_linked"
)

// Types lists them.
func Types() []Type { return []Type{Sent, Opened, Clicked, Followed, Blocked, Linked} }

// Scope is what a portal must have granted.
const Scope = "timeline"

// Names of properties of events.
const (
	Account   = "account"
	Broadcast = "broadcast"
	Method    = "method"
)

// Properties lists what events of a type hold.
func (t Type) Properties() []string {
	switch t {
	case Sent:
		return []string{Account, Broadcast}
	case Linked:
		return []string{Account, Method}
	}
	return []string{Account}
}

// Event is one line of a contact's timeline. HubSpot takes each ID once.
type Event struct {
	Type       Type
	ID         string
	Contact    id.ContactID
	Slot       id.Slot
	At         int64 // Unix ms
	Properties map[string]string
}

// Of tells what HubSpot learns of a linked friend by the LINE properties that were just written to the contact. The same fact makes the same
// event, however often it is written.
func Of(p id.PortalID, f friend.Friend, written func(lineproperty.Key) (value string, ok bool)) []Event {
	var out []Event
	add := func(t Type, key lineproperty.Key, at int64, more map[string]string) {
		if v, ok := written(key); !ok || v == "" || at == 0 {
			return
		}
		sum := sha256.Sum256(fmt.Appendf(nil, "%s|%d|%d|%d|%s|%d", t, p, f.Link.Contact, f.Slot, f.User, at))
		e := Event{Type: t, ID: hex.EncodeToString(sum[:16]), Contact: f.Link.Contact, Slot: f.Slot, At: at, Properties: map[string]string{}}
		for name, v := range more {
			e.Properties[name] = v
		}
		out = append(out, e)
	}
	switch f.Follow {
	case friend.Following:
		add(Followed, lineproperty.FollowStatus, f.FollowAt, nil)
	case friend.Blocked:
		add(Blocked, lineproperty.FollowStatus, f.FollowAt, nil)
	}
	add(Sent, lineproperty.BroadcastDate, f.LastCastAt, map[string]string{Broadcast: f.LastCast})
	add(Opened, lineproperty.OpenDate, f.LastOpen, nil)
	add(Clicked, lineproperty.ClickDate, f.LastClick, nil)
	add(Linked, lineproperty.LinkedDate, f.Link.At, map[string]string{Method: string(f.Link.Method)})
	return out
}
