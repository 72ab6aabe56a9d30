package sim

import (
	"context"
	"fmt"
	"slices"

	hs "lumo/scripts/hubspotsandbox"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

// maxLists of a portal.
const maxLists = 3

// changeList does something to a HubSpot list, or to whether Lumo keeps its members.
func (w *World) changeList() {
	t := w.tenant()
	all, err := w.hubspot.Lists(t.hub(), true)
	w.check(err)
	if len(all) < maxLists {
		w.createList(t, len(all))
		return
	}
	l := all[w.rng.IntN(len(all))]
	switch n := w.rng.IntN(12); {
	case l.Deleted:
		w.check(w.hubspot.RestoreList(t.hub(), l.ID))
		w.trace("HubSpot: %d list %d restored", t.id, l.ID)
	case n == 0:
		w.check(w.hubspot.DeleteList(t.hub(), l.ID))
		w.trace("HubSpot: %d list %d deleted", t.id, l.ID)
	case n == 1:
		w.check(w.hubspot.RenameList(t.hub(), l.ID, fmt.Sprintf("%s %d", l.Name, w.rng.IntN(1000))))
		w.trace("HubSpot: %d list %d renamed", t.id, l.ID)
	case n < 5:
		w.selectList(t, l.ID, w.rng.IntN(4) > 0)
	case l.Processing != "DYNAMIC":
		w.changeMembers(t, l)
	}
}

func (w *World) createList(t *tenant, n int) {
	name, processing, filter := fmt.Sprintf("List %d", n), "MANUAL", []byte(nil)
	if n%3 == 1 {
		processing, filter = "DYNAMIC", hs.PropertyFilter("lastname", "IS_KNOWN")
	}
	l, err := w.hubspot.NewList(t.hub(), "contacts", name, processing, filter)
	w.check(err)
	w.trace("HubSpot: %d list %d created %s", t.id, l, processing)
}

func (w *World) changeMembers(t *tenant, l hs.ListInfo) {
	for range 1 + w.rng.IntN(4) {
		c, ok := w.contact(t)
		if !ok {
			return
		}
		if slices.Contains(l.Members, c.ID) {
			w.check(w.hubspot.RemoveMembers(t.hub(), l.ID, c.ID))
		} else {
			w.check(w.hubspot.AddMembers(t.hub(), l.ID, c.ID))
		}
		w.trace("HubSpot: %d list %d in or out %d", t.id, l.ID, c.ID)
	}
}

var listRefusals = []error{hubspotlist.ErrUnknown, hubspotlist.ErrDeleted, contactsync.ErrNotConnected}

func (w *World) selectList(t *tenant, l int64, on bool) {
	w.press(fmt.Sprintf("select list %d/%d %v", t.id, l, on), listRefusals, func(ctx context.Context, app *compose.App) error {
		_, err := app.ListJobs().Select(ctx, t.id, id.ListID(fmt.Sprint(l)), on)
		return err
	}, func() {})
}

// checkLists compares the members that are kept with HubSpot's, and what became of lists.
func (w *World) checkLists(t *tenant) {
	s := &hubspotlist.Service{Store: dynamo.Lists{Table: w.rows()}, Blobs: &w.blobs, Clock: simClock{w.scheduler}}
	known, _, err := s.Index(context.Background(), t.id)
	w.check(err)
	all, err := w.hubspot.Lists(t.hub(), true)
	w.check(err)
	for _, k := range known {
		i := slices.IndexFunc(all, func(x hs.ListInfo) bool { return fmt.Sprint(x.ID) == string(k.ID) })
		w.evaluate("I3")
		if i < 0 || all[i].Deleted != (k.DeletedAt != 0) || !all[i].Deleted && all[i].Name != k.Name {
			w.violate("I3", "list %d/%s: Lumo has %q, deleted %d; HubSpot %+v", t.id, k.ID, k.Name, k.DeletedAt, all[max(i, 0)])
			continue
		}
		if !k.Selected || k.DeletedAt != 0 {
			continue
		}
		m, err := s.Members(context.Background(), t.id, k.ID)
		var want []id.ContactID
		for _, n := range all[i].Members {
			want = append(want, id.ContactID(n))
		}
		if err != nil || !slices.Equal(m.IDs, want) {
			w.violate("I3", "list %d/%s: Lumo keeps %v (%v), HubSpot has %v", t.id, k.ID, m.IDs, err, want)
		}
	}
}
