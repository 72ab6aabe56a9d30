package contactsync_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/register"
)

func changed(c id.ContactID, prop string) contactsync.Note {
	return contactsync.Note{Kind: contactsync.Changed, Contact: c, Property: prop}
}

func TestAContactThatNamesAUserLinksAndHubSpotLearnsTheProfile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(1, "firstname", "花子", false)
	k := w.link(t, 1, userA)
	f := w.friends[k]
	if f.Link.State != friend.Linked || f.Link.Contact != 1 || f.Link.Method != friend.ImportedID {
		t.Fatalf("link: %+v", f.Link)
	}
	if got := w.shown(k, "firstname"); got != "花子" {
		t.Errorf("first name %q", got)
	}
	for prop, want := range map[string]string{"line_display_name": "Hanako", "line_follow_status": "unknown", "line_link_method": "imported_id"} {
		if got := w.value(1, prop); got != want {
			t.Errorf("%s = %q, want %q", prop, got, want)
		}
	}
	if n := w.reconcile(t); n.Unchanged != 1 || n.Updated != 0 || n.Dirty != 0 {
		t.Errorf("a second reconcile did something: %+v", n)
	}
}

func TestUsersThatLineDoesNotKnowAreNotLinked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(1, "line_user_id", string(userA), false)
	w.edit(2, "line_user_id", "not an id", false)
	n := w.reconcile(t)
	if n.Invalid != 2 || len(w.friends) != 0 {
		t.Fatalf("%+v, %d friends", n, len(w.friends))
	}
	codes := map[string]bool{}
	for _, it := range w.failures {
		codes[it.Code] = true
	}
	if !codes["LINE_ID_NOT_VALID"] || !codes["LINE_ID_MALFORMED"] {
		t.Errorf("failed items %v", codes)
	}
	delete(w.failures, "link#1#"+string(userA))
	w.reconcile(t)
	if len(w.failures) != 1 {
		t.Error("LINE was asked again about an id it had refused")
	}
}

func TestBothSidesAgreeOnTheRulesWinner(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		lumo, hub    time.Duration // when each side edits
		flushBetween bool          // our write overwrites the user's edit before its webhook comes
		want         string
	}{
		{"HubSpot first, Lumo within two seconds", time.Second, 0, false, "hub"},
		{"Lumo first, HubSpot within two seconds", 0, time.Second, false, "hub"},
		{"Lumo clearly later", 5 * time.Second, 0, false, "lumo"},
		{"HubSpot clearly later", 0, 5 * time.Second, false, "hub"},
		{"our write goes over a HubSpot edit that wins", 0, time.Second, true, "hub"},
		{"our write goes over a HubSpot edit that loses", 5 * time.Second, 0, true, "lumo"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.edit(1, "firstname", "old", false)
			k := w.link(t, 1, userA)
			w.clock.Advance(time.Hour)
			doLumo := func() { w.editInLumo(k, "firstname", "lumo") }
			doHub := func() { w.edit(1, "firstname", "hub", false) }
			if c.lumo < c.hub {
				doLumo()
				w.clock.Advance(c.hub - c.lumo)
				doHub()
			} else {
				doHub()
				w.clock.Advance(c.lumo - c.hub)
				doLumo()
			}
			if c.flushBetween {
				w.flush(t)
			}
			w.notify(t, changed(1, "firstname"), changed(1, "firstname"))
			w.flush(t)
			if got := w.value(1, "firstname"); got != c.want {
				t.Errorf("HubSpot holds %q, want %q", got, c.want)
			}
			if got := w.shown(k, "firstname"); got != c.want {
				t.Errorf("Lumo shows %q, want %q", got, c.want)
			}
			before := w.updates
			for range 10 {
				w.notify(t, changed(1, "firstname"))
				w.reconcile(t)
				w.flush(t)
			}
			if w.updates != before {
				t.Errorf("ten further cycles wrote %d times", w.updates-before)
			}
		})
	}
}

func TestARefusedContactIsAFailedItemAndTheOthersGoThrough(t *testing.T) {
	t.Parallel()
	w := newWorld()
	userB := id.LineUserID(fmt.Sprintf("U%032x", 0xb))
	a, b := w.link(t, 1, userA), w.link(t, 2, userB)
	w.clock.Advance(time.Hour)
	w.refuse[1] = &fault.Fault{Provider: "hubspot", Class: fault.Invalid, Certainty: fault.NothingHappened, Code: "HUBSPOT_INVALID", Message: "the admin requires a reason", CorrelationID: "c-1"}
	w.editInLumo(a, "firstname", "A")
	w.editInLumo(b, "firstname", "B")
	w.flush(t)
	if w.value(2, "firstname") != "B" {
		t.Error("the other contact was not written")
	}
	it, ok := w.failures["write_back#1#"+string(userA)]
	if !ok || it.Message != "the admin requires a reason" || it.CorrelationID != "c-1" || it.Contact != 1 {
		t.Fatalf("failed item %+v", it)
	}
	delete(w.refuse, 1)
	f := w.friends[a]
	f.MarkDirty(w.now()) // Retry
	w.friends[a] = f
	w.flush(t)
	if w.value(1, "firstname") != "A" || len(w.failures) != 0 {
		t.Errorf("retry: %q, %d failures left", w.value(1, "firstname"), len(w.failures))
	}
}

func TestTwoContactsClaimOneUser(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	w.edit(2, "line_user_id", string(userA), false)
	w.notify(t, changed(2, "line_user_id"))
	f := w.friends[k]
	if f.Link.Contact != 1 || f.Link.Claimant != 2 || f.Link.State != friend.Conflict {
		t.Fatalf("%+v", f.Link)
	}
	if _, ok := w.failures["link#1#"+string(userA)]; !ok {
		t.Error("no failed item tells about the conflict")
	}
}

func TestAMergeMovesTheLinkAndADeletionEndsIt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(1, "firstname", "one", false)
	k := w.link(t, 1, userA)
	// 1 and 2 become 3: HubSpot deletes the losers and tells nothing about values.
	w.clock.Advance(time.Minute)
	delete(w.contacts, 1)
	w.merged[1], w.merged[2] = 3, 3
	w.edit(3, "line_user_id", string(userA), false)
	w.edit(3, "firstname", "three", false)
	w.notify(t, contactsync.Note{Kind: contactsync.Gone, Contact: 1})
	if w.friends[k].Link.Contact != 1 {
		t.Fatal("a deletion did not wait for the merge")
	}
	if len(w.sent) != 1 || w.sent[0].Delay < contactsync.GoneWait*time.Second {
		t.Fatalf("no delayed look: %+v", w.sent)
	}
	w.notify(t, contactsync.Note{Kind: contactsync.Checked, Contact: 1})
	w.flush(t)
	if f := w.friends[k]; f.Link.Contact != 3 || w.shown(k, "firstname") != "three" {
		t.Fatalf("after the merge: %+v, %q", f.Link, w.shown(k, "firstname"))
	}
	delete(w.contacts, 3)
	w.notify(t, contactsync.Note{Kind: contactsync.Checked, Contact: 3})
	w.flush(t)
	if f := w.friends[k]; f.Link.State != friend.Unlinked || w.shown(k, "firstname") != "" || f.Due != 0 {
		t.Fatalf("after the deletion: %+v", f)
	}
}

func TestChangingWhileFlushingKeepsTheMarker(t *testing.T) {
	t.Parallel()
	w := newWorld()
	k := w.link(t, 1, userA)
	w.clock.Advance(time.Hour)
	w.editInLumo(k, "firstname", "first")
	w.interfere = func() { w.editInLumo(k, "firstname", "second") } // between HubSpot's answer and our note of it
	w.clock.Advance(5 * time.Second)
	w.flush(t)
	if got := w.value(1, "firstname"); got != "second" {
		t.Errorf("HubSpot holds %q: the second edit was lost", got)
	}
}

// I3, I4: any schedule of edits and deliveries converges to the rule's winner, and a second reconcile writes nothing.
func TestSchedulesConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		k := w.link(t, 1, userA)
		w.clock.Advance(time.Hour)
		start := w.updates
		var undelivered []contactsync.Note
		edits := 0
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"hub", "lumo", "deliver", "flush", "reconcile", "wait"}).Draw(rt, "step") {
			case "hub":
				w.edit(1, "firstname", rapid.SampledFrom([]string{"x", "y", "z", ""}).Draw(rt, "value"), false)
				undelivered = append(undelivered, changed(1, "firstname"))
				edits++
			case "lumo":
				w.editInLumo(k, "firstname", rapid.SampledFrom([]string{"p", "q", "x"}).Draw(rt, "value"))
				edits++
			case "deliver":
				if len(undelivered) > 0 {
					w.notify(t, undelivered[rapid.IntRange(0, len(undelivered)-1).Draw(rt, "which")])
				}
			case "flush":
				if _, err := w.flusher().Drain(t.Context(), w.scope, fmt.Sprintf("flush/%d", i)); err != nil {
					rt.Fatal(err)
				}
			case "reconcile":
				w.reconcile(t)
			}
			w.clock.Advance(time.Duration(rapid.Int64Range(1, 4000).Draw(rt, "ms")) * time.Millisecond)
		}
		w.notify(t, append(undelivered, changed(1, "firstname"))...)
		w.flush(t)
		w.notify(t, changed(1, "firstname"))
		w.flush(t)

		r := w.friends[k].Fields["firstname"]
		if got, held := w.shown(k, "firstname"), w.value(1, "firstname"); got != held {
			rt.Fatalf("Lumo shows %q, HubSpot holds %q: %+v", got, held, r)
		}
		if want := winner(w.contacts[1].history["firstname"], r); want != w.value(1, "firstname") {
			rt.Fatalf("winner should be %q, HubSpot holds %q", want, w.value(1, "firstname"))
		}
		if w.updates-start > edits {
			rt.Fatalf("%d edits caused %d writes", edits, w.updates-start)
		}
		before := w.updates
		w.reconcile(t)
		w.notify(t, changed(1, "firstname"))
		w.flush(t)
		if w.updates != before {
			rt.Fatal("a second reconcile wrote")
		}
	})
}

// winner works the rule out again, from the outside: HubSpot's own history and the last Lumo edit.
func winner(history []register.Entry, r register.Register) string {
	var hub register.Entry
	for _, e := range history {
		if !e.Ours && e.At > hub.At {
			hub = e
		}
	}
	if r.Lumo.At == 0 || hub.At != 0 && hub.At+register.TieMillis >= r.Lumo.At {
		return hub.Value
	}
	return r.Lumo.Value
}

func TestAContactThatCannotBeReadDoesNotKeepTheDrainSpinning(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.edit(1, "firstname", "old", false)
	k := w.link(t, 1, userA)
	w.clock.Advance(time.Hour)
	f := w.friends[k]
	r := f.Fields["firstname"]
	r.HubSpot.Inexact, r.HubSpot.At = true, w.now() // HubSpot's edit is known only to be older than this
	f.Fields["firstname"] = r
	w.friends[k] = f
	w.editInLumo(k, "firstname", "lumo")
	delete(w.contacts, 1)
	if _, err := w.flusher().Drain(t.Context(), w.scope, "flush"); err != nil {
		t.Fatal(err)
	}
}

// A run reads a company's name, the company is renamed and everybody learns it, and only then the run stores the friend.
func TestACompanyRenamedDuringARunIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	set, err := w.scope.Mappings.Add(mapping.Mapping{Property: mapping.Company, Type: "string", FieldType: "text"})
	if err != nil {
		t.Fatal(err)
	}
	w.scope.Mappings = set
	w.line[userA] = friend.Profile{Name: "Hanako"}
	w.edit(1, "line_user_id", string(userA), false)
	w.edit(1, mapping.CompanyLink, "5", false)
	stale := w.contact(1, nil)
	stale.HasCompany, stale.Company, stale.CompanyName = true, 5, "Old Ltd"
	w.companies[5] = "New Ltd"

	w.notify(t, contactsync.Note{Kind: contactsync.Renamed, Company: 5})
	if len(w.sent) != 1 || w.sent[0].Delay <= contactsync.NamesLive {
		t.Fatalf("sent %+v", w.sent)
	}
	if _, err := w.applier().Apply(t.Context(), w.scope, []contactsync.Contact{stale}, nil, "run", "run/1/up", contactsync.Bulk); err != nil {
		t.Fatal(err)
	}
	k := friend.Key{Slot: 1, User: userA}
	if got := w.shown(k, mapping.Company); got != "Old Ltd" {
		t.Fatalf("the run stored %q", got)
	}
	w.clock.Advance(w.sent[0].Delay)
	w.notify(t, contactsync.Note{Kind: contactsync.RenamedBefore, Company: 5})
	if got := w.shown(k, mapping.Company); got != "New Ltd" {
		t.Errorf("after the second look: %q", got)
	}
	if len(w.sent) != 1 {
		t.Error("the second look asked for a third")
	}
}
