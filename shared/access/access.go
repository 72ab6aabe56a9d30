// Package access says which HubSpot users may do what in the app. HubSpot tells us who calls (signed) but not what that user may do in
// the portal: its permission to manage integrations reaches only the browser, where it is a display hint. So the rule sits behind one
// interface, everybody who can open the app may act by default, and what they change goes to the audit log (P-151).
package access

import (
	"context"
	"errors"

	"lumo/shared/portal"
)

// Action is a group of things that a user may do.
type Action string

const (
	View           Action = "view"
	Sync           Action = "sync"         // start runs, retry failed items
	EditFriends    Action = "edit_friends" // fields and tags
	Send           Action = "send_messages"
	EditMappings   Action = "edit_mappings"
	ManageAccounts Action = "manage_accounts"
	ChangeSettings Action = "change_settings"
	Disconnect     Action = "disconnect"
)

// ErrDenied: this user may not do that.
var ErrDenied = errors.New("you do not have permission to do this")

// Policy decides; nil means yes, ErrDenied no.
type Policy interface {
	Allow(ctx context.Context, at portal.Portal, who portal.Actor, a Action) error
}

// Everyone lets every user of the portal act.
type Everyone struct{}

var _ Policy = Everyone{}

// Allow implements Policy.
func (Everyone) Allow(context.Context, portal.Portal, portal.Actor, Action) error { return nil }
