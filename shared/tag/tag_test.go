package tag_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ann  = portal.Actor{UserID: 3, Email: "ann@acme.example"}
	away = &fault.Fault{Provider: "hubspot", Class: fault.Unavailable, Code: "HUBSPOT_UNAVAILABLE"}
)

// outside stands for everything around the service.
type outside struct {
	contactsync.Outbox
	offered []lineproperty.Tag
	away    error
	order   []string
	indexed []friend.Friend
	notes   []portal.Action
	before  func(friend.Friend) // runs before a row is stored
}

func (o *outside) SetTags(_ context.Context, _ id.PortalID, _ lineproperty.Wish, tags []lineproperty.Tag) (lineproperty.Set, error) {
	if o.away != nil {
		return lineproperty.Set{}, o.away
	}
	o.order = append(o.order, "offer")
	o.offered = tags
	return lineproperty.Set{}, nil
}

func (o *outside) Ensure(_ context.Context, _ id.PortalID, _ id.Slot, fs []friend.Friend) error {
	o.order, o.indexed = append(o.order, "index"), append(o.indexed, fs...)
	return nil
}

func (o *outside) Kick(context.Context, id.PortalID) error {
	o.order = append(o.order, "kick")
	return nil
}

func (o *outside) Note(_ context.Context, _ id.PortalID, _ portal.Actor, a portal.Action, _ string, _ ...portal.Change) error {
	o.notes = append(o.notes, a)
	return nil
}

func (o *outside) Count(context.Context, id.PortalID, id.Slot) (friendindex.Counts, error) {
	return friendindex.Counts{}, nil
}

func (o *outside) Accounts(context.Context, id.PortalID) ([]lineaccount.Account, error) {
	return []lineaccount.Account{{Slot: 1, Name: "Shop", State: lineaccount.Active}, {Slot: 4, Name: "Shop 4", State: lineaccount.Active}}, nil
}

func (o *outside) Account(_ context.Context, _ id.PortalID, s id.Slot) (lineaccount.Account, error) {
	switch s {
	case 1:
		return lineaccount.Account{Slot: 1, Name: "Shop", State: lineaccount.Active}, nil
	case 4:
		return lineaccount.Account{Slot: 4, Name: "Shop 4", State: lineaccount.Active}, nil
	case 2:
		return lineaccount.Account{Slot: 2, State: lineaccount.Disconnected}, nil
	}
	return lineaccount.Account{}, lineaccount.ErrUnknown
}

type rows struct {
	dynamo.Friends
	out *outside
}

func (r rows) Save(ctx context.Context, p id.PortalID, f friend.Friend) (friend.Friend, error) {
	if r.out.before != nil {
		r.out.before(f)
	}
	r.out.order = append(r.out.order, "save")
	return r.Friends.Save(ctx, p, f)
}

func newService(t *testing.T) (*tag.Service, *outside) {
	db := dynamotest.Start(t)
	table := dynamo.New(db.Client, db.Name)
	o := &outside{}
	return &tag.Service{
		Store: dynamo.Tags{Table: table}, Accounts: o, Options: o, Friends: rows{dynamo.Friends{Table: table}, o}, Index: o, Outbox: o, Audit: o,
		Clock: clock.NewVirtual(noon),
	}, o
}

func create(t *testing.T, s *tag.Service, name, seed string) tag.Tag {
	t.Helper()
	r, err := s.Create(t.Context(), 7, tag.New{Slot: 1, Name: name, By: ann, At: noon, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return r.Tag
}

func user(n int) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

func befriend(t *testing.T, s *tag.Service, n int, contact id.ContactID) {
	t.Helper()
	f := friend.Friend{Key: friend.Key{Slot: 1, User: user(n)}, Ordinal: uint32(n)}
	if contact != 0 {
		f.Link = friend.Link{State: friend.Linked, Contact: contact}
	}
	if _, err := s.Friends.Save(t.Context(), 7, f); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" VIP ": "VIP", "👩‍👧‍👦 family": "👩‍👧‍👦 family", "お得意様": "お得意様", "a;b": "a;b", strings.Repeat("あ", tag.MaxName): strings.Repeat("あ", tag.MaxName),
		"": "", "   ": "", "\u200b\u200b": "", "a\nb": "", "a\x00": "", "\xff": "", strings.Repeat("a", tag.MaxName+1): "", "\u200d": "", "\u3000": "",
	} {
		got, err := tag.CleanName(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, same := range [][2]string{{"VIP", "ｖｉｐ"}, {"ﾀｸﾞ", "タグ"}, {"a  b", "A b"}} {
		if tag.NameKey(same[0]) != tag.NameKey(same[1]) {
			t.Errorf("%q and %q are different names", same[0], same[1])
		}
	}
	if tag.NameKey("は") == tag.NameKey("ば") {
		t.Error("two letters are one")
	}
}

func TestATagIsMadeOnceAndOffered(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	made := create(t, s, "VIP", "seed-1")
	if len(made.ID) != 8 || create(t, s, "VIP", "seed-1") != made {
		t.Errorf("repeated: another tag than %+v", made)
	}
	if len(o.offered) != 1 || o.offered[0].ID != made.ID || o.notes[0] != tag.Created {
		t.Errorf("offered %v, notes %v", o.offered, o.notes)
	}
	for slot, want := range map[id.Slot]error{1: tag.ErrTaken, 2: tag.ErrNoAccount, 3: tag.ErrNoAccount} {
		if _, err := s.Create(t.Context(), 7, tag.New{Slot: slot, Name: "vip", At: noon, Seed: "seed-2"}); !errors.Is(err, want) {
			t.Errorf("slot %d: %v", slot, err)
		}
	}
	o.away = away
	r, err := s.Create(t.Context(), 7, tag.New{Slot: 1, Name: "Later", At: noon, Seed: "seed-3"})
	if err != nil || r.Offered {
		t.Errorf("HubSpot away: %+v, %v", r, err)
	}
	r, err = s.Rename(t.Context(), 7, ann, 1, r.Tag.ID, "Soon", noon)
	if err != nil || r.Offered || r.Tag.Name != "Soon" {
		t.Errorf("HubSpot away: %+v, %v", r, err)
	}
	if _, err := s.Rename(t.Context(), 7, ann, 1, "nothing1", "x", noon); !errors.Is(err, tag.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	all, err := s.List(t.Context(), 7, 1)
	if err != nil || len(all) != 2 || all[0].Name != "Soon" || all[1].Name != "VIP" {
		t.Errorf("%v, %v", all, err)
	}
}

// TestGivingOffersFirstMarksLinkedFriendsAndKicksLast is the order in which a crash loses nothing.
func TestGivingOffersFirstMarksLinkedFriendsAndKicksLast(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	vip, gold := create(t, s, "VIP", "1"), create(t, s, "Gold", "2")
	befriend(t, s, 1, 5)
	befriend(t, s, 2, 0)
	o.order = nil
	got, err := s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(2), user(1), user(9), user(1)}, Add: []string{vip.ID, gold.ID}, By: ann, At: noon})
	if err != nil || got.Changed != 2 || !slices.Equal(got.Missing, []id.LineUserID{user(9)}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := []string{"offer", "save", "save", "index", "kick"}; !slices.Equal(o.order, want) {
		t.Errorf("order %v", o.order)
	}
	for n, due := range map[int]bool{1: true, 2: false} {
		f, _, err := s.Friends.Get(t.Context(), 7, friend.Key{Slot: 1, User: user(n)})
		if err != nil || len(f.Tags) != 2 || (f.Due != 0) != due {
			t.Errorf("friend %d: %+v, %v", n, f, err)
		}
	}
	if got, err = s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{vip.ID}, By: ann, At: noon}); err != nil || got.Unchanged != 1 {
		t.Errorf("again: %+v, %v", got, err)
	}
	if got, err = s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Remove: []string{vip.ID, "gone"}, By: ann, At: noon}); err != nil || got.Changed != 1 {
		t.Errorf("taken away: %+v, %v", got, err)
	}
}

func TestNothingIsGivenThatHubSpotWouldRefuse(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	vip := create(t, s, "VIP", "1")
	befriend(t, s, 1, 5)
	o.away = away
	if _, err := s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{vip.ID}}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("HubSpot away: %v", err)
	}
	o.away = nil
	if _, err := s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{"gone"}}); !errors.Is(err, tag.ErrUnknown) {
		t.Errorf("unknown tag: %v", err)
	}
	if _, err := s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: make([]id.LineUserID, tag.MaxFriends+1)}); !errors.Is(err, tag.ErrManyFriends) {
		t.Errorf("too many: %v", err)
	}
	if f, _, _ := s.Friends.Get(t.Context(), 7, friend.Key{Slot: 1, User: user(1)}); len(f.Tags) != 0 {
		t.Errorf("%+v", f)
	}
}

// TestARowThatChangesMeanwhileKeepsBothChanges.
func TestARowThatChangesMeanwhileKeepsBothChanges(t *testing.T) {
	t.Parallel()
	s, o := newService(t)
	vip := create(t, s, "VIP", "1")
	befriend(t, s, 1, 5)
	store := s.Friends.(rows).Friends
	times := 0
	o.before = func(f friend.Friend) {
		if times++; times > 2 {
			return
		}
		now, _, err := store.Get(t.Context(), 7, f.Key)
		if err != nil {
			t.Error(err)
		}
		now.Name = fmt.Sprint("name ", times)
		if _, err := store.Save(t.Context(), 7, now); err != nil {
			t.Error(err)
		}
	}
	if got, err := s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{vip.ID}}); err != nil || got.Changed != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	f, _, err := store.Get(t.Context(), 7, friend.Key{Slot: 1, User: user(1)})
	if err != nil || f.Name != "name 2" || len(f.Tags) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAFriendHoldsSoManyTagsOnly(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	befriend(t, s, 1, 0)
	vip := create(t, s, "VIP", "1")
	f, _, err := s.Friends.Get(t.Context(), 7, friend.Key{Slot: 1, User: user(1)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range tag.MaxPerFriend {
		f.SetTag(fmt.Sprintf("t%03d", i), true)
	}
	if _, err := s.Friends.Save(t.Context(), 7, f); err != nil {
		t.Fatal(err)
	}
	got, err := s.Give(t.Context(), 7, tag.Bulk{Slot: 1, Users: []id.LineUserID{user(1)}, Add: []string{vip.ID}})
	if err != nil || got.Changed != 0 || len(got.Full) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
