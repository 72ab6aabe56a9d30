package syncrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Whoever is missing is found, in whatever order the sums came about; one alone is told exactly.
func TestSumsOfLinksTellWhoIsMissing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		contacts := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1<<40), 0, 300, rapid.ID[int64]).Draw(t, "contacts")
		lost := rapid.IntRange(0, min(6, len(contacts))).Draw(t, "lost")
		var linked, met links
		var all []friend.Friend
		for i, c := range contacts {
			friends := 1 + i%2
			for slot := range friends {
				all = append(all, friend.Friend{Key: friend.Key{Slot: id.Slot(slot + 1), User: id.LineUserID(id.ContactID(c).String())}, Link: friend.Link{Contact: id.ContactID(c)}})
			}
			linked.add(id.ContactID(c), friends)
			if i >= lost {
				met.add(id.ContactID(c), friends)
			}
		}
		text, err := linked.less(met).MarshalText()
		var d links
		if err = errors.Join(err, d.UnmarshalText(text)); err != nil {
			t.Fatal(err)
		}
		if (d == links{}) != (lost == 0) {
			t.Fatalf("%d are missing, the sums differ: %t", lost, d != links{})
		}
		got := d.meant(all)
		for _, c := range contacts[:lost] {
			if !slices.ContainsFunc(got, func(k friend.Key) bool { return string(k.User) == id.ContactID(c).String() }) {
				t.Errorf("contact %d was not found", c)
			}
		}
		if lost == 1 && len(got) != 1 {
			t.Errorf("%d friends for one", len(got))
		}
	})
}

// linkedFriends are rows in pages of at most so many.
type linkedFriends struct {
	friend.Store
	rows []friend.Friend
	page int
}

func (s *linkedFriends) Page(_ context.Context, _ id.PortalID, _ id.Slot, after string, limit int) ([]friend.Friend, string, error) {
	from := 0
	if after != "" {
		fmt.Sscan(after, &from)
	}
	to := from + min(limit, s.page)
	if to < len(s.rows) {
		return s.rows[from:to], fmt.Sprint(to), nil
	}
	return s.rows[from:], "", nil
}

func (s *linkedFriends) Markers(context.Context, id.PortalID, id.Slot, int) ([]friend.Marker, error) {
	return nil, nil
}

// compared carries a run that has read everything on, step by step, and returns the contacts that were looked at. A kill comes after the
// nth look had its effect.
func compared(t *testing.T, page int, linked, met []id.ContactID, kill int) (looked []id.ContactID, calls int) {
	t.Helper()
	v := clock.NewVirtual(time.UnixMilli(1_800_000_000_000))
	store, friends := &memory{}, &linkedFriends{page: page}
	for _, c := range linked {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: id.LineUserID(c.String())}}
		f.Link.Contact = c
		friends.rows = append(friends.rows, f)
	}
	r := Runner{
		Chain: &chain.Engine{Store: store, Clock: v}, Clock: v, Friends: friends, Budget: time.Nanosecond, WriteBack: &decisions{},
		Scopes: fixedScope{Portal: 1, Slots: []id.Slot{1}, Names: map[id.Slot]contactsync.Names{1: {"user_id": {Name: "line_user_id"}}}, WriteBack: portal.Approved},
		Reindex: func(_ context.Context, _ id.PortalID, from Place, _ time.Time, each func(friend.Friend)) (Place, error) {
			v.Advance(time.Second)
			half := len(friends.rows) / 2
			if from == (Place{}) {
				for _, f := range friends.rows[:half] {
					each(f)
				}
				return Place{Slot: 1, After: "half"}, nil
			}
			for _, f := range friends.rows[half:] {
				each(f)
			}
			return Place{}, nil
		},
		Look: func(_ context.Context, _ contactsync.Scope, ks []friend.Key, _, _ string) (contactsync.Counts, error) {
			v.Advance(time.Second)
			for _, k := range ks {
				c, err := id.ParseContact(string(k.User))
				if err != nil {
					return contactsync.Counts{}, err
				}
				looked = append(looked, c)
			}
			if calls++; calls == kill {
				return contactsync.Counts{}, errKilled
			}
			return contactsync.Counts{Read: len(ks)}, nil
		},
	}
	run := Run{ID: "r", Extent: Contacts, Status: Syncing, StartedAt: v.Now().UnixMilli(), Read: Cursors{Phase: Indexing}}
	for _, c := range met {
		run.meets(c, 1)
	}
	store.row.State, _ = json.Marshal(run)
	for range 100 {
		err := r.Chain.Step(t.Context(), store.row, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
			run = Run{}
			if err := json.Unmarshal(s.Row.State, &run); err != nil {
				return chain.Next{}, err
			}
			_, err := r.advance(ctx, s, &run)
			return chain.Next{State: run}, err
		})
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if run.Read.Phase == Settling {
			if run.Counts.Read < len(looked)-contactsync.LookAtOnce || run.Read.Seen != nil {
				t.Errorf("%d counted, %+v", run.Counts.Read, run.Read)
			}
			return looked, calls
		}
	}
	t.Fatalf("the run does not end: %+v", run)
	return nil, 0
}

func TestLinkedFriendsWhomAFullReadDidNotMeetAreLookedAt(t *testing.T) {
	t.Parallel()
	var all []id.ContactID
	for c := range id.ContactID(450) {
		all = append(all, 1000+c)
	}
	if looked, calls := compared(t, lookPage, all, all, 0); len(looked) != 0 || calls != 0 {
		t.Errorf("everybody was met: %d looks", calls)
	}
	if looked, _ := compared(t, lookPage, all, append(slices.Clone(all[:7]), all[8:]...), 0); !slices.Equal(looked, all[7:8]) {
		t.Errorf("one was not met: %v", looked)
	}
	if looked, _ := compared(t, lookPage, append(slices.Clone(all), 5), all, 0); !slices.Equal(looked, []id.ContactID{5}) {
		t.Errorf("one was linked meanwhile: %v", looked)
	}
	if looked, _ := compared(t, lookPage, all[1:], all, 0); len(looked) != 0 {
		t.Errorf("a link ended meanwhile: %v", looked)
	}
	for n := range 12 {
		page, kill := []int{lookPage, 1}[n%2], n/2
		looked, calls := compared(t, page, all, nil, kill)
		want := 5
		if kill > 0 {
			want++ // what was under way is done again, and nothing else
		}
		slices.Sort(looked)
		if !slices.Equal(slices.Compact(looked), all) || calls != want {
			t.Errorf("pages of %d, killed at %d: %d contacts with %d calls", page, kill, len(looked), calls)
		}
	}
}
