package dynamo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/register"
)

func friends(t *testing.T) dynamo.Friends {
	db := dynamotest.Start(t)
	return dynamo.Friends{Table: dynamo.New(db.Client, db.Name)}
}

func user(n int) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

func TestAFriendComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	s := friends(t)
	in := friend.Friend{
		Key: friend.Key{Slot: 2, User: user(1)}, Ordinal: 7, Name: "花子 🌸", Picture: "https://p/1", Language: "ja", ProfileAt: 5, Follow: friend.Following, FollowAt: 4, FriendSince: 3,
		LastMessage: 9, NeedsReply: true, Tags: []string{"a", "b"}, Link: friend.Link{State: friend.Linked, Contact: 512, Method: friend.ImportedID, At: 8},
		Fields:  map[string]register.Register{"phone": register.Register{}.EditInLumo("1", 10).Written("1", 20)},
		Company: 77, CompanyAt: 6, Shown: map[string]string{"display_name": "花子"}, ShownAsOf: 30, Due: 40, WrittenAt: 35, Failed: true,
	}
	saved, err := s.Save(t.Context(), 9, in)
	if err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.Get(t.Context(), 9, in.Key)
	if err != nil || !ok || !got.Equal(in) || got.Version != saved.Version {
		t.Fatalf("got %+v, %v, %v", got, ok, err)
	}
	if _, ok, _ := s.Get(t.Context(), 10, in.Key); ok {
		t.Error("another portal sees the friend")
	}
	for name, ks := range map[string]func() ([]friend.Key, error){
		"contact": func() ([]friend.Key, error) { return s.ByContact(t.Context(), 9, 512) },
		"company": func() ([]friend.Key, error) { ks, _, err := s.ByCompany(t.Context(), 9, 77, ""); return ks, err },
	} {
		if got, err := ks(); err != nil || len(got) != 1 || got[0] != in.Key {
			t.Errorf("by %s: %v, %v", name, got, err)
		}
	}
	if ks, _ := s.ByContact(t.Context(), 9, 51); len(ks) != 0 {
		t.Errorf("contact 51 finds the friend of 512: %v", ks)
	}
}

func TestManyContactsFindTheSameFriendsAsOneByOne(t *testing.T) {
	t.Parallel()
	s := friends(t)
	var cs []id.ContactID
	for i := range 400 { // around a change of the number of digits, every third one linked, some twice
		c := id.ContactID(900 + i)
		cs = append(cs, c)
		for slot := id.Slot(1); i%3 == 0 && slot <= 1+id.Slot(i%2); slot++ {
			f := friend.Friend{Key: friend.Key{Slot: slot, User: user(i)}, Link: friend.Link{State: friend.Linked, Contact: c}}
			if _, err := s.Save(t.Context(), 9, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, asked := range map[string][]id.ContactID{
		"a page": cs[50:250], "all": cs, "the ends": {cs[0], cs[399], cs[3], cs[390]}, "few of many": {cs[0], cs[16], cs[160], cs[320], cs[32]}, "one": {903}, "none": nil,
	} {
		got, err := s.ByContacts(t.Context(), 9, asked)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range asked {
			want, err := s.ByContact(t.Context(), 9, c)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[c], want) {
				t.Errorf("%s: contact %d has %v, want %v", name, c, got[c], want)
			}
		}
	}
}

func TestOnlyOneOfTwoWritersOfAVersionWins(t *testing.T) {
	t.Parallel()
	s := friends(t)
	f, err := s.Save(t.Context(), 9, friend.Friend{Key: friend.Key{Slot: 1, User: user(1)}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	won := make(chan bool, 20)
	for i := range 20 {
		wg.Go(func() {
			<-start
			g := f
			g.Name = fmt.Sprint(i)
			_, err := s.Save(t.Context(), 9, g)
			if err != nil && !errors.Is(err, friend.ErrStale) {
				t.Error(err)
			}
			won <- err == nil
		})
	}
	close(start)
	wg.Wait()
	close(won)
	n := 0
	for ok := range won {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d writers won", n)
	}
	if _, err := s.Save(t.Context(), 9, friend.Friend{Key: f.Key}); !errors.Is(err, friend.ErrStale) {
		t.Errorf("a new row replaced an old one: %v", err)
	}
}

func TestMarkersAreSetAndClearedWithTheRow(t *testing.T) {
	t.Parallel()
	s := friends(t)
	for i := range 60 {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: user(i)}}
		if i%2 == 0 {
			f.Due = int64(1000 - i)
		}
		if _, err := s.Save(t.Context(), 9, f); err != nil {
			t.Fatal(err)
		}
	}
	ms, err := s.Markers(t.Context(), 9, 1, 1000)
	if err != nil || len(ms) != 30 {
		t.Fatalf("%d markers, %v", len(ms), err)
	}
	for i := 1; i < len(ms); i++ {
		if ms[i-1].Due > ms[i].Due {
			t.Fatal("not the earliest first")
		}
	}
	f, _, err := s.Get(t.Context(), 9, ms[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	f.Due = 0
	if _, err := s.Save(t.Context(), 9, f); err != nil {
		t.Fatal(err)
	}
	if ms, err = s.Markers(t.Context(), 9, 1, 1000); err != nil || len(ms) != 29 {
		t.Errorf("%d markers after clearing one, %v", len(ms), err)
	}
	if ms, _ = s.Markers(t.Context(), 9, 2, 1000); len(ms) != 0 {
		t.Errorf("slot 2 has %d markers", len(ms))
	}
}

func TestPagesCoverEveryFriendOnce(t *testing.T) {
	t.Parallel()
	s := friends(t)
	for i := range 130 {
		if _, err := s.Save(t.Context(), 9, friend.Friend{Key: friend.Key{Slot: 1, User: user(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[id.LineUserID]int{}
	for after, pages := "", 0; ; pages++ {
		fs, next, err := s.Page(t.Context(), 9, 1, after, 20)
		if err != nil || pages > 30 {
			t.Fatal(pages, err)
		}
		for _, f := range fs {
			seen[f.User]++
		}
		if after = next; next == "" {
			break
		}
	}
	if len(seen) != 130 {
		t.Errorf("%d friends seen", len(seen))
	}
	for u, n := range seen {
		if n != 1 {
			t.Errorf("%s seen %d times", u, n)
		}
	}
}

func TestACursorOfAnotherPortalOpensNothing(t *testing.T) {
	t.Parallel()
	s := friends(t)
	for i := range 40 {
		for _, p := range []id.PortalID{9, 10} {
			if _, err := s.Save(t.Context(), p, friend.Friend{Key: friend.Key{Slot: 1, User: user(i)}, Name: p.String()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, next, err := s.Page(t.Context(), 10, 1, "", 5)
	if err != nil || next == "" {
		t.Fatal(next, err)
	}
	fs, _, err := s.Page(t.Context(), 9, 1, next, 50)
	for _, f := range fs {
		if f.Name != "9" {
			t.Fatalf("portal 9 read a friend of portal %s", f.Name)
		}
	}
	if err == nil && len(fs) == 0 {
		t.Error("a foreign cursor was taken and hid everything")
	}
}

func TestOrdinalsAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	s := friends(t)
	var mu sync.Mutex
	given := map[uint32]bool{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			first, err := s.Ordinals(t.Context(), 9, 1, 3)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for n := first; n < first+3; n++ {
				if given[n] {
					t.Errorf("%d given twice", n)
				}
				given[n] = true
			}
		})
	}
	wg.Wait()
	if len(given) != 30 {
		t.Errorf("%d numbers", len(given))
	}
}

// One query reads a megabyte at most: what lies behind it must not be taken for the end of a shard.
func TestAPageOfLargeRowsLosesNobody(t *testing.T) {
	t.Parallel()
	s := friends(t)
	const count = 160
	long := strings.Repeat("x", 150_000)
	for n := range count {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: user(n)}, Ordinal: uint32(n), Fields: map[string]register.Register{"note": register.Register{}.EditInLumo(long, 1)}}
		if _, err := s.Save(t.Context(), 9, f); err != nil {
			t.Fatal(err)
		}
	}
	seen, short := map[id.LineUserID]int{}, false
	for after := ""; ; {
		fs, next, err := s.Page(t.Context(), 9, 1, after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fs {
			seen[f.Key.User]++
		}
		if after = next; next == "" {
			break
		}
		short = true
	}
	for n := range count {
		if seen[user(n)] != 1 {
			t.Errorf("friend %d came %d times", n, seen[user(n)])
		}
	}
	if !short {
		t.Error("everything fitted one page: the table does not cut at a megabyte")
	}
}
