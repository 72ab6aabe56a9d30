package e2e_test

import (
	"fmt"
	"strconv"
	"testing"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

// groupCompany finds the company of a group in HubSpot.
func (c *customer) groupCompany(group string) (hubspotsandbox.Record, int) {
	c.t.Helper()
	all, err := outside.HubSpot.Records(c.Portal, "companies")
	if err != nil {
		c.t.Fatal(err)
	}
	var found hubspotsandbox.Record
	n := 0
	for _, r := range all {
		if r.Value("line_group_id") == group {
			found, n = r, n+1
		}
	}
	return found, n
}

// groupHolds waits for values of the group's only company.
func (c *customer) groupHolds(group string, want map[string]string) {
	c.t.Helper()
	eventually(c.t, within, "the group's company", func() string {
		r, n := c.groupCompany(group)
		if n != 1 {
			return fmt.Sprintf("%d companies", n)
		}
		for name, v := range want {
			if got := r.Value(name); got != v {
				return name + " is " + got + ", not " + v
			}
		}
		return ""
	})
}

// Scenario 10 of the product: a message of a member who is no friend makes no contact, a friend's contact is associated with the company, and
// when the account leaves, the company stays as history. Webhooks come doubled and out of order all the time.
func TestAGroupChatIsACompany(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	c.api("PATCH", "/api/v1/settings", map[string]any{"groupChats": true}, nil)
	c.line(func(s *linesandbox.Server, channel string) error {
		on := true
		if _, err := s.ConfigureChannel(channel, linesandbox.ChannelChange{JoinGroups: &on}); err != nil {
			return err
		}
		return s.SetWebhookSettings(channel, linesandbox.WebhookSettings{JitterMS: 200, Duplicate: 0.5, Shuffle: true, BatchMax: 5, Parallel: 4})
	})
	stranger := outside.Line.CreateUser(linesandbox.UserSpec{Name: printed.secret("the name of a group's member", "知らない人カナリア 4d2a")})
	p := c.linked[0]
	g, err := outside.Line.CreateGroup("営業 × Komorebi", p.user, stranger.ID)
	if err != nil {
		t.Fatal(err)
	}
	contacts := len(c.records())
	if err := outside.Line.InviteAccount(g.ID, c.account.ID); err != nil {
		t.Fatal(err)
	}
	c.groupHolds(g.ID, map[string]string{"name": g.Name, "line_group_name": g.Name, "line_group_active": "true", "line_group_member_count": "2", "domain": ""})
	said := printed.secret("a message in a group", "canary group: 初めまして")
	for _, who := range []string{stranger.ID, p.user} {
		if _, err := outside.Line.SendGroupText(g.ID, who, said+who); err != nil {
			t.Fatal(err)
		}
	}
	company, _ := c.groupCompany(g.ID)
	eventually(t, within, "the friend's contact", func() string {
		r, err := outside.HubSpot.Record(c.Portal, "companies", company.ID)
		if err != nil || len(r.Linked) != 1 || r.Linked[0] != p.contact {
			return fmt.Sprint(r.Linked, err)
		}
		// The group is not what the contact's company name is read from.
		if got := c.hubspot(p, "associatedcompanyid"); got == strconv.FormatInt(company.ID, 10) {
			return "the group is the primary company"
		}
		return ""
	})
	if n := len(c.records()); n != contacts {
		t.Errorf("%d contacts, %d before the group", n, contacts)
	}

	if err := outside.Line.JoinGroup(g.ID, c.linked[1].user); err != nil {
		t.Fatal(err)
	}
	c.groupHolds(g.ID, map[string]string{"line_group_member_count": "3", "line_group_active": "true"})
	written := printed.secret("a message to a group", "canary group 2: 皆様へ")
	for range 2 { // the second request is a repetition
		c.api("POST", "/api/v1/groups/1/"+g.ID+"/messages", map[string]any{"requestId": "message-to-a-group", "text": written}, nil)
	}
	log, err := outside.Line.GroupLog(g.ID)
	if err != nil {
		t.Fatal(err)
	}
	heard := 0
	for _, e := range log {
		if e.Text == written {
			heard++
		}
	}
	if heard != 1 {
		t.Errorf("the group heard the message %d times", heard)
	}
	if err := outside.Line.RemoveAccount(g.ID); err != nil {
		t.Fatal(err)
	}
	c.groupHolds(g.ID, map[string]string{"line_group_active": "false", "name": g.Name})
	if _, err := outside.Line.Redeliver(c.account.ID); err != nil {
		t.Fatal(err)
	}
	if err := outside.Line.InviteAccount(g.ID, c.account.ID); err != nil {
		t.Fatal(err)
	}
	c.groupHolds(g.ID, map[string]string{"line_group_active": "true"})
	if n := len(c.records()); n != contacts {
		t.Errorf("%d contacts, %d before the group", n, contacts)
	}
}
