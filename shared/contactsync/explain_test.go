package contactsync_test

import (
	"errors"
	"testing"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/register"
)

// drainTwice drains while the change log fails once, as if the process died there, and again as the queue brings the message back.
func (w *world) drainTwice(t *testing.T) {
	t.Helper()
	w.logFails = 1
	if _, err := w.flusher().Drain(t.Context(), w.scope, "flush/m1"); !errors.Is(err, errLog) {
		t.Fatalf("the first flush: %v", err)
	}
	if _, err := w.flusher().Drain(t.Context(), w.scope, "flush/m1"); err != nil {
		t.Fatal(err)
	}
}

func TestAFlushThatDiesBeforeItsLogIsExplainedByTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := friend.Key{Slot: 1, User: userA}
	w.line[userA] = friend.Profile{Name: "Hanako"}
	w.edit(501, "line_user_id", string(userA), false)
	w.reconcile(t)
	w.drainTwice(t)
	for _, field := range []string{"line_display_name", "line_follow_status", "line_link_method"} {
		if r, ok := w.explained(k, field, register.HubSpot); !ok || r.New != w.value(501, field) {
			t.Errorf("%s: %+v", field, r)
		}
	}
	if w.friends[k].Due != 0 {
		t.Error("the marker is still there")
	}
}

func TestWhatAFlushDecidesByHistoryIsExplainedAfterACrash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lumo, reason string }{{"and HubSpot must learn it", "Hana", "newer_in_lumo"}, {"and nothing is owed", "", "newer_in_hubspot"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.edit(501, "firstname", "花子", false)
			w.clock.Advance(time.Minute)
			k := w.link(t, 501, userA) // HubSpot's edit was made a minute ago, or at any time since
			w.clock.Advance(time.Second)
			value := c.lumo
			if value == "" { // an edit in HubSpot that nobody told, after the one in Lumo
				value = "Hana"
			}
			w.editInLumo(k, "firstname", value)
			if c.lumo == "" {
				w.clock.Advance(time.Minute)
				w.edit(501, "firstname", "華子", false)
			}
			w.clock.Advance(time.Minute)
			w.drainTwice(t)
			r, ok := w.explained(k, "firstname", register.Lumo)
			if !ok || r.New != w.shown(k, "firstname") || string(r.Reason) != c.reason || r.Cause != "flush/m1" {
				t.Errorf("%+v; shown is %q", r, w.shown(k, "firstname"))
			}
			if got := w.value(501, "firstname"); got != w.shown(k, "firstname") {
				t.Errorf("HubSpot holds %q", got)
			}
		})
	}
}

func TestWhatIsWrittenBesideARefusedPropertyIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := friend.Key{Slot: 1, User: userA}
	w.line[userA] = friend.Profile{Name: "Hanako"}
	w.edit(501, "line_user_id", string(userA), false)
	w.reconcile(t)
	w.refuse[501] = &fault.Fault{Class: fault.Invalid, Code: "X", Properties: []string{"line_link_method"}}
	w.refuseOnce = true
	if _, err := w.flusher().Drain(t.Context(), w.scope, "flush/m1"); err != nil {
		t.Fatal(err)
	}
	if r, ok := w.explained(k, "line_display_name", register.HubSpot); !ok || r.New != "Hanako" || w.value(501, "line_display_name") != "Hanako" {
		t.Errorf("%+v, HubSpot holds %q", r, w.value(501, "line_display_name"))
	}
	if _, ok := w.explained(k, "line_link_method", register.HubSpot); ok {
		t.Error("a value that HubSpot refused is told as written")
	}
}

func TestTheEndOfALinkIsExplainedAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(501, "firstname", "花子", false)
	k := w.link(t, 501, userA)
	delete(w.contacts, 501)
	gone := []contactsync.Note{{Kind: contactsync.Checked, Contact: 501}}
	w.logFails = 1
	if err := w.events().Handle(t.Context(), w.scope, gone, "event/m1"); !errors.Is(err, errLog) {
		t.Fatalf("the first attempt: %v", err)
	}
	if err := w.events().Handle(t.Context(), w.scope, gone, "event/m1"); err != nil {
		t.Fatal(err)
	}
	w.flush(t) // the repetition found nothing to do; the row's marker brings what was not told
	r, ok := w.explained(k, "firstname", register.Lumo)
	if !ok || r.Reason != register.LinkEnded || r.Cause != "event/m1" || w.friends[k].Link.Contact != 0 || w.friends[k].Due != 0 {
		t.Errorf("%+v, link %+v", r, w.friends[k].Link)
	}
}
