package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/pace"
)

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
