package handle_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/functions/internal/entry"
	"lumo/functions/oauth/handle"
	"lumo/shared/check"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/logging"
	"lumo/shared/onboarding"
	"lumo/shared/portal"
)

// fakes stands for the domain and for the directory.
type fakes struct {
	installs   []string
	restored   bool
	installErr error
	state      portal.State
	language   string
	accounts   []lineaccount.Account
	connect    onboarding.Outcome
	typed      []lineaccount.Input
	done       []string
	err        error
	states     map[string]string
	codes      map[string]id.PortalID
}

func (f *fakes) at() portal.Portal {
	return portal.Portal{ID: 7, State: f.state, Scopes: portal.RequiredScopes, Name: "acme.example", InstalledBy: portal.Actor{UserID: 3}}
}

func (f *fakes) Install(_ context.Context, code, _ string) (portal.Installation, error) {
	f.installs = append(f.installs, code)
	return portal.Installation{Portal: f.at(), Restored: f.restored}, f.installErr
}

func (f *fakes) Complete(context.Context, id.PortalID) (portal.Portal, error) {
	f.state = portal.Connected
	return f.at(), nil
}

func (f *fakes) ChangeSettings(_ context.Context, _ id.PortalID, _ portal.Actor, p portal.Patch) (portal.Portal, error) {
	f.language = *p.Language
	return f.at(), nil
}

func (f *fakes) Status(context.Context, id.PortalID) (onboarding.Status, error) {
	return onboarding.Status{Portal: f.at(), Lines: f.at().Checks(), Accounts: f.accounts}, f.err
}

func (f *fakes) Connect(_ context.Context, _ id.PortalID, by portal.Actor, in lineaccount.Input) (onboarding.Outcome, error) {
	f.typed = append(f.typed, in)
	return f.connect, f.err
}

func (f *fakes) Check(_ context.Context, p id.PortalID, s id.Slot) (onboarding.Outcome, error) {
	f.done = append(f.done, fmt.Sprintf("check %d/%d", p, s))
	return onboarding.Outcome{}, f.err
}

func (f *fakes) DisconnectAccount(_ context.Context, p id.PortalID, by portal.Actor, s id.Slot) (lineaccount.Account, error) {
	f.done = append(f.done, fmt.Sprintf("disconnect %d/%d by %d", p, s, by.UserID))
	return lineaccount.Account{}, f.err
}

func (f *fakes) Disconnect(_ context.Context, p id.PortalID, by portal.Actor) error {
	f.done = append(f.done, fmt.Sprintf("remove %d by %d", p, by.UserID))
	return f.err
}

func (f *fakes) Candidates(context.Context, id.PortalID, id.Slot) ([]lineproperty.Property, error) {
	return []lineproperty.Property{{Name: "line_user_id_1", Label: "LINE User ID _ 1"}}, nil
}

func (f *fakes) UseExisting(_ context.Context, _ id.PortalID, _ portal.Actor, s id.Slot, name string) (lineproperty.Set, error) {
	if name != "line_user_id_1" {
		return lineproperty.Set{}, lineproperty.ErrUnfit
	}
	f.done = append(f.done, fmt.Sprintf("use %s for %d", name, s))
	return lineproperty.Set{}, nil
}

func (f *fakes) PutState(_ context.Context, state, session string, _ id.PortalID, _ time.Time) error {
	f.states[state] = session
	return nil
}

func (f *fakes) UseState(_ context.Context, state, session string, _ time.Time) (id.PortalID, bool, error) {
	if s, ok := f.states[state]; !ok || s != session {
		return 0, false, nil
	}
	delete(f.states, state)
	return 0, true, nil
}

func (f *fakes) PutCode(_ context.Context, code, session string, p id.PortalID, _ time.Time) error {
	f.codes[code+session] = p
	return nil
}

func (f *fakes) UsedCode(_ context.Context, code, session string, _ time.Time) (id.PortalID, error) {
	return f.codes[code+session], nil
}

// site is the handler with everything around it faked.
type site struct {
	*handle.Handler
	*fakes
	clock *clock.Virtual
	log   *bytes.Buffer
}

const hubspotHost = "https://app.hubspot.com"

func newSite(change ...func(*handle.Deps)) *site {
	f := &fakes{state: portal.Connected, states: map[string]string{}, codes: map[string]id.PortalID{}}
	s := &site{fakes: f, clock: clock.NewVirtual(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)), log: &bytes.Buffer{}}
	n := byte(0)
	d := handle.Deps{
		PublicURL: "https://lumo.example", AppURL: hubspotHost, AppID: 42, Secrets: []string{"new secret", "old secret"},
		Authorize: func(state, redirect string, p id.PortalID) string {
			return fmt.Sprintf("%s/oauth/authorize?state=%s&portal=%d&redirect_uri=%s", hubspotHost, state, p, url.QueryEscape(redirect))
		},
		Installer: f, Wizard: f, Properties: f, States: f, Clock: s.clock, Log: logging.New(s.log, slog.LevelDebug),
		Random: func(size int) []byte { n++; return bytes.Repeat([]byte{n}, size) },
	}
	for _, c := range change {
		c(&d)
	}
	s.Handler = handle.New(d)
	return s
}

// browser keeps cookies and follows nothing.
type browser struct {
	t       *testing.T
	site    *site
	cookies map[string]string
	header  http.Header
}

func (s *site) browser(t *testing.T) *browser {
	return &browser{t, s, map[string]string{}, http.Header{}}
}

func (b *browser) send(method, target string, form url.Values) entry.Response {
	b.t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		b.t.Fatal(err)
	}
	h := b.header.Clone()
	for name, value := range b.cookies {
		h.Add("Cookie", name+"="+value)
	}
	if all := h.Values("Cookie"); len(all) > 0 {
		h.Set("Cookie", strings.Join(all, "; "))
	}
	res, err := b.site.HTTP(b.t.Context(), entry.Request{
		Method: method, Path: u.Path, RawQuery: u.RawQuery, Query: u.Query(), Header: h, Body: []byte(form.Encode()), ID: "req-1",
	})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range res.Cookies {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return res
}

func (b *browser) get(target string) entry.Response {
	b.t.Helper()
	return b.send(http.MethodGet, target, nil)
}

// to asserts a redirect and returns where it leads.
func (b *browser) to(res entry.Response) string {
	b.t.Helper()
	if res.Status != http.StatusSeeOther {
		b.t.Fatalf("status %d, page:\n%s", res.Status, res.Body)
	}
	return res.Header["Location"]
}

// state begins the classic flow and returns the state that HubSpot would bring back.
func (b *browser) state(query string) string {
	b.t.Helper()
	u, err := url.Parse(b.to(b.get("/oauth/install" + query)))
	if err != nil || u.Host != "app.hubspot.com" {
		b.t.Fatalf("%s, %v", u, err)
	}
	return u.Query().Get("state")
}

// signedIn is a browser that has installed the app.
func (s *site) signedIn(t *testing.T) *browser {
	t.Helper()
	b := s.browser(t)
	if got := b.to(b.get("/oauth/callback?code=c1&state=" + b.state(""))); got != "/setup/line" {
		t.Fatalf("went to %s", got)
	}
	return b
}

// post fills in a form of the wizard, with its token.
func (b *browser) post(target string, pairs ...string) entry.Response {
	b.t.Helper()
	form := url.Values{"token": {b.token()}}
	for pair := range slices.Chunk(pairs, 2) {
		form.Set(pair[0], pair[1])
	}
	return b.send(http.MethodPost, target, form)
}

func (b *browser) token() string {
	b.t.Helper()
	_, rest, ok := strings.Cut(string(b.get("/setup/line").Body), `name="token" value="`)
	if !ok {
		b.t.Fatal("the page has no form")
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

var sampleAccount = lineaccount.Account{
	Portal: 7, Slot: 2, Name: `Shop <script>alert(1)</script>`, BasicID: "@shop", ChannelID: "2001234567", State: lineaccount.Active,
	Checks: []check.Line{{Code: lineaccount.WebhookActive, Outcome: check.Fail}},
}
