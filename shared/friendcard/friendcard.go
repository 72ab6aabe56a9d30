// Package friendcard is what a person sees of one friend: every mapped field with the value that counts, where it came from, when and why
// (promise 4), the state of the link, and the edits that are allowed.
package friendcard

import (
	"slices"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
)

// Field is one mapped field of a friend.
type Field struct {
	Mapping mapping.Mapping
	Value   string
	// Known is false while neither side ever set it.
	Known  bool
	Winner register.Side
	Reason register.Reason
	// Undecided: HubSpot's history must be read before it is certain who wins; Value is the edit made here meanwhile.
	Undecided bool
	// Pending: HubSpot must still learn the value.
	Pending bool
	Lumo    *register.Edit // nil when there is none
	HubSpot *register.Edit // Inexact: made at that time or before
	Held    *register.Held // what HubSpot is known to hold
	Why     *register.Why  // how the value came to change last
	// Refusal says why the field cannot be edited here; nil means that it can.
	Refusal error
}

// Fields lists the friend's fields in the order of the mappings.
func Fields(f friend.Friend, set mapping.Set) []Field {
	out := make([]Field, 0, len(set.Mappings))
	for _, m := range set.Mappings {
		out = append(out, fieldOf(f, m))
	}
	return out
}

func fieldOf(f friend.Friend, m mapping.Mapping) Field {
	r := f.Fields[m.Property]
	o := m.Decide(r)
	x := Field{
		Mapping: m, Value: o.Value, Known: o.Winner != register.Nobody, Winner: o.Winner, Reason: o.Reason,
		Pending: o.WriteHubSpot && f.Link.State == friend.Linked && m.Status.Flows(), Refusal: editable(m),
	}
	if o.NeedHistory {
		x.Undecided, x.Known, x.Value, x.Winner, x.Pending = true, true, r.Lumo.Value, register.Lumo, false
	}
	if !r.Lumo.None() {
		x.Lumo = &r.Lumo
	}
	if !r.HubSpot.None() {
		x.HubSpot = &r.HubSpot
	}
	if r.Held.Known {
		x.Held = &r.Held
	}
	if r.Why.At != 0 {
		x.Why = &r.Why
	}
	return x
}

// State of the card as a whole (P-115).
type State string

const (
	Off        State = "integration_off"
	NoAccount  State = "no_account"
	NotLinked  State = "not_linked"
	Linked     State = "linked"
	Blocked    State = "blocked" // every linked friend has blocked the account
	InConflict State = "conflict"
)

// StateOf derives it from the portal and the friends linked to the contact.
func StateOf(s portal.State, accounts int, fs []friend.Friend) State {
	blocked := func(f friend.Friend) bool { return f.Follow == friend.Blocked }
	conflict := func(f friend.Friend) bool { return f.Link.State == friend.Conflict }
	switch {
	case !s.Runs():
		return Off
	case len(fs) == 0 && accounts == 0:
		return NoAccount
	case len(fs) == 0:
		return NotLinked
	case slices.ContainsFunc(fs, conflict):
		return InConflict
	case !slices.ContainsFunc(fs, func(f friend.Friend) bool { return !blocked(f) }):
		return Blocked
	}
	return Linked
}

// LinkedTo keeps the friends that are really linked to the contact, by slot: the index that found them may lag behind their rows.
func LinkedTo(c id.ContactID, rows map[friend.Key]friend.Friend) []friend.Friend {
	var out []friend.Friend
	for _, f := range rows {
		if f.Link.Contact == c {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b friend.Friend) int { return int(a.Slot) - int(b.Slot) })
	return out
}
