package contactsync

import (
	"context"
	"errors"
	"time"

	"lumo/shared/chain"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// erased ends the link and drops what came from the contact at once.
func (e *Events) erased(ctx context.Context, s Scope, c id.ContactID, cause string) error {
	linked, err := e.linked(ctx, s, []id.ContactID{c})
	if err != nil {
		return err
	}
	if e.Files != nil && len(linked[c]) > 0 { // while it is still known whose they are
		if err := e.Files.ForgetFriends(ctx, s.Portal, linked[c]); err != nil {
			return err
		}
	}
	return e.unlink(ctx, s, linked[c], true, cause)
}

// eraseWait is when contacts are erased that came while others were.
const eraseWait = 10 * time.Minute

// forget erases what other stores still know of the contacts.
func (e *Events) forget(ctx context.Context, p id.PortalID, cs []id.ContactID) error {
	if len(cs) == 0 {
		return nil
	}
	err := e.Eraser.Erase(ctx, p, cs)
	if !errors.Is(err, chain.ErrBusy) {
		return err
	}
	notes := make([]Note, len(cs))
	for i, c := range cs {
		notes[i] = Note{Kind: Erased, Contact: c}
	}
	return e.later(ctx, p, eraseWait, notes...)
}

// unlink frees friends. Contacts that claimed them in vain are looked at afterwards; that is asked for before, so that no crash forgets it.
func (e *Events) unlink(ctx context.Context, s Scope, ks []friend.Key, erased bool, cause string) error {
	rows, err := e.Applier.Friends.GetMany(ctx, s.Portal, ks)
	if err != nil {
		return err
	}
	var claims []id.ContactID
	for _, k := range ks {
		if l := rows[k].Link; l.State == friend.Conflict && l.Claimant != 0 {
			claims = append(claims, l.Claimant)
		}
	}
	if len(claims) > 0 {
		if err := AgainBy(e.Queue)(ctx, s.Portal, claims...); err != nil {
			return err
		}
	}
	for _, k := range ks {
		if err := e.change(ctx, s, k, erased, cause, func(f *friend.Friend) error {
			f.Unlink(friend.End{At: e.Applier.now(), Why: friend.ContactGone})
			return nil
		}); err != nil {
			return err
		}
		if err := e.Applier.Failures.Remove(ctx, s.Portal, failure.Item{Kind: failure.WriteBack, Subject: failure.SubjectOf(k)}.ID()); err != nil {
			return err
		}
	}
	return nil
}

// change applies a change of the link to a row until it is stored.
func (e *Events) change(ctx context.Context, s Scope, k friend.Key, erased bool, cause string, change func(*friend.Friend) error) error {
	for range 8 {
		f, ok, err := e.Applier.Friends.Get(ctx, s.Portal, k)
		if err != nil || !ok {
			return err
		}
		before := f.Clone()
		if err := change(&f); err != nil {
			return err
		}
		if f.Equal(before) {
			return nil
		}
		left := Left(before, &f, s, erased, e.Applier.now(), cause)
		saved, err := e.Applier.Friends.Save(ctx, s.Portal, f)
		if err == nil {
			if err = leaving(ctx, e.Applier.Log, s.Portal, k, left, e.Applier.now(), cause); err == nil && len(left) > 0 {
				err = e.Applier.Outbox.Kick(ctx, s.Portal)
			}
			return errors.Join(err, e.Applier.reindex(ctx, s.Portal, saved, Event))
		}
		if !errors.Is(err, friend.ErrStale) {
			return err
		}
	}
	return friend.ErrStale
}
