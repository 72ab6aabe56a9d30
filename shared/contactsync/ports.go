package contactsync

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Urgency of HubSpot calls: a person waits, an event waits, a run has time.
type Urgency int

const (
	Bulk Urgency = iota
	Event
	Interactive
)

// CRM is the part of HubSpot that keeping contacts equal needs. Errors are *fault.Fault; a batch that failed for some records reports
// those and succeeds for the others.
type CRM interface {
	// Contacts reads records fresh (never from the search index). history names the properties whose versions are wanted.
	Contacts(ctx context.Context, p id.PortalID, ids []id.ContactID, properties, history []string, u Urgency) (found []Contact, missing []id.ContactID, err error)
	// Resolve follows merges: it returns the id under which the contact lives now, or 0 when it is gone.
	Resolve(ctx context.Context, p id.PortalID, c id.ContactID) (id.ContactID, error)
	// Update writes properties, up to 100 contacts a call.
	Update(ctx context.Context, p id.PortalID, in []Update, u Urgency) (done []Updated, refused []Refused, err error)
	// CompanyNames reads the names of companies; companies that are gone are missing from the result.
	CompanyNames(ctx context.Context, p id.PortalID, ids []id.CompanyID, u Urgency) (map[id.CompanyID]string, error)
}

// Update is one contact's new values.
type Update struct {
	Contact    id.ContactID
	Properties map[string]string
}

// Updated is a contact that HubSpot took, with its new update time (Unix ms, HubSpot's clock).
type Updated struct {
	Contact   id.ContactID
	UpdatedAt int64
}

// Refused is a contact that HubSpot did not take, and why.
type Refused struct {
	Contact id.ContactID
	Err     error
}

// Profiles asks LINE who a user is; false means that LINE does not know the id for this account (P-27).
type Profiles interface {
	Profile(ctx context.Context, p id.PortalID, k friend.Key) (friend.Profile, bool, error)
}

// Index is the directory of names behind the friends' search.
type Index interface {
	Ensure(ctx context.Context, p id.PortalID, s id.Slot, fs []friend.Friend) error
}

// Outbox makes sure that somebody drains the markers.
type Outbox interface {
	// Kick asks for a flush soon. Call it after the marker is stored, never before.
	Kick(ctx context.Context, p id.PortalID) error
	// KickAt asks for a flush at a later time (Unix ms).
	KickAt(ctx context.Context, p id.PortalID, at int64) error
	// NextGeneration separates flush messages sent before from those sent after; the drainer calls it before its last look.
	NextGeneration(ctx context.Context, p id.PortalID) error
}

// Refused LINE User IDs are remembered, so that LINE is not asked again in every run.
type Invalids interface {
	// Known returns those of ks that were found invalid and may not be asked again yet.
	Known(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]bool, error)
	Remember(ctx context.Context, p id.PortalID, k friend.Key, c id.ContactID, now int64) error
	// Claimant returns the contact that names this user although LINE did not know it, and forgets the entry.
	Forget(ctx context.Context, p id.PortalID, k friend.Key) (id.ContactID, error)
}
