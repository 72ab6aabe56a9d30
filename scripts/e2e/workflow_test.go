package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

const sendMessage = "lumo_send_line_message"

// branches waits until every contact of a workflow ended, and tells where, by contact.
func (c *customer) branches(flow int64) map[int64]string {
	c.t.Helper()
	eventually(c.t, 2*within, "every contact ends in a branch", func() string {
		if s := outside.HubSpot.FlowStats(c.Portal, flow); s.Calling+s.Waiting > 0 {
			return fmt.Sprintf("%+v", s)
		}
		return ""
	})
	out := map[int64]string{}
	for _, e := range outside.HubSpot.Enrolments(c.Portal, flow) {
		out[e.Contact] = e.Branch()
	}
	return out
}

// A step is configured from its options, contacts are enrolled while HubSpot repeats a fifth of its calls in both forms: the message arrives once
// on each phone, and each contact ends in the branch that its friend's state asks for.
func TestAWorkflowSendsOnceAndBranches(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 20, Lists: 1, Friends: 12, Linked: 10})
	h := outside.HubSpot
	h.SetFlows(hubspotsandbox.FlowSettings{Repeat: 0.2, NewID: 0.5, MaxRepeats: 5, RepeatMs: 300, RetryMs: 500, Concurrent: 6})
	words := printed.secret("the text of a workflow's message", "canary 9e2d: welcome")
	var kept struct{ ID string }
	c.api("POST", "/api/v1/templates", map[string]any{"slot": 1, "name": "Welcome", "bubbles": []map[string]string{{"kind": "text", "text": words}}}, &kept)

	accounts, err := h.FetchOptions(c.Portal, sendMessage, "oa", nil, "", "")
	c.must(err)
	if len(accounts.Options) != 1 {
		t.Fatalf("accounts %+v", accounts)
	}
	account := map[string]string{"oa": accounts.Options[0].Value}
	templates, err := h.FetchOptions(c.Portal, sendMessage, "template", account, "welc", "")
	c.must(err)
	if len(templates.Options) != 1 || templates.Options[0].Value != kept.ID {
		t.Fatalf("templates %+v", templates)
	}
	flowOf := func(more map[string]string) int64 {
		inputs := map[string]string{"oa": account["oa"]}
		for k, v := range more {
			inputs[k] = v
		}
		flow, err := h.MakeFlow(c.Portal, hubspotsandbox.Flow{Name: "Welcome", Steps: []hubspotsandbox.FlowStep{{Action: sendMessage, Inputs: inputs}}})
		c.must(err)
		return flow
	}

	blocked := c.linked[0]
	c.line(func(s *linesandbox.Server, channel string) error { return s.Block(channel, blocked.user) })
	eventually(t, within, "Lumo knows of the block", func() string {
		if got := c.friend(blocked).Follow; got != "blocked" {
			return "follow is " + got
		}
		return ""
	})
	var everybody []int64
	linked := map[int64]bool{}
	for _, p := range c.linked {
		linked[p.contact] = true
	}
	for _, r := range c.records() {
		everybody = append(everybody, r.ID)
	}
	transactional := flowOf(map[string]string{"template": kept.ID, "category": "transactional"})
	for round := 1; round <= 2; round++ {
		c.must(h.Enroll(c.Portal, transactional, everybody...))
		c.branches(transactional)
		for _, e := range h.Enrolments(c.Portal, transactional) {
			want := "skipped_unlinked"
			if linked[e.Contact] {
				want = "sent"
			}
			if e.Contact == blocked.contact {
				want = "skipped_blocked"
			}
			if e.Branch() != want {
				t.Errorf("round %d: contact %d is in %q, not in %q: %+v", round, e.Contact, e.Branch(), want, e.Results)
			}
		}
		for _, p := range c.linked {
			want := round
			if p.contact == blocked.contact {
				want = 0
			}
			if got := c.heard(p, words); got != want {
				t.Errorf("round %d: a phone shows the message %d times, not %d", round, got, want)
			}
		}
	}
	if s := h.FlowStats(c.Portal, transactional); s.Calls <= s.Enrolled {
		t.Errorf("HubSpot repeated nothing: %+v", s)
	}

	friend := c.linked[1]
	marketing := flowOf(map[string]string{"template": kept.ID})
	c.must(h.Enroll(c.Portal, marketing, friend.contact))
	if got := c.branches(marketing)[friend.contact]; got != "skipped_no_consent" {
		t.Errorf("without consent: %s", got)
	}
	none := 0
	c.line(func(s *linesandbox.Server, channel string) error {
		_, err := s.ConfigureChannel(channel, linesandbox.ChannelChange{Quota: &none})
		return err
	})
	held := flowOf(map[string]string{"text_1": words, "category": "transactional"})
	c.must(h.Enroll(c.Portal, held, friend.contact))
	if got := c.branches(held)[friend.contact]; got != "held_quota" {
		t.Errorf("without quota: %s", got)
	}
	c.api("DELETE", "/api/v1/templates/1/"+kept.ID, nil, nil)
	failed := flowOf(map[string]string{"template": kept.ID, "category": "transactional"})
	c.must(h.Enroll(c.Portal, failed, friend.contact))
	if got := c.branches(failed)[friend.contact]; got != "failed" {
		t.Errorf("with a deleted template: %s", got)
	}
	if s := h.FlowStats(c.Portal, transactional); s.P99Ms > float64(5*time.Second.Milliseconds()) {
		t.Errorf("accepting took %v ms", s.P99Ms)
	}
}
