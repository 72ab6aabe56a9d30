package hubspotlist

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"lumo/shared/blob"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
)

const portal id.PortalID = 7

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// hubspot is a portal's lists as HubSpot would tell them.
type hubspot struct {
	clock   *clock.Virtual
	lists   map[id.ListID]*hubList
	watched []id.ListID
	page    int
	calls   map[string]int
	refuse  bool
	onPage  func() // before each page of members
}

type hubList struct {
	name           string
	kind           Kind
	members        map[id.ContactID]bool
	added, removed int64
	shown          List // what the index tells, which lags
}

func (h *hubspot) now() int64 { return h.clock.Now().UnixMilli() }

func (h *hubspot) make(l id.ListID, name string, ids ...id.ContactID) *hubList {
	x := &hubList{name: name, kind: Static, members: map[id.ContactID]bool{}}
	h.lists[l] = x
	h.add(l, ids...)
	h.catchUp()
	return x
}

func (h *hubspot) add(l id.ListID, ids ...id.ContactID) []Change {
	x, out := h.lists[l], []Change(nil)
	for _, c := range ids {
		if !x.members[c] {
			x.members[c], x.added = true, h.now()
			out = append(out, Change{List: l, Contact: c, At: h.now()})
		}
	}
	return out
}

func (h *hubspot) remove(l id.ListID, ids ...id.ContactID) []Change {
	x, out := h.lists[l], []Change(nil)
	for _, c := range ids {
		if x.members[c] {
			delete(x.members, c)
			x.removed = h.now()
			out = append(out, Change{List: l, Contact: c, Removed: true, At: h.now()})
		}
	}
	return out
}

// catchUp lets the index tell what is.
func (h *hubspot) catchUp() {
	for l, x := range h.lists {
		x.shown = List{ID: l, Name: x.name, Kind: x.kind, Size: len(x.members), LastAdded: x.added, LastRemoved: x.removed,
			Fingerprint: fmt.Sprintf("%d|%d|%d", len(x.members), x.added, x.removed)}
	}
}

func (h *hubspot) Lists(_ context.Context, _ id.PortalID, offset int) ([]List, int, error) {
	h.calls["search"]++
	keys := slices.Sorted(maps.Keys(h.lists))
	end := min(offset+2, len(keys))
	var out []List
	for _, k := range keys[min(offset, len(keys)):end] {
		out = append(out, h.lists[k].shown)
	}
	if end >= len(keys) {
		end = -1
	}
	return out, end, nil
}

func (h *hubspot) Exists(_ context.Context, _ id.PortalID, l id.ListID) (bool, error) {
	h.calls["get"]++
	return h.lists[l] != nil, nil
}

func (h *hubspot) Members(_ context.Context, _ id.PortalID, l id.ListID, after string) ([]id.ContactID, string, error) {
	h.calls["members"]++
	if h.onPage != nil {
		h.onPage()
	}
	if h.refuse {
		return nil, "", &fault.Fault{Class: fault.Permission}
	}
	x := h.lists[l]
	if x == nil {
		return nil, "", &fault.Fault{Class: fault.NotFound}
	}
	from := id.ContactID(0)
	if after != "" {
		n, err := id.ParseContact(after)
		if err != nil {
			return nil, "", err
		}
		from = n
	}
	var out []id.ContactID
	for _, c := range slices.Sorted(maps.Keys(x.members)) {
		if c > from {
			if len(out) == h.page {
				return out, out[len(out)-1].String(), nil
			}
			out = append(out, c)
		}
	}
	return out, "", nil
}

func (h *hubspot) Watch(_ context.Context, _ id.PortalID, ls []id.ListID) error {
	h.calls["watch"]++
	h.watched = slices.Clone(ls)
	return nil
}

// memory is a Store.
type memory struct {
	rows    map[id.ListID]List
	checked Checked
	writes  int
	reads   int    // of the whole index
	onSave  func() // before each write: somebody else's chance to be first
}

func (m *memory) All(context.Context, id.PortalID) ([]List, error) {
	m.reads++
	var out []List
	for _, k := range slices.Sorted(maps.Keys(m.rows)) {
		out = append(out, m.copy(m.rows[k]))
	}
	return out, nil
}

func (m *memory) copy(l List) List {
	if l.Members != nil {
		s := *l.Members
		l.Members = &s
	}
	if l.Reading != nil {
		r := *l.Reading
		l.Reading = &r
	}
	return l
}

func (m *memory) Load(_ context.Context, _ id.PortalID, l id.ListID) (List, bool, error) {
	row, ok := m.rows[l]
	return m.copy(row), ok, nil
}

func (m *memory) Save(_ context.Context, _ id.PortalID, l List) (List, error) {
	if f := m.onSave; f != nil {
		m.onSave = nil
		f()
	}
	if m.rows[l.ID].Version != l.Version {
		return l, ErrChanged
	}
	m.writes++
	l.Version++
	m.rows[l.ID] = m.copy(l)
	return l, nil
}

func (m *memory) Remove(_ context.Context, _ id.PortalID, l List) error {
	if m.rows[l.ID].Version != l.Version {
		return ErrChanged
	}
	delete(m.rows, l.ID)
	return nil
}

func (m *memory) Checked(context.Context, id.PortalID) (Checked, error) { return m.checked, nil }

func (m *memory) SaveChecked(_ context.Context, _ id.PortalID, c Checked) error {
	m.checked = c
	return nil
}

// world is a service over them.
type world struct {
	*Service
	hub   *hubspot
	store *memory
	blobs *counted
	clock *clock.Virtual
}

// counted knows which objects there are.
type counted struct {
	blob.Memory
	names map[string]bool
}

func (c *counted) Put(ctx context.Context, p id.PortalID, name, kind string, body io.ReadSeeker) error {
	c.names[name] = true
	return c.Memory.Put(ctx, p, name, kind, body)
}

func (c *counted) Delete(ctx context.Context, p id.PortalID, name string) error {
	delete(c.names, name)
	return c.Memory.Delete(ctx, p, name)
}

func newWorld() *world {
	c := clock.NewVirtual(start)
	h := &hubspot{clock: c, lists: map[id.ListID]*hubList{}, page: 3, calls: map[string]int{}}
	m := &memory{rows: map[id.ListID]List{}}
	b := &counted{names: map[string]bool{}}
	n := 0
	s := &Service{Source: h, Store: m, Blobs: b, Clock: c, NewID: func() string { n++; return fmt.Sprintf("id-%d", n) }, Log: slog.New(slog.DiscardHandler)}
	return &world{Service: s, hub: h, store: m, blobs: b, clock: c}
}

// run is what a sync run does.
func (w *world) run(t must, thorough bool, steps int) Compared {
	since, by := w.now(), w.NewID()
	if err := w.Refresh(context.Background(), portal, thorough); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		left := steps
		c, done, err := w.Compare(context.Background(), Task{Portal: portal, By: by, Since: since, Thorough: thorough, Stop: func() bool { left--; return left < 0 }})
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return c
		}
		w.clock.Advance(time.Second)
	}
	t.Fatal("the run does not end")
	return Compared{}
}

type must interface{ Fatal(...any) }

func (w *world) members(t testing.TB, l id.ListID) []id.ContactID {
	t.Helper()
	m, err := w.Members(context.Background(), portal, l)
	if err != nil {
		t.Fatal(err)
	}
	return m.IDs
}

func (w *world) selectList(t must, l id.ListID) {
	if _, _, err := w.Select(context.Background(), portal, l, true); err != nil {
		t.Fatal(err)
	}
}
