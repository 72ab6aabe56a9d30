package dynamo_test

import (
	"fmt"
	"testing"

	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/inbox"
)

func TestKeptFilesAreKnownByTheirHashes(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.KeptFiles{Table: newTable(t)}, t.Context()
	file := inbox.Kept{Friend: friend.Key{Slot: 1, User: "U1"}, Message: "22", Contact: 11, Name: "会議.mp4", Type: "video/mp4", Size: 50 << 20, Until: 1_800_000_000_000}
	if err := s.PutKept(ctx, 7, "h", file); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.Kept(ctx, 7, "h"); err != nil || !ok || got != file {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
	if _, ok, err := s.Kept(ctx, 8, "h"); err != nil || ok {
		t.Errorf("another portal has it: %v", err)
	}
	for range 2 {
		if err := s.DropKept(ctx, 7, "h"); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := s.Kept(ctx, 7, "h"); err != nil || ok {
		t.Errorf("still there: %v", err)
	}
	for i := range 600 { // more than a stretch
		if err := s.PutKept(ctx, 7, fmt.Sprint("h", i), file); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]inbox.Kept{}
	for after := ""; ; {
		some, next, err := s.AllKept(ctx, 7, after)
		if err != nil {
			t.Fatal(err)
		}
		for hash, f := range some {
			all[hash] = f
		}
		if after = next; next == "" {
			break
		}
	}
	if len(all) != 600 || all["h599"] != file {
		t.Errorf("%d", len(all))
	}
}
