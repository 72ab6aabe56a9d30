package e2e_test

import (
	"fmt"
	"testing"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

type listRow struct {
	ID, Name, State string
	Selected        bool
	Members         *int
	MembersAsOf     *int64
}

// list finds a list by its id; nil while Lumo does not know it.
func (c *customer) list(l int64) *listRow {
	c.t.Helper()
	var page struct{ Items []listRow }
	c.api("GET", "/api/v1/lists", nil, &page)
	for _, x := range page.Items {
		if x.ID == fmt.Sprint(l) {
			return &x
		}
	}
	return nil
}

// holds says what is wrong with the members that Lumo keeps; "" when it has as many as HubSpot.
func (c *customer) holds(l int64) string {
	c.t.Helper()
	all, err := outside.HubSpot.Lists(c.Portal, false)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, x := range all {
		if row := c.list(l); x.ID == l && (row == nil || row.Members == nil || *row.Members != x.Size || row.State != "current") {
			return fmt.Sprintf("%d members in HubSpot, Lumo: %+v", x.Size, row)
		}
	}
	return ""
}

func (c *customer) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// Somebody selects HubSpot lists: members arrive, and whatever happens to the lists follows (P-50 to P-53).
func TestSelectedHubSpotListsFollow(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 60, Companies: 4, Lists: 2, Friends: 12, Linked: 10})
	var ids []int64
	for _, r := range c.records() {
		ids = append(ids, r.ID)
	}
	vip, err := outside.HubSpot.CreateList(c.Portal, "contacts", "Lumo VIP", nil)
	c.must(err)
	c.must(outside.HubSpot.AddMembers(c.Portal, vip, ids[:40]...))
	active, err := outside.HubSpot.CreateList(c.Portal, "contacts", "Lumo Zeldas", hubspotsandbox.PropertyFilter("firstname", "IS_EQUAL_TO", "Zelda"))
	c.must(err)

	c.api("POST", "/api/v1/sync", map[string]string{"extent": "lists"}, nil)
	eventually(t, within, "the index knows the lists", func() string {
		if c.list(vip) == nil || c.list(active) == nil {
			return "not yet"
		}
		return ""
	})
	for _, l := range []int64{vip, active} {
		c.api("PATCH", fmt.Sprintf("/api/v1/lists/%d", l), map[string]bool{"selected": true}, nil)
	}
	for _, l := range []int64{vip, active} {
		eventually(t, within, "the members arrive", func() string { return c.holds(l) })
	}

	c.must(outside.HubSpot.RemoveMembers(c.Portal, vip, ids[:3]...))
	c.must(outside.HubSpot.AddMembers(c.Portal, vip, ids[40:45]...))
	c.edit(person{contact: ids[0]}, "firstname", "Zelda", hubspotsandbox.By{})
	for _, l := range []int64{vip, active} {
		eventually(t, within, "changed members follow within the minute", func() string {
			tick(t)
			return c.holds(l)
		})
	}

	c.must(outside.HubSpot.RenameList(c.Portal, vip, "Lumo very important"))
	c.api("POST", fmt.Sprintf("/api/v1/lists/%d/reread", vip), map[string]any{}, nil)
	eventually(t, within, "the name follows", func() string {
		if row := c.list(vip); row.Name != "Lumo very important" {
			return row.Name
		}
		return c.holds(vip)
	})

	c.must(outside.HubSpot.DeleteList(c.Portal, vip))
	c.api("POST", fmt.Sprintf("/api/v1/lists/%d/reread", active), map[string]any{}, nil)
	eventually(t, within, "the deleted list is marked", func() string {
		if row := c.list(vip); row.State != "deleted" {
			return row.State
		}
		return c.holds(active)
	})
	if status, code := c.refused("POST", fmt.Sprintf("/api/v1/lists/%d/reread", vip), map[string]any{}); status != 200 || code != "LIST_DELETED" {
		t.Error(status, code)
	}
}
