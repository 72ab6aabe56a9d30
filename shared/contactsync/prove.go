package contactsync

import (
	"context"
	"slices"

	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
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
	ks := linked[c.ID]
	if !slices.Contains(ks, *n.Friend) {
		ks = append(ks, *n.Friend)
	}
	return e.apply(ctx, s, []Contact{c}, map[id.ContactID][]friend.Key{c.ID: ks}, cause)
}
