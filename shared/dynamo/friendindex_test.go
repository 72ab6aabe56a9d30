package dynamo_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// TestTheIndexIsRebuiltFromTheRows covers several blocks, pages and shards, and finds what Ensure was never told.
func TestTheIndexIsRebuiltFromTheRows(t *testing.T) {
	t.Parallel()
	table, ctx := newTable(t), t.Context()
	rows := dynamo.Friends{Table: table}
	x := &friendindex.Index{Store: dynamo.FriendIndex{Table: table}, Friends: rows, Clock: clock.NewVirtual(time.UnixMilli(0)), Parallel: 4}
	const n = 300
	first, err := rows.Ordinals(ctx, 7, 1, n)
	if err != nil || first != 0 {
		t.Fatalf("first ordinal %d, %v", first, err)
	}
	for i := range uint32(n) {
		f := friend.Friend{Key: friend.Key{Slot: 1, User: id.LineUserID(fmt.Sprintf("U%032x", i))}, Ordinal: i, Name: fmt.Sprint("Friend ", i), Follow: friend.Following}
		if _, err := rows.Save(ctx, 7, f); err != nil {
			t.Fatal(err)
		}
	}
	count := func(p id.PortalID, query string) (found int) {
		t.Helper()
		for cursor := ""; ; {
			page, err := x.Search(ctx, p, 1, query, friendindex.Filter{}, cursor, 50)
			if err != nil {
				t.Fatal(err)
			}
			found += len(page.Entries)
			if cursor = page.Next; cursor == "" {
				return found
			}
		}
	}
	if got := count(7, ""); got != 0 {
		t.Fatalf("%d before", got)
	}
	for range 2 {
		if next, err := x.Rebuild(ctx, 7, 1, "", time.Now().Add(time.Hour), nil); err != nil || next != "" {
			t.Fatal(next, err)
		}
		if got, seven := count(7, ""), count(7, "friend 7"); got != n || seven != 11 {
			t.Fatalf("%d friends, %d with a seven in front", got, seven)
		}
	}
	if got := count(8, ""); got != 0 {
		t.Errorf("another portal sees %d", got)
	}
}

func TestAnIndexBlockHasOneWriter(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.FriendIndex{Table: newTable(t)}, t.Context()
	empty, err := s.Load(ctx, 7, 1, 3)
	if err != nil || empty.Version != 0 {
		t.Fatalf("%+v, %v", empty, err)
	}
	if err := s.Save(ctx, 7, 1, 3, friendindex.Block{Data: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(ctx, 7, 1, 3, friendindex.Block{Data: []byte("b")}); !errors.Is(err, friendindex.ErrChanged) {
		t.Fatalf("a second first writer: %v", err)
	}
	got, err := s.LoadMany(ctx, 7, 1, []uint32{2, 3, 19})
	if err != nil || len(got) != 1 || string(got[3].Data) != "a" || got[3].Version != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if end, err := s.End(ctx, 7, 1); err != nil || end != 0 {
		t.Errorf("end %d, %v", end, err)
	}
}
