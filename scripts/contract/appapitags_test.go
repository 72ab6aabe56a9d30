package contract

import (
	"slices"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/lineproperty"
	"lumo/shared/syncrun"
)

type tagJSON struct {
	ID, Name, State string
	Friends         *int
	Working         bool
}

type tagsJSON struct{ Items []tagJSON }

// TestAPIDeletesAndRestoresTags: both sides lose a deleted tag, HubSpot keeps its option as a hidden one, and restoring gives it back.
func TestAPIDeletesAndRestoresTags(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro", "Hana", "Jiro")
	contact := w.contact(customer, map[string]string{"line_user_id": string(users[0])})
	w.work()
	w.run(ann, syncrun.Contacts)
	vip := into[struct{ Tag tagJSON }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP"})).Tag
	ann.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[0]), string(users[1])}, "add": []string{vip.ID}})
	draft := into[struct{ ID string }](t, ann.ok("POST", "/broadcasts", body{
		"slot": 1, "name": "Sale", "bubbles": []any{map[string]any{"kind": "text", "text": "Hello"}}, "audience": body{"kind": "tag", "ref": vip.ID},
	}))
	ann.ok("POST", "/segments", body{"slot": 1, "name": "Regulars", "tree": body{"all": []body{{"any": []body{{"type": "tag", "op": "has", "ref": vip.ID}}}}}})
	w.work()
	option := func() (label string, hidden bool) {
		p, err := w.app.Properties().CRM.Property(t.Context(), customer, "line_tags")
		w.must(err)
		i := slices.IndexFunc(p.Options, func(o lineproperty.Option) bool { return o.Value == vip.ID })
		if i < 0 {
			return "", false
		}
		return p.Options[i].Label, p.Options[i].Hidden
	}
	uses := into[struct {
		Items []struct{ Kind, ID, Name, Status string }
	}](t, ann.ok("GET", "/tags/1/"+vip.ID+"/uses", nil))
	if len(uses.Items) != 2 || uses.Items[0].ID != draft.ID || uses.Items[0].Status != "draft" || uses.Items[1].Kind != "segment" || uses.Items[1].Name != "Regulars" {
		t.Errorf("used by %+v", uses)
	}

	deleted := into[tagJSON](t, ann.ok("DELETE", "/tags/1/"+vip.ID, body{}))
	if deleted.State != "deleted" || !deleted.Working {
		t.Errorf("deleted %+v", deleted)
	}
	if got := into[tagsJSON](t, ann.ok("GET", "/tags", nil)); len(got.Items) != 0 {
		t.Errorf("tags %+v", got)
	}
	ann.refused("POST", "/friends/tags", `{"slot":1,"users":["`+string(users[2])+`"],"add":["`+vip.ID+`"]}`, 200, "NO_SUCH_TAG")
	w.work()
	if v := w.value(customer, contact, "line_tags"); v != "" {
		t.Errorf("HubSpot still holds tags %q", v)
	}
	if label, hidden := option(); label != "VIP" || !hidden {
		t.Errorf("HubSpot's option is %q, hidden %v", label, hidden)
	}
	aside := into[tagsJSON](t, ann.ok("GET", "/deleted-tags", nil))
	if len(aside.Items) != 1 || aside.Items[0].Friends == nil || *aside.Items[0].Friends != 2 {
		t.Errorf("deleted tags %+v", aside)
	}

	other := into[struct{ Tag tagJSON }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": "vip"})).Tag
	ann.refused("POST", "/tags/1/"+vip.ID+"/restore", `{}`, 200, "NAME_TAKEN")
	ann.refused("POST", "/tags/1/"+other.ID+"/restore", `{}`, 200, "NO_SUCH_TAG")
	restored := into[tagJSON](t, ann.ok("POST", "/tags/1/"+vip.ID+"/restore", body{"name": "VIP again"}))
	if restored.State != "restoring" {
		t.Errorf("restored %+v", restored)
	}
	w.clock.Advance(time.Minute)
	w.work()
	if v := w.value(customer, contact, "line_tags"); v != vip.ID {
		t.Errorf("HubSpot holds tags %q", v)
	}
	if label, hidden := option(); label != "VIP again" || hidden {
		t.Errorf("HubSpot's option is %q, hidden %v", label, hidden)
	}
	got := into[tagsJSON](t, ann.ok("GET", "/tags", nil))
	i := slices.IndexFunc(got.Items, func(t tagJSON) bool { return t.ID == vip.ID })
	if i < 0 || got.Items[i].State != "active" || got.Items[i].Friends == nil || *got.Items[i].Friends != 2 {
		t.Errorf("tags %+v", got)
	}
	ann.refused("POST", "/tags/1/"+vip.ID+"/copy", `{"to":1,"people":true}`, 200, "SAME_ACCOUNT")
	ann.refused("POST", "/tags/1/"+vip.ID+"/copy", `{"to":2,"people":true}`, 200, "NO_SUCH_ACCOUNT")
	log := into[struct{ Items []struct{ Action string } }](t, ann.ok("GET", "/audit", nil))
	for _, want := range []string{"tag_deleted", "tag_restored"} {
		if !slices.ContainsFunc(log.Items, func(e struct{ Action string }) bool { return e.Action == want }) {
			t.Errorf("the audit log does not tell of %s: %+v", want, log)
		}
	}
}

// TestAPITagsAreEditedInHubSpot: with the setting, what people choose in HubSpot's property reaches the friend (P-46), and a deleted tag stays away
// however it is written there.
func TestAPITagsAreEditedInHubSpot(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro")
	contact := w.contact(customer, map[string]string{"line_user_id": string(users[0])})
	w.work()
	w.run(ann, syncrun.Contacts)
	vip := into[struct{ Tag tagJSON }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP"})).Tag
	tags := func() (names []string) {
		for _, n := range into[struct{ Tags []tagJSON }](t, ann.ok("GET", "/friends/1/"+string(users[0]), nil)).Tags {
			names = append(names, n.Name)
		}
		return names
	}
	choose := func(value string) {
		t.Helper()
		w.clock.Advance(time.Minute)
		w.must(w.hub.Edit(int64(customer), "contacts", int64(contact), map[string]string{"line_tags": value}, hubspotsandbox.By{}))
		w.clock.Advance(time.Minute)
		w.run(ann, syncrun.Contacts)
		w.clock.Advance(time.Minute)
		w.run(ann, syncrun.Contacts)
	}
	choose(vip.ID)
	if got := tags(); len(got) != 0 || w.value(customer, contact, "line_tags") != "" {
		t.Errorf("without the setting the friend has %v, HubSpot %q", got, w.value(customer, contact, "line_tags"))
	}
	ann.ok("PATCH", "/settings", body{"tagsTwoWay": true})
	choose(vip.ID)
	if got := tags(); !slices.Equal(got, []string{"VIP"}) || w.value(customer, contact, "line_tags") != vip.ID {
		t.Errorf("the friend has %v, HubSpot %q", got, w.value(customer, contact, "line_tags"))
	}
	ann.ok("DELETE", "/tags/1/"+vip.ID, body{})
	w.work()
	choose(vip.ID)
	if got := tags(); len(got) != 0 || w.value(customer, contact, "line_tags") != "" {
		t.Errorf("a deleted tag came back: the friend has %v, HubSpot %q", got, w.value(customer, contact, "line_tags"))
	}
}

// TestAPICopiesTags to another account, and with them their people.
func TestAPICopiesTags(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro", "Hana")
	others := w.connect(ann, "Taro", "Jiro")
	contact := w.contact(customer, map[string]string{"line_user_id": string(users[0]), "line_user_id_2": string(others[0])})
	w.work()
	w.run(ann, syncrun.Contacts)
	vip := into[struct{ Tag tagJSON }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP"})).Tag
	ann.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[0]), string(users[1])}, "add": []string{vip.ID}})
	copied := into[struct{ Tag tagJSON }](t, ann.ok("POST", "/tags/1/"+vip.ID+"/copy", body{"to": 2, "people": true})).Tag
	if copied.State != "copying" || copied.Name != "VIP" {
		t.Errorf("copied %+v", copied)
	}
	w.work()
	there := into[tagsJSON](t, ann.ok("GET", "/tags?slot=2", nil))
	if len(there.Items) != 1 || there.Items[0].State != "active" {
		t.Errorf("tags of the other account %+v", there)
	}
	if v := w.value(customer, contact, "line_tags_2"); v != copied.ID {
		t.Errorf("HubSpot holds tags %q of the other account", v)
	}
	ann.refused("POST", "/tags/1/"+vip.ID+"/copy", `{"to":2,"people":false}`, 200, "NAME_TAKEN")
	alone := into[struct{ Tag tagJSON }](t, ann.ok("POST", "/tags/1/"+vip.ID+"/copy", body{"to": 2, "people": false, "name": "VIP of 1"})).Tag
	if alone.State != "active" {
		t.Errorf("copied without people: %+v", alone)
	}
}
