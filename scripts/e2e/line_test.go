package e2e_test

import (
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/linesandbox"
)

// within is how long a change may take to the other side before a test gives up: seconds, or the 30 s in which further changes of a contact are
// gathered, and much more where all tests share two busy cores. It is no measurement.
const within = 100 * time.Second

func TestBlockAndUnblockReachHubSpot(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 8, Lists: 1, Friends: 6, Linked: 5})
	c.line(func(s *linesandbox.Server, channel string) error {
		return s.SetWebhookSettings(channel, linesandbox.WebhookSettings{JitterMS: 300, Duplicate: 0.5, Shuffle: true, BatchMax: 5, Parallel: 4, UnknownProperties: 0.5, UnknownEvents: 0.5})
	})
	status := func(p person, want string) func() string {
		return func() string {
			if h, l := c.hubspot(p, "line_follow_status"), c.friend(p).Follow; h != want || l != want {
				return "HubSpot says " + h + ", Lumo " + l
			}
			return ""
		}
	}
	act := func(p person, acts ...func(channel, user string) error) {
		t.Helper()
		for _, a := range acts {
			if err := a(c.account.ID, p.user); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, q := c.linked[0], c.linked[1]
	act(p, outside.Line.Block)
	act(q, outside.Line.Block, outside.Line.Unblock) // at once: whatever order the events arrive in, the last state counts
	eventually(t, within, "the block", status(p, "blocked"))
	eventually(t, within, "the block that was taken back", status(q, "following"))
	act(p, outside.Line.Unblock)
	eventually(t, within, "the unblock", status(p, "following"))
	if got := c.hubspot(c.linked[2], "line_follow_status"); got != "unknown" {
		t.Errorf("somebody else became %q", got)
	}
}

// LINE tells nothing of a changed name; the next message is a sign of life at which Lumo looks. It looks once a minute at most.
func TestAMessageBringsTheNewName(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	p := c.linked[0]
	text := printed.secret("the text of a LINE message", "canary 9f3b: please call me back")
	name := printed.secret("a person's name", "改名カナリア 🐤 7c1e")
	if err := outside.Line.Rename(p.user, name); err != nil {
		t.Fatal(err)
	}
	var last time.Time
	eventually(t, 75*time.Second+within, "the new name", func() string {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			if _, err := outside.Line.SendText(c.account.ID, p.user, text); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.hubspot(p, "line_display_name"); got != name {
			return "HubSpot shows " + got
		}
		return ""
	})
	if got := c.hubspot(p, "line_needs_reply"); got != "true" {
		t.Errorf("line_needs_reply is %q", got)
	}
}

// A tag that is added in Lumo appears among the contact's LINE tags in HubSpot, and goes again.
func TestTagsReachHubSpot(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	p := c.linked[1]
	var made struct {
		Tag struct {
			ID string `json:"id"`
		} `json:"tag"`
	}
	c.api("POST", "/api/v1/tags", map[string]any{"slot": 1, "name": "常連 VIP"}, &made)
	c.api("POST", "/api/v1/friends/tags", map[string]any{"slot": 1, "users": []string{p.user}, "add": []string{made.Tag.ID}}, nil)
	holds := func(want string) func() string {
		return func() string {
			if got := c.hubspot(p, "line_tags"); got != want {
				return "line_tags is " + got
			}
			return ""
		}
	}
	eventually(t, within, "the tag", holds(made.Tag.ID))
	if got := c.hubspot(c.linked[0], "line_tags"); got != "" {
		t.Errorf("somebody else has the tags %q", got)
	}
	c.api("POST", "/api/v1/friends/tags", map[string]any{"slot": 1, "users": []string{p.user}, "remove": []string{made.Tag.ID}}, nil)
	eventually(t, within, "no tag", holds(""))
}
