package contract

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lumo/functions/app-api/handle"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/httpapi"
	"lumo/scripts/localcloud/template"
	"lumo/shared/access"
	"lumo/shared/portal"
	"lumo/shared/syncrun"
)

func TestAPITellsWhenHubSpotIsAway(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	_, err := w.hub.AddFault(hubspotsandbox.Fault{Path: "/properties", Kind: hubspotsandbox.FaultStatus, Status: 503})
	w.must(err)
	if r := ann.call("GET", "/properties", nil); r.OK || r.Status != 200 || r.Error.Code != "PROVIDER_UNAVAILABLE" {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
	made := into[struct{ Offered bool }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP"}))
	if made.Offered {
		t.Error("a tag was offered by nobody")
	}
	w.hub.RemoveFault(0)
	ann.ok("GET", "/properties", nil)

	// The customer takes our access away: what is stored can still be seen, and everybody is told what to do.
	w.must(w.hub.Uninstall(customer))
	code := ""
	for range 3 { // one refusal may be HubSpot's own mistake
		w.clock.Advance(time.Hour)
		code = ann.call("GET", "/properties", nil).Error.Code
	}
	if code != "RECONNECT_HUBSPOT" {
		t.Errorf("without access: %s", code)
	}
	if s := into[struct{ Banner struct{ Code string } }](t, ann.ok("GET", "/status", nil)); s.Banner.Code != "RECONNECT_HUBSPOT" {
		t.Errorf("status %+v", s)
	}
	ann.ok("GET", "/tags", nil)
	if r := ann.call("POST", "/sync", body{"extent": "all"}); r.Error.Code != "NOT_CONNECTED" {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
}

func TestAPIAnswersStayBelowOneMegabyte(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro")
	values := map[string]string{"line_user_id": string(users[0]), "firstname": "Taro"}
	for i := range 12 {
		name := fmt.Sprintf("long_%02d", i)
		w.must(w.hub.DefineProperty(customer, "contacts", hubspotsandbox.Definition{Name: name, Label: name, Type: "string", FieldType: "textarea", Group: "contactinformation"}))
		ann.ok("POST", "/mappings", body{"property": name})
		values[name] = strings.Repeat("長", 2000)
	}
	contact := w.contact(customer, values)
	w.work()
	w.run(ann, syncrun.Contacts)
	w.run(ann, syncrun.Contacts)
	for _, path := range []string{"/friends/1/" + string(users[0]), "/contacts/" + contact.String(), "/changes", "/runs"} {
		r := ann.ok("GET", path, nil)
		if len(r.Raw) > 900_000 || !strings.Contains(string(r.Raw), "長") && path != "/runs" {
			t.Errorf("%s: %d bytes", path, len(r.Raw))
		}
	}
	rows := 0
	for cursor := ""; ; {
		page := into[struct {
			Rows [][]string
			Next string
		}](t, ann.ok("GET", "/changes/export"+cursor, nil))
		for _, r := range page.Rows {
			if strings.HasPrefix(r[4], "long_") && len([]rune(r[7])) != 2000 {
				t.Errorf("an exported value of %d characters", len([]rune(r[7])))
			}
		}
		rows += len(page.Rows)
		if page.Next == "" {
			break
		}
		cursor = "?cursor=" + page.Next
	}
	if rows < 13 {
		t.Errorf("%d rows exported", rows)
	}
}

// viewer may look and nothing else.
type viewer struct{}

func (viewer) Allow(_ context.Context, _ portal.Portal, _ portal.Actor, a access.Action) error {
	if a == access.View {
		return nil
	}
	return access.ErrDenied
}

func TestAPIAsksWhoMay(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	d := handle.FromApp(w.app)
	d.Access = viewer{}
	system, err := template.Read(repository+"/template.yaml", template.Local{Stack: "test", SQS: "http://sqs.test"})
	w.must(err)
	api := httpapi.New()
	for _, f := range system.Functions {
		for _, r := range f.Routes {
			if f.Code == "functions/app-api" {
				api.Add(r, function{handle.New(d).Lambda()})
			}
		}
	}
	w.http = api
	may := into[struct{ May map[string]bool }](t, ann.ok("GET", "/settings", nil)).May
	for action, ok := range may {
		if ok {
			t.Errorf("a viewer may %s", action)
		}
	}
	for _, r := range handle.Routes() {
		method, path, _ := strings.Cut(r, " ")
		if method != "GET" && r != "POST /exports" && r != "POST /segments/estimate" { // which are ways to look
			ann.refused(method, strings.NewReplacer("{", "", "}", "").Replace(path), `{}`, 200, "PERMISSION_DENIED")
		}
	}
}
