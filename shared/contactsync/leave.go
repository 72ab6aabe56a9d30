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
// The row keeps the explanation, without the old value. The records go to the log before the row is stored, since a repetition after a
// crash finds nothing left to tell. Of erased contacts not even these tell a value.
func Left(before friend.Friend, after *friend.Friend, s Scope, erased bool, now int64, cause string) []changelog.Record {
	var out []changelog.Record
	for _, m := range s.Mappings.Flowing() {
		canon := mapping.Canonical(m)
		was, is := m.Decide(before.Fields[m.Property]), m.Decide(after.Fields[m.Property])
		if canon(was.Value) == canon(is.Value) {
			continue
		}
		r := after.Fields[m.Property]
		r.Why = register.Why{
			New: is.Value, Winner: is.Winner, Reason: register.LinkEnded, Cause: cause, At: max(now, before.Fields[m.Property].Why.At+1),
		}
		if r.Why.Winner == register.Nobody {
			r.Why.Winner = register.HubSpot
		}
		if after.Fields == nil {
			after.Fields = map[string]register.Register{}
		}
		after.Fields[m.Property] = r
		x := record(*after, before.Link.Contact, m, r)
		if !erased {
			x.Old = was.Value
		}
		out = append(out, x)
	}
	return out
}

// leaving logs the end or move of a link, under a name that a repetition gives again. Call it before the row is stored.
func leaving(ctx context.Context, log changelog.Log, p id.PortalID, k friend.Key, rs []changelog.Record, now int64, cause string) error {
	if len(rs) == 0 {
		return nil
	}
	return log.Append(ctx, p, cause+"/left/"+failure.SubjectOf(k), now, rs)
}
