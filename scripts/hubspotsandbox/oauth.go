package hubspotsandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	accessLife = 30 * time.Minute
	codeLife   = 10 * time.Minute
)

// token is an access or refresh token. Portal 0 is an app token (client_credentials).
type token struct {
	Value   string
	Portal  int64
	Install int64 // generation of the install it belongs to
	User    int64
	Scopes  []string
	Expires int64 // ms, 0 = never
	Refresh bool
}

// code is an authorization code: used once, soon.
type code struct {
	Value, Redirect, Challenge, Method string
	Portal, User, Expires              int64
	Scopes                             []string
	Used                               bool
}

// install is the app in a portal.
type install struct {
	Generation int64
	At         int64
	User       int64
	Scopes     []string
}

// oauthState is what the token endpoints know.
type oauthState struct {
	Tokens     map[string]*token
	Codes      map[string]*code
	Secrets    []string // client secrets that are accepted, the newest first
	Generation int64
	// Rotate makes every refresh return another refresh token and forget the old one.
	Rotate bool
}

func newOAuthState(c Config) oauthState {
	return oauthState{Tokens: map[string]*token{}, Codes: map[string]*code{}, Secrets: []string{c.ClientSecret}}
}

var oauthRoutes = []route{
	{pattern: "POST /oauth/{v}/token", auth: noToken, handle: (*Server).tokenEndpoint},
	{pattern: "POST /oauth/{v}/token/introspect", auth: noToken, handle: (*Server).introspect},
	{pattern: "POST /oauth/{v}/token/revoke", auth: noToken, handle: (*Server).revoke},
	{pattern: "DELETE /appinstalls/{v}/external-install", scopes: []string{"oauth"}, handle: (*Server).externalInstall},
}

// oauthError has the members of RFC 6749 and HubSpot's own in one body.
type oauthError struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Status        string `json:"status"`
	Message       string `json:"message"`
	CorrelationID string `json:"correlationId"`
}

func (c *call) oauthFail(status int, err, hub, description string) reply {
	return reply{status: status, body: oauthError{err, description, hub, description, c.id}}
}

// form reads the body and nothing else: parameters in the query are ignored since v3. It checks the client.
func (s *Server) form(c *call) (url.Values, *reply) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		r := c.oauthFail(400, "invalid_request", "BAD_REQUEST", "the body must be application/x-www-form-urlencoded")
		return nil, &r
	}
	if form.Get("client_id") != s.cfg.ClientID || s.cfg.ClientID == "" {
		r := c.oauthFail(400, "invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
		return nil, &r
	}
	if !slices.ContainsFunc(s.oauth.Secrets, func(x string) bool {
		return x != "" && subtle.ConstantTimeCompare([]byte(x), []byte(form.Get("client_secret"))) == 1
	}) {
		r := c.oauthFail(400, "invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
		return nil, &r
	}
	return form, nil
}

func (s *Server) tokenEndpoint(c *call) reply {
	form, bad := s.form(c)
	if bad != nil {
		return *bad
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return s.exchange(c, form)
	case "refresh_token":
		return s.refresh(c, form)
	case "client_credentials":
		return s.clientCredentials(c, form)
	}
	return c.oauthFail(400, "unsupported_grant_type", "BAD_GRANT_TYPE", "unknown grant type")
}

func (s *Server) exchange(c *call, form url.Values) reply {
	k := s.oauth.Codes[form.Get("code")]
	switch {
	case k == nil || k.Used || k.Expires <= c.now:
		return c.oauthFail(400, "invalid_grant", "BAD_AUTH_CODE", "missing, unknown, used or expired auth code")
	case k.Redirect != form.Get("redirect_uri"):
		return c.oauthFail(400, "invalid_grant", "BAD_REDIRECT_URI", "redirect uri does not match the one of the authorization")
	case !k.verifies(form.Get("code_verifier")):
		return c.oauthFail(400, "invalid_grant", "BAD_CODE_VERIFIER", "missing or wrong code verifier")
	}
	k.Used = true
	p := s.portals[k.Portal]
	if p == nil {
		return c.oauthFail(400, "access_denied", "BAD_HUB", "the account does not exist any more")
	}
	s.install(p, k.User, k.Scopes)
	refresh := s.issue(p, k.User, k.Scopes, true)
	return s.granted(c, s.issue(p, k.User, k.Scopes, false), refresh.Value)
}

func (k *code) verifies(verifier string) bool {
	switch {
	case k.Challenge == "":
		return true
	case k.Method == "S256":
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:]) == k.Challenge
	}
	return verifier == k.Challenge
}

func (s *Server) refresh(c *call, form url.Values) reply {
	t := s.oauth.Tokens[form.Get("refresh_token")]
	if t == nil || !t.Refresh || !s.alive(t) {
		return c.oauthFail(400, "invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked")
	}
	p, value := s.portals[t.Portal], t.Value
	if s.oauth.Rotate {
		delete(s.oauth.Tokens, t.Value)
		value = s.issue(p, t.User, t.Scopes, true).Value
	}
	return s.granted(c, s.issue(p, t.User, t.Scopes, false), value)
}

func (s *Server) granted(c *call, t *token, refresh string) reply {
	return reply{status: 200, body: map[string]any{"token_type": "bearer", "token_use": "access_token", "access_token": t.Value,
		"refresh_token": refresh, "expires_in": int64(accessLife / time.Second), "hub_id": t.Portal, "user_id": t.User, "scopes": t.Scopes}}
}

// appScopes are the scopes of client_credentials beside the app's own.
var appScopes = []string{"developer.webhooks_journal.read", "developer.webhooks_journal.subscriptions.read",
	"developer.webhooks_journal.subscriptions.write", "developer.webhooks_journal.snapshots.read", "developer.webhooks_journal.snapshots.write"}

func (s *Server) clientCredentials(c *call, form url.Values) reply {
	scopes := strings.Fields(form.Get("scope"))
	for _, x := range scopes {
		if !slices.Contains(appScopes, x) && !slices.Contains(s.cfg.RequiredScopes, x) && !slices.Contains(s.cfg.OptionalScopes, x) {
			return c.oauthFail(400, "invalid_scope", "BAD_SCOPES", "the app may not ask for "+x)
		}
	}
	if len(scopes) == 0 {
		return c.oauthFail(400, "invalid_scope", "BAD_SCOPES", "at least one scope is needed")
	}
	t := s.keep(&token{Scopes: scopes, Expires: c.now + accessLife.Milliseconds()}, "app-")
	return reply{status: 200, body: map[string]any{"token_type": "bearer", "token_use": "client_credentials", "access_token": t.Value,
		"expires_in": int64(accessLife / time.Second), "scopes": scopes}}
}

// issue makes a token of the portal's present install. Access tokens are long on purpose: nobody may assume a length.
func (s *Server) issue(p *portal, user int64, scopes []string, refresh bool) *token {
	t := &token{Portal: p.ID, User: user, Scopes: scopes, Refresh: refresh, Install: p.Installed.Generation}
	if !refresh {
		t.Expires = s.now().Add(accessLife).UnixMilli()
	}
	return s.keep(t, "na1-")
}

func (s *Server) keep(t *token, prefix string) *token {
	t.Value = prefix + s.secret(320)
	if t.Refresh {
		t.Value = prefix + s.uuid()
	}
	s.dropExpired()
	s.oauth.Tokens[t.Value] = t
	s.changes++
	return t
}

// dropExpired forgets access tokens that died over a day ago, so that a sandbox that runs for weeks does not grow.
func (s *Server) dropExpired() {
	if len(s.oauth.Tokens)%1000 != 999 {
		return
	}
	limit := s.now().Add(-24 * time.Hour).UnixMilli()
	for v, t := range s.oauth.Tokens {
		if t.Expires != 0 && t.Expires < limit {
			delete(s.oauth.Tokens, v)
		}
	}
}

// install marks the app as installed; going through authorization again only changes the scopes.
func (s *Server) install(p *portal, user int64, scopes []string) {
	s.changes++
	if p.Installed != nil {
		p.Installed.Scopes, p.Installed.User = scopes, user
		return
	}
	s.oauth.Generation++
	p.Installed = &install{Generation: s.oauth.Generation, At: s.now().UnixMilli(), User: user, Scopes: scopes}
	s.emit(event{kind: installed, portal: p, at: p.Installed.At, user: user})
}

func (s *Server) uninstall(p *portal, user int64) {
	if p == nil || p.Installed == nil {
		return
	}
	p.Installed = nil
	s.changes++
	s.emit(event{kind: uninstalled, portal: p, at: s.now().UnixMilli(), user: user})
}

// alive tells whether a token may still be used, its age apart.
func (s *Server) alive(t *token) bool {
	if t.Portal == 0 {
		return true
	}
	p := s.portals[t.Portal]
	return p != nil && p.Installed != nil && p.Installed.Generation == t.Install
}

// authenticate finds the token of a request and its portal.
func (s *Server) authenticate(rt route, c *call) *reply {
	value, found := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	t := s.oauth.Tokens[value]
	bad := func(category, msg string) *reply {
		r := c.unauthenticated(category, msg)
		return &r
	}
	switch {
	case !found || value == "":
		return bad("INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview")
	case t == nil || t.Refresh || !s.alive(t):
		return bad("INVALID_AUTHENTICATION", "The access token is unknown or was revoked, or the app was uninstalled.")
	case t.Expires <= c.now:
		return bad("EXPIRED_AUTHENTICATION", fmt.Sprintf("The OAuth token used to make this call expired %d second(s) ago.", (c.now-t.Expires)/1000))
	case (rt.auth == appToken) != (t.Portal == 0):
		return bad("INVALID_AUTHENTICATION", "This endpoint does not take this kind of token.")
	}
	c.token = t
	if t.Portal != 0 {
		c.portal = s.portals[t.Portal]
		return nil
	}
	for _, want := range rt.scopes {
		if !slices.Contains(t.Scopes, want) {
			r := c.missingScopes([]string{want})
			return &r
		}
	}
	return nil
}

func (s *Server) introspect(c *call) reply {
	form, bad := s.form(c)
	if bad != nil {
		return *bad
	}
	hint := form.Get("token_type_hint")
	t := s.oauth.Tokens[form.Get("token")]
	if t == nil || !s.alive(t) || !t.Refresh && t.Expires <= c.now || hint == "refresh_token" != t.Refresh || t.Portal == 0 {
		return reply{status: 200, body: map[string]any{"active": false}}
	}
	out := map[string]any{"active": true, "token": t.Value, "token_type": "bearer", "token_use": hint, "hub_id": t.Portal, "user_id": t.User,
		"user": s.portals[t.Portal].email(t.User), "hub_domain": fmt.Sprintf("portal-%d.example.com", t.Portal),
		"app_id": s.cfg.AppID, "client_id": s.cfg.ClientID, "scopes": t.Scopes}
	if t.Refresh {
		return reply{status: 200, body: out}
	}
	out["expires_in"] = (t.Expires - c.now) / 1000
	out["is_private_distribution"] = false
	out["signed_access_token"] = map[string]any{"appId": s.cfg.AppID, "appInstallId": fmt.Sprint(t.Install), "audience": "public", "expiresAt": t.Expires,
		"hubId": t.Portal, "hublet": "na1", "installingUserId": t.User, "isPrivateDistribution": false, "isServiceAccount": false, "isUserLevel": false,
		"newSignature": "c2FuZGJveA==", "scopeToScopeGroupPks": "", "scopes": "", "signature": "c2FuZGJveA==", "trialScopeToScopeGroupPks": "", "trialScopes": "", "userId": t.User}
	return reply{status: 200, body: out}
}

// revoke ends a refresh token. Access tokens already issued live on, and the app stays installed.
func (s *Server) revoke(c *call) reply {
	form, bad := s.form(c)
	if bad != nil {
		return *bad
	}
	if t := s.oauth.Tokens[form.Get("token")]; t != nil && t.Refresh {
		delete(s.oauth.Tokens, t.Value)
		s.changes++
	}
	return reply{status: 200}
}

func (s *Server) externalInstall(c *call) reply {
	s.note(c, Write{Action: "uninstall"})
	s.uninstall(c.portal, c.token.User)
	return reply{status: 204}
}

// developer checks the key of the account that owns the app.
func (s *Server) developer(c *call) *reply {
	q := c.r.URL.Query()
	if s.cfg.DeveloperKey == "" || q.Get("hapikey") != s.cfg.DeveloperKey || q.Get("appId") != strconv.FormatInt(s.cfg.AppID, 10) {
		r := c.unauthenticated("INVALID_AUTHENTICATION", "This hapikey doesn't exist, or is not of the account that owns the app.")
		return &r
	}
	return nil
}
