package contract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
)

func TestOAuthLife(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	g := b.install()
	if g.Hub != hub || g.ExpiresIn != 30*time.Minute || !slices.Contains(g.Scopes, "crm.lists.read") {
		t.Errorf("grant %+v", g)
	}
	if in := want(b.Introspect(ctx, g.AccessToken, "access_token"))(t); !in.Active || in.Hub != hub || in.AppID != appID {
		t.Errorf("introspection %+v", in)
	}
	if info := want(b.portal().AccountInfo(ctx))(t); info.Portal != hub || info.TimeZone != "Asia/Tokyo" || info.UIDomain == "" {
		t.Errorf("account %+v", info)
	}
	_, err := b.ExchangeCode(ctx, "used-or-unknown", callback)
	wantFault(t, err, fault.Invalid, "HUBSPOT_INSTALL_EXPIRED")

	b.s.SetRotation(true)
	b.clock.Advance(31 * time.Minute) // the access token dies of age: one 401, one refresh, and the call goes through
	before := b.tokens.refresh
	want(b.portal().AccountInfo(ctx))(t)
	if b.tokens.refresh == before {
		t.Error("a rotated refresh token was not taken over")
	}

	b.s.SetSecrets("another")
	_, err = b.RefreshToken(ctx, b.tokens.refresh)
	wantFault(t, err, fault.Misconfigured, "HUBSPOT_APP_CREDENTIALS")
	b.s.SetSecrets("secret-1")

	if err := b.portal().Uninstall(ctx); err != nil {
		t.Fatal(err)
	}
	if _, there := b.s.Installed(int64(hub)); there {
		t.Error("the app is still installed")
	}
	_, err = b.portal().AccountInfo(ctx)
	wantFault(t, err, fault.Revoked, "HUBSPOT_REVOKED")
	if err := b.Revoke(ctx, b.tokens.refresh); err != nil {
		t.Errorf("revoking a dead token: %v", err)
	}
}

func TestReadingEveryContactBothWays(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	var users []string
	for i := range 230 {
		users = append(users, fmt.Sprintf("U%032x", i))
	}
	all, _, err := b.s.Seed(int64(hub), hubspotsandbox.SeedOptions{Contacts: 523, Companies: 7, Seed: 3, Property: "line_user_id", Values: users})
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for after := ""; ; {
		page := want(b.portal().List(ctx, hubspot.Contacts, after, 0, hubspot.Read{Properties: []string{"line_user_id", "email"}}))(t)
		for _, r := range page.Records {
			listed = append(listed, r.ID)
			if _, asked := r.Properties["line_user_id"]; !asked {
				t.Fatalf("record %s lacks a property that was asked for", r.ID)
			}
		}
		if after = page.After; after == "" {
			break
		}
	}
	if len(listed) != len(all) {
		t.Errorf("listed %d of %d", len(listed), len(all))
	}
	b.clock.Advance(time.Minute) // the index lags
	found := map[string]bool{}
	s := hubspot.Search{Groups: []hubspot.FilterGroup{{Filters: []hubspot.Filter{{Property: "line_user_id", Op: hubspot.HasProperty}}}},
		Sort: hubspot.Sort{Property: "hs_object_id"}, Properties: []string{"line_user_id"}}
	for {
		page := want(b.portal().Search(ctx, hubspot.Contacts, s))(t)
		if page.Total != len(users) {
			t.Fatalf("total %d", page.Total)
		}
		for _, r := range page.Records {
			found[r.ID] = true
		}
		if s.After = page.After; s.After == "" {
			break
		}
		b.clock.Advance(time.Second)
	}
	if len(found) != len(users) {
		t.Errorf("found %d of %d", len(found), len(users))
	}
	records, missing, err := b.portal().BatchRead(ctx, hubspot.Contacts, append(users[:60:60], "Uffffffffffffffffffffffffffffffff"), "line_user_id",
		hubspot.Read{Properties: []string{"email"}, History: []string{"line_user_id"}})
	if err != nil || len(records) != 60 || len(missing) != 1 {
		t.Fatalf("%d records, missing %v: %v", len(records), missing, err)
	}
	if h := records[0].History["line_user_id"]; len(h) != 1 || h[0].SourceType != "INTEGRATION" || h[0].SourceID != strconv.Itoa(appID) || h[0].At.IsZero() {
		t.Errorf("history %+v", h)
	}
}

func TestWritesAndTheirRefusals(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	ann := b.contact("email", "Ann@Acme.Example", "firstname", "Ann")
	rec := want(b.portal().Get(ctx, hubspot.Contacts, ann, "", hubspot.Read{Properties: []string{"email", "phone"}, History: []string{"email"}}))(t)
	if rec.Value("email") != "ann@acme.example" || rec.Properties["phone"] != nil {
		t.Errorf("%+v", rec)
	}
	if h := rec.History["email"]; len(h) == 0 || h[0].SourceType != "INTEGRATION" || h[0].SourceID != strconv.Itoa(appID) {
		t.Errorf("our own write shows as %+v", h)
	}
	_, err := b.portal().Create(ctx, hubspot.Contacts, map[string]string{"email": "ann@acme.example"})
	wantFault(t, err, fault.Exists, "HUBSPOT_EXISTS")
	if got := hubspot.DetailOf(err).ExistingID; got != ann {
		t.Errorf("existing id %q, want %s", got, ann)
	}

	var in []hubspot.Change
	for i := range 130 {
		in = append(in, hubspot.Change{ID: b.contact("email", fmt.Sprintf("p%d@acme.example", i)), Properties: map[string]string{"firstname": fmt.Sprint("P", i)}})
	}
	in[17].Properties["lifecyclestage"] = "canary-stage"
	in[99].Properties["no_such_property"] = "x"
	in = append(in, hubspot.Change{ID: "99999999", Properties: map[string]string{"firstname": "nobody"}}, hubspot.Change{ID: in[3].ID, Properties: map[string]string{"lastname": "Late"}})
	calls := b.s.Stats(int64(hub)).Total
	out, err := b.portal().BatchUpdate(ctx, hubspot.Contacts, in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Done) != 128 || len(out.Failed) != 3 {
		t.Fatalf("%d done, failed %+v", len(out.Done), out.Failed)
	}
	for _, f := range out.Failed {
		switch f.ID {
		case in[17].ID:
			if !slices.Equal(f.Fault.Properties, []string{"lifecyclestage"}) || strings.Contains(f.Fault.Error(), "canary") {
				t.Errorf("%+v", f.Fault)
			}
		case in[99].ID:
			if f.Fault.Code != "HUBSPOT_PROPERTY_MISSING" || !slices.Equal(f.Fault.Properties, []string{"no_such_property"}) {
				t.Errorf("%+v", f.Fault)
			}
		case "99999999":
			if f.Fault.Class != fault.NotFound {
				t.Errorf("%+v", f.Fault)
			}
		default:
			t.Errorf("%s failed: %v", f.ID, f.Fault)
		}
		if f.Fault.Certainty != fault.NothingHappened {
			t.Errorf("%s: certainty %v", f.ID, f.Fault.Certainty)
		}
	}
	if n := b.s.Stats(int64(hub)).Total - calls; n > 4 {
		t.Errorf("%d calls for 131 changes with three culprits", n)
	}
	if v := want(b.portal().Get(ctx, hubspot.Contacts, in[3].ID, "", hubspot.Read{Properties: []string{"firstname", "lastname"}}))(t); v.Value("firstname") != "P3" || v.Value("lastname") != "Late" {
		t.Errorf("two changes of one record became %v", v.Properties)
	}
	clear := []hubspot.Change{{ID: ann, Properties: map[string]string{"firstname": ""}}}
	want(b.portal().BatchUpdate(ctx, hubspot.Contacts, clear))(t)
	if v := want(b.portal().Get(ctx, hubspot.Contacts, ann, "", hubspot.Read{Properties: []string{"firstname"}}))(t); v.Value("firstname") != "" {
		t.Errorf("a cleared property is %q", v.Value("firstname"))
	}
}

func TestAdminRulesAreNamed(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	ann := b.contact("email", "ann@acme.example")
	rule := hubspotsandbox.Rule{Object: "contacts", Property: "phone", When: "lifecyclestage", Equals: "customer"}
	if err := b.s.SetRules(int64(hub), []hubspotsandbox.Rule{rule}); err != nil {
		t.Fatal(err)
	}
	out := want(b.portal().BatchUpdate(ctx, hubspot.Contacts, []hubspot.Change{{ID: ann, Properties: map[string]string{"lifecyclestage": "customer"}}}))(t)
	if len(out.Failed) != 1 {
		t.Fatalf("%+v", out)
	}
	if f := out.Failed[0].Fault; f.Code != "HUBSPOT_REQUIRED_PROPERTY" || !slices.Contains(f.Properties, "phone") {
		t.Errorf("%+v", f)
	}
}

func TestMergedAndArchivedRecords(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	ann, bob := b.contact("email", "ann@acme.example"), b.contact("email", "bob@acme.example")
	first, _ := strconv.ParseInt(ann, 10, 64)
	second, _ := strconv.ParseInt(bob, 10, 64)
	survivor, err := b.s.Merge(int64(hub), "contacts", first, second, hubspotsandbox.By{})
	if err != nil {
		t.Fatal(err)
	}
	if r := want(b.portal().Get(ctx, hubspot.Contacts, ann, "", hubspot.Read{}))(t); r.ID != fmt.Sprint(survivor) {
		t.Errorf("an old id answers with %s, want %d", r.ID, survivor)
	}
	_, missing, err := b.portal().BatchRead(ctx, hubspot.Contacts, []string{ann, bob}, "", hubspot.Read{})
	if err != nil || survivor != first && !slices.Contains(missing, ann) {
		t.Errorf("missing %v, %v", missing, err)
	}
	if err := b.portal().Archive(ctx, hubspot.Contacts, fmt.Sprint(survivor)); err != nil {
		t.Fatal(err)
	}
	records, missing, err := b.portal().BatchRead(ctx, hubspot.Contacts, []string{fmt.Sprint(survivor)}, "", hubspot.Read{})
	if err != nil || len(records) != 0 || len(missing) != 1 {
		t.Errorf("%v %v %v", records, missing, err)
	}
	records, _, err = b.portal().BatchRead(ctx, hubspot.Contacts, []string{fmt.Sprint(survivor)}, "", hubspot.Read{Archived: true})
	if err != nil || len(records) != 1 || !records[0].Archived {
		t.Errorf("%v %v", records, err)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	b, ctx, p := newHubspotWorld(t), t.Context(), (*hubspot.Portal)(nil)
	p = b.portal()
	for range 2 {
		if err := p.CreateGroup(ctx, hubspot.Contacts, hubspot.Group{Name: "line", Label: "LINE"}); err != nil {
			t.Fatal(err)
		}
	}
	if g := want(p.Groups(ctx, hubspot.Contacts))(t); !slices.ContainsFunc(g, func(g hubspot.Group) bool { return g.Name == "line" && g.Label == "LINE" }) {
		t.Errorf("%+v", g)
	}
	defs := []hubspot.Property{
		{Name: "line_user_id", Label: "LINE User ID", Group: "line", Type: "string", FieldType: "text", Unique: true},
		{Name: "line_tags", Label: "LINE tags", Group: "line", Type: "enumeration", FieldType: "checkbox", Options: []hubspot.Option{{Value: "t1", Label: "VIP"}}},
		{Name: "email", Label: "mine", Group: "line", Type: "string", FieldType: "text"},
		{Name: "Bad Name", Label: "x", Group: "line", Type: "string", FieldType: "text"},
	}
	out := want(p.CreateProperties(ctx, hubspot.Contacts, defs))(t)
	slices.Sort(out.Created)
	if !slices.Equal(out.Created, []string{"line_tags", "line_user_id"}) || !slices.Equal(out.Existed, []string{"email"}) || len(out.Failed) != 1 || out.Failed[0].Name != "Bad Name" {
		t.Errorf("%+v", out)
	}
	options := []hubspot.Option{{Value: "t1", Label: "VIP", Hidden: true}, {Value: "t2", Label: "New", DisplayOrder: 1}}
	if err := p.UpdateProperty(ctx, hubspot.Contacts, "line_tags", hubspot.PropertyPatch{Options: options}); err != nil {
		t.Fatal(err)
	}
	if d := want(p.Property(ctx, hubspot.Contacts, "line_tags"))(t); !slices.Equal(d.Options, options) {
		t.Errorf("options %+v", d.Options)
	}
	if d := want(p.Property(ctx, hubspot.Contacts, "line_user_id"))(t); !d.Unique || d.Group != "line" || d.HubSpotDefined {
		t.Errorf("%+v", d)
	}
	if err := b.s.ArchiveProperty(int64(hub), "contacts", "line_tags"); err != nil {
		t.Fatal(err)
	}
	_, err := p.Property(ctx, hubspot.Contacts, "line_tags")
	wantFault(t, err, fault.NotFound, "HUBSPOT_NOT_FOUND")
	if gone := want(p.Properties(ctx, hubspot.Contacts, true))(t); len(gone) != 1 || gone[0].Name != "line_tags" || !gone[0].Archived {
		t.Errorf("archived %+v", gone)
	}
}

func TestAssociationsListsAndOwners(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	contacts, companies, err := b.s.Seed(int64(hub), hubspotsandbox.SeedOptions{Contacts: 12, Companies: 3, Seed: 5, Linked: 1})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range contacts {
		ids = append(ids, fmt.Sprint(c))
	}
	lone := b.contact("email", "lone@acme.example")
	got := want(b.portal().Associations(ctx, hubspot.Contacts, append(ids, lone), hubspot.Companies))(t)
	if len(got) != 12 || !got[ids[0]][0].Has(hubspot.ContactToPrimaryCompany) {
		t.Errorf("%d contacts with companies, first %+v", len(got), got[ids[0]])
	}
	link := hubspot.Link{FromID: lone, ToID: fmt.Sprint(companies[0]), Category: "HUBSPOT_DEFINED", TypeID: hubspot.ContactToCompany}
	if err := b.portal().Associate(ctx, hubspot.Contacts, hubspot.Companies, []hubspot.Link{link}); err != nil {
		t.Fatal(err)
	}
	if got := want(b.portal().Associations(ctx, hubspot.Contacts, []string{lone}, hubspot.Companies))(t); got[lone][0].ToID != fmt.Sprint(companies[0]) {
		t.Errorf("%+v", got)
	}
	list, err := b.s.CreateList(int64(hub), "contacts", "VIP", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.s.AddMembers(int64(hub), list, contacts...); err != nil {
		t.Fatal(err)
	}
	page := want(b.portal().SearchLists(ctx, 0, 0))(t)
	if page.Total != 1 || page.Next != -1 || page.Lists[0].Name != "VIP" || page.Lists[0].Size != 12 {
		t.Errorf("%+v", page)
	}
	var members []string
	for after := ""; ; {
		m := want(b.portal().ListMembers(ctx, page.Lists[0].ID, after, 5))(t)
		for _, x := range m.Members {
			members = append(members, x.RecordID)
		}
		if after = m.After; after == "" {
			break
		}
	}
	slices.Sort(ids)
	slices.Sort(members)
	if !slices.Equal(members, ids) {
		t.Errorf("members %v", members)
	}
	want(b.portal().ListJoins(ctx, page.Lists[0].ID, "", 0))(t)
	if err := b.s.DeleteList(int64(hub), list); err != nil {
		t.Fatal(err)
	}
	_, err = b.portal().HubSpotList(ctx, page.Lists[0].ID)
	wantFault(t, err, fault.NotFound, "HUBSPOT_NOT_FOUND")
	if o := want(b.portal().Owners(ctx, ""))(t); len(o.Owners) == 0 || o.Owners[0].UserID == 0 {
		t.Errorf("%+v", o)
	}
}
