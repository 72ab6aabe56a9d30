package handle_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/functions/oauth/handle"
	"lumo/shared/fault"
)

const back = "https://app-eu1.hubspot.com/integrations-settings/7/installed?x=1"

func TestTheFourFormsOfInstalling(t *testing.T) {
	t.Parallel()
	escaped := url.QueryEscape(back)
	t.Run("from our own page", func(t *testing.T) {
		t.Parallel()
		s := newSite()
		b := s.signedIn(t)
		if !slices.Equal(s.installs, []string{"c1"}) || b.get("/setup/line").Status != http.StatusOK {
			t.Fatalf("installs %v", s.installs)
		}
	})
	t.Run("from the marketplace without us", func(t *testing.T) {
		t.Parallel()
		s := newSite()
		b := s.browser(t)
		for range 2 {
			if got := b.to(b.get("/oauth/callback?code=c1&returnUrl=" + escaped)); got != back {
				t.Fatalf("went to %s", got)
			}
		}
		if !slices.Equal(s.installs, []string{"c1"}) {
			t.Fatalf("installs %v", s.installs)
		}
		// Anybody can send a browser here with a code of their own portal, so it must not become that portal's.
		if got := b.to(b.get("/setup/line")); got != "/" {
			t.Fatalf("went to %s", got)
		}
	})
	t.Run("from the marketplace through us", func(t *testing.T) {
		t.Parallel()
		s := newSite()
		b := s.browser(t)
		u, err := url.Parse(b.to(b.get("/oauth/callback?step=authorize&returnUrl=" + escaped)))
		if err != nil || u.Host != "app-eu1.hubspot.com" || u.Query().Get("x") != "1" || u.Query().Get("state") == "" {
			t.Fatalf("went to %s, %v", u, err)
		}
		got := b.to(b.get("/oauth/callback?step=finalize&code=c1&state=" + u.Query().Get("state") + "&returnUrl=" + escaped))
		if got != back || b.get("/setup/line").Status != http.StatusOK {
			t.Fatalf("went to %s", got)
		}
	})
}

func TestGoingBackInTheBrowserDoesNoHarm(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.browser(t)
	callback := "/oauth/callback?code=c1&state=" + b.state("")
	for range 3 {
		if got := b.to(b.get(callback)); got != "/setup/line" {
			t.Fatalf("went to %s", got)
		}
	}
	if len(s.installs) != 1 {
		t.Fatalf("installs %v", s.installs)
	}
	stranger := s.browser(t)
	stranger.state("")
	if res := stranger.get(callback); res.Status != http.StatusBadRequest || len(s.installs) != 1 {
		t.Fatalf("another browser: %d", res.Status)
	}
}

func TestAStateBelongsToTheBrowserThatAskedForIt(t *testing.T) {
	t.Parallel()
	s := newSite()
	victim, attacker := s.browser(t), s.browser(t)
	state := attacker.state("")
	victim.state("")
	for _, target := range []string{"/oauth/callback?code=evil&state=" + state, "/oauth/callback?code=evil", "/oauth/callback?code=evil&state="} {
		if res := victim.get(target); res.Status != http.StatusBadRequest {
			t.Errorf("%s: status %d", target, res.Status)
		}
	}
	if len(s.installs) != 0 {
		t.Fatalf("installs %v", s.installs)
	}
}

func TestWhereToGoAfterwards(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.browser(t)
	to := hubspotHost + "/app/7/42/settings"
	state := b.state("?portal=7&returnTo=" + url.QueryEscape(to))
	if got := b.to(b.get("/oauth/callback?code=c1&state=" + state)); got != to {
		t.Fatalf("went to %s", got)
	}
	for _, bad := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "https://hubspot.com.evil.example/", "https://evilhubspot.com/",
		"http://app.hubspot.com/x", "https://x@app.hubspot.com/", "https://app.hubspot.com:8443/", "javascript:alert(1)", "/oauth/callback"} {
		if res := b.get("/oauth/install?returnTo=" + url.QueryEscape(bad)); res.Status != http.StatusBadRequest {
			t.Errorf("returnTo %s: status %d", bad, res.Status)
		}
		if res := b.get("/oauth/callback?code=c2&returnUrl=" + url.QueryEscape(bad)); res.Status != http.StatusBadRequest {
			t.Errorf("returnUrl %s: status %d", bad, res.Status)
		}
	}
	if res := b.get("/oauth/install?portal=x"); res.Status != http.StatusBadRequest {
		t.Errorf("portal x: status %d", res.Status)
	}
	local := newSite(func(d *handle.Deps) { d.AppURL = "http://127.0.0.1:3001" }).browser(t)
	if got := local.to(local.get("/oauth/callback?code=c1&returnUrl=" + url.QueryEscape("http://127.0.0.1:3001/after"))); got != "http://127.0.0.1:3001/after" {
		t.Errorf("the origin that stands for HubSpot: went to %s", got)
	}
}

func TestWhatHubSpotRefusesIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		words  string
	}{
		"used code":       {&fault.Fault{Class: fault.Invalid}, http.StatusBadRequest, "start again"},
		"HubSpot is down": {&fault.Fault{Class: fault.Unavailable}, http.StatusServiceUnavailable, "not answering"},
		"our own secret":  {&fault.Fault{Class: fault.Misconfigured, Message: "BAD_CLIENT_SECRET"}, http.StatusBadGateway, "our side"},
		"anything else":   {errors.New("disk full at /srv"), http.StatusInternalServerError, "our side"},
	} {
		s := newSite()
		s.installErr = c.err
		b := s.browser(t)
		res := b.get("/oauth/callback?code=c1&state=" + b.state(""))
		body := strings.ToLower(string(res.Body))
		if res.Status != c.status || !strings.Contains(body, c.words) || strings.Contains(body, "disk full") || strings.Contains(body, "bad_client") {
			t.Errorf("%s: status %d\n%s", name, res.Status, res.Body)
		}
	}
	s := newSite()
	if res := s.browser(t).get("/oauth/callback?error=access_denied&error_description=<b>no</b>"); res.Status != http.StatusOK || strings.Contains(string(res.Body), "<b>") {
		t.Errorf("denied: %d\n%s", res.Status, res.Body)
	}
}

func TestANewPortalGetsThePersonsLanguage(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.browser(t)
	b.header.Set("Accept-Language", "ja,en;q=0.8")
	b.get("/oauth/callback?code=c1&state=" + b.state(""))
	if s.language != "ja" {
		t.Fatalf("language %q", s.language)
	}
}

func TestSessionsEndAndCannotBeMade(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.signedIn(t)
	name := "__Host-lumo"
	whole := b.cookies[name]
	body, sign, _ := strings.Cut(whole, ".")
	for _, forged := range []string{"", "x", body, body + ".", body + "." + sign[:len(sign)-2] + "AA", "e30." + sign, strings.Repeat("A", 5000) + "." + sign} {
		b.cookies[name] = forged
		if res := b.get("/setup/line"); res.Header["Location"] != "/" {
			t.Errorf("%.20q was taken", forged)
		}
	}
	b.cookies[name] = whole
	if res := b.get("/setup/line"); res.Status != http.StatusOK {
		t.Fatalf("status %d", res.Status)
	}
	s.clock.Advance(9 * time.Hour)
	if res := b.get("/setup/line"); res.Header["Location"] != "/" {
		t.Fatal("a session of yesterday was taken")
	}
	old := newSite(func(d *handle.Deps) { d.Secrets = []string{"old secret"} }).signedIn(t)
	b.cookies[name] = old.cookies[name]
	if res := newSite().browserWith(t, old.cookies).get("/setup/line"); res.Status != http.StatusOK {
		t.Fatal("the secret of before a rotation must still open sessions")
	}
}

func (s *site) browserWith(t *testing.T, cookies map[string]string) *browser {
	b := s.browser(t)
	b.cookies = cookies
	return b
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		origin, name string
		secure       bool
		site         http.SameSite
	}{{"https://lumo.example", "__Host-lumo", true, http.SameSiteNoneMode}, {"http://127.0.0.1:3000", "lumo", false, http.SameSiteLaxMode}} {
		s := newSite(func(d *handle.Deps) { d.PublicURL = c.origin })
		res := s.browser(t).get("/oauth/install")
		k := res.Cookies[0]
		if k.Name != c.name || k.Secure != c.secure || k.SameSite != c.site || !k.HttpOnly || k.Path != "/" || k.Domain != "" {
			t.Errorf("%s: %+v", c.origin, k)
		}
		if _, ok := res.Header["Strict-Transport-Security"]; ok != c.secure {
			t.Errorf("%s: HSTS %t", c.origin, ok)
		}
	}
}
