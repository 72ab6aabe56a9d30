package groupchat

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"lumo/shared/id"
)

const (
	anna = id.LineUserID("U1")
	bert = id.LineUserID("U2")
)

// Whatever order events come in and however often, the same group comes of them.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kinds := []Kind{Joined, Left, Arrived, Gone, Said, Unsent, Other}
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event {
			e := Event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
			u := rapid.SampledFrom([]id.LineUserID{anna, bert, ""}).Draw(t, "user")
			if e.Kind == Said {
				e.User = u
			} else if u != "" {
				e.Users = []id.LineUserID{u}
			}
			return e
		}), 1, 12).Draw(t, "events")
		for i := range events {
			events[i].At = int64(i + 1) // LINE's times within a group differ
		}
		order := rapid.Permutation(append(events, events...)).Draw(t, "order")
		var straight, mixed Group
		for _, e := range events {
			straight.Apply(e)
		}
		for _, e := range order {
			mixed.Apply(e)
		}
		if straight.Present != mixed.Present || straight.JoinedAt != mixed.JoinedAt || fmt.Sprint(straight.Members) != fmt.Sprint(mixed.Members) {
			t.Fatalf("in order %+v\nmixed %+v", straight, mixed)
		}
	})
}

func TestActive(t *testing.T) {
	t.Parallel()
	in, out := Member{In: true, At: 1}, Member{At: 1}
	friends := map[id.LineUserID]bool{anna: true}
	for name, c := range map[string]struct {
		g    Group
		want bool
	}{
		"a friend is in it":                 {Group{Present: true, Count: 2, Members: map[id.LineUserID]Member{anna: in, bert: in}}, true},
		"nobody is known yet":               {Group{Present: true, Count: 1}, true},
		"somebody unknown is in it":         {Group{Present: true, Count: 2, Members: map[id.LineUserID]Member{bert: in}}, true},
		"all are known, none is a friend":   {Group{Present: true, Count: 1, Members: map[id.LineUserID]Member{bert: in}}, false},
		"the friend went":                   {Group{Present: true, Count: 1, Members: map[id.LineUserID]Member{anna: out, bert: in}}, false},
		"only the account remains":          {Group{Present: true, Members: map[id.LineUserID]Member{anna: out}}, false},
		"the account left, a friend stayed": {Group{Count: 2, Members: map[id.LineUserID]Member{anna: in}}, false},
	} {
		if got := c.g.Active(friends); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What somebody wrote into the company's own name is left until the group is renamed.
func TestOwed(t *testing.T) {
	t.Parallel()
	g := Group{ID: "C1", Name: "Sales", Present: true, PresentAt: 1, Count: 2}
	g.Shown = g.Properties(nil)
	if owed := g.owed(g.Properties(nil)); len(owed) != 0 {
		t.Errorf("owes %v", owed)
	}
	g.Name, g.Count = "Sales 2", 3
	if owed := g.owed(g.Properties(nil)); len(owed) != 3 || owed["name"] != "Sales 2" || owed[PropertyCount] != "3" {
		t.Errorf("owes %v", owed)
	}
}
