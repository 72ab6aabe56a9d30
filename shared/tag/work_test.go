package tag_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/tag"
)

// errCrash is a process that dies.
var errCrash = errors.New("crash")

// place is a portal with tags, whose processes die before or after the nth write, and whose queue and tick are driven by the test.
type place struct {
	*outside
	t      testing.TB
	portal id.PortalID
	clock  *clock.Virtual
	tags   *tag.Service
	sent   []chain.Message
	index  map[id.LineUserID][]string
	shown  map[string]bool // options that HubSpot offers
	writes int
	asked  int  // writes of the request
	dieAt  int  // 0: never
	after  bool // the write arrives before the process dies
	race   func()
}

func (w *place) write(do func() error) error {
	w.writes++
	if w.writes == w.dieAt && !w.after {
		return errCrash
	}
	err := do()
	if w.writes == w.dieAt {
		return errCrash
	}
	return err
}

type crashingFriends struct {
	dynamo.Friends
	w *place
}

func (r crashingFriends) Save(ctx context.Context, p id.PortalID, f friend.Friend) (out friend.Friend, err error) {
	if race := r.w.race; race != nil {
		r.w.race = nil
		race()
	}
	err = r.w.write(func() error { out, err = r.Friends.Save(ctx, p, f); return err })
	return out, err
}

// Page is short, so that a walk has several steps.
func (r crashingFriends) Page(ctx context.Context, p id.PortalID, s id.Slot, after string, _ int) ([]friend.Friend, string, error) {
	return r.Friends.Page(ctx, p, s, after, 2)
}

type crashingTags struct {
	dynamo.Tags
	w *place
}

func (s crashingTags) Drop(ctx context.Context, p id.PortalID, t tag.Tag) (out tag.Tag, err error) {
	err = s.w.write(func() error { out, err = s.Tags.Drop(ctx, p, t); return err })
	return out, err
}

func (s crashingTags) Reclaim(ctx context.Context, p id.PortalID, t tag.Tag) (out tag.Tag, err error) {
	err = s.w.write(func() error { out, err = s.Tags.Reclaim(ctx, p, t); return err })
	return out, err
}

func (s crashingTags) Use(ctx context.Context, p id.PortalID, t tag.Tag) (out tag.Tag, err error) {
	err = s.w.write(func() error { out, err = s.Tags.Use(ctx, p, t); return err })
	return out, err
}

func (s crashingTags) Note(ctx context.Context, p id.PortalID, t tag.Tag) (out tag.Tag, err error) {
	err = s.w.write(func() error { out, err = s.Tags.Note(ctx, p, t); return err })
	return out, err
}

func (s crashingTags) Create(ctx context.Context, p id.PortalID, t tag.Tag) (out tag.Tag, err error) {
	err = s.w.write(func() error { out, err = s.Tags.Create(ctx, p, t); return err })
	return out, err
}

type crashingChains struct {
	dynamo.Chains
	w *place
}

func (s crashingChains) Save(ctx context.Context, r chain.Row) (out chain.Row, err error) {
	err = s.w.write(func() error { out, err = s.Chains.Save(ctx, r); return err })
	return out, err
}

func (s crashingChains) Start(ctx context.Context, r chain.Row) error {
	return s.w.write(func() error { return s.Chains.Start(ctx, r) })
}

func (w *place) Send(_ context.Context, _ queue.Queue, ms ...queue.Message) error {
	return w.write(func() error {
		for _, m := range ms {
			var wake chain.Wakeup
			if err := json.Unmarshal(m.Body, &wake); err == nil && wake.Group != "" {
				m.Body = wake.Step
			}
			var step chain.Message
			if err := json.Unmarshal(m.Body, &step); err != nil {
				return err
			}
			w.sent = append(w.sent, step)
		}
		return nil
	})
}

func (w *place) Ensure(_ context.Context, _ id.PortalID, _ id.Slot, fs []friend.Friend) error {
	return w.write(func() error {
		for _, f := range fs {
			w.index[f.User] = f.Tags
		}
		return nil
	})
}

func (w *place) Count(context.Context, id.PortalID, id.Slot) (friendindex.Counts, error) {
	c := friendindex.Counts{Tags: map[string]int{}, Whole: true}
	for _, tags := range w.index {
		for _, t := range tags {
			c.Tags[t]++
		}
	}
	return c, nil
}

func (w *place) SetTags(_ context.Context, _ id.PortalID, _ lineproperty.Wish, tags []lineproperty.Tag) (lineproperty.Set, error) {
	if w.away != nil {
		return lineproperty.Set{}, w.away
	}
	return lineproperty.Set{}, w.write(func() error {
		for _, t := range tags {
			w.shown[t.ID] = !t.Deleted
		}
		return nil
	})
}

var portals atomic.Int64

func newPlace(t testing.TB, db dynamotest.DB) *place {
	w := &place{outside: &outside{}, t: t, portal: id.PortalID(portals.Add(1)), clock: clock.NewVirtual(noon), index: map[id.LineUserID][]string{}, shown: map[string]bool{}}
	table := dynamo.New(db.Client, db.Name)
	n := 0
	w.tags = &tag.Service{
		Store: crashingTags{dynamo.Tags{Table: table}, w}, Accounts: w, Options: w, Friends: crashingFriends{dynamo.Friends{Table: table}, w}, Index: w, Outbox: w, Audit: w,
		Chain: &chain.Engine{Store: crashingChains{dynamo.Chains{Table: table}, w}, Queue: w, Clock: w.clock}, Clock: w.clock,
		NewID: func() string { n++; return fmt.Sprintf("chain%06d", n) },
	}
	return w
}

func (w *place) friend(slot id.Slot, n int, contact id.ContactID, tags ...string) {
	w.t.Helper()
	f := friend.Friend{Key: friend.Key{Slot: slot, User: user(n)}, Ordinal: uint32(n), Tags: tags}
	if contact != 0 {
		f.Link = friend.Link{State: friend.Linked, Contact: contact}
	}
	if _, err := w.tags.Friends.Save(context.Background(), w.portal, f); err != nil {
		w.t.Fatal(err)
	}
	w.index[f.User] = tags
}

func (w *place) make(slot id.Slot, name string) tag.Tag {
	w.t.Helper()
	r, err := w.tags.Create(context.Background(), w.portal, tag.New{Slot: slot, Name: name, By: ann, At: noon, Seed: fmt.Sprint(slot, name)})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Tag
}

// has lists who has a tag, by number, as rows and index agree.
func (w *place) has(slot id.Slot, tagID string) []int {
	w.t.Helper()
	var out []int
	for n := 1; n < 10; n++ {
		f, ok, err := w.tags.Friends.Get(context.Background(), w.portal, friend.Key{Slot: slot, User: user(n)})
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok {
			continue
		}
		if f.HasTag(tagID) {
			out = append(out, n)
		}
	}
	return out
}

// run drives steps as queue and tick do, until no chain is left: a step that dies comes again, a lost message is queued again.
func (w *place) run() {
	w.t.Helper()
	ctx := context.Background()
	for range 400 {
		if len(w.sent) == 0 {
			w.clock.Advance(chain.Stale + time.Second)
			if _, running, err := w.tags.Chain.Revive(ctx, w.portal, tag.WorkKind); err != nil && !errors.Is(err, errCrash) {
				w.t.Fatal(err)
			} else if err == nil && !running {
				return
			}
			continue
		}
		m := w.sent[0]
		w.sent = w.sent[1:]
		err := w.tags.Step(ctx, m)
		if errors.Is(err, errCrash) {
			w.sent = append([]chain.Message{m}, w.sent...)
		} else if err != nil {
			w.t.Fatal(err)
		}
		w.clock.Advance(10 * time.Second)
	}
	w.t.Fatal("no end")
}

// insist repeats a request as HubSpot's proxy does when an answer is lost.
func (w *place) insist(do func() error) {
	w.t.Helper()
	for range 3 {
		err := do()
		if err == nil {
			return
		}
		if !errors.Is(err, errCrash) {
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("it never worked")
}

// story deletes VIP and restores it. With a request that is not repeated, deleting may also not have happened.
func story(w *place, repeat bool) {
	ctx := context.Background()
	vip, gold := w.make(1, "VIP"), w.make(1, "Gold")
	for n := 1; n <= 5; n++ {
		var tags []string
		if n != 3 {
			tags = []string{vip.ID}
		}
		if n > 3 {
			tags = append(tags, gold.ID)
			slices.Sort(tags)
		}
		w.friend(1, n, id.ContactID(n%2), tags...)
	}
	w.writes = 0
	del := func() error { _, err := w.tags.Delete(ctx, w.portal, ann, 1, vip.ID, noon.Add(time.Hour)); return err }
	if repeat {
		w.insist(del)
	} else if err := del(); err != nil && !errors.Is(err, errCrash) {
		w.t.Fatal(err)
	}
	w.asked = w.writes
	w.run()
	if _, there, _ := w.tags.Store.Get(ctx, w.portal, 1, vip.ID); there {
		if got := w.has(1, vip.ID); repeat || len(got) != 4 {
			w.t.Fatalf("the tag is there, %v have it", got)
		}
		w.insist(del)
		w.run()
	}
	if got := w.has(1, vip.ID); len(got) != 0 || w.shown[vip.ID] {
		w.t.Fatalf("deleted, but %v have it; HubSpot offers it: %v", got, w.shown[vip.ID])
	}
	aside, err := w.tags.Aside(ctx, w.portal, 1)
	if err != nil || len(aside) != 1 || aside[0].Friends != 4 || aside[0].WorkSince != 0 {
		w.t.Fatalf("%+v, %v", aside, err)
	}
	w.insist(func() error {
		_, err := w.tags.Restore(ctx, w.portal, ann, 1, vip.ID, "", noon.Add(2*time.Hour))
		return err
	})
	w.run()
	if got := w.has(1, vip.ID); !slices.Equal(got, []int{1, 2, 4, 5}) || !w.shown[vip.ID] {
		w.t.Fatalf("restored: %v have it; HubSpot offers it: %v", got, w.shown[vip.ID])
	}
	for _, n := range []int{1, 5} { // the linked ones
		if f, _, err := w.tags.Friends.Get(ctx, w.portal, friend.Key{Slot: 1, User: user(n)}); err != nil || f.Due == 0 {
			w.t.Fatalf("HubSpot is not told of friend %d, %v", n, err)
		}
	}
	if got := w.has(1, gold.ID); !slices.Equal(got, []int{4, 5}) {
		w.t.Fatalf("the other tag: %v", got)
	}
	for u, tags := range w.index {
		f, _, err := w.tags.Friends.Get(ctx, w.portal, friend.Key{Slot: 1, User: u})
		if err != nil || !slices.Equal(f.Tags, tags) || len(f.Shelved) != 0 {
			w.t.Fatalf("the index says %v, the row %v and %v, %v", tags, f.Tags, f.Shelved, err)
		}
	}
	if t, ok, err := w.tags.Store.Get(ctx, w.portal, 1, vip.ID); err != nil || !ok || t.Name != "VIP" || t.State != "" {
		w.t.Fatalf("%+v %v, %v", t, ok, err)
	}
}

// TestDeletingAndRestoringSurviveAKillAtEachWrite, before and after it, whether or not the request is repeated.
func TestDeletingAndRestoringSurviveAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	calm := newPlace(t, db)
	story(calm, true)
	if calm.writes < 30 {
		t.Fatalf("only %d writes", calm.writes)
	}
	for n := 1; n <= calm.writes; n++ {
		for _, after := range []bool{false, true} {
			for _, repeat := range []bool{true, false} {
				if !repeat && n > calm.asked {
					continue
				}
				t.Run(fmt.Sprintf("%d after=%v repeat=%v", n, after, repeat), func(t *testing.T) {
					w := newPlace(t, db)
					w.after = after
					w.writes, w.dieAt = -1000, n // the scenery is made by a process that lives
					story(w, repeat)
				})
			}
		}
	}
}

// TestCopyingSurvivesAKillAtEachWrite.
func TestCopyingSurvivesAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	copies := func(w *place) {
		ctx := context.Background()
		vip := w.make(1, "VIP")
		w.friend(1, 1, 11, vip.ID)
		w.friend(1, 2, 12, vip.ID)
		w.friend(1, 3, 0, vip.ID)
		w.friend(1, 4, 14)
		w.friend(4, 5, 11) // the person of 1
		w.friend(4, 3, 0)  // the same LINE User ID
		w.friend(4, 4, 14)
		w.friend(4, 6, 0)
		w.writes = 0
		w.insist(func() error {
			_, err := w.tags.Copy(ctx, w.portal, tag.Copy{Slot: 1, Tag: vip.ID, To: 4, People: true, By: ann, At: noon, Seed: "copy"})
			return err
		})
		w.run()
		all, err := w.tags.List(ctx, w.portal, 4)
		if err != nil || len(all) != 1 || all[0].Name != "VIP" {
			w.t.Fatalf("%+v, %v", all, err)
		}
		if got := w.has(4, all[0].ID); !slices.Equal(got, []int{3, 5}) {
			w.t.Fatalf("%v have the copy", got)
		}
		if got := w.has(1, vip.ID); len(got) != 3 {
			w.t.Fatalf("%v have the tag", got)
		}
	}
	calm := newPlace(t, db)
	copies(calm)
	for n := 1; n <= calm.writes; n++ {
		for _, after := range []bool{false, true} {
			w := newPlace(t, db)
			w.after, w.writes, w.dieAt = after, -1000, n
			copies(w)
		}
	}
}

// TestAGiverWhoReadTheTagBeforeItWasDeletedDoesNotBringItBack.
func TestAGiverWhoReadTheTagBeforeItWasDeletedDoesNotBringItBack(t *testing.T) {
	t.Parallel()
	w := newPlace(t, dynamotest.Start(t))
	vip := w.make(1, "VIP")
	w.friend(1, 1, 5)
	w.race = func() {
		if _, err := w.tags.Delete(t.Context(), w.portal, ann, 1, vip.ID, noon); err != nil {
			t.Error(err)
		}
		for _, m := range w.sent { // the first walk is over before the giver writes
			if err := w.tags.Step(t.Context(), m); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := w.tags.Give(t.Context(), w.portal, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{vip.ID}, By: ann, At: noon}); err != nil {
		t.Fatal(err)
	}
	if got := w.has(1, vip.ID); len(got) != 1 {
		t.Fatal("the giver came too early")
	}
	w.run()
	if got := w.has(1, vip.ID); len(got) != 0 {
		t.Errorf("%v have a tag that is deleted", got)
	}
}

// TestWhatHappensMeanwhileIsNotUndone.
func TestWhatHappensMeanwhileIsNotUndone(t *testing.T) {
	t.Parallel()
	w := newPlace(t, dynamotest.Start(t))
	vip := w.make(1, "VIP")
	w.friend(1, 1, 5, vip.ID)
	w.friend(1, 2, 6, vip.ID)
	ctx := t.Context()
	if _, err := w.tags.Delete(ctx, w.portal, ann, 1, vip.ID, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tags.Delete(ctx, w.portal, ann, 1, vip.ID, noon.Add(time.Second)); !errors.Is(err, tag.ErrUnknown) {
		t.Errorf("deleted twice: %v", err)
	}
	w.run()
	if _, err := w.tags.Give(ctx, w.portal, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(2)}, Add: []string{vip.ID}}); !errors.Is(err, tag.ErrUnknown) {
		t.Errorf("given: %v", err)
	}
	if _, err := w.tags.Give(ctx, w.portal, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(2)}, Remove: []string{vip.ID}}); err != nil {
		t.Fatal(err)
	}
	other := w.make(1, "ｖｉｐ")
	if _, err := w.tags.Restore(ctx, w.portal, ann, 1, vip.ID, "", noon); !errors.Is(err, tag.ErrTaken) {
		t.Errorf("restored under a name that is taken by %s: %v", other.Name, err)
	}
	if _, err := w.tags.Restore(ctx, w.portal, ann, 1, vip.ID, "VIP 1", noon); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := w.tags.Store.Get(ctx, w.portal, 1, vip.ID); ok {
		t.Error("in use before its friends have it")
	}
	w.run()
	if got := w.has(1, vip.ID); !slices.Equal(got, []int{1}) {
		t.Errorf("%v have it", got)
	}
}

func TestADeletedTagIsForgottenAfterThirtyDays(t *testing.T) {
	t.Parallel()
	w := newPlace(t, dynamotest.Start(t))
	vip := w.make(1, "VIP")
	w.friend(1, 1, 5, vip.ID)
	ctx := t.Context()
	if _, err := w.tags.Delete(ctx, w.portal, ann, 1, vip.ID, noon); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.clock.Advance(tag.KeptFor)
	if _, err := w.tags.Restore(ctx, w.portal, ann, 1, vip.ID, "", noon); !errors.Is(err, tag.ErrExpired) {
		t.Errorf("restored: %v", err)
	}
	accounts, _ := w.Accounts(ctx, w.portal)
	if err := w.tags.Expire(ctx, w.portal, accounts); err != nil {
		t.Fatal(err)
	}
	w.run()
	f, _, err := w.tags.Friends.Get(ctx, w.portal, friend.Key{Slot: 1, User: user(1)})
	if err != nil || len(f.Shelved) != 0 {
		t.Errorf("remembers %v, %v", f.Shelved, err)
	}
	if aside, err := w.tags.Aside(ctx, w.portal, 1); err != nil || len(aside) != 0 {
		t.Errorf("%+v, %v", aside, err)
	}
	if err := w.tags.Expire(ctx, w.portal, accounts); err != nil || len(w.sent) != 0 {
		t.Errorf("forgets again: %v, %v", w.sent, err)
	}
	if _, err := w.tags.Restore(ctx, w.portal, ann, 1, vip.ID, "", noon); !errors.Is(err, tag.ErrExpired) {
		t.Errorf("restored: %v", err)
	}
}

func TestWhileHubSpotIsAwayNobodyGetsATagBack(t *testing.T) {
	t.Parallel()
	w := newPlace(t, dynamotest.Start(t))
	vip := w.make(1, "VIP")
	w.friend(1, 1, 5, vip.ID)
	ctx := t.Context()
	if _, err := w.tags.Delete(ctx, w.portal, ann, 1, vip.ID, noon); err != nil {
		t.Fatal(err)
	}
	w.run()
	if _, err := w.tags.Restore(ctx, w.portal, ann, 1, vip.ID, "", noon); err != nil {
		t.Fatal(err)
	}
	w.away = away
	for range 5 {
		m := w.sent[0]
		w.sent = w.sent[1:]
		if err := w.tags.Step(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.has(1, vip.ID); len(got) != 0 {
		t.Errorf("%v have what HubSpot would refuse", got)
	}
	w.away = nil
	w.run()
	if got := w.has(1, vip.ID); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestNumbersOfFriendsAreCountedAgainWhenTagsMoved.
func TestNumbersOfFriendsAreCountedAgainWhenTagsMoved(t *testing.T) {
	t.Parallel()
	w := newPlace(t, dynamotest.Start(t))
	vip := w.make(1, "VIP")
	w.friend(1, 1, 5)
	count := func() int {
		c, err := w.tags.Counts(t.Context(), w.portal, 1)
		if err != nil || !c.Whole {
			t.Errorf("%+v, %v", c, err)
		}
		return c.Friends[vip.ID]
	}
	if count() != 0 {
		t.Error("somebody has it")
	}
	w.index[user(9)] = []string{vip.ID}
	if count() != 0 {
		t.Error("counted again for nothing")
	}
	if _, err := w.tags.Give(t.Context(), w.portal, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{vip.ID}, By: portal.Actor{}, At: noon}); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != 2 {
		t.Errorf("%d friends", got)
	}
}

// TestSettlingConverges: whatever people do to tags and friends in whatever order, friends end with the tags that are in use and were given
// to them last.
func TestSettlingConverges(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		state := map[string]tag.State{}
		var f friend.Friend
		want := map[string]bool{} // what the person was given and nobody took
		aside := func() []tag.Tag {
			var out []tag.Tag
			for _, n := range slices.Sorted(maps.Keys(state)) {
				if state[n] != "" {
					out = append(out, tag.Tag{ID: n, State: state[n], DeletedAt: 1})
				}
			}
			return out
		}
		settle := func() {
			tag.Settle(&f, aside(), 2)
			again := f.Clone()
			if tag.Settle(&again, aside(), 2) || !again.Equal(f) {
				t.Fatalf("settled twice: %+v and %+v", f, again)
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			n := rapid.SampledFrom(names).Draw(t, "tag")
			switch rapid.SampledFrom([]string{"give", "take", "delete", "restore", "use", "settle"}).Draw(t, "step") {
			case "give":
				if state[n] == "" {
					f.SetTag(n, true)
					want[n] = true
				}
			case "take":
				f.SetTag(n, false)
				delete(want, n)
			case "delete":
				if state[n] == "" {
					state[n] = tag.Deleted
				}
			case "restore":
				if state[n] == tag.Deleted {
					state[n] = tag.Restoring
				}
			case "use": // as after a walk
				if settle(); state[n] == tag.Restoring {
					state[n] = ""
				}
			case "settle":
				settle()
			}
		}
		settle()
		var has, kept []string
		for _, n := range names {
			switch {
			case want[n] && state[n] == tag.Deleted:
				kept = append(kept, n)
			case want[n]:
				has = append(has, n)
			}
		}
		if !slices.Equal(f.Tags, has) || !slices.Equal(f.Shelved, kept) {
			t.Fatalf("has %v and remembers %v, want %v and %v", f.Tags, f.Shelved, has, kept)
		}
		if !slices.IsSortedFunc(f.Tags, cmp.Compare) {
			t.Fatalf("not sorted: %v", f.Tags)
		}
	})
}
