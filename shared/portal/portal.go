// Package portal is the tenant: one HubSpot portal that installed the app, its grant (tokens), its settings and the log of who changed
// them. A portal's row outlives uninstalling, so that installing again restores slots, mappings and links (P-05).
package portal

import (
	"slices"
	"time"
	_ "time/tzdata" // settings name time zones; the answer must not depend on the machine

	"lumo/shared/id"
)

// State says what may be done with a portal.
type State string

const (
	// Pending: a grant is stored, but the steps after it (account details) have not succeeded yet. They are repeated.
	Pending State = "pending"
	// Connected: everything runs.
	Connected State = "connected"
	// Reconnect: HubSpot refuses our grant. Nothing runs until somebody authorizes again (P-159).
	Reconnect State = "reconnect"
	// Removed: disconnected here or uninstalled in HubSpot. Nothing runs; data is kept (P-157).
	Removed State = "removed"
)

// Runs tells whether work for the portal (sync, write-back, sends) may start.
func (s State) Runs() bool { return s == Connected }

// Portal is the tenant's row, without its tokens.
type Portal struct {
	ID    id.PortalID
	State State
	// Reason of a state that is not connected: a stable code such as "UNINSTALLED", "GRANT_REFUSED", "DISCONNECTED".
	Reason string
	// Name is the portal's domain as HubSpot tells it; HubSpot has no other name for an account in its APIs.
	Name string
	// TimeZone is HubSpot's zone of the account; Settings.TimeZone overrides it.
	TimeZone string
	// UIDomain is the host of record links (app.hubspot.com, app-eu1.hubspot.com, ...).
	UIDomain string
	// Scopes that HubSpot granted, sorted. Features ask Has.
	Scopes   []string
	Settings Settings
	// InstalledBy is the HubSpot user who authorized last.
	InstalledBy Actor
	// FirstInstalledAt never changes; InstalledAt is the last authorization.
	FirstInstalledAt time.Time
	InstalledAt      time.Time
	RemovedAt        time.Time
	// WriteBack says whether contacts may be written; HeldAt is since when they may not.
	WriteBack WriteBack
	HeldAt    time.Time
	// LogKey makes the portal's name in the log (LogName); deleting the row makes the log anonymous.
	LogKey string
	// Version counts changes of this row; a Commit succeeds only if it is still the one that was read.
	Version int64
}

// Has tells whether every one of the scopes was granted.
func (p Portal) Has(scopes ...string) bool {
	for _, s := range scopes {
		if !slices.Contains(p.Scopes, s) {
			return false
		}
	}
	return true
}

// Zone is the workspace's time zone (P-74): the setting, else HubSpot's, else UTC.
func (p Portal) Zone() *time.Location {
	for _, name := range []string{p.Settings.TimeZone, p.TimeZone} {
		if name == "" {
			continue
		}
		if z, err := time.LoadLocation(name); err == nil {
			return z
		}
	}
	return time.UTC
}

// Actor is who did something: a HubSpot user of the portal, or the app itself (zero).
type Actor struct {
	UserID int64  `json:"userId,omitempty" dynamodbav:"userId,omitempty"`
	Email  string `json:"email,omitempty" dynamodbav:"email,omitempty"`
}
