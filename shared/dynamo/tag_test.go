package dynamo_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"lumo/shared/dynamo"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

func newTag(tagID, name string) tag.Tag {
	return tag.Tag{ID: tagID, Slot: 1, Name: name, CreatedAt: 5, UpdatedAt: 5, CreatedBy: portal.Actor{UserID: 3, Email: "ann@acme.example"}}
}

func TestTagNamesBelongToOneTagOfAnAccount(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Tags{Table: newTable(t)}, t.Context()
	made, err := s.Create(ctx, 7, newTag("a", "VIP 🌟"))
	if err != nil || made.Version != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	if again, err := s.Create(ctx, 7, newTag("a", "VIP 🌟")); err != nil || again != made {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	if _, err := s.Create(ctx, 7, newTag("b", "ｖｉｐ  🌟")); !errors.Is(err, tag.ErrTaken) {
		t.Errorf("the same name: %v", err)
	}
	if _, err := s.Create(ctx, 7, newTag("a", "Other")); !errors.Is(err, tag.ErrIDUsed) {
		t.Errorf("the same id: %v", err)
	}
	elsewhere := newTag("c", "VIP 🌟")
	elsewhere.Slot = 2
	if _, err := s.Create(ctx, 7, elsewhere); err != nil {
		t.Errorf("another account: %v", err)
	}
	if _, err := s.Create(ctx, 8, newTag("a", "VIP 🌟")); err != nil {
		t.Errorf("another portal: %v", err)
	}
	for p, want := range map[int]int{7: 1, 8: 1, 9: 0} {
		all, err := s.All(ctx, portalID(p), 1)
		if err != nil || len(all) != want {
			t.Errorf("portal %d has %v, %v", p, all, err)
		}
	}
	if got, ok, err := s.Get(ctx, 7, 1, "a"); err != nil || !ok || got != made {
		t.Errorf("got %+v %v, %v", got, ok, err)
	}
}

func TestRenamingATagMovesItsName(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Tags{Table: newTable(t)}, t.Context()
	a, err := s.Create(ctx, 7, newTag("a", "One"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Create(ctx, 7, newTag("b", "Two"))
	if err != nil {
		t.Fatal(err)
	}
	a.Name = "two"
	if _, err := s.Rename(ctx, 7, a, "One"); !errors.Is(err, tag.ErrTaken) {
		t.Errorf("a name in use: %v", err)
	}
	a.Name = "ONE"
	if a, err = s.Rename(ctx, 7, a, "One"); err != nil || a.Version != 2 {
		t.Fatalf("only the case: %+v, %v", a, err)
	}
	a.Name = "Three"
	if a, err = s.Rename(ctx, 7, a, "ONE"); err != nil {
		t.Fatal(err)
	}
	stale := a
	stale.Name, stale.Version = "Four", 1
	if _, err := s.Rename(ctx, 7, stale, "Three"); !errors.Is(err, tag.ErrChanged) {
		t.Errorf("stale: %v", err)
	}
	b.Name = "One"
	if _, err := s.Rename(ctx, 7, b, "Two"); err != nil {
		t.Errorf("a name given free: %v", err)
	}
	all, err := s.All(ctx, 7, 1)
	var names []string
	for _, x := range all {
		names = append(names, x.ID+"="+x.Name)
	}
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"a=Three", "b=One"}) {
		t.Errorf("%v, %v", names, err)
	}
}

// TestOneOfManyGetsTheName releases many creators at once.
func TestOneOfManyGetsTheName(t *testing.T) {
	t.Parallel()
	s, ctx := dynamo.Tags{Table: newTable(t)}, t.Context()
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range 12 {
		wg.Go(func() {
			<-begin
			for {
				_, err := s.Create(ctx, 7, newTag(fmt.Sprint("t", i), "VIP"))
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, tag.ErrTaken):
					lost.Add(1)
				case errors.Is(err, tag.ErrIDUsed): // two transactions met; the service tries again
					continue
				default:
					t.Error(err)
				}
				return
			}
		})
	}
	close(begin)
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 11 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}
