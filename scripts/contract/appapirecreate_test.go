package contract

import (
	"slices"
	"testing"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/syncrun"
)

// TestAPIRecreatesASyncedProperty: somebody deletes a synced property in HubSpot, the sync says so, and Recreate brings back both the property
// and what Lumo knows.
func TestAPIRecreatesASyncedProperty(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro")
	w.must(w.hub.DefineProperty(customer, "contacts", hubspotsandbox.Definition{
		Name: "favourite", Label: "Favourite", Type: "enumeration", FieldType: "select", Group: "contactinformation",
		Options: []hubspotsandbox.Option{{Label: "Tea", Value: "tea"}, {Label: "Coffee", Value: "coffee"}},
	}))
	contact := w.contact(customer, map[string]string{"line_user_id": string(users[0]), "favourite": "tea"})
	ann.ok("POST", "/mappings", body{"property": "favourite"})
	w.work()
	w.run(ann, syncrun.Contacts)
	w.run(ann, syncrun.Contacts)
	status := func() string {
		list := into[struct {
			Items []struct{ Property, Status string }
		}](t, ann.ok("GET", "/mappings", nil))
		i := slices.IndexFunc(list.Items, func(m struct{ Property, Status string }) bool { return m.Property == "favourite" })
		return list.Items[max(i, 0)].Status
	}
	if s := status(); s != "active" {
		t.Fatalf("the field is %s", s)
	}
	ann.refused("POST", "/mappings/favourite/recreate", `{}`, 200, "NOTHING_TO_CHANGE")

	w.must(w.hub.ArchiveProperty(customer, "contacts", "favourite"))
	ann.ok("PATCH", "/friends/1/"+string(users[0])+"/fields", body{"values": body{"favourite": "coffee"}})
	w.work()
	if s := status(); s != "error_property_deleted" {
		t.Fatalf("deleted in HubSpot, the field is %s", s)
	}
	settled := into[struct{ Mapping struct{ Status string } }](t, ann.ok("POST", "/mappings/favourite/recreate", body{}))
	if settled.Mapping.Status != "waiting_first_sync" {
		t.Errorf("recreated %+v", settled)
	}
	w.work()
	if v := w.value(customer, contact, "favourite"); v != "coffee" {
		t.Errorf("HubSpot holds %q", v)
	}
	calls := func() int { return w.hub.Stats(int64(customer)).Endpoints["GET /crm/properties/{v}/{type}/{name}"] }
	options := into[struct {
		Items []struct{ Value, Label string }
	}](t, ann.ok("GET", "/properties/favourite/options", nil))
	labels := into[struct {
		Items []struct{ Value, Label string }
	}](t, ann.ok("GET", "/properties/favourite/labels", nil))
	asked := calls()
	ann.ok("GET", "/properties/favourite/labels", nil)
	if len(labels.Items) != 2 || calls() != asked {
		t.Errorf("labels %+v, and HubSpot was asked %d times more", labels, calls()-asked)
	}
	if len(options.Items) != 2 || options.Items[1].Label != "Coffee" {
		t.Errorf("options %+v", options)
	}
}
