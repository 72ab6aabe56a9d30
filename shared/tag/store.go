package tag

import (
	"context"
	"errors"

	"lumo/shared/id"
)

// ErrChanged: somebody else changed the tag after it was read. Read again and decide again.
var ErrChanged = errors.New("tag changed meanwhile")

// ErrIDUsed: another tag has that id; try another one.
var ErrIDUsed = errors.New("tag id is used")

// Store keeps the tags of accounts. A name belongs to one tag of an account at a time.
type Store interface {
	// All lists an account's tags, in no particular order.
	All(ctx context.Context, p id.PortalID, s id.Slot) ([]Tag, error)
	Get(ctx context.Context, p id.PortalID, s id.Slot, tagID string) (Tag, bool, error)
	// Create stores a tag and takes its name. Creating the same id and name again changes nothing; ErrTaken or ErrIDUsed otherwise.
	Create(ctx context.Context, p id.PortalID, t Tag) (Tag, error)
	// Rename stores t under its Version, takes its name and gives the former one free; ErrTaken or ErrChanged.
	Rename(ctx context.Context, p id.PortalID, t Tag, former string) (Tag, error)
}
