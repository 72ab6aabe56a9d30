package lineproperty

import (
	"context"
	"errors"
	"time"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// ErrChanged: somebody else changed the set after it was read. Read again and decide again.
var ErrChanged = errors.New("property set changed meanwhile")

// ErrBusy: another process changes the same property's options. Try again in a few seconds.
var ErrBusy = errors.New("property is being changed")

// Store keeps what is known of each slot's properties.
type Store interface {
	// Set returns an empty set (Version 0) when nothing was ensured yet.
	Set(ctx context.Context, p id.PortalID, s id.Slot) (Set, error)
	// SaveSet writes under Version, with lines of the audit log, and returns the set with its next version; ErrChanged otherwise.
	SaveSet(ctx context.Context, s Set, log ...portal.Entry) (Set, error)
	// Lock is a lease on one thing of a portal; false when somebody else holds it at now.
	Lock(ctx context.Context, p id.PortalID, name, holder string, now, until time.Time) (bool, error)
	// Unlock gives it back; nothing happens if it is not the holder's any more.
	Unlock(ctx context.Context, p id.PortalID, name, holder string) error
}
