package dynamo_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"testing"
	"time"

	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
)

func lineUser(n int) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", n)) }

// Acceptance 4: of 1,000 people who redeem one link at the same moment, one is linked.
func TestOneOfAThousandRedeemsALink(t *testing.T) {
	t.Parallel()
	s, ctx, now := dynamo.Linkage{Table: newTable(t)}, t.Context(), noon.UnixMilli()
	i := linkage.Invitation{
		Hash: linkage.Hash("token"), Portal: 7, Contact: 501, Slot: 1, Method: friend.EmailLink, Hint: "i•••@example.com", By: "user:3", MadeAt: now,
		Ends: now + time.Hour.Milliseconds(),
	}
	if err := s.AddInvitation(ctx, i); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.Invitation(ctx, 7, i.Hash); err != nil || !ok || got != i {
		t.Fatalf("came back as %+v %v", got, err)
	}
	if _, ok, _ := s.Invitation(ctx, 8, i.Hash); ok {
		t.Error("another portal sees it")
	}
	const people = 1000
	errs := make([]error, people)
	var wg sync.WaitGroup
	for n := range people {
		wg.Go(func() { _, errs[n] = s.Redeem(ctx, 7, i.Hash, lineUser(n), now+int64(n)) })
	}
	wg.Wait()
	winner := -1
	for n, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = n
		case err == nil:
			t.Errorf("%d and %d both redeemed it", winner, n)
		case !errors.Is(err, linkage.ErrUsed):
			t.Errorf("%d: %v", n, err)
		}
	}
	got, _, err := s.Invitation(ctx, 7, i.Hash)
	if err != nil || winner < 0 || got.UsedBy != lineUser(winner) || got.UsedAt != now+int64(winner) {
		t.Fatalf("winner %d, row %+v, %v", winner, got, err)
	}
	// The winner gets it again as it was, even when it is too old by then.
	if again, err := s.Redeem(ctx, 7, i.Hash, lineUser(winner), now+2*time.Hour.Milliseconds()); err != nil || again != got {
		t.Errorf("again %+v %v", again, err)
	}
}

func TestAnOldOrUnknownLinkIsNotRedeemed(t *testing.T) {
	t.Parallel()
	s, ctx, now := dynamo.Linkage{Table: newTable(t)}, t.Context(), noon.UnixMilli()
	if err := s.AddInvitation(ctx, linkage.Invitation{Hash: "h", Portal: 7, Contact: 501, Slot: 1, Ends: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Redeem(ctx, 7, "h", lineUser(1), now); !errors.Is(err, linkage.ErrExpired) {
		t.Errorf("old: %v", err)
	}
	if _, err := s.Redeem(ctx, 7, "other", lineUser(1), now); !errors.Is(err, linkage.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	if err := s.Declined(ctx, 7, "other", now); err != nil {
		t.Error(err)
	}
	if _, ok, _ := s.Invitation(ctx, 7, "other"); ok {
		t.Error("a No made a link")
	}
	if err := s.Declined(ctx, 7, "h", now); err != nil {
		t.Error(err)
	}
	if i, _, _ := s.Invitation(ctx, 7, "h"); i.DeclinedAt != now || i.UsedBy != "" {
		t.Errorf("after a No %+v", i)
	}
}

func TestAnAttemptIsChangedByOneAtATime(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Linkage{Table: newTable(t)}, t.Context()
	a := linkage.Attempt{Hash: "h", Portal: 7, Invitation: "i", StateHash: "s", Nonce: "n", Verifier: "v", Ends: noon.UnixMilli()}
	saved, err := s.SaveAttempt(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.Attempt(ctx, 7, "h"); err != nil || !ok || !reflect.DeepEqual(got, saved) {
		t.Fatalf("came back as %+v %v", got, err)
	}
	saved.StateHash, saved.User, saved.Friendly, saved.Waited, saved.Outcome = "", lineUser(1), linkage.Friends, true, linkage.AddFriend
	saved.Slot, saved.Hint, saved.Contact, saved.CodeHash, saved.CodeEnds, saved.Codes, saved.Tries = 2, "a•••@b", 501, "hash", 9, 2, 1
	saved.Email, saved.Chat, saved.Crossing, saved.Suggested = "a@b.example", true, "n", 7
	next, err := s.SaveAttempt(ctx, saved)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveAttempt(ctx, saved); !errors.Is(err, linkage.ErrChanged) {
		t.Errorf("the second of two: %v", err)
	}
	if got, _, _ := s.Attempt(ctx, 7, "h"); !reflect.DeepEqual(got, next) {
		t.Errorf("came back as %+v", got)
	}
}

func TestANonceBelongsToOneEvent(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Linkage{Table: newTable(t)}, t.Context()
	c := linkage.Crossing{
		Hash: linkage.Hash("nonce"), Portal: 7, Friend: friend.Key{Slot: 2, User: lineUser(1)}, Contact: 501, Method: friend.AccountLink, Proof: "code:1",
		Answers: map[string]string{"city": "Tokyo"}, Ends: noon.UnixMilli(),
	}
	if err := s.AddCrossing(ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := s.AddCrossing(ctx, c); !errors.Is(err, linkage.ErrChanged) {
		t.Errorf("added twice: %v", err)
	}
	if _, err := s.Burn(ctx, 8, c.Hash, "e"); !errors.Is(err, linkage.ErrUnknown) {
		t.Errorf("another portal: %v", err)
	}
	const events = 50
	errs := make([]error, events)
	var wg sync.WaitGroup
	for n := range events {
		wg.Go(func() { _, errs[n] = s.Burn(ctx, 7, c.Hash, fmt.Sprint(n)) })
	}
	wg.Wait()
	winner := -1
	for n, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = n
		case !errors.Is(err, linkage.ErrUsed):
			t.Errorf("event %d beside %d: %v", n, winner, err)
		}
	}
	c.Event = fmt.Sprint(winner)
	if again, err := s.Burn(ctx, 7, c.Hash, c.Event); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("the same event again: %+v %v", again, err)
	}
	if err := s.Crossed(ctx, 7, c.Hash, linkage.Linked); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.Crossing(ctx, 7, c.Hash); err != nil || !ok || got.Outcome != linkage.Linked || got.Answers != nil {
		t.Errorf("afterwards %+v %v", got, err)
	}
	if err := s.Crossed(ctx, 7, "other", linkage.Linked); err != nil {
		t.Error(err)
	}
	for after := ""; ; {
		var err error
		if after, err = s.ForgetLinks(ctx, 7, []id.ContactID{501}, after); err != nil {
			t.Fatal(err)
		}
		if after == "" {
			break
		}
	}
	if _, ok, _ := s.Crossing(ctx, 7, c.Hash); ok {
		t.Error("erasing the contact left the crossing")
	}
}

func TestFailuresAreCountedByWindow(t *testing.T) {
	t.Parallel()
	r, ctx := dynamo.Rates{Directory: newTable(t).Directory()}, t.Context()
	count := func(who string, n int, now time.Time) int {
		t.Helper()
		got, err := r.Count(ctx, "link", who, n, 10*time.Minute, now)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { r.Count(ctx, "link", "a", 1, 10*time.Minute, noon) })
	}
	wg.Wait()
	if n := count("a", 0, noon.Add(9*time.Minute)); n != 20 {
		t.Errorf("counted %d", n)
	}
	if n := count("b", 1, noon); n != 1 {
		t.Errorf("another origin: %d", n)
	}
	if n := count("a", 0, noon.Add(10*time.Minute)); n != 0 {
		t.Errorf("in the next window: %d", n)
	}
}

func TestAFormAndItsAnswersAreKept(t *testing.T) {
	t.Parallel()
	table, ctx := newTable(t), t.Context()
	forms := dynamo.LinkForms{Table: table}
	if got, err := forms.Fields(ctx, 7); err != nil || len(got) != 0 {
		t.Fatalf("before: %+v %v", got, err)
	}
	fields := []linkage.Field{
		{Property: "city", Type: linkage.TextField, LabelEn: "City", LabelJa: "市区町村", Required: true},
		{Property: "size", Type: linkage.ChoiceField, LabelEn: "Size", Options: []linkage.Option{{Value: "s", Label: "Small"}}},
	}
	if err := forms.SaveFields(ctx, 7, fields); err != nil {
		t.Fatal(err)
	}
	if got, err := forms.Fields(ctx, 7); err != nil || !reflect.DeepEqual(got, fields) {
		t.Errorf("came back as %+v %v", got, err)
	}
	if got, _ := forms.Fields(ctx, 8); len(got) != 0 {
		t.Error("another portal has it")
	}
	s := dynamo.Linkage{Table: table}
	answers := map[string]string{"city": "渋谷区"}
	if _, err := s.SaveAttempt(ctx, linkage.Attempt{Hash: "abcdefabcdef", Portal: 7, Ends: 1, Answers: answers}); err != nil {
		t.Fatal(err)
	}
	if a, ok, err := s.Attempt(ctx, 7, "abcdefabcdef"); err != nil || !ok || !maps.Equal(a.Answers, answers) {
		t.Errorf("%+v %v", a, err)
	}
	f := friend.Friend{Key: friend.Key{Slot: 1, User: lineUser(1)}, Answers: answers}
	friends := dynamo.Friends{Table: table}
	if _, err := friends.Save(ctx, 7, f); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := friends.Get(ctx, 7, f.Key); err != nil || !ok || !maps.Equal(got.Answers, answers) {
		t.Errorf("%+v %v", got, err)
	}
}
