package hubspotsandbox

import (
	"fmt"
	"testing"
)

const propsPath = "/crm/properties/2026-09/contacts"

func definition(name, typ, field string, more ...any) m {
	d := m{"name": name, "label": name, "type": typ, "fieldType": field, "groupName": "line"}
	for i := 0; i+1 < len(more); i += 2 {
		d[more[i].(string)] = more[i+1]
	}
	return d
}

func TestPropertiesAndGroups(t *testing.T) {
	b := newBench(t)
	b.free()
	b.want(400, b.call("POST", propsPath, definition("line_user_id", "string", "text")))
	b.want(201, b.call("POST", propsPath+"/groups", m{"name": "line", "label": "LINE", "displayOrder": -1}))
	b.want(409, b.call("POST", propsPath+"/groups", m{"name": "line", "label": "LINE", "displayOrder": -1}))
	b.want(201, b.call("POST", propsPath, definition("line_user_id", "string", "text", "hasUniqueValue", true)))
	a := b.want(409, b.call("POST", propsPath, definition("line_user_id", "string", "text")))
	if a.at("category") != "OBJECT_ALREADY_EXISTS" || a.at("subCategory") != "Properties.PROPERTY_WITH_NAME_EXISTS" {
		t.Error(a.text)
	}
	opts := []m{{"label": "One", "value": "1", "displayOrder": 0, "hidden": false}, {"label": "Two", "value": "2", "displayOrder": 1, "hidden": false}}
	a = b.want(207, b.call("POST", propsPath+"/batch/create", m{"inputs": []m{definition("line_tags", "enumeration", "checkbox", "options", opts), definition("line_user_id", "string", "text"), definition("bad", "number", "text")}}))
	if len(a.results()) != 1 || a.at("numErrors") != 2.0 || a.at("errors.0.category") != "OBJECT_ALREADY_EXISTS" {
		t.Error(a.text)
	}
	id := b.contact("email", "a@example.com", "line_tags", "2;1;2")
	if a := b.want(200, b.call("PATCH", contactsPath+"/"+id, props("line_tags", ";1"))); a.at("properties.line_tags") != "2;1" {
		t.Error("a leading ; appends: ", a.text)
	}
	if a := b.want(400, b.call("PATCH", contactsPath+"/"+id, props("line_tags", "3"))); a.at("errors.0.code") != "INVALID_OPTION" {
		t.Error(a.text)
	}
	// PATCH replaces the whole list of options; values that lose theirs stay as orphans.
	a = b.want(200, b.call("PATCH", propsPath+"/line_tags", m{"options": []m{{"label": "Three", "value": "3", "displayOrder": 0, "hidden": false}}}))
	if len(a.at("options").([]any)) != 1 {
		t.Error(a.text)
	}
	b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=line_tags", nil))
	b.want(204, b.call("DELETE", propsPath+"/line_tags", nil))
	b.want(404, b.call("GET", propsPath+"/line_tags", nil))
	b.want(200, b.call("GET", propsPath+"/line_tags?archived=true", nil))
	if a := b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=line_tags,email", nil)); len(a.at("properties").(m)) != 4 {
		t.Error("an archived property must be absent: ", a.text)
	}
	b.want(400, b.call("PATCH", contactsPath+"/"+id, props("line_tags", "3")))
	b.want(201, b.call("POST", propsPath, definition("line_tags", "enumeration", "checkbox", "options", opts)))
	if a := b.want(200, b.call("GET", contactsPath+"/"+id+"?properties=line_tags", nil)); a.at("properties.line_tags") != "2;1" {
		t.Error("the old data must be back: ", a.text)
	}
	b.want(400, b.call("DELETE", propsPath+"/email", nil))
	b.want(200, b.call("POST", propsPath+"/batch/read", m{"archived": false, "inputs": []m{{"name": "email"}}, "dataSensitivity": "non_sensitive"}))
	b.want(200, b.call("GET", propsPath, nil))
	b.want(200, b.call("GET", propsPath+"/groups", nil))
	b.want(200, b.call("PATCH", propsPath+"/groups/line", m{"label": "LINE 1"}))
	b.want(400, b.call("DELETE", propsPath+"/groups/line", nil))
}

func TestAtMostTenUniqueProperties(t *testing.T) {
	b := newBench(t)
	b.want(201, b.call("POST", propsPath+"/groups", m{"name": "line", "label": "LINE"}))
	for i := range maxUnique {
		b.want(201, b.call("POST", propsPath, definition(fmt.Sprint("u", i), "string", "text", "hasUniqueValue", true)))
	}
	b.want(400, b.call("POST", propsPath, definition("u10", "string", "text", "hasUniqueValue", true)))
	b.want(201, b.call("POST", propsPath, definition("u10", "string", "text")))
	b.contact("email", "a@example.com", "u1", "same")
	a := b.want(400, b.call("POST", contactsPath, props("email", "b@example.com", "u1", "same")))
	if a.at("errors.0.code") != "CONFLICTING_UNIQUE_VALUE" {
		t.Error(a.text)
	}
}

func TestOwnersAndAccount(t *testing.T) {
	b := newBench(t)
	a := b.want(200, b.call("GET", "/crm/owners/2026-09?limit=2", nil))
	if len(a.results()) != 2 || a.at("paging.next.after") == nil {
		t.Error(a.text)
	}
	a = b.want(200, b.call("GET", "/crm/owners/2026-09?limit=2&after="+a.at("paging.next.after").(string), nil))
	if len(a.results()) != 1 || a.at("results.0.firstName") != "美" {
		t.Error(a.text)
	}
	b.want(200, b.call("GET", "/crm/owners/2026-09/2?idProperty=userId", nil))
	a = b.want(200, b.call("GET", "/account-info/2026-09/details", nil))
	if a.at("portalId") != float64(portalA) || a.at("timeZone") != "Asia/Tokyo" || a.at("utcOffset") != "+09:00" || a.at("uiDomain") != "hubspot.test" {
		t.Error(a.text)
	}
}
