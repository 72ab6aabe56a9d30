package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/pace"
)

const (
	hub      id.PortalID = 1001
	callback             = "https://lumo.test/oauth/callback"
	appID                = 7654321
)

var began = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// hubspotWorld is a sandbox with one installed portal and the app's client.
type hubspotWorld struct {
	*hubspot.Client
	t      *testing.T
	s      *hubspotsandbox.Server
	clock  *clock.Virtual
	tokens *hubTokens
}

// hubTokens is the simplest TokenSource: it refreshes whenever a token is refused.
type hubTokens struct {
	client          *hubspot.Client
	access, refresh string
}

func (k *hubTokens) AccessToken(context.Context, id.PortalID) (string, error) { return k.access, nil }

func (k *hubTokens) Refused(ctx context.Context, _ id.PortalID, _ string) (string, error) {
	g, err := k.client.RefreshToken(ctx, k.refresh)
	if err != nil {
		return "", err
	}
	k.access, k.refresh = g.AccessToken, g.RefreshToken
	return k.access, nil
}

func newHubspotWorld(t *testing.T, change ...func(*hubspot.Config)) *hubspotWorld {
	t.Helper()
	b := &hubspotWorld{t: t, clock: clock.NewVirtual(began), tokens: &hubTokens{}}
	b.s = hubspotsandbox.New(hubspotsandbox.Config{Clock: b.clock, Seed: 1, PublicURL: "http://hubspot.test", AppID: appID, ClientID: "client", ClientSecret: "secret-1", RedirectURLs: []string{callback}, InstallURL: callback})
	t.Cleanup(b.s.Close)
	b.s.AddPortal(int64(hub), hubspotsandbox.PortalOptions{})
	cfg := hubspot.Config{
		BaseURL: "http://hubspot.test", AppID: appID, ClientID: "client", ClientSecret: "secret-1", HTTP: &http.Client{Transport: b.s.Transport()},
		Clock: b.clock, Tokens: b.tokens, Rand: func() float64 { return 0.5 },
	}
	for _, f := range change {
		f(&cfg)
	}
	b.Client = hubspot.New(cfg)
	b.tokens.client = b.Client
	b.install()
	return b
}

// install goes through the code exchange as the install page would make us.
func (b *hubspotWorld) install() hubspot.Grant {
	b.t.Helper()
	scopes := slices.Concat(hubspotsandbox.DefaultRequiredScopes, []string{"crm.objects.companies.write", "crm.schemas.companies.read"})
	code, err := b.s.Code(int64(hub), callback, scopes...)
	if err != nil {
		b.t.Fatal(err)
	}
	g, err := b.ExchangeCode(b.t.Context(), code, callback)
	if err != nil {
		b.t.Fatal(err)
	}
	b.tokens.access, b.tokens.refresh = g.AccessToken, g.RefreshToken
	return g
}

func (b *hubspotWorld) portal() *hubspot.Portal { return b.Portal(hub) }

func want[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantFault(t testing.TB, err error, class fault.Class, code string) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class != class || f.Code != code {
		t.Fatalf("got %v, want %s %s", err, class, code)
	}
	return f
}

func (b *hubspotWorld) contact(props ...string) string {
	b.t.Helper()
	values := map[string]string{}
	for i := 0; i+1 < len(props); i += 2 {
		values[props[i]] = props[i+1]
	}
	return want(b.portal().Create(b.t.Context(), hubspot.Contacts, values))(b.t).ID
}

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

func TestJournal(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	wanted := []hubspot.Subscription{
		{Kind: hubspot.SubscribeObject, Portal: hub, ObjectTypeID: "0-1", Actions: []string{"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"}, Properties: []string{"email", "firstname"}},
		{Kind: hubspot.SubscribeAssociation, Portal: hub, ObjectTypeID: "0-1", ToTypeIDs: []string{"0-2"}, Actions: []string{"ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"}},
		{Kind: hubspot.SubscribeList, Portal: hub, Actions: []string{"ADDED_TO_LIST", "REMOVED_FROM_LIST"}},
		{Kind: hubspot.SubscribePrivacy, Portal: hub, ObjectTypeID: "0-1", Actions: []string{"GDPR_DELETE"}},
		{Kind: hubspot.SubscribeLifecycle, EventTypeID: hubspot.EventAppUninstalled},
	}
	for range 2 {
		if err := b.EnsureSubscriptions(ctx, wanted); err != nil {
			t.Fatal(err)
		}
	}
	if have := want(b.ListSubscriptions(ctx))(t); len(have) != len(wanted) {
		t.Errorf("asked twice for %d subscriptions, there are %+v", len(wanted), have)
	}
	if page := want(b.JournalNext(ctx, ""))(t); page.OK {
		t.Errorf("an empty journal answers %+v", page)
	}
	ann := b.contact("email", "ann@acme.example")
	var events []hubspot.JournalEvent
	offset := ""
	read := func() {
		t.Helper()
		b.clock.Advance(2 * time.Minute)
		for {
			page := want(b.JournalNext(ctx, offset))(t)
			if !page.OK {
				return
			}
			offset, events = page.Offset, append(events, page.Events...)
		}
	}
	read()
	if len(events) == 0 || events[0].Portal != hub || events[0].ObjectID != ann || events[0].ObjectTypeID != "0-1" || events[0].OccurredAt.IsZero() {
		t.Fatalf("events %+v", events)
	}
	events = nil
	if err := b.portal().Uninstall(ctx); err != nil {
		t.Fatal(err)
	}
	read()
	if !slices.ContainsFunc(events, func(e hubspot.JournalEvent) bool { return e.Action == "APP_UNINSTALL" && e.Portal == hub }) {
		t.Errorf("events %+v", events)
	}
	b.clock.Advance(80 * time.Hour)
	_, err := b.JournalNext(ctx, offset)
	wantFault(t, err, fault.NotFound, hubspot.CodeOffsetExpired)
	if err := b.DeletePortalSubscriptions(ctx, hub); err != nil {
		t.Fatal(err)
	}
	if have := want(b.ListSubscriptions(ctx))(t); len(have) != 1 || have[0].Kind != hubspot.SubscribeLifecycle {
		t.Errorf("left %+v", have)
	}
}

func TestScopesThatAreMissing(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	tok, err := b.s.Install(int64(hub), "oauth", "crm.objects.contacts.read")
	if err != nil {
		t.Fatal(err)
	}
	b.tokens.access = tok.Access
	_, err = b.portal().SearchLists(ctx, 0, 0)
	wantFault(t, err, fault.Permission, "HUBSPOT_PERMISSION")
	if got := hubspot.DetailOf(err).MissingScopes; !slices.Contains(got, "crm.lists.read") {
		t.Errorf("missing scopes %v", got)
	}
}

func TestMisbehavingHubSpot(t *testing.T) {
	t.Parallel()
	b, ctx := newHubspotWorld(t), t.Context()
	ann := b.contact("email", "ann@acme.example")
	for _, f := range []hubspotsandbox.Fault{
		{Kind: hubspotsandbox.FaultStatus, Status: 502, Count: 2},
		{Kind: hubspotsandbox.FaultStatus, Status: 429, Count: 1},
		{Kind: hubspotsandbox.FaultStatus, Status: 423, Count: 1},
		{Kind: hubspotsandbox.FaultCutBefore, Count: 1},
		{Kind: hubspotsandbox.FaultCutAfter, Count: 1},
	} {
		want(b.s.AddFault(f))(t)
		if _, err := b.portal().BatchUpdate(ctx, hubspot.Contacts, []hubspot.Change{{ID: ann, Properties: map[string]string{"firstname": f.Kind + fmt.Sprint(f.Status)}}}); err != nil {
			t.Errorf("%s %d: %v", f.Kind, f.Status, err)
		}
		if r := want(b.portal().Get(ctx, hubspot.Contacts, ann, "", hubspot.Read{Properties: []string{"firstname"}}))(t); r.Value("firstname") != f.Kind+fmt.Sprint(f.Status) {
			t.Errorf("after %s %d the value is %q", f.Kind, f.Status, r.Value("firstname"))
		}
	}
	want(b.s.AddFault(hubspotsandbox.Fault{Kind: hubspotsandbox.FaultCutAfter, Method: "POST", Path: "/contacts$", Count: 1}))(t)
	_, err := b.portal().Create(ctx, hubspot.Contacts, map[string]string{"email": "bob@acme.example"})
	if f := wantFault(t, err, fault.Unavailable, "HUBSPOT_UNREACHABLE"); f.Certainty != fault.Unknown {
		t.Errorf("certainty %v", f.Certainty)
	}
	records, _, err := b.portal().BatchRead(ctx, hubspot.Contacts, []string{"bob@acme.example"}, "email", hubspot.Read{})
	if err != nil || len(records) != 1 {
		t.Errorf("the create whose answer was cut off made %d records: %v", len(records), err)
	}
}

// Three processes that share nothing but the lease rows call as fast as they may: HubSpot never has to refuse one.
func TestPacedProcessesAreNeverRefused(t *testing.T) {
	t.Parallel()
	b := newHubspotWorld(t)
	store := pace.NewMemory()
	var clients []*hubspot.Portal
	for range 3 {
		c := hubspot.New(hubspot.Config{
			BaseURL: "http://hubspot.test", AppID: appID, HTTP: &http.Client{Transport: b.s.Transport()}, Clock: b.clock, Tokens: b.tokens,
			Pace: pace.New(pace.Config{Store: store, Clock: b.clock}),
		})
		clients = append(clients, c.Portal(hub))
	}
	b.s.ResetStats()
	for i := range 600 {
		if _, err := clients[i%3].List(t.Context(), hubspot.Contacts, "", 1, hubspot.Read{}); err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 {
			if _, err := clients[i%3].Search(t.Context(), hubspot.Contacts, hubspot.Search{Limit: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s := b.s.Stats(int64(hub)); s.Limited > 0 || s.Peak10s > 110 || s.PeakSearch1s > 5 || s.Errors > 0 {
		t.Errorf("%+v", s)
	}
}

func TestSearchSlowsDownWhenOtherAppsSearchToo(t *testing.T) {
	t.Parallel()
	b := newHubspotWorld(t)
	if err := b.s.SetLimits(int64(hub), hubspotsandbox.Limits{General: 110, Search: 5, SearchByOther: 3}); err != nil {
		t.Fatal(err)
	}
	c := hubspot.New(hubspot.Config{
		BaseURL: "http://hubspot.test", AppID: appID, HTTP: &http.Client{Transport: b.s.Transport()}, Clock: b.clock, Tokens: b.tokens,
		Pace: pace.New(pace.Config{Store: pace.NewMemory(), Clock: b.clock}),
	}).Portal(hub)
	b.s.ResetStats()
	for range 300 {
		if _, err := c.Search(t.Context(), hubspot.Contacts, hubspot.Search{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if s := b.s.Stats(int64(hub)); s.Limited > 30 {
		t.Errorf("%d of %d searches were refused", s.Limited, s.Total)
	}
}

func TestSandboxSignaturesVerify(t *testing.T) {
	t.Parallel()
	const uri = "https://lumo.test/hubspot/webhooks?a=%2Fb%20c&userEmail=ann%40acme.example"
	body := []byte(`[{"eventId":1}]`)
	r := httptest.NewRequest("POST", uri, nil)
	for k, v := range hubspotsandbox.Sign("secret-1", "POST", uri, body, strconv.FormatInt(began.UnixMilli(), 10)) {
		r.Header.Set(k, v)
	}
	h := hubspot.HeadersFrom(r.Header.Get)
	if err := hubspot.VerifySignature([]string{"old", "secret-1"}, "POST", uri, body, h, began.Add(time.Minute)); err != nil {
		t.Error(err)
	}
	if err := hubspot.VerifySignature([]string{"old"}, "POST", uri, body, h, began); !errors.Is(err, hubspot.ErrBadSignature) {
		t.Error(err)
	}
}
