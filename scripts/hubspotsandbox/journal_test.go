package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	subsPath    = "/webhooks-journal/subscriptions/2026-09"
	journalPath = "/webhooks-journal/journal/2026-09"
)

func (b *bench) appToken(scopes string) string {
	b.t.Helper()
	a := b.want(200, b.form(tokenPath, "grant_type", "client_credentials", "scope", scopes))
	return a.at("access_token").(string)
}

const allJournal = "developer.webhooks_journal.read developer.webhooks_journal.subscriptions.read developer.webhooks_journal.subscriptions.write crm.objects.contacts.read crm.objects.companies.read crm.lists.read"

// read follows the journal from an offset and returns the new one with "type action id" of each entry.
func (b *bench) read(token, offset string) (string, []string) {
	b.t.Helper()
	var out []string
	for {
		path := journalPath + "/earliest"
		if offset != "" {
			path = journalPath + "/offset/" + offset + "/next"
		}
		a := b.callAs(token, "GET", path, nil)
		if a.status == 204 {
			return offset, out
		}
		b.want(200, a)
		offset = a.at("currentOffset").(string)
		req, err := http.NewRequest("GET", a.at("url").(string), nil)
		if err != nil {
			b.t.Fatal(err)
		}
		var page struct {
			Offset string
			Events []journalEvent `json:"journalEvents"`
		}
		if err := json.Unmarshal([]byte(b.want(200, b.do(req)).text), &page); err != nil {
			b.t.Fatal(err)
		}
		for _, e := range page.Events {
			out = append(out, strings.TrimSpace(fmt.Sprint(e.Type, " ", e.Action, " ", e.PortalID, " ", e.ObjectID, " ", e.PropertyChanges)))
		}
	}
}

func TestJournalFollowsItsSubscriptions(t *testing.T) {
	b := newBench(t)
	b.free()
	tok := b.appToken(allJournal)
	put := func(body m) string {
		return fmt.Sprint(b.want(200, b.callAs(tok, "POST", subsPath, body)).at("id"))
	}
	first := put(m{"subscriptionType": "OBJECT", "portalId": portalA, "objectTypeId": "0-1", "objectIds": []int{}, "properties": []string{"jobtitle"}, "actions": []string{"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"}})
	if again := put(m{"subscriptionType": "OBJECT", "portalId": portalA, "objectTypeId": "0-1", "objectIds": []int{}, "properties": []string{"jobtitle", "city"}, "actions": []string{"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"}}); again != first {
		t.Error("posting again must update")
	}
	put(m{"subscriptionType": "ASSOCIATION", "portalId": portalA, "objectTypeId": "0-1", "associatedObjectTypeIds": []string{"0-2"}, "objectIds": []int{}, "actions": []string{"ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"}})
	put(m{"subscriptionType": "LIST_MEMBERSHIP", "portalId": portalA, "listIds": []int{}, "objectIds": []int{}, "actions": []string{"ADDED_TO_LIST", "REMOVED_FROM_LIST"}})
	put(m{"subscriptionType": "GDPR_PRIVACY_DELETION", "portalId": portalA, "objectTypeId": "0-1", "actions": []string{"GDPR_DELETE"}})
	put(m{"subscriptionType": "APP_LIFECYCLE_EVENT", "eventTypeId": typeUninstalled, "properties": []string{}})
	put(m{"subscriptionType": "APP_LIFECYCLE_EVENT", "eventTypeId": typeInstalled, "properties": []string{}})
	if a := b.want(200, b.callAs(tok, "GET", subsPath, nil)); len(a.results()) != 6 {
		t.Error(a.text)
	}
	offset, got := b.read(tok, "")
	if offset != "" || got != nil {
		t.Fatal("the journal should be empty: ", got)
	}

	one := b.contact("email", "a@example.com", "jobtitle", "Boss")
	b.want(200, b.call("PATCH", contactsPath+"/"+one, props("firstname", "unsubscribed")))
	b.want(200, b.call("PATCH", contactsPath+"/"+one, props("city", "東京", "firstname", "B")))
	list, err := b.s.CreateList(portalA, "contacts", "L", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.s.AddMembers(portalA, list, 501); err != nil {
		t.Fatal(err)
	}
	offset, got = b.read(tok, offset)
	want := []string{"object CREATE 1001 501 map[jobtitle:Boss]", "object UPDATE 1001 501 map[city:東京]", "list_membership ADDED_TO_LIST 1001 501 map[]"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
	if err := b.s.Purge(portalA, "contacts", 501, By{}); err != nil {
		t.Fatal(err)
	}
	if err := b.s.Uninstall(portalA); err != nil {
		t.Fatal(err)
	}
	b.s.AddPortal(portalB, PortalOptions{})
	if _, err := b.s.Install(portalB); err != nil {
		t.Fatal(err)
	}
	offset, got = b.read(tok, offset)
	want = []string{"list_membership REMOVED_FROM_LIST 1001 501 map[]", "object DELETE 1001 501 map[]", "gdpr_privacy_deletion GDPR_DELETE 1001 501 map[]",
		"app_lifecycle_event APP_UNINSTALL 1001 0 map[]", "app_lifecycle_event APP_INSTALL 1002 0 map[]"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
	b.clock.Advance(73 * time.Hour)
	tok = b.appToken(allJournal)
	b.want(404, b.callAs(tok, "GET", journalPath+"/offset/"+offset+"/next", nil))
	b.want(204, b.callAs(tok, "GET", journalPath+"/earliest", nil))
	b.want(204, b.callAs(tok, "DELETE", subsPath+"/portals/1001", nil))
	if a := b.want(200, b.callAs(tok, "GET", subsPath, nil)); len(a.results()) != 2 {
		t.Error(a.text)
	}
}

func TestJournalWantsScopes(t *testing.T) {
	b := newBench(t)
	b.want(403, b.callAs(b.appToken("developer.webhooks_journal.read"), "GET", subsPath, nil))
	tok := b.appToken("developer.webhooks_journal.subscriptions.write")
	list := m{"subscriptionType": "LIST_MEMBERSHIP", "portalId": portalA, "listIds": []int{}, "objectIds": []int{}, "actions": []string{"ADDED_TO_LIST"}}
	b.want(403, b.callAs(tok, "POST", subsPath, list))
	tok = b.appToken(allJournal)
	list["portalId"] = portalB // not installed
	b.want(403, b.callAs(tok, "POST", subsPath, list))
	list["actions"] = []string{"CREATE"}
	b.want(400, b.callAs(tok, "POST", subsPath, list))
}

func TestJournalBatchesAndExpiredLinks(t *testing.T) {
	b := newBench(t)
	tok := b.appToken(allJournal)
	b.want(200, b.callAs(tok, "POST", subsPath, m{"subscriptionType": "OBJECT", "portalId": portalA, "objectTypeId": "0-1", "objectIds": []int{}, "properties": []string{"email"}, "actions": []string{"CREATE"}}))
	for i := range 3 {
		b.contact("email", fmt.Sprintf("a%d@example.com", i))
		b.want(200, b.callAs(tok, "GET", journalPath+"/latest", nil))
	}
	a := b.want(200, b.callAs(tok, "GET", journalPath+"/batch/earliest/2", nil))
	if len(a.results()) != 2 {
		t.Fatal(a.text)
	}
	a = b.want(200, b.callAs(tok, "GET", journalPath+"/batch/"+a.at("results.1.currentOffset").(string)+"/next/5", nil))
	if len(a.results()) != 1 {
		t.Error(a.text)
	}
	b.want(204, b.callAs(tok, "GET", "/webhooks-journal/journal-local/2026-09/earliest?installPortalId=1002", nil))
	req, err := http.NewRequest("GET", a.at("results.0.url").(string), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(16 * time.Minute)
	b.want(403, b.do(req))
}
