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

// Store keeps the tags of accounts. A name belongs to one tag of an account at a time; deleted ones have none.
type Store interface {
	// All lists an account's tags that are in use, in no particular order.
	All(ctx context.Context, p id.PortalID, s id.Slot) ([]Tag, error)
	// Get finds a tag that is in use.
	Get(ctx context.Context, p id.PortalID, s id.Slot, tagID string) (Tag, bool, error)
	// Aside lists those that are not in use, Spare finds one of them. Both are strongly consistent.
	Aside(ctx context.Context, p id.PortalID, s id.Slot) ([]Tag, error)
	Spare(ctx context.Context, p id.PortalID, s id.Slot, tagID string) (Tag, bool, error)
	// Create stores a tag and takes its name. Creating the same id and name again changes nothing; ErrTaken or ErrIDUsed otherwise.
	// With a State the tag is put aside until Use.
	Create(ctx context.Context, p id.PortalID, t Tag) (Tag, error)
	// Rename stores t under its Version, takes its name and gives the former one free; ErrTaken or ErrChanged.
	Rename(ctx context.Context, p id.PortalID, t Tag, former string) (Tag, error)
	// Drop puts a tag in use aside under its Version and gives its name free; ErrChanged.
	Drop(ctx context.Context, p id.PortalID, t Tag) (Tag, error)
	// Reclaim stores a tag that is aside under its Version and takes its name; ErrTaken or ErrChanged.
	Reclaim(ctx context.Context, p id.PortalID, t Tag) (Tag, error)
	// Use puts a tag that is aside, and has its name, into use under its Version; ErrChanged.
	Use(ctx context.Context, p id.PortalID, t Tag) (Tag, error)
	// Note stores a tag that stays aside under its Version; ErrChanged.
	Note(ctx context.Context, p id.PortalID, t Tag) (Tag, error)
	// Counts are the numbers of friends as last counted, and the edition to save newer ones under; Forget makes them count as old.
	Counts(ctx context.Context, p id.PortalID, s id.Slot) (Counts, error)
	// SaveCounts does nothing if Forget came since the edition was read.
	SaveCounts(ctx context.Context, p id.PortalID, s id.Slot, c Counts) error
	Forget(ctx context.Context, p id.PortalID, s id.Slot) error
}

// Counts are how many friends have which tag. At is when they were counted (Unix ms), 0 for never.
type Counts struct {
	At      int64
	Friends map[string]int
	// Whole is false when the account is too large to be counted while somebody waits.
	Whole   bool
	Edition int64
}
