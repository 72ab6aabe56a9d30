package contactsync_test

import (
	"fmt"
	"testing"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// A person opened the link that was made for contact 5 and logged in to LINE.
func (w *world) proven(c id.ContactID, u id.LineUserID) contactsync.Note {
	return contactsync.Note{Kind: contactsync.Proven, Contact: c, At: w.now(), Friend: &friend.Key{Slot: 1, User: u},
		Proof: &friend.Proof{Method: friend.EmailLink, Proof: "token:ab12", Actor: "person", At: w.now()}}
}

func TestAProofLinksAndHubSpotLearnsIt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.scope.LinkByID = false // method C may be off
	w.edit(5, "firstname", "Ann", false)
	w.line[userA] = friend.Profile{Name: "葵"}
	note := w.proven(5, userA)
	w.notify(t, note)
	k := *note.Friend
	if l := w.friends[k].Link; l.State != friend.Linked || l.Contact != 5 || l.Method != friend.EmailLink || l.Proof != "token:ab12" || l.At != note.At {
		t.Fatalf("link %+v", l)
	}
	w.clock.Advance(time.Minute)
	w.flush(t)
	if got := w.value(5, "line_user_id"); got != string(userA) || w.value(5, "line_link_method") != "email_link" {
		t.Errorf("HubSpot holds %q, %q", got, w.value(5, "line_link_method"))
	}
	before := w.friends[k]
	w.notify(t, note)
	if after := w.friends[k]; after.Link != before.Link || len(after.Past) != 0 {
		t.Errorf("a repetition changed %+v to %+v", before.Link, after.Link)
	}
}

func TestAProofThatComesLateDoesNotLinkAgainWhomSomebodyUnlinked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(5, "firstname", "Ann", false)
	w.line[userA] = friend.Profile{Name: "葵"}
	note := w.proven(5, userA)
	w.notify(t, note)
	k := *note.Friend
	w.clock.Advance(time.Minute)
	w.notify(t, contactsync.Note{Kind: contactsync.Parted, Contact: 5, Friend: &k, At: w.now(), By: "user:3"})
	w.notify(t, note)
	f := w.friends[k]
	if f.Link.Contact != 0 || len(f.Past) != 1 || f.Past[0].Why != friend.ByPerson || f.Past[0].By != "user:3" || f.Past[0].Proof != "token:ab12" {
		t.Fatalf("link %+v, past %+v", f.Link, f.Past)
	}
	w.clock.Advance(time.Minute)
	w.notify(t, w.proven(5, userA)) // a new one counts
	if f := w.friends[k]; f.Link.Contact != 5 || f.Parted != (friend.Parted{}) {
		t.Fatalf("link %+v, parted %+v", f.Link, f.Parted)
	}
}

func TestAProofMovesNothingSilently(t *testing.T) {
	t.Parallel()
	t.Run("the friend is another contact's", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		k := w.link(t, 1, userA)
		w.edit(5, "firstname", "Ann", false)
		note := w.proven(5, userA)
		for range 2 {
			w.notify(t, note)
		}
		l := w.friends[k].Link
		if l.State != friend.Conflict || l.Contact != 1 || l.Claimant != 5 || l.ClaimMethod != friend.EmailLink || l.ClaimProof != "token:ab12" || l.ClaimAt != note.At {
			t.Errorf("link %+v", l)
		}
		if len(w.failures) != 1 {
			t.Errorf("failed items %+v", w.failures)
		}
	})
	t.Run("the contact is another friend's", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		other := id.LineUserID("U" + fmt.Sprintf("%032x", 0xb))
		k := w.link(t, 1, userA)
		w.line[other] = friend.Profile{Name: "B"}
		w.notify(t, w.proven(1, other))
		if f := w.friends[friend.Key{Slot: 1, User: other}]; f.Link.Contact != 0 || w.friends[k].Link.Contact != 1 || len(w.failures) != 1 {
			t.Errorf("linked to %d; failed items %+v", f.Link.Contact, w.failures)
		}
	})
	t.Run("LINE does not know the person for this account", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.edit(5, "firstname", "Ann", false)
		w.notify(t, w.proven(5, userA))
		if _, ok := w.friends[friend.Key{Slot: 1, User: userA}]; ok {
			t.Error("a friend was made up")
		}
	})
	t.Run("the contact is gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.line[userA] = friend.Profile{Name: "葵"}
		w.notify(t, w.proven(9, userA))
		for _, f := range w.failures {
			if f.Code == "LINK_CONTACT_GONE" {
				return
			}
		}
		t.Errorf("failed items %+v", w.failures)
	})
}
