package contactsync

import (
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
				pairs[i].contact.Shared = joined(pairs[i].contact.Shared, f.Fields)
			}
		}
	}
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
