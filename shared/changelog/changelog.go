// Package changelog explains every change of a field: old and new value, who won, by which rule, both times, and the run or event
// that brought it (promise 4, P-73). Records are packed, about a hundred to an item, so that explaining does not double the writes.
// A record is derived from the register's own Why, which is written with the value itself; a repeated step writes its records again
// under the same name, so none is lost and readers drop the doubles.
package changelog

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/register"
)

// Record is one change.
type Record struct {
	Friend  friend.Key    `json:"friend"`
	Contact id.ContactID  `json:"contact,string"`
	Field   string        `json:"field"` // HubSpot property name
	To      register.Side `json:"to"`    // the side whose value changed
	Old     string        `json:"old"`
	New     string        `json:"new"`
	// Winner and Reason tell who won and why; Rule is the field's rule then.
	Winner register.Side   `json:"winner"`
	Reason register.Reason `json:"reason"`
	Rule   register.Rule   `json:"rule"`
	// Times of the two edits that were compared, Unix ms, 0 when there was none. HubSpotBy is set when HubSpot's is only a bound.
	HubSpotAt int64 `json:"hubspotAt,omitempty"`
	HubSpotBy bool  `json:"hubspotBy,omitempty"`
	LumoAt    int64 `json:"lumoAt,omitempty"`
	// Cause is the run step or event; At is when Lumo applied it.
	Cause string `json:"cause"`
	At    int64  `json:"at"`
}

// Key tells records apart: the same change reported twice has the same key.
func (r Record) Key() string {
	return r.Friend.Slot.String() + "#" + string(r.Friend.User) + "#" + r.Field + "#" + string(r.To) + "#" + r.Cause
}

// Filter narrows a reading; zero fields match everything.
type Filter struct {
	Friend  *friend.Key
	Contact id.ContactID
	Run     string // causes that belong to this run
	Field   string
}

// Log stores records of one portal.
type Log interface {
	// Append stores the records under a name that a repetition of the same work gives again.
	Append(ctx context.Context, p id.PortalID, name string, at int64, rs []Record) error
	// Read returns records, newest first, without doubles; next continues.
	Read(ctx context.Context, p id.PortalID, f Filter, after string, limit int) (rs []Record, next string, err error)
}

// Match tells whether a record passes the filter.
func (f Filter) Match(r Record) bool {
	return (f.Friend == nil || *f.Friend == r.Friend) && (f.Contact == 0 || f.Contact == r.Contact) && (f.Field == "" || f.Field == r.Field) &&
		(f.Run == "" || RunOf(r.Cause) == f.Run)
}

// RunOf returns the run of a cause "run/<id>/<step>", or "" for other causes.
func RunOf(cause string) string {
	const p = "run/"
	if len(cause) < len(p) || cause[:len(p)] != p {
		return ""
	}
	rest := cause[len(p):]
	for i := range rest {
		if rest[i] == '/' {
			return rest[:i]
		}
	}
	return rest
}

// CauseOfRun names a step of a run.
func CauseOfRun(run, step string) string { return "run/" + run + "/" + step }
