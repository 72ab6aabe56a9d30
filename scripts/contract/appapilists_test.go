package contract

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/syncrun"
)

type listRow struct {
	ID, Name, Kind, State string
	Size, Members, Read   *int
	Selected              bool
	MembersAsOf           *int64
	ReadSeconds           int
}

func lists(u *user, query string) []listRow {
	u.w.t.Helper()
	var out []listRow
	for cursor := ""; ; {
		page := into[struct {
			Items []listRow
			Next  string
		}](u.w.t, u.ok("GET", "/lists?limit=25"+query+cursor, nil))
		if out = append(out, page.Items...); page.Next == "" {
			return out
		}
		cursor = "&cursor=" + page.Next
	}
}

func listNamed(u *user, name string) listRow {
	u.w.t.Helper()
	all := lists(u, "")
	i := slices.IndexFunc(all, func(l listRow) bool { return l.Name == name })
	if i < 0 {
		u.w.t.Fatalf("no list %q in %+v", name, all)
	}
	return all[i]
}

// members are what is stored, compared with what the sandbox has.
func (w *apiWorld) sameMembers(list int64) []id.ContactID {
	w.t.Helper()
	got, err := w.app.Lists().Members(w.t.Context(), customer, id.ListID(strconv.FormatInt(list, 10)))
	w.must(err)
	all, err := w.hub.Lists(int64(customer), true)
	w.must(err)
	for _, l := range all {
		if l.ID != list {
			continue
		}
		var want []id.ContactID
		for _, c := range l.Members {
			want = append(want, id.ContactID(c))
		}
		if !slices.Equal(got.IDs, want) {
			w.t.Errorf("list %d: %d members here, %d in HubSpot", list, len(got.IDs), len(want))
		}
	}
	return got.IDs
}

func TestAPIListsOfHubSpot(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	for i := range 60 {
		_, err := w.hub.CreateList(customer, "contacts", fmt.Sprintf("List %02d", i), nil)
		w.must(err)
	}
	w.run(ann, syncrun.Lists)
	if all := lists(ann, "&search=list"); len(all) != 60 || all[0].State != "not_selected" || all[0].MembersAsOf != nil {
		t.Errorf("%d lists, %+v", len(all), all[0])
	}
	if all := lists(ann, "&selected=true"); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	ann.refused("GET", "/lists?selected=maybe", "", 200, "INVALID_INPUT")
	ann.refused("PATCH", "/lists/999", `{"selected":true}`, 200, "NO_SUCH_LIST")
	ann.refused("PATCH", "/lists/x", `{"selected":true}`, 200, "NO_SUCH_LIST")
	ann.refused("PATCH", "/lists/11", `{}`, 200, "INVALID_INPUT")
	ann.refused("POST", "/lists/999/reread", `{}`, 200, "NO_SUCH_LIST")
}

// Members arrive when a list is selected, and follow; names follow; a list that is gone is marked (P-50 to P-55).
func TestAPISelectedListFollows(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	contacts, _, err := w.hub.Seed(int64(customer), hubspotsandbox.SeedOptions{Contacts: 700})
	w.must(err)
	vip, err := w.hub.CreateList(int64(customer), "contacts", "VIP", nil)
	w.must(err)
	w.must(w.hub.AddMembers(int64(customer), vip, contacts[:600]...))
	leads, err := w.hub.CreateList(int64(customer), "contacts", "Zeldas", hubspotsandbox.PropertyFilter("firstname", "IS_EQUAL_TO", "Zelda"))
	w.must(err)
	w.run(ann, syncrun.Lists)

	for _, l := range []int64{vip, leads} {
		row := into[listRow](t, ann.ok("PATCH", fmt.Sprintf("/lists/%d", l), body{"selected": true}))
		if !row.Selected || row.State != "waiting" {
			t.Errorf("%+v", row)
		}
	}
	w.work()
	if row := listNamed(ann, "VIP"); row.State != "current" || row.Kind != "static" || *row.Members != 600 || row.MembersAsOf == nil {
		t.Errorf("%+v", row)
	}
	if got := w.sameMembers(vip); len(got) != 600 {
		t.Error(len(got))
	}
	w.sameMembers(leads)

	// By the journal, within the minute, without reading a page.
	w.clock.Advance(10 * time.Minute)
	pages := w.memberPages()
	w.must(w.hub.RemoveMembers(int64(customer), vip, contacts[:20]...))
	w.must(w.hub.AddMembers(int64(customer), vip, contacts[600:620]...))
	w.must(w.hub.Edit(int64(customer), "contacts", contacts[0], map[string]string{"firstname": "Zelda"}, hubspotsandbox.By{}))
	w.clock.Advance(time.Minute)
	w.must(w.app.Journal().Poll(t.Context()))
	w.work()
	w.sameMembers(vip)
	if got := w.sameMembers(leads); !slices.Contains(got, id.ContactID(contacts[0])) {
		t.Error("the active list did not follow")
	}
	if n := w.memberPages() - pages; n != 0 {
		t.Errorf("%d pages of members were read", n)
	}

	// By the fingerprint, where the journal says nothing.
	w.must(w.app.HubSpot().WatchLists(t.Context(), customer, nil))
	w.clock.Advance(10 * time.Minute)
	w.must(w.hub.RemoveMembers(int64(customer), vip, contacts[20:40]...))
	w.must(w.hub.RenameList(int64(customer), vip, "Very important"))
	w.run(ann, syncrun.Lists)
	w.sameMembers(vip)
	if row := listNamed(ann, "Very important"); row.State != "current" || *row.Members != 580 {
		t.Errorf("%+v", row)
	}
	run := into[struct{ Items []struct{ Lists int } }](t, ann.ok("GET", "/runs?limit=1", nil))
	if run.Items[0].Lists != 2 {
		t.Errorf("the history counts %d lists", run.Items[0].Lists)
	}

	// Now, whatever the fingerprint says.
	w.clock.Advance(time.Minute)
	before := *listNamed(ann, "Very important").MembersAsOf
	ann.ok("POST", fmt.Sprintf("/lists/%d/reread", vip), body{})
	w.work()
	if after := *listNamed(ann, "Very important").MembersAsOf; after < before+time.Minute.Milliseconds() {
		t.Error("not read again")
	}

	w.must(w.hub.DeleteList(int64(customer), vip))
	w.run(ann, syncrun.Lists)
	if row := listNamed(ann, "Very important"); row.State != "deleted" {
		t.Errorf("%+v", row)
	}
	ann.refused("POST", fmt.Sprintf("/lists/%d/reread", vip), `{}`, 200, "LIST_DELETED")
	if _, err := w.app.Lists().Members(t.Context(), customer, id.ListID(strconv.FormatInt(vip, 10))); err != hubspotlist.ErrDeleted {
		t.Error(err)
	}
	ann.ok("PATCH", fmt.Sprintf("/lists/%d", vip), body{"selected": false})
	if all := lists(ann, ""); slices.ContainsFunc(all, func(l listRow) bool { return l.State == "deleted" }) {
		t.Errorf("%+v", all)
	}
}

func (w *apiWorld) memberPages() int {
	return w.hub.Stats(int64(customer)).Endpoints["GET /crm/lists/{v}/{id}/memberships"]
}
