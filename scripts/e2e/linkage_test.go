package e2e_test

import (
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lumo/scripts/demo"
	"lumo/scripts/linesandbox"
)

// phone is the browser of a person who has LINE.
type phone struct {
	t      *testing.T
	user   string // the sandbox's name of the person
	client *http.Client
}

func newPhone(t *testing.T, user string) *phone {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &phone{t: t, user: user, client: &http.Client{Jar: jar}}
}

// page is what a browser shows: where it is, and which of our pages that is.
type page struct {
	at   *url.URL
	name string
	body string
}

var (
	pageName  = regexp.MustCompile(`<main id="([a-z_]+)"`)
	formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)
)

func (p *phone) read(res *http.Response, err error) page {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := page{at: res.Request.URL, body: string(b)}
	if m := pageName.FindSubmatch(b); m != nil {
		out.name = string(m[1])
		for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
			if got := res.Header.Get(name); got != want {
				p.t.Errorf("%s of page %s is %q", name, out.name, got)
			}
		}
	}
	return out
}

func (p *phone) open(address string) page {
	p.t.Helper()
	return p.read(p.client.Get(address))
}

func isPNG(body string) bool {
	_, err := png.DecodeConfig(strings.NewReader(body))
	return err == nil
}

// press sends a page's form.
func (p *phone) press(at page, answer string) page {
	p.t.Helper()
	m := formToken.FindStringSubmatch(at.body)
	if m == nil {
		p.t.Fatalf("page %q has no form: %s", at.name, at.body)
	}
	return p.read(p.client.PostForm(at.at.String(), url.Values{"token": {html.UnescapeString(m[1])}, "answer": {answer}}))
}

// allow logs in on LINE's page.
func (p *phone) allow(at page, addFriend bool) page {
	p.t.Helper()
	if !strings.Contains(at.at.Path, "/oauth2/v2.1/authorize") {
		p.t.Fatalf("not on LINE's page but on %q: %s", at.name, at.body)
	}
	form := url.Values{"user": {p.user}, "decision": {"allow"}}
	if addFriend {
		form.Set("friend", "on")
	}
	return p.read(p.client.PostForm(at.at.String(), form))
}

// through goes from the link to its end.
func (p *phone) through(address string, addFriend bool) page {
	p.t.Helper()
	return p.allow(p.press(p.open(address), "yes"), addFriend)
}

// loginChannel sets up LINE Login, in the account's provider or another one.
func (c *customer) loginChannel(provider string) linesandbox.Channel {
	c.t.Helper()
	bot, err := outside.Line.Channel(c.account.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	spec := linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: bot.ID, RedirectURIs: []string{outside.Front + "/k/callback"}}
	if provider != "" {
		other, err := outside.Line.CreateChannel(linesandbox.ChannelSpec{Provider: provider})
		if err != nil {
			c.t.Fatal(err)
		}
		spec.Provider, spec.LinkedBot = provider, other.ID
	}
	l, err := outside.Line.CreateChannel(spec)
	if err != nil {
		c.t.Fatal(err)
	}
	printed.secret("login channel secret", l.Secret)
	c.api("PUT", "/api/v1/accounts/1/login", map[string]string{"channelId": l.ID, "channelSecret": l.Secret}, nil)
	return l
}

// link is what a HubSpot user makes for a contact.
func (c *customer) link(contact int64) string {
	c.t.Helper()
	var l struct{ Address, Hint string }
	c.api("POST", fmt.Sprintf("/api/v1/contacts/%d/links", contact), map[string]int{"slot": 1}, &l)
	printed.secret("linking token", l.Address[strings.LastIndex(l.Address, "/")+1:])
	if !strings.Contains(l.Hint, "•••@") {
		c.t.Fatalf("masked address %q", l.Hint)
	}
	return l.Address
}

// stranger is a person with LINE who is no friend of anybody.
func (c *customer) stranger(name string) *phone {
	c.t.Helper()
	return newPhone(c.t, outside.Line.CreateUser(linesandbox.UserSpec{Name: name}).ID)
}

// unlinkedContacts are those that nobody is linked to.
func (c *customer) unlinkedContacts() (out []int64) {
	c.t.Helper()
	for _, r := range c.records() {
		if r.Value("line_user_id") == "" && r.Value("email") != "" {
			out = append(out, r.ID)
		}
	}
	return out
}

// TestALinkInAnEmailLinksAContact is method A from an e-mail to the contact's LINE User ID and the friend's link, and the ways that end
// elsewhere.
func TestALinkInAnEmailLinksAContact(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 8, Lists: 1, Friends: 4, Linked: 2})
	free := c.unlinkedContacts()
	if _, code := c.refused("POST", fmt.Sprintf("/api/v1/contacts/%d/links", free[0]), map[string]int{"slot": 1}); code != "NO_LOGIN_CHANNEL" {
		t.Errorf("without a Login channel: %s", code)
	}
	if _, code := c.refused("PUT", "/api/v1/accounts/1/login", map[string]string{"channelId": "1234567", "channelSecret": strings.Repeat("0", 32)}); code != "LOGIN_CHANNEL_REFUSED" {
		t.Errorf("a wrong Login channel: %s", code)
	}
	c.loginChannel("")
	contact, address := free[0], ""
	address = c.link(contact)
	ann := c.stranger("Ann")
	if code := ann.open(address + ".png"); !isPNG(code.body) {
		t.Errorf("the link has no QR code: %.60q", code.body)
	}
	forwarded := c.stranger("Bob")
	if got := forwarded.press(forwarded.open(address), "no"); got.name != "declined" {
		t.Errorf("a forwarded mail ended on page %q", got.name)
	}
	if got := ann.through(address, true); got.name != "linked" || got.at.RawQuery != "" {
		t.Fatalf("ended on page %q at %s: %s", got.name, got.at, got.body)
	}
	user, err := outside.Line.LineUserID(c.account.ID, ann.user)
	if err != nil {
		t.Fatal(err)
	}
	linked := person{contact, user}
	eventually(t, within, "HubSpot knows who the contact is at LINE", func() string {
		if got := c.hubspot(linked, "line_user_id"); got != user {
			return fmt.Sprintf("LINE User ID is %q", got)
		}
		if got := c.hubspot(linked, "line_link_method") + c.hubspot(linked, "line_follow_status"); got != "email_linkfollowing" {
			return fmt.Sprintf("method and follow status are %q", got)
		}
		return ""
	})
	if f := c.friend(linked); f.Link.State != "linked" || f.Link.ContactID == nil || *f.Link.ContactID != fmt.Sprint(contact) {
		t.Errorf("the friend's link is %+v", f.Link)
	}
	if got := ann.through(address, true); got.name != "already_linked" {
		t.Errorf("once more: page %q", got.name)
	}
	second := c.stranger("Eve")
	if got := second.through(address, true); got.name != "used" {
		t.Errorf("a second person: page %q", got.name)
	}
	if got := second.open(address[:len(address)-3] + "abc"); got.name != "invalid" {
		t.Errorf("an edited link: page %q", got.name)
	}
	if got := second.open(outside.Front + "/k/callback?code=x&state=y"); got.name != "elsewhere" {
		t.Errorf("a callback out of nowhere: page %q", got.name)
	}
	alone := second.through(c.link(free[1]), false) // Eve follows by now; a person who does not is asked to
	if alone.name != "linked" {
		t.Errorf("a friend by herself: page %q", alone.name)
	}
	shy := c.stranger("Shy")
	if got := shy.through(c.link(free[2]), false); got.name != "add_friend" {
		t.Errorf("who does not add the account: page %q", got.name)
	}
	if got := c.hubspot(linked, "line_user_id"); got != user {
		t.Errorf("in the end the LINE User ID is %q", got)
	}
	if f := c.friend(linked); f.Link.State != "linked" || *f.Link.ContactID != fmt.Sprint(contact) {
		t.Errorf("in the end the friend's link is %+v", f.Link)
	}
}

// TestALoginInAnotherProvidersChannelLinksNothing: user ids are per provider, so such a login proves nothing (P-07).
func TestALoginInAnotherProvidersChannelLinksNothing(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 4, Lists: 1, Friends: 2, Linked: 1})
	c.loginChannel(outside.Line.CreateProvider("Somebody else").ID)
	contact := c.unlinkedContacts()[0]
	if got := c.stranger("Ann").through(c.link(contact), true); got.name != "other_provider" {
		t.Errorf("ended on page %q: %s", got.name, got.body)
	}
	c.idle()
	if got := c.hubspot(person{contact, ""}, "line_user_id"); got != "" {
		t.Errorf("HubSpot holds %q", got)
	}
}

// codes are what the local outbox holds for an address.
func codes(t *testing.T, email string) (out []string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, cloud.ControlURL()+"/mail/outbox.json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var mails []struct {
		To   []string `json:"to"`
		Text string   `json:"text"`
	}
	if err := json.Unmarshal(b, &mails); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	for _, m := range mails {
		if len(m.To) == 1 && m.To[0] == email {
			out = append(out, sixDigits.FindString(m.Text))
		}
	}
	return out
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// TestAFriendLinksByAFormAndACode is method B: a message's link, LINE Login, a typed address, and the code that was mailed to it.
func TestAFriendLinksByAFormAndACode(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 6, Lists: 1, Friends: 3, Linked: 1})
	c.loginChannel("")
	var l struct{ FormAddress string }
	c.api("GET", "/api/v1/accounts/1/linking", nil, &l)
	contact := c.unlinkedContacts()[0]
	email := c.hubspot(person{contact, ""}, "email")
	friend := c.stranger("Ann")
	c.line(func(s *linesandbox.Server, channel string) error { return s.Follow(channel, friend.user) })
	ask := friend.through(l.FormAddress, false)
	if ask.name != "ask_email" {
		t.Fatalf("after the login: page %q: %s", ask.name, ask.body)
	}
	if got := friend.enter(friend.enter(ask, "email", "nobody@example.com"), "code", "123456"); got.name != "wrong_code" {
		t.Errorf("an address that HubSpot does not know, and a guess: page %q", got.name)
	}
	sent := friend.enter(ask, "email", email)
	mailed := codes(t, email)
	if sent.name != "ask_code" || len(mailed) != 1 {
		t.Fatalf("page %q, %d mails", sent.name, len(mailed))
	}
	if got := friend.enter(sent, "code", mailed[0]); got.name != "linked" {
		t.Fatalf("the code: page %q", got.name)
	}
	user, err := outside.Line.LineUserID(c.account.ID, friend.user)
	if err != nil {
		t.Fatal(err)
	}
	c.knows(contact, user, "message_link")
}

// TestAFriendLinksByTheAddressThatLineHasVerified: where LINE lets the Login channel ask for addresses, opening the form is enough (P-28).
func TestAFriendLinksByTheAddressThatLineHasVerified(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 6, Lists: 1, Friends: 3, Linked: 1})
	login := c.loginChannel("")
	var l struct {
		FormAddress string
		LoginEmail  bool
	}
	if c.api("PUT", "/api/v1/accounts/1/login", map[string]any{"channelId": login.ID, "channelSecret": "", "email": true}, &l); !l.LoginEmail {
		t.Fatalf("%+v", l)
	}
	contact := c.unlinkedContacts()[0]
	email := c.hubspot(person{contact, ""}, "email")
	friend := newPhone(t, outside.Line.CreateUser(linesandbox.UserSpec{Name: "Ann", Email: email}).ID)
	if got := friend.through(l.FormAddress, true); got.name != "linked" {
		t.Fatalf("ended on page %q: %s", got.name, got.body)
	}
	user, err := outside.Line.LineUserID(c.account.ID, friend.user)
	if err != nil {
		t.Fatal(err)
	}
	c.knows(contact, user, "auto_match")
	if n := len(codes(t, email)); n != 0 {
		t.Errorf("%d codes were mailed", n)
	}
}

// enter fills in one field of a page's form.
func (p *phone) enter(at page, field, text string) page {
	p.t.Helper()
	m := formToken.FindStringSubmatch(at.body)
	if m == nil {
		p.t.Fatalf("page %q has no form: %s", at.name, at.body)
	}
	return p.read(p.client.PostForm(at.at.String(), url.Values{"token": {html.UnescapeString(m[1])}, field: {text}}))
}

// TestAFriendWhoWritesGetsAContact: where the option says so, once, with the LINE User ID and no address (P-29, P-30).
func TestAFriendWhoWritesGetsAContact(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 4, Lists: 1, Friends: 3, Linked: 1})
	c.api("PATCH", "/api/v1/settings", map[string]any{"contactPolicy": "when_messaged", "nameFromLine": true}, nil)
	before := len(c.records())
	ann := c.stranger("Ann Writes")
	c.line(func(s *linesandbox.Server, channel string) error { return s.Follow(channel, ann.user) })
	c.idle()
	if n := len(c.records()); n != before {
		t.Errorf("who only followed has got %d contacts", n-before)
	}
	user, err := outside.Line.LineUserID(c.account.ID, ann.user)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.line(func(s *linesandbox.Server, channel string) error {
			_, err := s.SendText(channel, ann.user, "Hello")
			return err
		})
	}
	eventually(t, within, "the friend has a contact", func() string {
		for _, r := range c.records() {
			if r.Value("line_user_id") == user {
				return map[bool]string{false: "not written yet"}[r.Value("line_link_method") == "auto_match" && r.Value("firstname") == "Ann Writes" && r.Value("email") == ""]
			}
		}
		return "nobody holds the LINE User ID"
	})
	c.idle()
	if n := len(c.records()); n != before+1 {
		t.Errorf("%d contacts were made", n-before)
	}
}
