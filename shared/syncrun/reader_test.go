package syncrun

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/portal"
)

// index is a HubSpot with a record list and a search, of contacts without any LINE User ID, so that storing them is nothing and only the
// reading itself is tested.
type index struct {
	mu    sync.Mutex
	rows  map[id.ContactID]int64 // modification time
	seen  map[id.ContactID]int
	calls int
	// between runs after every answer, so that records change while they are read.
	between func()
}

func (x *index) answer(p Page) (Page, error) {
	x.calls++
	for _, c := range p.Contacts {
		x.seen[c.ID]++
	}
	if x.between != nil {
		x.between()
	}
	return p, nil
}

func (x *index) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls
}

func (x *index) List(_ context.Context, _ id.PortalID, after string, _ []string) (Page, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	from, _ := strconv.ParseInt(after, 10, 64)
	var p Page
	for _, c := range x.sorted(func(a, b id.ContactID) int { return cmp.Compare(a, b) }) {
		if c <= id.ContactID(from) {
			continue
		}
		if len(p.Contacts) == 100 {
			p.After = p.Contacts[99].ID.String()
			break
		}
		p.Contacts = append(p.Contacts, contactsync.Contact{ID: c, UpdatedAt: x.rows[c]})
	}
	return x.answer(p)
}

func (x *index) Search(_ context.Context, _ id.PortalID, s Search, _ []string) (Page, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	order := func(a, b id.ContactID) int { return cmp.Compare(a, b) }
	if s.Down {
		order = func(a, b id.ContactID) int { return cmp.Compare(b, a) }
	}
	if s.ByTime { // ties come in any order
		order = func(a, b id.ContactID) int {
			return cmp.Or(cmp.Compare(x.rows[a], x.rows[b]), cmp.Compare(a*7919%101, b*7919%101))
		}
	}
	var p Page
	for _, c := range x.sorted(order) {
		t := x.rows[c]
		if s.IDBelow != 0 && c >= s.IDBelow || c <= s.IDAbove || t < s.ModifiedFrom || s.ModifiedTo != 0 && t > s.ModifiedTo {
			continue
		}
		if p.Total++; p.Total > s.Skip && len(p.Contacts) < s.Limit {
			p.Contacts = append(p.Contacts, contactsync.Contact{ID: c, UpdatedAt: t, Indexed: true})
		}
	}
	return x.answer(p)
}

func (x *index) sorted(order func(a, b id.ContactID) int) []id.ContactID {
	var ids []id.ContactID
	for c := range x.rows {
		ids = append(ids, c)
	}
	slices.SortFunc(ids, order)
	return ids
}

// memory is a chain store of one row.
type memory struct {
	chain.Store
	row chain.Row
}

func (m *memory) Save(_ context.Context, r chain.Row) (chain.Row, error) {
	if r.Version != m.row.Version {
		return r, chain.ErrFenced
	}
	r.Version++
	m.row = r
	return r, nil
}

func (m *memory) Load(context.Context, id.PortalID, string, string) (chain.Row, bool, error) {
	return m.row, true, nil
}

// drive reads to the end, restarting from the last checkpoint whenever a step's budget of calls is used up.
func drive(t *rapid.T, x *index, run Run, perStep, ahead int) {
	v := clock.NewVirtual(time.UnixMilli(run.StartedAt))
	store := &memory{}
	engine := &chain.Engine{Store: store, Clock: v}
	scope := contactsync.Scope{Portal: 1}
	for steps := 0; ; steps++ {
		if steps > 2000 {
			t.Fatal("the read never ends")
		}
		if store.row.State != nil {
			if err := json.Unmarshal(store.row.State, &run); err != nil {
				t.Fatal(err)
			}
		}
		through := false
		work := func(ctx context.Context, s *chain.Step) (chain.Next, error) {
			rd := &reader{source: x, applier: &contactsync.Applier{Clock: v, Parallel: 1}, scope: scope, clock: v, ahead: ahead, run: &run, step: s, high: run.Read.High, low: run.Read.Low}
			until := x.count() + perStep
			ends := []end{rd.changes(1, nil, nil)}
			if run.Full() {
				ends = []end{rd.down(1, nil, nil)}
				if run.Read.BothEnds {
					ends = append([]end{rd.up(1, nil)}, ends...)
				}
			}
			var err error
			through, err = rd.read(ctx, ends, func() bool { return x.count() >= until })
			return chain.Next{State: run}, err
		}
		s, err := store.row, error(nil)
		if err = engine.Step(context.Background(), s, work); err != nil {
			t.Fatal(err)
		}
		if through || run.Full() && run.Read.Met() {
			return
		}
	}
}

func TestAFullReadFromBothEndsMeetsAndMissesNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := &index{rows: map[id.ContactID]int64{}, seen: map[id.ContactID]int{}}
		n := rapid.IntRange(0, 1500).Draw(t, "contacts")
		next := id.ContactID(0)
		for range n {
			next += id.ContactID(rapid.IntRange(1, 3).Draw(t, "gap"))
			x.rows[next] = 1
		}
		run := Run{ID: "r", StartedAt: 1000}
		run.Read.BothEnds = rapid.Bool().Draw(t, "both")
		drive(t, x, run, rapid.IntRange(1, 6).Draw(t, "calls a step"), rapid.SampledFrom([]int{1, 3}).Draw(t, "ahead"))
		for c := range x.rows {
			if x.seen[c] == 0 {
				t.Fatalf("contact %d of %d was never read", c, n)
			}
		}
	})
}

func TestAReadOfChangesMissesNobodyWhateverSharesAMillisecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := &index{rows: map[id.ContactID]int64{}, seen: map[id.ContactID]int{}}
		at := int64(100)
		c := id.ContactID(0)
		for range rapid.IntRange(1, 4).Draw(t, "bursts") {
			at += rapid.Int64Range(1, 3).Draw(t, "later")
			for range rapid.SampledFrom([]int{1, 150, 200, 201, 450, 1000}).Draw(t, "burst") {
				c++
				x.rows[c] = at
			}
		}
		cutoff := at + 10
		before := map[id.ContactID]bool{}
		for k := range x.rows {
			before[k] = true
		}
		// While it reads, records are edited: they move behind the cutoff and belong to the next run.
		moved := map[id.ContactID]bool{}
		edits := rapid.Bool().Draw(t, "edits meanwhile")
		x.between = func() {
			if edits && c > 0 {
				k := id.ContactID(rapid.Int64Range(1, int64(c)).Draw(t, "edited"))
				x.rows[k], moved[k] = cutoff+1, true
			}
		}
		run := Run{ID: "r", StartedAt: cutoff}
		run.Read.Cutoff, run.Read.Since, run.Read.At = cutoff, 100, 100
		drive(t, x, run, rapid.IntRange(1, 5).Draw(t, "calls a step"), 1)
		for k := range before {
			if x.seen[k] == 0 && !moved[k] {
				t.Fatalf("contact %d was never read", k)
			}
		}
		if limit := 3*len(before)/searchPage + 40; x.calls > limit {
			t.Fatalf("%d calls for %d contacts", x.calls, len(before))
		}
	})
}

func TestTheNextRunReadsFromTheOneBeforeTheLast(t *testing.T) {
	t.Parallel()
	s := Schedule{}.after(Run{Status: Complete, StartedAt: 100, EndedAt: 150})
	s = s.after(Run{Status: Complete, StartedAt: 1000, EndedAt: 1100, Read: Cursors{Since: 1}})
	if s.Bookmark != 1000 || s.Before != 100 || s.LastFull != 100 {
		t.Fatalf("%+v", s)
	}
	failed := s.after(Run{Status: Failed, StartedAt: 2000, EndedAt: 2100, Read: Cursors{Since: 1}})
	if failed.Bookmark != 1000 || failed.FailedRow != 1 {
		t.Errorf("a failed run moved the bookmark: %+v", failed)
	}
	if one := s.after(Run{Status: Complete, Extent: One, StartedAt: 3000}); one.Bookmark != 1000 {
		t.Errorf("a run over one contact moved the bookmark: %+v", one)
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		on   bool
		runs []Run
		want State

		write portal.WriteBack
	}{
		{name: "writes wait for a confirmation", on: true, runs: []Run{{Status: Complete}}, want: NowApply, write: portal.Held},
		{name: "and are applied", on: true, runs: []Run{{Status: Complete}}, want: Normal, write: portal.Approved},
		{"nothing yet", true, nil, Normal, ""},
		{"running", true, []Run{{Status: Syncing}}, NowSyncing, ""},
		{"applying", true, []Run{{Status: Applying}, {Status: Failed}}, NowApply, ""},
		{"last failed", true, []Run{{Status: Failed}, {Status: Complete}}, HasFailed, ""},
		{"items failed, the run did not", true, []Run{{Status: CompleteWithErrors}}, Normal, ""},
		{"a dry run says nothing", true, []Run{{Status: Failed, DryRun: true}, {Status: Complete}}, Normal, ""},
		{"authorization lost", false, []Run{{Status: Complete}}, HasFailed, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := portal.Portal{State: portal.Connected, WriteBack: c.write}
			if !c.on {
				p.State = portal.Reconnect
			}
			if got := StateOf(p, c.runs); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestARunIsDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	settled := Schedule{LastRun: ago(time.Minute), LastFull: ago(time.Hour)}
	asked := settled
	asked.Again = ago(time.Second)
	late := settled
	late.LastRun = ago(16 * time.Minute)
	failing := late
	failing.FailedRow = 2
	for name, c := range map[string]struct {
		sch   Schedule
		state portal.State
		want  bool
	}{
		"none was ever":              {Schedule{}, portal.Connected, true},
		"one just ended":             {settled, portal.Connected, false},
		"another full one is wanted": {asked, portal.Connected, true},
		"its time has come":          {late, portal.Connected, true},
		"what fails has a pause":     {failing, portal.Connected, false},
		"HubSpot is not connected":   {late, portal.Reconnect, false},
	} {
		row := portal.Portal{ID: 1, State: c.state, Settings: portal.Settings{SyncIntervalMinutes: 15, TimeZone: "UTC"}}
		if got := c.sch.Due(row, mapping.Set{}, now); got != c.want {
			t.Errorf("%s: due %t", name, got)
		}
	}
}

func TestAFieldThatWaitsForItsFirstSyncHasARunBegun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	row := portal.Portal{ID: 1, State: portal.Connected, Settings: portal.Defaults()}
	rested := Schedule{LastFull: now.Add(-time.Hour).UnixMilli(), LastRun: now.Add(-time.Second).UnixMilli()}
	waiting := mapping.Default(now.UnixMilli())
	active, _ := waiting.FirstSyncDone(now.UnixMilli())
	if req, next := rested.ahead(row, active, now); !req.Changes || !next.After(now) {
		t.Errorf("nothing waits: %+v at %s", req, next)
	}
	if req, next := rested.ahead(row, waiting, now); req.Changes || req.Extent != All || next.After(now) {
		t.Errorf("a field waits: %+v at %s", req, next)
	}
	rested.FailedRow = 1
	if req, next := rested.ahead(row, waiting, now); req.Changes || !next.After(now) {
		t.Errorf("a field waits and runs fail: %+v at %s", req, next)
	}
}
