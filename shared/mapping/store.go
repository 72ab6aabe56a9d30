package mapping

import (
	"context"
	"errors"

	"lumo/shared/id"
)

// ErrChanged: the mappings changed since they were read. Read again and decide again.
var ErrChanged = errors.New("mappings changed meanwhile")

// Store keeps a portal's mappings.
type Store interface {
	// Load returns the empty set with version 0 when the portal has none yet.
	Load(ctx context.Context, p id.PortalID) (Set, error)
	// Save writes under the set's Version and returns it with the next; ErrChanged when somebody else was first.
	Save(ctx context.Context, p id.PortalID, s Set) (Set, error)
}
