package hubspotsandbox

import "testing"

func (b *bench) company(name string) string {
	b.t.Helper()
	return b.want(201, b.call("POST", "/crm/objects/2026-09/companies", props("name", name))).at("id").(string)
}

func TestAssociationsAndPrimary(t *testing.T) {
	b := newBench(t)
	b.free()
	x, y := b.company("X"), b.company("Y")
	id := b.contact("email", "a@example.com")
	before := b.want(200, b.call("GET", contactsPath+"/"+id, nil)).at("updatedAt")
	b.clock.Advance(1000)
	a := b.want(200, b.call("PUT", contactsPath+"/"+id+"/associations/default/companies/"+x, nil))
	if a.at("results.0.associationSpec.associationTypeId") != 279.0 || a.at("results.1.associationSpec.associationTypeId") != 280.0 {
		t.Error(a.text)
	}
	b.want(201, b.call("PUT", contactsPath+"/"+id+"/associations/companies/"+y, []m{{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}}))
	a = b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=associatedcompanyid&associations=companies", nil))
	if a.at("properties.associatedcompanyid") != x || a.at("updatedAt") != before {
		t.Error("the first company is the primary one, and the modified date stays: ", a.text)
	}
	if a.at("associations.companies.results.1.id") != y {
		t.Error(a.text)
	}
	b.want(201, b.call("POST", "/crm/associations/2026-09/contacts/companies/batch/create", m{"inputs": []m{{"from": m{"id": id}, "to": m{"id": y}, "types": []m{{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}}}}}))
	a = b.want(207, b.call("POST", "/crm/associations/2026-09/contacts/companies/batch/read", m{"inputs": []m{{"id": id}, {"id": "99999"}}}))
	if a.at("results.0.to.1.toObjectId") != y || a.at("results.0.to.1.associationTypes.0.typeId") != 1.0 || a.at("numErrors") != 1.0 {
		t.Error(a.text)
	}
	a = b.want(200, b.call("GET", "/crm/objects/2026-09/companies/"+y+"/associations/contacts", nil))
	if a.at("results.0.toObjectId") != id || a.at("results.0.associationTypes.0.typeId") != 2.0 {
		t.Error(a.text)
	}
	b.want(204, b.call("DELETE", contactsPath+"/"+id+"/associations/companies/"+y, nil))
	if a := b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=associatedcompanyid", nil)); a.at("properties.associatedcompanyid") != nil {
		t.Error("another company does not become primary by itself: ", a.text)
	}
	b.want(200, b.call("POST", "/crm/associations/2026-09/contacts/companies/batch/archive", m{"inputs": []m{{"from": m{"id": id}, "to": []m{{"id": x}}}}}))
	a = b.want(200, b.call("GET", contactsPath+"/"+id+"/associations/companies", nil))
	if len(a.results()) != 0 {
		t.Error(a.text)
	}
	found := b.want(201, b.call("POST", contactsPath, m{"properties": m{"email": "n@example.com"}, "associations": []m{{"to": m{"id": x}, "types": []m{{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}}}}}))
	hits := b.want(200, b.call("POST", searchPath, filters(m{"propertyName": "associations.company", "operator": "EQ", "value": x})))
	if hits.at("results.0.id") != found.at("id") {
		t.Error(hits.text)
	}
}

func TestLabels(t *testing.T) {
	b := newBench(t)
	const labels = "/crm/associations/2026-09/contacts/companies/labels"
	a := b.want(200, b.call("POST", labels, m{"name": "boss", "label": "Boss", "inverseLabel": "Bossed by"}))
	typ := a.at("results.0.typeId")
	x, id := b.company("X"), b.contact("email", "a@example.com")
	a = b.want(201, b.call("PUT", contactsPath+"/"+id+"/associations/companies/"+x, []m{{"associationCategory": "USER_DEFINED", "associationTypeId": typ}}))
	if a.at("labels.0") != "Primary" || a.at("labels.1") != "Boss" {
		t.Error(a.text)
	}
	if a := b.want(200, b.call("GET", labels, nil)); len(a.results()) != 3 {
		t.Error(a.text)
	}
	b.want(200, b.call("POST", "/crm/associations/2026-09/contacts/companies/batch/labels/archive", m{"inputs": []m{{"from": m{"id": id}, "to": m{"id": x}, "types": []m{{"associationCategory": "USER_DEFINED", "associationTypeId": typ}}}}}))
	a = b.want(200, b.call("GET", contactsPath+"/"+id+"/associations/companies", nil))
	if len(a.at("results.0.associationTypes").([]any)) != 2 {
		t.Error(a.text)
	}
	b.want(400, b.call("PUT", contactsPath+"/"+id+"/associations/companies/"+x, []m{{"associationCategory": "USER_DEFINED", "associationTypeId": 4242}}))
}
