package hubspotsandbox

import (
	"encoding/json"
	"testing"
)

func TestNames(t *testing.T) {
	b := newBench(t)
	b.want(200, b.control("PUT", "/portals/1003", `{"name":"Third"}`))
	b.want(200, b.control("POST", "/portals/1003/seed", `{"contacts":60,"companies":1}`))
	b.want(200, b.control("POST", "/portals/1003/values", `{"property":"city","contacts":[555],"values":["Osaka"]}`))
	b.want(200, b.control("PATCH", "/portals/1003/records/contacts/560", `{"values":{"firstname":"Zenobia","lastname":"Quill","email":"zq@example.com"}}`))
	names := func(path string) (out []Name) {
		if err := json.Unmarshal([]byte(b.want(200, b.control("GET", "/portals/1003/names/"+path, "")).text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for path, want := range map[string]struct {
		count int
		first int64
	}{
		"contacts":           {50, 501},
		"contacts?has=city":  {50, 555},
		"contacts?q=zenobia": {1, 560},
		"contacts?q=nobody":  {0, 0},
		"companies":          {1, 701},
	} {
		got := names(path)
		if len(got) != want.count || want.count > 0 && got[0].ID != want.first {
			t.Errorf("%s: %d names, %v", path, len(got), got)
		}
	}
	if n := names("contacts?q=zenobia")[0]; n.Name != "Zenobia Quill" || n.Note != "zq@example.com" {
		t.Error(n)
	}
	b.want(404, b.control("GET", "/portals/9/names/contacts", ""))
	b.want(404, b.control("GET", "/portals/1003/names/ducks", ""))
}
