package linesandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// LINE Login v2.1 (LINE Login v2.1 reference). The pages are in loginpage.go, id tokens in idtoken.go.

const (
	loginCodeLife    = 10 * time.Minute
	loginTokenLife   = 30 * 24 * time.Hour
	refreshTokenLife = 90 * 24 * time.Hour
	idTokenLife      = time.Hour
)

// loginCode is an authorization code: ten minutes, once, even if the exchange fails.
type loginCode struct {
	Channel   string    `json:"channel"`
	User      string    `json:"user"`
	Redirect  string    `json:"redirect"`
	Scope     string    `json:"scope"`
	Nonce     string    `json:"nonce,omitempty"`
	Challenge string    `json:"challenge,omitempty"`
	Expires   time.Time `json:"expires"`
}

// authorizeRequest is a checked authorize URL.
type authorizeRequest struct {
	channel   *channel
	redirect  *url.URL
	raw       string // redirect_uri as it was sent; the token call must repeat it
	state     string
	scope     string
	nonce     string
	challenge string
	prompt    string
	botPrompt bool
}

// readAuthorize checks what LINE checks before it shows anything. Such errors never redirect.
func (s *Server) readAuthorize(q url.Values) (authorizeRequest, error) {
	a := authorizeRequest{
		channel: s.st.channels[q.Get("client_id")], raw: q.Get("redirect_uri"), state: q.Get("state"), scope: q.Get("scope"),
		nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), prompt: q.Get("prompt"),
	}
	if a.channel == nil || a.channel.Kind != LoginChannel {
		return a, fmt.Errorf("client_id is no LINE Login channel: %w", ErrUnknown)
	}
	if q.Get("response_type") != "code" || a.state == "" || !hasScope(a.scope, "openid", "profile") {
		return a, fmt.Errorf("response_type must be code, state must be set, scope must contain openid or profile: %w", ErrNotPossible)
	}
	redirect, err := url.Parse(a.raw)
	if err != nil || !a.channel.allowsRedirect(redirect) {
		return a, fmt.Errorf("redirect_uri does not match one registered: %w", ErrNotPossible)
	}
	if a.challenge != "" && q.Get("code_challenge_method") != "S256" {
		return a, fmt.Errorf("code_challenge_method must be S256: %w", ErrNotPossible)
	}
	if mode := q.Get("response_mode"); mode != "" && mode != "query" {
		return a, fmt.Errorf("the sandbox knows response_mode query only: %w", ErrNotPossible)
	}
	a.redirect = redirect
	a.botPrompt = q.Get("bot_prompt") != "" && s.st.channels[a.channel.LinkedBot] != nil
	return a, nil
}

func hasScope(scope string, any ...string) bool {
	return slices.ContainsFunc(strings.Fields(scope), func(s string) bool { return slices.Contains(any, s) })
}

// allowsRedirect compares without the query, which may hold more than was registered.
func (c *channel) allowsRedirect(u *url.URL) bool {
	return slices.ContainsFunc(c.RedirectURIs, func(text string) bool {
		r, err := url.Parse(text)
		return err == nil && r.Scheme == u.Scheme && r.Host == u.Host && r.Path == u.Path
	})
}

// Consent is what a person decides on LINE's login page.
type Consent struct {
	User      string `json:"user"`
	Deny      bool   `json:"deny,omitempty"`
	AddFriend bool   `json:"addFriend,omitempty"` // only effective when the page offers it (bot_prompt)
}

// Authorize decides an authorize URL for a person and returns the address the browser is sent to.
func (s *Server) Authorize(authorizeURL string, consent Consent) (string, error) {
	u, err := url.Parse(authorizeURL)
	if err != nil {
		return "", fmt.Errorf("authorize URL: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authorize(u.Query(), consent)
}

func (s *Server) authorize(q url.Values, consent Consent) (string, error) {
	a, err := s.readAuthorize(q)
	if err != nil {
		return "", err
	}
	if a.prompt == "none" {
		return a.back(url.Values{"error": {"LOGIN_REQUIRED"}, "error_description": {"The user is not logged in."}}), nil
	}
	if consent.Deny {
		return a.back(url.Values{"error": {"ACCESS_DENIED"}, "error_description": {"The authorization request was denied by the user."}}), nil
	}
	u, err := s.user(consent.User)
	if err != nil {
		return "", err
	}
	s.changes++
	code := s.secretText(15)
	s.st.Codes[code] = &loginCode{
		Channel: a.channel.ID, User: u.ID, Redirect: a.raw, Scope: a.scope, Nonce: a.nonce, Challenge: a.challenge, Expires: s.now().Add(loginCodeLife),
	}
	out := url.Values{"code": {code}}
	if bot := s.st.channels[a.channel.LinkedBot]; a.botPrompt {
		r := bot.relation(u.ID)
		changed := consent.AddFriend && r.State != Friended
		if changed {
			unblocked := r.State == Blocked
			r.State, r.Since = Friended, s.now()
			s.emitFollow(bot, r, unblocked)
		}
		out.Set("friendship_status_changed", fmt.Sprint(changed))
	}
	return a.back(out), nil
}

func (a authorizeRequest) back(v url.Values) string {
	u := *a.redirect
	q := u.Query()
	for name, values := range v {
		q[name] = values
	}
	q.Set("state", a.state)
	u.RawQuery = q.Encode()
	return u.String()
}

// loginToken serves the user side of POST /oauth2/v2.1/token.
func loginToken(c *call, f url.Values) answer {
	ch := c.s.st.channels[f.Get("client_id")]
	if ch == nil || ch.Kind != LoginChannel || ch.Secret != f.Get("client_secret") {
		return refuseOAuth("invalid_client", "invalid client_id or client_secret")
	}
	switch f.Get("grant_type") {
	case "authorization_code":
		code := c.s.st.Codes[f.Get("code")]
		delete(c.s.st.Codes, f.Get("code"))
		if code == nil || code.Channel != ch.ID || !c.s.now().Before(code.Expires) {
			return refuseOAuth("invalid_grant", "invalid authorization code")
		}
		if code.Redirect != f.Get("redirect_uri") {
			return refuseOAuth("invalid_grant", "redirect_uri does not match")
		}
		if code.Challenge != "" && code.Challenge != challengeOf(f.Get("code_verifier")) {
			return refuseOAuth("invalid_grant", "code_verifier does not match")
		}
		return ok(c.s.grant(ch, code.User, code.Scope, code.Nonce, ""))
	case "refresh_token":
		old := c.s.st.Tokens[f.Get("refresh_token")]
		if old == nil || old.Kind != refreshToken || old.Channel != ch.ID || old.expired(c.s.now()) {
			return refuseOAuth("invalid_grant", "invalid refresh token")
		}
		return ok(c.s.grant(ch, old.User, old.Scope, "", f.Get("refresh_token")))
	}
	return refuseOAuth("unsupported_grant_type", "unsupported_grant_type")
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *Server) grant(ch *channel, user, scope, nonce, refresh string) object {
	now := s.now()
	o := object{
		"access_token": s.newToken(token{Kind: userToken, Channel: ch.ID, User: user, Scope: scope, Expires: now.Add(loginTokenLife)}, 120),
		"token_type":   "Bearer", "expires_in": int(loginTokenLife.Seconds()), "scope": scope, "refresh_token": refresh,
	}
	if refresh == "" {
		o["refresh_token"] = s.newToken(token{Kind: refreshToken, Channel: ch.ID, User: user, Scope: scope, Expires: now.Add(refreshTokenLife)}, 15)
		if hasScope(scope, "openid") {
			o["id_token"] = s.idToken(ch, s.st.users[user], IDTokenSpec{Nonce: nonce, Scope: scope})
		}
	}
	return o
}

func (c *call) loginUser() *User { return c.s.st.users[c.token.User] }

func loginProfile(c *call) answer {
	if !hasScope(c.token.Scope, "profile") {
		return refuse(http.StatusForbidden, "The access token has no permission for this API")
	}
	u := c.loginUser()
	o := object{"userId": lineUserID(c.ch.Provider, u.ID), "displayName": u.Name}
	o.put("pictureUrl", c.s.pictureURL(u))
	o.put("statusMessage", u.StatusMessage)
	return ok(o)
}

func userInfo(c *call) answer {
	if !hasScope(c.token.Scope, "openid") {
		return refuse(http.StatusForbidden, "The access token has no permission for this API")
	}
	u := c.loginUser()
	o := object{"sub": lineUserID(c.ch.Provider, u.ID)}
	if hasScope(c.token.Scope, "profile") {
		o["name"] = u.Name
		o.put("picture", c.s.pictureURL(u))
	}
	return ok(o)
}

// friendship tells about the Official Account that is linked to the Login channel.
func friendship(c *call) answer {
	bot := c.s.st.channels[c.ch.LinkedBot]
	if bot == nil {
		return refuse(http.StatusBadRequest, "There is no LINE Official Account linked to this channel")
	}
	r := bot.byUser[c.token.User]
	return ok(object{"friendFlag": r != nil && r.State == Friended})
}

func deauthorize(c *call) answer {
	var in struct {
		Token string `json:"userAccessToken"`
	}
	if a, bad := c.decode(&in); bad {
		return a
	}
	t := c.s.validToken(in.Token)
	if t == nil || t.Kind != userToken || t.Channel != c.ch.ID {
		return refuse(http.StatusBadRequest, "invalid userAccessToken")
	}
	for text, other := range c.s.st.Tokens {
		if other.Channel == t.Channel && other.User == t.User {
			delete(c.s.st.Tokens, text)
		}
	}
	return answer{status: http.StatusNoContent}
}
