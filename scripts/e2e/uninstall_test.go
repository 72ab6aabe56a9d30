package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

// refusedRefreshes counts refreshes that HubSpot refused. Only uninstalled portals have any.
func refusedRefreshes() int {
	n := 0
	for _, call := range outside.HubSpot.Calls(0) {
		if strings.HasSuffix(call.Path, "/token") && call.Status == 400 {
			n++
		}
	}
	return n
}

// memory is what must survive an uninstall.
func (c *customer) memory() string {
	c.t.Helper()
	var accounts struct {
		Items []struct {
			Slot int
			Bot  string
		} `json:"items"`
	}
	var mappings struct {
		Items []struct{ Property, Rule string } `json:"items"`
	}
	c.api("GET", "/api/v1/accounts", nil, &accounts)
	c.api("GET", "/api/v1/mappings", nil, &mappings)
	out := fmt.Sprintf("%v %v", accounts.Items, mappings.Items)
	for _, p := range c.linked {
		link, err := json.Marshal(c.friend(p).Link)
		if err != nil {
			c.t.Fatal(err)
		}
		out += fmt.Sprintf(" %s=%s/%s", p.user, link, c.lumo(p, "phone"))
	}
	return out
}

func (c *customer) connection() string {
	c.t.Helper()
	var s struct {
		Connection string `json:"connection"`
	}
	c.api("GET", "/api/v1/status", nil, &s)
	return s.Connection
}

// runs counts the history.
func (c *customer) runs() int {
	c.t.Helper()
	var page struct {
		Items []struct{} `json:"items"`
	}
	c.api("GET", "/api/v1/runs", nil, &page)
	return len(page.Items)
}

// Somebody uninstalls the app in HubSpot: the next tick notices, Lumo falls silent, and a new installation finds everything again.
func TestUninstallAndReturn(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 10, Lists: 1, Friends: 8, Linked: 6})
	c.mapProperty("phone")
	second, err := outside.Line.CreateChannel(linesandbox.ChannelSpec{Provider: outside.Line.Providers()[0].ID, Name: "Second", Verified: true})
	if err != nil {
		t.Fatal(err)
	}
	printed.secret("channel secret of a second account", second.Secret)
	c.api("POST", "/api/v1/accounts", map[string]string{"channelId": second.ID, "channelSecret": second.Secret}, nil)
	c.quiet(within)
	memory, runs, changes := c.memory(), c.runs(), c.changes()

	if err := outside.HubSpot.Uninstall(c.Portal); err != nil {
		t.Fatal(err)
	}
	// Before anybody notices, there is something to write.
	if err := outside.Line.Block(c.account.ID, c.linked[0].user); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the tick notices the uninstall", func() string {
		tick(t)
		if got := c.connection(); got != "removed" {
			return "the portal is " + got
		}
		return ""
	})
	if n := refusedRefreshes(); n > 2 {
		t.Errorf("%d refresh attempts with a dead grant", n)
	}

	calls, refreshes := outside.HubSpot.Stats(c.Portal).Total, refusedRefreshes()
	if err := outside.Line.Block(c.account.ID, c.linked[1].user); err != nil {
		t.Fatal(err)
	}
	if _, code := c.refused("POST", "/api/v1/sync", map[string]string{"extent": "all"}); code != "NOT_CONNECTED" {
		t.Errorf("a sync by hand: %s", code)
	}
	c.edit(c.linked[2], "phone", "+81300001111", hubspotsandbox.By{}) // no webhook comes any more
	for range 3 {
		tick(t)
	}
	c.idle()
	if n := outside.HubSpot.Stats(c.Portal).Total; n != calls {
		t.Errorf("%d calls to HubSpot after the uninstall", n-calls)
	}
	if n := refusedRefreshes(); n != refreshes {
		t.Errorf("%d more refreshes", n-refreshes)
	}

	if err := c.Install(t.Context(), demo.NewBrowser()); err != nil {
		t.Fatal(err)
	}
	if got := c.connection(); got != "connected" {
		t.Fatalf("after the new installation the portal is %s", got)
	}
	if now := c.memory(); now != memory {
		t.Errorf("the new installation found\n%s\nnot\n%s", now, memory)
	}
	if r, n := c.runs(), c.changes(); r < runs || n < changes {
		t.Errorf("history: %d runs and %d changes of %d and %d", r, n, runs, changes)
	}
	// What happened meanwhile is caught up with.
	eventually(t, 100*time.Second, "both sides agree again", func() string {
		tick(t)
		if off := c.agrees(c.linked[2], "phone", "+81300001111"); off != "" {
			return off
		}
		if got := c.hubspot(c.linked[0], "line_follow_status"); got != "blocked" {
			return "HubSpot says " + got
		}
		return ""
	})
}
