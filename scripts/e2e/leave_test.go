package e2e_test

import (
	"fmt"
	"testing"

	"lumo/scripts/demo"
)

// An account that is disconnected freezes its slot and leaves its properties as they are, but for the follow status, which nobody knows
// any more (P-160).
func TestADisconnectedAccountLeavesQuietly(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 8, Lists: 1, Friends: 6, Linked: 6})
	if _, err := c.Import(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "everybody follows", func() string { return c.follow("following") })
	names := map[person]string{}
	for _, p := range c.linked {
		names[p] = c.hubspot(p, "line_display_name")
	}
	c.api("POST", "/api/v1/accounts/1/disconnect", map[string]any{}, nil)
	eventually(t, within, "nobody is known to follow", func() string { return c.follow("unknown") })
	for _, p := range c.linked {
		if got := c.hubspot(p, "line_display_name"); got != names[p] || got == "" {
			t.Errorf("contact %d: the LINE name went from %q to %q", p.contact, names[p], got)
		}
		if got := c.hubspot(p, "line_user_id"); got != p.user {
			t.Errorf("contact %d: the LINE User ID is %q", p.contact, got)
		}
	}
}

// follow tells who has another follow status in HubSpot.
func (c *customer) follow(want string) string {
	c.t.Helper()
	for _, p := range c.linked {
		if got := c.hubspot(p, "line_follow_status"); got != want {
			return fmt.Sprintf("contact %d is %q", p.contact, got)
		}
	}
	return ""
}
