package contactsync_test

import (
	"testing"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// look looks at friends that a full compare did not meet, and delivers what that sent to us.
func (w *world) look(t *testing.T, ks ...friend.Key) {
	t.Helper()
	for range 2 { // a killed step does it again
		if _, err := w.events().Look(t.Context(), w.scope, ks, "run", "unmet1"); err != nil {
			t.Fatal(err)
		}
	}
	w.deliver(t)
	w.flush(t)
}

// Every event of it is lost: no compare meets a contact that no longer names its friend.
func TestAContactWhoseUserIDWasEmptiedUnseenIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	w.clock.Advance(time.Hour)
	w.edit(1, "line_user_id", "", false)
	w.edit(1, "firstname", "meanwhile", false)
	w.clock.Advance(time.Hour)
	w.reconcile(t)
	w.flush(t)
	if w.value(1, "line_user_id") != "" || w.shown(k, "firstname") == "meanwhile" {
		t.Fatal("a compare meets it: the test has lost its point")
	}
	w.look(t, k)
	if f := w.friends[k]; f.Link.Contact != 1 || w.value(1, "line_user_id") != string(userA) || w.shown(k, "firstname") != "meanwhile" {
		t.Errorf("contact holds %q, the friend %q: %+v", w.value(1, "line_user_id"), w.shown(k, "firstname"), f.Link)
	}
}

func TestAContactThatWentUnseenIsUnlinked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	delete(w.contacts, 1)
	w.look(t, k)
	if f := w.friends[k]; f.Link.Contact != 0 {
		t.Errorf("%+v", f.Link)
	}
}

func TestAContactThatWasMergedUnseenIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	w.edit(2, "firstname", "survivor", false)
	delete(w.contacts, 1)
	w.merged = map[id.ContactID]id.ContactID{1: 2}
	w.look(t, k)
	if f := w.friends[k]; f.Link.Contact != 2 || w.value(2, "line_user_id") != string(userA) {
		t.Errorf("%+v, the survivor holds %q", f.Link, w.value(2, "line_user_id"))
	}
}
