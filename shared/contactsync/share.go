package contactsync

import (
	"context"
	"slices"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

// A contact may be linked to one friend of each account. They are one person: a mapped field has one value for all of them.

// share gives each pair what its contact's other friends know.
func share(pairs []pair, rows map[friend.Key]friend.Friend) {
	byContact := map[id.ContactID][]friend.Friend{}
	for _, p := range pairs {
		if f, ok := rows[p.key]; ok && f.Link.Contact == p.contact.ID && f.Link.State == friend.Linked {
			byContact[p.contact.ID] = append(byContact[p.contact.ID], f)
		}
	}
	for i, p := range pairs {
		for _, f := range byContact[p.contact.ID] {
			if f.Key != p.key {
				c := &pairs[i].contact
				c.Shared = joined(c.Shared, f.Fields)
				if began := f.Link.Began(); c.SharedSince == 0 || began < c.SharedSince {
					c.SharedSince = began
				}
			}
		}
	}
}

// unite looks once more at the friends of contacts to which another one was linked just now: from here on what one of them knows, all do.
func (a *Applier) unite(ctx context.Context, s Scope, pairs []pair, out *Applied, cause string, u Urgency) error {
	friends := map[id.ContactID]int{}
	for _, p := range pairs {
		friends[p.contact.ID]++
	}
	var more []pair
	var keys []friend.Key
	for _, p := range pairs {
		if c := p.contact.ID; friends[c] > 1 && slices.Contains(out.Linked, c) && !a.Discard {
			p.contact.Shared, p.contact.SharedSince = nil, 0
			more, keys = append(more, p), append(keys, p.key)
		}
	}
	if len(more) == 0 {
		return nil
	}
	rows, err := a.Friends.GetMany(ctx, s.Portal, keys)
	if err != nil {
		return err
	}
	share(more, rows)
	for _, p := range more {
		f, ok := rows[p.key]
		if !ok || f.Link.Contact != p.contact.ID {
			continue
		}
		is, err := a.one(ctx, s, f, p.contact, cause, u)
		if err != nil {
			return err
		}
		out.Changes = append(out.Changes, is.changes...)
		if c := p.contact.ID; is.counts.Dirty > 0 && out.By[c].Dirty == 0 {
			tally(out.By).add(c, Counts{Dirty: 1})
		}
	}
	return nil
}

// joined merges fields without their explanations, which belong to each friend.
func joined(to, from map[string]register.Register) map[string]register.Register {
	out := make(map[string]register.Register, len(to)+len(from))
	for name, r := range to {
		out[name] = r
	}
	for name, r := range from {
		r.Why = register.Why{}
		out[name] = out[name].Merge(r)
	}
	return out
}

// together makes the friends of one contact agree on the mapped fields. It returns those who changed.
func together(friends []friend.Friend, s Scope, now int64, cause string) map[friend.Key]friend.Friend {
	var all map[string]register.Register
	for _, f := range friends {
		all = joined(all, f.Fields)
	}
	changed := map[friend.Key]friend.Friend{}
	for _, f := range friends {
		next := f.Clone()
		for _, m := range s.Mappings.Flowing() {
			was := f.Fields[m.Property]
			r := was.Merge(all[m.Property])
			if r == was || m.Property == mapping.Company {
				continue
			}
			if next.Fields == nil {
				next.Fields = map[string]register.Register{}
			}
			settle(&next, f.Link.Contact, m, was, r, now, cause)
			changed[f.Key] = next
		}
	}
	return changed
}
