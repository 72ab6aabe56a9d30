package dynamo_test

import (
	"testing"

	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/once"
)

func portalID(n int) id.PortalID { return id.PortalID(n) }

func TestARequestIsClaimedFinishedAndTakenOver(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Onces{Table: newTable(t)}, t.Context()
	claim := func(p id.PortalID, holder string, now int64) (once.Row, bool) {
		t.Helper()
		row, mine, err := s.Claim(ctx, p, "k", once.Row{Fingerprint: "f-" + holder, At: now, Seed: "s-" + holder, Holder: holder, Until: now + 100}, now)
		if err != nil {
			t.Fatal(err)
		}
		return row, mine
	}
	if row, mine := claim(7, "a", 1000); !mine || row.At != 1000 || row.Seed != "s-a" || row.Done {
		t.Fatalf("first: %+v %v", row, mine)
	}
	if row, mine := claim(7, "b", 1050); mine || row.Holder != "a" || row.Fingerprint != "f-a" {
		t.Fatalf("while a works: %+v %v", row, mine)
	}
	if row, mine := claim(8, "b", 1050); !mine || row.Seed != "s-b" {
		t.Fatalf("another portal: %+v %v", row, mine)
	}
	row, mine := claim(7, "c", 1100)
	if !mine || row.Holder != "c" || row.At != 1000 || row.Seed != "s-a" || row.Fingerprint != "f-a" {
		t.Fatalf("after a died: %+v %v", row, mine)
	}
	if err := s.Finish(ctx, 7, "k", "a", []byte("late")); err != nil { // a was only slow
		t.Fatal(err)
	}
	if err := s.Release(ctx, 7, "k", "c"); err != nil {
		t.Fatal(err)
	}
	if _, mine := claim(7, "d", 1101); !mine {
		t.Fatal("released, but not free")
	}
	if err := s.Finish(ctx, 7, "k", "d", []byte("answer")); err != nil {
		t.Fatal(err)
	}
	if err := s.Release(ctx, 7, "k", "d"); err != nil {
		t.Fatal(err)
	}
	if row, mine := claim(7, "e", 9999); mine || !row.Done || string(row.Result) != "answer" {
		t.Fatalf("done: %+v %v", row, mine)
	}
}
