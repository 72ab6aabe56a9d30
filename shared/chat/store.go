package chat

import (
	"context"
	"errors"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Errors of Store.
var (
	// ErrExists: the friend has a message of that id.
	ErrExists = errors.New("message exists")
	// ErrChanged: somebody else was first. Read again and decide again.
	ErrChanged = errors.New("message changed meanwhile")
)

// Ref names an intent.
type Ref struct {
	Friend friend.Key
	ID     string
}

// Store keeps intents of a portal among the friend's messages, for as long as those. Reads are strongly consistent. Attended ones are
// never listed as due.
type Store interface {
	// Begin stores an intent and its due time; ErrExists when the id is taken.
	Begin(ctx context.Context, p id.PortalID, i Intent) (Intent, error)
	Load(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (i Intent, ok bool, err error)
	// Save writes an intent and its due time together if its version is still the one that was read; else ErrChanged.
	Save(ctx context.Context, p id.PortalID, i Intent) (Intent, error)
	// Due lists intents that are due at until (Unix ms), earliest first.
	Due(ctx context.Context, p id.PortalID, until int64, limit int) ([]Ref, error)
}
