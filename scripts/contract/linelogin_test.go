package contract

import (
	"net/url"
	"testing"

	"lumo/scripts/linesandbox"
	"lumo/shared/fault"
	"lumo/shared/line"
	"lumo/shared/linkage"
)

const (
	loginRedirect = "https://lumo.example/k/callback"
	verifier      = "0123456789012345678901234567890123456789012"
	challenge     = "_RpfHqw8pAZIomzVUE7sjRmHSM543WVdC4o-Kc4_3C0"
)

// login is a LINE Login channel of the account's provider, and our client of it.
func (w *lineWorld) login(linked string) (line.Login, linkage.Login) {
	w.t.Helper()
	bot, err := w.line.Channel(w.channel.ID)
	w.must(err)
	c, err := w.line.CreateChannel(linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: linked, RedirectURIs: []string{loginRedirect}})
	w.must(err)
	return line.Login{Client: w.client, Access: "http://line.test"}, linkage.Login{Channel: c.ID, Secret: c.Secret}
}

func TestLineLogin(t *testing.T) {
	t.Parallel()
	w := newLineWorld(t, linesandbox.ChannelSpec{})
	ctx := t.Context()
	us, ch := w.login(w.channel.ID)
	if ok, err := us.CheckLogin(ctx, ch, loginRedirect); err != nil || !ok {
		t.Errorf("the right secret: %t %v", ok, err)
	}
	if ok, err := us.CheckLogin(ctx, linkage.Login{Channel: ch.Channel, Secret: "00000000000000000000000000000000"}, loginRedirect); err != nil || ok {
		t.Errorf("a wrong secret: %t %v", ok, err)
	}
	if ok, err := us.CheckLogin(ctx, linkage.Login{Channel: w.channel.ID, Secret: w.channel.Secret}, loginRedirect); err != nil || ok {
		t.Errorf("the Messaging API channel: %t %v", ok, err)
	}
	u := w.line.CreateUser(linesandbox.UserSpec{Name: "Ann"}).ID
	user, err := w.line.LineUserID(w.channel.ID, u)
	w.must(err)
	login := func(with linkage.Challenge, befriend bool) linkage.Tokens {
		t.Helper()
		to, err := w.line.Authorize(us.AuthorizeURL(with), linesandbox.Consent{User: u, AddFriend: befriend})
		w.must(err)
		at, err := url.Parse(to)
		w.must(err)
		if at.Query().Get("state") != with.State {
			t.Fatalf("came back to %s", to)
		}
		code := at.Query().Get("code")
		if _, err := us.Exchange(ctx, ch, code, loginRedirect, verifier+"x"); !fault.Is(err, fault.Invalid) {
			t.Fatalf("another verifier: %v", err)
		}
		// LINE has burned that code: a login anew.
		to, err = w.line.Authorize(us.AuthorizeURL(with), linesandbox.Consent{User: u})
		w.must(err)
		at, err = url.Parse(to)
		w.must(err)
		tokens, err := us.Exchange(ctx, ch, at.Query().Get("code"), loginRedirect, verifier)
		w.must(err)
		return tokens
	}
	with := linkage.Challenge{Channel: ch.Channel, Redirect: loginRedirect, State: "s1", Nonce: "n1", CodeChallenge: challenge, Language: "ja"}
	tokens := login(with, false)
	c, err := linkage.WebLogin(tokens.ID, ch.Secret, linkage.Want{Channel: ch.Channel, Nonce: "n1", Now: w.line.Now()})
	if err != nil || string(c.Subject) != user {
		t.Errorf("claims %+v %v", c, err)
	}
	if f, err := us.Friendship(ctx, tokens.Access); err != nil || f != linkage.NotFriends {
		t.Errorf("before: %q %v", f, err)
	}
	if f, err := us.Friendship(ctx, login(with, true).Access); err != nil || f != linkage.Friends {
		t.Errorf("after: %q %v", f, err)
	}

	// A LIFF page's token: ES256, under the keys that LINE publishes.
	inApp, err := w.line.IDToken(linesandbox.IDTokenSpec{Channel: ch.Channel, User: u, LIFF: true, Nonce: "n2"})
	w.must(err)
	keys, err := us.Keys(ctx)
	w.must(err)
	want := linkage.Want{Channel: ch.Channel, Nonce: "n2", Now: w.line.Now()}
	if c, err := linkage.InApp(inApp, keys, want); err != nil || string(c.Subject) != user {
		t.Errorf("a LIFF token: %+v %v", c, err)
	}
	if _, err := linkage.InApp(inApp, nil, want); err == nil {
		t.Error("a LIFF token without keys")
	}
	if _, err := linkage.WebLogin(inApp, ch.Secret, want); err == nil {
		t.Error("a LIFF token as a web login's")
	}
	if _, err := linkage.InApp(tokens.ID, keys, linkage.Want{Channel: ch.Channel, Now: w.line.Now()}); err == nil {
		t.Error("a web login's token as a LIFF token")
	}
	alone, other := w.login("")
	to, err := w.line.Authorize(alone.AuthorizeURL(linkage.Challenge{Channel: other.Channel, Redirect: loginRedirect, State: "s", Nonce: "n", CodeChallenge: challenge}), linesandbox.Consent{User: u})
	w.must(err)
	at, err := url.Parse(to)
	w.must(err)
	tokens, err = alone.Exchange(ctx, other, at.Query().Get("code"), loginRedirect, verifier)
	w.must(err)
	if f, err := alone.Friendship(ctx, tokens.Access); err != nil || f != linkage.NoAccount {
		t.Errorf("a channel without an account: %q %v", f, err)
	}
	w.noViolations()
}
