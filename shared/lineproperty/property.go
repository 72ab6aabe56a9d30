// Package lineproperty is the set of HubSpot contact properties that we write for each Official Account (P-41 to P-48): their names by
// slot, making them without ever duplicating or retyping one, and which real property stands for which meaning in a portal.
package lineproperty

import (
	"fmt"
	"time"

	"lumo/shared/id"
)

// Key is the meaning of a property, the same in every slot and portal.
type Key string

const (
	UserID          Key = "user_id"
	DisplayName     Key = "display_name"
	ProfileImage    Key = "profile_image"
	FriendAddedDate Key = "friend_added_date"
	FollowStatus    Key = "follow_status"
	Tags            Key = "tags"
	BroadcastName   Key = "broadcast_name"
	BroadcastDate   Key = "broadcast_date"
	OpenDate        Key = "open_date"
	ClickDate       Key = "click_date"
	LinkedDate      Key = "linked_date"
	LinkMethod      Key = "link_method"
	TrafficSource   Key = "traffic_source"
	LastReceived    Key = "last_received_message"
	LastSent        Key = "last_sent_message"
	NeedsReply      Key = "needs_reply"
	Consent         Key = "consent"
	LinkToken       Key = "link_token"
)

// Values of FollowStatus.
const (
	Following     = "following"
	Blocked       = "blocked"
	FollowUnknown = "unknown"
)

// Option is one value of an enumeration.
type Option struct {
	Label       string
	Value       string
	Description string
	Order       int
	Hidden      bool
}

// Property is the definition of one property, ours or as HubSpot holds it.
type Property struct {
	Key         Key // empty for properties that are not ours
	Name        string
	Label       string
	Description string
	Group       string
	Type        string
	FieldType   string
	Unique      bool
	Hidden      bool
	Options     []Option
	// DefaultOn properties are made for everyone; the others when the setting that needs them is on.
	DefaultOn bool
	Archived  bool
	// ReadOnly values cannot be written (calculated, or HubSpot's own).
	ReadOnly bool
	// Standard properties are HubSpot's own; they do not count towards the portal's budget of unique ones.
	Standard bool
}

// Group is a property group.
type Group struct {
	Name  string
	Label string
}

// suffix is P-41: slot 1 has none, so that the first account's properties read naturally.
func suffix(s id.Slot) string {
	if s <= 1 {
		return ""
	}
	return "_" + s.String()
}

// GroupFor is the group of a slot's properties (P-42).
func GroupFor(s id.Slot, accountName string) Group {
	if s <= 1 {
		return Group{Name: "line", Label: "LINE"}
	}
	return Group{Name: "line" + suffix(s), Label: fmt.Sprintf("LINE %d – %s", s, accountName)}
}

// Status of one property in one portal.
type Status string

const (
	Ready Status = "active"
	// Missing: a user deleted it in HubSpot. It is not written until somebody asks to recreate it (P-48).
	Missing Status = "deleted"
	// Retyped: its type in HubSpot no longer fits.
	Retyped Status = "retyped"
	// Refused: HubSpot did not let us make it; see Entry.Reason.
	Refused Status = "refused"
)

// Entry says which HubSpot property stands for a key.
type Entry struct {
	Key    Key    `json:"key" dynamodbav:"key"`
	Name   string `json:"name" dynamodbav:"name"`
	Status Status `json:"status" dynamodbav:"status"`
	// Adopted: it was there before us (P-06).
	Adopted bool `json:"adopted,omitempty" dynamodbav:"adopted,omitempty"`
	// Instead is the name we would have used, when an incompatible property holds it.
	Instead string `json:"instead,omitempty" dynamodbav:"instead,omitempty"`
	// Unique is set when HubSpot itself keeps two contacts from holding the same value.
	Unique bool `json:"unique,omitempty" dynamodbav:"unique,omitempty"`
	// Text is set for tags kept as comma-joined names, because there are too many for options (P-43).
	Text   bool   `json:"text,omitempty" dynamodbav:"text,omitempty"`
	Reason string `json:"reason,omitempty" dynamodbav:"reason,omitempty"`
}

// Set is what is known of one slot's properties in one portal.
type Set struct {
	Portal    id.PortalID
	Slot      id.Slot
	Entries   map[Key]Entry
	EnsuredAt time.Time
	Version   int64
}

// Name returns the HubSpot property to write for a key; false when there is none that may be written.
func (s Set) Name(k Key) (string, bool) {
	e, ok := s.Entries[k]
	if !ok || e.Status != Ready {
		return "", false
	}
	return e.Name, true
}

// KeyOf is the reverse of Name: what a HubSpot property means in this slot, whatever its status.
func (s Set) KeyOf(name string) (Key, bool) {
	for k, e := range s.Entries {
		if e.Name == name {
			return k, true
		}
	}
	return "", false
}
