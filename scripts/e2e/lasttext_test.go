package e2e_test

import (
	"testing"

	"lumo/scripts/demo"
)

// With the option on, HubSpot shows the last text each way; a text that the friend takes back is emptied there, too.
func TestLastTextsReachHubSpot(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	c.api("PATCH", "/api/v1/settings", map[string]any{"messageTexts": true}, nil)
	p := c.linked[0]
	holds := func(property, want string) {
		t.Helper()
		eventually(t, within, property, func() string {
			if got := c.hubspot(p, property); got != want {
				return property + " is " + got
			}
			return ""
		})
	}
	heard := printed.secret("a last received text", "canary last in: 明日は空いていますか")
	id, err := outside.Line.SendText(c.account.ID, p.user, heard)
	if err != nil {
		t.Fatal(err)
	}
	holds("line_last_received_message", heard)
	written := printed.secret("a last sent text", "canary last out: はい、空いております")
	c.say(p, "message-last-sent", written)
	holds("line_last_sent_message", written)
	if err := outside.Line.Unsend(c.account.ID, p.user, id); err != nil {
		t.Fatal(err)
	}
	holds("line_last_received_message", "")
}
