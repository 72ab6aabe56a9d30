package contactsync

import (
	"context"
	"slices"
	"time"

	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// merged re-points the friends of merged-away contacts to the survivor, which is read whole (P-32). Where the survivor names another
// friend of the same account, nothing moves silently (P-31).
func (e *Events) merged(ctx context.Context, s Scope, to id.ContactID, from []id.ContactID, cause string) error {
	linked, err := e.linked(ctx, s, append(slices.Clone(from), to))
	if err != nil {
		return err
	}
	found, _, err := e.Applier.CRM.Contacts(ctx, s.Portal, []id.ContactID{to}, s.Read(), nil, Event)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].ID != to { // merged again or deleted meanwhile: its own note follows
		for _, c := range from {
			if len(linked[c]) > 0 {
				if err := e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: c}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	survivor := found[0]
	claims, _ := s.Claims(survivor)
	var mine []friend.Key
	for _, c := range from {
		for _, k := range linked[c] {
			rival := slices.ContainsFunc(claims, func(o friend.Key) bool { return o.Slot == k.Slot && o.User != k.User })
			if err := e.repoint(ctx, s, k, survivor, rival, cause); err != nil {
				return err
			}
			if !rival {
				mine = append(mine, k)
			}
		}
	}
	mine = append(mine, linked[to]...)
	for _, k := range mine {
		if err := e.unite(ctx, s, k, from, cause); err != nil {
			return err
		}
	}
	return e.apply(ctx, s, []Contact{survivor}, map[id.ContactID][]friend.Key{to: mine}, cause)
}

// unite ends a friend's conflict between contacts that are one now.
func (e *Events) unite(ctx context.Context, s Scope, k friend.Key, from []id.ContactID, cause string) error {
	return e.change(ctx, s, k, false, cause, func(f *friend.Friend) error {
		if !f.Unite(from) {
			return nil
		}
		return e.Applier.Failures.Remove(ctx, s.Portal, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(k)}.ID())
	})
}

func (e *Events) repoint(ctx context.Context, s Scope, k friend.Key, to Contact, rival bool, cause string) error {
	return e.change(ctx, s, k, false, cause, func(f *friend.Friend) error {
		if !rival {
			f.Repoint(to.ID, e.Applier.now())
			return nil
		}
		f.Contest(to.ID, friend.Proof{Method: f.Link.Method, At: f.Link.At, Actor: f.Link.Actor, Proof: f.Link.Proof})
		return e.Applier.contested(ctx, s.Portal, *f, to)
	})
}
