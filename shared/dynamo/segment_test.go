package dynamo_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lumo/shared/dynamo"
	"lumo/shared/portal"
	"lumo/shared/segment"
)

// TestSegmentsAreKeptUnderTheirVersion, by account, and come back as they were.
func TestSegmentsAreKeptUnderTheirVersion(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Segments{Table: newTable(t)}, t.Context()
	tree := segment.Tree{All: []segment.Group{{Any: []segment.Condition{
		{Type: segment.List, Op: segment.NotIn, Ref: "11", OrUnknown: true}, {Type: segment.FriendSince, Op: segment.LastDays, Days: 30},
		{Type: segment.Property, Op: segment.Is, Ref: "city", Values: []string{"東京", "Osaka"}},
	}}}}
	by := portal.Actor{UserID: 3, Email: "ann@acme.example"}
	g := segment.Segment{ID: "B", Slot: 1, Name: "友だち", Tree: tree, CreatedAt: 1, CreatedBy: by, UpdatedAt: 2, UpdatedBy: by}
	saved, err := s.Save(ctx, 7, g)
	if err != nil || saved.Version != 1 {
		t.Fatal(saved.Version, err)
	}
	got, ok, err := s.Get(ctx, 7, 1, "B")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if diff := cmp.Diff(saved, got); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Save(ctx, 7, g); !errors.Is(err, segment.ErrChanged) {
		t.Errorf("made twice: %v", err)
	}
	for _, other := range []segment.Segment{{ID: "A", Slot: 1}, {ID: "C", Slot: 10}, {ID: "D", Slot: 2}} {
		if _, err := s.Save(ctx, 7, other); err != nil {
			t.Fatal(err)
		}
	}
	names := func(all []segment.Segment, err error) (out string) {
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			out += g.ID
		}
		return out
	}
	if one, every, others := names(s.All(ctx, 7, 1)), names(s.Every(ctx, 7)), names(s.Every(ctx, 8)); one != "AB" || len(every) != 4 || others != "" {
		t.Errorf("account 1 has %q, all accounts %q, another portal %q", one, every, others)
	}
	stale := saved
	saved.Name = "x"
	if saved, err = s.Save(ctx, 7, saved); err != nil || saved.Version != 2 {
		t.Error(saved.Version, err)
	}
	if err := s.Delete(ctx, 7, stale); !errors.Is(err, segment.ErrChanged) {
		t.Errorf("an older version was deleted: %v", err)
	}
	if err := s.Delete(ctx, 7, saved); err != nil {
		t.Error(err)
	}
	if _, ok, err := s.Get(ctx, 7, 1, "B"); ok || err != nil {
		t.Error(ok, err)
	}
}
