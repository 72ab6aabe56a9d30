package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

// flow is a workflow of one step that everybody was enrolled in.
type flow struct {
	id    int64
	words string
}

// workflows enrols every contact in a workflow that sends a LINE message. HubSpot repeats a fifth of its calls, in both forms.
func (s *scenario) workflows(ctx context.Context) error {
	h := s.outside.HubSpot
	h.SetFlows(hubspotsandbox.FlowSettings{Repeat: 0.2, NewID: 0.5, MaxRepeats: 5, RepeatMs: 300, RetryMs: 500, Concurrent: 10})
	f := flow{words: "Welcome to the club"}
	err := insist(ctx, "a workflow", func() error {
		accounts, err := h.FetchOptions(portal, "lumo_send_line_message", "oa", nil, "", "")
		if err != nil {
			return err
		}
		if len(accounts.Options) != 1 {
			return fmt.Errorf("%d accounts to choose from", len(accounts.Options))
		}
		inputs := map[string]string{"oa": accounts.Options[0].Value, "text_1": f.words, "category": "transactional"}
		f.id, err = h.MakeFlow(portal, hubspotsandbox.Flow{Name: "Welcome", Steps: []hubspotsandbox.FlowStep{{Action: "lumo_send_line_message", Inputs: inputs}}})
		return err
	})
	if err != nil {
		return err
	}
	rs, err := h.Records(portal, "contacts")
	if err != nil {
		return err
	}
	var everybody []int64
	for _, r := range rs {
		everybody = append(everybody, r.ID)
	}
	if err := h.Enroll(portal, f.id, everybody...); err != nil {
		return err
	}
	s.flows = append(s.flows, f)
	return insist(ctx, "every contact ends in a branch", func() error { return s.branched(ctx) })
}

// branched compares workflows with the phones: every contact ended in a branch, which tells the truth, and no phone shows a message twice.
func (s *scenario) branched(ctx context.Context) error {
	if len(s.flows) == 0 {
		return nil
	}
	people, err := s.world.People(ctx, s.account)
	if err != nil {
		return err
	}
	for _, f := range s.flows {
		if err := s.once(f); err != nil {
			return err
		}
		ended := map[int64]string{}
		for _, e := range s.outside.HubSpot.Enrolments(portal, f.id) {
			ended[e.Contact] = e.Branch()
		}
		if len(ended) != s.size.Contacts {
			return fmt.Errorf("%d contacts are in the workflow, enrolled were %d", len(ended), s.size.Contacts)
		}
		for _, contact := range slices.Sorted(maps.Keys(ended)) {
			if err := s.ends(f, contact, ended[contact], people); err != nil {
				return err
			}
		}
	}
	return nil
}

// ends compares one contact's branch with what its phone shows.
func (s *scenario) ends(f flow, contact int64, branch string, people map[string]demo.Person) error {
	user, linked := s.linked[contact]
	if branch == "" {
		return fmt.Errorf("contact %d is still on its way", contact)
	}
	if !linked {
		if branch != "skipped_unlinked" {
			return fmt.Errorf("contact %d has no friend and ended in %s", contact, branch)
		}
		return nil
	}
	n, err := s.shows(f, user)
	if err != nil {
		return err
	}
	switch {
	case branch == "sent" && (n == 1 || people[user].State == "blocked"): // LINE takes a message to who blocked the account, and shows it to nobody
	case branch == "skipped_blocked" && n == 0 && people[user].State == "blocked":
	default:
		return fmt.Errorf("contact %d ended in %s, its phone shows the message %d times", contact, branch, n)
	}
	return nil
}

// once ends the scenario when a phone shows a message twice: that stays wrong.
func (s *scenario) once(f flow) error {
	for _, user := range s.linked {
		n, err := s.shows(f, user)
		if err != nil {
			return err
		}
		if n > 1 {
			err := errors.New("a workflow's message came twice to one phone")
			s.fail(err)
			return err
		}
	}
	return nil
}

// shows counts a workflow's message on a phone.
func (s *scenario) shows(f flow, user string) (n int, err error) {
	log, err := s.outside.Line.ChatLog(s.account.ID, user)
	for _, e := range log {
		if e.From == "account" && e.Text == f.words {
			n++
		}
	}
	return n, err
}
