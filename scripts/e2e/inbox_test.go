package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

const salesInbox = 4001

// connectInbox goes the way of a super admin who starts at HubSpot's inbox settings, in a browser that Lumo has never seen.
func (c *customer) connectInbox() {
	c.t.Helper()
	if err := c.ConnectInbox(c.t.Context(), demo.NewBrowser(), outside.HubSpot.Channels()[0], salesInbox, 1); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, within, "the connection", func() string {
		accounts, err := outside.HubSpot.ChannelAccounts(c.Portal)
		if err != nil || len(accounts) != 1 {
			return fmt.Sprint(accounts, err)
		}
		// The first message that arrives shows that Lumo has heard of the channel account.
		if _, err := outside.Line.SendText(c.account.ID, c.linked[0].user, "knock knock"); err != nil {
			c.t.Fatal(err)
		}
		time.Sleep(time.Second)
		if c.thread(c.linked[0]) == nil {
			return "no thread yet"
		}
		return ""
	})
}

// thread is a person's conversation in HubSpot's inbox.
func (c *customer) thread(p person) *hubspotsandbox.Thread {
	c.t.Helper()
	all, err := outside.HubSpot.Threads(c.Portal)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, t := range all {
		if t.Visitor == p.user {
			return &t
		}
	}
	return nil
}

// shown counts a text in the thread and returns the last message that has it.
func (c *customer) shown(p person, text string) (n int, last hubspotsandbox.ChatEntry) {
	if t := c.thread(p); t != nil {
		for _, m := range t.Messages {
			if m.Text == text {
				n, last = n+1, *m
			}
		}
	}
	return n, last
}

// heardVia tells how a text came to the phone.
func (c *customer) heardVia(p person, text string) (via []string) {
	c.t.Helper()
	log, err := outside.Line.ChatLog(c.account.ID, p.user)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range log {
		if e.From == "account" && e.Text == text {
			via = append(via, e.Via)
		}
	}
	return via
}

// A text from the LINE phone appears in HubSpot's inbox, tied to the contact, and the agent's answer arrives on the phone: each once, although
// both sides deliver their webhooks doubled and out of order.
func TestAConversationInTheInbox(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	c.line(func(s *linesandbox.Server, channel string) error {
		return s.SetWebhookSettings(channel, linesandbox.WebhookSettings{JitterMS: 200, Duplicate: 0.5, Shuffle: true, BatchMax: 5, Parallel: 4})
	})
	c.connectInbox()
	p := c.linked[1]
	var want []string
	for i := range 8 {
		want = append(want, printed.secret(fmt.Sprintf("inbox message %d", i), fmt.Sprintf("canary inbox %d: 雨傘はありますか", i)))
		if _, err := outside.Line.SendText(c.account.ID, p.user, want[i]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // LINE's times are in ms; two of one moment have no order
	}
	asked := time.Now()
	eventually(t, within, "the conversation", func() string {
		th := c.thread(p)
		if th == nil {
			return "there is no thread"
		}
		var got []string
		for _, m := range th.Messages {
			got = append(got, m.Text)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			return strings.Join(got, "|")
		}
		return ""
	})
	th := c.thread(p)
	if th.Contact != p.contact {
		t.Errorf("the thread belongs to contact %d, not %d", th.Contact, p.contact)
	}
	log, err := outside.Line.ChatLog(c.account.ID, p.user)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range th.Messages {
		for _, e := range log {
			if e.Text == m.Text && e.At.UnixMilli() != m.At {
				t.Errorf("sent at %s, shown at %d", e.At, m.At)
			}
		}
	}

	answer := printed.secret("an agent's answer", "canary answer: はい、二階にございます")
	id, err := outside.HubSpot.Reply(c.Portal, th.ID, 1, answer)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the answer", func() string {
		via := c.heardVia(p, answer)
		if len(via) != 1 {
			return fmt.Sprint("on the phone ", via)
		}
		// A machine that was busy for longer than a reply token lives pushes, rightly.
		if answered := time.Since(asked); via[0] != "reply" && answered < 30*time.Second {
			t.Errorf("%s after the question it came as a %s", answered, via[0])
		}
		if m := c.entry(p, id); m.Status != "SENT" || m.Edits == 0 {
			return "HubSpot shows " + m.Status
		}
		return ""
	})
	second := printed.secret("an agent's second answer", "canary answer 2: 十時からです")
	if _, err := outside.HubSpot.Reply(c.Portal, th.ID, 1, second); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the second answer", func() string {
		if via := c.heardVia(p, second); len(via) != 1 || via[0] != "push" {
			return fmt.Sprint("on the phone ", via)
		}
		return ""
	})

	card := printed.secret("a message from the card", "canary card: お待ちしております")
	c.say(p, "message-to-inbox", card)
	eventually(t, within, "the card's message in the thread", func() string {
		if n, m := c.shown(p, card); n != 1 || m.Incoming {
			return fmt.Sprintf("shown %d times", n)
		}
		return ""
	})

	if err := outside.Line.Block(c.account.ID, p.user); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the block", func() string {
		if got := c.friend(p).Follow; got != "blocked" {
			return "Lumo says " + got
		}
		return ""
	})
	id, err = outside.HubSpot.Reply(c.Portal, th.ID, 1, "canary: are you there?")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the reason why it failed", func() string {
		if m := c.entry(p, id); m.Status != "FAILED" || !strings.Contains(m.Error, "blocked") {
			return m.Status + " " + m.Error
		}
		return ""
	})
	for i, text := range want {
		if n, _ := c.shown(p, text); n != 1 {
			t.Errorf("message %d is shown %d times", i, n)
		}
	}
}

// entry finds a message of a thread by its id.
func (c *customer) entry(p person, id string) hubspotsandbox.ChatEntry {
	if t := c.thread(p); t != nil {
		for _, m := range t.Messages {
			if m.ID == id {
				return *m
			}
		}
	}
	return hubspotsandbox.ChatEntry{}
}
