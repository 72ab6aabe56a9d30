package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/blob"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

// measureLists reads a HubSpot list of everybody, and again after one member in a hundred left and as many came: once where only the
// fingerprint tells, once where the journal told each change.
func measureLists(ctx context.Context, r *run) ([]Figure, error) {
	spare := max(r.Size/100, 10)
	w, err := r.world(ctx, setup{contacts: r.Size + 2*spare, virtual: true, held: true, latency: hubspotsandbox.Latency{Millis: 150}})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	l, err := w.hub.CreateList(hub, "contacts", "Everybody", nil)
	if err != nil {
		return nil, err
	}
	if err := w.hub.AddMembers(hub, l, w.contacts[:r.Size]...); err != nil {
		return nil, err
	}
	list := id.ListID(strconv.FormatInt(l, 10))
	lists := w.app.Lists()
	if err := lists.Refresh(ctx, hub, false); err != nil {
		return nil, err
	}
	if _, _, err := lists.Select(ctx, hub, list, true); err != nil {
		return nil, err
	}
	first, err := w.lists(ctx, "first read", list)
	if err != nil {
		return nil, err
	}
	if err := w.swap(l, 0, spare); err != nil {
		return nil, err
	}
	changed, err := w.lists(ctx, "after changes", list)
	if err != nil {
		return nil, err
	}
	if err := w.swap(l, spare, 2*spare); err != nil {
		return nil, err
	}
	told, err := w.told(ctx, list, spare)
	if err != nil {
		return nil, err
	}
	thousands := float64(r.Size) / 1000
	// A last page that is not full weighs in small runs.
	bar := max(4.1, float64((r.Size+249)/250+2)/thousands)
	return []Figure{
		atMost("lists_read_calls_per_1000", first.calls/thousands, "calls", bar),
		atMost("lists_changed_calls_per_1000", changed.calls/thousands, "calls", bar),
		atMost("lists_changed_items", changed.items, fmt.Sprintf("items for %d changes", 2*spare), 30),
		atMost("lists_told_calls", told.calls, "calls", 2),
		atMost("lists_told_items", told.items, fmt.Sprintf("items for %d changes", 2*spare), float64(2*spare)/50+10),
		atMost("lists_wrong", float64(first.wrong+changed.wrong+told.wrong), "members", 0),
		info("lists_snapshot", float64(told.bytes)/float64(r.Size), "bytes per member"),
	}, nil
}

// swap has members n to m leave and as many others come.
func (w *world) swap(l int64, n, m int) error {
	if err := w.clock.Sleep(context.Background(), 10*time.Minute); err != nil {
		return err
	}
	if err := w.hub.RemoveMembers(hub, l, w.contacts[n:m]...); err != nil {
		return err
	}
	at := len(w.contacts) - m
	return w.hub.AddMembers(hub, l, w.contacts[at:at+m-n]...)
}

type listCost struct {
	calls, items float64 // a list's row is below 1 KB: an item is one write unit
	wrong, bytes int
}

// lists does what a sync run does for lists, and says what it took.
func (w *world) lists(ctx context.Context, name string, l id.ListID) (listCost, error) {
	w.calls.reset()
	w.table.reset()
	began := w.clock.Now()
	s := w.app.Lists()
	if err := s.Refresh(ctx, hub, false); err != nil {
		return listCost{}, err
	}
	for done := false; !done; {
		until := w.clock.Now().Add(35 * time.Second)
		var err error
		t := hubspotlist.Task{Portal: hub, By: name, Since: began.UnixMilli(), Stop: func() bool { return w.clock.Now().After(until) }}
		if _, done, err = s.Compare(ctx, t); err != nil {
			return listCost{}, err
		}
	}
	return w.cost(ctx, name, l, began)
}

// told gives the changes of the last minute as the journal does, and compares afterwards.
func (w *world) told(ctx context.Context, l id.ListID, n int) (listCost, error) {
	w.calls.reset()
	w.table.reset()
	var cs []hubspotlist.Change
	at := w.clock.Now().UnixMilli()
	for i := range n {
		out, in := w.contacts[n+i], w.contacts[len(w.contacts)-2*n+i]
		cs = append(cs, hubspotlist.Change{List: l, Contact: id.ContactID(out), Removed: true, At: at}, hubspotlist.Change{List: l, Contact: id.ContactID(in), At: at})
	}
	for part := range slices.Chunk(cs, 100) {
		if err := w.app.Lists().Told(ctx, hub, part); err != nil {
			return listCost{}, err
		}
	}
	items := w.table.total()
	c, err := w.lists(ctx, "told", l)
	c.items += float64(items)
	return c, err
}

func (w *world) cost(ctx context.Context, name string, l id.ListID, began time.Time) (listCost, error) {
	c := listCost{items: float64(w.table.total())}
	for _, a := range w.calls.all() {
		if !strings.Contains(a.what, "journal") { // subscriptions count against no limit
			c.calls++
		}
	}
	m, err := w.app.Lists().Members(ctx, hub, l)
	if err != nil {
		return c, err
	}
	all, err := w.hub.Lists(hub, true)
	if err != nil {
		return c, err
	}
	want := map[id.ContactID]bool{}
	for _, x := range all {
		if strconv.FormatInt(x.ID, 10) == string(l) {
			for _, n := range x.Members {
				want[id.ContactID(n)] = true
			}
		}
	}
	for _, n := range m.IDs {
		if !want[n] {
			c.wrong++
		}
		delete(want, n)
	}
	c.wrong += len(want)
	row, _, err := w.app.Lists().Store.Load(ctx, hub, l)
	if err != nil {
		return c, err
	}
	b, err := blob.GetBytes(ctx, w.app.Blobs(), hub, row.Members.Object)
	if err != nil {
		return c, err
	}
	c.bytes = len(b)
	w.run.say("lists: %s: %d members, %.0f calls in %.0f s, %.0f items, %d bytes, %d wrong", name, len(m.IDs), c.calls, w.clock.Now().Sub(began).Seconds(), c.items, c.bytes, c.wrong)
	return c, nil
}
