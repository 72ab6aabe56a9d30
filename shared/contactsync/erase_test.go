package contactsync_test

import (
	"slices"
	"strings"
	"testing"

	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// A privacy deletion ends the link at once and has everything else forgotten; while another erasure runs it comes again (P-32).
func TestAPrivacyDeletionIsForgottenEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := friend.Key{Slot: 1, User: userA}
	w.line[userA] = friend.Profile{Name: "Aoi"}
	w.edit(1, "line_user_id", string(userA), false)
	w.edit(1, "firstname", "Aoi", false)
	w.notify(t, changed(1, "line_user_id"))
	if w.friends[k].Link.Contact != 1 || w.shown(k, "firstname") != "Aoi" {
		t.Fatalf("not linked: %+v", w.friends[k])
	}
	delete(w.contacts, 1)
	w.erasing = true
	erased := contactsync.Note{Kind: contactsync.Erased, Contact: 1}
	w.notify(t, erased, erased, erased) // delivered more than once
	if f := w.friends[k]; f.Link.State != friend.Unlinked || w.shown(k, "firstname") != "" {
		t.Fatalf("after the deletion: %+v", f)
	}
	if !slices.Equal(w.dropped, []friend.Key{k}) {
		t.Fatalf("files are gone of %v", w.dropped)
	}
	if len(w.erased) != 0 || len(w.sent) == 0 || !strings.Contains(string(w.sent[len(w.sent)-1].Body), `"k":"erased"`) {
		t.Fatalf("it does not come again: %v", w.sent)
	}
	if n := strings.Count(string(w.sent[len(w.sent)-1].Body), `"k":"erased"`); n != 1 {
		t.Fatalf("it comes again %d times", n)
	}
	w.erasing = false
	w.notify(t, contactsync.Note{Kind: contactsync.Erased, Contact: 1})
	if !slices.Equal(w.erased, []id.ContactID{1}) {
		t.Fatalf("forgotten: %v", w.erased)
	}
}
