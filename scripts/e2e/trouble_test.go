package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// HubSpot refuses for its pace, fails, hangs, hangs up and answers nonsense, in the middle of edits on both sides. Nothing is lost, and
// the pace stays below the limit.
func TestTroubleAtHubSpotLosesNothing(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 40, Companies: 5, Lists: 2, Friends: 32, Linked: 30})
	c.mapProperty("phone")
	c.afterWindow()
	for _, f := range []hubspotsandbox.Fault{
		{Kind: hubspotsandbox.FaultCutAfter, Path: "/batch/update", Count: 1}, // it happened, and nobody was told
		{Kind: hubspotsandbox.FaultStatus, Status: 429, RetryAfter: "1", Count: 2},
		{Kind: hubspotsandbox.FaultGarbage, Path: "/batch/", Count: 1},
		{Kind: hubspotsandbox.FaultStatus, Status: 500, Count: 3},
		{Kind: hubspotsandbox.FaultHangAfter, Path: "/batch/", Millis: 2000, Count: 1},
		{Kind: hubspotsandbox.FaultHang, Millis: 2000, Count: 1},
		{Kind: hubspotsandbox.FaultCutBefore, Count: 3},
		{Kind: hubspotsandbox.FaultStatus, Status: 502, Body: "<html>Bad gateway</html>", Count: 2},
	} {
		f.Portal = c.Portal
		if _, err := outside.HubSpot.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	want := map[person]string{}
	for i, p := range c.linked {
		want[p] = fmt.Sprintf("+8170%08d", i)
		if i%2 == 0 {
			c.enter(p, "phone", want[p])
		} else {
			c.edit(p, "phone", want[p], hubspotsandbox.By{})
		}
	}
	eventually(t, 100*time.Second, "both sides agree", func() string {
		for p, v := range want {
			if off := c.agrees(p, "phone", v); off != "" {
				return off
			}
		}
		return ""
	})
	c.quiet(within)
	if off := c.everyoneAgrees("firstname", "lastname", "phone"); off != "" {
		t.Error(off)
	}
	for _, f := range outside.HubSpot.Faults() {
		if f.Portal == c.Portal && f.Hits < f.Count {
			t.Errorf("%s %d struck %d of %d times: the test is too kind", f.Kind, f.Status, f.Hits, f.Count)
		}
	}
	stats := outside.HubSpot.Stats(c.Portal)
	if limit := hubspotsandbox.DefaultLimits; stats.Peak10s > limit.General || stats.PeakSearch1s > limit.Search {
		t.Errorf("pace: %d in 10 s, %d searches in 1 s", stats.Peak10s, stats.PeakSearch1s)
	}
	if n := len(c.failures()); n != 0 {
		t.Errorf("%d failed items: waiting was enough", n)
	}
}

type failureRow struct {
	ID            string   `json:"id"`
	ContactID     *string  `json:"contactId"`
	Code          string   `json:"code"`
	Message       string   `json:"message"`
	Properties    []string `json:"properties"`
	CorrelationID *string  `json:"correlationId"`
}

func (c *customer) failures() []failureRow {
	c.t.Helper()
	var page struct {
		Items []failureRow `json:"items"`
	}
	c.api("GET", "/api/v1/failures", nil, &page)
	return page.Items
}

// An admin's rule refuses one contact's value: that contact alone fails, with HubSpot's reason, and Retry works once the rule is gone.
func TestOneRefusedContact(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 12, Lists: 1, Friends: 10, Linked: 8})
	c.mapProperty("phone")
	c.afterWindow()
	if err := outside.HubSpot.SetRules(c.Portal, []hubspotsandbox.Rule{{Object: "contacts", Property: "phone", Pattern: `^\+`}}); err != nil {
		t.Fatal(err)
	}
	bad := c.linked[3]
	want := map[person]string{}
	for i, p := range c.linked {
		want[p] = fmt.Sprintf("+8160%08d", i)
	}
	want[bad] = "0312345678"
	for p, v := range want {
		c.enter(p, "phone", v)
	}
	var failed failureRow
	eventually(t, within, "the others are written and one fails", func() string {
		for p, v := range want {
			if got := c.hubspot(p, "phone"); p != bad && got != v {
				return fmt.Sprintf("contact %d has %q", p.contact, got)
			}
		}
		fs := c.failures()
		if len(fs) != 1 {
			return fmt.Sprintf("%d failed items", len(fs))
		}
		failed = fs[0]
		return ""
	})
	if failed.ContactID == nil || *failed.ContactID != fmt.Sprint(bad.contact) || !strings.Contains(failed.Message, "phone") || failed.CorrelationID == nil || failed.Code == "" {
		t.Errorf("failed item: %+v", failed)
	}
	answered := false
	for _, call := range outside.HubSpot.Calls(c.Portal) {
		answered = answered || failed.CorrelationID != nil && call.CorrelationID == *failed.CorrelationID
	}
	if !answered {
		t.Errorf("the correlation id is none of HubSpot's answers: %+v", failed)
	}
	if !c.friend(bad).Failed || c.friend(c.linked[0]).Failed {
		t.Error("the failure is not shown on its friend alone")
	}
	if err := outside.HubSpot.SetRules(c.Portal, nil); err != nil {
		t.Fatal(err)
	}
	c.api("POST", "/api/v1/failures/"+failed.ID+"/retry", map[string]any{}, nil)
	eventually(t, within, "the retried value is in HubSpot and the item gone", func() string {
		if n := len(c.failures()); n != 0 {
			return fmt.Sprintf("%d failed items", n)
		}
		return c.agrees(bad, "phone", want[bad])
	})
	if c.friend(bad).Failed {
		t.Error("the friend still counts as failed")
	}
}
