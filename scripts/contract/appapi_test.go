package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/functions/app-api/handle"
	"lumo/scripts/hubspotsandbox"
	"lumo/shared/syncrun"
)

// TestEveryRouteIsInTheContract and the other way round.
func TestEveryRouteIsInTheContract(t *testing.T) {
	t.Parallel()
	doc, err := apiDoc()
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var documented []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	served := handle.Routes()
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented %v\nserved %v", documented, served)
	}
}

func TestAPIFollowsAFieldFromEditToHubSpot(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	status := into[struct {
		State    string                 `json:"state"`
		RunDue   bool                   `json:"runDue"`
		Banner   *struct{ Code string } `json:"banner"`
		Counters struct{ Friends, Accounts, Mappings int }
	}](t, ann.ok("GET", "/status", nil))
	if status.Banner == nil || status.Banner.Code != "CONNECT_LINE" || !status.RunDue {
		t.Fatalf("status %+v", status)
	}
	users := w.connect(ann, "Taro", "花子")
	contact := w.contact(customer, map[string]string{"firstname": "Ann", "line_user_id": string(users[0])})
	w.run(ann, syncrun.Contacts)

	friend := "/friends/1/" + string(users[0])
	detail := into[friendJSON](t, ann.ok("GET", friend, nil))
	if detail.Link.ContactID != contact.String() || detail.field("firstname").Value != "Ann" || detail.field("firstname").Winner != "hubspot" {
		t.Fatalf("friend %+v", detail)
	}
	edited := into[friendJSON](t, ann.ok("PATCH", friend+"/fields", body{"values": body{"firstname": "Anna", "lastname": "Sato"}}))
	if x := edited.field("firstname"); x.Value != "Anna" || x.Winner != "lumo" || !x.Pending || x.Why.Cause.Kind != "edit" || x.Why.Cause.User != fmt.Sprint(apiUser) {
		t.Fatalf("edited %+v", x)
	}
	w.work()
	if got := w.value(customer, contact, "firstname") + " " + w.value(customer, contact, "lastname"); got != "Anna Sato" {
		t.Fatalf("HubSpot holds %q", got)
	}
	card := into[struct {
		State   string
		Friends []friendJSON
	}](t, ann.ok("GET", "/contacts/"+contact.String(), nil))
	if card.State != "linked" || len(card.Friends) != 1 || card.Friends[0].Name != "Taro" || card.Friends[0].field("firstname").Pending {
		t.Fatalf("card %+v", card)
	}
	changes := into[struct{ Items []changeJSON }](t, ann.ok("GET", "/changes?field=firstname&slot=1&user="+string(users[0]), nil))
	if len(changes.Items) != 3 || !slices.ContainsFunc(changes.Items, func(c changeJSON) bool { return c.To == "hubspot" && c.Old == "Ann" && c.New == "Anna" }) {
		t.Errorf("changes %+v", changes)
	}
	export := into[struct {
		Columns []string
		Rows    [][]string
	}](t, ann.ok("GET", "/changes/export", nil))
	if len(export.Rows) < 5 || len(export.Rows[0]) != len(export.Columns) {
		t.Errorf("export %+v", export)
	}
	w.noSecrets()
	if strings.Contains(w.log.String(), "Anna") || strings.Contains(w.log.String(), "花子") {
		t.Error("personal data in the log")
	}
}

type friendJSON struct {
	User, Name, Follow string
	Link               struct {
		State     string
		ContactID string `json:"contactId"`
	}
	Tags   []struct{ ID, Name string }
	Fields []fieldJSON
}

type fieldJSON struct {
	Property, Value, Winner, Refusal string
	Pending, Editable, Clipped       bool
	Why                              struct{ Cause struct{ Kind, User string } }
}

func (f friendJSON) field(name string) fieldJSON {
	for _, x := range f.Fields {
		if x.Property == name {
			return x
		}
	}
	return fieldJSON{}
}

type changeJSON struct{ To, Field, Old, New string }

func TestAPIMappings(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro")
	contact := w.contact(customer, map[string]string{"email": "taro@example.com", "line_user_id": string(users[0])})
	w.run(ann, syncrun.Contacts)

	found := into[struct {
		Items []struct {
			Name, Fit string
			Mapped    bool
		}
	}](t, ann.ok("GET", "/properties?search=email&limit=50", nil))
	if len(found.Items) == 0 || found.Items[0].Fit == "none" {
		t.Fatalf("properties %+v", found)
	}
	settled := into[struct {
		Mapping struct{ Status, Rule, Todo string }
		Run     *struct{ ID, Status string }
	}](t, ann.ok("POST", "/mappings", body{"property": "email"}))
	if settled.Mapping.Status != "waiting_first_sync" || settled.Mapping.Rule != "newest_wins" || settled.Mapping.Todo != "WAIT_FOR_RUN" || settled.Run == nil {
		t.Fatalf("added %+v", settled)
	}
	ann.refused("POST", "/mappings", `{"property":"email"}`, 200, "ALREADY_MAPPED")
	// A second one while the run is at work: the next run brings it.
	if q := into[struct{ Queued bool }](t, ann.ok("POST", "/mappings", body{"property": "company_name"})); !q.Queued {
		t.Error("the second mapping was not queued")
	}
	w.work()
	if v := into[friendJSON](t, ann.ok("GET", "/friends/1/"+string(users[0]), nil)).field("email").Value; v != "taro@example.com" {
		t.Errorf("the new field holds %q after the run", v)
	}
	ann.refused("POST", "/mappings", `{"property":"line_user_id"}`, 200, "OWN_PROPERTY")
	ann.refused("POST", "/mappings", `{"property":"nothing_of_that_name"}`, 200, "NO_SUCH_PROPERTY")
	ann.refused("POST", "/mappings", `{"property":"phone","rule":"mine"}`, 200, "UNKNOWN_RULE")
	ann.refused("PATCH", "/mappings/company_name", `{"rule":"lumo_always"}`, 200, "RULE_FIXED")
	ann.refused("PATCH", "/mappings/phone", `{"paused":true}`, 200, "NOT_MAPPED")
	ann.refused("PATCH", "/mappings/email", `{}`, 200, "NOTHING_TO_CHANGE")
	ann.ok("PATCH", "/mappings/email", body{"rule": "hubspot_always"})
	ann.refused("PATCH", "/friends/1/"+string(users[0])+"/fields", `{"values":{"email":"x@example.com"}}`, 200, "FIELD_HUBSPOT_ALWAYS")
	ann.refused("PATCH", "/friends/1/"+string(users[0])+"/fields", `{"values":{"company_name":"x"}}`, 200, "FIELD_ONE_WAY")
	ann.refused("PATCH", "/friends/1/"+string(users[0])+"/fields", `{"values":{"phone":"x"}}`, 200, "NOT_MAPPED")
	ann.ok("PATCH", "/mappings/email", body{"paused": true})
	w.must(w.hub.Edit(customer, "contacts", int64(contact), map[string]string{"email": "new@example.com"}, hubspotsandbox.By{}))
	ann.ok("PATCH", "/mappings/email", body{"paused": false})
	w.work()
	w.run(ann, syncrun.Contacts)
	if v := into[friendJSON](t, ann.ok("GET", "/friends/1/"+string(users[0]), nil)).field("email").Value; v != "new@example.com" {
		t.Errorf("after pausing, the field holds %q", v)
	}
	for _, want := range []bool{true, false} {
		if r := into[struct{ Removed bool }](t, ann.ok("DELETE", "/mappings/email", body{})); r.Removed != want {
			t.Errorf("removed %v, want %v", r.Removed, want)
		}
	}
	if got := into[struct{ Items []struct{ Property string } }](t, ann.ok("GET", "/mappings", nil)); len(got.Items) != 3 {
		t.Errorf("mappings %+v", got)
	}
	audit := into[struct {
		Items []struct{ Action, Email string }
	}](t, ann.ok("GET", "/audit?limit=3", nil))
	if audit.Items[0].Action != "mapping_changed" || audit.Items[0].Email != "ann@acme.example" {
		t.Errorf("audit %+v", audit)
	}
}

func TestAPIFriendsTagsAndSearch(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "ﾀﾛｳ", "Taro", "TARO 2", "花子🌸", "José")
	contact := w.contact(customer, map[string]string{"line_user_id": string(users[1])})
	w.run(ann, syncrun.Contacts)
	w.index(customer)

	search := func(query string) (names []string) {
		t.Helper()
		for cursor := ""; ; {
			page := into[struct {
				Items []friendJSON
				Next  string
			}](t, ann.ok("GET", "/friends?slot=1&limit=2"+query+cursor, nil))
			for _, f := range page.Items {
				names = append(names, f.Name)
			}
			if page.Next == "" {
				return names
			}
			cursor = "&cursor=" + page.Next
		}
	}
	for query, want := range map[string]int{"": 5, "&search=taro": 2, "&search=%E3%82%BF%E3%83%AD": 1, "&search=%F0%9F%8C%B8": 1, "&search=nobody": 0,
		"&linked=true": 1, "&linked=false": 4, "&follow=blocked": 0, "&follow=following": 5, "&search=" + string(users[3]): 1} {
		if got := search(query); len(got) != want {
			t.Errorf("%q finds %q, want %d", query, got, want)
		}
	}
	made := into[struct {
		Tag     struct{ ID, Name string }
		Offered bool
	}](t, ann.ok("POST", "/tags", body{"slot": 1, "name": " VIP 🌟 "}))
	if made.Tag.Name != "VIP 🌟" || !made.Offered {
		t.Fatalf("tag %+v", made)
	}
	ann.refused("POST", "/tags", `{"slot":1,"name":"ｖｉｐ 🌟"}`, 200, "NAME_TAKEN")
	ann.refused("POST", "/tags", `{"slot":1,"name":"\u200b"}`, 200, "INVALID_NAME")
	ann.refused("POST", "/tags", `{"slot":2,"name":"x"}`, 200, "NO_SUCH_ACCOUNT")
	given := into[struct {
		Changed, Unchanged int
		Missing            []string
	}](t, ann.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[1]), string(users[2]), "U" + strings.Repeat("0", 32)}, "add": []string{made.Tag.ID}}))
	if given.Changed != 2 || len(given.Missing) != 1 {
		t.Errorf("given %+v", given)
	}
	w.work()
	if v := w.value(customer, contact, "line_tags"); v != made.Tag.ID {
		t.Errorf("HubSpot holds tags %q", v)
	}
	if got := search("&tag=" + made.Tag.ID); len(got) != 2 {
		t.Errorf("by tag: %q", got)
	}
	ann.ok("PATCH", "/tags/1/"+made.Tag.ID, body{"name": "Gold"})
	tags := into[struct {
		Items []struct {
			Name    string
			Friends int
		}
	}](t, ann.ok("GET", "/tags", nil))
	if len(tags.Items) != 1 || tags.Items[0].Name != "Gold" || tags.Items[0].Friends != 2 {
		t.Errorf("tags %+v", tags)
	}
	ann.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[1])}, "remove": []string{made.Tag.ID}})
	w.work()
	if v := w.value(customer, contact, "line_tags"); v != "" {
		t.Errorf("HubSpot still holds tags %q", v)
	}
	ann.refused("POST", "/friends/tags", `{"slot":1,"users":["`+string(users[1])+`"],"add":["nosuchtag"]}`, 200, "NO_SUCH_TAG")
	ann.refused("POST", "/friends/tags", `{"slot":1,"users":["x"],"add":["`+made.Tag.ID+`"]}`, 200, "INVALID_INPUT")
}

func TestAPIRunsAndFailures(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro")
	w.contact(customer, map[string]string{"line_user_id": string(users[0])})
	bad := w.contact(customer, map[string]string{"line_user_id": "U" + strings.Repeat("f", 32)})
	started := into[struct {
		Started bool
		Reason  string
		Run     struct{ ID string }
	}](t, ann.ok("POST", "/sync", body{"extent": "all"}))
	again := into[struct {
		Started bool
		Reason  string
		Run     struct{ ID string }
	}](t, ann.ok("POST", "/sync", body{"extent": "all"}))
	if !started.Started || again.Started || again.Reason != "RUNNING" || again.Run.ID != started.Run.ID {
		t.Errorf("started %+v, then %+v", started, again)
	}
	if s := into[struct {
		State  string
		Run    *struct{ ID string }
		RunDue bool
	}](t, ann.ok("GET", "/status", nil)); s.State != "Syncing" || s.Run == nil || s.RunDue {
		t.Errorf("status %+v", s)
	}
	w.work()
	if r := into[struct{ Reason string }](t, ann.ok("POST", "/sync", body{"extent": "all"})); r.Reason != "COOLDOWN" {
		t.Errorf("within a minute: %+v", r)
	}
	detail := into[struct {
		Status   string
		Counts   struct{ Read, Matched, Invalid int }
		Failures []struct{ ID, Code, ContactID string }
	}](t, ann.ok("GET", "/runs/"+started.Run.ID, nil))
	if detail.Status != "complete_with_errors" || detail.Counts.Matched != 1 || detail.Counts.Invalid != 1 || len(detail.Failures) != 1 || detail.Failures[0].ContactID != bad.String() {
		t.Fatalf("run %+v", detail)
	}
	ann.ok("POST", "/failures/"+detail.Failures[0].ID+"/retry", body{})
	ann.refused("POST", "/failures/"+detail.Failures[0].ID+"/retry", `{}`, 200, "NO_SUCH_FAILURE")
	w.work() // LINE still does not know the id
	if got := into[struct{ Items []struct{ Code string } }](t, ann.ok("GET", "/failures", nil)); len(got.Items) != 1 || got.Items[0].Code != "LINE_ID_NOT_VALID" {
		t.Errorf("failures %+v", got)
	}
	if r := into[struct{ Retried int }](t, ann.ok("POST", "/failures/retry-all", body{})); r.Retried != 1 {
		t.Errorf("retried %+v", r)
	}
	runs := into[struct{ Items []struct{ ID string } }](t, ann.ok("GET", "/runs?limit=2", nil))
	if len(runs.Items) == 0 || runs.Items[0].ID != started.Run.ID {
		t.Errorf("history %+v", runs)
	}
	w.clock.Advance(2 * time.Minute)
	dry := into[struct{ Run struct{ ID string } }](t, ann.ok("POST", "/sync", body{"extent": "contacts", "dryRun": true}))
	w.work()
	ann.ok("GET", "/runs/"+dry.Run.ID, nil)
	ann.refused("GET", "/runs/nothing", "", 200, "NOT_FOUND")
	ann.refused("POST", "/sync", `{"extent":"contact","contact":"abc"}`, 200, "INVALID_INPUT")
	ann.refused("POST", "/sync", `{"extent":"everything"}`, 200, "INVALID_INPUT")
}

func TestAPIAccountsSettingsAndDisconnect(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	shop := w.channel(true)
	failed := into[struct {
		Connected bool
		Checks    []struct{ Code, Outcome string }
	}](t, ann.ok("POST", "/accounts", body{"channelId": shop.ID, "channelSecret": strings.Repeat("0", 32)}))
	if failed.Connected || len(failed.Checks) == 0 {
		t.Errorf("wrong secret: %+v", failed)
	}
	connected := ann.ok("POST", "/accounts", body{"channelId": shop.ID, "channelSecret": shop.Secret})
	if !strings.Contains(string(connected.Raw), `"connected":true`) || strings.Contains(string(connected.Raw), shop.Secret) {
		t.Fatalf("connected: %s", connected.Raw)
	}
	w.work()
	ann.ok("POST", "/accounts/1/recheck", body{})
	ann.ok("POST", "/accounts/1/forwards", body{"url": "https://other.example.com/hook"})
	ann.refused("POST", "/accounts/1/forwards", `{"url":"http://10.0.0.1/"}`, 200, "FORWARD_REFUSED")
	accounts := into[struct {
		Items []struct {
			Slot     int
			Forwards []struct{ ID string }
		}
	}](t, ann.ok("GET", "/accounts", nil))
	if len(accounts.Items) != 1 || len(accounts.Items[0].Forwards) != 1 {
		t.Fatalf("accounts %+v", accounts)
	}
	ann.ok("DELETE", "/accounts/1/forwards/"+accounts.Items[0].Forwards[0].ID, body{})
	ann.ok("GET", "/accounts/1/import", nil)
	ann.ok("POST", "/accounts/1/import", body{})
	ann.ok("DELETE", "/accounts/1/import", body{})
	w.work()
	type imported struct {
		Status string
		Last   struct {
			Seen  int
			Reach *struct{ Friends int }
		}
	}
	if s := into[imported](t, ann.ok("GET", "/accounts/1/import", nil)); s.Status != "canceled" || s.Last.Reach != nil {
		t.Errorf("import %+v", s)
	}
	ann.ok("POST", "/accounts/1/import", body{})
	w.work()
	if s := into[imported](t, ann.ok("GET", "/accounts/1/import", nil)); s.Status != "completed" || s.Last.Reach == nil || s.Last.Reach.Friends != s.Last.Seen {
		t.Errorf("import %+v", s)
	}
	w.must(w.hub.ArchiveProperty(customer, "contacts", "line_traffic_source"))
	ann.ok("POST", "/accounts/1/properties/traffic_source/recreate", body{})
	ann.refused("GET", "/accounts/7/import", "", 200, "NO_SUCH_ACCOUNT")

	ann.ok("PATCH", "/settings", body{"language": "ja", "timeZone": "Asia/Tokyo", "messageTexts": true})
	r := ann.refused("PATCH", "/settings", `{"syncIntervalMinutes":1}`, 200, "INVALID_INPUT")
	if r.Error.Field != "syncIntervalMinutes" {
		t.Errorf("field %q", r.Error.Field)
	}
	settings := into[struct {
		Settings struct{ Language string }
		Portal   struct{ TimeZone string }
		May      map[string]bool
	}](t, ann.ok("GET", "/settings", nil))
	if settings.Settings.Language != "ja" || settings.Portal.TimeZone != "Asia/Tokyo" || !settings.May["disconnect"] {
		t.Errorf("settings %+v", settings)
	}
	ann.ok("GET", "/lists?search=x", nil)
	ann.ok("GET", "/disconnect", nil)
	if s := into[struct{ Done bool }](t, ann.ok("POST", "/disconnect", body{})); s.Done {
		t.Error("disconnected without confirmation")
	}
	ann.ok("POST", "/accounts/1/disconnect", body{})
	if s := into[struct{ Done bool }](t, ann.ok("POST", "/disconnect", body{"confirm": true})); !s.Done {
		t.Error("not disconnected")
	}
	ann.refused("POST", "/sync", `{"extent":"all"}`, 200, "NOT_CONNECTED")
	if s := into[struct{ Banner *struct{ Code string } }](t, ann.ok("GET", "/status", nil)); s.Banner == nil || s.Banner.Code != "DISCONNECTED" {
		t.Errorf("status %+v", s)
	}
	if s := into[struct{ State string }](t, ann.ok("GET", "/contacts/1", nil)); s.State != "integration_off" {
		t.Errorf("card %+v", s)
	}
	w.noSecrets(shop.Secret)
}
