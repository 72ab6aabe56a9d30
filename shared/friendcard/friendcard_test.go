package friendcard_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/id"
	"lumo/shared/internal/dynamotest"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
)

var (
	noon  = time.Now().Truncate(time.Second)
	taro  = friend.Key{Slot: 1, User: "U00000000000000000000000000000001"}
	first = mapping.Mapping{Property: "firstname", Type: "string", FieldType: "text", Rule: register.NewestWins, Status: mapping.Active}
)

type scopes struct{ scope contactsync.Scope }

func (s scopes) Scope(context.Context, id.PortalID) (contactsync.Scope, error) { return s.scope, nil }

type kicks struct {
	contactsync.Outbox
	n int
}

func (k *kicks) Kick(context.Context, id.PortalID) error { k.n++; return nil }

type world struct {
	*friendcard.Editor
	kicks *kicks
	rows  dynamo.Friends
}

func newWorld(t *testing.T, f friend.Friend, ms ...mapping.Mapping) world {
	t.Helper()
	db := dynamotest.Start(t)
	table := dynamo.New(db.Client, db.Name)
	w := world{kicks: &kicks{}, rows: dynamo.Friends{Table: table}}
	scope := contactsync.Scope{Portal: 7, Slots: []id.Slot{1}, Mappings: mapping.Set{Mappings: ms}}
	w.Editor = &friendcard.Editor{Friends: w.rows, Scopes: scopes{scope}, Log: dynamo.ChangeLog{Table: table, Clock: clock.NewVirtual(noon)}, Outbox: w.kicks}
	if _, err := w.rows.Save(t.Context(), 7, f); err != nil {
		t.Fatal(err)
	}
	return w
}

func edit(value string, at time.Time, seed string) friendcard.Edit {
	return friendcard.Edit{Key: taro, Values: map[string]string{"firstname": value}, By: portal.Actor{UserID: 9}, At: at, Seed: seed}
}

func linked() friend.Friend {
	return friend.Friend{Key: taro, Link: friend.Link{State: friend.Linked, Contact: 5}}
}

func TestAnEditIsStoredMarkedAndExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, linked(), first)
	f, set, err := w.Apply(t.Context(), 7, edit("Taro", noon, "s1"))
	if err != nil {
		t.Fatal(err)
	}
	x := friendcard.Fields(f, set)[0]
	if x.Value != "Taro" || x.Winner != register.Lumo || !x.Pending || x.Lumo == nil || x.HubSpot != nil || x.Refusal != nil || f.Due == 0 || w.kicks.n != 1 {
		t.Errorf("%+v, due %d, %d kicks", x, f.Due, w.kicks.n)
	}
	rs, _, err := w.Log.Read(t.Context(), 7, changelog.Filter{Friend: &taro}, "", 10)
	if err != nil || len(rs) != 1 || rs[0].New != "Taro" || friendcard.CauseOf(rs[0].Cause) != (friendcard.Cause{Kind: "edit", User: "9"}) {
		t.Errorf("log %+v, %v", rs, err)
	}
}

// TestARepeatedEditNeverWinsOverALaterOne: the first arrival's time orders it.
func TestARepeatedEditNeverWinsOverALaterOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, linked(), first)
	for _, e := range []friendcard.Edit{edit("A", noon, "s1"), edit("A", noon, "s1"), edit("B", noon.Add(time.Second), "s2"), edit("A", noon, "s1")} {
		if _, _, err := w.Apply(t.Context(), 7, e); err != nil {
			t.Fatal(err)
		}
	}
	f, _, err := w.rows.Get(t.Context(), 7, taro)
	if err != nil || f.Fields["firstname"].Lumo.Value != "B" || f.Version != 3 {
		t.Errorf("%+v, %v", f, err)
	}
	rs, _, err := w.Log.Read(t.Context(), 7, changelog.Filter{}, "", 10)
	if err != nil || len(rs) != 2 {
		t.Errorf("log %+v, %v", rs, err)
	}
}

func TestEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	always, paused, one := first, first, first
	always.Property, always.Rule = "always", register.HubSpotAlways
	paused.Property, paused.Status = "paused", mapping.Paused
	one.Property, one.OneWay = "one", true
	w := newWorld(t, linked(), first, always, paused, one)
	for property, want := range map[string]error{
		"nothing": friendcard.ErrNotMapped, "always": friendcard.ErrHubSpot, "paused": friendcard.ErrPaused, "one": friendcard.ErrOneWay,
	} {
		_, _, err := w.Apply(t.Context(), 7, friendcard.Edit{Key: taro, Values: map[string]string{"firstname": "x", property: "x"}, At: noon})
		var field *friendcard.FieldError
		if !errors.Is(err, want) || !errors.As(err, &field) || field.Property != property {
			t.Errorf("%s: %v", property, err)
		}
	}
	if f, _, err := w.rows.Get(t.Context(), 7, taro); err != nil || len(f.Fields) != 0 {
		t.Errorf("a refused edit stored %+v, %v", f.Fields, err)
	}
	stranger := edit("x", noon, "s")
	stranger.Key.User = "U00000000000000000000000000000002"
	if _, _, err := w.Apply(t.Context(), 7, stranger); !errors.Is(err, friendcard.ErrUnknown) {
		t.Errorf("stranger: %v", err)
	}
	if _, _, err := w.Apply(t.Context(), 8, edit("x", noon, "s")); !errors.Is(err, friendcard.ErrUnknown) {
		t.Errorf("another portal: %v", err)
	}
	if _, _, err := w.Apply(t.Context(), 7, friendcard.Edit{Key: taro}); !errors.Is(err, friendcard.ErrManyFields) {
		t.Errorf("no field: %v", err)
	}
}

func TestValuesByType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m         mapping.Mapping
		good, bad []string
	}{
		{mapping.Mapping{Type: "string"}, []string{"", "x", "🌸", strings.Repeat("あ", friendcard.MaxValue)}, []string{strings.Repeat("a", friendcard.MaxValue+1), "\xff", "a\x00"}},
		{mapping.Mapping{Type: "number"}, []string{"", "1", "-2.5", " 3 ", "1e6"}, []string{"x", "1,5", "NaN", "Inf", "1e999"}},
		{mapping.Mapping{Type: "bool"}, []string{"", "true", "FALSE"}, []string{"yes", "1"}},
		{mapping.Mapping{Type: "enumeration", FieldType: "booleancheckbox"}, []string{"true"}, []string{"on"}},
		{mapping.Mapping{Type: "date"}, []string{"", "2026-02-28"}, []string{"2026-02-30", "28.2.2026", "2026-02-28T00:00:00Z"}},
		{mapping.Mapping{Type: "datetime"}, []string{"", "2026-02-28T10:00:00+09:00"}, []string{"2026-02-28", "1700000000000"}},
		{mapping.Mapping{Property: "email", Type: "string"}, []string{"", "a@example.com"}, []string{"a", "Ann <a@example.com>", "a@b@c"}},
	} {
		for _, v := range c.good {
			if err := friendcard.CheckValue(c.m, v); err != nil {
				t.Errorf("%s %.20q: %v", c.m.Type, v, err)
			}
		}
		for _, v := range c.bad {
			if err := friendcard.CheckValue(c.m, v); !errors.Is(err, friendcard.ErrValue) {
				t.Errorf("%s %.20q: %v", c.m.Type, v, err)
			}
		}
	}
}

func TestAFieldThatNeedsHistoryShowsTheEdit(t *testing.T) {
	t.Parallel()
	f := linked()
	r := register.Register{HubSpot: register.Edit{Value: "Ann", At: 5000, Inexact: true, AsOf: 5000}, Held: register.Held{Known: true, Value: "Ann", AsOf: 5000}}
	f.Fields = map[string]register.Register{"firstname": r.EditInLumo("Anna", 4000)}
	x := friendcard.Fields(f, mapping.Set{Mappings: []mapping.Mapping{first}})[0]
	if !x.Undecided || x.Value != "Anna" || x.Pending || x.HubSpot == nil || !x.HubSpot.Inexact {
		t.Errorf("%+v", x)
	}
}

func TestStateOfTheCard(t *testing.T) {
	t.Parallel()
	ok, blocked, conflict := linked(), linked(), linked()
	blocked.Follow = friend.Blocked
	conflict.Link.State = friend.Conflict
	for want, got := range map[friendcard.State]friendcard.State{
		friendcard.Off:        friendcard.StateOf(portal.Removed, 1, []friend.Friend{ok}),
		friendcard.NoAccount:  friendcard.StateOf(portal.Connected, 0, nil),
		friendcard.NotLinked:  friendcard.StateOf(portal.Connected, 1, nil),
		friendcard.Linked:     friendcard.StateOf(portal.Connected, 2, []friend.Friend{blocked, ok}),
		friendcard.Blocked:    friendcard.StateOf(portal.Connected, 2, []friend.Friend{blocked}),
		friendcard.InConflict: friendcard.StateOf(portal.Connected, 1, []friend.Friend{conflict, ok}),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	moved := linked()
	moved.Link.Contact = 6
	if fs := friendcard.LinkedTo(5, map[friend.Key]friend.Friend{taro: ok, {Slot: 2}: moved}); len(fs) != 1 || fs[0].Key != taro {
		t.Errorf("%+v", fs)
	}
}
