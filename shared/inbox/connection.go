// Package inbox joins LINE conversations to HubSpot's conversations inbox (P-80 to P-89): which account is connected to which inbox, what
// a message looks like on the other side, and that each arrives there once, in the order of its conversation.
package inbox

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// State of a connection.
type State string

const (
	// Waiting: the user has chosen the account; HubSpot has not told yet that it made the channel account.
	Waiting   State = "waiting"
	Connected State = "connected"
	// Paused: HubSpot or LINE refuses; Code says why. Messages of the meantime are not brought later.
	Paused State = "paused"
	// Removed: somebody removed the inbox sync, here or in HubSpot. History stays (P-88).
	Removed State = "removed"
)

// Codes of a connection that does not work, shown to users.
const (
	CodeChannelGone = "INBOX_CHANNEL_GONE" // the channel account is not in HubSpot any more
	CodePermission  = "INBOX_PERMISSION"   // scopes or plan are missing
)

// Connection of one LINE account.
type Connection struct {
	Portal id.PortalID
	Slot   id.Slot
	Bot    id.BotUserID
	State  State
	// Channel, Account and Inbox are HubSpot's ids: the app's channel, the channel account, and the inbox it belongs to.
	Channel, Account, Inbox string
	Name                    string
	By                      int64 // HubSpot user
	At                      int64 // of the last change of state, Unix ms
	Code                    string
	Version                 int64
}

// Works tells whether messages are relayed.
func (c Connection) Works() bool { return c.State == Connected }

// Traffic is when messages last went each way, Unix ms; 0 when none did.
type Traffic struct {
	In, Out int64
}

// Mark says that something is on the other side.
type Mark struct {
	Message string // HubSpot's id of it
	Thread  string // HubSpot's id of the thread
	Status  Status
}

// Token is a reply token that nobody has used yet.
type Token struct {
	Value string
	Event int64 // when it happened at LINE, Unix ms
	Until int64
}

var (
	// ErrChanged: somebody else changed the row after it was read.
	ErrChanged = errors.New("inbox connection changed meanwhile")
	// ErrOpen: LINE has not said yet what became of an answer. It is asked again.
	ErrOpen = errors.New("what became of an answer is not known yet")
)

// Store keeps connections for ever, and what was relayed for a month. Reads are strongly consistent.
type Store interface {
	Connections(ctx context.Context, p id.PortalID) ([]Connection, error)
	Connection(ctx context.Context, p id.PortalID, s id.Slot) (Connection, bool, error)
	// Save writes under the version that was read; else ErrChanged.
	Save(ctx context.Context, c Connection) (Connection, error)

	Traffic(ctx context.Context, p id.PortalID, s id.Slot) (Traffic, error)
	// Saw notes a message that went out of LINE (in) or into it.
	Saw(ctx context.Context, p id.PortalID, s id.Slot, in bool, at int64) error

	Mark(ctx context.Context, p id.PortalID, k friend.Key, name string) (Mark, bool, error)
	SetMark(ctx context.Context, p id.PortalID, k friend.Key, name string, m Mark, at int64) error

	// KeepToken replaces the kept token by a newer event's.
	KeepToken(ctx context.Context, p id.PortalID, k friend.Key, t Token) error
	Token(ctx context.Context, p id.PortalID, k friend.Key) (Token, error)
	// DropToken forgets it if it still is this one.
	DropToken(ctx context.Context, p id.PortalID, k friend.Key, value string) error
}

// byAccount finds the connection of a channel account.
func byAccount(cs []Connection, account string) (Connection, bool) {
	i := slices.IndexFunc(cs, func(c Connection) bool { return c.Account == account && account != "" })
	if i < 0 {
		return Connection{}, false
	}
	return cs[i], true
}
