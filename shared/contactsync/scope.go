// Package contactsync keeps linked contacts and friends equal, field by field: what a look at a contact makes of a friend (Observe),
// what HubSpot must still learn (Pending, Flush), and the services that apply events and write back in batches. The path of one value:
// handler -> Events -> Applier -> Observe -> store -> outbox -> Flusher -> HubSpot.
package contactsync

import (
	"slices"
	"strings"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
)

// Scope is what a portal's sync works with; it is loaded once for a step.
type Scope struct {
	Portal   id.PortalID
	Mappings mapping.Set
	// Names are the writable LINE properties by slot, of connected and leaving accounts.
	Names map[id.Slot]Names
	// Channels tell which account a slot belongs to.
	Slots []id.Slot
	// Leaving are slots of disconnected accounts: nothing is read for them any more, what HubSpot must still learn is written.
	Leaving []id.Slot
	// TagsBack are the tags in use, by slot, where people may edit tags in HubSpot (P-46), since TagsSince; nil where they may not.
	TagsBack  map[id.Slot]map[string]bool
	TagsSince int64
	// WriteBack says whether HubSpot may be written to (P-64).
	WriteBack portal.WriteBack
	HeldAt    int64 // since when it may not, Unix ms
	// LinkByID is method C: a LINE User ID found in HubSpot links (P-26).
	LinkByID bool
	// Policy says which friends without a contact get one (P-29); with NameFromLine it has their LINE name (P-30).
	Policy       portal.ContactPolicy
	NameFromLine bool
}

// Names are one slot's LINE properties.
type Names map[lineproperty.Key]Property

// Property is a LINE property as it is in this portal.
type Property struct {
	Name            string
	Type, FieldType string
}

func (p Property) canon() register.Canon {
	return mapping.Canonical(mapping.Mapping{Type: p.Type, FieldType: p.FieldType})
}

// NamesOf resolves a slot's property set; properties that may not be written are left out.
func NamesOf(set lineproperty.Set, s id.Slot) Names {
	out := Names{}
	for _, d := range lineproperty.ForSlot(s, "") {
		if name, ok := set.Name(d.Key); ok {
			out[d.Key] = Property{Name: name, Type: d.Type, FieldType: d.FieldType}
		}
	}
	return out
}

// UserIDProperties are the names under which contacts hold LINE User IDs, by slot.
func (s Scope) UserIDProperties() map[id.Slot]string {
	out := map[id.Slot]string{}
	for slot, names := range s.Names {
		if p, ok := names[lineproperty.UserID]; ok {
			out[slot] = p.Name
		}
	}
	return out
}

// Outboxes are the slots whose markers are written to HubSpot.
func (s Scope) Outboxes() []id.Slot { return slices.Concat(s.Slots, s.Leaving) }

// Read lists every contact property that a compare needs, each once, sorted.
func (s Scope) Read() []string {
	props := s.Mappings.Properties()
	for _, names := range s.Names {
		for _, p := range names {
			props = append(props, p.Name)
		}
	}
	slices.Sort(props)
	return slices.Compact(props)
}

// Claims lists the friends that a contact names by its LINE User ID properties. Values that are no LINE User IDs come back in bad.
func (s Scope) Claims(c Contact) (ks []friend.Key, bad map[id.Slot]string) {
	for _, slot := range s.Slots {
		name, ok := s.UserIDProperties()[slot]
		if !ok {
			continue
		}
		v := c.Properties[name]
		if v == nil || strings.TrimSpace(*v) == "" {
			continue
		}
		u, err := id.ParseLineUser(strings.TrimSpace(*v))
		if err != nil {
			if bad == nil {
				bad = map[id.Slot]string{}
			}
			bad[slot] = *v
			continue
		}
		ks = append(ks, friend.Key{Slot: slot, User: u})
	}
	return ks, bad
}

// Shows tells whether a LINE property of an account is written.
func (s Scope) Shows(slot id.Slot, k lineproperty.Key) bool {
	_, ok := s.Names[slot][k]
	return ok
}

// Project is what the LINE properties of a linked contact should hold (P-43). Keys without a value are left as they are in HubSpot.
func Project(f friend.Friend) map[lineproperty.Key]string {
	if f.Link.Contact == 0 {
		return nil
	}
	out := map[lineproperty.Key]string{
		lineproperty.UserID:       string(f.User),
		lineproperty.DisplayName:  f.Name,
		lineproperty.ProfileImage: f.Picture,
		lineproperty.FollowStatus: string(f.Follow),
		lineproperty.Tags:         strings.Join(f.Tags, ";"),
		lineproperty.LinkMethod:   string(f.Link.Method),
	}
	if f.FriendSince != 0 {
		out[lineproperty.FriendAddedDate] = iso(f.FriendSince)
	}
	if f.Link.At != 0 {
		out[lineproperty.LinkedDate] = iso(f.Link.At)
	}
	for key, at := range map[lineproperty.Key]int64{lineproperty.BroadcastDate: f.LastCastAt, lineproperty.OpenDate: f.LastOpen, lineproperty.ClickDate: f.LastClick} {
		if at != 0 {
			out[key] = iso(at)
		}
	}
	if f.LastCast != "" {
		out[lineproperty.BroadcastName] = f.LastCast
	}
	if f.Received.ID != "" {
		out[lineproperty.LastReceived] = f.Received.Text
	}
	if f.Sent.ID != "" {
		out[lineproperty.LastSent] = f.Sent.Text
	}
	if f.LastMessage != 0 {
		out[lineproperty.NeedsReply] = map[bool]string{true: "true", false: "false"}[f.NeedsReply]
	}
	return out
}

func iso(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
