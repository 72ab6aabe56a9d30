// Package failure keeps what could not be done, with the provider's own reason and a way to try again (P-73): the second half of
// "nothing lost".
package failure

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// Kind says what was being done.
type Kind string

const (
	WriteBack Kind = "write_back" // HubSpot refused a contact's values
	Link      Kind = "link"       // a contact's LINE User ID could not be linked
	Read      Kind = "read"       // a contact or friend could not be read
	Letter    Kind = "dead_letter"
	Message   Kind = "message" // a person's message did not reach a friend or group
)

// Item is one failed thing. Its key is made of kind and subject, so failing again replaces it.
type Item struct {
	Kind          Kind         `json:"kind" dynamodbav:"k"`
	Subject       string       `json:"subject" dynamodbav:"s"` // "<slot>#<user>", "<contact>", "<slot>#<user>#<message>" or a queue's message id
	Contact       id.ContactID `json:"contact,omitempty,string" dynamodbav:"c,omitempty"`
	Friend        *friend.Key  `json:"friend,omitempty" dynamodbav:"f,omitempty"`
	Code          string       `json:"code" dynamodbav:"co"`
	Message       string       `json:"message" dynamodbav:"m"`
	CorrelationID string       `json:"correlationId,omitempty" dynamodbav:"ci,omitempty"`
	Properties    []string     `json:"properties,omitempty" dynamodbav:"p,omitempty"`
	Run           string       `json:"run,omitempty" dynamodbav:"r,omitempty"`
	Body          string       `json:"-" dynamodbav:"b,omitempty"` // sealed original message of a dead letter
	Queue         string       `json:"queue,omitempty" dynamodbav:"q,omitempty"`
	FirstAt       int64        `json:"firstAt" dynamodbav:"t"`
	LastAt        int64        `json:"lastAt" dynamodbav:"l"`
}

// ID names the item in addresses and rows.
func (i Item) ID() string { return string(i.Kind) + "#" + i.Subject }

// Slot is the account that a link is of; 0 where none is known.
func (i Item) Slot() id.Slot {
	if i.Friend != nil {
		return i.Friend.Slot
	}
	if i.Kind != Link {
		return 0
	}
	slot, _, _ := strings.Cut(i.Subject, "#")
	n, _ := strconv.Atoi(slot)
	return id.Slot(n)
}

// Of makes an item of an error. What is no provider's fault is described by our own code only: internal texts stay in the log.
func Of(kind Kind, subject string, err error, now int64) Item {
	it := Item{Kind: kind, Subject: subject, Code: "INTERNAL", Message: "Lumo could not finish this. Try again; if it keeps failing, contact support with this code.", FirstAt: now, LastAt: now}
	var f *fault.Fault
	if errors.As(err, &f) {
		it.Code, it.Message, it.CorrelationID, it.Properties = f.Code, f.Message, f.CorrelationID, f.Properties
	}
	return it
}

// SubjectOf names a friend.
func SubjectOf(k friend.Key) string { return k.Slot.String() + "#" + string(k.User) }

// Prefix of the ids of one kind, and of one account's links; slot 0 is any.
func Prefix(kind Kind, slot id.Slot) string {
	if slot == 0 {
		return string(kind) + "#"
	}
	return string(kind) + "#" + slot.String() + "#"
}

// MessageSubject names a message of a friend or group.
func MessageSubject(k friend.Key, messageID string) string { return SubjectOf(k) + "#" + messageID }

// Store keeps failed items of a portal.
type Store interface {
	Put(ctx context.Context, p id.PortalID, it Item) error
	Get(ctx context.Context, p id.PortalID, itemID string) (Item, bool, error)
	// Remove of nothing is no error.
	Remove(ctx context.Context, p id.PortalID, itemID string) error
	// Close removes an item that was read, unless it has failed again since.
	Close(ctx context.Context, p id.PortalID, it Item) error
	List(ctx context.Context, p id.PortalID, after string, limit int) (its []Item, next string, err error)
	// Of lists like List what has a prefix (Prefix); after must have it, too.
	Of(ctx context.Context, p id.PortalID, prefix, after string, limit int) (its []Item, next string, err error)
	Count(ctx context.Context, p id.PortalID) (int, error)
}
