package contactsync

import (
	"context"
	"time"

	"lumo/shared/changelog"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// LookAtOnce is how many friends Look takes at a time: HubSpot reads a hundred contacts with one call.
const LookAtOnce = 100

// Look looks at linked friends whose contacts a compare of everything did not meet: their LINE User ID was taken out of HubSpot, or they are
// gone, and nobody told us. They are read by their ids and treated as after an event. step names the look within a run.
func (e *Events) Look(ctx context.Context, s Scope, ks []friend.Key, run, step string) (Counts, error) {
	ids, linked, err := e.contactsOf(ctx, s, ks)
	if err != nil || len(ids) == 0 {
		return Counts{}, err
	}
	found, _, err := e.Applier.CRM.Contacts(ctx, s.Portal, ids, s.Read(), nil, Bulk)
	if err != nil {
		return Counts{}, err
	}
	cause := changelog.CauseOfRun(run, "unmet")
	a, err := e.Applier.Apply(ctx, s, found, linked, run+"/"+step, cause, Event)
	if err != nil {
		return a.Counts, err
	}
	there := map[id.ContactID]bool{}
	for _, c := range found {
		there[c.ID] = true
	}
	for _, c := range ids {
		if there[c] {
			continue
		}
		if err := e.later(ctx, s.Portal, GoneWait*time.Second, Note{Kind: Checked, Contact: c}); err != nil {
			return a.Counts, err
		}
	}
	return a.Counts, nil
}
