package segment

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lumo/shared/broadcast"
	"lumo/shared/clock"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/mapping"
)

// TestEvaluationEqualsTheReference on random trees and data: who matches, what is counted, and what a broadcast would reach.
func TestEvaluationEqualsTheReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := crowd(t)
		tree := Tree{}
		// Through JSON, as it is kept.
		raw, err := json.Marshal(trees(t))
		if err == nil {
			err = json.Unmarshal(raw, &tree)
		}
		if err != nil || tree.Check() != nil {
			t.Fatalf("%s: %v, %v", raw, err, tree.Check())
		}
		tree = tree.Clean()
		s := w.service()
		got, err := s.Estimate(context.Background(), hub, 1, tree)
		if err != nil {
			t.Fatal(err)
		}
		w.kept["g"] = Segment{ID: "g", Slot: 1, Tree: tree}
		sel, err := s.Select(context.Background(), hub, 1, "g", broadcast.Freshness{})
		if err != nil {
			t.Fatal(err)
		}
		chosen, err := s.Select(context.Background(), hub, 1, "g", broadcast.Freshness{Since: 9, By: "cast.1", Stop: func() bool { return false }})
		if err != nil || len(w.fresh) != len(tree.Lists()) {
			t.Fatalf("%d lists read, %v", len(w.fresh), err)
		}
		want := Estimate{Friends: len(w.friends), NotFriends: w.strangers(tree), AsOf: w.now.UnixMilli(), MembersAsOf: got.MembersAsOf}
		for _, f := range w.friends {
			match, doubt := w.naive(f, tree)
			switch {
			case !match:
			case f.Follow == friend.Blocked:
				want.Blocked++
			case f.Link.Contact != 0:
				want.Linked++
			default:
				want.NotLinked++
			}
			if e := friendindex.EntryOf(f); sel.Match(e) != match || chosen.Match(e) != match {
				t.Errorf("%s: friend %d matches %v, in doubt %v: %+v", raw, f.Ordinal, match, doubt, f)
			}
		}
		want.Recipients = want.Linked + want.NotLinked
		want.Unknown = got.Unknown // tells of all that could be in doubt: see Truth
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
		if lists := len(tree.Lists()) > 0; lists != (got.MembersAsOf != 0) || sel.Counted.NotFriends != want.NotFriends {
			t.Errorf("members as of %d, %+v", got.MembersAsOf, sel.Counted)
		}
	})
}

// TestChoosingGoesOnWhereItStopped, whenever the time is up, and ends with the same friends.
func TestChoosingGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := crowd(t)
		g := Segment{ID: "g", Slot: 1, Version: 1, Tree: trees(t).Clean()}
		w.kept["g"] = g
		s := w.service()
		s.stretch = rapid.IntRange(1, 4).Draw(t, "stretch")
		f := broadcast.Freshness{Since: 9, By: "cast.1", Stop: func() bool { return rapid.Bool().Draw(t, "stop") }}
		var sel broadcast.Selection
		var err error
		for range 100 {
			if sel, err = s.Select(context.Background(), hub, 1, "g", f); !errors.Is(err, broadcast.ErrPreparing) {
				break
			}
			switch rapid.IntRange(0, 5).Draw(t, "meanwhile") {
			case 0: // another broadcast asks
				other := broadcast.Freshness{Since: 9, By: "cast.2", Stop: func() bool { return true }}
				_, _ = s.Select(context.Background(), hub, 1, "g", other)
			case 1: // a person edits the segment
				g.Tree, g.Version = trees(t).Clean(), g.Version+1
				w.kept["g"] = g
			}
		}
		if err != nil {
			return // never long enough at work
		}
		for _, x := range w.friends {
			if match, _ := w.naive(x, g.Tree); sel.Match(friendindex.EntryOf(x)) != match {
				t.Fatalf("friend %d matches %v", x.Ordinal, match)
			}
		}
	})
}

// TestWhatIsGoneIsNeitherEmptyNorEverybody (P-53): the state of every kind of ground, and that nothing is selected.
func TestWhatIsGoneIsNeitherEmptyNorEverybody(t *testing.T) {
	t.Parallel()
	list := Condition{Type: List, Op: NotIn, Ref: "11"}
	property := Condition{Type: Property, Op: IsNot, Ref: "color", Values: []string{"red"}}
	status := func(s mapping.Status) func(*world) {
		return func(w *world) {
			w.mappings, _ = w.mappings.Change("color", func(m *mapping.Mapping) error { m.Status = s; return nil })
		}
	}
	row := func(change func(*hubspotlist.List)) func(*world) {
		return func(w *world) {
			l := w.rows["11"]
			change(&l)
			w.rows["11"] = l
		}
	}
	for name, c := range map[string]struct {
		condition Condition
		change    func(*world)
		code      string
		err       error
	}{
		"all is well":           {list, func(*world) {}, "", nil},
		"paused property":       {property, status(mapping.Paused), "", nil},
		"tag":                   {Condition{Type: Tag, Op: HasNot, Ref: "gone"}, func(*world) {}, CodeTag, broadcast.ErrAudience},
		"list unknown":          {list, func(w *world) { delete(w.rows, "11") }, CodeList, broadcast.ErrAudience},
		"list deleted":          {list, row(func(l *hubspotlist.List) { l.DeletedAt = 3 }), CodeList, broadcast.ErrAudience},
		"list refused":          {list, row(func(l *hubspotlist.List) { l.Refused = 3 }), CodeUnreadable, broadcast.ErrAudience},
		"list too large":        {list, row(func(l *hubspotlist.List) { l.Size = hubspotlist.MaxMembers + 1 }), CodeUnreadable, broadcast.ErrAudience},
		"list unread":           {list, row(func(l *hubspotlist.List) { l.Members = nil }), CodeReading, broadcast.ErrPreparing},
		"property unmapped":     {property, func(w *world) { w.mappings = mapping.Set{} }, CodeProperty, broadcast.ErrAudience},
		"property deleted":      {property, status(mapping.PropertyDeleted), CodeProperty, broadcast.ErrAudience},
		"property not yet read": {property, status(mapping.WaitingFirst), CodeFirstSync, broadcast.ErrPreparing},
		"property of another type": {
			Condition{Type: Property, Op: Contains, Ref: "score", Values: []string{"1"}}, func(*world) {}, CodeOperator, broadcast.ErrAudience,
		},
		"value that fits no more": {Condition{Type: Property, Op: Is, Ref: "score", Values: []string{"many"}}, func(*world) {}, CodeValue, broadcast.ErrAudience},
		"broadcast":               {Condition{Type: Broadcast, Op: NotReceived, Ref: "gone"}, func(*world) {}, CodeBroadcast, broadcast.ErrAudience},
		"broadcast without personal links": {
			Condition{Type: Broadcast, Op: NotOpened, Ref: "x"}, func(w *world) {
				b := w.casts["x"]
				b.Tracking = broadcast.Shared
				w.casts["x"] = b
			}, CodeNotTracked, broadcast.ErrAudience,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.mappings = properties
			w.list("11", 1)
			w.sent("x", nil, 0, nil)
			c.change(w)
			s := w.service()
			tree := Tree{All: []Group{{Any: []Condition{c.condition}}}}
			w.kept["g"] = Segment{ID: "g", Slot: 1, Tree: tree}
			ps, err := s.Problems(t.Context(), hub, 1, tree)
			if err != nil || len(ps) > 1 || (len(ps) == 1) != (c.code != "") || len(ps) == 1 && ps[0].Code != c.code {
				t.Fatalf("%v, %v", ps, err)
			}
			sel, err := s.Select(t.Context(), hub, 1, "g", broadcast.Freshness{})
			if !errors.Is(err, c.err) || c.err != nil && sel.Match(friendindex.Entry{}) {
				t.Errorf("selected %v", err)
			}
			_, err = s.Create(t.Context(), hub, New{Slot: 1, Name: "g", Tree: tree, At: w.now, Seed: "1"})
			if kept := errors.As(err, &ps); kept != errors.Is(c.err, broadcast.ErrAudience) {
				t.Errorf("kept: %v", err)
			}
		})
	}
}

// TestRowsAreReadOnlyOfFriendsWhomTheIndexLeavesOpen: the price of a property is paid for those who may still match.
func TestRowsAreReadOnlyOfFriendsWhomTheIndexLeavesOpen(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mappings, w.tags = properties, []string{"a"}
	for i := range 100 {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: userOf(uint32(i))}, Ordinal: uint32(i), Version: 1, Follow: friend.Following}
		if i%10 == 0 {
			f.Tags = []string{"a"}
		}
		if i%4 == 0 {
			f.Link = friend.Link{State: friend.Linked, Contact: id.ContactID(i + 1)}
		}
		w.friends = append(w.friends, f)
	}
	and := func(cs ...Condition) (t Tree) {
		for _, c := range cs {
			t.All = append(t.All, Group{Any: []Condition{c}})
		}
		return t
	}
	city := Condition{Type: Property, Op: Is, Ref: "city", Values: []string{"Tokyo"}}
	tagged := Condition{Type: Tag, Op: Has, Ref: "a"}
	for _, c := range []struct {
		tree Tree
		rows int
	}{
		{and(tagged), 0}, {and(city), 25}, {and(city, tagged), 5}, {and(Condition{Type: LastMessage, Op: LastDays, Days: 7}, city), 25},
		{and(Condition{Type: FriendSince, Op: Known}), 0}, {and(Condition{Type: LastMessage, Op: Known}), 100}, {Tree{All: []Group{{Any: []Condition{city, tagged}}}}, 20},
	} {
		w.reads = 0
		if _, err := w.service().Estimate(t.Context(), hub, 1, c.tree); err != nil || w.reads != c.rows {
			t.Errorf("%+v: %d rows read, want %d; %v", c.tree, w.reads, c.rows, err)
		}
	}
}

// TestLiveEstimatesOfVeryLargeAccountsExtrapolate, and say so.
func TestLiveEstimatesOfVeryLargeAccountsExtrapolate(t *testing.T) {
	t.Parallel()
	const n = 2*liveRows + 1000
	w := newWorld()
	rows := map[friend.Key]friend.Friend{}
	for i := range n {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: userOf(uint32(i))}, Ordinal: uint32(i), Version: 1, Follow: friend.Following, LastMessage: int64(i % 4)}
		w.friends = append(w.friends, f)
		rows[f.Key] = f
	}
	s := w.service()
	s.Friends = quick(rows)
	tree := Tree{All: []Group{{Any: []Condition{{Type: LastMessage, Op: Known}}}}}
	e, err := s.Estimate(t.Context(), hub, 1, tree)
	if err != nil || !e.Approximate || e.Friends != n || e.Recipients < n*3/4-100 || e.Recipients > n*3/4+100 {
		t.Errorf("%+v, %v", e, err)
	}
	w.kept["g"] = Segment{ID: "g", Slot: 1, Tree: tree}
	sel, err := s.Select(t.Context(), hub, 1, "g", broadcast.Freshness{Since: 1, By: "x", Stop: func() bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.friends {
		if sel.Match(friendindex.EntryOf(f)) != (f.LastMessage != 0) {
			t.Fatal("a send is never extrapolated")
		}
	}
}

// quick finds rows by their key.
type quick map[friend.Key]friend.Friend

func (q quick) GetMany(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	out := map[friend.Key]friend.Friend{}
	for _, k := range ks {
		if f, ok := q[k]; ok {
			out[k] = f
		}
	}
	return out, nil
}

// TestEveryProblemSaysWhere in the tree it is.
func TestEveryProblemSaysWhere(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`{"all":[]}`:                          "SEGMENT_EMPTY tree.all",
		`{"all":[{"any":[]}]}`:                "SEGMENT_EMPTY tree.all[0].any",
		`{"all":[{"any":[{"type":"mood"}]}]}`: "CONDITION_TYPE tree.all[0].any[0].type",
		`{"all":[{"any":[{"type":"linked","op":"yes"}]},{"any":[{"type":"linked","op":"yes"},{"type":"tag","op":"in","ref":"a"}]}]}`: "CONDITION_OPERATOR tree.all[1].any[1].op",
		`{"all":[{"any":[{"type":"tag","op":"has","ref":"a b"}]}]}`:                                                                  "CONDITION_TAG tree.all[0].any[0].ref",
		`{"all":[{"any":[{"type":"tag","op":"has","ref":"a","values":["x"]}]}]}`:                                                     "CONDITION_VALUE tree.all[0].any[0].values",
		`{"all":[{"any":[{"type":"linked","op":"by","values":["email_link","fax"]}]}]}`:                                              "CONDITION_VALUE tree.all[0].any[0].values[1]",
		`{"all":[{"any":[{"type":"linked","op":"by"}]}]}`:                                                                            "CONDITION_VALUE tree.all[0].any[0].values",
		`{"all":[{"any":[{"type":"follow","op":"is","values":["unknown"]}]}]}`:                                                       "CONDITION_VALUE tree.all[0].any[0].values[0]",
		`{"all":[{"any":[{"type":"follow","op":"known","days":3}]}]}`:                                                                "CONDITION_VALUE tree.all[0].any[0].days",
		`{"all":[{"any":[{"type":"friend_since","op":"gt","values":["yesterday"]}]}]}`:                                               "CONDITION_VALUE tree.all[0].any[0].values[0]",
		`{"all":[{"any":[{"type":"friend_since","op":"between","values":["2026-01-01"]}]}]}`:                                         "CONDITION_VALUE tree.all[0].any[0].values",
		`{"all":[{"any":[{"type":"last_message","op":"last_days","days":4000}]}]}`:                                                   "CONDITION_VALUE tree.all[0].any[0].days",
		`{"all":[{"any":[{"type":"list","op":"in","ref":"VIP"}]}]}`:                                                                  "CONDITION_LIST tree.all[0].any[0].ref",
		`{"all":[{"any":[{"type":"property","op":"is","ref":"a.b","values":["x"]}]}]}`:                                               "CONDITION_PROPERTY tree.all[0].any[0].ref",
		`{"all":[{"any":[{"type":"last_message","op":"known","ref":"x"}]}]}`:                                                         "CONDITION_VALUE tree.all[0].any[0].ref",
	} {
		var tree Tree
		if err := json.Unmarshal([]byte(content), &tree); err != nil {
			t.Fatal(err)
		}
		var ps Problems
		if err := tree.Check(); !errors.As(err, &ps) || ps[0].Code+" "+ps[0].Place != want || ps[0].Message == "" {
			t.Errorf("%s: %v, want %s", content, err, want)
		}
	}
	large := Tree{All: make([]Group, MaxGroups+1)}
	var ps Problems
	if err := large.Check(); !errors.As(err, &ps) || ps[0].Code != CodeTooLarge {
		t.Error(err)
	}
}

// TestNoTreeBreaksAnything: whatever somebody sends is refused or can be evaluated.
func TestNoTreeBreaksAnything(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a", "x", "11", "city", "score", "born", "seen", "likes", "2026-11-02", "7", "NaN", "following"}))
	any := rapid.Custom(func(t *rapid.T) Condition {
		return Condition{
			Type: rapid.OneOf(rapid.SampledFrom(Types()), rapid.Just(Type("mood"))).Draw(t, "type"),
			Op: rapid.SampledFrom([]Op{"", Has, HasNot, Is, IsNot, Contains, NotContains, Above, Below, Between, LastDays, Known, Unknown, Yes, No, By, In, NotIn,
				Received, NotReceived, Opened, NotOpened, Clicked, NotClicked, "like"}).Draw(t, "op"),
			Ref: text.Draw(t, "ref"), Values: rapid.SliceOfN(text, 0, 3).Draw(t, "values"), Days: rapid.IntRange(-1, 4000).Draw(t, "days"), OrUnknown: rapid.Bool().Draw(t, "or"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		w := crowd(t)
		c := any.Draw(t, "condition")
		tree := Tree{All: []Group{{Any: []Condition{c}}}}
		s := w.service()
		_, err := s.Estimate(context.Background(), hub, 1, tree)
		var ps Problems
		if err != nil && !errors.As(err, &ps) {
			t.Fatalf("%+v: %v", c, err)
		}
		g, kept := s.Create(context.Background(), hub, New{Slot: 1, Name: "g", Tree: tree, At: w.now, Seed: "1"})
		if (err == nil) != (kept == nil) {
			t.Fatalf("%+v: counted %v, kept %v", c, err, kept)
		}
		if kept != nil {
			return
		}
		for _, f := range w.friends {
			w.naive(f, g.Tree)
		}
	})
}

// slow takes a second for each friend.
type slow struct {
	Index
	clock *clock.Virtual
}

func (x slow) From(ctx context.Context, p id.PortalID, s id.Slot, from uint32, visit func(friendindex.Entry) bool) error {
	return x.Index.From(ctx, p, s, from, func(e friendindex.Entry) bool {
		x.clock.Advance(time.Second)
		return visit(e)
	})
}

// TestNobodyWaitsForLongForALiveCount: what was seen so far stands for the rest.
func TestNobodyWaitsForLongForALiveCount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var all []id.ContactID
	for i := range 80 {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: userOf(uint32(i))}, Ordinal: uint32(i), Version: 1, Follow: friend.Following}
		f.Link = friend.Link{State: friend.Linked, Contact: id.ContactID(i + 1)}
		w.friends = append(w.friends, f)
		all = append(all, f.Link.Contact)
	}
	w.list("11", append(all, 1001, 1002, 1003)...)
	s := w.service()
	v := clock.NewVirtual(w.now)
	s.Clock, s.Index, s.stretch = v, slow{s.Index, v}, 1
	tree := Tree{All: []Group{{Any: []Condition{{Type: List, Op: In, Ref: "11"}}}}}
	e, err := s.Estimate(t.Context(), hub, 1, tree)
	if err != nil || !e.Approximate || e.Friends != 8 || e.Recipients != 80 || e.NotFriends != 3 {
		t.Errorf("%+v, %v", e, err)
	}
}
