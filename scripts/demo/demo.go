// Package demo walks through Lumo as its users do: it fills the sandboxes, installs the app in a portal, connects a LINE account on the
// wizard's page, imports the friends, and waits for the first sync. `make run`, the smoke test and the end-to-end tests use it.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// World knows where everything is.
type World struct {
	Front   string // Lumo's own origin
	HubSpot string // the HubSpot sandbox
	Line    string // the LINE sandbox
	Portal  int64
	// AppID and Secret sign calls as HubSpot's proxy does.
	AppID  int64
	Secret string
	// Company is whose portal and account Seed makes; the zero value is that of the first run.
	Company Company
	// Say receives progress lines; nil is silence.
	Say func(format string, args ...any)
}

// Company has a HubSpot portal and a LINE Official Account.
type Company struct{ Name, Account, Domain string }

var (
	sakura = Company{"Sakura", "Sakura Coffee", "sakura-coffee.example"}
	midori = Company{"Midori", "Midori Tea", "midori-tea.example"}
)

func (w *World) company() Company {
	if w.Company.Name == "" {
		return sakura
	}
	return w.Company
}

// Size of the seeded world.
type Size struct {
	Contacts, Companies, Lists, Friends, Linked int
}

// DefaultSize is what the README shows.
var DefaultSize = Size{Contacts: 1000, Companies: 120, Lists: 5, Friends: 400, Linked: 300}

// emptySize is that of the company which has not heard of Lumo yet.
var emptySize = Size{Contacts: 60, Companies: 6, Lists: 2, Friends: 30, Linked: 24}

// Account is a LINE Official Account of the sandbox, with what a person copies from the console.
type Account struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	Bot    string `json:"botUserId"`
}

func (w *World) say(format string, args ...any) {
	if w.Say != nil {
		w.Say(format, args...)
	}
}

// call speaks JSON with a control API.
func call(ctx context.Context, method, address string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %.300s", method, address, res.Status, b)
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, out)
}

func (w *World) portal(path string) string {
	return fmt.Sprintf("%s/_sandbox/portals/%d%s", w.HubSpot, w.Portal, path)
}

// Seed fills both sandboxes: a portal with contacts, companies and lists, of whom Linked contacts already hold a LINE User ID (method C),
// and a verified Official Account with friends.
func (w *World) Seed(ctx context.Context, s Size) (Account, error) {
	account, users, err := w.seedLine(ctx, s)
	if err != nil {
		return account, fmt.Errorf("seed LINE: %w", err)
	}
	if err := w.seedHubSpot(ctx, s, users[:min(s.Linked, len(users))]); err != nil {
		return account, fmt.Errorf("seed HubSpot: %w", err)
	}
	w.say("seeded %d contacts, %d companies, %d lists; one account with %d friends, %d of them known to HubSpot", s.Contacts, s.Companies, s.Lists, s.Friends, s.Linked)
	return account, nil
}

func (w *World) seedLine(ctx context.Context, s Size) (Account, []string, error) {
	var provider struct {
		ID string `json:"id"`
	}
	if err := call(ctx, "POST", w.Line+"/_sandbox/providers", map[string]string{"name": w.company().Name}, &provider); err != nil {
		return Account{}, nil, err
	}
	var account Account
	if err := call(ctx, "POST", w.Line+"/_sandbox/channels", map[string]any{"provider": provider.ID, "name": w.company().Account, "verified": true}, &account); err != nil {
		return account, nil, err
	}
	var friends []struct {
		User string `json:"lineUserId"`
	}
	err := call(ctx, "POST", w.Line+"/_sandbox/channels/"+account.ID+"/friends", map[string]any{"count": s.Friends, "quiet": true}, &friends)
	users := make([]string, len(friends))
	for i, f := range friends {
		users[i] = f.User
	}
	return account, users, err
}

func (w *World) seedHubSpot(ctx context.Context, s Size, users []string) error {
	options := map[string]string{"name": w.company().Domain, "timeZone": "Asia/Tokyo", "accountType": "STANDARD", "currency": "JPY"}
	for _, path := range []string{"", "/options"} { // a portal that is there already gets the name, too
		if err := call(ctx, "PUT", w.portal(path), options, nil); err != nil {
			return err
		}
	}
	seed := map[string]any{"contacts": s.Contacts, "companies": s.Companies, "seed": 1}
	if len(users) > 0 {
		property := map[string]any{"name": "line_user_id", "label": "LINE User ID", "type": "string", "fieldType": "text", "groupName": "contactinformation", "hasUniqueValue": true}
		if err := call(ctx, "POST", w.portal("/properties/contacts"), property, nil); err != nil {
			return err
		}
		seed["property"], seed["values"] = "line_user_id", users
	}
	if err := call(ctx, "POST", w.portal("/seed"), seed, nil); err != nil {
		return err
	}
	for i := range s.Lists {
		if err := call(ctx, "POST", w.portal("/lists"), map[string]any{"name": fmt.Sprintf("List %d", i+1)}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Browser is a person's browser: it keeps cookies and follows redirects.
type Browser struct {
	client *http.Client
	page   string // the page it shows
	at     *url.URL
}

// NewBrowser opens one.
func NewBrowser() *Browser {
	jar, _ := cookiejar.New(nil) // never fails
	return &Browser{client: &http.Client{Jar: jar, Timeout: 60 * time.Second}}
}

// Open goes to an address.
func (b *Browser) Open(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return b.do(req)
}

// Submit posts a form to an address relative to the page.
func (b *Browser) Submit(ctx context.Context, action string, form url.Values) error {
	to, err := b.at.Parse(action)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *Browser) do(req *http.Request) error {
	res, err := b.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	b.page, b.at = string(body), res.Request.URL
	if res.StatusCode >= 400 {
		return fmt.Errorf("%s %s: %s", req.Method, res.Request.URL, res.Status)
	}
	return nil
}

// Page returns what the browser shows.
func (b *Browser) Page() string { return b.page }

// At returns the address it shows.
func (b *Browser) At() string { return b.at.String() }

// hidden reads a hidden field of the page.
func (b *Browser) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(b.page)
	if m == nil {
		return ""
	}
	return htmlUnescape(m[1])
}

func htmlUnescape(s string) string {
	return strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&lt;", "<", "&gt;", ">").Replace(s)
}

// Install goes from Lumo's start page through HubSpot's consent to the wizard.
func (w *World) Install(ctx context.Context, b *Browser) error {
	if err := b.Open(ctx, w.Front+"/oauth/install"); err != nil {
		return err
	}
	form := url.Values{"query": {b.hidden("query")}, "portal": {fmt.Sprint(w.Portal)}, "decision": {"allow"}}
	if err := b.Submit(ctx, w.HubSpot+"/oauth/consent", form); err != nil {
		return err
	}
	if !strings.HasPrefix(b.At(), w.Front+"/setup/line") {
		return fmt.Errorf("after the consent the browser is at %s, not in the wizard", b.At())
	}
	w.say("installed in portal %d", w.Portal)
	return nil
}

// Connect fills the wizard's form.
func (w *World) Connect(ctx context.Context, b *Browser, a Account) error {
	if err := b.Open(ctx, w.Front+"/setup/line"); err != nil {
		return err
	}
	form := url.Values{"token": {b.hidden("token")}, "channel_id": {a.ID}, "channel_secret": {a.Secret}}
	if err := b.Submit(ctx, "/setup/line/connect", form); err != nil {
		return err
	}
	w.say("connected LINE account %s", a.ID)
	return nil
}
