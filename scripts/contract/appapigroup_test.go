package contract

import (
	"strings"
	"testing"

	"lumo/shared/groupchat"
	"lumo/shared/id"
)

type companyJSON struct {
	State  string
	Groups []struct {
		ID, Name        string
		Present, Active bool
		Members         int
		People          []struct{ Name string }
		Messages        []messageJSON
	}
}

// TestAPIGroup: the card of a group's company shows it and writes to it; another portal sees nothing of it.
func TestAPIGroup(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	w.connect(ann, "Aiko")
	group := id.GroupID("C" + strings.Repeat("a", 32))
	const company = "701"
	if got := into[companyJSON](t, ann.ok("GET", "/companies/"+company, nil)); got.State != "groups_off" {
		t.Errorf("before anything: %+v", got)
	}
	ann.ok("PATCH", "/settings", body{"groupChats": true})
	if got := into[companyJSON](t, ann.ok("GET", "/companies/"+company, nil)); got.State != "no_group" {
		t.Errorf("with the option: %+v", got)
	}
	talk := "/groups/1/" + string(group) + "/messages"
	ann.refused("GET", talk, "", 200, "NO_SUCH_GROUP")
	ann.refused("POST", talk, `{"requestId":"message-to-all","text":"hello"}`, 200, "NO_SUCH_GROUP")
	_, err := w.app.Groups().Store.Save(t.Context(), groupchat.Group{
		Portal: customer, Slot: 1, ID: group, Name: "Sales", Present: true, PresentAt: 1, Count: 7, AskedAt: 1, Company: 701,
		Members: map[id.LineUserID]groupchat.Member{id.LineUserID("U" + strings.Repeat("b", 32)): {In: true, At: 1, Name: "Bert"}},
	}, 0)
	w.must(err)
	got := into[companyJSON](t, ann.ok("GET", "/companies/"+company, nil))
	if got.State != "groups" || len(got.Groups) != 1 || got.Groups[0].Members != 7 || !got.Groups[0].Active || got.Groups[0].People[0].Name != "Bert" {
		t.Errorf("card %+v", got)
	}
	linking := w.app.Groups().Linking + "abc"
	ann.refused("POST", talk, `{"requestId":"message-linking","text":"look: `+linking+`"}`, 200, "LINKING_IN_GROUP")
	ann.ok("POST", talk, body{"requestId": "message-to-all", "text": "hello"})
	if got := into[companyJSON](t, ann.ok("GET", "/companies/"+company, nil)); len(got.Groups[0].Messages) != 1 || got.Groups[0].Messages[0].Text != "hello" {
		t.Errorf("messages %+v", got)
	}
	ann.ok("GET", talk, nil)
	if got := into[companyJSON](t, eve.ok("GET", "/companies/"+company, nil)); len(got.Groups) != 0 {
		t.Errorf("another portal sees %+v", got)
	}
	eve.refused("GET", talk, "", 200, "NO_SUCH_GROUP")
}
