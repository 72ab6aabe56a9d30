package hubspot

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lumo/shared/fault"
)

func TestPathsCarryTheDateVersion(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"results":[],"list":{},"lists":[]}`})
	ctx, p := t.Context(), f.portal()
	for want, call := range map[string]func(){
		"GET /crm/objects/2026-09/contacts":                              func() { _, _ = p.List(ctx, Contacts, "", 5, Read{}) },
		"GET /crm/objects/2026-09/companies/5":                           func() { _, _ = p.Get(ctx, Companies, "5", "", Read{}) },
		"POST /crm/objects/2026-09/contacts":                             func() { _, _ = p.Create(ctx, Contacts, nil) },
		"DELETE /crm/objects/2026-09/contacts/5":                         func() { _ = p.Archive(ctx, Contacts, "5") },
		"POST /crm/objects/2026-09/contacts/search":                      func() { _, _ = p.Search(ctx, Contacts, Search{}) },
		"POST /crm/objects/2026-09/contacts/batch/read":                  func() { _, _, _ = p.BatchRead(ctx, Contacts, []string{"1"}, "", Read{}) },
		"POST /crm/objects/2026-09/contacts/batch/upsert":                func() { _ = p.BatchUpsert(ctx, Contacts, "line_user_id", []Change{{ID: "U1"}}) },
		"POST /crm/objects/2026-09/contacts/batch/update":                func() { _, _ = p.BatchUpdate(ctx, Contacts, []Change{{ID: "1"}}) },
		"GET /crm/properties/2026-09/contacts":                           func() { _, _ = p.Properties(ctx, Contacts, false) },
		"GET /crm/properties/2026-09/contacts/email":                     func() { _, _ = p.Property(ctx, Contacts, "email") },
		"PATCH /crm/properties/2026-09/contacts/line_tags":               func() { _ = p.UpdateProperty(ctx, Contacts, "line_tags", PropertyPatch{}) },
		"POST /crm/properties/2026-09/contacts/batch/create":             func() { _, _ = p.CreateProperties(ctx, Contacts, []Property{{Name: "a"}}) },
		"GET /crm/properties/2026-09/contacts/groups":                    func() { _, _ = p.Groups(ctx, Contacts) },
		"POST /crm/properties/2026-09/contacts/groups":                   func() { _ = p.CreateGroup(ctx, Contacts, Group{Name: "line"}) },
		"POST /crm/associations/2026-09/contacts/companies/batch/read":   func() { _, _ = p.Associations(ctx, Contacts, []string{"1"}, Companies) },
		"POST /crm/associations/2026-09/contacts/companies/batch/create": func() { _ = p.Associate(ctx, Contacts, Companies, []Link{{FromID: "1", ToID: "2"}}) },
		"POST /crm/lists/2026-09/search":                                 func() { _, _ = p.SearchLists(ctx, 0, 0) },
		"GET /crm/lists/2026-09/12":                                      func() { _, _ = p.HubSpotList(ctx, "12") },
		"GET /crm/lists/2026-09/12/memberships":                          func() { _, _ = p.ListMembers(ctx, "12", "", 0) },
		"GET /crm/lists/2026-09/12/memberships/join-order":               func() { _, _ = p.ListJoins(ctx, "12", "", 0) },
		"GET /crm/owners/2026-09":                                        func() { _, _ = p.Owners(ctx, "") },
		"GET /account-info/2026-09/details":                              func() { _, _ = p.AccountInfo(ctx) },
		"DELETE /appinstalls/2026-09/external-install":                   func() { _ = p.Uninstall(ctx) },
		"POST /oauth/2026-09/token":                                      func() { _, _ = f.RefreshToken(ctx, "r") },
		"POST /oauth/2026-09/token/introspect":                           func() { _, _ = f.Introspect(ctx, "t", "access_token") },
		"POST /oauth/2026-09/token/revoke":                               func() { _ = f.Revoke(ctx, "r") },
	} {
		call()
		if r := f.last(); r.Method+" "+r.Path != want {
			t.Errorf("got %s %s, want %s", r.Method, r.Path, want)
		} else if oauth := strings.HasPrefix(r.Path, "/oauth"); oauth != (r.Auth == "") {
			t.Errorf("%s: Authorization %q", want, r.Auth)
		}
	}
	f.cfg.Version = "2027-03"
	_, _ = p.List(ctx, Contacts, "", 5, Read{})
	if r := f.last(); r.Path != "/crm/objects/2027-03/contacts" {
		t.Errorf("with another version: %s", r.Path)
	}
}

func TestUnsetEmptyAndAbsentAreThreeThings(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"results":[{"id":"51200000000001","properties":{"firstname":null,"lastname":""},
		"propertiesWithHistory":{"firstname":[{"value":"","timestamp":"2026-11-20T11:00:00.5Z","sourceType":"INTEGRATION","sourceId":"99"},{"value":"Ann","timestamp":"2026-11-19T11:00:00Z","sourceType":"CRM_UI","sourceId":"userId:5"}]},
		"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-11-20T11:00:00.500Z","archived":false}],"paging":{"next":{"after":"51200000000002","link":"x"}}}`})
	page, err := f.portal().List(t.Context(), Contacts, "7", 1000, Read{Properties: []string{"firstname", "lastname"}, History: []string{"firstname"}, Archived: true})
	if err != nil {
		t.Fatal(err)
	}
	r := page.Records[0]
	if v, ok := r.Properties["firstname"]; !ok || v != nil {
		t.Errorf("null is %v %v", v, ok)
	}
	if v, ok := r.Properties["lastname"]; !ok || v == nil || *v != "" {
		t.Errorf("empty is %v %v", v, ok)
	}
	if _, ok := r.Properties["email"]; ok {
		t.Error("absent is there")
	}
	if h := r.History["firstname"]; len(h) != 2 || h[0].Value != "" || h[1].Value != "Ann" || h[1].SourceID != "userId:5" || h[0].At.Nanosecond() != 5e8 {
		t.Errorf("history %+v", h)
	}
	if page.After != "51200000000002" || r.UpdatedAt.IsZero() {
		t.Errorf("%+v", page)
	}
	q := f.last().Query
	if q.Get("limit") != "50" || q.Get("after") != "7" || q.Get("archived") != "true" || q.Get("properties") != "firstname,lastname" || q.Get("propertiesWithHistory") != "firstname" {
		t.Errorf("query %v", q)
	}
}

func TestBatchReadSplitsCoalescesAndFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		history []string
		size    int
	}{{nil, 100}, {[]string{"email"}, 50}} {
		f := newFake(t)
		f.handler = func(r request) answer {
			var in struct {
				Inputs []struct{ ID string }
			}
			_ = json.Unmarshal([]byte(r.Body), &in)
			if len(in.Inputs) > c.size {
				return answer{status: 400}
			}
			var results []string
			for _, i := range slices.Backward(in.Inputs) { // HubSpot promises no order
				if !strings.HasSuffix(i.ID, "7") {
					results = append(results, fmt.Sprintf(`{"id":%q,"properties":{}}`, i.ID))
				}
			}
			return answer{status: 207, body: `{"results":[` + strings.Join(results, ",") + `],"numErrors":1,"errors":[{"category":"OBJECT_NOT_FOUND","message":"m","context":{"ids":["7"]}}]}`}
		}
		var ids, gone []string
		for i := range 230 {
			ids = append(ids, fmt.Sprint(i), fmt.Sprint(i))
			if i%10 == 7 {
				gone = append(gone, fmt.Sprint(i))
			}
		}
		records, missing, err := f.portal().BatchRead(t.Context(), Contacts, ids, "", Read{History: c.history})
		if err != nil || len(records) != 207 || !slices.Equal(missing, gone) {
			t.Errorf("%d records, missing %v, %v", len(records), missing, err)
		}
		if n := len(f.seen()); n != (230+c.size-1)/c.size {
			t.Errorf("%d calls", n)
		}
	}
}

func TestBatchReadByAUniqueProperty(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"results":[
		{"id":"1","properties":{"email":"ann@acme.example","hs_additional_emails":"ann@home.example;Old@acme.example"}},
		{"id":"2","properties":{"email":"bob@acme.example","hs_additional_emails":null}}]}`})
	_, missing, err := f.portal().BatchRead(t.Context(), Contacts, []string{"ANN@acme.example", "old@acme.example", "eve@acme.example"}, "email", Read{Properties: []string{"firstname"}})
	if err != nil || !slices.Equal(missing, []string{"eve@acme.example"}) {
		t.Errorf("missing %v, %v", missing, err)
	}
	body := f.last().json(t)
	if body["idProperty"] != "email" || !reflect.DeepEqual(body["properties"], []any{"firstname", "email", "hs_additional_emails"}) {
		t.Errorf("asked %v", body)
	}
}

// A merged-away id may answer with the survivor: then the old id is missing and the survivor is there.
func TestBatchReadOfAMergedRecord(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"results":[{"id":"900","properties":{}}]}`})
	records, missing, err := f.portal().BatchRead(t.Context(), Contacts, []string{"5"}, "", Read{})
	if err != nil || len(records) != 1 || records[0].ID != "900" || !slices.Equal(missing, []string{"5"}) {
		t.Errorf("%v %v %v", records, missing, err)
	}
}

func TestBatchReadDoesNotTakeATroubleForAbsence(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 207, body: `{"results":[{"id":"1"}],"numErrors":1,"errors":[{"category":"INTERNAL_ERROR","message":"m","context":{"ids":["2"]}}]}`})
	_, missing, err := f.portal().BatchRead(t.Context(), Contacts, []string{"1", "2"}, "", Read{})
	if !fault.Is(err, fault.Unavailable) || len(missing) > 0 {
		t.Errorf("missing %v, %v", missing, err)
	}
}

func TestSearchBody(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"total":12345,"results":[{"id":"1","properties":{"email":null}}],"paging":{"next":{"after":"400"}}}`})
	found, err := f.portal().Search(t.Context(), Contacts, Search{
		Groups: []FilterGroup{{[]Filter{{Property: "lastmodifieddate", Op: AtLeast, Value: "1"}, {Property: "line_user_id", Op: HasProperty}}}},
		Sort:   Sort{Property: "hs_object_id", Descending: true}, Properties: []string{"email"}, After: "200", Limit: 9999,
	})
	if err != nil || found.Total != 12345 || found.After != "400" || found.Records[0].Properties["email"] != nil {
		t.Fatalf("%+v, %v", found, err)
	}
	want := `{"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"GTE","value":"1"},{"propertyName":"line_user_id","operator":"HAS_PROPERTY"}]}],"sorts":[{"propertyName":"hs_object_id","direction":"DESCENDING"}],"properties":["email"],"limit":200,"after":"200"}`
	if got := f.last().Body; got != want {
		t.Errorf("sent %s", got)
	}
	f.script = []answer{{status: 200, body: `{"total":20000,"results":[],"paging":{"next":{"after":"10000"}}}`}}
	if found, _ := f.portal().Search(t.Context(), Contacts, Search{}); found.After != "" {
		t.Errorf("offset %s leads beyond the window", found.After)
	}
}

func TestAssociationsFollowPagesAndKeepLargeIDs(t *testing.T) {
	t.Parallel()
	f := newFake(t,
		answer{status: 207, body: `{"results":[{"from":{"id":"1"},"to":[{"toObjectId":9000000000001,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":1,"label":"Primary"},{"category":"HUBSPOT_DEFINED","typeId":279,"label":null}]}],"paging":{"next":{"after":"x"}}}],"numErrors":1,"errors":[{"category":"OBJECT_NOT_FOUND","message":"m","context":{"fromObjectId":["2"]}}]}`},
		answer{status: 200, body: `{"results":[{"from":{"id":"1"},"to":[{"toObjectId":5,"associationTypes":[]}]}]}`})
	got, err := f.portal().Associations(t.Context(), Contacts, []string{"1", "2", "1"}, Companies)
	if err != nil || len(got) != 1 || len(got["1"]) != 2 || got["1"][0].ToID != "9000000000001" || !got["1"][0].Has(ContactToPrimaryCompany) || got["1"][1].Has(279) {
		t.Errorf("%+v, %v", got, err)
	}
	if b := f.last().Body; !strings.Contains(b, `"after":"x"`) {
		t.Errorf("second page asked with %s", b)
	}
}

func TestPropertiesRoundTrip(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer{status: 200, body: `{"results":[{"name":"line_tags","label":"LINE tags","type":"enumeration","fieldType":"checkbox","groupName":"line","description":"",
		"options":[{"label":"VIP","value":"t1","displayOrder":0,"hidden":true}],"hasUniqueValue":false,"hidden":false,"hubspotDefined":false,"calculated":false,"archived":false,
		"modificationMetadata":{"archivable":true,"readOnlyDefinition":false,"readOnlyValue":true},"createdAt":"2026-01-01T00:00:00Z","dataSensitivity":"non_sensitive"}]}`})
	got, err := f.portal().Properties(t.Context(), Contacts, true)
	want := []Property{{Name: "line_tags", Label: "LINE tags", Group: "line", Type: "enumeration", FieldType: "checkbox", ReadOnlyValue: true,
		Options: []Option{{Value: "t1", Label: "VIP", Hidden: true}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if f.last().Query.Get("archived") != "true" {
		t.Errorf("query %v", f.last().Query)
	}
}

func TestCreateProperties(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handler = func(r request) answer {
		var in struct{ Inputs []map[string]any }
		_ = json.Unmarshal([]byte(r.Body), &in)
		var results, errs []string
		for _, i := range in.Inputs {
			switch name := i["name"].(string); name {
			case "spoils":
				return answer{status: 400, body: `{"message":"m","category":"VALIDATION_ERROR"}`}
			case "there":
				errs = append(errs, `{"status":"error","category":"OBJECT_ALREADY_EXISTS","subCategory":"Properties.PROPERTY_WITH_NAME_EXISTS","message":"m","context":{"name":["there"]}}`)
			default:
				results = append(results, fmt.Sprintf(`{"name":%q}`, name))
			}
		}
		status := 201
		if len(errs) > 0 {
			status = 207
		}
		return answer{status: status, body: `{"results":[` + strings.Join(results, ",") + `],"errors":[` + strings.Join(errs, ",") + `]}`}
	}
	out, err := f.portal().CreateProperties(t.Context(), Contacts, []Property{{Name: "a", Unique: true}, {Name: "there"}, {Name: "b"}, {Name: "spoils"}, {Name: "c"}})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out.Created)
	if !slices.Equal(out.Created, []string{"a", "b", "c"}) || !slices.Equal(out.Existed, []string{"there"}) || len(out.Failed) != 1 || out.Failed[0].Name != "spoils" {
		t.Errorf("%+v", out)
	}

	f = newFake(t, answer{status: 409, body: `{"category":"OBJECT_ALREADY_EXISTS","message":"m"}`})
	out, err = f.portal().CreateProperties(t.Context(), Contacts, []Property{{Name: "a"}, {Name: "b"}})
	if err != nil || len(out.Existed) != 2 {
		t.Errorf("%+v, %v", out, err)
	}
	if err := f.portal().CreateGroup(t.Context(), Contacts, Group{Name: "line"}); err != nil {
		t.Errorf("an existing group: %v", err)
	}
}
