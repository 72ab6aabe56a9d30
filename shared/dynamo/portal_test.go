package dynamo_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"lumo/shared/check"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

func newTable(t *testing.T) *dynamo.Table {
	db := dynamotest.Start(t)
	return dynamo.New(db.Client, db.Name)
}

var samplePortal = portal.Portal{
	ID: 7, State: portal.Connected, Reason: "R", Name: "acme.example", TimeZone: "Asia/Tokyo", UIDomain: "app.hubspot.com",
	Scopes: []string{"a", "oauth"}, Settings: portal.Defaults(), InstalledBy: portal.Actor{UserID: 3, Email: "ann@acme.example"},
	FirstInstalledAt: noon, InstalledAt: noon.Add(time.Hour), RemovedAt: noon.Add(2 * time.Hour),
}

func TestAPortalComesBackAsItWent(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Portals{Table: newTable(t)}, t.Context()
	if _, err := s.Load(ctx, 7); !errors.Is(err, portal.ErrUnknown) {
		t.Fatalf("unknown: %v", err)
	}
	token := portal.Token{
		Access: "sealed a", Refresh: "sealed r", Obtained: noon, Expires: noon.Add(time.Hour), LeasedBy: "x", LeasedTil: noon.Add(time.Minute),
		Refusals: 1, RefusedAt: noon, Version: noon.UnixMilli(),
	}
	entry := portal.Entry{ID: "e1", At: noon, Actor: portal.Actor{UserID: 3}, Action: portal.Installed, Changes: []portal.Change{{Field: "f", Old: "o", New: "n"}}}
	if err := s.Commit(ctx, portal.Commit{Portal: samplePortal, Token: &token, Log: []portal.Entry{entry}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(ctx, 7)
	want := samplePortal
	want.Version = 1
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v, %v", got, want, err)
	}
	back, err := s.Token(ctx, 7)
	if err != nil || !reflect.DeepEqual(*back, token) {
		t.Fatalf("token %+v, %v", back, err)
	}
	log, next, err := s.Log(ctx, 7, "", 10)
	if err != nil || next != "" || len(log) != 1 || !reflect.DeepEqual(log[0], entry) {
		t.Fatalf("log %+v, %q, %v", log, next, err)
	}
	if _, err := s.Load(ctx, 8); !errors.Is(err, portal.ErrUnknown) {
		t.Fatalf("another portal: %v", err)
	}
}

func TestACommitIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Portals{Table: newTable(t)}, t.Context()
	first := portal.Token{Refresh: "r", Version: 100}
	if err := s.Commit(ctx, portal.Commit{Portal: samplePortal, Token: &first}); err != nil {
		t.Fatal(err)
	}
	now, _ := s.Load(ctx, 7)
	stale := now
	stale.Version = 0
	for name, c := range map[string]portal.Commit{
		"a stale portal":  {Portal: stale, Drop: true},
		"another's grant": {Portal: now, Drop: true, TokenVersion: 99, Log: []portal.Entry{{ID: "x", At: noon}}},
	} {
		if err := s.Commit(ctx, c); !errors.Is(err, portal.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if tok, err := s.Token(ctx, 7); err != nil || tok == nil {
		t.Fatalf("grant lost: %v", err)
	}
	if log, _, _ := s.Log(ctx, 7, "", 5); len(log) != 0 {
		t.Fatalf("log %+v", log)
	}
	if err := s.Commit(ctx, portal.Commit{Portal: now, Drop: true, TokenVersion: 100}); err != nil {
		t.Fatal(err)
	}
	if tok, err := s.Token(ctx, 7); err != nil || tok != nil {
		t.Fatalf("grant still there: %v", err)
	}
	if err := s.SaveToken(ctx, 7, first); !errors.Is(err, portal.ErrChanged) {
		t.Fatalf("a destroyed grant came back: %v", err)
	}
}

func TestOneOfManyTakesTheRefreshLease(t *testing.T) {
	t.Parallel()
	s := dynamo.Portals{Table: newTable(t)}
	if err := s.Commit(t.Context(), portal.Commit{Portal: samplePortal, Token: &portal.Token{Refresh: "r", Version: 100}}); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	race(20, func(i int) {
		err := s.SaveToken(t.Context(), 7, portal.Token{Refresh: "r", LeasedBy: fmt.Sprint(i), Version: 100})
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, portal.ErrChanged) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Fatalf("%d took it", won.Load())
	}
}

func TestTheAuditLogIsReadNewestFirstInPages(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Portals{Table: newTable(t)}, t.Context()
	for i := range 7 {
		if err := s.Append(ctx, 7, portal.Entry{ID: fmt.Sprintf("e%d", i), At: noon.Add(time.Duration(i) * time.Second), Action: portal.SettingsChanged}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	after, pages := "", 0
	for {
		page, next, err := s.Log(ctx, 7, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			got = append(got, e.ID)
		}
		pages++
		if next == "" {
			break
		}
		after = next
	}
	if want := "[e6 e5 e4 e3 e2 e1 e0]"; fmt.Sprint(got) != want || pages != 3 {
		t.Fatalf("got %v in %d pages", got, pages)
	}
}

func TestALineAccountComesBackAsItWent(t *testing.T) {
	t.Parallel()
	table, ctx := newTable(t), t.Context()
	s := dynamo.LineAccounts{Table: table}
	a := lineaccount.Account{
		Portal: 7, Slot: 2, Bot: bot, Name: "Shop", BasicID: "@shop", PictureURL: "https://p.example/x", ChannelID: "1234567", Secret: "sealed",
		State: lineaccount.Active, Verified: lineaccount.VerifiedYes, PreviousWebhook: "https://old.example/hook",
		Checks: []check.Line{{Code: lineaccount.Token, Outcome: check.Pass, Detail: "Shop"}}, CheckedAt: noon,
		Forwards:    []lineaccount.Forward{{ID: "f1", URL: "https://old.example/hook", AddedAt: noon}},
		ConnectedAt: noon, DisconnectedAt: noon.Add(time.Hour), Leaving: true,
	}
	saved, err := s.Save(ctx, a, portal.Entry{ID: "e", At: noon, Action: portal.LineConnected})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Account(ctx, 7, 2)
	if err != nil || !reflect.DeepEqual(got, saved) || got.Version != 1 {
		t.Fatalf("got  %+v\nwant %+v, %v", got, saved, err)
	}
	if log, _, err := (dynamo.Portals{Table: table}).Log(ctx, 7, "", 5); err != nil || len(log) != 1 {
		t.Fatalf("log %v, %v", log, err)
	}
	if _, err := s.Save(ctx, a); !errors.Is(err, lineaccount.ErrChanged) {
		t.Fatalf("slot given twice: %v", err)
	}
	ten := a
	ten.Slot = 10
	if _, err := s.Save(ctx, ten); err != nil {
		t.Fatal(err)
	}
	all, err := s.Accounts(ctx, 7)
	if err != nil || len(all) != 2 || all[0].Slot != 2 || all[1].Slot != 10 {
		t.Fatalf("accounts %+v, %v", all, err)
	}
	if all, err := s.Accounts(ctx, 8); err != nil || len(all) != 0 {
		t.Fatalf("another portal sees %+v, %v", all, err)
	}
	if _, err := s.Account(ctx, 7, 3); !errors.Is(err, lineaccount.ErrUnknown) {
		t.Fatalf("slot 3: %v", err)
	}
}

func TestForwardResultsBelongToTheirAccount(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.LineAccounts{Table: newTable(t)}, t.Context()
	r := lineaccount.ForwardResult{ForwardID: "f1", At: noon, Status: 500, Code: "STATUS", Failures: 2}
	for _, slot := range []id.Slot{1, 10} {
		if err := s.SaveResult(ctx, 7, slot, r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Results(ctx, 7, 1)
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], r) {
		t.Fatalf("results %+v, %v", got, err)
	}
}

func TestAPropertySetComesBackAsItWent(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.LineProperties{Table: newTable(t)}, t.Context()
	empty, err := s.Set(ctx, 7, 1)
	if err != nil || empty.Version != 0 || len(empty.Entries) != 0 {
		t.Fatalf("nothing yet: %+v, %v", empty, err)
	}
	set := lineproperty.Set{Portal: 7, Slot: 1, EnsuredAt: noon, Entries: map[lineproperty.Key]lineproperty.Entry{
		lineproperty.UserID: {Key: lineproperty.UserID, Name: "line_user_id_app", Status: lineproperty.Ready, Adopted: true, Instead: "line_user_id", Unique: true, Text: true, Reason: "r"},
	}}
	saved, err := s.SaveSet(ctx, set)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Set(ctx, 7, 1)
	if err != nil || !reflect.DeepEqual(got, saved) {
		t.Fatalf("got %+v, want %+v, %v", got, saved, err)
	}
	if _, err := s.SaveSet(ctx, set); !errors.Is(err, lineproperty.ErrChanged) {
		t.Fatalf("stale set: %v", err)
	}
}

func TestLocksLapseAndAreTheHoldersOwn(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.LineProperties{Table: newTable(t)}, t.Context()
	try := func(holder string, at time.Time, want bool) {
		t.Helper()
		if got, err := s.Lock(ctx, 7, "x", holder, at, at.Add(time.Minute)); err != nil || got != want {
			t.Fatalf("%s: %t, %v", holder, got, err)
		}
	}
	try("a", noon, true)
	try("b", noon, false)
	try("a", noon, true) // the same one again: its first answer was lost
	if err := s.Unlock(ctx, 7, "x", "b"); err != nil {
		t.Fatal(err)
	}
	try("b", noon, false)
	try("b", noon.Add(time.Minute), true)
	if err := s.Unlock(ctx, 7, "x", "b"); err != nil {
		t.Fatal(err)
	}
	try("a", noon, true)
}
