package workflow_test

import (
	"context"
	"strings"
	"testing"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/workflow"
)

// A company's message goes to its group chat, once, and asks for nobody's consent; other actions are for contacts only.
func TestACompanysMessageGoesToItsGroup(t *testing.T) {
	t.Parallel()
	of := func(groups ...friend.Key) (*world, *string) {
		w := newWorld()
		w.Groups = func(_ context.Context, _ id.PortalID, c id.CompanyID, _ id.Slot) ([]friend.Key, error) {
			if c != 701 {
				t.Errorf("asked for company %d", c)
			}
			return groups, nil
		}
		w.Consent = func(context.Context, id.PortalID, id.Slot) (string, error) { return "", nil }
		e := &enrolment{callback: "ap-1", waiting: true}
		w.enrolled = []*enrolment{e}
		return w, &e.status
	}
	body := `{"callbackId":"ap-1","origin":{"portalId":7,"actionDefinitionId":1},"context":{"workflowId":5,"actionId":2},"object":{"objectId":701,"objectType":"COMPANY","properties":{}},"inputFields":{"oa":"1","text_1":"hello"}}`
	call, err := workflow.Parse(workflow.SendMessage, []byte(body), noon)
	if err != nil || !call.Company || call.Contact != 701 {
		t.Fatalf("%+v %v", call, err)
	}
	if _, err := workflow.Parse(workflow.AddTag, []byte(body), noon); err != workflow.ErrObject {
		t.Errorf("a tag for a company: %v", err)
	}
	w, status := of(friend.GroupKey(1, id.GroupID("C"+strings.Repeat("a", 32))))
	for range 3 { // HubSpot repeats
		if again, err := w.Handle(t.Context(), hub, []workflow.Call{call}); err != nil || len(again) > 0 {
			t.Fatal(again, err)
		}
	}
	if *status != "sent" || w.pushed[workflow.ExecutionID(call)] != 1 {
		t.Errorf("%s, sent %d times", *status, w.pushed[workflow.ExecutionID(call)])
	}
	w, status = of()
	if _, err := w.Handle(t.Context(), hub, []workflow.Call{call}); err != nil || *status != "skipped_unlinked" {
		t.Errorf("without a group: %s %v", *status, err)
	}
}
