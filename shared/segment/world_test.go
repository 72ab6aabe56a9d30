package segment

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/blob"
	"lumo/shared/broadcast"
	"lumo/shared/clock"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
	"lumo/shared/tag"
	"lumo/shared/tracking"
)

const hub id.PortalID = 7

// world is everything that segments rest on, as plain values.
type world struct {
	now      time.Time
	zone     *time.Location
	friends  []friend.Friend
	tags     []string
	mappings mapping.Set
	lists    map[id.ListID]map[id.ContactID]bool
	rows     map[id.ListID]hubspotlist.List
	casts    map[string]broadcast.Broadcast
	sentTo   map[string][]uint32 // ordinals in the order of sending
	opened   map[string]map[uint32]bool
	clicked  map[string]map[uint32]bool
	blobs    blob.Memory
	kept     map[string]Segment
	used     []id.ListID
	fresh    []int64
	busy     bool // reading lists takes longer than a step
	noted    []string
	reads    int
	undated  map[uint32]bool // entries of an older index
	state    lineaccount.State
}

func newWorld() *world {
	return &world{
		now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), zone: time.UTC, lists: map[id.ListID]map[id.ContactID]bool{}, rows: map[id.ListID]hubspotlist.List{},
		casts: map[string]broadcast.Broadcast{}, sentTo: map[string][]uint32{}, opened: map[string]map[uint32]bool{}, clicked: map[string]map[uint32]bool{},
		kept: map[string]Segment{}, undated: map[uint32]bool{}, state: lineaccount.Active,
	}
}

func (w *world) service() *Service {
	return &Service{
		Store: memStore{w}, Accounts: w, Tags: memTags{w}, Mappings: memMappings{w}, Lists: memLists{w}, Broadcasts: memCasts{w}, Marks: memMarks{w}, Blobs: &w.blobs,
		Index: memIndex{w}, Friends: memFriends{w}, Audit: w, Clock: clock.NewVirtual(w.now), Parallel: 1,
		Zone: func(context.Context, id.PortalID) (*time.Location, error) { return w.zone, nil },
	}
}

func (w *world) Account(_ context.Context, _ id.PortalID, s id.Slot) (lineaccount.Account, error) {
	if s != 1 {
		return lineaccount.Account{}, lineaccount.ErrUnknown
	}
	return lineaccount.Account{Slot: 1, State: w.state}, nil
}

func (w *world) Note(_ context.Context, _ id.PortalID, _ portal.Actor, a portal.Action, subject string, _ ...portal.Change) error {
	w.noted = append(w.noted, string(a)+" "+subject)
	return nil
}

type memStore struct{ w *world }

func (s memStore) All(context.Context, id.PortalID, id.Slot) (out []Segment, err error) {
	for _, g := range s.w.kept {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Segment) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return out, nil
}
func (s memStore) Every(ctx context.Context, p id.PortalID) ([]Segment, error) {
	return s.All(ctx, p, 1)
}
func (s memStore) Get(_ context.Context, _ id.PortalID, _ id.Slot, name string) (Segment, bool, error) {
	g, ok := s.w.kept[name]
	return g, ok, nil
}
func (s memStore) Save(_ context.Context, _ id.PortalID, g Segment) (Segment, error) {
	if s.w.kept[g.ID].Version != g.Version {
		return g, ErrChanged
	}
	g.Version++
	s.w.kept[g.ID] = g
	return g, nil
}
func (s memStore) Delete(_ context.Context, _ id.PortalID, g Segment) error {
	delete(s.w.kept, g.ID)
	return nil
}

type memTags struct{ w *world }

func (t memTags) All(context.Context, id.PortalID, id.Slot) (out []tag.Tag, err error) {
	for _, x := range t.w.tags {
		out = append(out, tag.Tag{ID: x, Name: x})
	}
	return out, nil
}

type memMappings struct{ w *world }

func (m memMappings) Load(context.Context, id.PortalID) (mapping.Set, error) {
	return m.w.mappings, nil
}
func (m memMappings) Save(_ context.Context, _ id.PortalID, s mapping.Set) (mapping.Set, error) {
	return s, nil
}

type memLists struct{ w *world }

func (l memLists) Index(context.Context, id.PortalID) (out []hubspotlist.List, c hubspotlist.Checked, err error) {
	for _, row := range l.w.rows {
		out = append(out, row)
	}
	return out, c, nil
}

func (l memLists) Members(_ context.Context, _ id.PortalID, list id.ListID) (hubspotlist.Members, error) {
	row, ok := l.w.rows[list]
	switch {
	case !ok:
		return hubspotlist.Members{}, hubspotlist.ErrUnknown
	case row.DeletedAt != 0:
		return hubspotlist.Members{}, hubspotlist.ErrDeleted
	case row.Members == nil:
		return hubspotlist.Members{}, hubspotlist.ErrUnread
	}
	m := hubspotlist.Members{AsOf: row.Members.AsOf}
	for c, in := range l.w.lists[list] {
		if in {
			m.IDs = append(m.IDs, c)
		}
	}
	slices.Sort(m.IDs)
	return m, nil
}

func (l memLists) Fresh(_ context.Context, _ id.PortalID, list id.ListID, since int64, _ string, _ func() bool) (bool, error) {
	row := l.w.rows[list]
	switch {
	case row.DeletedAt != 0:
		return false, hubspotlist.ErrDeleted
	case l.w.busy:
		return false, nil
	}
	l.w.fresh = append(l.w.fresh, since)
	row.Members = &hubspotlist.Snapshot{AsOf: since, ReadAt: since}
	l.w.rows[list] = row
	return true, nil
}

func (l memLists) Use(_ context.Context, _ id.PortalID, ls ...id.ListID) error {
	l.w.used = append(l.w.used, ls...)
	return nil
}

func (w *world) list(name id.ListID, members ...id.ContactID) {
	w.rows[name] = hubspotlist.List{ID: name, Name: "list " + string(name), Used: true, Members: &hubspotlist.Snapshot{AsOf: 5}}
	w.lists[name] = map[id.ContactID]bool{}
	for _, m := range members {
		w.lists[name][m] = true
	}
}

type memCasts struct{ w *world }

func (b memCasts) Now(_ context.Context, _ id.PortalID, _ id.Slot, name string) (broadcast.Broadcast, error) {
	x, ok := b.w.casts[name]
	if !ok {
		return x, broadcast.ErrUnknown
	}
	return x, nil
}

func (b memCasts) List(context.Context, id.PortalID, id.Slot, string, int) (out []broadcast.Broadcast, next string, err error) {
	for _, x := range b.w.casts {
		out = append(out, x)
	}
	return out, "", nil
}

// sent keeps a broadcast as it is stored: recipients in the order of sending, then their ordinals.
func (w *world) sent(name string, to []uint32, next int, missed broadcast.Places, unsure ...broadcast.Span) {
	var raw []byte
	for _, n := range to {
		u, _ := hex.DecodeString(string(userOf(n))[1:])
		raw = append(raw, u...)
	}
	last := uint32(0)
	for _, n := range slices.Sorted(slices.Values(to)) {
		raw = binary.AppendUvarint(raw, uint64(n-last))
		last = n
	}
	_ = blob.PutBytes(context.Background(), &w.blobs, hub, name, "x", raw)
	w.sentTo[name] = to
	w.casts[name] = broadcast.Broadcast{
		ID: name, Name: name, Status: broadcast.Sent, Tracking: broadcast.Personal, Frozen: &broadcast.Frozen{Blob: name, Count: len(to)},
		Progress: broadcast.Progress{Next: next, Missed: missed, Unsure: unsure},
	}
}

type memMarks struct{ w *world }

func (m memMarks) Marked(_ context.Context, _ id.PortalID, name string, visit func(string, uint32, tracking.Marks)) error {
	for mark, who := range map[string]map[uint32]bool{tracking.Opened: m.w.opened[name], tracking.Clicked: m.w.clicked[name]} {
		blocks := map[uint32]tracking.Marks{}
		for n := range who {
			b := blocks[n/tracking.BlockSize]
			b[n%tracking.BlockSize/8] |= 1 << (n % 8)
			blocks[n/tracking.BlockSize] = b
		}
		for n, b := range blocks {
			visit(mark, n, b)
		}
	}
	return nil
}

type memIndex struct{ w *world }

func (x memIndex) From(_ context.Context, _ id.PortalID, _ id.Slot, from uint32, visit func(friendindex.Entry) bool) error {
	for _, f := range x.w.friends {
		e := friendindex.EntryOf(f)
		if x.w.undated[f.Ordinal] {
			e.Since, e.Dated = 0, false
		}
		if f.Ordinal >= from && !visit(e) {
			return nil
		}
	}
	return nil
}

func (x memIndex) End(context.Context, id.PortalID, id.Slot) (uint32, error) {
	if len(x.w.friends) == 0 {
		return 0, nil
	}
	return x.w.friends[len(x.w.friends)-1].Ordinal + 1, nil
}

type memFriends struct{ w *world }

func (m memFriends) GetMany(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	out := map[friend.Key]friend.Friend{}
	m.w.reads += len(ks)
	for _, f := range m.w.friends {
		if slices.Contains(ks, f.Key) {
			out[f.Key] = f
		}
	}
	return out, nil
}

func userOf(n uint32) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

// properties of the world, one of each kind.
var properties = mapping.Set{Mappings: []mapping.Mapping{
	{Property: "city", Type: "string", FieldType: "text", Status: mapping.Active, Rule: register.NewestWins},
	{Property: "score", Type: "number", FieldType: "number", Status: mapping.Active, Rule: register.HubSpotAlways},
	{Property: "born", Type: "date", FieldType: "date", Status: mapping.Active, Rule: register.NewestWins},
	{Property: "seen", Type: "datetime", FieldType: "date", Status: mapping.Paused, Rule: register.HubSpotAlways, OneWay: true},
	{Property: "color", Type: "enumeration", FieldType: "select", Status: mapping.Active, Rule: register.NewestWins},
	{Property: "likes", Type: "enumeration", FieldType: "checkbox", Status: mapping.Active, Rule: register.HubSpotAlways, OneWay: true},
}}

var (
	someDays = []string{"2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03", "2025-11-02"}
	someAt   = []string{"2026-11-01T14:59:59Z", "2026-11-01T15:00:00Z", "2026-11-02T04:59:00Z", "2026-11-02T05:00:00Z", "2026-10-31T23:59:59Z", "2026-11-04T00:00:00Z"}
	held     = map[string][]string{
		"city": {"", "Tokyo", "Osaka", "tokyo tower", "new york"}, "score": {"", "1", "2.5", "2.50", "30", "many"}, "born": append(someDays, "", "once"),
		"seen": append(someAt, "", "later"), "color": {"", "red", "Blue", "green"}, "likes": {"", "tea", "tea;go", "go;rice", "rice"},
	}
	asked = map[string][]string{
		"city": {"tokyo", "o", "Osaka", "York"}, "score": {"1", "2.5", "30", "-4"}, "born": someDays, "seen": someDays, "color": {"red", "BLUE"}, "likes": {"tea", "go"},
	}
)

// crowd draws a world.
func crowd(t *rapid.T) *world {
	w := newWorld()
	for _, zone := range []string{rapid.SampledFrom([]string{"UTC", "Asia/Tokyo", "America/New_York"}).Draw(t, "zone")} {
		w.zone, _ = time.LoadLocation(zone)
	}
	w.tags, w.mappings = []string{"a", "b"}, properties
	moment := rapid.Custom(func(t *rapid.T) int64 {
		at := rapid.SampledFrom(append(someAt, "")).Draw(t, "at")
		if at == "" {
			return 0
		}
		m, _ := time.Parse(time.RFC3339, at)
		return m.UnixMilli()
	})
	ordinal := uint32(0)
	for i := range rapid.IntRange(0, 30).Draw(t, "friends") {
		ordinal += rapid.Uint32Range(1, 3000).Draw(t, "gap")
		f := friend.Friend{
			Key: friend.Key{Slot: 1, User: userOf(ordinal)}, Ordinal: ordinal, Version: 1, FriendSince: moment.Draw(t, "since"), LastMessage: moment.Draw(t, "message"),
			Follow: rapid.SampledFrom([]friend.FollowStatus{friend.Following, friend.Blocked, friend.Unknown}).Draw(t, "follow"),
			Tags:   rapid.SampledFrom([][]string{nil, {"a"}, {"b"}, {"a", "b"}}).Draw(t, "tags"), Fields: map[string]register.Register{},
		}
		if rapid.Bool().Draw(t, "linked") {
			f.Link = friend.Link{State: friend.Linked, Contact: id.ContactID(i + 1), Method: rapid.SampledFrom(Methods()).Draw(t, "method")}
		}
		for _, m := range properties.Mappings {
			if v := rapid.SampledFrom(held[m.Property]).Draw(t, m.Property); v != "" {
				f.Fields[m.Property] = register.Register{HubSpot: register.Edit{Value: v, At: 5, AsOf: 5}, Held: register.Held{Known: true, Value: v, AsOf: 5}}
			}
		}
		if w.friends = append(w.friends, f); rapid.IntRange(0, 3).Draw(t, "undated") == 0 {
			w.undated[ordinal] = true
		}
	}
	for _, l := range []id.ListID{"11", "12", "13"} {
		w.list(l, rapid.SliceOf(rapid.Custom(func(t *rapid.T) id.ContactID {
			return id.ContactID(rapid.Int64Range(1, 60).Draw(t, "contact"))
		})).Draw(t, "members")...)
	}
	w.drawCasts(t)
	return w
}

func (w *world) drawCasts(t *rapid.T) {
	for _, name := range []string{"x", "y"} {
		var to []uint32
		for _, f := range w.friends {
			if rapid.Bool().Draw(t, "to") {
				to = append(to, f.Ordinal)
			}
		}
		if len(to) > 1 {
			to = rapid.Permutation(to).Draw(t, "order")
		}
		next := rapid.IntRange(0, len(to)).Draw(t, "next")
		var unsure []broadcast.Span
		if next > 2 && rapid.Bool().Draw(t, "unsure") {
			unsure = []broadcast.Span{{From: next / 2, To: next/2 + 1}}
		}
		var missed broadcast.Places
		if next > 1 && rapid.Bool().Draw(t, "missed") {
			missed = missed.With(broadcast.Span{From: 0, To: 1})
		}
		w.sent(name, to, next, missed, unsure...)
		w.opened[name], w.clicked[name] = map[uint32]bool{}, map[uint32]bool{}
		for _, n := range to {
			w.opened[name][n] = rapid.Bool().Draw(t, "opened")
			w.clicked[name][n] = rapid.Bool().Draw(t, "clicked")
			if !w.opened[name][n] {
				delete(w.opened[name], n)
			}
			if !w.clicked[name][n] {
				delete(w.clicked[name], n)
			}
		}
	}
}

// conditions draws any condition that may be kept.
func conditions(t *rapid.T) Condition {
	c := Condition{Type: rapid.SampledFrom(Types()).Draw(t, "type"), OrUnknown: rapid.Bool().Draw(t, "orUnknown")}
	var kind Kind
	var from []string
	switch c.Type {
	case Tag:
		c.Ref = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "tag")
	case List:
		c.Ref = rapid.SampledFrom([]string{"11", "12", "13"}).Draw(t, "list")
	case Broadcast:
		c.Ref = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "broadcast")
	case Follow:
		from = []string{string(friend.Following), string(friend.Blocked)}
	case Linked:
		for _, m := range Methods() {
			from = append(from, string(m))
		}
	case FriendSince, LastMessage:
		kind, from = Moment, someDays
	case Property:
		m := rapid.SampledFrom(properties.Mappings).Draw(t, "property")
		c.Ref, kind, from = m.Property, KindOf(m), asked[m.Property]
	}
	c.Op = rapid.SampledFrom(OpsOf(c.Type, kind)).Draw(t, "op")
	least, most := c.Op.values()
	if most > 0 {
		c.Values = rapid.SliceOfN(rapid.SampledFrom(from), least, min(most, 3)).Draw(t, "values")
	}
	if c.Op == Between && !ordered(kind, c.Values[0], c.Values[1]) {
		c.Values[0], c.Values[1] = c.Values[1], c.Values[0]
	}
	if c.Op == LastDays {
		c.Days = rapid.IntRange(1, 400).Draw(t, "days")
	}
	return c
}

func trees(t *rapid.T) Tree {
	group := rapid.Custom(func(t *rapid.T) Group {
		return Group{Any: rapid.SliceOfN(rapid.Custom(conditions), 1, 3).Draw(t, "any")}
	})
	return Tree{All: rapid.SliceOfN(group, 1, 3).Draw(t, "all")}
}
