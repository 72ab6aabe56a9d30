package hubspotsandbox

import (
	"fmt"
	"net/url"
	"testing"
	"time"
)

const listsPath = "/crm/lists/2026-09"

func TestStaticList(t *testing.T) {
	b := newBench(t)
	b.free()
	contacts, _, err := b.s.Seed(portalA, SeedOptions{Contacts: 600})
	if err != nil {
		t.Fatal(err)
	}
	list := b.want(200, b.call("POST", listsPath, m{"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"})).at("list.listId").(string)
	var ids []string
	for _, id := range contacts {
		ids = append([]string{fmt.Sprint(id)}, ids...)
	}
	a := b.want(200, b.call("PUT", listsPath+"/"+list+"/memberships/add", append(ids[:550:550], "999999", ids[0])))
	if len(a.at("recordsIdsAdded").([]any)) != 550 || a.at("recordIdsMissing.0") != "999999" {
		t.Error(len(a.at("recordsIdsAdded").([]any)), a.at("recordIdsMissing"))
	}
	for _, order := range []string{"/memberships", "/memberships/join-order"} {
		seen, after, pages := map[any]bool{}, "", 0
		for {
			q := ""
			if after != "" {
				q = "&after=" + url.QueryEscape(after)
			}
			a := b.want(200, b.call("GET", listsPath+"/"+list+order+"?limit=250"+q, nil))
			for _, r := range a.results() {
				seen[r.(m)["recordId"]] = true
			}
			pages++
			after, _ = a.at("paging.next.after").(string)
			if after == "" {
				break
			}
		}
		if len(seen) != 550 || pages != 3 {
			t.Errorf("%s: %d members in %d pages", order, len(seen), pages)
		}
	}
	b.clock.Advance(time.Minute)
	b.want(200, b.call("PUT", listsPath+"/"+list+"/memberships/add-and-remove", m{"recordIdsToAdd": []string{ids[599]}, "recordIdsToRemove": []string{ids[0]}}))
	a = b.want(200, b.call("POST", listsPath+"/search", m{"objectTypeId": "0-1", "count": 500, "offset": 0, "listIds": []string{}, "processingTypes": []string{}, "additionalProperties": []string{}}))
	extra := a.at("lists.0.additionalProperties").(m)
	if extra["hs_list_size"] != "550" || extra["hs_last_record_added_at"] != extra["hs_last_record_removed_at"] || a.at("total") != 1.0 || a.at("hasMore") != false {
		t.Error(a.text)
	}
	a = b.want(200, b.call("GET", listsPath+"/records/0-1/"+ids[599]+"/memberships", nil))
	if a.at("results.0.listId") != list {
		t.Error(a.text)
	}
	b.want(204, b.call("DELETE", listsPath+"/"+list, nil))
	b.want(404, b.call("GET", listsPath+"/"+list, nil))
	b.want(204, b.call("PUT", listsPath+"/"+list+"/restore", nil))
	b.want(200, b.call("PUT", listsPath+"/"+list+"/update-list-name?listName=New", nil))
	if a := b.want(200, b.call("GET", listsPath+"/"+list, nil)); a.at("list.name") != "New" || a.at("list.size") != 550.0 {
		t.Error(a.text)
	}
	b.want(400, b.call("GET", listsPath+"/"+list+"/memberships?limit=251", nil))
}

func TestActiveListFollowsItsFilters(t *testing.T) {
	b := newBench(t)
	b.free()
	one := b.contact("email", "a@example.com", "lifecyclestage", "lead")
	list := b.want(200, b.call("POST", listsPath, m{"name": "Leads", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": PropertyFilter("lifecyclestage", "IS_EQUAL_TO", "lead")})).at("list.listId").(string)
	two := b.contact("email", "b@example.com", "lifecyclestage", "lead")
	members := func() string {
		out := ""
		for _, r := range b.want(200, b.call("GET", listsPath+"/"+list+"/memberships", nil)).results() {
			out += r.(m)["recordId"].(string) + " "
		}
		return out
	}
	if got := members(); got != one+" "+two+" " {
		t.Error(got)
	}
	b.want(200, b.call("PATCH", contactsPath+"/"+one, props("lifecyclestage", "customer")))
	if got := members(); got != two+" " {
		t.Error(got)
	}
	b.want(204, b.call("DELETE", contactsPath+"/"+two, nil))
	if got := members(); got != "" {
		t.Error(got)
	}
	if a := b.want(400, b.call("PUT", listsPath+"/"+list+"/memberships/add", []string{one})); a.at("subCategory") == nil {
		t.Error(a.text)
	}
	b.want(400, b.call("POST", listsPath, m{"name": "leads", "objectTypeId": "0-1", "processingType": "MANUAL"}))
}

func TestIndexOfListsLags(t *testing.T) {
	b := newBench(t)
	b.free()
	one, two := b.contact("email", "a@example.com"), b.contact("email", "b@example.com")
	list := b.want(200, b.call("POST", listsPath, m{"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"})).at("list.listId").(string)
	if err := b.s.SetListLag(portalA, time.Minute); err != nil {
		t.Fatal(err)
	}
	told := func() (size, added any) {
		x := b.want(200, b.call("POST", listsPath+"/search", m{"objectTypeId": "0-1", "count": 500, "offset": 0, "listIds": []string{list}})).at("lists.0.additionalProperties").(m)
		return x["hs_list_size"], x["hs_last_record_added_at"]
	}
	b.want(200, b.call("PUT", listsPath+"/"+list+"/memberships/add", []string{one}))
	b.clock.Advance(30 * time.Second)
	b.want(200, b.call("PUT", listsPath+"/"+list+"/memberships/add", []string{two}))
	if size, added := told(); size != "0" || added != nil {
		t.Error(size, added)
	}
	if n := len(b.want(200, b.call("GET", listsPath+"/"+list+"/memberships", nil)).results()); n != 2 {
		t.Error(n)
	}
	b.clock.Advance(40 * time.Second)
	if size, added := told(); size != "1" || added == nil {
		t.Error(size, added)
	}
	b.clock.Advance(30 * time.Second)
	if size, _ := told(); size != "2" {
		t.Error(size)
	}
	active := b.want(200, b.call("POST", listsPath, m{"name": "All", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": PropertyFilter("email", "IS_KNOWN")}))
	if active.at("list.processingStatus") != "PROCESSING" {
		t.Error(active.text)
	}
	b.clock.Advance(time.Minute)
	if a := b.want(200, b.call("GET", listsPath+"/"+active.at("list.listId").(string), nil)); a.at("list.processingStatus") != "COMPLETE" || a.at("list.size") != 2.0 {
		t.Error(a.text)
	}
}

func TestSnapshotListLooksOnce(t *testing.T) {
	b := newBench(t)
	b.free()
	one := b.contact("email", "a@example.com")
	n, err := b.s.NewList(portalA, "contacts", "Known", "SNAPSHOT", PropertyFilter("email", "IS_KNOWN"))
	if err != nil {
		t.Fatal(err)
	}
	list := fmt.Sprint(n)
	b.contact("email", "b@example.com")
	members := func() int { return len(b.want(200, b.call("GET", listsPath+"/"+list+"/memberships", nil)).results()) }
	if members() != 1 {
		t.Error(members())
	}
	b.want(200, b.call("PUT", listsPath+"/"+list+"/memberships/remove", []string{one}))
	if members() != 0 {
		t.Error(members())
	}
	if err := b.s.DeleteList(portalA, n); err != nil {
		t.Fatal(err)
	}
	b.want(404, b.call("GET", listsPath+"/"+list+"/memberships", nil))
	if err := b.s.RestoreList(portalA, n); err != nil {
		t.Fatal(err)
	}
	members()
}
