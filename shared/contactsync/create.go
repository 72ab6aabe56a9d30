package contactsync

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
	"lumo/shared/queue"
)

// Creator makes contacts in HubSpot.
type Creator interface {
	// Holders finds the contacts that hold LINE User IDs in the property, which is unique.
	Holders(ctx context.Context, p id.PortalID, property string, users []id.LineUserID) (map[id.LineUserID]id.ContactID, error)
	// Create makes a contact for each user, with these properties besides the LINE User ID. A repetition makes no second one.
	Create(ctx context.Context, p id.PortalID, property string, in map[id.LineUserID]map[string]string) error
}

// wantedAtOnce friends travel in one message.
const wantedAtOnce = 100

// Want asks for contacts of friends.
func Want(ctx context.Context, q queue.Sender, p id.PortalID, ks []friend.Key, at int64) error {
	for part := range slices.Chunk(ks, wantedAtOnce) {
		b := Batch{Portal: p}
		for _, k := range part {
			b.Notes = append(b.Notes, Note{Kind: Wanted, Friend: &k, At: at})
		}
		body, err := json.Marshal(b)
		if err != nil {
			return err
		}
		if err := q.Send(ctx, queue.HubspotEvents, queue.Message{Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// Wants tells whether a friend is to have a contact of their own. Who was linked before is not: a contact that was deleted, or from which
// somebody unlinked the friend, does not come back by itself.
func (s Scope) Wants(f friend.Friend, policy portal.ContactPolicy) bool {
	return s.Policy == policy && f.Follow != friend.Blocked && f.Link.Contact == 0 && len(f.Past) == 0 && f.Parted.Contact == 0
}

// create makes contacts for friends who have none (P-29) and links them. The LINE User ID is unique in HubSpot and is written by the very call
// that makes the contact, so that a repetition finds it. No address is invented, and nothing else is filled in but, if that is wanted, the
// name (P-30).
func (e *Events) create(ctx context.Context, s Scope, notes []Note, cause string) error {
	if len(notes) == 0 || e.Creator == nil || s.Policy == portal.WhenLinked || s.Policy == "" {
		return nil
	}
	if s.WriteBack == portal.Held {
		return e.later(ctx, s.Portal, heldWait, notes...)
	}
	bySlot := map[id.Slot][]friend.Key{}
	for _, n := range notes {
		if n.Friend != nil && slices.Contains(s.Slots, n.Friend.Slot) && !slices.Contains(bySlot[n.Friend.Slot], *n.Friend) {
			bySlot[n.Friend.Slot] = append(bySlot[n.Friend.Slot], *n.Friend)
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(bySlot)) {
		if err := e.createIn(ctx, s, slot, bySlot[slot], cause); err != nil {
			return err
		}
	}
	return nil
}

func (e *Events) createIn(ctx context.Context, s Scope, slot id.Slot, ks []friend.Key, cause string) error {
	property, ok := s.Names[slot][lineproperty.UserID]
	if !ok {
		return nil
	}
	rows, err := e.Applier.Friends.GetMany(ctx, s.Portal, ks)
	if err != nil {
		return err
	}
	var users []id.LineUserID
	for _, k := range ks {
		if f, ok := rows[k]; ok && s.Wants(f, s.Policy) {
			users = append(users, k.User)
		}
	}
	if len(users) == 0 {
		return nil
	}
	holders, err := e.Creator.Holders(ctx, s.Portal, property.Name, users)
	if err != nil {
		return err
	}
	missing := map[id.LineUserID]map[string]string{}
	for _, u := range users {
		if holders[u] != 0 {
			continue
		}
		missing[u] = map[string]string{}
		if f := rows[friend.Key{Slot: slot, User: u}]; s.NameFromLine && f.Name != "" {
			missing[u]["firstname"] = f.Name
		}
	}
	if len(missing) > 0 {
		if err := e.Creator.Create(ctx, s.Portal, property.Name, missing); err != nil {
			return e.notCreated(ctx, s, slot, missing, err)
		}
		if holders, err = e.Creator.Holders(ctx, s.Portal, property.Name, users); err != nil {
			return err
		}
	}
	return e.adopt(ctx, s, slot, users, holders, cause)
}

// notCreated keeps what HubSpot refused, such as a contact over the portal's limit, among the failed items.
func (e *Events) notCreated(ctx context.Context, s Scope, slot id.Slot, users map[id.LineUserID]map[string]string, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class.Retryable() {
		return err
	}
	for _, u := range slices.Sorted(maps.Keys(users)) {
		k := friend.Key{Slot: slot, User: u}
		it := failure.Of(failure.Link, failure.SubjectOf(k), err, e.Applier.now())
		it.Friend = &k
		if err := e.Applier.Failures.Put(ctx, s.Portal, it); err != nil {
			return err
		}
	}
	return nil
}

// adopt links the friends to the contacts that hold their LINE User IDs, by the rules of every claim.
func (e *Events) adopt(ctx context.Context, s Scope, slot id.Slot, users []id.LineUserID, holders map[id.LineUserID]id.ContactID, cause string) error {
	of := map[id.ContactID]friend.Key{}
	for _, u := range users {
		if c := holders[u]; c != 0 {
			of[c] = friend.Key{Slot: slot, User: u}
		}
	}
	if len(of) == 0 {
		return nil
	}
	found, _, err := e.Applier.CRM.Contacts(ctx, s.Portal, slices.Sorted(maps.Keys(of)), s.Read(), nil, Event)
	if err != nil {
		return err
	}
	linked, now := map[id.ContactID][]friend.Key{}, e.Applier.now()
	var cs []Contact
	for _, c := range found {
		k, ok := of[c.ID]
		if !ok {
			continue // merged meanwhile: its own note follows
		}
		c.Proofs = map[friend.Key]friend.Proof{k: {Method: friend.AutoMatch, Proof: "created", Actor: "lumo", At: now}}
		cs, linked[c.ID] = append(cs, c), []friend.Key{k}
	}
	if err := e.apply(ctx, s, cs, linked, cause); err != nil {
		return err
	}
	for _, c := range cs { // those that HubSpot refused before
		if err := e.Applier.Failures.Remove(ctx, s.Portal, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(of[c.ID])}.ID()); err != nil {
			return err
		}
	}
	return nil
}
