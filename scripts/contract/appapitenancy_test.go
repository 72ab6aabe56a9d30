package contract

import (
	"strings"
	"testing"

	"lumo/shared/syncrun"
)

// TestAPITenancy plants one customer's data beside another's and looks for it in everything the other can ask for (I5).
func TestAPITenancy(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	const canary = "Kanarienvogel"
	users := w.connect(ann, canary+" Taro")
	mine := w.connect(eve, "Mallory")
	contact := w.contact(customer, map[string]string{"firstname": canary, "line_user_id": string(users[0])})
	w.run(ann, syncrun.All)
	w.run(eve, syncrun.All)
	made := into[struct{ Tag struct{ ID string } }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": canary, "requestId": "request-of-ann"}))
	ann.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[0])}, "add": []string{made.Tag.ID}})
	ann.ok("PATCH", "/friends/1/"+string(users[0])+"/fields", body{"values": body{"lastname": canary}})
	ann.ok("POST", "/accounts/1/forwards", body{"url": "https://" + strings.ToLower(canary) + ".example.com/"})
	ann.ok("POST", "/friends/1/"+string(users[0])+"/messages", body{"requestId": "message-of-ann", "text": canary})
	segment := into[segmentJSON](t, ann.ok("POST", "/segments", body{"slot": 1, "name": canary, "tree": where(body{"type": "tag", "op": "has", "ref": made.Tag.ID})})).ID
	w.work()
	runs := into[struct {
		Items []struct{ ID string }
		Next  string
	}](t, ann.ok("GET", "/runs?limit=1", nil))
	run := runs.Items[0].ID
	if !strings.Contains(string(ann.ok("GET", "/contacts/"+contact.String(), nil).Raw), canary) {
		t.Fatal("the canary is not where it belongs")
	}

	for _, path := range []string{
		"/status", "/runs", "/runs/" + run, "/changes", "/changes?run=" + run, "/changes?contact=" + contact.String(), "/changes?slot=1&user=" + string(users[0]),
		"/changes/export", "/failures", "/mappings", "/properties", "/lists", "/friends?slot=1", "/friends?search=" + canary, "/friends?search=" + string(users[0]),
		"/friends?tag=" + made.Tag.ID, "/friends/1/" + string(users[0]), "/friends/1/" + string(users[0]) + "/messages", "/contacts/" + contact.String(), "/accounts", "/accounts/1/import", "/inbox", "/tags", "/segments", "/segments/1/" + segment, "/segments/choices", "/settings", "/audit",
		"/disconnect", "/runs?cursor=" + runs.Next,
	} {
		r := w.send(eve.request("GET", path, nil), nil, false)
		if low := strings.ToLower(string(r.Raw)); strings.Contains(low, strings.ToLower(canary)) || strings.Contains(low, string(users[0])) && !strings.Contains(path, string(users[0])) {
			t.Errorf("%s shows another customer's data: %s", path, r.Raw)
		}
	}
	eve.refused("GET", "/friends/1/"+string(users[0]), "", 200, "NO_SUCH_FRIEND")
	eve.refused("POST", "/friends/1/"+string(users[0])+"/messages", `{"requestId":"message-of-ann","text":"Eve"}`, 200, "NO_SUCH_FRIEND")
	eve.refused("POST", "/friends/1/"+string(users[0])+"/messages/message-of-ann/retry", `{}`, 200, "NO_SUCH_MESSAGE")
	if m := into[struct{ Message messageJSON }](t, eve.ok("POST", "/friends/1/"+string(mine[0])+"/messages", body{"requestId": "message-of-ann", "text": "Eve"})).Message; m.Text != "Eve" || m.Status != "sent" {
		t.Errorf("another customer's message: %+v", m)
	}
	eve.refused("GET", "/segments/1/"+segment, "", 200, "NO_SUCH_SEGMENT")
	eve.refused("POST", "/segments/1/"+segment+"/copy", `{"name":"Eve"}`, 200, "NO_SUCH_SEGMENT")
	eve.refused("POST", "/segments", `{"slot":1,"name":"Eve","tree":{"all":[{"any":[{"type":"tag","op":"has","ref":"`+made.Tag.ID+`"}]}]}}`, 200, "CONDITION_TAG")
	eve.refused("POST", "/broadcasts/estimate", `{"slot":1,"audience":{"kind":"segment","ref":"`+segment+`"}}`, 200, "AUDIENCE_UNUSABLE")
	eve.refused("GET", "/runs/"+run, "", 200, "NOT_FOUND")
	eve.refused("GET", "/runs?cursor="+runs.Next, "", 200, "INVALID_INPUT")
	eve.refused("PATCH", "/friends/1/"+string(users[0])+"/fields", `{"values":{"firstname":"Eve"}}`, 200, "NO_SUCH_FRIEND")
	eve.refused("PATCH", "/tags/1/"+made.Tag.ID, `{"name":"Eve"}`, 200, "NO_SUCH_TAG")
	eve.refused("POST", "/friends/tags", `{"slot":1,"users":["`+string(mine[0])+`"],"add":["`+made.Tag.ID+`"]}`, 200, "NO_SUCH_TAG")
	given := into[struct{ Missing []string }](t, eve.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[0])}, "remove": []string{made.Tag.ID}}))
	if len(given.Missing) != 1 {
		t.Errorf("another customer's friend was found: %+v", given)
	}
	if r := eve.ok("POST", "/tags", body{"slot": 1, "name": "Eve", "requestId": "request-of-ann"}); strings.Contains(string(r.Raw), canary) {
		t.Errorf("another customer's answer: %s", r.Raw)
	}
	if v := w.value(customer, contact, "firstname"); v != canary {
		t.Errorf("another customer's contact became %q", v)
	}
}
