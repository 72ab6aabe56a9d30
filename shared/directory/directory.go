// Package directory is everything that is looked up before the portal is known, or that belongs to the whole app: which portal a bot
// belongs to, OAuth states, which portals are due, and app-wide leases. It is closed: no customer data lies in it, and its
// look-ups return a portal id or nothing.
package directory

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"lumo/shared/id"
)

// ErrClaimed: the Official Account belongs to another portal. Its code for people is CodeClaimed.
var ErrClaimed = errors.New("LINE account is connected to another portal")

// CodeClaimed is what users and support see of ErrClaimed.
const CodeClaimed = "LINE_ACCOUNT_TAKEN"

// ErrLost: a lease is no longer held by the one who acts on it.
var ErrLost = errors.New("lease lost")

// Shards is the number of partitions that due times are spread over; the minute tick reads all of them.
const Shards = 8

// ShardOf says in which partition a portal's due time lies.
func ShardOf(p id.PortalID) int {
	h := fnv.New32a()
	h.Write([]byte(p.String()))
	return int(h.Sum32() % Shards)
}

// Bots maps Official Accounts to portals. One bot belongs to one portal at a time.
type Bots interface {
	// PortalOfBot returns 0 when nobody has claimed the bot.
	PortalOfBot(ctx context.Context, b id.BotUserID) (id.PortalID, error)
	// ClaimBot is idempotent for the same portal and returns ErrClaimed when another one holds the bot.
	ClaimBot(ctx context.Context, b id.BotUserID, p id.PortalID) error
	// ReleaseBot gives the bot free if p holds it; else it does nothing.
	ReleaseBot(ctx context.Context, b id.BotUserID, p id.PortalID) error
}

// States are single-use secrets of an OAuth round trip, bound to the browser session that began it. Pass hashes, never the secrets.
type States interface {
	// PutState remembers a state until expires. portal is the one being re-authorized, or 0.
	PutState(ctx context.Context, stateHash, sessionHash string, portal id.PortalID, expires time.Time) error
	// UseState consumes a state; ok is false when it is unknown, used, expired at now, or another session's.
	UseState(ctx context.Context, stateHash, sessionHash string, now time.Time) (portal id.PortalID, ok bool, err error)
	// PutCode remembers that an authorization code was exchanged by this session, so that pressing "back" does no harm.
	PutCode(ctx context.Context, codeHash, sessionHash string, portal id.PortalID, expires time.Time) error
	// UsedCode returns the portal that the same session got from this code before, or 0.
	UsedCode(ctx context.Context, codeHash, sessionHash string, now time.Time) (id.PortalID, error)
}

// Due tells the minute tick which portals need a look, and when. A portal has one due time. The tick takes a portal, works, and
// settles it; what becomes due meanwhile is not forgotten, because Settle gives way to BringForward.
type Due interface {
	// BringForward makes a portal due at t, or earlier if it already was.
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
	// DuePortals lists portals of one shard that are due at now, the longest waiting first.
	DuePortals(ctx context.Context, shard int, now time.Time, limit int) ([]id.PortalID, error)
	// Take moves a portal that is due at now to retryAt, so that no other tick works on it; false when somebody was first.
	Take(ctx context.Context, p id.PortalID, now, retryAt time.Time) (bool, error)
	// Settle replaces retryAt, as set by Take, with next. It does nothing if the portal was brought forward since.
	Settle(ctx context.Context, p id.PortalID, retryAt, next time.Time) error
	// Forget removes a portal that is never due by itself any more.
	Forget(ctx context.Context, p id.PortalID) error
}

// Lease is a right to act alone for a while. Number grows with every holder: it is the fence that a write can be checked against.
type Lease struct {
	Name    string
	Holder  string
	Number  int64
	Expires time.Time
	// Cursor is where the work of this lease stands (the journal's offset). It survives the holder.
	Cursor string
}

// Leases are app-wide, such as the right to read HubSpot's journal.
type Leases interface {
	// Acquire returns false when somebody else's lease has not expired at now.
	Acquire(ctx context.Context, name, holder string, now, expires time.Time) (Lease, bool, error)
	// Keep stores the lease's Cursor and Expires; ErrLost when another holder came since.
	Keep(ctx context.Context, l Lease) error
	// Release lets the next holder come at once. The cursor stays.
	Release(ctx context.Context, l Lease) error
}

// Directory is all of it.
type Directory interface {
	Bots
	States
	Due
	Leases
}
