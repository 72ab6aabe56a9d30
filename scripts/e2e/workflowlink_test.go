package e2e_test

import (
	"strings"
	"testing"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// A workflow makes an address by which a contact links their LINE, and links a friend whose LINE User ID stands in a property.
func TestAWorkflowLinks(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 8, Lists: 1, Friends: 4, Linked: 2})
	h := outside.HubSpot
	h.SetFlows(hubspotsandbox.FlowSettings{Repeat: 0.2, NewID: 0.5, MaxRepeats: 5, RepeatMs: 300, RetryMs: 500, Concurrent: 6})
	free := c.unlinkedContacts()
	c.loginChannel("")
	step := func(contact int64, action string, inputs map[string]string) map[string]string {
		t.Helper()
		flow, err := h.MakeFlow(c.Portal, hubspotsandbox.Flow{Name: "Link", Steps: []hubspotsandbox.FlowStep{{Action: action, Inputs: inputs}}})
		c.must(err)
		c.must(h.Enroll(c.Portal, flow, contact))
		c.branches(flow)
		return h.Enrolments(c.Portal, flow)[0].Results[0].Outputs
	}
	made := step(free[0], "lumo_create_line_link", map[string]string{"oa": "1"})
	address := made["link_url"]
	printed.secret("linking token of a workflow", address[strings.LastIndex(address, "/")+1:])
	if made["status"] != "done" || !strings.HasPrefix(address, outside.Front+"/k/") {
		t.Fatalf("%v", made)
	}
	ann := c.stranger("Ann")
	if got := ann.through(address, true); got.name != "linked" {
		t.Errorf("the link leads to page %q: %s", got.name, got.body)
	}

	eve := c.stranger("Eve")
	c.must(outside.Line.Follow(c.account.ID, eve.user))
	user, err := outside.Line.LineUserID(c.account.ID, eve.user)
	c.must(err)
	linked := person{free[1], user}
	for i, want := range []string{"linked", "conflict"} {
		c.edit(person{contact: free[1+i]}, "jobtitle", user, hubspotsandbox.By{})
		got := step(free[1+i], "lumo_link_line_friend", map[string]string{"oa": "1", "line_user_id": "{{enrolled_object.jobtitle}}"})
		if got["status"] != want {
			t.Errorf("contact %d: %v, not %s", i, got, want)
		}
	}
	c.knows(linked.contact, linked.user, "auto_match")
}
