package linkage_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/linkage"
)

func TestALinkLinksItsContactWithWhoLogsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	if v, err := w.desk.Look(t.Context(), token, "10.0.0.1"); err != nil || v.Outcome != linkage.Confirm || v.Hint != "i•••@example.com" || v.Account != "Shop" {
		t.Fatalf("the question: %+v %v", v, err)
	}
	if v := w.through(token, user(1)); v.Outcome != linkage.Linked {
		t.Fatalf("ended in %s", v.Outcome)
	}
	ns := w.notes()
	if len(ns) != 1 || ns[0].Contact != contact || ns[0].Friend.User != user(1) || ns[0].Proof.Method != friend.EmailLink || ns[0].Proof.At != w.clock.Now().UnixMilli() {
		t.Fatalf("notes %+v", ns)
	}
	if strings.Contains(ns[0].Proof.Proof, token) {
		t.Error("the history holds the token")
	}
	// The same person opens it again, before the contact sync is done: the same proof, which changes nothing.
	w.clock.Advance(time.Minute)
	if v := w.through(token, user(1)); v.Outcome != linkage.Linked {
		t.Errorf("again: %s", v.Outcome)
	}
	if again := w.notes(); len(again) != 1 || *again[0].Proof != *ns[0].Proof {
		t.Errorf("again: %+v", again)
	}
}

// Each of these ends on its page, and nothing is linked (acceptance 1).
func TestWaysThatLinkNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(w *world, token *string)
		user    int
		want    linkage.Outcome
	}{
		"a second person":          {func(w *world, token *string) { w.through(*token, user(1)); w.notes() }, 2, linkage.Used},
		"expired":                  {func(w *world, _ *string) { w.clock.Advance(linkage.Life) }, 1, linkage.Expired},
		"edited":                   {func(_ *world, token *string) { *token = (*token)[:20] + "x" + (*token)[21:] }, 1, linkage.Invalid},
		"another portal's":         {func(w *world, token *string) { clear(w.invitations) }, 1, linkage.Invalid},
		"the connection has ended": {func(w *world, _ *string) { w.gone = true }, 1, linkage.Unavailable},
		"no Login channel":         {func(w *world, _ *string) { w.account.Login = linkage.Login{} }, 1, linkage.Unavailable},
		"another provider's channel": {func(w *world, _ *string) {
			w.known = nil
		}, 1, linkage.OtherProvider},
		"not a friend":    {func(w *world, _ *string) { w.known, w.friendly = nil, linkage.NotFriends }, 1, linkage.AddFriend},
		"no account":      {func(w *world, _ *string) { w.known, w.friendly = nil, linkage.NoAccount }, 1, linkage.AddFriend},
		"LINE refuses it": {func(w *world, _ *string) { w.exchangeErr = &fault.Fault{Class: fault.Invalid} }, 1, linkage.NotProven},
		"unlinked since": {func(w *world, token *string) {
			w.through(*token, user(1))
			n := w.notes()[0]
			f := friend.Friend{Key: *n.Friend}
			f.ClaimBy(contact, *n.Proof)
			f.Part(contact, friend.End{At: n.At + 1000, Why: friend.ByPerson, By: "user:3"})
			w.friends[f.Key] = f
		}, 1, linkage.Used},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := w.invite()
			c.prepare(w, &token)
			v, err := w.desk.Look(t.Context(), token, "10.0.0.1")
			w.must(err)
			if v.Outcome == linkage.Confirm {
				v = w.through(token, user(c.user))
			}
			if v.Outcome != c.want {
				t.Errorf("ended in %q, want %q", v.Outcome, c.want)
			}
			if ns := w.notes(); len(ns) != 0 {
				t.Errorf("linked: %+v", ns)
			}
		})
	}
}

func TestANoLinksNothingAndLeavesTheLinkToItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	if v, err := w.desk.Decline(t.Context(), token, "10.0.0.9"); err != nil || v.Outcome != linkage.Declined || len(w.notes()) != 0 {
		t.Fatalf("%+v %v", v, err)
	}
	if i := w.invitations[linkage.Hash(token)]; i.DeclinedAt == 0 || i.UsedBy != "" {
		t.Errorf("remembered %+v", i)
	}
	if v := w.through(token, user(1)); v.Outcome != linkage.Linked {
		t.Errorf("the owner: %s", v.Outcome)
	}
}

func TestWhoAddsTheAccountAfterwardsGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	w.known, w.friendly = map[id.LineUserID]bool{}, linkage.NotFriends
	session := w.begin(token)
	if _, err := w.desk.Return(t.Context(), session, linkage.Answer{State: w.asked.State, Code: "code"}); err != nil {
		t.Fatal(err)
	}
	end := func(again bool) linkage.Outcome {
		v, err := w.desk.Finish(t.Context(), session, again)
		w.must(err)
		return v.Outcome
	}
	if o := end(false); o != linkage.AddFriend {
		t.Fatalf("first %s", o)
	}
	w.known[user(1)] = true
	if o := end(false); o != linkage.AddFriend {
		t.Fatalf("only looking changed it to %s", o)
	}
	if o := end(true); o != linkage.Linked || len(w.notes()) != 1 {
		t.Fatalf("then %s", o)
	}
}

func TestWhatIsLinkedAlreadyIsForPeopleToDecide(t *testing.T) {
	t.Parallel()
	key := friend.Key{Slot: 1, User: user(1)}
	for name, c := range map[string]struct {
		row  friend.Friend
		want linkage.Outcome
		told int
	}{
		"the friend is another contact's": {friend.Friend{Key: key, Link: friend.Link{State: friend.Linked, Contact: 9}}, linkage.InConflict, 1},
		"the contact is another friend's": {friend.Friend{Key: friend.Key{Slot: 1, User: user(2)}, Link: friend.Link{State: friend.Linked, Contact: contact}}, linkage.InConflict, 1},
		"another account's friend":        {friend.Friend{Key: friend.Key{Slot: 2, User: user(2)}, Link: friend.Link{State: friend.Linked, Contact: contact}}, linkage.Linked, 1},
		"they are one already":            {friend.Friend{Key: key, Link: friend.Link{State: friend.Linked, Contact: contact}}, linkage.AlreadyLinked, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.friends[c.row.Key] = c.row
			if v := w.through(w.invite(), user(1)); v.Outcome != c.want {
				t.Errorf("ended in %s", v.Outcome)
			}
			if n := len(w.notes()); n != c.told {
				t.Errorf("%d notes", n)
			}
		})
	}
}

func TestASVS_2_4_1_WhoGuessesLinksIsHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.invite()
	look := func(token, from string) linkage.Outcome {
		v, err := w.desk.Look(t.Context(), token, from)
		w.must(err)
		return v.Outcome
	}
	for range linkage.Guesses {
		if o := look("AAAA"+token[4:], "10.0.0.5"); o != linkage.Invalid {
			t.Fatalf("a guess: %s", o)
		}
	}
	if o := look(token, "10.0.0.5"); o != linkage.TooMany {
		t.Errorf("after many guesses: %s", o)
	}
	if o := look(token, "10.0.0.6"); o != linkage.Confirm {
		t.Errorf("from elsewhere: %s", o)
	}
	w.clock.Advance(10 * time.Minute)
	if o := look(token, "10.0.0.5"); o != linkage.Confirm {
		t.Errorf("later: %s", o)
	}
}

// Changing any character of a token makes it invalid, and a token of one use is none of another.
func TestTokensCannotBeEdited(t *testing.T) {
	t.Parallel()
	s, now := linkage.Signer{Key: []byte("key")}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		p := id.PortalID(rapid.Int64Range(1, 1<<50).Draw(t, "portal"))
		random := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "random")
		text := s.Sign(linkage.Invite, p, now.Add(time.Hour), random)
		if got, err := s.Read(linkage.Invite, text, now); err != nil || got != p {
			t.Fatalf("%d %v", got, err)
		}
		if _, err := s.Read(linkage.Session, text, now); !errors.Is(err, linkage.ErrForged) {
			t.Fatalf("as a session: %v", err)
		}
		if _, err := s.Read(linkage.Invite, text, now.Add(time.Hour)); !errors.Is(err, linkage.ErrExpired) {
			t.Fatalf("later: %v", err)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(text)
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if _, err := s.Read(linkage.Invite, base64.RawURLEncoding.EncodeToString(raw), now); !errors.Is(err, linkage.ErrForged) {
			t.Fatalf("changed: %v", err)
		}
	})
}

func TestMaskedAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ichiro@example.com": "i•••@example.com", " a@b.jp ": "a•••@b.jp", "花子@例え.jp": "花•••@例え.jp", "": "", "nobody": "", "@x": "", "a@": "", "a@b@c": "",
	} {
		if got := linkage.Mask(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// A named wish makes one link, however often; another name, portal or time makes another.
func TestANamedWishMakesOneLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wish := linkage.Wish{Contact: contact, Slot: 1, Method: friend.EmailLink, By: "workflow", Seed: "wf-1", At: w.clock.Now()}
	first, err := w.maker.For(t.Context(), portalID, wish, "ichiro@example.com")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	again, err := w.maker.For(t.Context(), portalID, wish, "ichiro@example.com")
	if err != nil || again != first || w.maker.Address(portalID, wish) != first.Address || len(w.invitations) != 1 {
		t.Errorf("%+v\n%+v %v", first, again, err)
	}
	if v, err := w.desk.Look(t.Context(), first.Token, "10.0.0.1"); err != nil || v.Outcome != linkage.Confirm {
		t.Errorf("%+v %v", v, err)
	}
	other, later := wish, wish
	other.Seed, later.At = "wf-2", w.clock.Now()
	seen := map[string]bool{first.Address: true}
	for _, a := range []string{w.maker.Address(portalID, other), w.maker.Address(portalID, later), w.maker.Address(portalID+1, wish)} {
		if seen[a] {
			t.Errorf("%s twice", a)
		}
		seen[a] = true
	}
}
