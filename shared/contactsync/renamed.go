package contactsync

import (
	"context"
	"slices"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// renamed brings companies' new names to the friends of their contacts (P-40b), and has everything looked at once more later: a run may be
// storing friends whose company it read before.
func (e *Events) renamed(ctx context.Context, s Scope, cs []id.CompanyID, again []Note, cause string) error {
	if !s.Mappings.WithCompany() || len(cs) == 0 {
		return nil
	}
	slices.Sort(cs)
	var ks []friend.Key
	for _, c := range slices.Compact(cs) {
		for after := ""; ; {
			page, next, err := e.Applier.Friends.ByCompany(ctx, s.Portal, c, after)
			if err != nil {
				return err
			}
			if ks = append(ks, page...); len(ks) >= renamedAtOnce {
				if err := e.reread(ctx, s, ks, cause); err != nil {
					return err
				}
				ks = nil
			}
			if after = next; after == "" {
				break
			}
		}
	}
	if err := e.reread(ctx, s, ks, cause); err != nil || len(again) == 0 {
		return err
	}
	return e.later(ctx, s.Portal, NameWait, again...)
}

// renamedAtOnce is how many friends of renamed companies are looked at together.
const renamedAtOnce = 500

// reread looks at the contacts of friends.
func (e *Events) reread(ctx context.Context, s Scope, ks []friend.Key, cause string) error {
	ids, linked, err := e.contactsOf(ctx, s, ks)
	if err != nil {
		return err
	}
	return e.read(ctx, s, ids, linked, nil, cause)
}

// contactsOf lists the contacts that friends are linked to.
func (e *Events) contactsOf(ctx context.Context, s Scope, ks []friend.Key) (ids []id.ContactID, linked map[id.ContactID][]friend.Key, err error) {
	rows, err := e.Applier.Friends.GetMany(ctx, s.Portal, ks)
	linked = map[id.ContactID][]friend.Key{}
	for _, k := range ks {
		if f, ok := rows[k]; ok && f.Link.Contact != 0 && slices.Contains(s.Slots, k.Slot) {
			linked[f.Link.Contact] = append(linked[f.Link.Contact], k)
			ids = append(ids, f.Link.Contact)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), linked, err
}
