package handle

import (
	"lumo/shared/compose"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// FromApp takes what the pages need from the real services.
func FromApp(a *compose.App) Deps {
	c := a.Config
	return Deps{
		PublicURL: c.PublicURL, AppURL: c.HubspotAppURL, AppID: c.HubspotAppID, Secrets: c.HubspotSecrets(),
		Authorize: func(state, redirectURI string, p id.PortalID) string {
			return a.HubSpot().AuthorizeURL(hubspot.AuthorizeParams{
				RedirectURI: redirectURI, Scopes: portal.RequiredScopes, Optional: a.OptionalScopes(), State: state, Portal: p,
			})
		},
		Installer: a.Portals(), Wizard: a.Onboarding(), Properties: a.Properties(), Inbox: a.InboxConnector(), States: a.Directory(), Clock: a.Clock, Random: a.Random, Log: a.Log,
	}
}
