package contactsync

import (
	"context"
	"errors"

	"lumo/shared/changelog"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// outcome of one pair.
type outcome struct {
	counts  Counts
	changes []changelog.Record
	linked  bool // the friend's link is to this contact
}

// one observes a pair and stores the friend, again from a fresh row when somebody else changed it meanwhile.
func (a *Applier) one(ctx context.Context, s Scope, f friend.Friend, c Contact, cause string, u Urgency) (outcome, error) {
	var left []changelog.Record
	for range 8 {
		o, err := a.observe(ctx, s, f, c, cause, u)
		if err != nil {
			return outcome{}, err
		}
		if o.Claim != friend.AlreadyLinked && o.Changed {
			r, err := a.arbitrate(ctx, s, f, o, c, cause)
			if err != nil {
				return outcome{}, err
			}
			if r.refused {
				return outcome{counts: Counts{Conflicts: 1}}, nil
			}
			if r.again != nil {
				f, left = *r.again, r.left
				continue
			}
		}
		o.Changes = append(left, o.Changes...)
		if a.Discard {
			o.Changes = append(o.Changes, a.owed(o.Friend, s, cause)...)
		}
		if err := a.tooLong(ctx, s.Portal, f, c, o); err != nil {
			return outcome{}, err
		}
		out := outcome{changes: o.Changes, linked: o.Friend.Link.Contact == c.ID}
		n := &out.counts
		n.Failed = min(len(o.TooLong), 1)
		if o.Friend.Due != 0 {
			n.Dirty = 1
		}
		if !o.Changed {
			n.Unchanged = 1
			return out, nil
		}
		if o.Friend, err = a.save(ctx, s.Portal, o.Friend); err == nil {
			if o.Claim == friend.NewLink {
				n.Linked = 1
			}
			if o.Claim == friend.NewLink || o.Retagged {
				if err := a.reindex(ctx, s.Portal, o.Friend, u); err != nil {
					return out, err
				}
			}
			if o.Claim == friend.Contested {
				n.Conflicts = 1
				return out, nil
			}
			n.Updated = 1
			return out, nil
		}
		if !errors.Is(err, friend.ErrStale) {
			return outcome{}, err
		}
		fresh, ok, err := a.Friends.Get(ctx, s.Portal, f.Key)
		if err != nil {
			return outcome{}, err
		}
		if !ok {
			fresh = friend.Friend{Key: f.Key, Ordinal: f.Ordinal, Name: f.Name, Picture: f.Picture, ProfileAt: f.ProfileAt, Follow: friend.Unknown}
		}
		f, left = fresh, nil
	}
	return outcome{}, friend.ErrStale
}

// owed explains what HubSpot would be told of a friend.
func (a *Applier) owed(f friend.Friend, s Scope, cause string) []changelog.Record {
	if f.Due == 0 {
		return nil
	}
	_, log := Wrote(f, s, PendingOf(f, s).Properties, a.now(), a.now(), cause)
	return log
}

// look is Observe with the histories it turns out to need.
func (a *Applier) look(ctx context.Context, s Scope, f friend.Friend, c Contact, cause string, u Urgency) (Observed, error) {
	o := Observe(f, c, s, a.now(), cause)
	if len(o.NeedHistory) == 0 {
		return o, nil
	}
	fresh, _, err := a.CRM.Contacts(ctx, s.Portal, []id.ContactID{c.ID}, s.Read(), c.historiesAnd(o.NeedHistory), u)
	if err != nil {
		return o, err
	}
	if len(fresh) == 0 || fresh[0].ID != c.ID { // gone or merged meanwhile; its own event follows
		return Observed{Friend: f}, nil
	}
	return Observe(f, again(fresh[0], c), s, a.now(), cause), nil
}

// again is a contact that was read again, with what was found out about it before.
func again(fresh, c Contact) Contact {
	fresh.Shared, fresh.SharedSince = c.Shared, c.SharedSince
	fresh.Holders, fresh.HasHolders = c.Holders, c.HasHolders
	fresh.Proofs, fresh.Answers = c.Proofs, c.Answers
	fresh.Company, fresh.CompanyName, fresh.HasCompany = c.Company, c.CompanyName, c.HasCompany
	return fresh
}
