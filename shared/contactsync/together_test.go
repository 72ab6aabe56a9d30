package contactsync_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/register"
)

var userB = id.LineUserID("U" + fmt.Sprintf("%032x", 0xb))

// twoAccounts is a world whose contacts may be linked to a friend of each.
func twoAccounts(rule register.Rule) *world {
	w := newWorld()
	names := contactsync.Names{}
	for _, p := range lineproperty.ForSlot(2, "Shop 2") {
		names[p.Key] = contactsync.Property{Name: p.Name, Type: p.Type, FieldType: p.FieldType}
	}
	w.scope.Slots, w.scope.Names[2] = []id.Slot{1, 2}, names
	for i, m := range w.scope.Mappings.Mappings {
		if m.Property == "firstname" {
			w.scope.Mappings.Mappings[i].Rule = rule
		}
	}
	w.line[userB] = friend.Profile{Name: "Hanako"}
	return w
}

// deliver hands over what was sent to us for later.
func (w *world) deliver(t *testing.T) {
	t.Helper()
	for range 5 {
		sent := w.sent
		w.sent = nil
		for _, m := range sent {
			if m.Delay > 0 {
				w.clock.Advance(m.Delay)
			}
			var b contactsync.Batch
			if err := json.Unmarshal(m.Body, &b); err != nil {
				t.Fatal(err)
			}
			w.notify(t, b.Notes...)
		}
	}
}

// A late write of one friend's older edit is an echo for the friend of another account, too, who was linked to the contact later: taken for
// somebody's edit, it would win here and lose there, and each would write over the other for ever.
func TestAFriendOfAnotherAccountKnowsOurEchoes(t *testing.T) {
	t.Parallel()
	w := twoAccounts(register.NewestWins)
	a, b := w.link(t, 1, userA), friend.Key{Slot: 2, User: userB}
	w.clock.Advance(time.Hour)
	w.editInLumo(a, "firstname", "older")
	w.clock.Advance(time.Minute)
	w.edit(1, "firstname", "newer", false)
	w.clock.Advance(time.Minute)
	w.flush(t) // nobody has told us of the newer one
	if got := w.value(1, "firstname"); got != "older" {
		t.Fatalf("HubSpot holds %q", got)
	}
	w.clock.Advance(time.Minute)
	w.edit(1, "line_user_id_2", string(userB), false)
	writes := 0
	for round := range 6 {
		before := w.updates
		w.reconcile(t)
		w.clock.Advance(time.Minute)
		w.flush(t)
		if round > 2 {
			writes += w.updates - before
		}
	}
	if w.value(1, "firstname") != "newer" || w.shown(a, "firstname") != "newer" || w.shown(b, "firstname") != "newer" || writes != 0 {
		t.Errorf("HubSpot holds %q, the friends %q and %q; %d writes without end", w.value(1, "firstname"), w.shown(a, "firstname"), w.shown(b, "firstname"), writes)
	}
}

// What a friend knew before the link is all friends' of the contact with the link.
func TestANewFriendOfAContactTellsTheOthers(t *testing.T) {
	t.Parallel()
	w := twoAccounts(register.LumoAlways)
	a, b := w.link(t, 1, userA), friend.Key{Slot: 2, User: userB}
	w.friends[b] = friend.Friend{Key: b, Follow: friend.Following, Version: 1}
	w.editInLumo(b, "firstname", "known before")
	w.edit(1, "line_user_id", "", false) // nothing but the link leads to the first friend
	w.edit(1, "line_user_id_2", string(userB), false)
	w.reconcile(t)
	if w.friends[b].Link.Contact != 1 || w.shown(a, "firstname") != "known before" {
		t.Errorf("%+v, the other friend shows %q", w.friends[b].Link, w.shown(a, "firstname"))
	}
	for _, rs := range w.log {
		seen := map[string]bool{}
		for _, r := range rs {
			if k := fmt.Sprintf("%+v", r); seen[k] {
				t.Errorf("told twice: %s", k)
			} else {
				seen[k] = true
			}
		}
	}
}

// A contact that claimed a friend in vain gets it when the other contact goes.
func TestTheClaimantOfAFreedFriendIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	w.edit(2, "line_user_id", string(userA), false)
	w.notify(t, contactsync.Note{Kind: contactsync.Changed, Contact: 2, Property: "line_user_id"})
	if l := w.friends[k].Link; l.State != friend.Conflict || l.Claimant != 2 {
		t.Fatalf("%+v", l)
	}
	delete(w.contacts, 1)
	w.notify(t, contactsync.Note{Kind: contactsync.Gone, Contact: 1})
	w.deliver(t)
	if l := w.friends[k].Link; l.State != friend.Linked || l.Contact != 2 {
		t.Errorf("%+v", l)
	}
}

// The same when the friend had to leave the contact because another friend of the account had come first, whoever notices it.
func TestTheClaimantOfAFriendWhoHadToLeaveIsLookedAt(t *testing.T) {
	t.Parallel()
	for name, notice := range map[string]func(*testing.T, *world){
		"an event": func(t *testing.T, w *world) { w.notify(t, contactsync.Note{Kind: contactsync.Associated, Contact: 1}) },
		"a flush":  func(t *testing.T, w *world) { w.flush(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			first := w.link(t, 1, id.LineUserID("U"+fmt.Sprintf("%032x", 0xf)))
			w.clock.Advance(time.Minute)
			w.edit(1, "line_user_id", "", false)
			w.edit(2, "line_user_id", string(userA), false)
			late := friend.Key{Slot: 1, User: userA}
			f := friend.Friend{Key: late, Follow: friend.Following, Version: 1}
			f.ClaimBy(1, friend.Proof{Method: friend.ImportedID, At: w.now()})
			f.Contest(2, friend.Proof{Method: friend.ImportedID, At: w.now()})
			f.MarkDirty(w.now() - time.Minute.Milliseconds())
			w.friends[late] = f
			other := w.friends[first]
			other.MarkDirty(f.Due)
			w.friends[first] = other
			notice(t, w)
			if l := w.friends[late].Link; l.Contact == 1 || w.friends[first].Link.Contact != 1 {
				t.Fatalf("%+v", l)
			}
			w.deliver(t)
			if l := w.friends[late].Link; l.State != friend.Linked || l.Contact != 2 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// And when a person ends the link, which says nothing of the contact that claims the friend.
func TestTheClaimantOfAnUnlinkedFriendIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	w.edit(2, "line_user_id", string(userA), false)
	w.notify(t, contactsync.Note{Kind: contactsync.Changed, Contact: 2, Property: "line_user_id"})
	w.clock.Advance(time.Minute)
	w.notify(t, contactsync.Note{Kind: contactsync.Parted, Contact: 1, Friend: &k, At: w.now(), By: "user:3"})
	w.deliver(t)
	if l := w.friends[k].Link; l.State != friend.Linked || l.Contact != 2 {
		t.Errorf("%+v", l)
	}
}
