package contactsync

import (
	"context"
	"maps"
	"slices"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// Left explains what the end or the move of a link did to a friend's fields: HubSpot's side of each belonged to the contact that was left.
// The records go to the log after the row is stored: told before, they would be wrong if it never was. In case they get lost in a crash
// between the two, the row keeps the explanation, without the old value, and a marker that has the flush tell it (see ended). Of erased
// contacts not even the records tell a value.
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
	if len(out) > 0 && after.Due == 0 {
		after.Due = now
	}
	return out
}

// endedFor is how long a flush tells of a link's end, in milliseconds. One that comes later was told by an earlier one.
const endedFor = 24 * 60 * 60_000

// ended explains the end of links once more, from the rows alone. Readers take these for doubles of what leaving told, where it did; their
// names sort below, so that the one with the old value is found first.
func (f *Flusher) ended(ctx context.Context, s Scope, keys []friend.Key, rows map[friend.Key]friend.Friend) error {
	now := f.Clock.Now().UnixMilli()
	for _, k := range keys {
		row := rows[k]
		byCause := map[string][]changelog.Record{}
		for _, m := range s.Mappings.Flowing() {
			if r := row.Fields[m.Property]; r.Why.Reason == register.LinkEnded && now-r.Why.At < endedFor {
				byCause[r.Why.Cause] = append(byCause[r.Why.Cause], record(row, row.Link.Contact, m, r))
			}
		}
		for _, cause := range slices.Sorted(maps.Keys(byCause)) {
			if err := f.Log.Append(ctx, s.Portal, cause+"/ended/"+failure.SubjectOf(k), now, byCause[cause]); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaving logs the end or move of a link, under a name that a repetition gives again. Call it after the row is stored.
func leaving(ctx context.Context, log changelog.Log, p id.PortalID, k friend.Key, rs []changelog.Record, now int64, cause string) error {
	if len(rs) == 0 {
		return nil
	}
	return log.Append(ctx, p, cause+"/left/"+failure.SubjectOf(k), now, rs)
}
