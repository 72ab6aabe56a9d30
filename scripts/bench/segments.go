package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/register"
	"lumo/shared/segment"
	"lumo/shared/tag"
	"lumo/shared/work"
)

// crowd is a million friends (at full size) as a plain program would hold them, and two HubSpot lists. Every second friend has a contact, every
// tenth a tag and every eighth blocked the account; the first list holds most contacts and some without a friend, the second few.
type crowd struct {
	friends []plain
	lists   map[id.ListID][]id.ContactID
}

type plain struct {
	contact id.ContactID
	follow  friend.FollowStatus
	tags    []string
}

const (
	everybody id.ListID = "11"
	unwanted  id.ListID = "12"
)

func newCrowd(n int) *crowd {
	c := &crowd{friends: make([]plain, n), lists: map[id.ListID][]id.ContactID{}}
	for i := range c.friends {
		f := &c.friends[i]
		if f.follow = friend.Following; i%8 == 7 {
			f.follow = friend.Blocked
		}
		if i%10 == 3 {
			f.tags = []string{"vip0"}
		}
		if i%2 == 1 {
			f.contact = id.ContactID(90_000_000_000 + i*37)
		}
		if i%6 != 0 { // with those whom no friend is linked to
			c.lists[everybody] = append(c.lists[everybody], id.ContactID(90_000_000_000+i*37))
		}
		if i%7 == 3 {
			c.lists[unwanted] = append(c.lists[unwanted], id.ContactID(90_000_000_000+i*37))
		}
	}
	return c
}

func (c *crowd) user(i int) id.LineUserID {
	return id.LineUserID(fmt.Sprintf("U%016x%016x", uint64(i)*0x9e3779b97f4a7c15, uint64(i)*0xc2b2ae3d27d4eb4f))
}

// row is what is stored of a friend.
func (c *crowd) row(i int) friend.Friend {
	f := friend.Friend{
		Key: friend.Key{Slot: slot, User: c.user(i)}, Ordinal: uint32(i), Name: fmt.Sprint("友達 ", i), Follow: c.friends[i].follow, Tags: c.friends[i].tags, Version: 1,
		Picture: "https://profile.line-scdn.net/" + string(c.user(i)), FollowAt: start.UnixMilli(), FriendSince: start.UnixMilli(), ProfileAt: start.UnixMilli(),
	}
	if contact := c.friends[i].contact; contact != 0 {
		f.Link = friend.Link{State: friend.Linked, Contact: contact, Method: friend.ImportedID, At: start.UnixMilli()}
		e := register.Edit{Value: "Name " + string(c.user(i)[:6]), At: start.UnixMilli(), AsOf: start.UnixMilli()}
		f.Fields = map[string]register.Register{"firstname": {HubSpot: e, Held: register.Held{Known: true, Value: e.Value, AsOf: e.AsOf}}}
	}
	return f
}

// count is the plain loop over everything in memory.
func (c *crowd) count(in, out map[id.ContactID]bool) (recipients, blocked int) {
	for i := range c.friends {
		f := &c.friends[i]
		if f.contact == 0 || !in[f.contact] || out[f.contact] || !slices.Contains(f.tags, "vip0") {
			continue
		}
		if f.follow == friend.Blocked {
			blocked++
		} else {
			recipients++
		}
	}
	return recipients, blocked
}

// compare tells how long the plain loop takes, and by how many friends it differs.
func (c *crowd) compare(got segment.Estimate) (took time.Duration, wrong int, err error) {
	in, out := map[id.ContactID]bool{}, map[id.ContactID]bool{}
	for _, x := range c.lists[everybody] {
		in[x] = true
	}
	for _, x := range c.lists[unwanted] {
		out[x] = true
	}
	var blocked int
	took, recipients, err := fastest(3, func() (int, error) {
		n, b := c.count(in, out)
		blocked = b
		return n, nil
	})
	return took, max(got.Recipients-recipients, recipients-got.Recipients) + max(got.Blocked-blocked, blocked-got.Blocked), err
}

// Source of the lists: pages as HubSpot brings them, for nothing.
func (c *crowd) Lists(context.Context, id.PortalID, int) (ls []hubspotlist.List, next int, err error) {
	for l, ids := range c.lists {
		ls = append(ls, hubspotlist.List{ID: l, Name: "list " + string(l), Kind: hubspotlist.Static, Size: len(ids), Fingerprint: "1"})
	}
	return ls, -1, nil
}
func (c *crowd) Exists(context.Context, id.PortalID, id.ListID) (bool, error) { return true, nil }
func (c *crowd) Watch(context.Context, id.PortalID, []id.ListID) error        { return nil }
func (c *crowd) Members(_ context.Context, _ id.PortalID, l id.ListID, _ string) ([]id.ContactID, string, error) {
	return c.lists[l], "", nil
}

// crowded fills the index, the rows of some and the lists.
func (w *world) crowded(ctx context.Context, c *crowd, rows int) (*segment.Service, error) {
	if _, err := w.app.Friends().Ordinals(ctx, hub, slot, len(c.friends)); err != nil {
		return nil, err
	}
	for from := 0; from < len(c.friends); from += 32 * friendindex.BlockSize {
		var part []friend.Friend
		for i := from; i < min(from+32*friendindex.BlockSize, len(c.friends)); i++ {
			part = append(part, c.row(i))
		}
		if err := w.app.FriendIndex().Ensure(ctx, hub, slot, part); err != nil {
			return nil, err
		}
	}
	err := work.Each(ctx, 1, rows, func(ctx context.Context, i int) error {
		f := c.row(i)
		f.Version = 0
		_, err := w.app.Friends().Save(ctx, hub, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	set, err := w.app.Mappings().Load(ctx, hub)
	if err != nil {
		return nil, err
	}
	set, _ = set.FirstSyncDone(w.clock.Now().UnixMilli())
	if _, err := w.app.Mappings().Save(ctx, hub, set); err != nil {
		return nil, err
	}
	s := w.app.Segments()
	lists := w.app.ListJobs()
	lists.Source = c
	s.Lists = lists
	if err := lists.Refresh(ctx, hub, false); err != nil {
		return nil, err
	}
	if _, err := lists.Service.Use(ctx, hub, everybody, unwanted); err != nil {
		return nil, err
	}
	_, _, err = lists.Compare(ctx, hubspotlist.Task{Portal: hub, By: "bench", Since: w.clock.Now().UnixMilli(), Stop: func() bool { return false }})
	return s, err
}

func where(cs ...segment.Condition) segment.Tree {
	var t segment.Tree
	for _, c := range cs {
		t.All = append(t.All, segment.Group{Any: []segment.Condition{c}})
	}
	return t
}

// measureSegments counts "in this HubSpot list and not in that one and with this tag" over ten friends for each contact of the run's size,
// against a plain loop that holds all of them in memory; then the same with a property, whose values lie in rows.
func measureSegments(ctx context.Context, r *run) ([]Figure, error) {
	n := r.Size * 10
	w, err := r.world(ctx, setup{contacts: 1})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	c := newCrowd(n)
	rows := min(n, 40_000) // half of them have a contact: as many as a live count reads
	s, err := w.crowded(ctx, c, rows)
	if err != nil {
		return nil, err
	}
	if _, err := (dynamo.Tags{Table: w.app.Table()}).Create(ctx, hub, tag.Tag{ID: "vip0", Slot: slot, Name: "VIP"}); err != nil {
		return nil, err
	}
	tree := where(
		segment.Condition{Type: segment.List, Op: segment.In, Ref: string(everybody)}, segment.Condition{Type: segment.List, Op: segment.NotIn, Ref: string(unwanted)},
		segment.Condition{Type: segment.Tag, Op: segment.Has, Ref: "vip0"},
	)
	w.calls.reset()
	w.table.reset()
	took, got, err := fastest(3, func() (segment.Estimate, error) { return s.Estimate(ctx, hub, slot, tree) })
	if err != nil {
		return nil, err
	}
	units, reads, writes := float64(w.table.readUnits)/3, w.table.reads, w.table.total()
	bare, wrong, err := c.compare(got)
	if err != nil {
		return nil, err
	}
	memory, err := w.live(ctx, s, tree)
	if err != nil {
		return nil, err
	}
	rowsRead, err := w.byRows(ctx, s, tree)
	if err != nil {
		return nil, err
	}
	byProperty, _, err := fastest(2, func() (segment.Estimate, error) { return s.Estimate(ctx, hub, slot, where(named())) })
	if err != nil {
		return nil, err
	}
	thousands := float64(n) / 1000
	return []Figure{
		info("segments_live_property_seconds", byProperty.Seconds(), "s of this machine, reading up to 20,000 rows"),
		info("segments_of_plain_loop", took.Seconds()/bare.Seconds(), fmt.Sprintf("times as long, %d friends", n)),
		info("segments_seconds_per_million", took.Seconds()/float64(n)*1e6, "s of this machine"),
		atMost("segments_read_units_per_1000", units/thousands, "units", 18),
		atMost("segments_read_calls_per_1000", float64(reads)/3/thousands, "calls", max(0.1, 10/thousands)),
		atMost("segments_memory", memory, "MB beside the table", 40),
		atMost("segments_hubspot_calls", float64(len(w.calls.all())), "calls", 0),
		atMost("segments_writes", float64(writes), "items", 0),
		atMost("segments_wrong", float64(wrong), "friends", 0),
		atMost("segments_rows_read", rowsRead, "rows that the index leaves open", float64(n)/10),
	}, nil
}

// fastest of some tries: what disturbs a measurement only makes it longer.
func fastest[T any](tries int, f func() (T, error)) (time.Duration, T, error) {
	var best time.Duration
	var out T
	for i := range tries {
		began := time.Now()
		got, err := f()
		if err != nil {
			return 0, got, err
		}
		if took := time.Since(began); i == 0 || took < best {
			best = took
		}
		out = got
	}
	return best, out, nil
}

// sampled is the index, which looks at the heap every now and then.
type sampled struct {
	segment.Index
	every int
	most  uint64
}

func (x *sampled) From(ctx context.Context, p id.PortalID, s id.Slot, from uint32, visit func(friendindex.Entry) bool) error {
	n := 0
	return x.Index.From(ctx, p, s, from, func(e friendindex.Entry) bool {
		if n++; n%x.every == 0 {
			x.most = max(x.most, heap())
		}
		return visit(e)
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// live is how much more an evaluation holds than there was before, in MB.
func (w *world) live(ctx context.Context, s *segment.Service, t segment.Tree) (float64, error) {
	before := heap()
	x := &sampled{Index: s.Index, every: max(w.run.Size, 1)}
	watched := *s
	watched.Index = x
	_, err := watched.Estimate(ctx, hub, slot, t)
	return (float64(x.most) - float64(before)) / 1e6, err
}

// counting counts rows that are asked for.
type counting struct {
	segment.Friends
	n int
}

func (c *counting) GetMany(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	c.n += len(ks)
	return c.Friends.GetMany(ctx, p, ks)
}

// named is a condition whose values lie in rows.
func named() segment.Condition {
	return segment.Condition{Type: segment.Property, Op: segment.Contains, Ref: "firstname", Values: []string{"name"}}
}

// byRows tells how many rows are read when a property joins the other conditions: only those of friends whom the index leaves open.
func (w *world) byRows(ctx context.Context, s *segment.Service, t segment.Tree) (float64, error) {
	t.All = append(t.All, where(named()).All...)
	rows := &counting{Friends: s.Friends}
	asked := *s
	asked.Friends, asked.Parallel = rows, 1
	_, err := asked.Estimate(ctx, hub, slot, t)
	return float64(rows.n), err
}
