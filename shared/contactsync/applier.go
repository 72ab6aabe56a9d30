package contactsync

import (
	"context"
	"slices"
	"sync"

	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// Applier brings contacts, as read from HubSpot, into friends.
type Applier struct {
	Friends  friend.Store
	CRM      CRM
	Profiles Profiles
	Invalids Invalids
	Log      changelog.Log
	Failures failure.Store
	Outbox   Outbox
	// Index is told of links that come or go one at a time; full runs rebuild it. Optional.
	Index Index
	// Again looks after contacts that claimed a friend whose link ended. Optional.
	Again    Again
	Clock    clock.Clock
	Parallel int // rows written at once; 1 in the simulation
	// Discard computes everything and stores nothing (dry run, P-64).
	Discard bool
}

// Applied is the result of one batch.
type Applied struct {
	Counts  Counts
	By      map[id.ContactID]Counts // what each contact added to them
	Changes []changelog.Record
	Linked  []id.ContactID // newly
	// Met counts, by contact, the friends linked to it that were looked at.
	Met map[id.ContactID]int
}

// pair is one friend to be looked at with one contact.
type pair struct {
	key     friend.Key
	contact Contact
}

// Apply looks at every contact with the friends it names, and with those linked to it (linked may be nil). name makes the log entry's name
// stable under repetition; cause goes into the records. Without linked, those are looked up of contacts that name somebody else.
func (a *Applier) Apply(ctx context.Context, s Scope, contacts []Contact, linked map[id.ContactID][]friend.Key, name, cause string, u Urgency) (Applied, error) {
	by := tally{}
	for _, c := range contacts {
		by.add(c.ID, Counts{Read: 1})
	}
	out := Applied{By: by, Met: map[id.ContactID]int{}}
	if err := a.malformed(ctx, s, contacts, by); err != nil {
		return out, err
	}
	pairs := a.pairs(s, contacts, linked)
	rows, err := a.friends(ctx, s, pairs, by)
	if err == nil && linked == nil {
		pairs, err = a.strangers(ctx, s, contacts, pairs, rows)
	}
	if err != nil {
		return out, err
	}
	if len(pairs) == 0 {
		out.Counts = by.sum()
		return out, nil
	}
	if err := a.freeSeats(ctx, s, pairs, rows, cause); err != nil {
		return out, err
	}
	share(pairs, rows)
	if err := a.companies(ctx, s, pairs, rows, u); err != nil {
		return out, err
	}
	if err := a.histories(ctx, s, pairs, rows, cause, u); err != nil {
		return out, err
	}
	if err := a.holders(ctx, s.Portal, pairs, rows); err != nil {
		return out, err
	}
	var mu sync.Mutex
	err = work.Each(ctx, a.Parallel, len(pairs), func(ctx context.Context, i int) error {
		row, ok := rows[pairs[i].key]
		if !ok {
			return nil
		}
		is, err := a.one(ctx, s, row, pairs[i].contact, cause, u)
		mu.Lock()
		defer mu.Unlock()
		contact := pairs[i].contact.ID
		if is.counts.Linked > 0 {
			out.Linked = append(out.Linked, contact)
		}
		if is.linked {
			out.Met[contact]++
		}
		by.add(contact, is.counts)
		out.Changes = append(out.Changes, is.changes...)
		return err
	})
	if err != nil {
		return out, err
	}
	slices.Sort(out.Linked)
	if err := a.unite(ctx, s, pairs, &out, cause, u); err != nil {
		return out, err
	}
	out.Counts = by.sum()
	slices.SortFunc(out.Changes, compareRecords)
	out.Changes = slices.Compact(out.Changes)
	return out, a.finish(ctx, s.Portal, out, name)
}

// finish runs after the rows are stored: the log, then the kick. Both are repeated when the step is.
func (a *Applier) finish(ctx context.Context, p id.PortalID, out Applied, name string) error {
	if a.Discard {
		return nil
	}
	if len(out.Changes) > 0 {
		if err := a.Log.Append(ctx, p, name, a.Clock.Now().UnixMilli(), out.Changes); err != nil {
			return err
		}
	}
	if out.Counts.Dirty > 0 {
		return a.Outbox.Kick(ctx, p)
	}
	return nil
}

func (a *Applier) pairs(s Scope, contacts []Contact, linked map[id.ContactID][]friend.Key) []pair {
	var out []pair
	for _, c := range contacts {
		ks, _ := s.Claims(c)
		for _, k := range linked[c.ID] {
			if !slices.Contains(ks, k) {
				ks = append(ks, k)
			}
		}
		for _, k := range ks {
			out = append(out, pair{k, c})
		}
	}
	return out
}

func (a *Applier) fail(ctx context.Context, p id.PortalID, it failure.Item, pr *pair) error {
	if a.Discard {
		return nil
	}
	if pr != nil {
		it.Friend, it.Contact = &pr.key, pr.contact.ID
	}
	return a.Failures.Put(ctx, p, it)
}

func (a *Applier) now() int64 { return a.Clock.Now().UnixMilli() }

// reindex brings one friend's entry up to date. Runs link by the thousand and rebuild the whole at their end.
func (a *Applier) reindex(ctx context.Context, p id.PortalID, f friend.Friend, u Urgency) error {
	if a.Index == nil || a.Discard || u == Bulk {
		return nil
	}
	return a.Index.Ensure(ctx, p, f.Slot, []friend.Friend{f})
}

func (a *Applier) save(ctx context.Context, p id.PortalID, f friend.Friend) (friend.Friend, error) {
	if a.Discard {
		return f, nil
	}
	return a.Friends.Save(ctx, p, f)
}
