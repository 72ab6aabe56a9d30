package lineaccount

import (
	"context"
	"errors"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// ErrChanged: somebody else changed the row after it was read. Read again and decide again.
var ErrChanged = errors.New("LINE account changed meanwhile")

// ErrUnknown: the portal has no such account.
var ErrUnknown = errors.New("unknown LINE account")

// Store keeps the accounts of portals.
type Store interface {
	// Accounts lists all accounts of a portal by slot, disconnected ones too.
	Accounts(ctx context.Context, p id.PortalID) ([]Account, error)
	// Account returns ErrUnknown when the slot was never given.
	Account(ctx context.Context, p id.PortalID, s id.Slot) (Account, error)
	// Save writes an account under its Version (0: the slot must be free) together with lines of the audit log, and returns the account
	// with its next version; ErrChanged otherwise.
	Save(ctx context.Context, a Account, log ...portal.Entry) (Account, error)
	// Results lists the last result of each forward of an account.
	Results(ctx context.Context, p id.PortalID, s id.Slot) ([]ForwardResult, error)
	// SaveResult overwrites a forward's last result.
	SaveResult(ctx context.Context, p id.PortalID, s id.Slot, r ForwardResult) error
}
