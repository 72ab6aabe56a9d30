package contract

import (
	"net/url"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/friend"
	"lumo/shared/syncrun"
)

func TestAPIUnlinks(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	path, contact := "/friends/1/"+string(w.friend)+"/unlink", w.contact.String()
	state := func() string {
		t.Helper()
		return into[struct{ Link struct{ State string } }](t, w.ann.ok("GET", "/friends/1/"+string(w.friend), nil)).Link.State
	}
	if s, v := state(), w.value(customer, w.contact, "line_user_id"); s != "linked" || v != string(w.friend) {
		t.Fatalf("%s, %q", s, v)
	}
	w.ann.refused("POST", path, `{"contact":"999"}`, 200, "FRIEND_UNLINKED")
	w.ann.refused("POST", path, `{}`, 200, "INVALID_INPUT")
	w.ann.refused("POST", "/friends/1/U00000000000000000000000000000000/unlink", `{"contact":"`+contact+`"}`, 200, "NO_SUCH_FRIEND")
	for range 2 { // pressed twice
		w.ann.ok("POST", path, body{"contact": contact})
	}
	w.work()
	for _, name := range []string{"line_user_id", "line_display_name", "line_follow_status", "line_link_method"} {
		if v := w.value(customer, w.contact, name); v != "" {
			t.Errorf("%s is still %q", name, v)
		}
	}
	w.clock.Advance(time.Minute)
	w.run(w.ann, syncrun.Contacts)
	w.work()
	if s := state(); s != "unlinked" {
		t.Errorf("the friend is %s", s)
	}
	history := into[struct {
		Items []struct {
			ContactID, Method, Why, EndedBy string
			At, Until                       int64
		}
	}](t, w.ann.ok("GET", "/friends/1/"+string(w.friend)+"/links", nil)).Items
	if len(history) != 1 || history[0].ContactID != contact || history[0].Method != "imported_id" || history[0].Why != "unlinked" || history[0].EndedBy == "" || history[0].Until < history[0].At {
		t.Errorf("the history is %+v", history)
	}
	if card := into[struct{ State string }](t, w.ann.ok("GET", "/contacts/"+contact, nil)); card.State != "not_linked" {
		t.Errorf("the card is %s", card.State)
	}
	w.ann.refused("POST", w.path, `{"requestId":"request-0001","contact":"`+contact+`","text":"x"}`, 200, "FRIEND_UNLINKED")

	// Somebody fills in the LINE User ID again: that links.
	w.clock.Advance(time.Minute)
	w.must(w.hub.Edit(customer, "contacts", int64(w.contact), map[string]string{"line_user_id": string(w.friend)}, hubspotsandbox.By{}))
	w.run(w.ann, syncrun.Contacts)
	w.work()
	if f, _, err := w.app.Friends().Get(t.Context(), customer, friend.Key{Slot: 1, User: w.friend}); err != nil || f.Link.Contact != w.contact || f.Parted != (friend.Parted{}) {
		t.Errorf("%+v, %v", f.Link, err)
	}
}

// TestRetryOfARefusedClearing: HubSpot refuses to clear the contact; Retry clears it once HubSpot lets it.
func TestRetryOfARefusedClearing(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	rule := hubspotsandbox.Rule{Object: "contacts", Property: "line_user_id", When: "firstname", Equals: w.value(customer, w.contact, "firstname")}
	w.must(w.hub.SetRules(int64(customer), []hubspotsandbox.Rule{rule}))
	w.ann.ok("POST", "/friends/1/"+string(w.friend)+"/unlink", body{"contact": w.contact.String()})
	w.work()
	type items struct {
		Items []struct{ ID, ContactID string }
	}
	failures := func() items { t.Helper(); return into[items](t, w.ann.ok("GET", "/failures", nil)) }
	retry := func() {
		t.Helper()
		its := failures().Items
		if len(its) != 1 || its[0].ContactID != w.contact.String() || w.value(customer, w.contact, "line_user_id") == "" {
			t.Fatalf("failed items %+v", its)
		}
		w.ann.ok("POST", "/failures/"+url.PathEscape(its[0].ID)+"/retry", body{})
		w.work()
	}
	retry() // HubSpot refuses it again
	w.must(w.hub.SetRules(int64(customer), nil))
	retry()
	if its := failures().Items; len(its) != 0 || w.value(customer, w.contact, "line_user_id") != "" {
		t.Errorf("still %q, failed items %+v", w.value(customer, w.contact, "line_user_id"), its)
	}
}

// TestAnOldLookAtAContactLinksNothing: HubSpot's search index goes on showing the LINE User ID for a while.
func TestAnOldLookAtAContactLinksNothing(t *testing.T) {
	t.Parallel()
	f := friend.Friend{Key: friend.Key{Slot: 1, User: "U1"}, Link: friend.Link{State: friend.Linked, Contact: 501}}
	f.Part(502, friend.End{At: 1})
	if f.Link.Contact != 501 {
		t.Error("another contact was unlinked")
	}
	f.Part(501, friend.End{At: 1})
	if f.Link.Contact != 0 || f.Claimable(501, 1<<60) || !f.Claimable(502, 1) {
		t.Errorf("%+v", f)
	}
	f.Parted.Until = 1000 // HubSpot cleared it
	if f.Claimable(501, 1000) || !f.Claimable(501, 1001) {
		t.Errorf("%+v", f.Parted)
	}
}
