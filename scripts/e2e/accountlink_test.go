package e2e_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lumo/scripts/demo"
	"lumo/scripts/linesandbox"
)

// dialog is LINE's account link page, decided as the phone's owner.
func (p *phone) dialog(at page) page {
	p.t.Helper()
	if !strings.HasSuffix(at.at.Path, "/dialog/bot/accountLink") {
		p.t.Fatalf("not on LINE's page but on %q: %s", at.name, at.body)
	}
	return p.read(p.client.PostForm(at.at.String(), url.Values{"user": {p.user}}))
}

var personalLink = regexp.MustCompile(`http[^"\s]+/k/p\.[A-Za-z0-9_-]+`)

// asksInChat is a tap on the account's button; the answer is a personal link.
func (c *customer) asksInChat(p *phone) string {
	c.t.Helper()
	c.line(func(s *linesandbox.Server, channel string) error { return s.SendPostback(channel, p.user, "lumo:link") })
	var address string
	eventually(c.t, within, "the account answers with a link", func() string {
		log, err := outside.Line.ChatLog(c.account.ID, p.user)
		if err != nil || len(log) == 0 {
			return fmt.Sprint("nothing in the chat ", err)
		}
		if address = personalLink.FindString(string(log[len(log)-1].Message)); address == "" {
			return "no link"
		}
		return ""
	})
	printed.secret("personal link", address[strings.LastIndex(address, "/")+1:])
	return address
}

// proves goes from a personal link to LINE's page.
func (c *customer) proves(p *phone, address, email string) page {
	c.t.Helper()
	before := len(codes(c.t, email))
	sent := p.enter(p.press(p.open(address), "yes"), "email", email)
	mailed := codes(c.t, email)
	if sent.name != "ask_code" || len(mailed) != before+1 {
		c.t.Fatalf("page %q, %d mails: %s", sent.name, len(mailed)-before, sent.body)
	}
	return p.enter(sent, "code", mailed[len(mailed)-1])
}

// TestAFriendLinksWithoutALoginChannel is LINE's account link: a button in the chat, the form, LINE's page and its webhook.
func TestAFriendLinksWithoutALoginChannel(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 6, Lists: 1, Friends: 3, Linked: 1})
	free := c.unlinkedContacts()
	emails := []string{c.hubspot(person{free[0], ""}, "email"), c.hubspot(person{free[1], ""}, "email")}
	ann, bob := c.stranger("Ann"), c.stranger("Bob")
	for _, p := range []*phone{ann, bob} {
		c.line(func(s *linesandbox.Server, channel string) error { return s.Follow(channel, p.user) })
	}
	c.idle()
	address := c.asksInChat(ann)
	if got := bob.dialog(c.proves(bob, address, emails[1])); got.at.Path == "" {
		t.Error("no page")
	}
	eventually(t, within, "who opened a forwarded link is told", func() string {
		return map[bool]string{false: "not told"}[bob.open(outside.Front+"/k/end").name == "not_proven"]
	})
	if got := c.hubspot(person{free[1], ""}, "line_user_id"); got != "" {
		t.Fatalf("a forwarded link linked %s", got)
	}
	at := c.proves(ann, address, emails[0])
	if got := ann.open(outside.Front + "/k/end"); got.name != "at_line" {
		t.Errorf("before LINE confirmed: page %q", got.name)
	}
	ann.dialog(at)
	user, err := outside.Line.LineUserID(c.account.ID, ann.user)
	if err != nil {
		t.Fatal(err)
	}
	c.knows(free[0], user, "account_link")
	c.idle()
	eventually(t, within, "the page says so, too", func() string {
		return map[bool]string{false: "not yet"}[ann.open(outside.Front+"/k/end").name == "linked"]
	})
	if got := ann.dialog(at); strings.Contains(got.body, "is linked") {
		t.Error("a link token worked twice")
	}
	// With a word the addresses of e-mails and messages tell the way into the chat.
	var l struct{ FormAddress, Word *string }
	if c.api("PUT", "/api/v1/accounts/1/linking", map[string]any{"word": "連携"}, &l); l.FormAddress == nil || l.Word == nil {
		t.Fatalf("%+v", l)
	}
	if got := bob.open(*l.FormAddress); got.name != "in_chat" || !strings.Contains(got.body, "oaMessage") {
		t.Errorf("the address of the form: page %q", got.name)
	}
	c.line(func(s *linesandbox.Server, channel string) error {
		_, err := s.SendText(channel, bob.user, " 連携 ")
		return err
	})
	eventually(t, within, "the account answers the word", func() string {
		log, err := outside.Line.ChatLog(c.account.ID, bob.user)
		if err != nil || !personalLink.MatchString(string(log[len(log)-1].Message)) {
			return fmt.Sprint("no link ", err)
		}
		return ""
	})
}

// TestAPlainIDOnlyTellsWhereACodeGoes: the address of another product's e-mails (P-21).
func TestAPlainIDOnlyTellsWhereACodeGoes(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 6, Lists: 1, Friends: 3, Linked: 1})
	c.loginChannel("")
	var l struct{ PlainAddress string }
	c.api("PUT", "/api/v1/accounts/1/linking", map[string]any{"plainIds": true}, &l)
	contact := c.unlinkedContacts()[0]
	email := c.hubspot(person{contact, ""}, "email")
	named := func(id string) string { return strings.Replace(l.PlainAddress, "{{ contact.hs_object_id }}", id, 1) }
	through := func(p *phone, id string) page {
		ask := p.open(named(id))
		if ask.name != "confirm" || strings.Contains(ask.body, email[strings.Index(email, "@"):]) {
			t.Fatalf("id %s: page %q: %s", id, ask.name, ask.body)
		}
		m := formToken.FindStringSubmatch(ask.body)
		login := p.read(p.client.PostForm(ask.at.String(), url.Values{"token": {html.UnescapeString(m[1])}, "answer": {"yes"}, "m": {id}}))
		return p.enter(p.allow(login, true), "email", "")
	}
	guesser := c.stranger("Eve")
	if got := through(guesser, "999999999"); got.name != "ask_code" {
		t.Errorf("an id of nobody: page %q", got.name)
	}
	ann := c.stranger("Ann")
	sent := through(ann, fmt.Sprint(contact))
	mailed := codes(t, email)
	if sent.name != "ask_code" || len(mailed) != 1 {
		t.Fatalf("page %q, %d mails", sent.name, len(mailed))
	}
	if got := ann.enter(sent, "code", mailed[0]); got.name != "linked" {
		t.Fatalf("the code: page %q", got.name)
	}
	user, err := outside.Line.LineUserID(c.account.ID, ann.user)
	if err != nil {
		t.Fatal(err)
	}
	c.knows(contact, user, "email_link")
}

// TestAnAccountMayBelieveTypedAddresses: the link says that nobody has verified it (P-25).
func TestAnAccountMayBelieveTypedAddresses(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 6, Lists: 1, Friends: 3, Linked: 1})
	c.loginChannel("")
	var l struct{ FormAddress string }
	c.api("PUT", "/api/v1/accounts/1/linking", map[string]any{"unverified": true}, &l)
	contact := c.unlinkedContacts()[0]
	email := c.hubspot(person{contact, ""}, "email")
	ann, eve := c.stranger("Ann"), c.stranger("Eve")
	if got := ann.enter(ann.through(l.FormAddress, true), "email", email); got.name != "noted" {
		t.Fatalf("page %q: %s", got.name, got.body)
	}
	if got := eve.enter(eve.through(l.FormAddress, true), "email", "nobody@example.com"); got.name != "noted" {
		t.Errorf("an address of nobody: page %q", got.name)
	}
	user, err := outside.Line.LineUserID(c.account.ID, ann.user)
	if err != nil {
		t.Fatal(err)
	}
	c.knows(contact, user, "unverified")
	if n := len(codes(t, email)); n != 0 {
		t.Errorf("%d codes were mailed", n)
	}
}
