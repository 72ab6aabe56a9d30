package hubspotsandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The four ways into the app, all through its one redirect URL:
//
//	classic    the app sends the browser to /oauth/authorize; back with code and state
//	direct     marketplace, the app needs no sign-in: code and returnUrl
//	authorize  marketplace, the app needs a sign-in: step=authorize and returnUrl; the app comes back to returnUrl with its state
//	finalize   ... and after the consent: step=finalize, code, state and returnUrl
//
// In the last three the app must send the browser on to returnUrl.

// consent is what a person is asked to allow.
type consent struct {
	Flow     string // classic, direct, finalize
	Redirect string
	Scope    []string // asked for, all or nothing
	Optional []string
	State    string
	Portal   int64 // preselected
	Query    url.Values
}

// readConsent checks an authorize request; the text is what HubSpot shows on its error page.
func (s *Server) readConsent(q url.Values, portalID int64) (consent, string) {
	optional := q.Get("optional_scope")
	c := consent{Flow: "classic", Redirect: q.Get("redirect_uri"), Scope: strings.Fields(q.Get("scope")), Optional: strings.Fields(optional),
		State: q.Get("state"), Portal: portalID, Query: q}
	if f := q.Get("flow"); f == "direct" || f == "finalize" {
		c.Flow, c.Redirect = f, s.cfg.InstallURL
		c.Scope, c.Optional = s.cfg.RequiredScopes, s.cfg.OptionalScopes
		if s.cfg.InstallURL == "" {
			return c, "The app has no install URL."
		}
		return c, ""
	}
	if q.Get("client_id") != s.cfg.ClientID || s.cfg.ClientID == "" {
		return c, "We couldn't find an app with this client id. Check the install URL."
	}
	if !slices.Contains(s.cfg.RedirectURLs, c.Redirect) {
		return c, "The redirect URL does not match any registered redirect URL of this app: " + c.Redirect
	}
	for _, x := range s.cfg.RequiredScopes {
		if !slices.Contains(c.Scope, x) {
			return c, "Authorization failed because there is a mismatch between the scopes in the install URL and the app's configured scopes. Missing: " + x
		}
	}
	for _, x := range slices.Concat(c.Scope, c.Optional) {
		if !slices.Contains(s.cfg.RequiredScopes, x) && !slices.Contains(s.cfg.OptionalScopes, x) {
			return c, "Authorization failed because there is a mismatch between the scopes in the install URL and the app's configured scopes. Unknown: " + x
		}
	}
	return c, ""
}

// lacking are the asked scopes that the portal's plan does not have: with any of them the install is refused.
func (c consent) lacking(p *portal) []string {
	var out []string
	for _, x := range c.Scope {
		if c.Flow == "classic" && slices.Contains(p.Options.Lacks, x) {
			out = append(out, x)
		}
	}
	return out
}

func (s *Server) authorizePage(w http.ResponseWriter, r *http.Request) {
	portalID, _ := strconv.ParseInt(r.PathValue("portal"), 10, 64)
	c, msg := s.readConsent(r.URL.Query(), portalID)
	if msg != "" {
		s.oops(w, http.StatusBadRequest, "Couldn't connect "+s.cfg.AppName, msg)
		return
	}
	s.consentPage(w, r, c)
}

func (s *Server) consentPage(w http.ResponseWriter, r *http.Request, c consent) {
	s.mu.Lock()
	var portals []portalChoice
	for _, id := range s.portalIDs() {
		p := s.portals[id]
		if c.Portal == 0 || c.Portal == id {
			portals = append(portals, portalChoice{ID: id, Name: p.Options.Name, Installed: p.Installed != nil, Users: slices.Clone(p.Users)})
		}
	}
	s.mu.Unlock()
	if len(portals) == 0 {
		s.oops(w, http.StatusNotFound, "No account", fmt.Sprintf("There is no account %d in this sandbox.", c.Portal))
		return
	}
	s.render(w, "consent", page{Title: "Connect " + s.cfg.AppName, App: s.cfg.AppName, Consent: &c, Portals: portals, Query: r.URL.RawQuery})
}

type portalChoice struct {
	ID        int64
	Name      string
	Installed bool
	Users     []User
}

// consentDone takes the person's decision and leads the browser back to the app.
func (s *Server) consentDone(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.oops(w, http.StatusBadRequest, "Bad form", err.Error())
		return
	}
	q, err := url.ParseQuery(r.PostForm.Get("query"))
	portalID, _ := strconv.ParseInt(r.PostForm.Get("portal"), 10, 64)
	c, msg := s.readConsent(q, portalID)
	if err != nil || msg != "" {
		s.oops(w, http.StatusBadRequest, "Couldn't connect "+s.cfg.AppName, msg)
		return
	}
	s.mu.Lock()
	p := s.portals[portalID]
	if p == nil {
		s.mu.Unlock()
		s.oops(w, http.StatusNotFound, "No account", "Choose one of the accounts.")
		return
	}
	if r.PostForm.Get("decision") != "allow" {
		s.mu.Unlock()
		s.denied(w, r, c, portalID)
		return
	}
	if miss := c.lacking(p); len(miss) > 0 {
		s.mu.Unlock()
		s.oops(w, http.StatusForbidden, "You don't have access", "This account cannot grant: "+strings.Join(miss, ", "))
		return
	}
	user, _ := strconv.ParseInt(r.PostForm.Get("user"), 10, 64)
	if user == 0 {
		user = p.Users[0].ID
	}
	k := s.code(p, c.Redirect, p.grantable(c.Scope, c.Optional), user, q)
	s.mu.Unlock()
	http.Redirect(w, r, s.backTo(c, portalID, k.Value), http.StatusFound)
}

func (s *Server) denied(w http.ResponseWriter, r *http.Request, c consent, portalID int64) {
	if c.Flow != "classic" {
		http.Redirect(w, r, fmt.Sprintf("%s/ui/%d/app", s.cfg.PublicURL, portalID), http.StatusFound)
		return
	}
	http.Redirect(w, r, withQuery(c.Redirect, url.Values{"error": {"access_denied"}, "error_description": {"The user denied access to the application"}, "state": {c.State}}), http.StatusFound)
}

// backTo is where a granted consent leads.
func (s *Server) backTo(c consent, portalID int64, code string) string {
	q := url.Values{"code": {code}}
	if c.State != "" {
		q.Set("state", c.State)
	}
	if c.Flow != "classic" {
		q.Set("returnUrl", fmt.Sprintf("%s/marketplace/done?portal=%d", s.cfg.PublicURL, portalID))
	}
	if c.Flow == "finalize" {
		q.Set("step", "finalize")
	}
	return withQuery(c.Redirect, q)
}

func withQuery(base string, q url.Values) string {
	sep := "?"
	if strings.Contains(base, "?") {
		sep = "&"
	}
	return base + sep + q.Encode()
}

// marketplaceInstall starts an install from the listing.
func (s *Server) marketplaceInstall(w http.ResponseWriter, r *http.Request) {
	portalID := r.FormValue("portal")
	if s.cfg.InstallURL == "" {
		s.oops(w, http.StatusBadRequest, "No install URL", "The sandbox was started without the app's install URL.")
		return
	}
	if r.FormValue("mode") != "signin" {
		http.Redirect(w, r, s.cfg.PublicURL+"/marketplace/consent?flow=direct&portal="+url.QueryEscape(portalID), http.StatusFound)
		return
	}
	back := s.cfg.PublicURL + "/marketplace/consent?flow=finalize&portal=" + url.QueryEscape(portalID)
	http.Redirect(w, r, withQuery(s.cfg.InstallURL, url.Values{"step": {"authorize"}, "returnUrl": {back}}), http.StatusFound)
}

// marketplaceConsent is the returnUrl of step=authorize, and the first page of the direct flow.
func (s *Server) marketplaceConsent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	portalID, _ := strconv.ParseInt(q.Get("portal"), 10, 64)
	c, msg := s.readConsent(q, portalID)
	if msg == "" && c.Flow == "finalize" && c.State == "" {
		msg = "The app came back without a state."
	}
	if msg != "" || c.Flow == "classic" {
		s.oops(w, http.StatusBadRequest, "Couldn't connect "+s.cfg.AppName, msg)
		return
	}
	s.consentPage(w, r, c)
}
