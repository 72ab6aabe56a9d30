package linkage_test

import (
	"fmt"
	"testing"

	"lumo/shared/friend"
	"lumo/shared/linkage"
)

// leaves is a friend who leaves the address empty, since a link in an e-mail named the contact.
func (w *world) leaves(session string) linkage.View {
	w.t.Helper()
	v, err := w.desk.Email(w.t.Context(), session, linkage.Typed{}, "10.0.0.1", "en")
	w.must(err)
	return v
}

func TestAPlainIDLinksByACodeToItsContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.PlainIDs, w.m = true, "501"
	session, o := w.filling(t)
	if o != linkage.AskEmail {
		t.Fatalf("after the login: %s", o)
	}
	v := w.leaves(session)
	if v.Outcome != linkage.AskCode || v.Hint != "" || len(w.mail.Sent()) != 1 || w.mail.Sent()[0].To != "ichiro@example.com" || len(w.notes()) != 0 {
		t.Fatalf("%+v, mails %+v", v, w.mail.Sent())
	}
	if o := w.code(session, w.mailed()); o != linkage.Linked {
		t.Fatalf("the code: %s", o)
	}
	if ns := w.notes(); len(ns) != 1 || ns[0].Contact != contact || ns[0].Proof.Method != friend.EmailLink {
		t.Errorf("notes %+v", ns)
	}
}

func TestAPlainIDMeansNothingWhereItIsNotAllowed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"off at first":        func(w *world) { w.m = "501" },
		"no id":               func(w *world) { w.m, w.account.PlainIDs = "5x", true },
		"none at all":         func(w *world) { w.account.PlainIDs = true },
		"more than an id has": func(w *world) { w.m, w.account.PlainIDs = "99999999999999999999", true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			change(w)
			session, _ := w.filling(t)
			if v := w.leaves(session); v.Outcome != linkage.BadEmail || v.Suggested || len(w.mail.Sent()) != 0 {
				t.Errorf("%+v", v)
			}
		})
	}
	w := newWorld(t)
	w.account.PlainIDs, w.m = true, "501"
	session, _ := w.filling(t)
	w.account.PlainIDs = false
	if v := w.leaves(session); v.Outcome != linkage.AskCode || len(w.mail.Sent()) != 0 {
		t.Errorf("switched off meanwhile: %+v, %d mails", v, len(w.mail.Sent()))
	}
	token := w.invite()
	w.account.PlainIDs, w.m = true, "502"
	if a := w.attempts[linkage.Hash(w.begin(token))]; a.Suggested != 0 {
		t.Error("an invitation took another contact's id")
	}
}

func TestASVS_6_3_8_AnIDOfNobodyLooksLikeOneOfSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.PlainIDs = true
	seen := map[string]bool{}
	for _, m := range []string{"501", "777"} {
		w.m = m
		session, _ := w.filling(t)
		v := w.leaves(session)
		seen[fmt.Sprintf("%+v", v)] = true
		if m == "777" {
			for _, code := range []string{"000000", w.mailed()} {
				if o := w.code(session, code); o != linkage.WrongCode {
					t.Errorf("a guess: %s", o)
				}
			}
		}
	}
	if len(seen) != 1 || len(w.mail.Sent()) != 1 || len(w.notes()) != 0 {
		t.Errorf("%d pages, %d mails", len(seen), len(w.mail.Sent()))
	}
}

func TestASVS_2_4_1_IDsAreNotTriedWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.PlainIDs = true
	outcomes := map[linkage.Outcome]int{}
	for n := range linkage.Guesses {
		w.m, w.who = fmt.Sprint(1000+n), user(1+n%2)
		session, _ := w.filling(t)
		outcomes[w.leaves(session).Outcome]++
	}
	if outcomes[linkage.AskCode] != 12 || outcomes[linkage.NoMoreCodes] != linkage.Guesses-12 {
		t.Errorf("two friends in a day came to %v", outcomes)
	}
	if v, err := w.desk.Look(t.Context(), "x", "10.0.0.1"); err != nil || v.Outcome != linkage.TooMany {
		t.Errorf("afterwards %s %v", v.Outcome, err)
	}
}
