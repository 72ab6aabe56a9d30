package portal

import (
	"context"
	"errors"
	"time"

	"lumo/shared/id"
)

// ErrChanged: somebody else changed the row after it was read. Read again and decide again.
var ErrChanged = errors.New("portal changed meanwhile")

// ErrUnknown: no portal of that id ever installed the app.
var ErrUnknown = errors.New("unknown portal")

// Store keeps portals. Every method belongs to the portal it is given.
type Store interface {
	// Load returns ErrUnknown when there is no row.
	Load(ctx context.Context, p id.PortalID) (Portal, error)
	// Commit writes everything or nothing; ErrChanged when the portal's or the token's version is not the one read.
	Commit(ctx context.Context, c Commit) error
	// Token returns nil when the portal holds no grant.
	Token(ctx context.Context, p id.PortalID) (*Token, error)
	// SaveToken writes the token's row alone, under its version.
	SaveToken(ctx context.Context, p id.PortalID, t Token) error
	// Log reads the audit log, newest first. Pass the returned next to go on; "" is the end.
	Log(ctx context.Context, p id.PortalID, after string, limit int) (entries []Entry, next string, err error)
	// Append adds to the audit log without touching the portal.
	Append(ctx context.Context, p id.PortalID, e Entry) error
}

// Commit is one change of a portal: its row (Version as read; the store writes Version+1), its grant, and what to remember of it.
type Commit struct {
	Portal Portal
	Token  *Token // replaces the grant, whatever it was; nil leaves it as it is
	Drop   bool   // destroys the grant
	// TokenVersion, when not 0, is the grant that Drop means; ErrChanged if another one is there now.
	TokenVersion int64
	Log          []Entry
}

// Token is the portal's grant: tokens sealed, and the lease that lets one process at a time refresh it.
type Token struct {
	Access    string // sealed; empty when only the refresh token is known
	Refresh   string // sealed
	Obtained  time.Time
	Expires   time.Time
	LeasedBy  string
	LeasedTil time.Time
	// Refusals counts refresh attempts in a row that HubSpot answered with "revoked"; RefusedAt is the last one's time.
	Refusals  int
	RefusedAt time.Time
	// Version counts changes of a grant. A new grant starts at its time, so that nobody mistakes it for the one before.
	Version int64
}

// Entry is one line of the audit log (P-151): who did what, when, and what it changed.
type Entry struct {
	ID      string    `json:"id" dynamodbav:"id"`
	At      time.Time `json:"at" dynamodbav:"at"`
	Actor   Actor     `json:"actor" dynamodbav:"actor"`
	Action  Action    `json:"action" dynamodbav:"action"`
	Subject string    `json:"subject,omitempty" dynamodbav:"subject,omitempty"`
	Changes []Change  `json:"changes,omitempty" dynamodbav:"changes,omitempty"`
}

// Action names what was done.
type Action string

const (
	Installed        Action = "installed"
	Reauthorized     Action = "reauthorized"
	SettingsChanged  Action = "settings_changed"
	Disconnected     Action = "disconnected"
	Uninstalled      Action = "uninstalled"
	GrantRefused     Action = "grant_refused"
	LineConnected    Action = "line_connected"
	LineRemoved      Action = "line_disconnected"
	LineLoginChanged Action = "line_login_changed"
	// LineLinkingChanged: how people may link themselves with an account.
	LineLinkingChanged Action = "line_linking_changed"
	ForwardsChanged    Action = "forwards_changed"
	PropertyChosen     Action = "property_chosen"
	PropertyRestore    Action = "property_recreated"
	MappingChanged     Action = "mapping_changed"

	WriteBackHeld      Action = "write_back_held"
	WriteBackConfirmed Action = "write_back_confirmed"
)
