package linesandbox_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func part(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func assertion(key *rsa.PrivateKey, kid string, claims map[string]any) string {
	text := part(map[string]any{"alg": "RS256", "typ": "JWT", "kid": kid}) + "." + part(claims)
	digest := sha256.Sum256([]byte(text))
	sig, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func TestTokensByAssertion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	kid, err := w.RegisterKey(w.channel.ID, []byte(jsonText(map[string]string{
		"kty": "RSA", "alg": "RS256", "use": "sig", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	})))
	w.must(err)
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{
			"iss": w.channel.ID, "sub": w.channel.ID, "aud": "https://api.line.me/", "exp": w.clock.Now().Add(30 * time.Minute).Unix(), "token_exp": 86400,
		}
		for name, v := range change {
			c[name] = v
		}
		return c
	}
	issue := func(path string, a string) reply {
		return w.form(path, "grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", a)
	}
	w.want(issue("/oauth2/v3/token", assertion(key, kid, claims(nil))), 200)
	for name, bad := range map[string]string{
		"kid": assertion(key, "other", claims(nil)), "audience": assertion(key, kid, claims(map[string]any{"aud": "https://example.com/"})),
		"too long": assertion(key, kid, claims(map[string]any{"exp": w.clock.Now().Add(31 * time.Minute).Unix()})),
		"forever":  assertion(key, kid, claims(map[string]any{"token_exp": 2592001})), "no jwt": "abc",
		"signature": assertion(key, kid, claims(nil))[:300] + "AAAA",
	} {
		if r := issue("/oauth2/v2.1/token", bad); r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	var first reply
	for i := range 30 {
		r := w.want(issue("/oauth2/v2.1/token", assertion(key, kid, claims(nil))), 200)
		if i == 0 {
			first = r
		}
	}
	w.wantMessage(issue("/oauth2/v2.1/token", assertion(key, kid, claims(nil))), 400, "The maximum number of access tokens has already been issued")
	kids := w.want(w.callAs("", "GET", "/oauth2/v2.1/tokens/kid?client_assertion_type="+url.QueryEscape(assertionType)+"&client_assertion="+assertion(key, kid, claims(nil)), ""), 200)
	if strings.Count(string(kids.body), `"`) != 62 || !strings.Contains(string(kids.body), first.text("key_id")) {
		t.Errorf("kids %s", kids.body)
	}

	token := first.text("access_token")
	w.want(w.callAs(token, "GET", "/v2/bot/info", ""), 200)
	w.want(w.callAs("", "GET", "/oauth2/v2.1/verify?access_token="+token, ""), 200)
	w.want(w.form("/oauth2/v2.1/revoke", "client_id", w.channel.ID, "client_secret", w.channel.Secret, "access_token", token), 200)
	w.want(w.callAs(token, "GET", "/v2/bot/info", ""), 401)
	w.want(w.callAs("", "GET", "/oauth2/v2.1/verify?access_token="+token, ""), 400)
	w.want(w.callAs("", "GET", "/oauth2/v2.1/verify?access_token="+w.token, ""), 400)
	w.must(w.Assume("verify_accepts_stateless", "on"))
	w.want(w.callAs("", "GET", "/oauth2/v2.1/verify?access_token="+w.token, ""), 200)
}

func TestShortLivedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := func() string {
		w.clock.Advance(time.Second)
		return w.want(w.form("/v2/oauth/accessToken", "grant_type", "client_credentials", "client_id", w.channel.ID, "client_secret", w.channel.Secret), 200).text("access_token")
	}
	first, second := issue(), issue()
	for range 28 {
		issue()
	}
	w.want(w.callAs(first, "GET", "/v2/bot/info", ""), 200)
	issue()
	w.want(w.callAs(first, "GET", "/v2/bot/info", ""), 401)
	w.want(w.form("/v2/oauth/verify", "access_token", second), 200)
	w.want(w.form("/v2/oauth/revoke", "access_token", second), 200)
	w.want(w.form("/v2/oauth/verify", "access_token", second), 400)
	if r := w.form("/v2/oauth/accessToken", "grant_type", "client_credentials", "client_id", "9", "client_secret", "x"); r.text("error_description") != "invalid client_id" {
		t.Errorf("unknown channel: %s", r.body)
	}
}

func TestOneLongLivedToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.IssueLongLivedToken(w.channel.ID)
	w.must(err)
	w.clock.Advance(1000 * 24 * time.Hour)
	w.want(w.callAs(first, "GET", "/v2/bot/info", ""), 200)
	_, err = w.IssueLongLivedToken(w.channel.ID)
	w.must(err)
	w.want(w.callAs(first, "GET", "/v2/bot/info", ""), 401)
}
