package e2e_test

import (
	"fmt"
	"testing"

	"lumo/scripts/demo"
)

// More than 1,000 contacts would change for the first time: nobody is written to before a preview was looked at and confirmed (P-64).
func TestManyFirstWritesWaitForAPreview(t *testing.T) {
	t.Parallel()
	size := demo.Size{Contacts: 1100, Lists: 1, Friends: 1010, Linked: 1005}
	c := newCustomer(t, size)
	state, code := c.display()
	if state != "Applying" || code != "PREVIEW_NEEDED" {
		t.Fatalf("the display is %q with %q", state, code)
	}
	if st, err := c.Status(t.Context()); err != nil || st.LastRun == nil || st.LastRun.Contacts != size.Linked {
		t.Errorf("the run compared %+v contacts, not each of %d once (%v)", st.LastRun, size.Linked, err)
	}
	var run struct {
		APICalls int `json:"apiCalls"`
	}
	if st, err := c.Status(t.Context()); err == nil && st.LastRun != nil {
		c.api("GET", "/api/v1/runs/"+st.LastRun.ID, nil, &run)
	}
	if run.APICalls < 8 || run.APICalls > 60 {
		t.Errorf("the run counted %d calls", run.APICalls)
	}
	if n := len(c.updates(0)); n != 0 {
		t.Fatalf("%d contacts were written before anybody confirmed", n)
	}
	if _, code := c.refused("POST", "/api/v1/sync/confirm", map[string]any{}); code != "PREVIEW_FIRST" {
		t.Fatalf("a confirmation without a preview: %s", code)
	}
	// What somebody enters meanwhile waits, too, and is kept.
	one := c.linked[7]
	c.mapProperty("phone")
	c.enter(one, "phone", "+819011112222")
	if err := c.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "everything is written", func() string {
		if state, code := c.display(); state != "Normal" || code != "" {
			return fmt.Sprintf("the display is %q with %q", state, code)
		}
		if s := c.agrees(one, "phone", "+819011112222"); s != "" {
			return s
		}
		for _, p := range c.linked {
			if c.hubspot(p, "line_display_name") == "" {
				return fmt.Sprintf("contact %d has no LINE name", p.contact)
			}
		}
		return ""
	})
}

// display is the state of the sync and the code of the banner.
func (c *customer) display() (state, banner string) {
	c.t.Helper()
	s, err := c.Status(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if s.Banner != nil {
		banner = s.Banner.Code
	}
	return s.State, banner
}
