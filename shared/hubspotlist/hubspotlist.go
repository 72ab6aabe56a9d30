// Package hubspotlist is the index of a portal's HubSpot lists (P-50, P-51): name, kind and size of every contact list, and a fingerprint
// that tells when members changed. Always called "HubSpot list" to people, because HubSpot's own pages call lists segments.
package hubspotlist

import (
	"context"
	"fmt"

	"lumo/shared/clock"
	"lumo/shared/id"
)

// Kind of list as people know it.
type Kind string

const (
	Active Kind = "active" // DYNAMIC: members follow filters
	Static Kind = "static" // MANUAL, SNAPSHOT
)

// List is one HubSpot list of contacts.
type List struct {
	ID   id.ListID `json:"id" dynamodbav:"-"`
	Name string    `json:"name" dynamodbav:"n"`
	Kind Kind      `json:"kind" dynamodbav:"k"`
	Size int       `json:"size" dynamodbav:"s"` // -1 while HubSpot is still computing it
	// Fingerprint changes when members or definition change (hubspot-apis, lists, detecting membership change).
	Fingerprint string `json:"-" dynamodbav:"f"`
	SeenAt      int64  `json:"seenAt" dynamodbav:"t"` // Unix ms of the last change that we noticed
}

// Source reads lists from HubSpot, a page at a time; next is -1 at the end.
type Source interface {
	Lists(ctx context.Context, p id.PortalID, offset int) (ls []List, next int, err error)
}

// Store keeps the index.
type Store interface {
	All(ctx context.Context, p id.PortalID) ([]List, error)
	Put(ctx context.Context, p id.PortalID, l List) error
	Remove(ctx context.Context, p id.PortalID, l id.ListID) error
}

// Index refreshes the index of a portal.
type Index struct {
	Source Source
	Store  Store
	Clock  clock.Clock
}

// Refresh writes only what changed, and removes lists that are gone. It returns how many lists the portal has.
func (x *Index) Refresh(ctx context.Context, p id.PortalID) (int, error) {
	known := map[id.ListID]List{}
	old, err := x.Store.All(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("known lists: %w", err)
	}
	for _, l := range old {
		known[l.ID] = l
	}
	seen := map[id.ListID]bool{}
	now := x.Clock.Now().UnixMilli()
	for offset := 0; offset >= 0; {
		var ls []List
		if ls, offset, err = x.Source.Lists(ctx, p, offset); err != nil {
			return 0, err
		}
		for _, l := range ls {
			seen[l.ID] = true
			if k, ok := known[l.ID]; ok && k.Fingerprint == l.Fingerprint && k.Name == l.Name && k.Size == l.Size {
				continue
			}
			l.SeenAt = now
			if err := x.Store.Put(ctx, p, l); err != nil {
				return 0, err
			}
		}
	}
	for _, l := range old {
		if !seen[l.ID] {
			if err := x.Store.Remove(ctx, p, l.ID); err != nil {
				return 0, err
			}
		}
	}
	return len(seen), nil
}
