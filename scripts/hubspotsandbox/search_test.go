package hubspotsandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const searchPath = contactsPath + "/search"

func filters(f ...m) m { return m{"filterGroups": []m{{"filters": f}}} }

// free lifts the pace for tests that are about something else.
func (b *bench) free() {
	b.t.Helper()
	if err := b.s.SetLimits(portalA, Limits{General: 1_000_000, Search: 1_000_000}); err != nil {
		b.t.Fatal(err)
	}
}

func TestSearchOperators(t *testing.T) {
	b := newBench(t)
	b.free()
	anna := b.contact("email", "anna@example.com", "firstname", "Anna", "jobtitle", "Head of Sales", "lifecyclestage", "lead", "closedate", "2026-02-01T00:00:00Z")
	b.clock.Advance(time.Minute)
	bert := b.contact("email", "bert@example.com", "firstname", "Bert", "lifecyclestage", "customer", "closedate", "2026-03-01T00:00:00Z")
	middle := fmt.Sprint(start.Add(30 * time.Second).UnixMilli())
	for name, x := range map[string]struct {
		f    m
		want []string
	}{
		"EQ ignores case":        {m{"propertyName": "firstname", "operator": "EQ", "value": "ANNA"}, []string{anna}},
		"NEQ":                    {m{"propertyName": "firstname", "operator": "NEQ", "value": "Anna"}, []string{bert}},
		"IN lower case":          {m{"propertyName": "firstname", "operator": "IN", "values": []string{"anna"}}, []string{anna}},
		"IN upper case misses":   {m{"propertyName": "firstname", "operator": "IN", "values": []string{"Anna"}}, nil},
		"NOT_IN":                 {m{"propertyName": "firstname", "operator": "NOT_IN", "values": []string{"anna"}}, []string{bert}},
		"IN of options":          {m{"propertyName": "lifecyclestage", "operator": "IN", "values": []string{"customer", "lead"}}, []string{anna, bert}},
		"HAS_PROPERTY":           {m{"propertyName": "jobtitle", "operator": "HAS_PROPERTY"}, []string{anna}},
		"NOT_HAS_PROPERTY":       {m{"propertyName": "jobtitle", "operator": "NOT_HAS_PROPERTY"}, []string{bert}},
		"CONTAINS_TOKEN":         {m{"propertyName": "jobtitle", "operator": "CONTAINS_TOKEN", "value": "sales"}, []string{anna}},
		"CONTAINS_TOKEN part":    {m{"propertyName": "jobtitle", "operator": "CONTAINS_TOKEN", "value": "sal"}, nil},
		"CONTAINS_TOKEN star":    {m{"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "bert*"}, []string{bert}},
		"GT on a date":           {m{"propertyName": "closedate", "operator": "GT", "value": "2026-02-01"}, []string{bert}},
		"BETWEEN":                {m{"propertyName": "closedate", "operator": "BETWEEN", "value": "1769904000000", "highValue": "2026-02-02"}, []string{anna}},
		"GTE on modified":        {m{"propertyName": "lastmodifieddate", "operator": "GTE", "value": middle}, []string{bert}},
		"LT on modified":         {m{"propertyName": "lastmodifieddate", "operator": "LT", "value": middle}, []string{anna}},
		"record id":              {m{"propertyName": "hs_object_id", "operator": "GT", "value": anna}, []string{bert}},
		"record id up to itself": {m{"propertyName": "hs_object_id", "operator": "LTE", "value": anna}, []string{anna}},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.want(200, b.call("POST", searchPath, filters(x.f)))
			var got []string
			for _, r := range a.results() {
				got = append(got, r.(m)["id"].(string))
			}
			if fmt.Sprint(got) != fmt.Sprint(x.want) || a.at("total") != float64(len(x.want)) {
				t.Errorf("got %v of %v, want %v", got, a.at("total"), x.want)
			}
		})
	}
}

func TestSearchLimits(t *testing.T) {
	b := newBench(t)
	b.free()
	if _, _, err := b.s.Seed(portalA, SeedOptions{Contacts: 10_300}); err != nil {
		t.Fatal(err)
	}
	a := b.want(200, b.call("POST", searchPath, m{"limit": 200, "after": "9800"}))
	if a.at("total") != 10_300.0 || len(a.results()) != 200 || a.at("paging.next.after") != "10000" {
		t.Error(a.at("total"), len(a.results()), a.at("paging"))
	}
	b.want(400, b.call("POST", searchPath, m{"limit": 200, "after": "10000"}))
	b.want(400, b.call("POST", searchPath, m{"limit": 201}))
	b.want(400, b.call("POST", searchPath, filters(m{"propertyName": "nosuch", "operator": "EQ", "value": "x"})))
	b.want(400, b.call("POST", searchPath, filters(m{"propertyName": "firstname", "operator": "EQ", "value": strings.Repeat("x", 3000)})))
	b.want(400, b.call("POST", searchPath, m{"sorts": []m{{"propertyName": "email"}, {"propertyName": "phone"}}}))
	six := make([]m, 6)
	for i := range six {
		six[i] = m{"filters": []m{{"propertyName": "email", "operator": "HAS_PROPERTY"}}}
	}
	b.want(400, b.call("POST", searchPath, m{"filterGroups": six}))
	a = b.want(200, b.call("POST", searchPath, m{"limit": 1, "sorts": []m{{"propertyName": "hs_object_id", "direction": "DESCENDING"}}}))
	if a.at("results.0.id") != fmt.Sprint(501+10_299) {
		t.Error(a.at("results.0.id"))
	}
}

func TestSearchShowsAnOlderStateWhileItLags(t *testing.T) {
	b := newBench(t)
	b.free()
	id := b.contact("email", "a@example.com", "firstname", "Old")
	if err := b.s.SetSearch(portalA, SearchSettings{MinLag: 5000, MaxLag: 5000}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Minute)
	old := b.want(200, b.call("GET", contactsPath+"/"+id, nil)).at("updatedAt")
	b.want(200, b.call("PATCH", contactsPath+"/"+id, props("firstname", "New", "jobtitle", "Boss")))
	second := b.contact("email", "b@example.com")
	find := func() answer {
		return b.want(200, b.call("POST", searchPath, m{"properties": []string{"firstname", "jobtitle"}, "sorts": []m{{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}}}))
	}
	a := find()
	if a.at("total") != 1.0 || a.at("results.0.properties.firstname") != "Old" || a.at("results.0.updatedAt") != old || a.at("results.0.properties.jobtitle") != nil {
		t.Error(a.text)
	}
	if a := b.want(200, b.call("POST", searchPath, filters(m{"propertyName": "jobtitle", "operator": "HAS_PROPERTY"}))); a.at("total") != 0.0 {
		t.Error(a.text)
	}
	b.clock.Advance(6 * time.Second)
	a = find()
	if a.at("total") != 2.0 || a.at("results.0.properties.firstname") != "New" || a.at("results.1.id") != second {
		t.Error(a.text)
	}
}

// The bit index and the lagging views must always agree with a plain look at every record.
func TestIndexAgreesWithRecords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		b.free()
		if err := b.s.SetSearch(portalA, SearchSettings{MinLag: 0, MaxLag: int64(rapid.IntRange(0, 3000).Draw(rt, "lag"))}); err != nil {
			rt.Fatal(err)
		}
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			recs, err := b.s.Records(portalA, "contacts")
			if err != nil {
				rt.Fatal(err)
			}
			pick := func() int64 { return recs[rapid.IntRange(0, len(recs)-1).Draw(rt, "record")].ID }
			switch n := rapid.IntRange(0, 5).Draw(rt, "what"); {
			case n == 0 || len(recs) == 0:
				_, err = b.s.Create(portalA, "contacts", map[string]string{"email": fmt.Sprintf("x%d@example.com", i)}, By{})
			case n <= 2:
				err = b.s.Edit(portalA, "contacts", pick(), map[string]string{"jobtitle": rapid.SampledFrom([]string{"", "A", "B"}).Draw(rt, "title")}, By{})
			case n == 3 && len(recs) > 1 && recs[0].ID != recs[1].ID:
				_, err = b.s.Merge(portalA, "contacts", recs[0].ID, recs[1].ID, By{})
			case n == 4:
				err = b.s.Delete(portalA, "contacts", pick(), By{})
			default:
				b.clock.Advance(time.Duration(rapid.IntRange(1, 2000).Draw(rt, "wait")) * time.Millisecond)
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		b.clock.Advance(10 * time.Second)
		recs, err := b.s.Records(portalA, "contacts")
		if err != nil {
			rt.Fatal(err)
		}
		want := map[string]int{}
		for _, r := range recs {
			want[r.Value("jobtitle")]++
		}
		for title, f := range map[string]m{"": {"propertyName": "jobtitle", "operator": "NOT_HAS_PROPERTY"}, "A": {"propertyName": "jobtitle", "operator": "EQ", "value": "a"}} {
			if got := b.want(200, b.call("POST", searchPath, filters(f))).at("total"); got != float64(want[title]) {
				rt.Fatalf("jobtitle %q: search says %v, the records say %d", title, got, want[title])
			}
		}
		if got := b.want(200, b.call("POST", searchPath, m{})).at("total"); got != float64(len(recs)) {
			rt.Fatalf("search says %v of %d", got, len(recs))
		}
	})
}

func BenchmarkLinkedContacts(bm *testing.B) {
	s := New(Config{Seed: 1, ClientID: "c", ClientSecret: "s"})
	s.AddPortal(portalA, PortalOptions{})
	ids := make([]string, 50_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("U%032x", i)
	}
	if _, _, err := s.Seed(portalA, SeedOptions{Contacts: 100_000, Companies: 1000, Property: "line_user_id", Values: ids}); err != nil {
		bm.Fatal(err)
	}
	tok, err := s.Install(portalA)
	if err != nil {
		bm.Fatal(err)
	}
	if err := s.SetLimits(portalA, Limits{General: 1 << 30, Search: 1 << 30}); err != nil {
		bm.Fatal(err)
	}
	client := s.Transport()
	body := `{"limit":200,"properties":["firstname","lastname","email","phone","line_user_id"],"sorts":[{"propertyName":"hs_object_id","direction":"DESCENDING"}],"filterGroups":[{"filters":[{"propertyName":"line_user_id","operator":"HAS_PROPERTY"},{"propertyName":"hs_object_id","operator":"LT","value":"40000"}]}]}`
	bm.ResetTimer()
	for range bm.N {
		res, err := client.RoundTrip(mustRequest("POST", searchPath, tok.Access, body))
		if err != nil || res.StatusCode != 200 {
			bm.Fatal(err, res)
		}
	}
}

func BenchmarkListPage(bm *testing.B) {
	s := New(Config{Seed: 1})
	s.AddPortal(portalA, PortalOptions{})
	if _, _, err := s.Seed(portalA, SeedOptions{Contacts: 100_000, Companies: 1000}); err != nil {
		bm.Fatal(err)
	}
	tok, err := s.Install(portalA)
	if err != nil {
		bm.Fatal(err)
	}
	if err := s.SetLimits(portalA, Limits{General: 1 << 30, Search: 1 << 30}); err != nil {
		bm.Fatal(err)
	}
	client := s.Transport()
	bm.ResetTimer()
	for range bm.N {
		res, err := client.RoundTrip(mustRequest("GET", contactsPath+"?limit=100&after=70000&properties=firstname,lastname,email,phone", tok.Access, ""))
		if err != nil || res.StatusCode != 200 {
			bm.Fatal(err, res)
		}
	}
}
