package friendindex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/clock"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// memory is a Store.
type memory struct {
	end    uint32
	blocks map[uint32]Block
	writes int
	stale  int // so many saves lose to somebody else
}

func (m *memory) End(context.Context, id.PortalID, id.Slot) (uint32, error) { return m.end, nil }

func (m *memory) Load(_ context.Context, _ id.PortalID, _ id.Slot, n uint32) (Block, error) {
	return m.blocks[n], nil
}

func (m *memory) LoadMany(_ context.Context, _ id.PortalID, _ id.Slot, ns []uint32) (map[uint32]Block, error) {
	out := map[uint32]Block{}
	for _, n := range ns {
		if b, ok := m.blocks[n]; ok {
			out[n] = b
		}
	}
	return out, nil
}

func (m *memory) Save(_ context.Context, _ id.PortalID, _ id.Slot, n uint32, b Block) error {
	if m.stale > 0 {
		m.stale--
		b := m.blocks[n]
		b.Version++
		m.blocks[n] = b
		return ErrChanged
	}
	if m.blocks[n].Version != b.Version {
		return ErrChanged
	}
	b.Version++
	m.blocks[n], m.writes = b, m.writes+1
	return nil
}

func newIndex(end uint32) (*Index, *memory) {
	m := &memory{end: end, blocks: map[uint32]Block{}}
	return &Index{Store: m, Clock: clock.NewVirtual(time.UnixMilli(0))}, m
}

func user(n uint32) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

func row(n uint32, name string, version int64) friend.Friend {
	return friend.Friend{Key: friend.Key{Slot: 1, User: user(n)}, Ordinal: n, Name: name, Follow: friend.Following, Version: version}
}

func TestBlocksComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, BlockSize).Draw(t, "count")
		tags := rapid.SliceOfNDistinct(rapid.StringN(1, 8, 8), 1, 5, rapid.ID[string]).Draw(t, "tags")
		var es []Entry
		at := rapid.Uint32Range(0, 1<<31).Draw(t, "first")
		for range count {
			at += rapid.Uint32Range(1, 9).Draw(t, "gap")
			es = append(es, Entry{
				Ordinal: at, User: user(at * 2654435761), Name: clip(rapid.String().Draw(t, "name"), maxName), Version: rapid.Int64Range(1, 1<<40).Draw(t, "version"),
				Follow: rapid.SampledFrom(follows).Draw(t, "follow"), Contact: id.ContactID(rapid.Int64Range(0, 3).Draw(t, "linked") * rapid.Int64Range(1, 1<<44).Draw(t, "contact")),
				Since: rapid.Int64Range(0, 2).Draw(t, "known") * rapid.Int64Range(1, 1<<41).Draw(t, "since"), Dated: true,
				Tags: rapid.SliceOfN(rapid.SampledFrom(tags), 0, 3).Draw(t, "of")[:],
			})
		}
		data, err := pack(es)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(data)
		if err != nil || len(got) != len(es) {
			t.Fatalf("%d entries back of %d: %v", len(got), len(es), err)
		}
		for i := range es {
			if !got[i].same(es[i]) || got[i].Ordinal != es[i].Ordinal || got[i].Version != es[i].Version {
				t.Fatalf("got %+v, want %+v", got[i], es[i])
			}
		}
	})
}

func TestDamagedBlocksAreErrorsNotPanics(t *testing.T) {
	t.Parallel()
	data, err := pack([]Entry{{Ordinal: 1, User: user(1), Name: "Taro", Tags: []string{"a", "b"}, Version: 3}})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(data)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		bad = bad[:rapid.IntRange(1, len(bad)).Draw(t, "length")]
		if _, err := unpack(bad); err != nil && !errors.Is(err, errCorrupt) {
			t.Fatal(err)
		}
	})
}

// TestLateDoubledAndReorderedRows ends with the newest version of every row, whatever the order of the calls.
func TestLateDoubledAndReorderedRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		versions := map[uint32]friend.Friend{}
		var calls []friend.Friend
		for v := range int64(rapid.IntRange(1, 30).Draw(t, "saves")) {
			n := rapid.Uint32Range(0, 300).Draw(t, "who")
			f := row(n, fmt.Sprint("name ", v), v+1)
			f.Follow = rapid.SampledFrom(follows).Draw(t, "follow")
			f.Tags = rapid.SampledFrom([][]string{nil, {"a"}, {"a", "b"}}).Draw(t, "tags")
			versions[n], calls = f, append(calls, f)
		}
		calls = append(calls, rapid.SliceOf(rapid.SampledFrom(calls)).Draw(t, "again")...)
		calls = rapid.Permutation(calls).Draw(t, "order")
		x, m := newIndex(301)
		for len(calls) > 0 {
			n := rapid.IntRange(1, len(calls)).Draw(t, "batch")
			m.stale = rapid.IntRange(0, 2).Draw(t, "stale")
			if err := x.Ensure(t.Context(), 7, 1, calls[:n]); err != nil {
				t.Fatal(err)
			}
			calls = calls[n:]
		}
		got := everybody(t, x, "", Filter{})
		if len(got) != len(versions) {
			t.Fatalf("%d of %d friends", len(got), len(versions))
		}
		for _, e := range got {
			if want := EntryOf(versions[e.Ordinal]); !e.same(want) {
				t.Fatalf("got %+v, want %+v", e, want)
			}
		}
		writes := m.writes
		if err := x.Ensure(t.Context(), 7, 1, slices.Collect(maps.Values(versions))); err != nil || m.writes != writes {
			t.Fatalf("telling what is known wrote %d blocks: %v", m.writes-writes, err)
		}
	})
}

type failer interface {
	Fatal(...any)
	Context() context.Context
}

// everybody goes through all pages.
func everybody(t failer, x *Index, query string, f Filter) (out []Entry) {
	for cursor := ""; ; {
		page, err := x.Search(t.Context(), 7, 1, query, f, cursor, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Entries) > 7 {
			t.Fatal("a page is too long")
		}
		out = append(out, page.Entries...)
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

func TestSearchIgnoresCaseWidthAndComposition(t *testing.T) {
	t.Parallel()
	names := []string{"Tarō", "ﾀﾛｳ", "タロウ", "ＴＡＲＯ", "taro", "花子🌸", "Jose\u0301", "José", "ÖZ", "Straße", "Ⅷ", ""}
	x, _ := newIndex(uint32(len(names)))
	var fs []friend.Friend
	for i, n := range names {
		fs = append(fs, row(uint32(i), n, 1))
	}
	if err := x.Ensure(t.Context(), 7, 1, fs); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]int{
		"": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "TARO": {3, 4}, "ｔａｒｏ": {3, 4}, "タロ": {1, 2}, "ﾛｳ": {1, 2}, "🌸": {5}, "é": {6, 7}, "jose\u0301": {6, 7},
		"öz": {8}, "straße": {9}, "viii": {10}, "nobody": {}, "  taro ": {3, 4}, string(user(5)): {5}, "U123": {},
	} {
		got := []int{}
		for _, e := range everybody(t, x, query, Filter{}) {
			got = append(got, int(e.Ordinal))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
}

func TestFiltersAndCounts(t *testing.T) {
	t.Parallel()
	const n = 1000
	x, m := newIndex(n)
	var fs []friend.Friend
	for i := range uint32(n) {
		f := row(i, fmt.Sprint("Friend ", i), 1)
		if i%4 == 0 {
			f.Follow = friend.Blocked
		}
		if i%5 == 0 {
			f.Link = friend.Link{State: friend.Linked, Contact: 1}
		}
		if i%10 == 0 {
			f.Tags = []string{"vip"}
		}
		fs = append(fs, f)
	}
	if err := x.Ensure(t.Context(), 7, 1, fs); err != nil {
		t.Fatal(err)
	}
	if m.writes != (n+BlockSize-1)/BlockSize {
		t.Errorf("%d writes", m.writes)
	}
	yes, no := true, false
	for _, c := range []struct {
		f    Filter
		want int
	}{
		{Filter{}, n}, {Filter{Follow: friend.Blocked}, 250}, {Filter{Follow: friend.Unknown}, 0}, {Filter{Linked: &yes}, 200}, {Filter{Linked: &no}, 800},
		{Filter{Tag: "vip"}, 100}, {Filter{Follow: friend.Following, Linked: &yes, Tag: "vip"}, 50},
	} {
		if got := everybody(t, x, "friend", c.f); len(got) != c.want || !slices.IsSortedFunc(got, func(a, b Entry) int { return int(a.Ordinal) - int(b.Ordinal) }) {
			t.Errorf("%+v: %d, want %d in order", c.f, len(got), c.want)
		}
	}
	counts, err := x.Count(t.Context(), 7, 1)
	if err != nil || counts.Friends != n || counts.Blocked != 250 || counts.Linked != 200 || counts.Tags["vip"] != 100 || !counts.Whole {
		t.Errorf("%+v, %v", counts, err)
	}
}

func TestASearchIsBounded(t *testing.T) {
	t.Parallel()
	const last = blocksPerSearch*BlockSize + 5
	x, _ := newIndex(last + 1)
	if err := x.Ensure(t.Context(), 7, 1, []friend.Friend{row(3, "first", 1), row(last, "last", 1)}); err != nil {
		t.Fatal(err)
	}
	page, err := x.Search(t.Context(), 7, 1, "last", Filter{}, "", 50)
	if err != nil || len(page.Entries) != 0 || page.Next == "" {
		t.Fatalf("one search went through everything: %+v, %v", page, err)
	}
	if page, err = x.Search(t.Context(), 7, 1, "last", Filter{}, page.Next, 50); err != nil || len(page.Entries) != 1 || page.Next != "" {
		t.Fatalf("%+v, %v", page, err)
	}
	if c, err := x.Count(t.Context(), 7, 1); err != nil || c.Whole {
		t.Errorf("counted %+v, %v", c, err)
	}
	for _, bad := range []string{"-1", "x", "99999999999"} {
		if _, err := x.Search(t.Context(), 7, 1, "", Filter{}, bad, 50); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

func TestTheLargestBlockFitsAnItem(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var es []Entry
	for i := range BlockSize {
		var name strings.Builder
		for range maxName {
			name.WriteRune(rune(0x20000 + r.IntN(0x4000)))
		}
		e := Entry{Ordinal: uint32(i), User: id.LineUserID(fmt.Sprintf("U%016x%016x", r.Uint64(), r.Uint64())), Name: name.String(), Version: r.Int64()}
		for range maxTags {
			e.Tags = append(e.Tags, fmt.Sprintf("%08x", r.IntN(1000)))
		}
		es = append(es, e)
	}
	data, err := pack(es)
	if err != nil || len(data) > 380_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestWritersOfOneBlockGiveUpInTheEnd(t *testing.T) {
	t.Parallel()
	x, m := newIndex(10)
	m.stale = tries
	if err := x.Ensure(t.Context(), 7, 1, []friend.Friend{row(1, "a", 1)}); !errors.Is(err, ErrChanged) {
		t.Errorf("%v", err)
	}
	m.stale = tries - 1
	if err := x.Ensure(t.Context(), 7, 1, []friend.Friend{row(1, "a", 1)}); err != nil {
		t.Errorf("%v", err)
	}
}

func TestRowsThatCannotBeIndexedAreLeftOut(t *testing.T) {
	t.Parallel()
	x, m := newIndex(10)
	other := row(1, "other account", 1)
	other.Slot = 2
	strange := row(2, "strange", 1)
	strange.User = "contact-12"
	unsaved := row(3, "unsaved", 0)
	if err := x.Ensure(t.Context(), 7, 1, []friend.Friend{other, strange, unsaved}); err != nil || m.writes != 0 {
		t.Errorf("%d writes, %v", m.writes, err)
	}
}

// scattered pages rows as the table does, in no order of their ordinals, and takes a second for each page.
type scattered struct {
	friend.Store
	rows  []friend.Friend
	clock *clock.Virtual
}

func (r scattered) Page(_ context.Context, _ id.PortalID, _ id.Slot, after string, limit int) ([]friend.Friend, string, error) {
	r.clock.Advance(time.Second)
	from, _ := strconv.Atoi(after)
	to := min(from+limit, len(r.rows))
	if to == len(r.rows) {
		return r.rows[from:], "", nil
	}
	return r.rows[from:to], strconv.Itoa(to), nil
}

func TestARebuildWritesEachBlockOnceForManyPages(t *testing.T) {
	t.Parallel()
	const count = 20 * rebuildPage
	v := clock.NewVirtual(time.UnixMilli(0))
	rows := scattered{clock: v}
	for _, n := range rand.New(rand.NewPCG(3, 4)).Perm(count) {
		rows.rows = append(rows.rows, row(uint32(n), "somebody", 1))
	}
	blocks := (count + BlockSize - 1) / BlockSize
	for pages, most := range map[time.Duration]int{20: 1, 5: 4} {
		x, m := newIndex(count)
		x.Friends, x.Clock = rows, v
		stretches, cursor := 0, ""
		for again := true; again; again = cursor != "" {
			began := v.Now()
			var err error
			if cursor, err = x.Rebuild(t.Context(), 7, 1, cursor, began.Add((pages-1)*time.Second), nil); err != nil {
				t.Fatal(err)
			}
			if took := v.Now().Sub(began); took > pages*time.Second {
				t.Errorf("%v, although it was to end after %v", took, pages*time.Second)
			}
			stretches++
		}
		if m.writes > most*blocks || stretches != most {
			t.Errorf("%d writes of %d blocks in %d stretches", m.writes, blocks, stretches)
		}
		if c, err := x.Count(t.Context(), 7, 1); err != nil || c.Friends != count {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

func TestBlocksWithoutContactsAreReplacedByRows(t *testing.T) {
	t.Parallel()
	w := writer{}
	for _, n := range []uint64{1, 7, 12, linkedFlag | 1} { // count, ordinal, version, flags
		w.number(n)
	}
	w.raw.Write(make([]byte, 16))
	w.text("Taro")
	w.number(0) // names of tags
	w.number(0) // tags
	data, err := w.compressed()
	if err != nil {
		t.Fatal(err)
	}
	data[0] = formatNoLinked
	old, err := unpack(data)
	if err != nil || len(old) != 1 || old[0].Name != "Taro" || old[0].Follow != friend.Following {
		t.Fatalf("%+v, %v", old, err)
	}
	row := old[0]
	row.Version, row.Contact = 12, 301
	got, changed := merge(old, []Entry{row})
	if !changed || got[0].Contact != 301 || got[0].Version != 12 {
		t.Errorf("%+v, changed %v", got, changed)
	}
}

// TestReadingAheadVisitsTheSame, also when the visitor has seen enough.
func TestReadingAheadVisitsTheSame(t *testing.T) {
	t.Parallel()
	const n = 3*blocksAtOnce*BlockSize + 77
	x, _ := newIndex(n)
	var fs []friend.Friend
	for i := range uint32(n) {
		if i%11 == 0 {
			fs = append(fs, row(i, "somebody", 1))
		}
	}
	if err := x.Ensure(t.Context(), 7, 1, fs); err != nil {
		t.Fatal(err)
	}
	for _, from := range []uint32{0, 5, n / 2, n - 3, n + 9} {
		for _, most := range []int{1 << 30, 1, 900, 2500} {
			seen := map[int][]uint32{}
			for _, parallel := range []int{1, 4} {
				x.Parallel = parallel
				err := x.From(t.Context(), 7, 1, from, func(e Entry) bool {
					seen[parallel] = append(seen[parallel], e.Ordinal)
					return len(seen[parallel]) < most
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			want := (n - 1) / 11
			if from > 0 {
				want = (n-1)/11 - (int(from)+10)/11
			}
			if !slices.Equal(seen[1], seen[4]) || len(seen[1]) != min(max(want+1, 0), most) {
				t.Errorf("from %d at most %d: %d and %d, want %d", from, most, len(seen[1]), len(seen[4]), want+1)
			}
		}
	}
}

func TestBlocksWithoutBeginningsLearnThemFromRows(t *testing.T) {
	t.Parallel()
	w := writer{}
	for _, n := range []uint64{1, 7, 12, 1} { // count, ordinal, version, flags
		w.number(n)
	}
	w.raw.Write(make([]byte, 16))
	w.text("Taro")
	w.number(0) // names of tags
	w.number(0) // tags
	data, err := w.compressed()
	if err != nil {
		t.Fatal(err)
	}
	data[0] = formatNoSince
	old, err := unpack(data)
	if err != nil || len(old) != 1 || old[0].Dated || old[0].Version != 12 {
		t.Fatalf("%+v, %v", old, err)
	}
	again, err := pack(old)
	if err != nil {
		t.Fatal(err)
	}
	if old, err = unpack(again); err != nil || old[0].Dated {
		t.Fatalf("another entry of the block was written, and this one became dated: %+v, %v", old, err)
	}
	row := old[0]
	row.Dated, row.Since = true, 301
	if got, changed := merge(old, []Entry{row}); !changed || got[0].Since != 301 || !got[0].Dated {
		t.Errorf("%+v, changed %v", got, changed)
	}
	row.Version = 11
	if got, changed := merge(old, []Entry{row}); changed || got[0].Dated {
		t.Errorf("an older row: %+v, changed %v", got, changed)
	}
}
