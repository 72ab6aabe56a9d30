package handle_test

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lumo/functions/oauth/handle"
	"lumo/shared/check"
	"lumo/shared/lineaccount"
	"lumo/shared/onboarding"
	"lumo/shared/portal"
)

const canary = "c0ffee00c0ffee00c0ffee00c0ffee00"

func TestConnectingALineAccount(t *testing.T) {
	t.Parallel()
	s := newSite()
	s.connect = onboarding.Outcome{Connected: true, Account: lineaccount.Account{Slot: 3}}
	b := s.signedIn(t)
	res := b.post("/setup/line/connect", "channel_id", " 2001234567 ", "channel_secret", canary+"\n", "keep_previous", "1")
	if got := b.to(res); got != "/setup/line#account-3" {
		t.Fatalf("went to %s", got)
	}
	want := lineaccount.Input{ChannelID: "2001234567", ChannelSecret: canary, KeepPrevious: true}
	if !slices.Equal(s.typed, []lineaccount.Input{want}) {
		t.Fatalf("typed %+v", s.typed)
	}
}

func TestAFailedConnectionShowsWhyAndKeepsNoSecret(t *testing.T) {
	t.Parallel()
	s := newSite()
	s.connect = onboarding.Outcome{Lines: []check.Line{{Code: lineaccount.Token, Outcome: check.Fail, Detail: "invalid_request"}}}
	b := s.signedIn(t)
	for lang, hint := range map[string]string{"en": "LINE refused them", "ja": "LINEに拒否されました"} {
		b.cookies["lumo_lang"] = lang
		res := b.post("/setup/line/connect", "channel_id", "2001234567", "channel_secret", canary)
		page := string(res.Body)
		if res.Status != http.StatusUnprocessableEntity || !strings.Contains(page, hint) || !strings.Contains(page, "LINE_TOKEN") || !strings.Contains(page, `value="2001234567"`) {
			t.Errorf("%s: status %d\n%s", lang, res.Status, page)
		}
		if strings.Contains(page, canary) {
			t.Errorf("%s: the secret came back", lang)
		}
	}
	s.err = errors.New("table said " + canary[:8])
	res := b.send(http.MethodGet, "/setup/line", nil)
	if res.Status != http.StatusInternalServerError || strings.Contains(string(res.Body), canary[:8]) || !strings.Contains(string(res.Body), "req-1") {
		t.Errorf("status %d\n%s", res.Status, res.Body)
	}
	if strings.Contains(s.log.String(), canary) {
		t.Error("the secret is in the log")
	}
}

func TestFormsNeedTheirToken(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.signedIn(t)
	other := s.signedIn(t).token()
	targets := []string{"/setup/line/connect", "/setup/line/check", "/setup/line/disconnect", "/setup/property", "/setup/disconnect"}
	for _, target := range targets {
		for _, token := range []string{"", "x", other} {
			form := url.Values{"token": {token}, "slot": {"1"}, "confirm": {"1"}, "name": {"line_user_id_1"}}
			if res := b.send(http.MethodPost, target, form); res.Status != http.StatusForbidden {
				t.Errorf("%s with token %q: status %d", target, token, res.Status)
			}
		}
		b.header.Set("Sec-Fetch-Site", "cross-site")
		if res := b.post(target, "slot", "1", "confirm", "1"); res.Status != http.StatusForbidden {
			t.Errorf("%s from another site: status %d", target, res.Status)
		}
		b.header.Del("Sec-Fetch-Site")
		if res := s.browser(t).send(http.MethodPost, target, url.Values{"token": {other}}); res.Header["Location"] != "/" {
			t.Errorf("%s without a session: status %d", target, res.Status)
		}
	}
	if len(s.done) != 0 || len(s.typed) != 0 {
		t.Fatalf("done %v, typed %v", s.done, s.typed)
	}
}

func TestButtons(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.signedIn(t)
	for _, c := range []struct {
		target string
		pairs  []string
		to     string
	}{
		{"/setup/line/check", []string{"slot", "2"}, "/setup/line#account-2"},
		{"/setup/line/disconnect", []string{"slot", "2"}, "/setup/line#account-2"},
		{"/setup/property", []string{"slot", "2", "name", "line_user_id_1"}, "/setup/line#account-2"},
		{"/setup/disconnect", nil, "/setup/line"}, // without the tick nothing happens
	} {
		if got := b.to(b.post(c.target, c.pairs...)); got != c.to {
			t.Errorf("%s: went to %s", c.target, got)
		}
	}
	if res := b.post("/setup/line/check", "slot", "99"); res.Status != http.StatusBadRequest {
		t.Errorf("slot 99: status %d", res.Status)
	}
	if res := b.post("/setup/property", "slot", "2", "name", "email"); res.Status != http.StatusUnprocessableEntity {
		t.Errorf("a property that does not fit: status %d", res.Status)
	}
	want := []string{"check 7/2", "disconnect 7/2 by 3", "use line_user_id_1 for 2"}
	if !slices.Equal(s.done, want) {
		t.Errorf("done %v", s.done)
	}
}

func TestDisconnectingHubSpotEndsTheSession(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.signedIn(t)
	form := url.Values{"token": {b.token()}, "confirm": {"1"}}
	s.err = portal.ErrUnfinished // stopped here, HubSpot is told later: for the person that is done
	res := b.send(http.MethodPost, "/setup/disconnect", form)
	if res.Status != http.StatusOK || !strings.Contains(string(res.Body), "disconnected") || !slices.Equal(s.done, []string{"remove 7 by 3"}) {
		t.Fatalf("status %d, done %v", res.Status, s.done)
	}
	if got := b.to(b.get("/setup/line")); got != "/" {
		t.Fatalf("went to %s", got)
	}
}

func TestAPortalThatLostItsGrantIsAskedToReconnect(t *testing.T) {
	t.Parallel()
	s := newSite()
	b := s.signedIn(t)
	s.state = portal.Reconnect
	page := string(b.get("/setup/line").Body)
	if !strings.Contains(page, "/oauth/install?portal=7") || strings.Contains(page, "channel_secret") {
		t.Fatalf("page\n%s", page)
	}
	s.state = portal.Pending
	if page = string(b.get("/setup/line").Body); !strings.Contains(page, "channel_secret") {
		t.Fatalf("a pending portal must be completed:\n%s", page)
	}
}

var outside = regexp.MustCompile(`(?:src|href|action)="([^"]*)"`)

func TestPagesAreSafeAndSelfContained(t *testing.T) {
	t.Parallel()
	s := newSite()
	s.accounts = []lineaccount.Account{sampleAccount, {Slot: 3, Name: "Old", State: lineaccount.Disconnected}}
	b := s.signedIn(t)
	for _, lang := range []string{"en", "ja"} {
		for _, target := range []string{"/", "/setup/line", "/setup/property?slot=2", "/nothing", "/setup/nothing", "/oauth/callback?error=x"} {
			b.cookies["lumo_lang"] = lang
			res := b.get(target)
			page := string(res.Body)
			if !strings.Contains(page, `<html lang="`+lang+`">`) || strings.Contains(page, "<script") || strings.Contains(page, "<no value>") {
				t.Errorf("%s %s:\n%s", lang, target, page)
			}
			for _, m := range outside.FindAllStringSubmatch(page, -1) {
				if !strings.HasPrefix(m[1], "/") && !strings.HasPrefix(m[1], hubspotHost) {
					t.Errorf("%s leads to %s", target, m[1])
				}
			}
			csp := res.Header["Content-Security-Policy"]
			if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: policy %q", target, csp)
			}
			for label := range labels(page) {
				if !strings.Contains(page, `id="`+label+`"`) {
					t.Errorf("%s: a label for %q without its field", target, label)
				}
			}
		}
	}
}

func labels(page string) map[string]bool {
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`<label for="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		out[m[1]] = true
	}
	return out
}

func TestBothLanguagesAreComplete(t *testing.T) {
	t.Parallel()
	en, ja := handle.Dictionary("en"), handle.Dictionary("ja")
	for i := range reflect.TypeFor[handle.Words]().NumField() {
		name := reflect.TypeFor[handle.Words]().Field(i).Name
		e, j := reflect.ValueOf(en).Field(i).String(), reflect.ValueOf(ja).Field(i).String()
		if e == "" || j == "" {
			t.Errorf("%s is missing: %q, %q", name, e, j)
		}
		if e == j && name != "HubSpotHeading" && name != "Pass" {
			t.Errorf("%s is not translated", name)
		}
	}
	for _, codes := range []map[check.Code]check.Words{lineaccount.CheckWords, portal.CheckWords, onboarding.CheckWords} {
		for code := range codes {
			w := onboarding.Words(code)
			for _, text := range []check.Text{w.Title, w.Hint} {
				if text.En == "" || text.Ja == "" || text.En == text.Ja {
					t.Errorf("%s is not in both languages", code)
				}
			}
		}
	}
}

func TestTheLanguageIsThePersons(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "en", "ja": "ja", "ja-JP,ja;q=0.9,en;q=0.8": "ja", "en-US,en;q=0.9,ja;q=0.8": "en", "fr,ja;q=0.5": "ja", "de": "en", "en;q=0.1, ja;q=0.2": "ja", ";;,q=": "en",
	} {
		b := newSite().browser(t)
		b.header.Set("Accept-Language", header)
		if page := string(b.get("/").Body); !strings.Contains(page, `<html lang="`+want+`">`) {
			t.Errorf("%q: not %s", header, want)
		}
	}
	b := newSite().browser(t)
	b.header.Set("Accept-Language", "ja")
	b.get("/?lang=en")
	if page := string(b.get("/").Body); !strings.Contains(page, `<html lang="en">`) {
		t.Error("the choice is not remembered")
	}
}
