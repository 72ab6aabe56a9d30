package contactsync_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
)

// decide carries a decision out, and lets the queue deliver it twice.
func (w *world) decide(t *testing.T, choice linkage.Choice, k friend.Key, c id.ContactID) []contactsync.Note {
	t.Helper()
	w.clock.Advance(time.Minute)
	var holder friend.Friend
	of := c
	if choice == linkage.Undo {
		if past := w.friends[k].Past; len(past) > 0 {
			of = past[len(past)-1].Contact
		}
	}
	for o, f := range w.friends {
		if o != k && f.Link.Contact == of && of != 0 {
			holder = f
		}
	}
	notes, err := linkage.Ruling(choice, w.friends[k], holder, c, w.now(), "user:3")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.notify(t, notes...)
	}
	w.settle(t)
	return notes
}

// settle lets HubSpot learn everything.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 3 {
		w.clock.Advance(time.Minute)
		w.flush(t)
		w.waiting(t)
		w.reconcile(t)
	}
}

// waiting delivers conflicts that are to come back.
func (w *world) waiting(t *testing.T) {
	t.Helper()
	sent := w.sent
	w.sent = nil
	for _, m := range sent {
		var b contactsync.Batch
		if err := json.Unmarshal(m.Body, &b); err != nil {
			t.Fatal(err)
		}
		for _, n := range b.Notes {
			if n.Kind == contactsync.Contested {
				w.notify(t, n)
			}
		}
	}
}

// contest is a friend linked to contact 1 whom a person proved to be contact 5.
func contest(t *testing.T) (*world, friend.Key, contactsync.Note) {
	t.Helper()
	w := newWorld()
	w.edit(1, "firstname", "One", false)
	k := w.link(t, 1, userA)
	w.edit(5, "firstname", "Five", false)
	w.clock.Advance(time.Minute)
	note := w.proven(5, userA)
	w.notify(t, note)
	if w.friends[k].Link.State != friend.Conflict || len(w.failures) != 1 {
		t.Fatalf("no conflict: %+v", w.friends[k].Link)
	}
	w.settle(t)
	return w, k, note
}

func TestMovingALink(t *testing.T) {
	t.Parallel()
	w, k, note := contest(t)
	before := w.friends[k].Link
	move := w.decide(t, linkage.Move, k, 5)
	l := w.friends[k].Link
	if l.State != friend.Linked || l.Contact != 5 || l.Method != friend.EmailLink || l.Proof != note.Proof.Proof || l.At != note.At || len(w.failures) != 0 {
		t.Fatalf("moved to %+v; failed items %v", l, w.failures)
	}
	if w.value(1, "line_user_id") != "" || w.value(5, "line_user_id") != string(userA) || w.shown(k, "firstname") != "Five" {
		t.Errorf("contact 1 holds %q, contact 5 %q; the friend shows %q", w.value(1, "line_user_id"), w.value(5, "line_user_id"), w.shown(k, "firstname"))
	}
	w.notify(t, note) // the proof comes once more
	if got := w.friends[k].Link; got != l {
		t.Errorf("the proof, again, made %+v", got)
	}

	undo := w.decide(t, linkage.Undo, k, 0)
	if got := w.friends[k].Link; got != before {
		t.Errorf("undone to %+v\nwas        %+v", got, before)
	}
	if w.value(1, "line_user_id") != string(userA) || w.value(5, "line_user_id") != "" || w.shown(k, "firstname") != "One" || len(w.failures) != 1 {
		t.Errorf("contact 1 holds %q, contact 5 %q; the friend shows %q; failed items %v", w.value(1, "line_user_id"), w.value(5, "line_user_id"), w.shown(k, "firstname"), w.failures)
	}
	w.notify(t, append(undo, move...)...) // the queue delivers both decisions once more
	w.settle(t)
	if got := w.friends[k].Link; got != before {
		t.Errorf("an old decision made %+v", got)
	}
	if past := w.friends[k].Past; len(past) != 2 || past[0].Why != friend.Moved || past[1].Why != friend.Undone || past[1].By != "user:3" {
		t.Errorf("history %+v", past)
	}
}

func TestKeepingALink(t *testing.T) {
	t.Parallel()
	w, k, note := contest(t)
	before := w.friends[k].Link
	w.decide(t, linkage.Keep, k, 5)
	l := w.friends[k].Link
	if l.State != friend.Linked || l.Contact != 1 || l.Claimant != 0 || l.ClaimMethod != "" || l.At != before.At || len(w.failures) != 0 {
		t.Fatalf("kept as %+v; failed items %v", l, w.failures)
	}
	w.notify(t, note)
	if got := w.friends[k].Link; got != l {
		t.Errorf("the refused proof, again, made %+v", got)
	}
	w.notify(t, w.proven(5, userA)) // the person insists
	if got := w.friends[k].Link; got.State != friend.Conflict || got.Contact != 1 {
		t.Errorf("a new proof made %+v", got)
	}
}

func TestGivingAContactToAnotherFriend(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.link(t, 1, userA)
	w.line[userB] = friend.Profile{Name: "B"}
	b := friend.Key{Slot: 1, User: userB}
	w.notify(t, w.proven(1, userB))
	if len(w.failures) != 1 {
		t.Fatal("no conflict")
	}
	before := w.friends[a].Link
	w.decide(t, linkage.Move, b, 1)
	if w.friends[a].Link.Contact != 0 || w.friends[b].Link.Contact != 1 || w.friends[b].Link.Method != friend.Manual || w.value(1, "line_user_id") != string(userB) || len(w.failures) != 0 {
		t.Fatalf("a %+v, b %+v, HubSpot %q, failed items %v", w.friends[a].Link, w.friends[b].Link, w.value(1, "line_user_id"), w.failures)
	}
	w.decide(t, linkage.Undo, a, 0)
	if w.friends[a].Link != before || w.friends[b].Link.Contact != 0 || w.value(1, "line_user_id") != string(userA) {
		t.Errorf("a %+v, b %+v, HubSpot %q", w.friends[a].Link, w.friends[b].Link, w.value(1, "line_user_id"))
	}
	if it := slices.Collect(maps.Values(w.failures)); len(it) != 1 || it[0].Code != "LINK_CONFLICT" || *it[0].Friend != b || it[0].Contact != 1 {
		t.Errorf("the conflict is not back: %+v", it)
	}
}

func TestDecisionsAboutNothing(t *testing.T) {
	t.Parallel()
	linked := friend.Friend{Key: friend.Key{Slot: 1, User: userA}, Link: friend.Link{State: friend.Linked, Contact: 1}}
	free := friend.Friend{Key: linked.Key}
	for _, c := range []struct {
		choice linkage.Choice
		f      friend.Friend
		want   error
	}{
		{linkage.Keep, linked, linkage.ErrNoConflict}, {linkage.Move, linked, linkage.ErrNoConflict}, {linkage.Move, free, linkage.ErrNoConflict},
		{linkage.Undo, linked, linkage.ErrNoUndo}, {linkage.Undo, free, linkage.ErrNoUndo}, {"x", linked, linkage.ErrNoConflict},
	} {
		if notes, err := linkage.Ruling(c.choice, c.f, friend.Friend{}, 5, 1, ""); !errors.Is(err, c.want) || notes != nil {
			t.Errorf("%s: %v %v", c.choice, notes, err)
		}
	}
}
