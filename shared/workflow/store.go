package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
	"lumo/shared/message"
	"lumo/shared/messagetemplate"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

// ErrChanged: somebody else was first. Read again and decide again.
var ErrChanged = errors.New("execution changed meanwhile")

// Ref names an execution.
type Ref struct {
	Portal  id.PortalID  `json:"portal"`
	Contact id.ContactID `json:"contact"`
	ID      string       `json:"execution"`
}

// Ref of an execution.
func (e Execution) Ref() Ref { return Ref{e.Call.Portal, e.Call.Contact, e.ID} }

// Store keeps executions of a portal for 30 days. Reads are strongly consistent.
type Store interface {
	Load(ctx context.Context, r Ref) (Execution, bool, error)
	// ByCallback finds the execution that a callback belongs to, ByStep the last one of a step and record.
	ByCallback(ctx context.Context, c Call) (Execution, bool, error)
	ByStep(ctx context.Context, c Call) (Execution, bool, error)
	// Begin stores a first call and makes it the last of its step; former is the ID of the last one before, "" if there was none. ErrChanged
	// when somebody else was first.
	Begin(ctx context.Context, e Execution, former string) (Execution, error)
	// Join stores a further call of an execution under its version.
	Join(ctx context.Context, e Execution, c Call) (Execution, error)
	// Save writes under the version; ErrChanged otherwise.
	Save(ctx context.Context, e Execution) (Execution, error)
	// Due lists executions that are due at until (Unix ms).
	Due(ctx context.Context, p id.PortalID, until int64, limit int) ([]Ref, error)
	// TagUsed notes that a workflow gives or takes a tag; TagUses lists those of the last UsesFor.
	TagUsed(ctx context.Context, p id.PortalID, s id.Slot, tag string, u Use) error
	TagUses(ctx context.Context, p id.PortalID, s id.Slot, tag string) ([]Use, error)
	// Quiet hours of a portal.
	Quiet(ctx context.Context, p id.PortalID) (Quiet, error)
	SaveQuiet(ctx context.Context, p id.PortalID, q Quiet) error
}

// Use is a workflow whose step named something, as far as Lumo saw.
type Use = messagetemplate.Use

// UsesFor is how long a workflow is remembered to use a tag. HubSpot tells nobody which workflows would, nor when one was deleted.
const UsesFor = 90 * 24 * time.Hour

// Completion answers one callback.
type Completion struct {
	Callback string
	Outputs  map[string]string
}

// HubSpot takes answers; errors are *fault.Fault.
type HubSpot interface {
	// Complete answers callbacks of one portal, at most MaxComplete.
	Complete(ctx context.Context, p id.PortalID, cs []Completion) error
	// Value reads a property of a contact.
	Value(ctx context.Context, p id.PortalID, c id.ContactID, property string) (string, error)
}

// MaxComplete callbacks are answered by one call. HubSpot does not tell which of them it did not take, so there are not more.
const MaxComplete = 100

// Friends finds and reads friends.
type Friends interface {
	Get(ctx context.Context, p id.PortalID, k friend.Key) (friend.Friend, bool, error)
	ByContact(ctx context.Context, p id.PortalID, c id.ContactID) ([]friend.Key, error)
}

// Chat sends.
type Chat interface {
	Send(ctx context.Context, p id.PortalID, r chat.Request) (chat.Intent, error)
	Retry(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (chat.Intent, error)
	Stop(ctx context.Context, p id.PortalID, k friend.Key, messageID, code string) (chat.Intent, bool, error)
}

// Tags puts tags on friends.
type Tags interface {
	Give(ctx context.Context, p id.PortalID, b tag.Bulk) (tag.Changed, error)
	List(ctx context.Context, p id.PortalID, s id.Slot) ([]tag.Tag, error)
}

// Links makes linking addresses (linkage.Maker).
type Links interface {
	Make(ctx context.Context, p id.PortalID, w linkage.Wish) (linkage.Made, error)
	Address(p id.PortalID, w linkage.Wish) string
}

// Profiles asks LINE who a user is; false means that LINE does not know the id for this account.
type Profiles interface {
	Profile(ctx context.Context, p id.PortalID, k friend.Key) (friend.Profile, bool, error)
}

// Templates are the messages that people wrote for workflows.
type Templates interface {
	Get(ctx context.Context, p id.PortalID, s id.Slot, template string) (messagetemplate.Template, error)
	All(ctx context.Context, p id.PortalID, s id.Slot) ([]messagetemplate.Template, error)
	Used(ctx context.Context, p id.PortalID, s id.Slot, template string, u messagetemplate.Use) error
}

// Merger tells values of merge fields.
type Merger interface {
	Values(ctx context.Context, p id.PortalID, s id.Slot) (func(friend.Friend) bubble.Values, error)
}

// Portals are the tenants.
type Portals interface {
	Get(ctx context.Context, p id.PortalID) (portal.Portal, error)
}

// made is a message ready to be sent.
type made struct {
	objects []json.RawMessage
	summary string
}

// unsettled tells whether LINE's answer is still awaited.
func unsettled(i chat.Intent) bool { return i.Status == message.Sending }
