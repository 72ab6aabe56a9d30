package linesandbox_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
)

const callback = "https://app.example/link/callback"

func (w *world) login() linesandbox.Channel {
	return w.create(linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: w.channel.Provider, RedirectURIs: []string{callback}, LinkedBot: w.channel.ID})
}

func authorizeURL(c linesandbox.Channel, more ...string) string {
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {callback + "?from=mail"}, "state": {"s1"}, "scope": {"openid profile email"}, "nonce": {"n1"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "http://line.test/access/oauth2/v2.1/authorize?" + q.Encode()
}

func (w *world) code(authorize string, consent linesandbox.Consent) url.Values {
	w.t.Helper()
	to, err := w.Authorize(authorize, consent)
	w.must(err)
	u, err := url.Parse(to)
	w.must(err)
	if !strings.HasPrefix(to, callback) || u.Query().Get("state") != "s1" || u.Query().Get("from") != "mail" {
		w.t.Fatalf("sent to %s", to)
	}
	return u.Query()
}

func (w *world) exchange(c linesandbox.Channel, code string, more ...string) reply {
	return w.form("/oauth2/v2.1/token", append([]string{
		"grant_type", "authorization_code", "code", code, "redirect_uri", callback + "?from=mail", "client_id", c.ID, "client_secret", c.Secret,
	}, more...)...)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	c := w.login()
	u := w.CreateUser(linesandbox.UserSpec{Name: "葵🌸", Email: "aoi@example.com"})
	id, err := w.LineUserID(w.channel.ID, u.ID)
	w.must(err)

	got := w.code(authorizeURL(c, "bot_prompt", "aggressive"), linesandbox.Consent{User: u.ID, AddFriend: true})
	if got.Get("friendship_status_changed") != "true" {
		t.Errorf("callback %v", got)
	}
	w.clock.Advance(0)
	wantTypes(t, w.app.types(), "follow")

	tokens := w.want(w.exchange(c, got.Get("code")), 200)
	w.want(w.exchange(c, got.Get("code")), 400)
	user := tokens.text("access_token")
	if p := w.want(w.callAs(user, "GET", "/v2/profile", ""), 200); p.text("userId") != id || p.text("displayName") != "葵🌸" {
		t.Errorf("profile %s", p.body)
	}
	if p := w.want(w.callAs(user, "GET", "/oauth2/v2.1/userinfo", ""), 200); p.text("sub") != id {
		t.Errorf("userinfo %s", p.body)
	}
	if f := w.want(w.callAs(user, "GET", "/friendship/v1/status", ""), 200); string(f.body) != `{"friendFlag":true}` {
		t.Errorf("friendship %s", f.body)
	}
	w.must(w.Block(w.channel.ID, u.ID))
	if f := w.want(w.callAs(user, "GET", "/friendship/v1/status", ""), 200); string(f.body) != `{"friendFlag":false}` {
		t.Errorf("friendship %s", f.body)
	}
	w.want(w.callAs(user, "GET", "/v2/bot/info", ""), 401)
	if v := w.want(w.callAs("", "GET", "/oauth2/v2.1/verify?access_token="+user, ""), 200); v.text("client_id") != c.ID {
		t.Errorf("verify %s", v.body)
	}
	again := w.want(w.form("/oauth2/v2.1/token", "grant_type", "refresh_token", "refresh_token", tokens.text("refresh_token"), "client_id", c.ID, "client_secret", c.Secret), 200)
	w.want(w.callAs(w.stateless(c), "POST", "/user/v1/deauthorize", `{"userAccessToken":"`+again.text("access_token")+`"}`), 204)
	w.want(w.callAs(user, "GET", "/v2/profile", ""), 401)
}

func TestIDTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, foreign := w.login(), w.login()
	u := w.CreateUser(linesandbox.UserSpec{Email: "x@example.com"}).ID
	id, err := w.LineUserID(c.ID, u)
	w.must(err)
	web := w.exchange(c, w.code(authorizeURL(c), linesandbox.Consent{User: u}).Get("code")).text("id_token")
	make := func(spec linesandbox.IDTokenSpec) string {
		spec.Channel, spec.User = c.ID, u
		text, err := w.IDToken(spec)
		w.must(err)
		return text
	}
	liff := make(linesandbox.IDTokenSpec{LIFF: true})
	verify := func(token string, more ...string) reply {
		return w.form("/oauth2/v2.1/verify", append([]string{"id_token", token, "client_id", c.ID}, more...)...)
	}
	ok := w.want(verify(web, "nonce", "n1", "user_id", id), 200)
	if ok.text("sub") != id || ok.text("iss") != "https://access.line.me" || ok.text("email") != "x@example.com" {
		t.Errorf("claims %s", ok.body)
	}
	w.want(verify(liff), 200)
	for want, r := range map[string]reply{
		"Invalid IdToken.":                    verify(web[:len(web)-8] + "AAAAAAAA"),
		"Invalid IdToken Issuer.":             verify(make(linesandbox.IDTokenSpec{Issuer: "https://evil.example"})),
		"Invalid IdToken Audience.":           w.form("/oauth2/v2.1/verify", "id_token", liff, "client_id", foreign.ID),
		"Invalid IdToken Nonce.":              verify(web, "nonce", "other"),
		"Invalid IdToken Subject Identifier.": verify(web, "user_id", "U0"),
	} {
		if r.status != 400 || r.text("error_description") != want {
			t.Errorf("%s: %d %s", want, r.status, r.body)
		}
	}
	w.clock.Advance(time.Hour)
	if r := verify(web); r.text("error_description") != "IdToken expired." {
		t.Errorf("after an hour: %s", r.body)
	}
	w.want(w.callAs("", "GET", "/oauth2/v2.1/certs", ""), 200)
	w.want(w.callAs("", "GET", "/access/.well-known/openid-configuration", ""), 200)
}

func TestLoginRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.login()
	u := w.CreateUser(linesandbox.UserSpec{}).ID
	for name, bad := range map[string]string{
		"redirect": authorizeURL(c, "redirect_uri", "https://evil.example/"), "client": authorizeURL(c, "client_id", "1"),
		"messaging channel": authorizeURL(w.channel), "state": authorizeURL(c, "state", ""), "scope": authorizeURL(c, "scope", "email"),
	} {
		if _, err := w.Authorize(bad, linesandbox.Consent{User: u}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if q := w.code(authorizeURL(c), linesandbox.Consent{Deny: true}); q.Get("error") != "ACCESS_DENIED" || q.Get("code") != "" {
		t.Errorf("denied: %v", q)
	}
	if q := w.code(authorizeURL(c, "prompt", "none"), linesandbox.Consent{User: u}); q.Get("error") != "LOGIN_REQUIRED" {
		t.Errorf("prompt none: %v", q)
	}
	late := w.code(authorizeURL(c), linesandbox.Consent{User: u}).Get("code")
	w.clock.Advance(10 * time.Minute)
	w.want(w.exchange(c, late), 400)

	sum := sha256.Sum256([]byte("verifier"))
	pkce := authorizeURL(c, "code_challenge_method", "S256", "code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
	w.want(w.exchange(c, w.code(pkce, linesandbox.Consent{User: u}).Get("code"), "code_verifier", "wrong"), 400)
	w.want(w.exchange(c, w.code(pkce, linesandbox.Consent{User: u}).Get("code"), "code_verifier", "verifier"), 200)
	w.want(w.exchange(c, w.code(authorizeURL(c), linesandbox.Consent{User: u}).Get("code"), "redirect_uri", callback), 400)
}

// Ensure that a person can go through the page with a browser.
func TestLoginPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.login()
	u := w.CreateUser(linesandbox.UserSpec{Name: "A & B <i>"})
	path := strings.TrimPrefix(authorizeURL(c, "bot_prompt", "normal"), "http://line.test")
	page := string(w.want(w.callAs("", "GET", path, ""), 200).body)
	if !strings.Contains(page, "A &amp; B &lt;i&gt;") || !strings.Contains(page, "Add "+w.channel.Name) {
		t.Error(page)
	}
	done := w.want(w.form(path, "user", u.ID, "decision", "allow", "friend", "on"), 302)
	if to := done.header.Get("Location"); !strings.Contains(to, "code=") || !strings.Contains(to, "friendship_status_changed=true") {
		t.Error(to)
	}
	w.want(w.callAs("", "GET", strings.Replace(path, c.ID, "1", 1), ""), 400)
}
