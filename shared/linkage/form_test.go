package linkage_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"lumo/shared/friend"
	"lumo/shared/linkage"
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// filling opens the account's form as a user and logs in.
func (w *world) filling(t *testing.T) (session string, o linkage.Outcome) {
	t.Helper()
	token := strings.TrimPrefix(linkage.FormAddress(w.desk.Signer, "https://lumo.example", portalID, 1), "https://lumo.example/k/")
	session = w.begin(token)
	if o, err := w.desk.Return(t.Context(), session, linkage.Answer{State: w.asked.State, Code: "code"}); err != nil || o != "" {
		t.Fatalf("%s %v", o, err)
	}
	v, err := w.desk.Finish(t.Context(), session, false)
	w.must(err)
	return session, v.Outcome
}

func (w *world) email(session, typed string) linkage.Outcome {
	w.t.Helper()
	v, err := w.desk.Email(w.t.Context(), session, linkage.Typed{Email: typed}, "10.0.0.1", "en")
	w.must(err)
	return v.Outcome
}

func (w *world) code(session, typed string) linkage.Outcome {
	w.t.Helper()
	v, err := w.desk.Code(w.t.Context(), session, typed)
	w.must(err)
	return v.Outcome
}

// mailed is the code in the newest mail.
func (w *world) mailed() string {
	w.t.Helper()
	all := w.mail.Sent()
	if len(all) == 0 {
		w.t.Fatal("no mail")
	}
	return sixDigits.FindString(all[len(all)-1].Text)
}

func TestATypedAddressIsProvenByACode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session, o := w.filling(t)
	if o != linkage.AskEmail {
		t.Fatalf("after the login: %s", o)
	}
	if o := w.code(session, "000000"); o == linkage.Linked {
		t.Fatal("linked without a code")
	}
	for _, bad := range []string{"", "x", "a@b@c", "A <a@b.example>", "a@b.example\r\nBcc: c@d.example"} {
		if o := w.email(session, bad); o != linkage.BadEmail {
			t.Errorf("%q: %s", bad, o)
		}
	}
	if o := w.email(session, " Ichiro@Example.com "); o != linkage.AskCode {
		t.Fatalf("the address: %s", o)
	}
	m := w.mail.Sent()[0]
	if m.To != "ichiro@example.com" || strings.Contains(m.Subject, w.mailed()) {
		t.Errorf("mail %+v", m)
	}
	if o := w.code(session, " "+w.mailed()+" "); o != linkage.Linked {
		t.Fatalf("the code: %s", o)
	}
	ns := w.notes()
	if len(ns) != 1 || ns[0].Contact != contact || ns[0].Friend.User != user(1) || ns[0].Proof.Method != friend.MessageLink {
		t.Fatalf("notes %+v", ns)
	}
	if o := w.code(session, w.mailed()); o != linkage.Linked || len(w.notes()) != 0 {
		t.Errorf("pressed twice: %s", o)
	}
}

func TestASVS_6_3_8_AnUnknownAddressLooksLikeAKnownOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session, _ := w.filling(t)
	if o := w.email(session, "nobody@example.com"); o != linkage.AskCode || len(w.mail.Sent()) != 0 {
		t.Errorf("%s, mails %v", o, w.mail.Sent())
	}
	for range linkage.CodeTries {
		if o := w.code(session, "000000"); o != linkage.WrongCode {
			t.Errorf("a guess: %s", o)
		}
	}
	if o := w.code(session, "000000"); o != linkage.NoMoreCodes || len(w.notes()) != 0 {
		t.Errorf("one guess too many: %s", o)
	}
}

func TestASVS_6_6_3_CodesAreTriedFewTimesAndNotForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session, _ := w.filling(t)
	w.email(session, "ichiro@example.com")
	right := w.mailed()
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	for range linkage.CodeTries {
		if o := w.code(session, wrong); o != linkage.WrongCode {
			t.Fatalf("a guess: %s", o)
		}
	}
	if o := w.code(session, right); o != linkage.NoMoreCodes {
		t.Errorf("the right one, too late: %s", o)
	}
	w.email(session, "ichiro@example.com")
	if o := w.code(session, right); o != linkage.WrongCode {
		t.Errorf("the first mail's code: %s", o)
	}
	fresh := w.mailed()
	w.clock.Advance(linkage.CodeLife)
	if o := w.code(session, fresh); o != linkage.NoMoreCodes || len(w.notes()) != 0 {
		t.Errorf("an old code: %s", o)
	}
	w.email(session, "ichiro@example.com")
	if o := w.email(session, "ichiro@example.com"); o != linkage.NoMoreCodes || len(w.mail.Sent()) != 3 {
		t.Errorf("the fourth code: %s, %d mails", o, len(w.mail.Sent()))
	}
}

func TestASVS_2_4_1_NobodyIsFloodedWithCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 10 { // an attempt after the other
		session, _ := w.filling(t)
		w.email(session, "ichiro@example.com")
	}
	if n := len(w.mail.Sent()); n != 6 {
		t.Errorf("%d mails in a day", n)
	}
	w.clock.Advance(24 * time.Hour)
	session, _ := w.filling(t)
	if o := w.email(session, "ichiro@example.com"); o != linkage.AskCode {
		t.Errorf("a day later: %s", o)
	}
}

func TestTheFormKnowsWhoIsLinkedAlready(t *testing.T) {
	t.Parallel()
	key := friend.Key{Slot: 1, User: user(1)}
	for want, link := range map[linkage.Outcome]friend.Link{
		linkage.AlreadyLinked: {State: friend.Linked, Contact: 9}, linkage.InConflict: {State: friend.Conflict, Contact: 9, Claimant: 10},
	} {
		w := newWorld(t)
		w.friends[key] = friend.Friend{Key: key, Link: link}
		session, o := w.filling(t)
		if o != want {
			t.Errorf("%s, want %s", o, want)
		}
		if o := w.email(session, "ichiro@example.com"); o != want || len(w.mail.Sent()) != 0 {
			t.Errorf("an address all the same: %s", o)
		}
	}
	w := newWorld(t)
	w.friends[friend.Key{Slot: 1, User: user(2)}] = friend.Friend{Key: friend.Key{Slot: 1, User: user(2)}, Link: friend.Link{State: friend.Linked, Contact: contact}}
	session, _ := w.filling(t)
	w.email(session, "ichiro@example.com")
	if o := w.code(session, w.mailed()); o != linkage.InConflict || len(w.notes()) != 1 {
		t.Errorf("a contact that is another friend's: %s", o)
	}
}

func TestAFormsAddressIsNoLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := linkage.FormAddress(w.desk.Signer, "", portalID, 1)
	if a != linkage.FormAddress(w.desk.Signer, "", portalID, 1) || a == linkage.FormAddress(w.desk.Signer, "", portalID, 2) {
		t.Error("addresses differ, or do not")
	}
	for _, token := range []string{strings.TrimPrefix(a, "/k/f."), "f." + w.invite(), strings.TrimPrefix(a, "/k/") + "x", "f."} {
		if v, err := w.desk.Look(t.Context(), token, "10.0.0.1"); err != nil || v.Outcome != linkage.Invalid {
			t.Errorf("%q: %s %v", token, v.Outcome, err)
		}
	}
}

// P-28: an address that LINE has verified needs no code; where it leads to nobody, or to somebody whose place is taken, the form goes on.
func TestAVerifiedAddressFindsItsContact(t *testing.T) {
	t.Parallel()
	const yes = "Ichiro@example.com"
	for name, c := range map[string]struct {
		email   string
		allowed bool
		taken   bool
		want    linkage.Outcome
	}{
		"known":              {yes, true, false, linkage.Linked},
		"not permitted":      {yes, false, false, linkage.AskEmail},
		"unknown":            {"nobody@example.com", true, false, linkage.AskEmail},
		"none":               {"", true, false, linkage.AskEmail},
		"the place is taken": {yes, true, true, linkage.AskEmail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.account.Login.Email = c.allowed
			w.forge = func(claims map[string]any) { claims["email"] = c.email }
			if c.taken {
				k := friend.Key{Slot: 1, User: user(2)}
				w.friends[k] = friend.Friend{Key: k, Link: friend.Link{State: friend.Linked, Contact: contact}}
			}
			session, o := w.filling(t)
			if o != c.want || w.asked.Email != c.allowed {
				t.Fatalf("%s, asked LINE for the address: %v", o, w.asked.Email)
			}
			ns := w.notes()
			if linked := c.want == linkage.Linked; linked != (len(ns) == 1) || linked && (ns[0].Contact != contact || ns[0].Proof.Method != friend.AutoMatch) {
				t.Errorf("notes %+v", ns)
			}
			if a := w.attempts[linkage.Hash(session)]; a.Email != "" {
				t.Errorf("the address is kept: %+v", a)
			}
		})
	}
}

func TestAContactsOwnLinkAsksLineForNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Login.Email = true
	w.begin(w.invite())
	if w.asked.Email {
		t.Error("LINE was asked for an address that nobody needs")
	}
}
