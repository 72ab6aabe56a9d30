package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// HubSpot is away for a while, each time in another way, while people on both sides edit and somebody starts a run: the run and the friends
// show what waits, and afterwards everything arrives by itself.
func TestAnOutageLosesNothing(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]hubspotsandbox.Fault{
		"refuses for its pace": {Kind: hubspotsandbox.FaultStatus, Status: 429, RetryAfter: "2"},
		"fails":                {Kind: hubspotsandbox.FaultStatus, Status: 500},
		"hangs":                {Kind: hubspotsandbox.FaultHang},
		"hangs up":             {Kind: hubspotsandbox.FaultCutAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCustomer(t, demo.Size{Contacts: 12, Lists: 1, Friends: 10, Linked: 10})
			c.mapProperty("phone")
			c.afterWindow()
			f.Portal, f.Until = c.Portal, time.Now().Add(*outage).UnixMilli()
			if _, err := outside.HubSpot.AddFault(f); err != nil {
				t.Fatal(err)
			}
			want := map[person]string{}
			for i, p := range c.linked {
				want[p] = fmt.Sprintf("+8150%08d", i)
				if i%2 == 0 {
					c.enter(p, "phone", want[p])
				} else {
					c.edit(p, "phone", want[p], hubspotsandbox.By{})
				}
			}
			c.api("POST", "/api/v1/sync", map[string]any{"extent": "all"}, nil)
			if s, err := c.Status(t.Context()); err != nil || s.Run == nil {
				t.Errorf("the run that waits is not shown: %+v, %v", s, err)
			}
			if time.Now().UnixMilli() < f.Until && f.Kind != hubspotsandbox.FaultCutAfter && !c.friend(c.linked[0]).Pending {
				t.Error("a friend whose edit cannot reach HubSpot is not shown as waiting")
			}
			eventually(t, *outage+100*time.Second, "both sides agree", func() string {
				for p, v := range want {
					if off := c.agrees(p, "phone", v); off != "" {
						return off
					}
				}
				return ""
			})
			c.quiet(within)
			if fs := c.failures(); len(fs) != 0 {
				t.Errorf("waiting was enough, and yet there are failed items: %+v", fs)
			}
			if s, err := c.Status(t.Context()); err != nil || s.State != "Normal" {
				t.Errorf("state %q, %v", s.State, err)
			}
			stats := outside.HubSpot.Stats(c.Portal)
			if limit := hubspotsandbox.DefaultLimits; stats.Peak10s > limit.General || stats.PeakSearch1s > limit.Search {
				t.Errorf("pace: %d in 10 s, %d searches in 1 s", stats.Peak10s, stats.PeakSearch1s)
			}
		})
	}
}
