package friendcard

import (
	"strings"

	"lumo/shared/changelog"
)

// Cause is what brought a change, as people are told.
type Cause struct {
	Kind string // "run", "edit", "event", "flush" or "other"
	Run  string // of a run
	User string // the HubSpot user id of an edit made here
}

// CauseOf reads the cause of a change log record or of a register.
func CauseOf(s string) Cause {
	kind, rest, _ := strings.Cut(s, "/")
	switch kind {
	case "run":
		return Cause{Kind: kind, Run: changelog.RunOf(s)}
	case "edit":
		user, _, _ := strings.Cut(rest, "/")
		return Cause{Kind: kind, User: user}
	case "event", "flush":
		return Cause{Kind: kind}
	}
	return Cause{Kind: "other"}
}
