package linkage_test

import (
	"strings"
	"testing"

	"lumo/shared/friend"
	"lumo/shared/linkage"
)

func TestATypedAddressIsBelievedOnlyWhereTheAccountWantsThat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Unverified = true
	w.fields = []linkage.Field{{Property: "city", Type: linkage.TextField, LabelEn: "City", Required: true}}
	session, o := w.filling(t)
	v, err := w.desk.Finish(t.Context(), session, false)
	w.must(err)
	if o != linkage.AskEmail || !v.NoCode || len(v.Asks) != 0 {
		t.Fatalf("the form %s %+v", o, v)
	}
	v, err = w.desk.Email(t.Context(), session, linkage.Typed{Email: "Ichiro@example.com", Answers: map[string]string{"city": "Kyoto"}}, "10.0.0.1", "en")
	w.must(err)
	ns := w.notes()
	if v.Outcome != linkage.Noted || len(w.mail.Sent()) != 0 || len(ns) != 1 {
		t.Fatalf("%s, %d mails, notes %+v", v.Outcome, len(w.mail.Sent()), ns)
	}
	if p := ns[0].Proof; ns[0].Contact != contact || p.Method != friend.Unverified || !strings.HasPrefix(p.Proof, "typed:") || ns[0].Answers != nil {
		t.Errorf("note %+v", ns[0])
	}
	if o := w.email(session, "ichiro@example.com"); o != linkage.Noted || len(w.notes()) != 0 {
		t.Errorf("once more: %s", o)
	}
}

// Nobody learns who is a customer, and nobody who is linked is touched.
func TestABelievedAddressTellsAndTakesNothing(t *testing.T) {
	t.Parallel()
	other := friend.Key{Slot: 1, User: user(2)}
	for name, c := range map[string]struct {
		typed   string
		friends map[friend.Key]friend.Friend
	}{
		"unknown":              {typed: "nobody@example.com"},
		"of somebody else's":   {"ichiro@example.com", map[friend.Key]friend.Friend{other: {Key: other, Link: friend.Link{State: friend.Linked, Contact: contact}}}},
		"unlinked by a person": {"ichiro@example.com", map[friend.Key]friend.Friend{{Slot: 1, User: user(1)}: {Key: friend.Key{Slot: 1, User: user(1)}, Past: []friend.Ended{{Contact: contact, Until: 1 << 60}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, chat := range []bool{false, true} {
				w := newWorld(t)
				w.account.Unverified = true
				var session string
				if chat {
					w.account.Login = linkage.Login{}
					var err error
					_, _, session, err = w.desk.Begin(t.Context(), w.asks("e1", user(1)), "10.0.0.1", "en", "")
					w.must(err)
					w.finish(session)
				} else {
					session, _ = w.filling(t)
				}
				if c.friends != nil {
					w.friends = c.friends
				}
				want := linkage.Noted
				if chat {
					want = linkage.AtLine
				}
				v, err := w.desk.Email(t.Context(), session, linkage.Typed{Email: c.typed}, "10.0.0.1", "en")
				w.must(err)
				if v.Outcome != want || len(w.mail.Sent()) != 0 {
					t.Errorf("page %s", v.Outcome)
				}
				if chat {
					w.hears(linkage.Heard{Event: "e2", User: user(1), Nonce: nonceOf(t, v.To), OK: true})
					if o := w.finish(session); o != linkage.Noted {
						t.Errorf("afterwards %s", o)
					}
				}
				if ns := w.notes(); len(ns) != 0 {
					t.Errorf("notes %+v", ns)
				}
			}
		})
	}
}

func TestABelievedAddressOutOfTheChat(t *testing.T) {
	t.Parallel()
	w := withoutLogin(t)
	w.account.Unverified = true
	_, _, session, err := w.desk.Begin(t.Context(), w.asks("e1", user(1)), "10.0.0.1", "en", "")
	w.must(err)
	w.finish(session)
	v, err := w.desk.Email(t.Context(), session, linkage.Typed{Email: "ichiro@example.com"}, "10.0.0.1", "en")
	w.must(err)
	if len(w.notes()) != 0 {
		t.Fatal("linked before LINE confirmed")
	}
	w.hears(linkage.Heard{Event: "e2", User: user(1), ReplyToken: "r", Nonce: nonceOf(t, v.To), OK: true})
	if ns := w.notes(); len(ns) != 1 || ns[0].Proof.Method != friend.Unverified || w.finish(session) != linkage.Noted {
		t.Errorf("notes %+v", ns)
	}
}
