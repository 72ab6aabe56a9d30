package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// Both ways of a phone number, quickly; edits of the same second agree, and further cycles write nothing.
func TestAPhoneNumberFlowsBothWays(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 30, Companies: 4, Lists: 2, Friends: 22, Linked: 20})
	c.mapProperty("phone")
	for _, p := range c.linked {
		if off := c.agrees(p, "phone", ""); off != "" {
			t.Errorf("after the first read: %s", off)
		}
	}

	c.edit(c.linked[0], "phone", "+81311112222", hubspotsandbox.By{})
	eventually(t, within, "HubSpot's edit reaches Lumo", func() string { return c.agrees(c.linked[0], "phone", "+81311112222") })

	c.afterWindow()
	c.enter(c.linked[1], "phone", "+81333334444")
	eventually(t, within, "Lumo's edit reaches HubSpot", func() string { return c.agrees(c.linked[1], "phone", "+81333334444") })

	// Both sides within one second, in both orders: HubSpot's edit counts up to two seconds longer (the tie rule). An edit that is clearly
	// later counts, whoever made it.
	pairs := c.linked[2:17]
	want := map[person]string{}
	for i, p := range pairs {
		ours, theirs := fmt.Sprintf("+8190%08d", i), fmt.Sprintf("+8180%08d", i)
		switch i % 3 {
		case 0:
			c.edit(p, "phone", theirs, hubspotsandbox.By{})
			c.enter(p, "phone", ours)
			want[p] = theirs
		case 1:
			c.enter(p, "phone", ours)
			c.edit(p, "phone", theirs, hubspotsandbox.By{})
			want[p] = theirs
		case 2:
			c.edit(p, "phone", theirs, hubspotsandbox.By{At: time.Now().Add(-10 * time.Second).UnixMilli()})
			c.enter(p, "phone", ours)
			want[p] = ours
		}
	}
	eventually(t, within, "both sides agree", func() string {
		for _, p := range pairs {
			if off := c.agrees(p, "phone", want[p]); off != "" {
				return off
			}
		}
		return ""
	})
	c.quiet(within)
	c.cyclesWriteNothing(10)
	if off := c.everyoneAgrees("firstname", "lastname", "phone"); off != "" {
		t.Error(off)
	}
}

// cyclesWriteNothing compares everything n times and looks for a write to HubSpot or a change in the log.
func (c *customer) cyclesWriteNothing(n int) {
	c.t.Helper()
	seq, changes := c.written(), c.changes()
	for i := range n {
		began := time.Now()
		c.api("PATCH", "/api/v1/mappings/phone", map[string]string{"rule": "newest_wins"}, nil) // starts a run over all linked contacts
		eventually(c.t, within, "the run ends", func() string {
			s, err := c.Status(c.t.Context())
			if err != nil {
				c.t.Fatal(err)
			}
			if s.Run != nil || s.LastRun == nil || s.LastRun.StartedAt < began.UnixMilli() {
				return "still at work"
			}
			if s.LastRun.Status != "complete" || s.LastRun.Contacts != len(c.linked) {
				c.t.Fatalf("cycle %d ended as %s with %d contacts", i, s.LastRun.Status, s.LastRun.Contacts)
			}
			return ""
		})
	}
	if w := c.updates(seq); len(w) > 0 {
		c.t.Errorf("%d further cycles wrote to HubSpot: %v", n, w)
	}
	if more := c.changes() - changes; more != 0 {
		c.t.Errorf("%d further cycles logged %d changes", n, more)
	}
}

// changes counts the change log.
func (c *customer) changes() int {
	c.t.Helper()
	n := 0
	for after := ""; ; {
		path := "/api/v1/changes?limit=50"
		if after != "" {
			path += "&" + query("cursor", after)
		}
		var page struct {
			Items []struct{} `json:"items"`
			Next  *string    `json:"next"`
		}
		c.api("GET", path, nil, &page)
		n += len(page.Items)
		if page.Next == nil {
			return n
		}
		after = *page.Next
	}
}
