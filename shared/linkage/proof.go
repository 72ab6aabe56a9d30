package linkage

import (
	"context"
	"encoding/json"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// reachable tells whether the account may write to the person; an outcome says why not.
func (d *Desk) reachable(ctx context.Context, a Attempt, k friend.Key) (Outcome, error) {
	_, known, err := d.Profiles.Profile(ctx, a.Portal, k)
	switch {
	case err != nil:
		return "", err
	case !known && !a.Chat && (a.Friendly == Friends || a.Waited):
		// Befriended the Login channel's account, and yet this account does not know them: another provider's user id.
		return OtherProvider, nil
	case !known:
		return AddFriend, nil
	}
	return "", nil
}

// hand gives a proof to the contact sync, with what the person answered.
func (d *Desk) hand(ctx context.Context, p id.PortalID, k friend.Key, c id.ContactID, proof friend.Proof, answers map[string]string) error {
	return handProof(ctx, d.Queue, p, k, c, proof, answers)
}

// Hand gives a proof to the contact sync, which links by the rules of P-31. Handing it again does no harm.
func Hand(ctx context.Context, to queue.Sender, p id.PortalID, k friend.Key, c id.ContactID, proof friend.Proof) error {
	return handProof(ctx, to, p, k, c, proof, nil)
}

func handProof(ctx context.Context, to queue.Sender, p id.PortalID, k friend.Key, c id.ContactID, proof friend.Proof, answers map[string]string) error {
	return hand(ctx, to, p, contactsync.Note{Kind: contactsync.Proven, Contact: c, At: proof.At, Friend: &k, Proof: &proof, Answers: answers})
}

func hand(ctx context.Context, to queue.Sender, p id.PortalID, n contactsync.Note) error {
	b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: []contactsync.Note{n}})
	if err != nil {
		return err
	}
	return to.Send(ctx, queue.HubspotEvents, queue.Message{Body: b})
}

// foresee tells what the contact sync will make of the proof; it decides by the same rows.
func foresee(ctx context.Context, friends friend.Store, p id.PortalID, k friend.Key, c id.ContactID, proof friend.Proof) (Outcome, error) {
	f, ok, err := friends.Get(ctx, p, k)
	switch {
	case err != nil:
		return "", err
	case ok && f.Link.Contact == c && f.Link.State == friend.Linked:
		return AlreadyLinked, nil
	case ok && f.Outlived(c, proof):
		return Used, nil
	case ok && f.Link.Contact != 0:
		return InConflict, nil
	}
	others, err := friends.ByContact(ctx, p, c)
	for _, o := range others {
		if o.Slot == k.Slot && o.User != k.User {
			return InConflict, err
		}
	}
	return Linked, err
}
