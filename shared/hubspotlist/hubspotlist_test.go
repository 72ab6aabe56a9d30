package hubspotlist

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/blob"
	"lumo/shared/id"
)

func numbers(from, to id.ContactID) []id.ContactID {
	var out []id.ContactID
	for c := from; c <= to; c++ {
		out = append(out, c)
	}
	return out
}

func TestMembersOfSelectedListsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", numbers(1, 8)...)
	w.hub.make("12", "Leads", numbers(5, 6)...)
	w.run(t, false, 100)
	w.selectList(t, "11")
	if c := w.run(t, false, 100); c != (Compared{Lists: 1, Changed: 1, Kept: 1}) {
		t.Errorf("%+v", c)
	}
	if got := w.members(t, "11"); !slices.Equal(got, numbers(1, 8)) {
		t.Error(got)
	}
	if _, err := w.Members(context.Background(), portal, "12"); !errors.Is(err, ErrUnread) {
		t.Error(err)
	}
	if _, err := w.Members(context.Background(), portal, "99"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if w.hub.calls["members"] != 3 || !slices.Equal(w.hub.watched, []id.ListID{"11"}) {
		t.Error(w.hub.calls, w.hub.watched)
	}
	// Nothing new: the index tells, nothing is read, nothing is written but the time.
	w.clock.Advance(time.Hour)
	writes := w.store.writes
	if c := w.run(t, false, 100); c != (Compared{Lists: 1, Kept: 1}) || w.hub.calls["members"] != 3 || w.store.writes != writes {
		t.Errorf("%+v, %v", c, w.hub.calls)
	}
	m, err := w.Members(context.Background(), portal, "11")
	if err != nil || m.AsOf != start.Add(time.Hour).UnixMilli() || !m.Has(8) || m.Has(9) {
		t.Errorf("%+v, %v", m, err)
	}
	// No longer needed: forgotten.
	if _, _, err := w.Select(context.Background(), portal, "11", false); err != nil || len(w.blobs.names) != 0 {
		t.Error(err, w.blobs.names)
	}
	w.run(t, false, 100)
	if len(w.hub.watched) != 0 {
		t.Error(w.hub.watched)
	}
}

func TestRenamedListKeepsItsMembers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", numbers(1, 8)...)
	w.run(t, false, 100)
	w.selectList(t, "11")
	w.run(t, false, 100)
	w.hub.lists["11"].name = "Very important"
	w.hub.catchUp()
	calls := w.hub.calls["members"]
	w.clock.Advance(time.Minute)
	w.run(t, false, 100)
	if l := w.store.rows["11"]; l.Name != "Very important" || l.State() != Current || w.hub.calls["members"] != calls {
		t.Errorf("%+v, %v", l, w.hub.calls)
	}
}

func TestDeletedListIsNeitherEmptyNorFull(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", 1)
	w.hub.make("12", "Leads", 2)
	w.run(t, false, 100)
	w.selectList(t, "11")
	w.run(t, false, 100)
	vip := w.hub.lists["11"]
	delete(w.hub.lists, "11")
	delete(w.hub.lists, "12")
	w.run(t, false, 100)
	if _, err := w.Members(context.Background(), portal, "11"); !errors.Is(err, ErrDeleted) {
		t.Error(err)
	}
	if _, ok := w.store.rows["12"]; ok || w.store.rows["11"].State() != Deleted || len(w.hub.watched) != 0 {
		t.Error(w.store.rows, w.hub.watched)
	}
	if _, err := w.Want(context.Background(), portal, "11"); !errors.Is(err, ErrDeleted) {
		t.Error(err)
	}
	// Restored within 90 days: it goes on.
	w.hub.lists["11"] = vip
	w.clock.Advance(time.Minute)
	w.run(t, false, 100)
	if got := w.members(t, "11"); !slices.Equal(got, numbers(1, 1)) || w.store.rows["11"].State() != Current {
		t.Error(got)
	}
}

func TestListsAreCountedWithoutReadingTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld()
	count := func(want int) {
		t.Helper()
		if n, err := w.Count(context.Background(), portal); n != want || err != nil {
			t.Errorf("%d lists, %v; want %d", n, err, want)
		}
	}
	count(0)
	for n, name := range []string{"VIP", "Leads", "Old"} {
		w.hub.make(id.ListID([]string{"11", "12", "13"}[n]), name, id.ContactID(n+1))
	}
	w.run(t, false, 100)
	reads := w.store.reads
	count(3)
	if w.store.reads != reads {
		t.Error("the index was read")
	}
	// A deleted list that is selected stays in the index, and is none of HubSpot's.
	w.selectList(t, "11")
	w.run(t, false, 100)
	delete(w.hub.lists, "11")
	delete(w.hub.lists, "13")
	w.run(t, false, 100)
	count(1)
}

// A page of the index that shifts while lists come and go is no proof that a list is gone.
func TestListMissedBySearchIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", 1)
	w.run(t, false, 100)
	w.selectList(t, "11")
	w.run(t, false, 100)
	if err := w.missed(context.Background(), portal, w.store.rows["11"], false); err != nil {
		t.Fatal(err)
	}
	if w.store.rows["11"].State() != Current || w.hub.calls["get"] != 1 {
		t.Error(w.store.rows["11"], w.hub.calls)
	}
}

func TestListDeletedWhileItIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", numbers(1, 9)...)
	w.run(t, false, 100)
	w.selectList(t, "11")
	pages := 0
	w.hub.onPage = func() {
		if pages++; pages == 2 {
			delete(w.hub.lists, "11")
		}
	}
	w.run(t, false, 1)
	if w.store.rows["11"].State() != Deleted || len(w.blobs.names) != 0 {
		t.Errorf("%+v %v", w.store.rows["11"], w.blobs.names)
	}
}

func TestRefusedListIsTriedAgainByTheNextRun(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", 1)
	w.run(t, false, 100)
	w.selectList(t, "11")
	w.hub.refuse = true
	if c := w.run(t, false, 100); c.Lists != 0 || w.store.rows["11"].State() != Refused {
		t.Errorf("%+v %+v", c, w.store.rows["11"])
	}
	w.hub.refuse = false
	w.clock.Advance(time.Minute)
	if c := w.run(t, false, 100); c.Lists != 1 || w.store.rows["11"].State() != Current {
		t.Errorf("%+v %+v", c, w.store.rows["11"])
	}
}

// A read of many pages goes on in later steps from where it was kept.
func TestReadGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", numbers(1, 300)...)
	w.run(t, false, 1000)
	w.selectList(t, "11")
	w.run(t, false, 7)
	if got := w.members(t, "11"); !slices.Equal(got, numbers(1, 300)) || w.hub.calls["members"] != 100 || len(w.blobs.names) != 1 {
		t.Error(len(got), w.hub.calls, w.blobs.names)
	}
}

// Two readers of one list: one reads, the other waits. One that died is followed.
func TestOneReaderAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx := context.Background()
	w.hub.make("11", "VIP", numbers(1, 30)...)
	w.run(t, false, 100)
	w.selectList(t, "11")
	twoPages := func() func() bool { n := 0; return func() bool { n++; return n > 2 } }
	step := func(by string) bool {
		_, done, err := w.Compare(ctx, Task{Portal: portal, By: by, Since: start.UnixMilli(), Stop: twoPages()})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if step("a") || step("b") || w.hub.calls["members"] != 2 {
		t.Error(w.hub.calls)
	}
	w.clock.Advance(abandoned + time.Second)
	for !step("b") {
		w.clock.Advance(time.Second)
	}
	if got := w.members(t, "11"); !slices.Equal(got, numbers(1, 30)) || w.hub.calls["members"] != 10 {
		t.Error(got, w.hub.calls)
	}
}

func TestJournalIsAcceptedInsteadOfARead(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx := context.Background()
	w.hub.make("11", "VIP", numbers(1, 30)...)
	w.run(t, false, 100)
	w.selectList(t, "11")
	w.run(t, false, 100)
	calls := w.hub.calls["members"]
	w.clock.Advance(time.Hour)
	in, out := w.hub.add("11", 40, 41), w.hub.remove("11", 3)
	for range 2 { // every message may come twice
		if err := w.Told(ctx, portal, slices.Concat(out, in)); err != nil {
			t.Fatal(err)
		}
	}
	want := slices.Concat(numbers(1, 2), numbers(4, 30), numbers(40, 41))
	if got := w.members(t, "11"); !slices.Equal(got, want) {
		t.Error(got)
	}
	w.hub.catchUp()
	if c := w.run(t, false, 100); c.Lists != 1 || w.hub.calls["members"] != calls || w.store.rows["11"].Members.Fingerprint != w.store.rows["11"].Fingerprint {
		t.Errorf("%+v %v", c, w.hub.calls)
	}
	w.clock.Advance(time.Hour)
	if w.run(t, true, 100); w.hub.calls["members"] != calls+11 { // a full run does not trust it
		t.Error(w.hub.calls)
	}
	if w.run(t, true, 100); w.hub.calls["members"] != calls+11 {
		t.Error("read again although nothing was told since", w.hub.calls)
	}
	// Told less than happened: read.
	w.clock.Advance(time.Hour)
	w.hub.add("11", 50)
	w.hub.catchUp()
	if c := w.run(t, false, 100); c.Changed != 1 || !slices.Contains(w.members(t, "11"), 50) {
		t.Errorf("%+v", c)
	}
}

func TestToldOutOfOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := start.UnixMilli()
		var cs []Change
		last := map[id.ContactID]Change{}
		for i := range rapid.IntRange(0, 30).Draw(t, "changes") {
			c := Change{Contact: id.ContactID(rapid.Int64Range(1, 6).Draw(t, "contact")), Removed: rapid.Bool().Draw(t, "removed"), At: now + int64(i)}
			cs, last[c.Contact] = append(cs, c), c
		}
		m := members{ids: numbers(2, 4)}
		shuffled := append(slices.Clone(cs), cs...)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for part := range slices.Chunk(shuffled, 4) {
			m.apply(part, now, now+100)
			again, err := unpack(m.pack())
			if err != nil || !slices.Equal(again.ids, m.ids) || !slices.Equal(again.recent, m.recent) {
				t.Fatalf("%v: %v %v", err, again, m)
			}
		}
		want := map[id.ContactID]bool{2: true, 3: true, 4: true}
		for c, x := range last {
			want[c] = !x.Removed
		}
		maps.DeleteFunc(want, func(_ id.ContactID, in bool) bool { return !in })
		if !slices.Equal(m.ids, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("got %v, want %v", m.ids, want)
		}
	})
}

func TestDamagedSnapshotsAreErrorsNotPanics(t *testing.T) {
	t.Parallel()
	good := members{ids: numbers(1, 300), recent: []Change{{Contact: 5, At: 9}}}.pack()
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(good)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_, _ = unpack(bad[:rapid.IntRange(0, len(bad)).Draw(t, "length")])
	})
}

// Whatever happens in HubSpot and in whatever order it is told, once it is quiet two runs bring the members that HubSpot has; the index lags
// and steps end anywhere.
func TestMembersAgreeOnceItIsQuiet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		ctx := context.Background()
		lists := []id.ListID{"11", "12"}
		for _, l := range lists {
			w.hub.make(l, "list "+string(l), numbers(1, 10)...)
		}
		w.run(t, false, 100)
		var untold []Change
		some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) id.ContactID { return id.ContactID(rapid.Int64Range(1, 20).Draw(t, "c")) }), 1, 4)
		act := func() {
			l := rapid.SampledFrom(lists).Draw(t, "list")
			if w.hub.lists[l] == nil {
				return
			}
			if rapid.Bool().Draw(t, "add") {
				untold = append(untold, w.hub.add(l, some.Draw(t, "ids")...)...)
			} else {
				untold = append(untold, w.hub.remove(l, some.Draw(t, "ids")...)...)
			}
		}
		w.hub.onPage = func() {
			if rapid.IntRange(0, 3).Draw(t, "meanwhile") == 0 {
				act()
			}
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			w.clock.Advance(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1:
				act()
			case 2:
				w.hub.catchUp()
			case 3:
				if rapid.Bool().Draw(t, "lost") { // the journal is no promise
					untold = nil
				}
				n := rapid.IntRange(0, len(untold)).Draw(t, "told")
				if err := w.Told(ctx, portal, untold[len(untold)-n:]); err != nil { // the latest first
					t.Fatal(err)
				}
				untold = untold[:len(untold)-n]
			case 4:
				w.run(t, rapid.Bool().Draw(t, "thorough"), rapid.IntRange(1, 5).Draw(t, "pages"))
			case 5:
				if _, _, err := w.Select(ctx, portal, rapid.SampledFrom(lists).Draw(t, "select"), rapid.Bool().Draw(t, "on")); err != nil && !errors.Is(err, ErrUnknown) {
					t.Fatal(err)
				}
			case 6:
				l := rapid.SampledFrom(lists).Draw(t, "raced")
				w.store.onSave = func() { // somebody else is first at the next write
					row := w.store.rows[l]
					row.Version++
					w.store.rows[l] = row
				}
			}
		}
		for _, l := range lists {
			w.selectList(t, l)
		}
		w.hub.onPage = nil
		w.clock.Advance(time.Hour)
		w.hub.catchUp()
		for range 2 {
			w.clock.Advance(15 * time.Minute)
			w.run(t, false, 3)
		}
		for _, l := range lists {
			got, err := w.Members(ctx, portal, l)
			if err != nil || !slices.Equal(got.IDs, slices.Sorted(maps.Keys(w.hub.lists[l].members))) {
				t.Fatalf("list %s: got %v (%v), HubSpot has %v", l, got.IDs, err, w.hub.lists[l].members)
			}
		}
		calls := w.hub.calls["members"]
		w.clock.Advance(15 * time.Minute)
		if w.run(t, false, 100); w.hub.calls["members"] != calls {
			t.Fatal("a further run reads although nothing happened")
		}
		if len(w.blobs.names) != len(lists) {
			t.Fatal("objects are left behind: ", w.blobs.names)
		}
	})
}

// 1,000 of 100,000 members come and 1,000 go: one pass of ids, and two objects and three rows instead of 100,000.
func TestLargeListChangesInProportion(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.page = 250
	big := newPages(100_000)
	w.Source = big
	w.run(t, false, 100_000)
	w.selectList(t, "11")
	w.run(t, false, 300)
	big.change(1000)
	w.clock.Advance(time.Hour)
	big.calls, w.store.writes = 0, 0
	c := w.run(t, false, 300)
	l := w.store.rows["11"]
	if c.Changed != 1 || l.Members.Added != 1000 || l.Members.Removed != 1000 || l.Members.Count != 100_000 {
		t.Errorf("%+v %+v", c, l.Members)
	}
	if big.calls != 400 || w.store.writes > 15 {
		t.Errorf("%d calls, %d writes", big.calls, w.store.writes)
	}
	data, err := blob.GetBytes(context.Background(), w.blobs, portal, l.Members.Object)
	if err != nil || len(data) > 300_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// pages is a HubSpot with one large list, whose pages cost nothing.
type pages struct {
	ids   []id.ContactID
	stamp int64
	calls int
}

func newPages(n int) *pages {
	p := &pages{}
	at := id.ContactID(90_000_000_000)
	for i := range n {
		at += id.ContactID(i*7919%200 + 1)
		p.ids = append(p.ids, at)
	}
	return p
}

func (p *pages) change(n int) {
	last := p.ids[len(p.ids)-1]
	p.ids = slices.Delete(p.ids, 5000, 5000+n)
	for i := range n {
		p.ids = append(p.ids, last+id.ContactID(i+1))
	}
	p.stamp++
}

func (p *pages) Lists(context.Context, id.PortalID, int) ([]List, int, error) {
	return []List{{ID: "11", Name: "Everybody", Kind: Active, Size: len(p.ids), Fingerprint: id.ContactID(p.stamp).String(), LastAdded: start.UnixMilli() + p.stamp*3_500_000}}, -1, nil
}
func (p *pages) Exists(context.Context, id.PortalID, id.ListID) (bool, error) { return true, nil }
func (p *pages) Watch(context.Context, id.PortalID, []id.ListID) error        { return nil }
func (p *pages) Members(_ context.Context, _ id.PortalID, _ id.ListID, after string) ([]id.ContactID, string, error) {
	p.calls++
	from := 0
	if after != "" {
		n, err := id.ParseContact(after)
		if err != nil {
			return nil, "", err
		}
		from, _ = slices.BinarySearch(p.ids, n+1)
	}
	to := min(from+250, len(p.ids))
	if to == len(p.ids) {
		return p.ids[from:to], "", nil
	}
	return p.ids[from:to], p.ids[to-1].String(), nil
}

// What a snapshot of a million members costs: docs/bench.md has the figures.
func BenchmarkSnapshot(b *testing.B) {
	m := members{ids: newPages(1_000_000).ids}
	packed := m.pack()
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			m.pack()
		}
		b.ReportMetric(float64(len(packed))/float64(len(m.ids)), "bytes/member")
	})
	b.Run("unpack", func(b *testing.B) {
		for b.Loop() {
			if _, err := unpack(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("has", func(b *testing.B) {
		set, i := Members{IDs: m.ids}, 0
		for b.Loop() {
			set.Has(m.ids[i*7919%len(m.ids)] + id.ContactID(i&1))
			i++
		}
	})
}

// A person puts something together that is not kept yet: looks at the index meanwhile do not drop the members, later ones do.
func TestMembersAreKeptForWhoeverIsAboutToUseThem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.make("11", "VIP", numbers(1, 8)...)
	w.run(t, false, 100)
	for range 3 {
		read, err := w.Use(context.Background(), portal, "11", "99")
		if err != nil || read != (w.hub.calls["members"] == 0) {
			t.Fatal(read, err)
		}
		w.run(t, false, 100)
		if got := w.members(t, "11"); !slices.Equal(got, numbers(1, 8)) {
			t.Fatal(got)
		}
		w.clock.Advance(10 * time.Minute)
	}
	if w.hub.calls["members"] != 3 {
		t.Errorf("%d pages read", w.hub.calls["members"])
	}
	w.clock.Advance(useFor)
	w.run(t, false, 100)
	if _, err := w.Members(context.Background(), portal, "11"); !errors.Is(err, ErrUnread) || len(w.blobs.names) != 0 {
		t.Error(err, w.blobs.names)
	}
}
