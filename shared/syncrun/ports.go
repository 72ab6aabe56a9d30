package syncrun

import (
	"context"

	"lumo/shared/contactsync"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

// Search is one question to HubSpot's search index. Zero fields do not filter. The next page is asked by moving a bound, because no offset
// may reach 10,000 and rows move between pages.
type Search struct {
	// AnyOf: at least one of these properties has a value (at most five: HubSpot takes five filter groups).
	AnyOf        []string
	IDBelow      id.ContactID
	IDAbove      id.ContactID
	ModifiedFrom int64 // Unix ms, inclusive
	ModifiedTo   int64 // inclusive
	// ByTime sorts by modification time upwards; else by id, downwards if Down.
	ByTime bool
	Down   bool
	Limit  int
	// Skip leaves out so many first results. It serves only to ask for a few pages at once (descent); it is never stored.
	Skip int
}

// Page is a stretch of contacts.
type Page struct {
	Contacts []contactsync.Contact
	After    string // list only
	Total    int    // search only: how many match, skipped ones included
	Last     bool   // nothing follows; set by the reader
}

// Source reads contacts in bulk.
type Source interface {
	// List pages over all contacts by id, upwards, 100 at a time, from the records themselves.
	List(ctx context.Context, p id.PortalID, after string, properties []string) (Page, error)
	// Search asks the index, which lags: contacts come marked Indexed.
	Search(ctx context.Context, p id.PortalID, s Search, properties []string) (Page, error)
}

// ListIndex keeps the index of HubSpot lists, and the members of those that are needed.
type ListIndex interface {
	Refresh(ctx context.Context, p id.PortalID, rewatch bool) error
	Compare(ctx context.Context, t hubspotlist.Task) (c hubspotlist.Compared, done bool, err error)
}

// Scopes loads what a portal's sync works with.
type Scopes interface {
	Scope(ctx context.Context, p id.PortalID) (contactsync.Scope, error)
}
