package segment

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lumo/shared/broadcast"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
)

// TestEvaluationEqualsTheReference on random trees and data: who matches, what is counted, and what a broadcast would reach.
func TestEvaluationEqualsTheReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := crowd(t)
		tree := Tree{}
		// Through JSON, as it is kept.
		raw, err := json.Marshal(trees(t))
		if err == nil {
			err = json.Unmarshal(raw, &tree)
		}
		if err != nil || tree.Check() != nil {
			t.Fatalf("%s: %v, %v", raw, err, tree.Check())
		}
		tree = tree.Clean()
		s := w.service()
		got, err := s.Estimate(context.Background(), hub, 1, tree)
		if err != nil {
			t.Fatal(err)
		}
		w.kept["g"] = Segment{ID: "g", Slot: 1, Tree: tree}
		sel, err := s.Select(context.Background(), hub, 1, "g", broadcast.Freshness{})
		if err != nil {
			t.Fatal(err)
		}
		want := Estimate{Friends: len(w.friends), NotFriends: w.strangers(tree), AsOf: w.now.UnixMilli(), MembersAsOf: got.MembersAsOf}
		for _, f := range w.friends {
			match, doubt := w.naive(f, tree)
			switch {
			case !match:
			case f.Follow == friend.Blocked:
				want.Blocked++
			case f.Link.Contact != 0:
				want.Linked++
			default:
				want.NotLinked++
			}
			if sel.Match(friendindex.EntryOf(f)) != match {
				t.Errorf("%s: friend %d matches %v, in doubt %v: %+v", raw, f.Ordinal, match, doubt, f)
			}
		}
		want.Recipients = want.Linked + want.NotLinked
		want.Unknown = got.Unknown // tells of all that could be in doubt: see Truth
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
		if lists := len(tree.Lists()) > 0; lists != (got.MembersAsOf != 0) || sel.NotFriends != want.NotFriends {
			t.Errorf("members as of %d, %d not friends", got.MembersAsOf, sel.NotFriends)
		}
	})
}
