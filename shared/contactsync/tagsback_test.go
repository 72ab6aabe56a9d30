package contactsync_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

const tagsField = "line_tags"

// twoWay is a portal that lets HubSpot edit the tags a, b and c, with a linked friend who has a.
func twoWay(t *testing.T) (*world, friend.Key) {
	t.Helper()
	w := newWorld()
	w.line[userA] = friend.Profile{Name: "葵"}
	w.edit(5, "line_user_id", string(userA), false)
	w.notify(t, contactsync.Note{Kind: contactsync.Changed, Contact: 5, Property: "line_user_id", At: w.now()})
	k := friend.Key{Slot: 1, User: userA}
	w.retag(t, k, "a", true)
	w.clock.Advance(time.Minute)
	w.scope.TagsBack = map[id.Slot]map[string]bool{1: {"a": true, "b": true, "c": true}}
	w.scope.TagsSince = w.now() - 1
	return w, k
}

// retag is somebody in Lumo; HubSpot learns of it.
func (w *world) retag(t *testing.T, k friend.Key, tag string, on bool) {
	t.Helper()
	f := w.friends[k].Clone()
	f.SetTag(tag, on)
	f.MarkDirty(w.now())
	f.Version++
	w.friends[k] = f
	w.clock.Advance(time.Minute)
	w.flush(t)
}

func (w *world) tagged(t *testing.T) {
	t.Helper()
	w.notify(t, contactsync.Note{Kind: contactsync.Changed, Contact: 5, Property: tagsField, At: w.now()})
	w.clock.Advance(time.Minute)
	w.flush(t)
}

func (w *world) wantTags(t *testing.T, k friend.Key, want ...string) {
	t.Helper()
	held := w.value(5, tagsField)
	if got := w.friends[k].Tags; !slices.Equal(got, want) || held != join(want) {
		t.Fatalf("the friend has %v, HubSpot %q, want %v", got, held, want)
	}
}

func join(ss []string) (out string) {
	for i, s := range ss {
		if i > 0 {
			out += ";"
		}
		out += s
	}
	return out
}

func TestTagsThatPeopleEditInHubSpotReachTheFriend(t *testing.T) {
	t.Parallel()
	w, k := twoWay(t)
	w.wantTags(t, k, "a")
	w.edit(5, tagsField, "a;b", false)
	w.tagged(t)
	w.wantTags(t, k, "a", "b")
	w.edit(5, tagsField, "b", false)
	w.tagged(t)
	w.wantTags(t, k, "b")
	updates := w.updates
	w.tagged(t)
	if w.updates != updates {
		t.Error("an edit of HubSpot was written back")
	}
	changes := 0
	for _, rs := range w.log {
		for _, r := range rs {
			if r.Field == tagsField && r.To == "lumo" {
				changes++
			}
		}
	}
	if changes != 2 {
		t.Errorf("%d changes are explained", changes)
	}
}

func TestTagsThatAreNotInUseAreRefused(t *testing.T) {
	t.Parallel()
	w, k := twoWay(t)
	w.edit(5, tagsField, "a;gone;b", false) // "gone" was deleted
	w.tagged(t)
	w.wantTags(t, k, "a", "b")
	delete(w.scope.TagsBack[1], "b") // deleted while a page in HubSpot still shows it
	w.retag(t, k, "b", false)
	w.edit(5, tagsField, "a;b", false)
	w.tagged(t)
	w.wantTags(t, k, "a")
}

func TestWithoutTheSettingTagsOfHubSpotAreReverted(t *testing.T) {
	t.Parallel()
	w, k := twoWay(t)
	back := w.scope.TagsBack
	w.scope.TagsBack = nil
	w.edit(5, tagsField, "b;c", false)
	w.tagged(t)
	w.wantTags(t, k, "a")
	// Switched on again: what was reverted stays reverted.
	w.scope.TagsBack, w.scope.TagsSince = back, w.now()
	w.clock.Advance(time.Second)
	w.edit(5, tagsField, "a;c", false)
	w.tagged(t)
	w.wantTags(t, k, "a", "c")
}

// TestAnEditUnderOurOwnWriteIsNotLost: somebody edited the tags a moment before Lumo wrote others.
func TestAnEditUnderOurOwnWriteIsNotLost(t *testing.T) {
	t.Parallel()
	w, k := twoWay(t)
	w.edit(5, tagsField, "a;b", false) // nobody tells yet
	w.clock.Advance(time.Second)
	w.retag(t, k, "c", true)
	if v := w.value(5, tagsField); v != "a;c" {
		t.Fatalf("HubSpot holds %q", v)
	}
	w.tagged(t)
	w.wantTags(t, k, "a", "b", "c")
}

// TestOurOwnWriteIsNoEdit: its answer was lost, and meanwhile somebody in Lumo took the tag away again.
func TestOurOwnWriteIsNoEdit(t *testing.T) {
	t.Parallel()
	w, k := twoWay(t)
	w.edit(5, tagsField, "a;b", true)
	w.tagged(t)
	w.wantTags(t, k, "a")
}

// TestTagEditsOfBothSidesMergeInAnyOrder of telling, twice or once.
func TestTagEditsOfBothSidesMergeInAnyOrder(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w, k := twoWay(t)
			w.edit(5, tagsField, "a;b", false)
			if n&1 != 0 {
				w.tagged(t)
			}
			w.clock.Advance(time.Second)
			if n&2 != 0 {
				w.retag(t, k, "c", true)
			}
			w.tagged(t)
			if n&4 != 0 {
				w.tagged(t)
			}
			want := []string{"a", "b"}
			if n&2 != 0 {
				want = append(want, "c")
			}
			w.wantTags(t, k, want...)
		})
	}
}
