package contract

import (
	"slices"
	"testing"

	"lumo/scripts/hubspotsandbox"
)

// TestAPIOptions: what a field of choices may hold comes from HubSpot, for the screen's select.
func TestAPIOptions(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	w.must(w.hub.DefineProperty(customer, "contacts", hubspotsandbox.Definition{
		Name: "size", Label: "Size", Type: "enumeration", FieldType: "select", Group: "contactinformation",
		Options: []hubspotsandbox.Option{{Value: "s", Label: "小 S", Order: 1}, {Value: "old", Label: "Old", Order: 0, Hidden: true}, {Value: "l", Label: "大 L", Order: 2}},
	}))
	type options struct {
		Items []struct{ Value, Label string }
		More  bool
	}
	got := into[options](t, ann.ok("GET", "/properties/size/options", nil))
	values := make([]string, 0, len(got.Items))
	for _, o := range got.Items {
		values = append(values, o.Value+" "+o.Label)
	}
	if !slices.Equal(values, []string{"s 小 S", "l 大 L"}) || got.More {
		t.Errorf("options %+v", got)
	}
	if got := into[options](t, ann.ok("GET", "/properties/firstname/options", nil)); len(got.Items) != 0 {
		t.Errorf("options of a text %+v", got)
	}
	ann.refused("GET", "/properties/nonsense/options", "", 200, "NO_SUCH_PROPERTY")
	eve.refused("GET", "/properties/size/options", "", 200, "NO_SUCH_PROPERTY")
}
