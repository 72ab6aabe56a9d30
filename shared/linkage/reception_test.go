package linkage_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
)

var addressed = regexp.MustCompile(`https://lumo\.example/k/([^"\\]+)`)

// withoutLogin is a company whose account has a Messaging API channel only.
func withoutLogin(t *testing.T) *world {
	w := newWorld(t)
	w.account.Login = linkage.Login{}
	return w
}

func (w *world) hears(e linkage.Heard) {
	w.t.Helper()
	e.At = max(e.At, w.clock.Now().UnixMilli())
	w.must(w.reception.Handle(w.t.Context(), portalID, 1, []linkage.Heard{e}))
}

// asks is a tap on the button that asks for the link; it returns the link's token.
func (w *world) asks(event string, u id.LineUserID) string {
	w.t.Helper()
	w.hears(linkage.Heard{Event: event, User: u, ReplyToken: "r-" + event})
	last := w.replies[len(w.replies)-1]
	m := addressed.FindStringSubmatch(last.text)
	if m == nil || last.to.User != u || last.token != "r-"+event {
		w.t.Fatalf("answered %+v", last)
	}
	return m[1]
}

// proves goes with a personal link as far as LINE's page, and returns the nonce that goes there.
func (w *world) proves(token string) (session, nonce string) {
	w.t.Helper()
	v, to, session, err := w.desk.Begin(w.t.Context(), token, "10.0.0.1", "en", "")
	w.must(err)
	if v.Outcome != linkage.Confirm || !v.Chat || to != linkage.EndPath {
		w.t.Fatalf("Yes came to %+v, %s", v, to)
	}
	v, err = w.desk.Finish(w.t.Context(), session, false)
	w.must(err)
	if v.Outcome != linkage.AskEmail {
		w.t.Fatalf("the form: %s", v.Outcome)
	}
	if o := w.email(session, "ichiro@example.com"); o != linkage.AskCode {
		w.t.Fatalf("the address: %s", o)
	}
	v, err = w.desk.Code(w.t.Context(), session, w.mailed())
	w.must(err)
	if v.Outcome != linkage.AtLine {
		w.t.Fatalf("the code: %s", v.Outcome)
	}
	return session, nonceOf(w.t, v.To)
}

// nonceOf is what goes to LINE's page.
func nonceOf(t *testing.T, to string) string {
	t.Helper()
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return at.Query().Get("nonce")
}

func (w *world) finish(session string) linkage.Outcome {
	w.t.Helper()
	v, err := w.desk.Finish(w.t.Context(), session, false)
	w.must(err)
	return v.Outcome
}

func TestAFriendLinksWithoutLogin(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	session, nonce := w.proves(w.asks("e1", user(1)))
	if len(w.notes()) != 0 || w.finish(session) != linkage.AtLine {
		t.Fatal("linked before LINE confirmed")
	}
	if raw := len(nonce); raw < 22 || raw > 255 {
		t.Errorf("nonce of %d characters", raw)
	}
	for range 2 { // the webhook comes twice
		w.hears(linkage.Heard{Event: "e2", User: user(1), ReplyToken: "r-e2", Nonce: nonce, OK: true})
	}
	ns := w.notes()
	if len(ns) != 1 || ns[0].Contact != contact || ns[0].Friend.User != user(1) || ns[0].Proof.Method != friend.AccountLink || !strings.HasPrefix(ns[0].Proof.Proof, "code:") {
		t.Fatalf("notes %+v", ns)
	}
	if o := w.finish(session); o != linkage.Linked {
		t.Errorf("afterwards: %s", o)
	}
	if len(w.replies) != 2 || strings.Contains(w.kept[0].Text, "http") || w.kept[1].Friend.User != user(1) {
		t.Errorf("said %+v, kept %+v", w.replies, w.kept)
	}
	if w.hears(linkage.Heard{Event: "e3", User: user(1), Nonce: nonce, OK: true}); len(w.notes()) != 0 {
		t.Error("a nonce was used twice")
	}
}

func TestTheSameQuestionGetsTheSameLink(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	if a, b := w.asks("e1", user(1)), w.asks("e1", user(1)); a != b {
		t.Error("a repeated event made another link")
	}
	if a, b := w.asks("e1", user(1)), w.asks("e2", user(1)); a == b {
		t.Error("two questions got one link")
	}
	w.account.Login = linkage.Login{Channel: "1", Secret: "s"}
	if a := w.asks("e3", user(1)); !strings.HasPrefix(a, linkage.FormPrefix) {
		t.Errorf("with LINE Login: %s", a)
	}
	w.gone = true
	n := len(w.replies)
	if w.hears(linkage.Heard{Event: "e4", User: user(1), ReplyToken: "r"}); len(w.replies) != n {
		t.Error("a disconnected account answered")
	}
}

// Whoever is led astray: nothing is linked, and the page says so.
func TestLINEsWordDecides(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		heard func(nonce string, w *world) linkage.Heard
		want  linkage.Outcome
	}{
		"LINE saw somebody else": {func(n string, w *world) linkage.Heard { return linkage.Heard{Event: "e2", Nonce: n} }, linkage.NotProven},
		"another friend is named": {func(n string, w *world) linkage.Heard {
			return linkage.Heard{Event: "e2", Nonce: n, OK: true, User: user(2), ReplyToken: "r"}
		}, linkage.NotProven},
		"after the nonce's time": {func(n string, w *world) linkage.Heard {
			return linkage.Heard{Event: "e2", Nonce: n, OK: true, User: user(1), At: w.clock.Now().Add(13 * time.Minute).UnixMilli()}
		}, linkage.Over},
		"the friend has another contact": {func(n string, w *world) linkage.Heard {
			w.friends[friend.Key{Slot: 1, User: user(1)}] = friend.Friend{Key: friend.Key{Slot: 1, User: user(1)}, Link: friend.Link{State: friend.Linked, Contact: 9}}
			return linkage.Heard{Event: "e2", Nonce: n, OK: true, User: user(1)}
		}, linkage.InConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := withoutLogin(t)
			session, nonce := w.proves(w.asks("e1", user(1)))
			w.hears(c.heard(nonce, w))
			if o := w.finish(session); o != c.want {
				t.Errorf("page %s", o)
			}
			if ns := w.notes(); (len(ns) == 1) != (c.want == linkage.InConflict) {
				t.Errorf("notes %+v", ns)
			}
			w.hears(linkage.Heard{Event: "e3", User: user(1), Nonce: nonce, OK: true})
			if len(w.notes()) != 0 {
				t.Error("the nonce was good for a second event")
			}
		})
	}
}

func TestANonceOfNobodyLinksNobody(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	w.hears(linkage.Heard{Event: "e1", User: user(1), Nonce: "0123456789abcdef", OK: true, ReplyToken: "r"})
	if len(w.notes()) != 0 || len(w.replies) != 0 {
		t.Error("a nonce that nobody made did something")
	}
}

func TestAPersonalLinkEndsOnItsPages(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	token := w.asks("e1", user(1))
	look := func(token string) linkage.Outcome {
		v, err := w.desk.Look(t.Context(), token, "10.0.0.1")
		w.must(err)
		return v.Outcome
	}
	if o := look(token[:len(token)-3] + "abc"); o != linkage.Invalid {
		t.Errorf("edited: %s", o)
	}
	if o := look(strings.TrimPrefix(token, linkage.PersonalPrefix)); o != linkage.Invalid {
		t.Errorf("as an invitation: %s", o)
	}
	w.known[user(1)] = false
	_, _, session, err := w.desk.Begin(t.Context(), token, "10.0.0.1", "en", "")
	w.must(err)
	if o := w.finish(session); o != linkage.AddFriend {
		t.Errorf("who blocked the account: %s", o)
	}
	w.clock.Advance(25 * time.Hour)
	if o := look(token); o != linkage.Expired {
		t.Errorf("a day later: %s", o)
	}
}

func TestLINEMakesNoLinkToken(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	token := w.asks("e1", user(1))
	_, _, session, err := w.desk.Begin(t.Context(), token, "10.0.0.1", "en", "")
	w.must(err)
	w.finish(session)
	w.email(session, "ichiro@example.com")
	w.linkToken = func(friend.Key) (string, error) { return "", &fault.Fault{Class: fault.Unavailable} }
	if _, err := w.desk.Code(t.Context(), session, w.mailed()); err == nil {
		t.Error("an outage passed for an end")
	}
	w.linkToken = func(friend.Key) (string, error) { return "", &fault.Fault{Class: fault.NotFound} }
	if o := w.code(session, w.mailed()); o != linkage.NotProven {
		t.Errorf("refused: %s", o)
	}
	w.linkToken = nil
	if o := w.code(session, w.mailed()); o != linkage.AtLine || len(w.notes()) != 0 {
		t.Errorf("in the end: %s", o)
	}
}

func TestRepliesThatLINEDoesNotTake(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	e := []linkage.Heard{{Event: "e1", User: user(1), ReplyToken: "r", At: w.clock.Now().UnixMilli()}}
	w.replyErr = &fault.Fault{Class: fault.Unavailable}
	if err := w.reception.Handle(t.Context(), portalID, 1, e); err == nil {
		t.Error("an outage was not tried again")
	}
	w.replyErr = &fault.Fault{Class: fault.Invalid}
	if err := w.reception.Handle(t.Context(), portalID, 1, e); err != nil || len(w.kept) != 0 {
		t.Errorf("too late: %v, kept %v", err, w.kept)
	}
}

func TestLinksOfAnAccountWithoutLoginTellTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invited := w.invite()
	form := strings.TrimPrefix(linkage.FormAddress(w.desk.Signer, "https://lumo.example", portalID, 1), "https://lumo.example/k/")
	w.account.Login = linkage.Login{}
	for _, token := range []string{invited, form} {
		for word, want := range map[string]linkage.Outcome{"": linkage.Unavailable, "連携": linkage.InChat} {
			w.account.Word = word
			if v, err := w.desk.Look(t.Context(), token, "10.0.0.1"); err != nil || v.Outcome != want || v.Word != word {
				t.Errorf("word %q: %+v %v", word, v, err)
			}
		}
	}
	for text, want := range map[string]bool{"連携": true, " 連携\n": true, "連携したい": false, "": false} {
		if linkage.Asks(text, "連携") != want {
			t.Errorf("%q", text)
		}
	}
	if linkage.Asks("", "") || !linkage.Asks("LINK", "link") {
		t.Error("words")
	}
}
