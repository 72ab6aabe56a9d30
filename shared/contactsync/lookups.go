package contactsync

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
)

// histories reads, for the whole batch at once, the histories that deciding will need. One call serves up to fifty contacts.
func (a *Applier) histories(ctx context.Context, s Scope, pairs []pair, rows map[friend.Key]friend.Friend, cause string, u Urgency) error {
	var ids []id.ContactID
	var props []string
	for _, p := range pairs {
		row, ok := rows[p.key]
		if !ok {
			continue
		}
		if o := Observe(row, p.contact, s, a.now(), cause); len(o.NeedHistory) > 0 {
			ids, props = append(ids, p.contact.ID), append(props, p.contact.historiesAnd(o.NeedHistory)...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	slices.Sort(props)
	fresh, _, err := a.CRM.Contacts(ctx, s.Portal, slices.Compact(ids), s.Read(), slices.Compact(props), u)
	if err != nil {
		return err
	}
	byID := make(map[id.ContactID]Contact, len(fresh))
	for _, c := range fresh {
		byID[c.ID] = c
	}
	for i, p := range pairs {
		if c, ok := byID[p.contact.ID]; ok {
			pairs[i].contact = again(c, p.contact)
		}
	}
	return nil
}

// historiesAnd lists the properties whose history a new reading must bring: what is needed, and what the reading that it replaces had.
func (c Contact) historiesAnd(need []string) []string {
	return append(slices.Sorted(maps.Keys(c.History)), need...)
}

// malformed reports LINE User IDs that are none (P-27), each contact once.
func (a *Applier) malformed(ctx context.Context, s Scope, contacts []Contact, by tally) error {
	var bad []pair
	for _, c := range contacts {
		_, slots := s.Claims(c)
		for _, slot := range slices.Sorted(maps.Keys(slots)) {
			bad = append(bad, pair{friend.Key{Slot: slot, User: id.LineUserID("contact-" + c.ID.String())}, c})
			by.add(c.ID, Counts{Invalid: 1})
		}
	}
	if len(bad) == 0 {
		return nil
	}
	keys := make([]friend.Key, len(bad))
	for i, b := range bad {
		keys[i] = b.key
	}
	known, err := a.Invalids.Known(ctx, s.Portal, keys)
	if err != nil || a.Discard {
		return err
	}
	for _, b := range bad {
		if known[b.key] {
			continue
		}
		it := failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(b.key), Contact: b.contact.ID, Code: "LINE_ID_MALFORMED",
			Message: "A LINE User ID is the letter U and 32 digits or letters a to f.", FirstAt: a.now(), LastAt: a.now()}
		if err := a.Failures.Put(ctx, s.Portal, it); err != nil {
			return err
		}
		// Last: whoever finds the id here is not told again.
		if err := a.Invalids.Remember(ctx, s.Portal, b.key, b.contact.ID, a.now()); err != nil {
			return err
		}
	}
	return nil
}

// companies resolves the primary companies' names (P-40b) for contacts that some known friend names.
func (a *Applier) companies(ctx context.Context, s Scope, pairs []pair, rows map[friend.Key]friend.Friend, u Urgency) error {
	if !s.Mappings.WithCompany() {
		return nil
	}
	var ids []id.CompanyID
	for _, p := range pairs {
		if _, ok := rows[p.key]; !ok || p.contact.HasCompany {
			continue
		}
		if c := companyOf(p.contact); c != 0 {
			ids = append(ids, c)
		}
	}
	slices.Sort(ids)
	names := map[id.CompanyID]string{}
	if ids = slices.Compact(ids); len(ids) > 0 {
		var err error
		if names, err = a.CRM.CompanyNames(ctx, s.Portal, ids, u); err != nil {
			return err
		}
	}
	for i := range pairs {
		c := &pairs[i].contact
		if _, asked := c.Properties[mapping.CompanyLink]; !asked || c.HasCompany {
			continue
		}
		c.Company, c.HasCompany = companyOf(*c), true
		name, known := names[c.Company]
		if c.CompanyName = name; !known {
			c.Company = 0
		}
	}
	return nil
}

func companyOf(c Contact) id.CompanyID {
	v := c.Properties[mapping.CompanyLink]
	if v == nil || *v == "" {
		return 0
	}
	n, err := id.ParseCompany(*v)
	if err != nil {
		return 0
	}
	return n
}

func compareRecords(a, b changelog.Record) int {
	return cmp.Or(cmp.Compare(a.Contact, b.Contact), cmp.Compare(a.Friend.Slot, b.Friend.Slot), cmp.Compare(a.Friend.User, b.Friend.User),
		cmp.Compare(a.Field, b.Field), cmp.Compare(a.To, b.To))
}
