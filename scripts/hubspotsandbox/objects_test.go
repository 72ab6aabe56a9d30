package hubspotsandbox

import (
	"fmt"
	"testing"
	"time"
)

func TestValuesAreNormalised(t *testing.T) {
	b := newBench(t)
	id := b.contact("email", " Taro@Example.COM ", "firstname", " 太郎 ", "phone", "+81 (90) 1234-5678", "closedate", "1767225600000")
	a := b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=email,firstname,phone,closedate,lastname,nosuch", nil))
	for name, want := range map[string]any{"email": "taro@example.com", "firstname": "太郎", "phone": "+819012345678", "closedate": "2026-01-01T00:00:00Z", "lastname": nil} {
		if got := a.at("properties." + name); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if _, has := a.at("properties").(m)["lastname"]; !has {
		t.Error("an unset property must be null, not absent")
	}
	if _, has := a.at("properties").(m)["nosuch"]; has {
		t.Error("an unknown property must be absent")
	}
}

func TestHistoryGrowsOnlyWithTheValue(t *testing.T) {
	b := newBench(t)
	id := b.contact("email", "a@example.com", "firstname", "One")
	b.clock.Advance(time.Minute)
	first := b.want(200, b.call("PATCH", contactsPath+"/"+id, props("firstname", "Two"))).at("updatedAt")
	b.clock.Advance(time.Minute)
	again := b.want(200, b.call("PATCH", contactsPath+"/"+id, props("firstname", " Two ", "email", "A@example.com"))).at("updatedAt")
	if first != again {
		t.Errorf("a write without a change moved updatedAt from %v to %v", first, again)
	}
	b.clock.Advance(time.Minute)
	b.want(200, b.call("PATCH", contactsPath+"/"+id, props("firstname", "")))
	a := b.want(200, b.call("GET", contactsPath+"/"+id+"?propertiesWithHistory=firstname,email", nil))
	h := a.at("propertiesWithHistory.firstname").([]any)
	if len(h) != 3 || h[0].(m)["value"] != "" || h[1].(m)["value"] != "Two" || h[2].(m)["sourceType"] != "INTEGRATION" || h[2].(m)["sourceId"] != "7654321" {
		t.Errorf("history %v", h)
	}
	if a.at("properties.firstname") != "" {
		t.Errorf("a cleared property must be the empty text, got %v", a.at("properties.firstname"))
	}
}

func TestOneBadPropertyFailsTheRecord(t *testing.T) {
	b := newBench(t)
	id := b.contact("email", "a@example.com")
	a := b.want(400, b.call("PATCH", contactsPath+"/"+id, props("firstname", "X", "nosuch", "1", "lifecyclestage", "boss", "hs_object_id", "5")))
	codes := map[any]bool{}
	for _, e := range a.at("errors").([]any) {
		codes[e.(m)["code"]] = true
	}
	if a.at("category") != "VALIDATION_ERROR" || !codes["PROPERTY_DOESNT_EXIST"] || !codes["INVALID_OPTION"] || !codes["READ_ONLY_VALUE"] {
		t.Errorf("%s", a.text)
	}
	if r, _ := b.s.Record(portalA, "contacts", 501); r.Value("firstname") != "" {
		t.Error("the good property was written")
	}
}

func TestEmailsAreUnique(t *testing.T) {
	b := newBench(t)
	id := b.contact("email", "a@example.com")
	a := b.want(409, b.call("POST", contactsPath, props("email", "A@EXAMPLE.com")))
	if a.at("message") != "Contact already exists. Existing ID: "+id {
		t.Error(a.text)
	}
}

func TestListPagesInOrderOfIDs(t *testing.T) {
	b := newBench(t)
	if _, _, err := b.s.Seed(portalA, SeedOptions{Contacts: 230}); err != nil {
		t.Fatal(err)
	}
	seen, after := 0, ""
	for {
		a := b.want(200, b.call("GET", contactsPath+"?limit=100&properties=email&after="+after, nil))
		seen += len(a.results())
		next, _ := a.at("paging.next.after").(string)
		if next == "" {
			break
		}
		after = next
	}
	if seen != 230 {
		t.Errorf("saw %d of 230", seen)
	}
	b.want(400, b.call("GET", contactsPath+"?limit=100&propertiesWithHistory=email", nil))
}

func TestBatchCreateIsAllOrNothingWithoutTraces(t *testing.T) {
	b := newBench(t)
	bad := m{"inputs": []m{props("email", "a@example.com"), props("email", "b@example.com", "nosuch", "x")}}
	b.want(400, b.call("POST", contactsPath+"/batch/create", bad))
	if rs, _ := b.s.Records(portalA, "contacts"); len(rs) != 0 {
		t.Fatalf("%d records after a refused batch", len(rs))
	}
	for i, in := range bad["inputs"].([]m) {
		in["objectWriteTraceId"] = fmt.Sprint("t", i)
	}
	a := b.want(207, b.call("POST", contactsPath+"/batch/create", bad))
	if len(a.results()) != 1 || a.at("numErrors") != 1.0 || a.at("errors.0.context.objectWriteTraceId.0") != "t1" {
		t.Error(a.text)
	}
}

func TestBatchReadNamesWhatIsMissing(t *testing.T) {
	b := newBench(t)
	id := b.contact("email", "a@example.com", "firstname", "A")
	a := b.want(207, b.call("POST", contactsPath+"/batch/read", m{"inputs": []m{{"id": id}, {"id": "99"}}, "properties": []string{"firstname"}, "propertiesWithHistory": []string{"firstname"}}))
	if len(a.results()) != 1 || a.at("errors.0.context.ids.0") != "99" || a.at("results.0.propertiesWithHistory.firstname.0.value") != "A" {
		t.Error(a.text)
	}
	b.want(400, b.call("POST", contactsPath+"/batch/read", m{"inputs": []m{{"id": "A@example.com"}}, "idProperty": "firstname", "properties": []string{}}))
	a = b.want(200, b.call("POST", contactsPath+"/batch/read", m{"inputs": []m{{"id": "A@example.com"}}, "idProperty": "email", "properties": []string{}}))
	if a.at("results.0.id") != id {
		t.Error(a.text)
	}
}

func TestUpsertByUniqueProperty(t *testing.T) {
	b := newBench(t)
	if err := b.s.DefineProperty(portalA, "contacts", Definition{Name: "line_user_id", Type: "string", FieldType: "text", Unique: true}); err != nil {
		t.Fatal(err)
	}
	in := m{"inputs": []m{{"idProperty": "line_user_id", "id": "U1", "objectWriteTraceId": "x", "properties": m{"firstname": "New"}}}}
	a := b.want(200, b.call("POST", contactsPath+"/batch/upsert", in))
	if a.at("results.0.new") != true || a.at("results.0.properties.line_user_id") != "U1" {
		t.Error(a.text)
	}
	a = b.want(200, b.call("POST", contactsPath+"/batch/upsert", in))
	if a.at("results.0.new") != false {
		t.Error(a.text)
	}
	b.want(400, b.call("POST", contactsPath+"/batch/update", m{"inputs": []m{{"id": "501", "properties": m{"firstname": "A"}}, {"id": "501", "properties": m{"firstname": "B"}}}}))
}

func TestAdminRulesHoldFrom202609(t *testing.T) {
	b := newBench(t)
	if err := b.s.SetRules(portalA, []Rule{{Object: "contacts", Property: "phone", OnCreate: true}, {Object: "contacts", Property: "jobtitle", When: "lifecyclestage", Equals: "customer"}}); err != nil {
		t.Fatal(err)
	}
	a := b.want(400, b.call("POST", contactsPath, props("email", "a@example.com")))
	if a.at("errors.0.code") != "MISSING_REQUIRED_PROPERTY" {
		t.Error(a.text)
	}
	b.want(201, b.call("POST", "/crm/objects/2026-03/contacts", props("email", "a@example.com")))
	a = b.want(400, b.call("PATCH", contactsPath+"/501", props("lifecyclestage", "customer")))
	if a.at("errors.0.code") != "MISSING_CONDITIONAL_REQUIRED_PROPERTY" || a.at("errors.0.context.propertyName.0") != "jobtitle" {
		t.Error(a.text)
	}
	b.want(200, b.call("PATCH", contactsPath+"/501", props("lifecyclestage", "customer", "jobtitle", "Boss")))
}

func TestScopesAreChecked(t *testing.T) {
	b := newBench(t)
	tok, err := b.s.Install(portalB, "oauth", "crm.objects.contacts.read")
	if err != nil {
		t.Fatal(err)
	}
	b.want(200, b.callAs(tok.Access, "GET", contactsPath, nil))
	a := b.want(403, b.callAs(tok.Access, "POST", contactsPath, props("email", "a@example.com")))
	if a.at("category") != "MISSING_SCOPES" || a.at("errors.0.context.requiredGranularScopes.0") != "crm.objects.contacts.write" {
		t.Error(a.text)
	}
}

func TestUnknownPathsAreToldPlainly(t *testing.T) {
	b := newBench(t)
	b.want(404, b.call("GET", "/crm/v3/objects/contacts", nil))
	b.want(404, b.call("GET", "/crm/objects/2025-03/contacts", nil))
	b.want(400, b.call("GET", "/crm/objects/2026-09/deals", nil))
}
