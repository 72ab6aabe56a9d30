package contract

import (
	"strings"
	"testing"

	"lumo/shared/dynamo"
	"lumo/shared/messagetemplate"
)

type templateJSON struct {
	ID, Name, Summary, UpdatedBy string
	Slot                         int
	Bubbles                      []struct{ Text string }
	UsedBy                       []struct{ Workflow string }
}

// TestAPIKeepsMessageTemplates through their life: only what LINE would take is kept, and only its portal sees it.
func TestAPIKeepsMessageTemplates(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	w.connect(ann, "Aiko")
	content := body{"slot": 1, "name": " Welcome ", "bubbles": []body{{"kind": "text", "text": "Hi {{line.name|you}}"}, {"kind": "sticker", "packageId": "446", "stickerId": "1988"}}, "requestId": "template-1"}
	made := into[templateJSON](t, ann.ok("POST", "/templates", content))
	if again := into[templateJSON](t, ann.ok("POST", "/templates", content)); again.ID != made.ID || made.Name != "Welcome" || made.Summary != "Hi you" || len(made.Bubbles) != 2 {
		t.Fatalf("%+v, again %+v", made, again)
	}
	at := "/templates/1/" + made.ID
	edited := into[templateJSON](t, ann.ok("PUT", at, body{"name": "Welcome", "bubbles": []body{{"kind": "text", "text": "Good day"}}}))
	if edited.ID != made.ID || edited.Summary != "Good day" {
		t.Errorf("%+v", edited)
	}
	copied := into[templateJSON](t, ann.ok("POST", at+"/copy", body{"name": "Copy of Welcome"}))
	if copied.ID == made.ID || copied.Bubbles[0].Text != "Good day" {
		t.Errorf("%+v", copied)
	}
	store := dynamo.Templates{Table: w.app.Table()}
	for _, at := range []int64{7, 7, 6} {
		w.must(store.Used(t.Context(), customer, 1, made.ID, messagetemplate.Use{Workflow: "555", LastAt: at}))
	}
	if got := into[templateJSON](t, ann.ok("GET", at, nil)); len(got.UsedBy) != 1 || got.UsedBy[0].Workflow != "555" {
		t.Errorf("%+v", got)
	}
	if r := ann.ok("GET", "/templates?slot=1&limit=1", nil); strings.Count(string(r.Raw), `"id"`) != 1 || strings.Contains(string(r.Raw), `"next":null`) {
		t.Errorf("%s", r.Raw)
	}
	if r := ann.ok("GET", "/templates?slot=1&q=copy", nil); strings.Count(string(r.Raw), `"id"`) != 1 {
		t.Errorf("%s", r.Raw)
	}
	for content, code := range map[string]string{
		`{"slot":1,"name":" ","bubbles":[{"kind":"text","text":"x"}]}`:                        "INVALID_NAME",
		`{"slot":1,"name":"x","bubbles":[]}`:                                                  "BUBBLE_COUNT",
		`{"slot":1,"name":"x","bubbles":[{"kind":"text","text":"{{firstname}}"}]}`:            "BUBBLE_MERGE_FALLBACK",
		`{"slot":1,"name":"x","bubbles":[{"kind":"text","text":"{{never_mapped|x}}"}]}`:       "BUBBLE_MERGE_FIELD",
		`{"slot":2,"name":"x","bubbles":[{"kind":"text","text":"x"}]}`:                        "NO_SUCH_ACCOUNT",
		`{"slot":1,"name":"x","bubbles":[{"kind":"json","contents":{"type":"nonsense"}}]}`:    "PROVIDER_REFUSED",
		`{"slot":1,"name":"x","bubbles":[{"kind":"image","url":"http://a","previewUrl":""}]}`: "BUBBLE_URL",
	} {
		ann.refused("POST", "/templates", content, 200, code)
	}
	eve.refused("GET", at, "", 200, "NO_SUCH_TEMPLATE")
	eve.refused("PUT", at, `{"name":"x","bubbles":[{"kind":"text","text":"x"}]}`, 200, "NO_SUCH_TEMPLATE")
	eve.ok("DELETE", at, nil)
	if got := into[templateJSON](t, ann.ok("GET", at, nil)); got.Name != "Welcome" {
		t.Errorf("%+v", got)
	}
	ann.ok("DELETE", at, nil)
	ann.refused("GET", at, "", 200, "NO_SUCH_TEMPLATE")
}

func TestAPIKeepsQuietHours(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	if r := ann.ok("GET", "/quiet-hours", nil); !strings.Contains(string(r.Raw), `{"from":1260,"to":480,"timeZone":"Asia/Jakarta"}`) {
		t.Errorf("%s", r.Raw)
	}
	ann.ok("PUT", "/quiet-hours", body{"from": 720, "to": 780})
	ann.refused("PUT", "/quiet-hours", `{"from":1440,"to":0}`, 200, "INVALID_INPUT")
	if r := ann.ok("GET", "/quiet-hours", nil); !strings.Contains(string(r.Raw), `"from":720,"to":780`) {
		t.Errorf("%s", r.Raw)
	}
	if r := eve.ok("GET", "/quiet-hours", nil); !strings.Contains(string(r.Raw), `"from":1260`) {
		t.Errorf("%s", r.Raw)
	}
}
