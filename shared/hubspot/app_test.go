package hubspot

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
)

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	got := f.AuthorizeURL(AuthorizeParams{RedirectURI: "https://lumo.example/cb", Scopes: []string{"oauth", "crm.lists.read"}, Optional: []string{"automation"}, State: "s+1"})
	if strings.Contains(got, "+") {
		t.Errorf("scopes must be separated by %%20: %s", got)
	}
	u, err := url.Parse(got)
	if err != nil || u.Host != "app.example" || u.Path != "/oauth/authorize" {
		t.Fatalf("%s, %v", got, err)
	}
	want := url.Values{"client_id": {"client-1"}, "redirect_uri": {"https://lumo.example/cb"}, "scope": {"oauth crm.lists.read"}, "optional_scope": {"automation"}, "state": {"s+1"}}
	if u.Query().Encode() != want.Encode() {
		t.Errorf("query %v", u.Query())
	}
	if u, _ := url.Parse(f.AuthorizeURL(AuthorizeParams{Portal: 7})); u.Path != "/oauth/7/authorize" {
		t.Errorf("path %s", u.Path)
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"access_token":"a","refresh_token":"r","expires_in":1800,"token_type":"bearer","hub_id":7,"user_id":55,"scopes":["oauth"]}`})
	g, err := f.ExchangeCode(t.Context(), "code", "https://lumo.example/cb")
	if err != nil || g.AccessToken != "a" || g.RefreshToken != "r" || g.ExpiresIn != 30*time.Minute || g.Hub != 7 || g.UserID != 55 || !slices.Equal(g.Scopes, []string{"oauth"}) {
		t.Fatalf("%+v, %v", g, err)
	}
	r := f.last()
	form, _ := url.ParseQuery(r.Body)
	if r.Type != "application/x-www-form-urlencoded" || len(r.Query) > 0 || form.Get("client_secret") != "secret-canary" || form.Get("grant_type") != "authorization_code" || form.Get("redirect_uri") == "" {
		t.Errorf("%+v", r)
	}

	f.script = []answer{{status: 200, body: `{"access_token":"a2","expires_in":1800}`}}
	if g, err := f.RefreshToken(t.Context(), "kept"); err != nil || g.RefreshToken != "kept" {
		t.Errorf("a reply without a new refresh token keeps the old one: %+v, %v", g, err)
	}
	f.script = []answer{{status: 200, body: `{}`}}
	_, err = f.RefreshToken(t.Context(), "r")
	wantFault(t, err, fault.Unavailable, "HUBSPOT_UNREADABLE_REPLY")

	n := len(f.seen())
	f.script = []answer{{cut: true}}
	if _, err := f.ExchangeCode(t.Context(), "code", "u"); !fault.Is(err, fault.Unavailable) || len(f.seen()) != n+1 {
		t.Errorf("a code works once and must not be repeated: %v after %d requests", err, len(f.seen())-n)
	}
}

func TestRevokeAndUninstallTwice(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 400, body: `{"error":"invalid_grant","status":"BAD_REFRESH_TOKEN"}`})
	if err := f.Revoke(t.Context(), "r"); err != nil {
		t.Errorf("a token that is dead already: %v", err)
	}
	f.script = []answer{{status: 404}}
	if err := f.portal().Uninstall(t.Context()); err != nil {
		t.Errorf("an app that is gone already: %v", err)
	}
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"active":true,"hub_id":7,"hub_domain":"acme.example","app_id":99,"user_id":5,"user":"ann@acme.example","scopes":["oauth"],"expires_in":100,"signed_access_token":{"hublet":"na1"}}`}, answer{status: 200, body: `{"active":false}`})
	i, err := f.Introspect(t.Context(), "t", "access_token")
	if err != nil || !i.Active || i.Hub != 7 || i.AppID != 99 || i.Hublet != "na1" || i.User != "ann@acme.example" {
		t.Errorf("%+v, %v", i, err)
	}
	if i, err := f.Introspect(t.Context(), "t", "access_token"); err != nil || i.Active {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestAppTokenIsKeptAndReplaced(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	tokens := 0
	refuse := ""
	f.handler = func(r request) answer {
		if strings.HasPrefix(r.Path, "/oauth") {
			tokens++
			return answer{status: 200, body: `{"access_token":"app-` + string(rune('0'+tokens)) + `","expires_in":1800}`}
		}
		if r.Auth == refuse {
			return answer{status: 401}
		}
		return answer{status: 204}
	}
	read := func() string {
		if _, err := f.JournalNext(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		return f.last().Auth
	}
	if a, b := read(), read(); a != "Bearer app-1" || b != a || tokens != 1 {
		t.Errorf("%s %s %d", a, b, tokens)
	}
	f.clock.Advance(25 * time.Minute)
	if a := read(); a != "Bearer app-2" {
		t.Errorf("after four fifths of its life: %s", a)
	}
	refuse = "Bearer app-2"
	if a := read(); a != "Bearer app-3" {
		t.Errorf("after a 401: %s", a)
	}
	if len(f.tokens.refused) > 0 || len(f.pacer.waits) > 0 {
		t.Error("the journal has nothing to do with a portal's token or pace")
	}
}

func TestJournalPages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handler = func(r request) answer {
		switch r.Path {
		case "/oauth/2026-09/token":
			return answer{status: 200, body: `{"access_token":"app","expires_in":1800}`}
		case "/webhooks-journal/journal/2026-09/earliest":
			return answer{status: 200, body: `{"url":"` + f.url + `/file?sig=canary","expiresAt":"2026-11-20T13:00:00Z","currentOffset":"o1"}`}
		case "/webhooks-journal/journal/2026-09/offset/o1/next":
			return answer{status: 204}
		case "/webhooks-journal/journal/2026-09/offset/old/next":
			return answer{status: 404, body: `{"message":"no such offset"}`}
		case "/file":
			if r.Auth != "" {
				return answer{status: 500}
			}
			return answer{status: 200, body: `{"offset":"o1","publishedAt":"2026-11-20T11:59:00Z","journalEvents":[
				{"type":"object","action":"UPDATE","portalId":7,"occurredAt":"2026-11-20T11:58:00.5Z","objectTypeId":"0-1","objectId":512,"propertyChanges":{"email":"x"}},
				{"type":"app_lifecycle_event","action":"APP_UNINSTALL","portalId":"8","occurredAt":1763640000000},
				"something new"]}`}
		}
		return answer{status: 404}
	}
	page, err := f.JournalNext(t.Context(), "")
	if err != nil || !page.OK || page.Offset != "o1" || len(page.Events) != 3 || page.PublishedAt.IsZero() {
		t.Fatalf("%+v, %v", page, err)
	}
	e := page.Events[0]
	if e.Portal != 7 || e.ObjectID != "512" || e.Action != "UPDATE" || e.OccurredAt.Minute() != 58 || !strings.Contains(string(e.Raw), "propertyChanges") {
		t.Errorf("%+v", e)
	}
	if e := page.Events[1]; e.Portal != 8 || e.OccurredAt.UnixMilli() != 1763640000000 {
		t.Errorf("%+v", e)
	}
	if e := page.Events[2]; string(e.Raw) != `"something new"` {
		t.Errorf("%+v", e)
	}
	if page, err := f.JournalNext(t.Context(), "o1"); err != nil || page.OK || page.Offset != "o1" {
		t.Errorf("nothing new: %+v, %v", page, err)
	}
	_, err = f.JournalNext(t.Context(), "old")
	wantFault(t, err, fault.NotFound, CodeOffsetExpired)
	noCanary(t, "log", f.log.String())
}

func TestEnsureSubscriptions(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var made []string
	f.handler = func(r request) answer {
		switch {
		case strings.HasPrefix(r.Path, "/oauth"):
			return answer{status: 200, body: `{"access_token":"app","expires_in":1800}`}
		case r.Method == "POST":
			made = append(made, r.Body)
			return answer{status: 200, body: `{}`}
		case r.Method == "DELETE":
			made = append(made, r.Path)
			return answer{status: 404}
		}
		return answer{status: 200, body: `{"results":[
			{"id":1,"appId":99,"subscriptionType":"OBJECT","portalId":7,"objectTypeId":"0-1","actions":["CREATE","UPDATE"],"properties":["email","phone"]},
			{"id":2,"subscriptionType":"APP_LIFECYCLE_EVENT","objectTypeId":"4-1916193","actions":["APP_UNINSTALL"]},
			{"id":3,"subscriptionType":"LIST_MEMBERSHIP","portalId":7,"actions":["ADDED_TO_LIST"],"deletedAt":"2026-01-01T00:00:00Z"}]}`}
	}
	err := f.EnsureSubscriptions(t.Context(), []Subscription{
		{Kind: SubscribeObject, Portal: 7, ObjectTypeID: "0-1", Actions: []string{"UPDATE"}, Properties: []string{"email"}},
		{Kind: SubscribeObject, Portal: 7, ObjectTypeID: "0-1", Actions: []string{"UPDATE"}, Properties: []string{"email", "fax"}},
		{Kind: SubscribeLifecycle, EventTypeID: EventAppUninstalled},
		{Kind: SubscribeList, Portal: 7, Actions: []string{"ADDED_TO_LIST"}},
		{Kind: SubscribeAssociation, Portal: 8, ObjectTypeID: "0-1", ToTypeIDs: []string{"0-2"}, Actions: []string{"ASSOCIATION_ADDED"}},
		{Kind: SubscribePrivacy, Portal: 7, ObjectTypeID: "0-1", Actions: []string{"GDPR_DELETE"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"actions":["UPDATE"],"objectIds":[],"objectTypeId":"0-1","portalId":7,"properties":["email","fax"],"subscriptionType":"OBJECT"}`,
		`{"actions":["ADDED_TO_LIST"],"listIds":[],"objectIds":[],"portalId":7,"subscriptionType":"LIST_MEMBERSHIP"}`,
		`{"actions":["ASSOCIATION_ADDED"],"associatedObjectTypeIds":["0-2"],"objectIds":[],"objectTypeId":"0-1","portalId":8,"subscriptionType":"ASSOCIATION"}`,
		`{"actions":["GDPR_DELETE"],"objectTypeId":"0-1","portalId":7,"subscriptionType":"GDPR_PRIVACY_DELETION"}`,
	}
	if !slices.Equal(made, want) {
		t.Errorf("made %s", strings.Join(made, "\n"))
	}
	if err := f.DeletePortalSubscriptions(t.Context(), 7); err != nil || made[len(made)-1] != "/webhooks-journal/subscriptions/2026-09/portals/7" {
		t.Errorf("%v, %v", made[len(made)-1], err)
	}
	if err := f.DeleteSubscription(t.Context(), 3); err != nil || made[len(made)-1] != "/webhooks-journal/subscriptions/2026-09/3" {
		t.Errorf("%v, %v", made[len(made)-1], err)
	}
}

func TestListsAndOwners(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"lists":[{"listId":"12","name":"VIP","objectTypeId":"0-1","processingType":"DYNAMIC","processingStatus":"COMPLETE","listVersion":3,"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-02T00:00:00Z","filtersUpdatedAt":"2026-01-02T00:00:00Z","additionalProperties":{"hs_list_size":"31","hs_last_record_added_at":"1763640000000","hs_folder_name":"A"}},{"listId":"13","name":"new"}],"offset":2,"hasMore":true,"total":5}`})
	page, err := f.portal().SearchLists(t.Context(), 0, 0)
	if err != nil || page.Next != 2 || page.Total != 5 || len(page.Lists) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	if l := page.Lists[0]; l.ID != id.ListID("12") || l.Size != 31 || l.LastAddedAt == "" || l.Version != 3 || l.Folder != "A" {
		t.Errorf("%+v", l)
	}
	if l := page.Lists[1]; l.Size != -1 {
		t.Errorf("an unknown size is %d", l.Size)
	}
	if b := f.last().Body; b != `{"count":500,"objectTypeId":"0-1","offset":0}` {
		t.Errorf("asked %s", b)
	}
	f.script = []answer{{status: 200, body: `{"lists":[],"offset":5,"hasMore":false,"total":5}`}}
	if page, _ := f.portal().SearchLists(t.Context(), 4, 10); page.Next != -1 {
		t.Errorf("the end has a next page %d", page.Next)
	}
	f.script = []answer{{status: 200, body: `{"results":[{"recordId":"512","membershipTimestamp":"2026-01-01T00:00:00Z"}],"paging":{"next":{"after":"zz"}}}`}}
	if m, err := f.portal().ListJoins(t.Context(), "12", "aa", 9999); err != nil || m.After != "zz" || m.Members[0].RecordID != "512" || f.last().Query.Encode() != "after=aa&limit=250" {
		t.Errorf("%+v, %v, %v", m, err, f.last().Query)
	}
	f.script = []answer{{status: 200, body: `{"results":[{"id":"5","userId":55,"email":"a@b.example","firstName":"Ann","archived":false}]}`}}
	if o, err := f.portal().Owners(t.Context(), ""); err != nil || o.After != "" || o.Owners[0].UserID != 55 {
		t.Errorf("%+v, %v", o, err)
	}
	if got := RecordURL("app-eu1.hubspot.com", 7, Companies, "5"); got != "https://app-eu1.hubspot.com/contacts/7/record/0-2/5" {
		t.Errorf("record link %s", got)
	}
}

// sharedTokens is an AppTokens in memory.
type sharedTokens struct {
	value string
	until time.Time
	err   error
	saved int
}

func (s *sharedTokens) Load(context.Context, string) (string, time.Time, error) {
	return s.value, s.until, s.err
}

func (s *sharedTokens) Save(_ context.Context, _, token string, until time.Time) error {
	s.saved++
	s.value, s.until = token, until
	return s.err
}

// A process that is new, or took the place of a killed one, finds the app's token and asks for none.
func TestProcessesShareTheAppsToken(t *testing.T) {
	t.Parallel()
	shared, asked := &sharedTokens{}, 0
	refuse := ""
	handler := func(r request) answer {
		switch {
		case strings.HasPrefix(r.Path, "/oauth"):
			asked++
			return answer{status: 200, body: `{"access_token":"app-` + strconv.Itoa(asked) + `","expires_in":1800}`}
		case r.Auth == refuse:
			return answer{status: 401}
		}
		return answer{status: 204}
	}
	process := func() *fake {
		f := newFake(t)
		f.cfg.AppTokens, f.handler = shared, handler
		return f
	}
	read := func(f *fake) string {
		t.Helper()
		if _, err := f.JournalNext(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		return f.last().Auth
	}
	first, second := process(), process()
	if a, b := read(first), read(second); a != "Bearer app-1" || b != a || asked != 1 || shared.saved != 1 {
		t.Fatalf("%s, %s; HubSpot was asked %d times", a, b, asked)
	}
	refuse = "Bearer app-1" // the stored token, too
	if a := read(first); a != "Bearer app-2" || asked != 2 {
		t.Errorf("after a 401: %s; HubSpot was asked %d times", a, asked)
	}
	if a := read(second); a != "Bearer app-2" || asked != 2 {
		t.Errorf("the other process after a 401: %s; HubSpot was asked %d times", a, asked)
	}
	second.clock.Advance(25 * time.Minute)
	if a := read(second); a != "Bearer app-3" {
		t.Errorf("after four fifths of its life: %s", a)
	}
	shared.err = errors.New("table is away")
	if a := read(process()); a != "Bearer app-4" {
		t.Errorf("without the table: %s", a)
	}
}
