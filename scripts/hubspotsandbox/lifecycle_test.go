package hubspotsandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMergeMakesANewRecord(t *testing.T) {
	b := newBench(t)
	b.free()
	a := b.contact("email", "a@example.com", "firstname", "Ann")
	b.clock.Advance(time.Minute)
	c := b.contact("email", "c@example.com", "firstname", "Carl", "phone", "+81312345678")
	list, err := b.s.CreateList(portalA, "contacts", "VIP", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.s.AddMembers(portalA, list, 502); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Minute)
	b.hooks = nil
	res := b.want(200, b.call("POST", contactsPath+"/merge", m{"primaryObjectId": a, "objectIdToMerge": c}))
	id := res.at("id").(string)
	if id == a || id == c {
		t.Fatal("the survivor must have a new id")
	}
	b.clock.Advance(time.Second)
	got := b.types()
	slices.Sort(got)
	if !slices.Equal(got, []string{"object.deletion", "object.deletion", "object.merge"}) {
		t.Error(got)
	}
	for _, old := range []string{a, c} {
		r := b.want(200, b.call("GET", contactsPath+"/"+old+"?properties=firstname,phone,email,hs_merged_object_ids,hs_additional_emails&propertiesWithHistory=firstname", nil))
		if r.at("id") != id || r.at("properties.firstname") != "Ann" || r.at("properties.phone") != "+81312345678" || r.at("properties.hs_merged_object_ids") != a+";"+c ||
			r.at("properties.hs_additional_emails") != "c@example.com" {
			t.Error(r.text)
		}
		if r.at("propertiesWithHistory.firstname.0.sourceType") != "MERGE_CONTACTS" {
			t.Error("Carl was the newer entry, so Ann must be entered again: ", r.text)
		}
		b.want(200, b.call("PATCH", contactsPath+"/"+old, props("jobtitle", "via "+old)))
		if u := b.want(207, b.call("POST", contactsPath+"/batch/update", m{"inputs": []m{{"id": old, "properties": m{"jobtitle": "x"}}}})); len(u.results()) != 0 {
			t.Error("batch update must not take an old id: ", u.text)
		}
	}
	if r, _ := b.s.Record(portalA, "contacts", 503); !slices.Contains(r.Lists, list) {
		t.Error("the survivor left the static list")
	}
	chain := b.contact("email", "d@example.com")
	res = b.want(200, b.call("POST", contactsPath+"/merge", m{"primaryObjectId": chain, "objectIdToMerge": id}))
	if r := b.want(200, b.call("GET", contactsPath+"/"+a, nil)); r.at("id") != res.at("id") {
		t.Error("a chain of merges must lead to its end")
	}
	b.want(400, b.call("POST", contactsPath+"/merge", m{"primaryObjectId": res.at("id"), "objectIdToMerge": res.at("id")}))
}

func TestMergeMayKeepThePrimaryID(t *testing.T) {
	b := newBench(t)
	if err := b.s.SetOptions(portalA, PortalOptions{MergeKeepsPrimary: true}); err != nil {
		t.Fatal(err)
	}
	a, c := b.contact("email", "a@example.com"), b.contact("email", "c@example.com")
	if res := b.want(200, b.call("POST", contactsPath+"/merge", m{"primaryObjectId": a, "objectIdToMerge": c})); res.at("id") != a {
		t.Error(res.text)
	}
	b.want(201, b.call("POST", contactsPath, props("email", "c@example.com")))
}

func TestArchiveAndRestore(t *testing.T) {
	b := newBench(t)
	b.free()
	id := b.contact("email", "a@example.com")
	b.want(204, b.call("DELETE", contactsPath+"/"+id, nil))
	b.want(404, b.call("GET", contactsPath+"/"+id, nil))
	if a := b.want(200, b.call("GET", contactsPath+"/"+id+"?archived=true", nil)); a.at("archived") != true || a.at("archivedAt") == nil {
		t.Error(a.text)
	}
	if a := b.want(200, b.call("GET", contactsPath+"?archived=true", nil)); len(a.results()) != 1 {
		t.Error(a.text)
	}
	if a := b.want(200, b.call("POST", searchPath, m{})); a.at("total") != 0.0 {
		t.Error(a.text)
	}
	other := b.contact("email", "a@example.com")
	if err := b.s.Restore(portalA, "contacts", 501, By{}); err != nil {
		t.Fatal(err)
	}
	if a := b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=email", nil)); a.at("properties.email") != "" {
		t.Error("the address belongs to ", other, " now: ", a.text)
	}
	b.clock.Advance(time.Second)
	if got := b.types(); !slices.Contains(got, "object.deletion") || !slices.Contains(got, "object.restore") {
		t.Error(got)
	}
}

func TestPrivacyDeletionLeavesNothing(t *testing.T) {
	b := newBench(t)
	id := b.contact("email", "a@example.com", "firstname", "Ann")
	b.want(204, b.call("POST", contactsPath+"/gdpr-delete", m{"objectId": "a@example.com", "idProperty": "email"}))
	b.want(404, b.call("GET", contactsPath+"/"+id, nil))
	b.want(404, b.call("GET", contactsPath+"/"+id+"?archived=true", nil))
	b.clock.Advance(time.Second)
	got := b.types()
	if !slices.Contains(got, "contact.privacyDeletion") || !slices.Contains(got, "object.deletion") {
		t.Error(got)
	}
	if rest := fmt.Sprintf("%+v", b.s.portals[portalA].Objects["contacts"].Recs[0]); strings.Contains(rest, "Ann") {
		t.Error("values are still there")
	}
}
