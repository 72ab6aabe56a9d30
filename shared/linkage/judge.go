package linkage

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// Choice is what a person makes of a conflict (P-31).
type Choice string

const (
	// Move: the other side is right. The link there was ends.
	Move Choice = "move"
	// Keep: the link stays as it is.
	Keep Choice = "keep"
	// Undo takes a Move back: the link, and the conflict, are what they were.
	Undo Choice = "undo"
)

// Refusals of a decision.
var (
	ErrNoConflict = errors.New("there is no such conflict any more")
	ErrNoUndo     = errors.New("this cannot be undone any more: the link was changed since")
	ErrNoFriend   = errors.New("this account has no such friend")
)

// Judge carries out decisions. What is done is done by the contact sync, in one batch, so that nobody is left without a link on the way.
type Judge struct {
	Friends friend.Store
	Queue   queue.Sender
}

// Decide hands a decision about a friend on. contact is the side that is to get the link, or is refused it; Undo needs none. A repetition does
// no harm.
func (j *Judge) Decide(ctx context.Context, p id.PortalID, choice Choice, k friend.Key, contact id.ContactID, at time.Time, by string) error {
	f, ok, err := j.Friends.Get(ctx, p, k)
	if err != nil {
		return err
	}
	if !ok {
		return ErrNoFriend
	}
	if choice == Undo {
		contact = lastMoved(f).Contact
	}
	holder, err := j.holder(ctx, p, k, contact)
	if err != nil {
		return err
	}
	notes, err := Ruling(choice, f, holder, contact, at.UnixMilli(), by)
	if err != nil {
		return err
	}
	b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: notes})
	if err != nil {
		return err
	}
	return j.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: b})
}

// holder is the other friend of the account who has the contact's place, if there is one.
func (j *Judge) holder(ctx context.Context, p id.PortalID, k friend.Key, c id.ContactID) (friend.Friend, error) {
	if c == 0 {
		return friend.Friend{}, nil
	}
	ks, err := j.Friends.ByContact(ctx, p, c)
	if err != nil {
		return friend.Friend{}, err
	}
	for _, o := range ks {
		if o.Slot != k.Slot || o.User == k.User {
			continue
		}
		f, ok, err := j.Friends.Get(ctx, p, o)
		if err != nil {
			return f, err
		}
		if ok && f.Link.Contact == c {
			return f, nil
		}
	}
	return friend.Friend{}, nil
}

// Ruling is what a decision comes to, as notes for the contact sync. holder is the other friend who is linked to the contact; its zero value is
// nobody. It is pure.
func Ruling(choice Choice, f, holder friend.Friend, contact id.ContactID, at int64, by string) ([]contactsync.Note, error) {
	part := func(f friend.Friend, c id.ContactID, why friend.Ending) contactsync.Note {
		return contactsync.Note{Kind: contactsync.Parted, Contact: c, Friend: &f.Key, At: at, By: by, Why: why}
	}
	link := func(f friend.Friend, c id.ContactID, proof friend.Proof) contactsync.Note {
		proof.Asked = at
		return contactsync.Note{Kind: contactsync.Proven, Contact: c, Friend: &f.Key, At: at, By: by, Proof: &proof}
	}
	claimed := f.Link.State == friend.Conflict && f.Link.Claimant == contact && contact != 0
	switch choice {
	case Keep:
		if !claimed {
			return nil, ErrNoConflict
		}
		return []contactsync.Note{part(f, contact, friend.ByPerson)}, nil
	case Move:
		var notes []contactsync.Note
		proof := friend.Proof{Method: friend.Manual, Actor: by, At: at}
		switch {
		case claimed:
			notes = append(notes, part(f, f.Link.Contact, friend.Moved))
			if f.Link.ClaimMethod != "" {
				proof = friend.Proof{Method: f.Link.ClaimMethod, Proof: f.Link.ClaimProof, Actor: f.Link.ClaimActor, At: f.Link.ClaimAt}
			}
		case f.Link.Contact != 0 || holder.Link.Contact == 0:
			return nil, ErrNoConflict
		}
		if holder.Link.Contact != 0 {
			notes = append(notes, part(holder, contact, friend.Moved))
		}
		return append(notes, link(f, contact, proof)), nil
	case Undo:
		return undo(f, holder, part, link)
	}
	return nil, ErrNoConflict
}

// lastMoved is the link that a Move ended, if nothing happened to the friend's links since.
func lastMoved(f friend.Friend) friend.Ended {
	if n := len(f.Past); n > 0 && f.Past[n-1].Why == friend.Moved {
		return f.Past[n-1]
	}
	return friend.Ended{}
}

func undo(f, holder friend.Friend, part func(friend.Friend, id.ContactID, friend.Ending) contactsync.Note, link func(friend.Friend, id.ContactID, friend.Proof) contactsync.Note) ([]contactsync.Note, error) {
	e := lastMoved(f)
	if e.Contact == 0 || f.Link.State == friend.Conflict {
		return nil, ErrNoUndo
	}
	var notes []contactsync.Note
	back := link(f, e.Contact, friend.Proof{Method: e.Method, Proof: e.Proof, Actor: e.Actor, At: e.At})
	if now := f.Link; now.Contact != 0 {
		notes = append(notes, part(f, now.Contact, friend.Undone))
		back.Claimant, back.Claim = now.Contact, &friend.Proof{Method: now.Method, Proof: now.Proof, Actor: now.Actor, At: now.At}
	}
	if holder.Link.Contact == 0 {
		return append(notes, back), nil
	}
	now, was := holder.Link, lastMoved(holder)
	if was.Until != e.Until {
		was = friend.Ended{} // the friend was not linked before
	}
	reclaim := contactsync.Note{
		Kind: contactsync.Contested, Contact: was.Contact, Friend: &holder.Key, At: back.At, By: back.By, Claimant: e.Contact,
		Proof: &friend.Proof{Method: was.Method, Proof: was.Proof, Actor: was.Actor, At: was.At},
		Claim: &friend.Proof{Method: now.Method, Proof: now.Proof, Actor: now.Actor, At: now.At},
	}
	return append(notes, part(holder, e.Contact, friend.Undone), back, reclaim), nil
}
