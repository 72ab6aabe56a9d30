package contactsync_test

import (
	"testing"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
)

// P-24: what a person said of themselves reaches HubSpot with the link, once; what somebody changes there afterwards stays.
func TestAnswersReachHubSpotOnceWithTheLink(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(5, "firstname", "Ann", false)
	w.edit(5, "city", "大阪", false)
	w.line[userA] = friend.Profile{Name: "葵"}
	w.clock.Advance(time.Hour)
	note := w.proven(5, userA)
	note.Answers = map[string]string{"city": "渋谷区", "firstname": "葵"} // the first name is mapped, the city is not
	w.notify(t, note)
	w.notify(t, note)
	w.clock.Advance(time.Minute)
	w.flush(t)
	if city, name, user := w.value(5, "city"), w.value(5, "firstname"), w.value(5, "line_user_id"); city != "渋谷区" || name != "葵" || user != string(userA) {
		t.Fatalf("HubSpot holds %q, %q, %q", city, name, user)
	}
	k := *note.Friend
	if f := w.friends[k]; f.Answers != nil || f.Due != 0 {
		t.Errorf("still owed: %+v, due %d", f.Answers, f.Due)
	}
	w.clock.Advance(time.Hour)
	w.edit(5, "city", "横浜", false)
	w.edit(5, "firstname", "Anna", false)
	w.notify(t, note, contactsync.Note{Kind: contactsync.Changed, Contact: 5, Property: "firstname", At: w.now()})
	w.clock.Advance(time.Minute)
	w.flush(t)
	if city, name := w.value(5, "city"), w.value(5, "firstname"); city != "横浜" || name != "Anna" {
		t.Errorf("a late repetition wrote %q, %q", city, name)
	}
}

func TestAnswersOfAConflictAreNotWritten(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.link(t, 1, userA)
	w.edit(5, "city", "大阪", false)
	note := w.proven(5, userA)
	note.Answers = map[string]string{"city": "渋谷区"}
	w.notify(t, note)
	w.clock.Advance(time.Minute)
	w.flush(t)
	if w.value(5, "city") != "大阪" || w.value(1, "city") != "" || w.friends[*note.Friend].Answers != nil {
		t.Errorf("wrote %q, %q", w.value(5, "city"), w.value(1, "city"))
	}
}

func TestAnswersGoWithTheLink(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(5, "firstname", "Ann", false)
	w.line[userA] = friend.Profile{Name: "葵"}
	note := w.proven(5, userA)
	note.Answers = map[string]string{"city": "渋谷区"}
	w.notify(t, note)
	w.clock.Advance(time.Second)
	w.notify(t, contactsync.Note{Kind: contactsync.Parted, Contact: 5, Friend: note.Friend, At: w.now(), By: "user:3"})
	w.clock.Advance(time.Minute)
	w.flush(t)
	if f := w.friends[*note.Friend]; f.Answers != nil || w.value(5, "city") != "" {
		t.Errorf("answers %v, HubSpot holds %q", f.Answers, w.value(5, "city"))
	}
}

// One answer that HubSpot does not take is a failed item; the link and the other answers are there.
func TestARefusedAnswerDoesNotHoldTheLinkUp(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(5, "firstname", "Ann", false)
	w.line[userA] = friend.Profile{Name: "葵"}
	note := w.proven(5, userA)
	note.Answers = map[string]string{"city": "渋谷区", "size": "xxl"}
	w.notify(t, note)
	w.refuse[5] = &fault.Fault{Provider: "hubspot", Class: fault.Invalid, Certainty: fault.NothingHappened, Code: "INVALID_OPTION", Properties: []string{"size"}}
	w.refuseOnce = true
	w.clock.Advance(time.Minute)
	w.flush(t)
	if w.value(5, "line_user_id") != string(userA) || w.value(5, "city") != "渋谷区" || w.value(5, "size") != "" || len(w.failures) != 1 {
		t.Errorf("HubSpot holds %q, %q, %q; failed %+v", w.value(5, "line_user_id"), w.value(5, "city"), w.value(5, "size"), w.failures)
	}
}
