package contactsync

import (
	"cmp"
	"context"
	"time"

	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/portal"
)

// heldWait is when a contact is looked at again that may not be written yet.
const heldWait = 10 * time.Minute

// part ends a link that a person ended, and clears the account's LINE properties on the contact (P-33). The row remembers the contact, so that
// neither a look at it from before nor a crash in between links the two again; who fills in the LINE User ID later links them anew.
func (e *Events) part(ctx context.Context, s Scope, n Note, cause string) error {
	if n.Friend == nil {
		return nil
	}
	k, a := *n.Friend, e.Applier
	err := e.change(ctx, s, k, false, cause, func(f *friend.Friend) error {
		if f.Link.At <= n.At && !f.LaterThan(n.At) && !f.EndedAt(n.Contact, n.At) { // a link made since is another one
			if l := f.Link; l.Contact == n.Contact && l.Claimant != 0 && n.Why == "" { // nobody decided for whom it claims
				if err := AgainBy(e.Queue)(ctx, s.Portal, l.Claimant); err != nil {
					return err
				}
			}
			f.Part(n.Contact, friend.End{At: n.At, Why: cmp.Or(n.Why, friend.ByPerson), By: n.By})
		}
		return nil
	})
	if err != nil {
		return err
	}
	f, ok, err := a.Friends.Get(ctx, s.Portal, k)
	if err != nil || !ok || f.Parted != (friend.Parted{Contact: n.Contact, Until: friend.Forever}) {
		return err
	}
	for _, kind := range []failure.Kind{failure.WriteBack, failure.Link} { // a conflict ends with either side
		if err := a.Failures.Remove(ctx, s.Portal, failure.Item{Kind: kind, Subject: failure.SubjectOf(k)}.ID()); err != nil {
			return err
		}
	}
	if s.WriteBack == portal.Held {
		return e.later(ctx, s.Portal, heldWait, n)
	}
	until, err := e.clear(ctx, s, n)
	if err != nil || until == friend.Forever {
		return err
	}
	return e.change(ctx, s, k, false, cause, func(f *friend.Friend) error {
		if f.Parted.Contact == n.Contact {
			f.Parted.Until = max(until, n.At)
		}
		return nil
	})
}

// clear empties the LINE properties of the friend's account on a contact. It returns HubSpot's time of that, or Forever when HubSpot refused it:
// then that is a failed item, and the contact claims nothing until somebody edits it.
func (e *Events) clear(ctx context.Context, s Scope, n Note) (int64, error) {
	u := Update{Contact: n.Contact, Properties: map[string]string{}}
	for _, p := range s.Names[n.Friend.Slot] {
		u.Properties[p.Name] = ""
	}
	if len(u.Properties) == 0 {
		return n.At, nil
	}
	done, refused, err := e.Applier.CRM.Update(ctx, s.Portal, []Update{u}, Event)
	if err != nil {
		return 0, err
	}
	switch {
	case len(done) > 0:
		return done[0].UpdatedAt, nil
	case len(refused) == 0 || fault.Is(refused[0].Err, fault.NotFound): // the contact is gone
		return n.At, nil
	}
	it := failure.Of(failure.WriteBack, failure.SubjectOf(*n.Friend), refused[0].Err, e.Applier.now())
	it.Friend, it.Contact = n.Friend, n.Contact
	return friend.Forever, e.Applier.Failures.Put(ctx, s.Portal, it)
}
