package e2e_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/linesandbox"
)

type cardMessage struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Cost   *int   `json:"cost"`
}

// say writes to a friend from the card of a contact, as HubSpot's proxy does: three times at once.
func (c *customer) say(p person, id, text string) {
	c.t.Helper()
	in := map[string]any{"requestId": id, "contact": fmt.Sprint(p.contact), "text": text}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			var out struct{ Message cardMessage }
			var refusal *demo.APIError
			err := c.API(c.t.Context(), "POST", "/api/v1/friends/1/"+p.user+"/messages", in, &out)
			for range 5 {
				if err == nil || errors.As(err, &refusal) {
					break
				}
				time.Sleep(500 * time.Millisecond) // all environments of the function were busy
				err = c.API(c.t.Context(), "POST", "/api/v1/friends/1/"+p.user+"/messages", in, &out)
			}
			if s := out.Message.Status; err != nil || s != "sent" && s != "sending" {
				c.t.Errorf("%s is %q: %v", id, s, err)
			}
		})
	}
	all.Wait()
}

// said tells what the card shows of a message.
func (c *customer) said(p person, id string) cardMessage {
	c.t.Helper()
	var page struct{ Items []cardMessage }
	c.api("GET", "/api/v1/friends/1/"+p.user+"/messages?limit=20", nil, &page)
	for _, m := range page.Items {
		if m.ID == id {
			return m
		}
	}
	return cardMessage{}
}

// heard counts a text on the friend's phone.
func (c *customer) heard(p person, text string) int {
	c.t.Helper()
	log, err := outside.Line.ChatLog(c.account.ID, p.user)
	if err != nil {
		c.t.Fatal(err)
	}
	n := 0
	for _, e := range log {
		if e.From == "account" && e.Text == text {
			n++
		}
	}
	return n
}

// A message that is typed on the card arrives in the LINE phone once, although the proxy repeats the call, and although LINE's answer to it is
// lost. The friend then counts as answered.
func TestAMessageFromTheCardArrivesOnce(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	p := c.linked[0]
	if _, err := outside.Line.SendText(c.account.ID, p.user, "Are you open today?"); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the question", func() string {
		if got := c.hubspot(p, "line_needs_reply"); got != "true" {
			return "line_needs_reply is " + got
		}
		return ""
	})

	text := printed.secret("the text of a message from the card", "canary 5d2e: yes, until eight 🌸")
	c.say(p, "message-plain", text)
	eventually(t, within, "the answer", func() string {
		if m := c.said(p, "message-plain"); m.Status != "sent" || m.Cost == nil || *m.Cost != 1 {
			return fmt.Sprintf("the card shows %+v", m)
		}
		return ""
	})
	if n := c.heard(p, text); n != 1 {
		t.Errorf("the phone shows it %d times", n)
	}

	// LINE takes the next one, and the line is cut before it can say so.
	cut, err := outside.Line.AddFault(linesandbox.Fault{Path: "/message/push$", Kind: linesandbox.FaultCutAfter, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Line.RemoveFault(cut)
	c.say(p, "message-cut", text+" again")
	var last time.Time
	eventually(t, 2*within, "what became of the message", func() string {
		if time.Since(last) > 2*time.Second {
			last = time.Now()
			tick(t)
		}
		if m := c.said(p, "message-cut"); m.Status != "sent" {
			return "the card shows it as " + m.Status
		}
		return ""
	})
	if n := c.heard(p, text+" again"); n != 1 {
		t.Errorf("the phone shows it %d times", n)
	}
	eventually(t, within, "the friend counts as answered", func() string {
		if got := c.hubspot(p, "line_needs_reply"); got != "false" {
			return "line_needs_reply is " + got
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
	if _, code := c.refused("POST", "/api/v1/friends/1/"+p.user+"/messages", map[string]any{"requestId": "message-blocked", "text": text}); code != "FRIEND_BLOCKED" {
		t.Errorf("a friend who blocked: %s", code)
	}
}
