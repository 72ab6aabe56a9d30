package friend

import (
	"context"
	"errors"

	"lumo/shared/id"
)

// ErrStale means that the row changed since it was read: read it again and decide again.
var ErrStale = errors.New("friend changed meanwhile")

// Marker is an outbox marker: this friend's HubSpot contact is to be written at Due.
type Marker struct {
	Key Key
	Due int64
}

// Store keeps friends of one portal. Get, GetMany and Markers are strongly consistent.
type Store interface {
	Get(ctx context.Context, p id.PortalID, k Key) (Friend, bool, error)
	// GetMany returns those that exist.
	GetMany(ctx context.Context, p id.PortalID, ks []Key) (map[Key]Friend, error)
	// ByContact lists the friends linked to a contact (at most one per slot). Eventually consistent.
	ByContact(ctx context.Context, p id.PortalID, c id.ContactID) ([]Key, error)
	// ByContacts is ByContact for many at once; it costs little where their ids lie close together, as in a page of contacts. Eventually consistent.
	ByContacts(ctx context.Context, p id.PortalID, cs []id.ContactID) (map[id.ContactID][]Key, error)
	// ByCompany lists the friends whose contact's primary company this is, page by page. Eventually consistent.
	ByCompany(ctx context.Context, p id.PortalID, c id.CompanyID, after string) (ks []Key, next string, err error)
	// Save writes the row whole if its version is still f.Version (0: if it does not exist), and returns it with the next version.
	Save(ctx context.Context, p id.PortalID, f Friend) (Friend, error)
	// Markers lists up to limit outbox markers of a slot, earliest first within each shard, due or not yet.
	Markers(ctx context.Context, p id.PortalID, s id.Slot, limit int) ([]Marker, error)
	// Page lists friends of an account in no particular order.
	Page(ctx context.Context, p id.PortalID, s id.Slot, after string, limit int) (fs []Friend, next string, err error)
	// Ordinals reserves n consecutive numbers of an account and returns the first.
	Ordinals(ctx context.Context, p id.PortalID, s id.Slot, n int) (uint32, error)
}
