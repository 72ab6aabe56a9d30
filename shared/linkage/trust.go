package linkage

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// P-25: an account may choose to believe a typed address. The link says that nobody has verified it.

// Noted: an address was typed and is believed, if HubSpot knows it. The page is the same when it does not, and when the contact has a friend.
const Noted Outcome = "noted"

// trust links by what was typed. Whoever types it may be anybody: what is linked already is not claimed, since a conflict would hold its sync up, and
// nothing else that they say goes into the contact.
func (d *Desk) trust(ctx context.Context, a Attempt, v View) (View, error) {
	a.Answers = nil
	proof := d.proof(friend.Unverified, "typed:", a)
	if a.Chat {
		return d.cross(ctx, a, v, proof)
	}
	k := friend.Key{Slot: a.Slot, User: a.User}
	free, err := unclaimed(ctx, d.Friends, a.Portal, k, a.Contact, proof)
	if err != nil {
		return v, err
	}
	if free {
		if err := d.hand(ctx, a.Portal, k, a.Contact, proof, nil); err != nil {
			return v, err
		}
	}
	a.Outcome, v.Outcome, v.Typed = Noted, Noted, ""
	_, err = d.Store.SaveAttempt(ctx, a)
	return v, err
}

// unclaimed tells whether friend and contact are there and both free. Nobody is contact 0.
func unclaimed(ctx context.Context, friends friend.Store, p id.PortalID, k friend.Key, c id.ContactID, proof friend.Proof) (bool, error) {
	if c == 0 {
		return false, nil
	}
	o, err := foresee(ctx, friends, p, k, c, proof)
	return o == Linked, err
}
