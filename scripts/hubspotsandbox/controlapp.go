package hubspotsandbox

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// SetRules replaces the portal admin's own rules.
func (s *Server) SetRules(portalID int64, rules []Rule) error {
	return s.onPortal(portalID, func(p *portal) { p.Rules = rules })
}

// SetSearch changes the lag of the search index.
func (s *Server) SetSearch(portalID int64, x SearchSettings) error {
	return s.onPortal(portalID, func(p *portal) { p.Search = x })
}

// SetLimits changes the paces.
func (s *Server) SetLimits(portalID int64, l Limits) error {
	return s.onPortal(portalID, func(p *portal) { p.Limits = l })
}

// SetOptions changes what a portal is like.
func (s *Server) SetOptions(portalID int64, o PortalOptions) error {
	return s.onPortal(portalID, func(p *portal) { p.Options = o })
}

func (s *Server) onPortal(id int64, f func(*portal)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[id]
	if p == nil {
		return fmt.Errorf("%w: portal %d", ErrNotFound, id)
	}
	f(p)
	s.changes++
	return nil
}

// SetSkew puts HubSpot's clock ahead of (or, negative, behind) ours.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
	s.changes++
}

// SetJournalDelay is the time until a journal entry can be read.
func (s *Server) SetJournalDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal.Delay = d.Milliseconds()
	s.changes++
}

// SetRotation makes every refresh return a new refresh token and end the old one.
func (s *Server) SetRotation(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.Rotate = on
	s.changes++
}

// SetSecrets sets the client secrets that are accepted; the first one signs. It plays the rotation of the app's secret.
func (s *Server) SetSecrets(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.Secrets = secrets
	s.changes++
}

// Tokens are what an install gives.
type Tokens struct {
	Access  string   `json:"accessToken"`
	Refresh string   `json:"refreshToken"`
	Scopes  []string `json:"scopes"`
}

// Install puts the app into a portal without any page and returns tokens. Without scopes it grants all that the app declares.
func (s *Server) Install(portalID int64, scopes ...string) (Tokens, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return Tokens{}, fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	if len(scopes) == 0 {
		scopes = p.grantable(s.cfg.RequiredScopes, s.cfg.OptionalScopes)
	}
	user := p.Users[0].ID
	s.install(p, user, scopes)
	return Tokens{s.issue(p, user, scopes, false).Value, s.issue(p, user, scopes, true).Value, scopes}, nil
}

// grantable are the scopes that this portal's plan has.
func (p *portal) grantable(lists ...[]string) []string {
	var out []string
	for _, x := range slices.Concat(lists...) {
		if !slices.Contains(out, x) && !slices.Contains(p.Options.Lacks, x) {
			out = append(out, x)
		}
	}
	return out
}

// Code makes an authorization code, as if a person had consented.
func (s *Server) Code(portalID int64, redirectURI string, scopes ...string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return "", fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	if len(scopes) == 0 {
		scopes = p.grantable(s.cfg.RequiredScopes, s.cfg.OptionalScopes)
	}
	return s.code(p, redirectURI, scopes, p.Users[0].ID, url.Values{}).Value, nil
}

func (s *Server) code(p *portal, redirect string, scopes []string, user int64, q url.Values) *code {
	k := &code{Value: "na1-" + s.uuid(), Redirect: redirect, Portal: p.ID, User: user, Scopes: scopes, Expires: s.now().Add(codeLife).UnixMilli(),
		Challenge: q.Get("code_challenge"), Method: q.Get("code_challenge_method")}
	s.oauth.Codes[k.Value] = k
	s.changes++
	return k
}

// Uninstall removes the app as an admin does in HubSpot: every token of the portal dies.
func (s *Server) Uninstall(portalID int64) error {
	return s.onPortal(portalID, func(p *portal) { s.uninstall(p, p.Users[0].ID) })
}

// Installed tells whether the app is in a portal, and with which scopes.
func (s *Server) Installed(portalID int64) ([]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil || p.Installed == nil {
		return nil, false
	}
	return slices.Clone(p.Installed.Scopes), true
}

// ExpireAccessTokens ends all access tokens of a portal (0: app tokens) at once, refresh tokens live on.
func (s *Server) ExpireAccessTokens(portalID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.oauth.Tokens {
		if t.Portal == portalID && !t.Refresh {
			t.Expires = s.now().UnixMilli() - 1
		}
	}
	s.changes++
}

// Secrets lists every token, code and client secret ever handed out and still known, for tests that scan logs for them.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.oauth.Secrets)
	for v := range s.oauth.Tokens {
		out = append(out, v)
	}
	for v := range s.oauth.Codes {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}
