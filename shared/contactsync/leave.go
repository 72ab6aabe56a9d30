package contactsync

import (
	"context"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// Left explains what the end or the move of a link did to a friend's fields: HubSpot's side of each belonged to the contact that was left.
// Append the records before the friend is stored: a repetition finds nothing changed any more. Of erased contacts no value is told.
func Left(before friend.Friend, after *friend.Friend, s Scope, erased bool, now int64, cause string) []changelog.Record {
	var out []changelog.Record
	for _, m := range s.Mappings.Flowing() {
		canon := mapping.Canonical(m)
		was, is := m.Decide(before.Fields[m.Property]), m.Decide(after.Fields[m.Property])
		if canon(was.Value) == canon(is.Value) {
			continue
		}
		why := register.Why{Old: was.Value, New: is.Value, Winner: is.Winner, Reason: register.LinkEnded, Cause: cause, At: now}
		if erased {
			why.Old = ""
		}
		if why.Winner == register.Nobody {
			why.Winner = register.HubSpot
		}
		r := after.Fields[m.Property]
		r.Why = why
		if _, kept := after.Fields[m.Property]; kept {
			after.Fields[m.Property] = r
		}
		out = append(out, record(*after, before.Link.Contact, m, r))
	}
	return out
}

// leaving stores the explanation of a link's end or move, under a name that a repetition gives again.
func (a *Applier) leaving(ctx context.Context, p id.PortalID, k friend.Key, rs []changelog.Record, cause string) error {
	if len(rs) == 0 || a.Discard {
		return nil
	}
	return a.Log.Append(ctx, p, cause+"/left/"+failure.SubjectOf(k), a.now(), rs)
}
