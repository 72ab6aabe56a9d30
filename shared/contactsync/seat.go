package contactsync

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// A contact has one place for each account. Who comes when it is taken is not linked; moving a link is for people to decide (P-31).

// seated splits the friends of one contact into those who may be, one per account, and those who came when the place was taken (P-31).
func seated(friends []friend.Friend) (first, late []friend.Friend) {
	friends = slices.Clone(friends)
	slices.SortStableFunc(friends, func(a, b friend.Friend) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Link.At, b.Link.At), cmp.Compare(a.User, b.User))
	})
	for _, f := range friends {
		if n := len(first); n > 0 && first[n-1].Slot == f.Slot {
			late = append(late, f)
		} else {
			first = append(first, f)
		}
	}
	return first, late
}

// freeSeats keeps the friends who may be linked to a contact; the others' links end, and their rows come back without them.
func (a *Applier) freeSeats(ctx context.Context, s Scope, pairs []pair, rows map[friend.Key]friend.Friend, cause string) error {
	if a.Discard {
		return nil
	}
	byContact := map[id.ContactID][]friend.Friend{}
	for _, pr := range pairs {
		if f, ok := rows[pr.key]; ok && f.Link.Contact == pr.contact.ID {
			byContact[pr.contact.ID] = append(byContact[pr.contact.ID], f)
		}
	}
	for _, pr := range pairs {
		_, late := seated(byContact[pr.contact.ID])
		for _, f := range late {
			if f.Key != pr.key {
				continue
			}
			u := usher{a.Friends, a.Failures, a.Log, a.Again}
			fresh, err := u.evict(ctx, s, f, a.now(), cause)
			if err != nil {
				return err
			}
			rows[f.Key] = fresh
		}
	}
	return nil
}

// ruling is what a closer look at a claim that would change a link came to.
type ruling struct {
	// again is the friend to look at once more: its contact turned out to be gone, or to be this one. left explains the difference.
	again *friend.Friend
	left  []changelog.Record
	// refused: the contact's place is taken, and nothing moves.
	refused bool
}

func (a *Applier) arbitrate(ctx context.Context, s Scope, f friend.Friend, o Observed, c Contact, cause string) (ruling, error) {
	if o.Claim == friend.NewLink {
		_, is, err := a.taken(ctx, s.Portal, f.Key, c)
		if err != nil || !is {
			return ruling{}, err
		}
		if f.Version == 0 { // a friend all the same
			if _, err := a.save(ctx, s.Portal, f); err != nil && !errors.Is(err, friend.ErrStale) {
				return ruling{}, err
			}
		}
		return ruling{refused: true}, a.fail(ctx, s.Portal, occupied(f.Key, c.ID, a.now()), &pair{f.Key, c})
	}
	if f.Link.State == friend.Conflict && f.Link.Claimant == c.ID {
		return ruling{}, nil
	}
	// The linked contact may be gone, or merged into this one, and its own note is lost or late.
	now, err := a.CRM.Resolve(ctx, s.Portal, f.Link.Contact)
	if err != nil {
		return ruling{}, err
	}
	if now == f.Link.Contact {
		// Told before the row is stored: a repetition finds the conflict there and has nothing to tell.
		return ruling{}, a.contested(ctx, s.Portal, o.Friend, c)
	}
	next := f.Clone()
	if now == 0 {
		next.Unlink(friend.End{At: a.now(), Why: friend.ContactGone})
	} else {
		// The contact that this one was merged into may have a friend of this account already: then that is the conflict.
		switch _, is, err := a.taken(ctx, s.Portal, f.Key, Contact{ID: now}); {
		case err != nil:
			return ruling{}, err
		case is:
			return ruling{}, a.contested(ctx, s.Portal, o.Friend, c)
		}
		next.Repoint(now, a.now())
	}
	return ruling{again: &next, left: Left(f, &next, s, false, a.now(), cause)}, nil
}

// fewLinks are looked up one at a time; more of them in one go.
const fewLinks = 4

// holders looks up, for the contacts whose friends are not linked yet, who else is linked to them.
func (a *Applier) holders(ctx context.Context, p id.PortalID, pairs []pair, rows map[friend.Key]friend.Friend) error {
	var ids []id.ContactID
	free := func(pr pair) bool { f, ok := rows[pr.key]; return ok && f.Link.Contact == 0 && !pr.contact.HasHolders }
	for _, pr := range pairs {
		if free(pr) {
			ids = append(ids, pr.contact.ID)
		}
	}
	if len(ids) <= fewLinks {
		return nil
	}
	found, err := a.Friends.ByContacts(ctx, p, ids)
	if err != nil {
		return err
	}
	for i := range pairs {
		if c := &pairs[i].contact; free(pairs[i]) {
			c.Holders, c.HasHolders = found[c.ID], true
		}
	}
	return nil
}

// strangers adds the friends who are linked to a contact that names somebody else: a user that LINE does not know, or one of another contact.
// Their link goes on until people decide, so what HubSpot edits reaches them, and they get their name back into the contact.
func (a *Applier) strangers(ctx context.Context, s Scope, contacts []Contact, pairs []pair, rows map[friend.Key]friend.Friend) ([]pair, error) {
	var ids []id.ContactID
	named := map[friend.Key]bool{}
	for _, c := range contacts {
		ks, bad := s.Claims(c)
		stranger := len(bad) > 0
		for _, k := range ks {
			named[k] = true
			stranger = stranger || rows[k].Link.Contact != c.ID
		}
		if stranger {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return pairs, nil
	}
	found, err := a.linkedTo(ctx, s.Portal, ids)
	if err != nil {
		return pairs, err
	}
	for i := range pairs {
		if c := &pairs[i].contact; slices.Contains(ids, c.ID) {
			c.Holders, c.HasHolders = found[c.ID], true
		}
	}
	var added []pair
	for _, c := range contacts {
		for _, k := range found[c.ID] {
			if !named[k] && slices.Contains(s.Slots, k.Slot) {
				c.Holders, c.HasHolders = found[c.ID], true
				added = append(added, pair{k, c})
			}
		}
	}
	if len(added) == 0 {
		return pairs, nil
	}
	keys := make([]friend.Key, len(added))
	for i, pr := range added {
		keys[i] = pr.key
	}
	more, err := a.Friends.GetMany(ctx, s.Portal, keys)
	if err != nil {
		return pairs, err
	}
	for _, pr := range added {
		if f, ok := more[pr.key]; ok && f.Link.Contact == pr.contact.ID { // the index may be behind
			rows[pr.key] = f
			pairs = append(pairs, pr)
		}
	}
	return pairs, nil
}

// linkedTo looks up who is linked to contacts.
func (a *Applier) linkedTo(ctx context.Context, p id.PortalID, cs []id.ContactID) (map[id.ContactID][]friend.Key, error) {
	if len(cs) > fewLinks {
		return a.Friends.ByContacts(ctx, p, cs)
	}
	out := map[id.ContactID][]friend.Key{}
	for _, c := range cs {
		ks, err := a.Friends.ByContact(ctx, p, c)
		if err != nil {
			return nil, err
		}
		out[c] = ks
	}
	return out, nil
}

// taken tells who has the contact's place for this friend's account, if it is somebody else.
func (a *Applier) taken(ctx context.Context, p id.PortalID, k friend.Key, c Contact) (friend.Key, bool, error) {
	ks, err := c.Holders, error(nil)
	if !c.HasHolders {
		ks, err = a.Friends.ByContact(ctx, p, c.ID)
	}
	if err != nil {
		return k, false, err
	}
	for _, o := range ks {
		if o.Slot != k.Slot || o.User == k.User {
			continue
		}
		f, ok, err := a.Friends.Get(ctx, p, o) // the index may be behind
		if err != nil {
			return k, false, err
		}
		if ok && f.Link.Contact == c.ID {
			return o, true, nil
		}
	}
	return k, false, nil
}

// Again has contacts looked at after a while, as if HubSpot had told of them.
type Again func(ctx context.Context, p id.PortalID, cs ...id.ContactID) error

// AgainBy asks for it through the queue of HubSpot's events.
func AgainBy(q queue.Sender) Again {
	return func(ctx context.Context, p id.PortalID, cs ...id.ContactID) error {
		b := Batch{Portal: p}
		for _, c := range cs {
			b.Notes = append(b.Notes, Note{Kind: Restored, Contact: c})
		}
		body, err := json.Marshal(b)
		if err != nil {
			return err
		}
		return q.Send(ctx, queue.HubspotEvents, queue.Message{Body: body, Delay: seatWait})
	}
}

// usher ends links of friends who are late.
type usher struct {
	friends  friend.Store
	failures failure.Store
	log      changelog.Log
	again    Again
}

// evict ends the link of a friend who is late, and tells why. A contact that claimed the friend in vain is looked at afterwards; that is asked
// for before, so that no crash forgets it.
func (u usher) evict(ctx context.Context, s Scope, f friend.Friend, now int64, cause string) (friend.Friend, error) {
	p, c := s.Portal, f.Link.Contact
	for range 8 {
		if f.Link.Contact != c {
			return f, nil
		}
		if err := u.failures.Put(ctx, p, occupied(f.Key, c, now)); err != nil {
			return f, err
		}
		if l := f.Link; l.State == friend.Conflict && l.Claimant != 0 && u.again != nil {
			if err := u.again(ctx, p, l.Claimant); err != nil {
				return f, err
			}
		}
		next := f.Clone()
		next.Unlink(friend.End{At: now, Why: friend.PlaceTaken})
		left := Left(f, &next, s, false, now, cause)
		saved, err := u.friends.Save(ctx, p, next)
		if err == nil {
			return saved, leaving(ctx, u.log, p, f.Key, left, now, cause)
		}
		if !errors.Is(err, friend.ErrStale) {
			return saved, err
		}
		var ok bool
		if f, ok, err = u.friends.Get(ctx, p, f.Key); err != nil || !ok {
			return f, err
		}
	}
	return f, friend.ErrStale
}

func occupied(k friend.Key, c id.ContactID, now int64) failure.Item {
	return failure.Item{
		Kind: failure.Link, Subject: failure.SubjectOf(k), Friend: &k, Contact: c, Code: "LINK_CONFLICT", FirstAt: now, LastAt: now,
		Message: "Contact " + c.String() + " holds the LINE User ID of this friend, but is linked to another friend of the same account. Nothing was moved.",
	}
}

// contested queues the conflict (P-31): nothing moved, a person decides.
func (a *Applier) contested(ctx context.Context, p id.PortalID, f friend.Friend, c Contact) error {
	return a.fail(ctx, p, failure.Item{
		Kind: failure.Link, Subject: failure.SubjectOf(f.Key), Code: "LINK_CONFLICT",
		Message: "Contact " + c.ID.String() + " holds the LINE User ID of a friend who is linked to contact " + f.Link.Contact.String() + ". Nothing was moved.",
		FirstAt: a.now(), LastAt: a.now(),
	}, &pair{f.Key, c})
}
