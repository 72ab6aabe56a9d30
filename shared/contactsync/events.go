package contactsync

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"lumo/shared/chain"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/work"
)

// Events applies what HubSpot told us about contacts and companies. Handling a note twice, late or out of order does no harm: contacts are
// read fresh, and registers merge.
type Events struct {
	Applier *Applier
	Queue   queue.Sender
	Eraser  Eraser
	Lists   Lists
	// Creator makes contacts for friends who have none. Optional.
	Creator Creator
}

// Lists is told of single changes of members.
type Lists interface {
	Told(ctx context.Context, p id.PortalID, cs []hubspotlist.Change) error
}

// Eraser forgets what is still known of contacts that were deleted for privacy. chain.ErrBusy: come again later.
type Eraser interface {
	Erase(ctx context.Context, p id.PortalID, cs []id.ContactID) error
}

// Handle applies notes of one portal. cause names the delivery.
func (e *Events) Handle(ctx context.Context, s Scope, notes []Note, cause string) error {
	var look []id.ContactID // contacts to read
	var renamed []id.CompanyID
	var again []Note
	var erased []id.ContactID
	var listed []hubspotlist.Change
	history := map[string]bool{}
	var wanted []Note
	for _, n := range notes {
		switch n.Kind {
		case Wanted:
			wanted = append(wanted, n)
		case Changed, Restored, Associated:
			look = append(look, n.Contact)
			if m, ok := s.Mappings.Find(n.Property); ok && m.Status.Flows() {
				history[n.Property] = true
			}
			if slices.Contains(s.TagProperties(), n.Property) {
				history[n.Property] = true
			}
		case Gone:
			if err := e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: n.Contact}); err != nil {
				return err
			}
		case Checked:
			if err := e.checked(ctx, s, n.Contact, cause); err != nil {
				return err
			}
		case Merged:
			if err := e.merged(ctx, s, n.Contact, n.Others, cause); err != nil {
				return err
			}
		case Erased:
			if slices.Contains(erased, n.Contact) { // each would come again while others are being erased, and doubled notes double each time
				continue
			}
			if err := e.erased(ctx, s, n.Contact, cause); err != nil {
				return err
			}
			erased = append(erased, n.Contact)
		case Proven:
			if err := e.prove(ctx, s, n, cause); err != nil {
				return err
			}
		case Contested:
			if err := e.contest(ctx, s, n, cause); err != nil {
				return err
			}
		case Parted:
			if err := e.part(ctx, s, n, cause); err != nil {
				return err
			}
		case Listed, Unlisted:
			listed = append(listed, hubspotlist.Change{List: n.List, Contact: n.Contact, Removed: n.Kind == Unlisted, At: n.At})
		case Renamed:
			renamed, again = append(renamed, n.Company), append(again, Note{Kind: RenamedBefore, Company: n.Company})
		case RenamedBefore:
			renamed = append(renamed, n.Company)
		}
	}
	if err := e.forget(ctx, s.Portal, erased); err != nil {
		return err
	}
	if len(listed) > 0 {
		if err := e.Lists.Told(ctx, s.Portal, listed); err != nil {
			return err
		}
	}
	if err := e.renamed(ctx, s, renamed, again, cause); err != nil {
		return err
	}
	if err := e.create(ctx, s, wanted, cause); err != nil {
		return err
	}
	return e.changed(ctx, s, look, notes, keysOf(history), cause)
}

func keysOf(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// later sends notes back to ourselves after a wait.
func (e *Events) later(ctx context.Context, p id.PortalID, wait time.Duration, notes ...Note) error {
	body, err := json.Marshal(Batch{p, notes})
	if err != nil {
		return err
	}
	return e.Queue.Send(ctx, queue.HubspotEvents, queue.Message{Body: body, Delay: wait})
}

// changed reads the contacts that matter: those linked to a friend, and those whose LINE User ID changed.
func (e *Events) changed(ctx context.Context, s Scope, ids []id.ContactID, notes []Note, history []string, cause string) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	linked, err := e.linked(ctx, s, ids)
	if err != nil {
		return err
	}
	named := map[id.ContactID]bool{}
	names := slices.Collect(maps.Values(s.UserIDProperties()))
	for _, n := range notes {
		if n.Kind == Restored || n.Kind == Changed && slices.Contains(names, n.Property) {
			named[n.Contact] = true
		}
	}
	ids = slices.DeleteFunc(ids, func(c id.ContactID) bool { return len(linked[c]) == 0 && !named[c] })
	return e.read(ctx, s, ids, linked, history, cause)
}

func (e *Events) linked(ctx context.Context, s Scope, ids []id.ContactID) (map[id.ContactID][]friend.Key, error) {
	out := map[id.ContactID][]friend.Key{}
	var mu sync.Mutex
	err := work.Each(ctx, e.Applier.Parallel, len(ids), func(ctx context.Context, i int) error {
		ks, err := e.Applier.Friends.ByContact(ctx, s.Portal, ids[i])
		ks = slices.DeleteFunc(ks, func(k friend.Key) bool { return !slices.Contains(s.Slots, k.Slot) })
		if len(ks) > 0 {
			mu.Lock()
			out[ids[i]] = ks
			mu.Unlock()
		}
		return err
	})
	return out, err
}

func (e *Events) read(ctx context.Context, s Scope, ids []id.ContactID, linked map[id.ContactID][]friend.Key, history []string, cause string) error {
	if len(ids) == 0 {
		return nil
	}
	found, missing, err := e.Applier.CRM.Contacts(ctx, s.Portal, ids, s.Read(), history, Event)
	if err != nil {
		return err
	}
	if err := e.apply(ctx, s, found, linked, cause); err != nil {
		return err
	}
	for _, c := range missing {
		if len(linked[c]) == 0 {
			continue
		}
		if err := e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: c}); err != nil {
			return err
		}
	}
	return nil
}

// seatWait is when a contact that was linked is looked at once more: two friends of one account may have come at the same moment.
const seatWait = 10 * time.Second

func (e *Events) apply(ctx context.Context, s Scope, cs []Contact, linked map[id.ContactID][]friend.Key, cause string) error {
	a, err := e.Applier.Apply(ctx, s, cs, linked, cause, cause, Event)
	if err != nil || len(a.Linked) == 0 {
		return err
	}
	return AgainBy(e.Queue)(ctx, s.Portal, a.Linked...)
}

// checked ends the wait after a deletion: merged away, gone, or back again.
func (e *Events) checked(ctx context.Context, s Scope, c id.ContactID, cause string) error {
	linked, err := e.linked(ctx, s, []id.ContactID{c})
	if err != nil || len(linked) == 0 {
		return err
	}
	now, err := e.Applier.CRM.Resolve(ctx, s.Portal, c)
	switch {
	case err != nil:
		return err
	case now == 0:
		return e.unlink(ctx, s, linked[c], false, cause)
	case now != c:
		return e.merged(ctx, s, now, []id.ContactID{c}, cause)
	}
	return e.read(ctx, s, []id.ContactID{c}, linked, nil, cause)
}

// merged re-points the friends of merged-away contacts to the survivor, which is read whole (P-32). Where the survivor names another
// friend of the same account, nothing moves silently (P-31).
func (e *Events) merged(ctx context.Context, s Scope, to id.ContactID, from []id.ContactID, cause string) error {
	linked, err := e.linked(ctx, s, append(slices.Clone(from), to))
	if err != nil {
		return err
	}
	found, _, err := e.Applier.CRM.Contacts(ctx, s.Portal, []id.ContactID{to}, s.Read(), nil, Event)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].ID != to { // merged again or deleted meanwhile: its own note follows
		for _, c := range from {
			if len(linked[c]) > 0 {
				if err := e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: c}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	survivor := found[0]
	claims, _ := s.Claims(survivor)
	var mine []friend.Key
	for _, c := range from {
		for _, k := range linked[c] {
			rival := slices.ContainsFunc(claims, func(o friend.Key) bool { return o.Slot == k.Slot && o.User != k.User })
			if err := e.repoint(ctx, s, k, survivor, rival, cause); err != nil {
				return err
			}
			if !rival {
				mine = append(mine, k)
			}
		}
	}
	mine = append(mine, linked[to]...)
	for _, k := range mine {
		if err := e.unite(ctx, s, k, from, cause); err != nil {
			return err
		}
	}
	return e.apply(ctx, s, []Contact{survivor}, map[id.ContactID][]friend.Key{to: mine}, cause)
}

// unite ends a friend's conflict between contacts that are one now.
func (e *Events) unite(ctx context.Context, s Scope, k friend.Key, from []id.ContactID, cause string) error {
	return e.change(ctx, s, k, false, cause, func(f *friend.Friend) error {
		if !f.Unite(from) {
			return nil
		}
		return e.Applier.Failures.Remove(ctx, s.Portal, failure.Item{Kind: failure.Link, Subject: failure.SubjectOf(k)}.ID())
	})
}

func (e *Events) repoint(ctx context.Context, s Scope, k friend.Key, to Contact, rival bool, cause string) error {
	return e.change(ctx, s, k, false, cause, func(f *friend.Friend) error {
		if !rival {
			f.Repoint(to.ID, e.Applier.now())
			return nil
		}
		f.Contest(to.ID, friend.Proof{Method: f.Link.Method, At: f.Link.At, Actor: f.Link.Actor, Proof: f.Link.Proof})
		return e.Applier.contested(ctx, s.Portal, *f, to)
	})
}

// erased ends the link and drops what came from the contact at once.
func (e *Events) erased(ctx context.Context, s Scope, c id.ContactID, cause string) error {
	linked, err := e.linked(ctx, s, []id.ContactID{c})
	if err != nil {
		return err
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

// renamed brings companies' new names to the friends of their contacts (P-40b), and has everything looked at once more later: a run may be
// storing friends whose company it read before.
func (e *Events) renamed(ctx context.Context, s Scope, cs []id.CompanyID, again []Note, cause string) error {
	if !s.Mappings.WithCompany() || len(cs) == 0 {
		return nil
	}
	slices.Sort(cs)
	var ks []friend.Key
	for _, c := range slices.Compact(cs) {
		for after := ""; ; {
			page, next, err := e.Applier.Friends.ByCompany(ctx, s.Portal, c, after)
			if err != nil {
				return err
			}
			if ks = append(ks, page...); len(ks) >= renamedAtOnce {
				if err := e.reread(ctx, s, ks, cause); err != nil {
					return err
				}
				ks = nil
			}
			if after = next; after == "" {
				break
			}
		}
	}
	if err := e.reread(ctx, s, ks, cause); err != nil || len(again) == 0 {
		return err
	}
	return e.later(ctx, s.Portal, NameWait, again...)
}

// renamedAtOnce is how many friends of renamed companies are looked at together.
const renamedAtOnce = 500

// reread looks at the contacts of friends.
func (e *Events) reread(ctx context.Context, s Scope, ks []friend.Key, cause string) error {
	ids, linked, err := e.contactsOf(ctx, s, ks)
	if err != nil {
		return err
	}
	return e.read(ctx, s, ids, linked, nil, cause)
}

// contactsOf lists the contacts that friends are linked to.
func (e *Events) contactsOf(ctx context.Context, s Scope, ks []friend.Key) (ids []id.ContactID, linked map[id.ContactID][]friend.Key, err error) {
	rows, err := e.Applier.Friends.GetMany(ctx, s.Portal, ks)
	linked = map[id.ContactID][]friend.Key{}
	for _, k := range ks {
		if f, ok := rows[k]; ok && f.Link.Contact != 0 && slices.Contains(s.Slots, k.Slot) {
			linked[f.Link.Contact] = append(linked[f.Link.Contact], k)
			ids = append(ids, f.Link.Contact)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), linked, err
}
