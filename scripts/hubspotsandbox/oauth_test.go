package hubspotsandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (b *bench) form(path string, pairs ...string) answer {
	b.t.Helper()
	v := url.Values{"client_id": {"client"}, "client_secret": {"secret-1"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return b.post(path, v)
}

func (b *bench) post(path string, v url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequest("POST", "http://hubspot.test"+path, strings.NewReader(v.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

func (b *bench) get(path string) answer {
	b.t.Helper()
	req, err := http.NewRequest("GET", "http://hubspot.test"+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

const (
	tokenPath = "/oauth/2026-09/token"
	callback  = "https://lumo.test/oauth/callback"
)

func TestCodeIsExchangedOnce(t *testing.T) {
	b := newBench(t)
	code, err := b.s.Code(portalB, callback)
	if err != nil {
		t.Fatal(err)
	}
	b.want(400, b.form(tokenPath, "grant_type", "authorization_code", "code", code, "redirect_uri", "https://evil.test/"))
	a := b.want(200, b.form(tokenPath, "grant_type", "authorization_code", "code", code, "redirect_uri", callback))
	if a.at("hub_id") != float64(portalB) || a.at("expires_in") != 1800.0 || len(a.at("access_token").(string)) < 200 {
		t.Error(a.text)
	}
	again := b.want(400, b.form(tokenPath, "grant_type", "authorization_code", "code", code, "redirect_uri", callback))
	if again.at("status") != "BAD_AUTH_CODE" || again.at("error") != "invalid_grant" {
		t.Error(again.text)
	}
}

func TestAccessTokensLiveThirtyMinutes(t *testing.T) {
	b := newBench(t)
	tok, err := b.s.Install(portalA)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(29 * time.Minute)
	b.want(200, b.call("GET", "/account-info/2026-09/details", nil))
	b.clock.Advance(2 * time.Minute)
	if a := b.want(401, b.call("GET", "/account-info/2026-09/details", nil)); a.at("category") != "EXPIRED_AUTHENTICATION" {
		t.Error(a.text)
	}
	a := b.want(200, b.form(tokenPath, "grant_type", "refresh_token", "refresh_token", tok.Refresh))
	if a.at("refresh_token") != tok.Refresh {
		t.Error("the refresh token changed although rotation is off")
	}
	b.want(200, b.callAs(a.at("access_token").(string), "GET", "/account-info/2026-09/details", nil))
	b.s.SetRotation(true)
	a = b.want(200, b.form(tokenPath, "grant_type", "refresh_token", "refresh_token", tok.Refresh))
	if a.at("refresh_token") == tok.Refresh {
		t.Error("the refresh token did not rotate")
	}
	b.want(400, b.form(tokenPath, "grant_type", "refresh_token", "refresh_token", tok.Refresh))
}

func TestWrongClientIsNoRevokedCustomer(t *testing.T) {
	b := newBench(t)
	if a := b.want(400, b.form(tokenPath, "client_secret", "nope", "grant_type", "refresh_token", "refresh_token", "x")); a.at("status") != "BAD_CLIENT_SECRET" || a.at("error") != "invalid_client" {
		t.Error(a.text)
	}
	if a := b.want(400, b.form(tokenPath+"?client_id=client&client_secret=secret-1", "client_id", "", "grant_type", "refresh_token")); a.at("status") != "BAD_CLIENT_ID" {
		t.Error("credentials in the query must be ignored: ", a.text)
	}
	b.s.SetSecrets("secret-2", "secret-1")
	if a := b.want(400, b.form(tokenPath, "grant_type", "refresh_token", "refresh_token", "x")); a.at("status") != "BAD_REFRESH_TOKEN" {
		t.Error(a.text)
	}
}

func TestIntrospectRevokeUninstall(t *testing.T) {
	b := newBench(t)
	tok, err := b.s.Install(portalA)
	if err != nil {
		t.Fatal(err)
	}
	a := b.want(200, b.form(tokenPath+"/introspect", "token", tok.Access, "token_type_hint", "access_token"))
	if a.at("active") != true || a.at("hub_id") != float64(portalA) || a.at("user") != "aiko@portal-1001.example.com" || a.at("app_id") != 7654321.0 {
		t.Error(a.text)
	}
	b.want(200, b.form(tokenPath+"/introspect", "token", tok.Refresh, "token_type_hint", "refresh_token"))
	b.want(200, b.form(tokenPath+"/revoke", "token", tok.Refresh, "token_type_hint", "refresh_token"))
	if a = b.want(200, b.form(tokenPath+"/introspect", "token", tok.Refresh, "token_type_hint", "refresh_token")); a.at("active") != false {
		t.Error(a.text)
	}
	b.want(200, b.callAs(tok.Access, "GET", "/account-info/2026-09/details", nil))
	if _, in := b.s.Installed(portalA); !in {
		t.Error("revoking must not uninstall")
	}
	other, err := b.s.Install(portalA)
	if err != nil {
		t.Fatal(err)
	}
	b.want(204, b.callAs(other.Access, "DELETE", "/appinstalls/2026-09/external-install", nil))
	b.want(401, b.callAs(other.Access, "GET", "/account-info/2026-09/details", nil))
	if a = b.want(400, b.form(tokenPath, "grant_type", "refresh_token", "refresh_token", other.Refresh)); a.at("status") != "BAD_REFRESH_TOKEN" {
		t.Error(a.text)
	}
}

func TestAppTokenNamesItsScopes(t *testing.T) {
	b := newBench(t)
	a := b.want(200, b.form(tokenPath, "grant_type", "client_credentials", "scope", "developer.webhooks_journal.read crm.lists.read"))
	if a.at("token_use") != "client_credentials" || a.at("refresh_token") != nil {
		t.Error(a.text)
	}
	b.want(401, b.callAs(a.at("access_token").(string), "GET", contactsPath, nil))
	b.want(401, b.call("GET", "/webhooks-journal/journal/2026-09/earliest", nil))
	b.want(400, b.form(tokenPath, "grant_type", "client_credentials", "scope", "crm.everything"))
}

func (b *bench) location(a answer) *url.URL {
	b.t.Helper()
	b.want(302, a)
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

func TestConsentPageLeadsBackWithACode(t *testing.T) {
	b := newBench(t)
	q := url.Values{"client_id": {"client"}, "redirect_uri": {callback}, "scope": {strings.Join(DefaultRequiredScopes, " ")}, "optional_scope": {"automation crm.lists.write"}, "state": {"s 1"}}
	page := b.want(200, b.get("/oauth/authorize?"+q.Encode()))
	if !strings.Contains(page.text, "crm.objects.contacts.read") || !strings.Contains(page.text, "Connect app") {
		t.Error("the page does not ask")
	}
	if err := b.s.SetOptions(portalB, PortalOptions{Name: "B", Lacks: []string{"automation"}}); err != nil {
		t.Fatal(err)
	}
	to := b.location(b.post("/oauth/consent", url.Values{"query": {q.Encode()}, "portal": {"1002"}, "decision": {"allow"}}))
	if to.Query().Get("state") != "s 1" || !strings.HasPrefix(to.String(), callback) {
		t.Error(to)
	}
	a := b.want(200, b.form(tokenPath, "grant_type", "authorization_code", "code", to.Query().Get("code"), "redirect_uri", callback))
	if strings.Contains(a.text, "automation") || !strings.Contains(a.text, "crm.lists.write") {
		t.Error("granted scopes: ", a.text)
	}
	to = b.location(b.post("/oauth/consent", url.Values{"query": {q.Encode()}, "portal": {"1002"}, "decision": {"deny"}}))
	if to.Query().Get("error") != "access_denied" || to.Query().Get("state") != "s 1" {
		t.Error(to)
	}
	for name, bad := range map[string]string{"redirect_uri": "https://evil.test/", "scope": "oauth", "client_id": "other", "optional_scope": "crm.made.up"} {
		wrong := url.Values{}
		for k, v := range q {
			wrong[k] = v
		}
		wrong.Set(name, bad)
		if a := b.get("/oauth/authorize?" + wrong.Encode()); a.status != 400 {
			t.Errorf("%s=%s is accepted", name, bad)
		}
	}
}

func TestSeamlessInstallHasThreeMoreForms(t *testing.T) {
	b := newBench(t)
	// Direct: consent first, then code and returnUrl.
	to := b.location(b.post("/marketplace/install", url.Values{"portal": {"1002"}}))
	b.want(200, b.get(to.RequestURI()))
	to = b.location(b.post("/oauth/consent", url.Values{"query": {to.RawQuery}, "portal": {"1002"}, "decision": {"allow"}}))
	if to.Query().Get("step") != "" || to.Query().Get("code") == "" || !strings.HasPrefix(to.Query().Get("returnUrl"), "http://hubspot.test/marketplace/done") {
		t.Error(to)
	}
	// With sign-in: authorize, the app's state, consent, finalize.
	to = b.location(b.post("/marketplace/install", url.Values{"portal": {"1002"}, "mode": {"signin"}}))
	if to.Query().Get("step") != "authorize" || to.Query().Get("code") != "" {
		t.Error(to)
	}
	back, err := url.Parse(to.Query().Get("returnUrl"))
	if err != nil {
		t.Fatal(err)
	}
	if a := b.get(back.RequestURI()); a.status != 400 {
		t.Error("coming back without a state is accepted")
	}
	withState := back.RequestURI() + "&state=abc"
	b.want(200, b.get(withState))
	_, query, _ := strings.Cut(withState, "?")
	to = b.location(b.post("/oauth/consent", url.Values{"query": {query}, "portal": {"1002"}, "decision": {"allow"}}))
	if to.Query().Get("step") != "finalize" || to.Query().Get("state") != "abc" || to.Query().Get("code") == "" {
		t.Error(to)
	}
	b.want(200, b.form(tokenPath, "grant_type", "authorization_code", "code", to.Query().Get("code"), "redirect_uri", callback))
	if _, in := b.s.Installed(portalB); !in {
		t.Error("not installed")
	}
}
