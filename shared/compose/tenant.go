package compose

import (
	"context"
	"sync"
	"time"

	"lumo/shared/dynamo"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// tenants are the services of package portal.
type tenants struct {
	tokens  func() *portal.Tokens
	portals func() *portal.Service
}

func newTenants(a *App) tenants {
	var t tenants
	t.tokens = sync.OnceValue(func() *portal.Tokens {
		return &portal.Tokens{Store: dynamo.Portals{Table: a.Table()}, HubSpot: hub{a}, Sealer: a.Sealer(), Clock: a.Clock, NewID: a.NewID, Log: a.Log}
	})
	t.portals = sync.OnceValue(func() *portal.Service {
		return &portal.Service{
			Store: dynamo.Portals{Table: a.Table()}, HubSpot: hub{a}, Tokens: a.Tokens(), Watchers: []portal.Watcher{a.Accounts(), a.Starter(), castWatcher{a}},
			Agenda: a.Directory(), Clock: a.Clock, NewID: a.NewID, AppID: a.Config.HubspotAppID, NewLogKey: a.NewLogKey,
		}
	})
	return t
}

// Tokens hands out HubSpot access tokens; it is the HubSpot client's TokenSource.
func (a *App) Tokens() *portal.Tokens { return a.tenants.tokens() }

// Portals is the tenant's life.
func (a *App) Portals() *portal.Service { return a.tenants.portals() }

// hub is portal.HubSpot over the HubSpot client. It finds the client when it is called, since the client itself needs the tokens.
type hub struct{ app *App }

var (
	_ portal.HubSpot      = hub{}
	_ hubspot.TokenSource = (*portal.Tokens)(nil)
)

func grant(g hubspot.Grant, err error) (portal.Grant, error) {
	return portal.Grant{Access: g.AccessToken, Refresh: g.RefreshToken, ExpiresIn: g.ExpiresIn, Portal: g.Hub, Scopes: g.Scopes, UserID: g.UserID}, err
}

func (h hub) Exchange(ctx context.Context, code, redirectURI string) (portal.Grant, error) {
	return grant(h.app.HubSpot().ExchangeCode(ctx, code, redirectURI))
}

func (h hub) Refresh(ctx context.Context, refresh string) (portal.Grant, error) {
	return grant(h.app.HubSpot().RefreshToken(ctx, refresh))
}

func (h hub) Introspect(ctx context.Context, token, hint string) (portal.Identity, error) {
	i, err := h.app.HubSpot().Introspect(ctx, token, hint)
	return portal.Identity{
		Active: i.Active, Portal: i.Hub, Domain: i.HubDomain, AppID: i.AppID, Scopes: i.Scopes, User: portal.Actor{UserID: i.UserID, Email: i.User},
	}, err
}

func (h hub) Details(ctx context.Context, p id.PortalID) (portal.Details, error) {
	i, err := h.app.HubSpot().Portal(p).AccountInfo(ctx)
	return portal.Details{TimeZone: i.TimeZone, UIDomain: i.UIDomain}, err
}

func (h hub) Uninstall(ctx context.Context, p id.PortalID) error {
	return h.app.HubSpot().Portal(p).Uninstall(ctx)
}

func (h hub) Revoke(ctx context.Context, refresh string) error {
	return h.app.HubSpot().Revoke(ctx, refresh)
}

func (h hub) Unsubscribe(ctx context.Context, p id.PortalID) error {
	return h.app.HubSpot().DeletePortalSubscriptions(ctx, p)
}

// appTokens keeps the app's own HubSpot tokens in the table, sealed like a portal's; the app itself is portal 0, which no tenant can be.
type appTokens struct{ app *App }

var _ hubspot.AppTokens = appTokens{}

func (t appTokens) Load(ctx context.Context, scopes string) (string, time.Time, error) {
	sealed, until, err := t.app.Directory().AppToken(ctx, scopes)
	if err != nil || sealed == "" || !t.app.Clock.Now().Before(until) {
		return "", until, err
	}
	plain, err := t.app.Sealer().Open(ctx, 0, sealed)
	return string(plain), until, err
}

func (t appTokens) Save(ctx context.Context, scopes, token string, until time.Time) error {
	sealed, err := t.app.Sealer().Seal(ctx, 0, []byte(token))
	if err != nil {
		return err
	}
	return t.app.Directory().SaveAppToken(ctx, scopes, sealed, until)
}
