package hubspot

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
)

// AuthorizeParams of HubSpot's install page.
type AuthorizeParams struct {
	RedirectURI string
	// Scopes must contain every scope that the app's configuration requires, or the page refuses.
	Scopes []string
	// Optional scopes are granted only if the account and the user have them: look at Grant.Scopes afterwards.
	Optional []string
	State    string
	// Portal preselects an account, for authorizing again.
	Portal id.PortalID
}

// Grant is what the token endpoint hands out. Store RefreshToken whatever it is: the contract allows rotation.
type Grant struct {
	AccessToken  string
	RefreshToken string
	ExpiresIn    time.Duration
	Hub          id.PortalID
	UserID       int64
	Scopes       []string
}

// Introspection is what HubSpot knows about a token. An unknown or revoked one is just not Active.
type Introspection struct {
	Active    bool
	Hub       id.PortalID
	HubDomain string
	AppID     int64
	UserID    int64
	User      string // e-mail address
	Scopes    []string
	ExpiresIn time.Duration
	Hublet    string
}

// AuthorizeURL is where a person approves the app.
func (c *Client) AuthorizeURL(a AuthorizeParams) string {
	path := "/oauth/authorize"
	if a.Portal > 0 {
		path = "/oauth/" + a.Portal.String() + "/authorize"
	}
	q := url.Values{"client_id": {c.cfg.ClientID}, "redirect_uri": {a.RedirectURI}, "scope": {strings.Join(a.Scopes, " ")}}
	if len(a.Optional) > 0 {
		q.Set("optional_scope", strings.Join(a.Optional, " "))
	}
	if a.State != "" {
		q.Set("state", a.State)
	}
	// HubSpot wants scopes separated by %20.
	return c.cfg.AppURL + path + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// ExchangeCode turns the code of a callback into a grant. A code works once: an unknown outcome is not repeated.
func (c *Client) ExchangeCode(ctx context.Context, code, redirectURI string) (Grant, error) {
	return c.grant(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}, true)
}

// RefreshToken renews a grant. fault.Revoked means that the customer took the access away (believe it only after a second try);
// fault.Misconfigured means that our own credentials are wrong and says nothing about the customer.
func (c *Client) RefreshToken(ctx context.Context, refresh string) (Grant, error) {
	g, err := c.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}, false)
	if err == nil && g.RefreshToken == "" {
		g.RefreshToken = refresh
	}
	return g, err
}

type tokenReply struct {
	AccessToken  string      `json:"access_token"`
	RefreshToken string      `json:"refresh_token"`
	ExpiresIn    int64       `json:"expires_in"`
	HubID        json.Number `json:"hub_id"`
	UserID       json.Number `json:"user_id"`
	Scopes       []string    `json:"scopes"`
}

func (c *Client) grant(ctx context.Context, form url.Values, once bool) (Grant, error) {
	var t tokenReply
	if err := c.oauth(ctx, "/oauth/{V}/token", form, once, &t); err != nil {
		return Grant{}, err
	}
	if t.AccessToken == "" {
		return Grant{}, &fault.Fault{
			Provider: provider, Class: fault.Unavailable, Certainty: fault.Happened, Code: "HUBSPOT_UNREADABLE_REPLY", Status: http.StatusOK,
			Message: "HubSpot's reply holds no access token",
		}
	}
	return Grant{
		AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, ExpiresIn: time.Duration(t.ExpiresIn) * time.Second,
		Hub: id.PortalID(number(t.HubID)), UserID: number(t.UserID), Scopes: t.Scopes,
	}, nil
}

// oauth posts a form with our credentials. Parameters go into the body only.
func (c *Client) oauth(ctx context.Context, path string, form url.Values, once bool, out any) error {
	form.Set("client_id", c.cfg.ClientID)
	form.Set("client_secret", c.cfg.ClientSecret)
	q := &call{method: http.MethodPost, path: path, body: []byte(form.Encode()), form: true, auth: noToken, once: once, area: areaOAuth}
	return c.fetch(ctx, q, out)
}

// Introspect asks what a token is. hint is "access_token" or "refresh_token".
func (c *Client) Introspect(ctx context.Context, token, hint string) (Introspection, error) {
	var t struct {
		Active    bool        `json:"active"`
		HubID     json.Number `json:"hub_id"`
		HubDomain string      `json:"hub_domain"`
		AppID     json.Number `json:"app_id"`
		UserID    json.Number `json:"user_id"`
		User      string      `json:"user"`
		Scopes    []string    `json:"scopes"`
		ExpiresIn int64       `json:"expires_in"`
		Signed    struct {
			Hublet string `json:"hublet"`
		} `json:"signed_access_token"`
	}
	if err := c.oauth(ctx, "/oauth/{V}/token/introspect", url.Values{"token": {token}, "token_type_hint": {hint}}, false, &t); err != nil {
		return Introspection{}, err
	}
	return Introspection{
		Active: t.Active, Hub: id.PortalID(number(t.HubID)), HubDomain: t.HubDomain, AppID: number(t.AppID), UserID: number(t.UserID),
		User: t.User, Scopes: t.Scopes, ExpiresIn: time.Duration(t.ExpiresIn) * time.Second, Hublet: t.Signed.Hublet,
	}, nil
}

// Revoke kills a refresh token. It neither uninstalls the app nor ends access tokens that are out already. A token that is dead
// already is no error.
func (c *Client) Revoke(ctx context.Context, refresh string) error {
	err := c.oauth(ctx, "/oauth/{V}/token/revoke", url.Values{"token": {refresh}, "token_type_hint": {"refresh_token"}}, false, nil)
	if fault.Is(err, fault.Revoked) {
		return nil
	}
	return err
}

// AppTokens keeps the app's own tokens where every process finds them, so that a new one need not ask for its own. scopes names a token.
type AppTokens interface {
	// Load returns "" when there is none.
	Load(ctx context.Context, scopes string) (token string, until time.Time, err error)
	Save(ctx context.Context, scopes, token string, until time.Time) error
}

type appToken struct {
	value string
	until time.Time
}

// AppToken returns a token of the app itself (client credentials), which belongs to no portal. It is kept for four fifths of its life.
func (c *Client) AppToken(ctx context.Context, scopes []string) (string, error) {
	return c.appToken(ctx, scopes, "")
}

// appToken never returns the refused token.
func (c *Client) appToken(ctx context.Context, scopes []string, refused string) (string, error) {
	key, now := scopeKey(scopes), c.cfg.Clock.Now()
	if t, ok := c.knownAppToken(ctx, key); ok && now.Before(t.until) && t.value != refused {
		return c.keepAppToken(key, t), nil
	}
	g, err := c.grant(ctx, url.Values{"grant_type": {"client_credentials"}, "scope": {key}}, false)
	if err != nil {
		return "", err
	}
	t := appToken{g.AccessToken, now.Add(g.ExpiresIn * 4 / 5)}
	if c.cfg.AppTokens != nil {
		if err := c.cfg.AppTokens.Save(ctx, key, t.value, t.until); err != nil {
			c.cfg.Log.WarnContext(ctx, "app token not shared", logging.Error(err)) // it serves this process all the same
		}
	}
	return c.keepAppToken(key, t), nil
}

// knownAppToken looks into this process's memory, then where processes share.
func (c *Client) knownAppToken(ctx context.Context, key string) (appToken, bool) {
	c.mu.Lock()
	t, ok := c.appTokens[key]
	c.mu.Unlock()
	if ok && c.cfg.Clock.Now().Before(t.until) || c.cfg.AppTokens == nil {
		return t, ok
	}
	value, until, err := c.cfg.AppTokens.Load(ctx, key)
	if err != nil {
		c.cfg.Log.WarnContext(ctx, "shared app token not read", logging.Error(err)) // HubSpot gives another
	}
	return appToken{value, until}, err == nil && value != ""
}

func (c *Client) keepAppToken(key string, t appToken) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.appTokens[key] = t
	return t.value
}

func (c *Client) forgetAppToken(scopes []string, refused string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key := scopeKey(scopes); c.appTokens[key].value == refused {
		delete(c.appTokens, key)
	}
}

func scopeKey(scopes []string) string {
	return strings.Join(slices.Sorted(slices.Values(scopes)), " ")
}

func number(n json.Number) int64 {
	v, _ := strconv.ParseInt(n.String(), 10, 64)
	return v
}
