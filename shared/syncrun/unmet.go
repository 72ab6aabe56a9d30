package syncrun

import (
	"context"
	"slices"
	"strconv"
	"time"

	"lumo/shared/chain"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// A contact whose LINE User ID was emptied while nobody could tell us is met by no read: the search does not return it, and on the list it
// names nobody. So a compare of everything sums up whom it met, and looks at the linked friends who are missing (P-26).

// compares tells that the run is to meet every linked friend.
func (r Run) compares() bool {
	return r.Full() && !r.DryRun && (r.Extent == All || r.Extent == Contacts)
}

// meets sums up the linked friends that a page met.
func (r *Run) meets(c id.ContactID, friends int) {
	if !r.compares() || friends == 0 {
		return
	}
	if r.Read.Seen == nil {
		r.Read.Seen = &links{}
	}
	r.Read.Seen.add(c, friends)
}

// name rebuilds the directory of names, a stretch with each step, and sums up on the way who is linked.
func (r *Runner) name(ctx context.Context, scope contactsync.Scope, run *Run) error {
	names, linked := scope.UserIDProperties(), links{}
	if run.Read.Linked != nil {
		linked = *run.Read.Linked
	}
	next, err := r.Reindex(ctx, scope.Portal, run.Read.Named, r.Clock.Now().Add(r.budget()/2), func(f friend.Friend) {
		if f.Link.Contact != 0 && names[f.Slot] != "" && slices.Contains(scope.Slots, f.Slot) {
			linked.add(f.Link.Contact, 1)
		}
	})
	if err != nil {
		return err
	}
	if run.Read.Named = next; run.compares() && len(anyOf(scope)) > 0 {
		run.Read.Linked = &linked
	}
	switch {
	case next != Place{}:
		return nil
	case run.Read.unmet() != links{}:
		run.Read.Phase = Looking
		return nil
	}
	return r.settling(ctx, scope, run)
}

// unmet tells whether linked friends are missing among those that the run met.
func (c Cursors) unmet() links {
	var met, linked links
	if c.Seen != nil {
		met = *c.Seen
	}
	if c.Linked != nil {
		linked = *c.Linked
	}
	return linked.less(met)
}

// lookPage is how many friends are gone through at a time for those that were not met.
const lookPage = 1000

// look looks at the linked friends that the run did not meet.
func (r *Runner) look(ctx context.Context, s *chain.Step, scope contactsync.Scope, run *Run) error {
	unmet, names := run.Read.unmet(), scope.UserIDProperties()
	until := r.Clock.Now().Add(r.budget() / 2)
	for _, slot := range slices.Sorted(slices.Values(scope.Slots)) {
		if slot < run.Read.Looked.Slot || names[slot] == "" {
			continue
		}
		if slot > run.Read.Looked.Slot {
			run.Read.Looked = Place{Slot: slot}
		}
		for more := true; more; more = run.Read.Looked.After != "" {
			if r.Clock.Now().After(until) {
				return nil
			}
			ks, next, err := r.missing(ctx, scope.Portal, run.Read.Looked, unmet, until)
			if err != nil {
				return err
			}
			if err := r.lookAt(ctx, scope, run, ks); err != nil {
				return err
			}
			run.Read.Looked.After = next
			if err := s.Save(ctx, *run); err != nil {
				return err
			}
		}
		run.Read.Looked = Place{Slot: slot + 1}
	}
	return r.settling(ctx, scope, run)
}

// missing gathers friends whom the run did not meet, so many that a call is worth its while and never more than one call takes: a kill
// repeats only what no stored cursor covers. Where many are missing it reads less at a time.
func (r *Runner) missing(ctx context.Context, p id.PortalID, from Place, unmet links, until time.Time) (ks []friend.Key, next string, err error) {
	next = from.After
	for dense := false; ; {
		limit := lookPage
		if dense {
			limit = contactsync.LookAtOnce - len(ks)
		}
		fs, after, err := r.Friends.Page(ctx, p, from.Slot, next, limit)
		if err != nil {
			return nil, "", err
		}
		more := unmet.meant(fs)
		if len(ks)+len(more) > contactsync.LookAtOnce {
			if len(ks) > contactsync.LookAtOnce/2 {
				return ks, next, nil
			}
			dense = true
			continue
		}
		dense = len(more)*lookPage > len(fs)*contactsync.LookAtOnce
		ks, next = append(ks, more...), after
		if next == "" || len(ks) > contactsync.LookAtOnce*9/10 || r.Clock.Now().After(until) {
			return ks, next, nil
		}
	}
}

// lookAt asks HubSpot for the contacts of friends. What is done again after a kill does no harm.
func (r *Runner) lookAt(ctx context.Context, scope contactsync.Scope, run *Run, ks []friend.Key) error {
	if len(ks) == 0 {
		return nil
	}
	run.Read.Number++
	counts, err := r.Look(ctx, scope, ks, run.ID, "unmet"+strconv.Itoa(run.Read.Number))
	run.Counts = run.Counts.Add(counts)
	return err
}
