package contactsync

import (
	"context"
	"slices"
	"time"

	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// prove links a friend to the contact that a person showed to be theirs. The rules of P-31 are those of every other claim: who is linked
// elsewhere, or comes to a place that is taken, becomes a conflict and nothing moves. A repetition changes nothing.
func (e *Events) prove(ctx context.Context, s Scope, n Note, cause string) error {
	if n.Friend == nil || n.Proof == nil || !slices.Contains(s.Slots, n.Friend.Slot) {
		return nil
	}
	found, _, err := e.Applier.CRM.Contacts(ctx, s.Portal, []id.ContactID{n.Contact}, s.Read(), nil, Interactive)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return e.Applier.fail(ctx, s.Portal, failure.Item{
			Kind: failure.Link, Subject: failure.SubjectOf(*n.Friend), Code: "LINK_CONTACT_GONE", FirstAt: e.Applier.now(), LastAt: e.Applier.now(),
			Message: "A person linked their LINE to contact " + n.Contact.String() + ", which is no longer in HubSpot.",
		}, &pair{*n.Friend, Contact{ID: n.Contact}})
	}
	c := found[0] // under another id if it was merged since
	linked, err := e.linked(ctx, s, []id.ContactID{c.ID})
	if err != nil {
		return err
	}
	c.Proofs = map[friend.Key]friend.Proof{*n.Friend: *n.Proof}
	c.Answers = map[friend.Key]map[string]string{*n.Friend: n.Answers}
	ks := linked[c.ID]
	if !slices.Contains(ks, *n.Friend) {
		ks = append(ks, *n.Friend)
	}
	if err := e.apply(ctx, s, []Contact{c}, map[id.ContactID][]friend.Key{c.ID: ks}, cause); err != nil {
		return err
	}
	return e.proven(ctx, s, n, c, cause)
}

// proven looks at what became of a proof: a link ends the conflict, and undoing a decision brings the conflict back.
func (e *Events) proven(ctx context.Context, s Scope, n Note, c Contact, cause string) error {
	f, ok, err := e.Applier.Friends.Get(ctx, s.Portal, *n.Friend)
	if err != nil || !ok || f.Link.Contact != c.ID || f.Link.State != friend.Linked {
		return err
	}
	if n.Claimant != 0 && n.Claim != nil {
		return e.later(ctx, s.Portal, contestWait, Note{Kind: Contested, Contact: c.ID, Friend: n.Friend, At: n.At, Claimant: n.Claimant, Claim: n.Claim})
	}
	return e.Applier.Failures.Remove(ctx, s.Portal, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(f.Key)}.ID())
}

// contestWait is when a conflict comes back whose decision was undone: HubSpot learns first that the link is what it was, since nothing is
// written while people have to decide.
const contestWait = 20 * time.Second

// contest brings a conflict back, unless the link was changed since.
func (e *Events) contest(ctx context.Context, s Scope, n Note, cause string) error {
	if n.Friend == nil || n.Claim == nil {
		return nil
	}
	if n.Proof != nil {
		return e.reclaim(ctx, s, n, cause)
	}
	f, ok, err := e.Applier.Friends.Get(ctx, s.Portal, *n.Friend)
	stale := func(f friend.Friend) bool {
		return f.Link.Contact != n.Contact || f.Link.State != friend.Linked || f.LaterThan(n.At)
	}
	if err != nil || !ok || stale(f) {
		return err
	}
	if f.Due != 0 {
		wait := contestWait
		if s.WriteBack == portal.Held {
			wait = heldWait
		}
		return e.later(ctx, s.Portal, wait, n)
	}
	return e.change(ctx, s, f.Key, false, cause, func(f *friend.Friend) error {
		if stale(*f) {
			return nil
		}
		f.Contest(n.Claimant, *n.Claim)
		return e.Applier.contested(ctx, s.Portal, *f, Contact{ID: n.Claimant})
	})
}

// reclaim gives the friend who lost a contact again, because the decision for them was undone, the conflict back that there was.
func (e *Events) reclaim(ctx context.Context, s Scope, n Note, cause string) error {
	a := e.Applier
	return e.change(ctx, s, *n.Friend, false, cause, func(f *friend.Friend) error {
		switch {
		case !f.Reclaim(n.Contact, *n.Proof, n.Claimant, *n.Claim, n.At):
			return nil
		case n.Contact == 0:
			return a.fail(ctx, s.Portal, occupied(f.Key, n.Claimant, a.now()), &pair{f.Key, Contact{ID: n.Claimant}})
		}
		return a.contested(ctx, s.Portal, *f, Contact{ID: n.Claimant})
	})
}
