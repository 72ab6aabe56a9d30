package contract

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox"
)

func TestAPIRefusesStrangers(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	get := func(change func(*http.Request)) reply {
		r := ann.request("GET", "/status", nil)
		change(r)
		return w.send(r, nil, false)
	}
	resign := func(r *http.Request, query string) {
		r.URL.RawQuery = query
		sign(r, appSecret, nil, w.clock.Now())
	}
	own := ann.request("GET", "/status", nil).URL.RawQuery
	for name, change := range map[string]func(*http.Request){
		"no signature":    func(r *http.Request) { r.Header.Del("X-HubSpot-Signature-v3") },
		"wrong signature": func(r *http.Request) { sign(r, "another secret", nil, w.clock.Now()) },
		"older signature scheme": func(r *http.Request) {
			r.Header.Set("X-HubSpot-Signature", r.Header.Get("X-HubSpot-Signature-v3"))
			r.Header.Del("X-HubSpot-Signature-v3")
		},
		"stale timestamp":          func(r *http.Request) { sign(r, appSecret, nil, w.clock.Now().Add(-6*time.Minute)) },
		"timestamp of tomorrow":    func(r *http.Request) { sign(r, appSecret, nil, w.clock.Now().Add(24*time.Hour)) },
		"another query":            func(r *http.Request) { r.URL.RawQuery += "&slot=1" },
		"another method":           func(r *http.Request) { r.Method = "POST" },
		"portal twice":             func(r *http.Request) { resign(r, "portalId=4712&"+own) },
		"portal in another case":   func(r *http.Request) { resign(r, "PortalID=4712&"+own) },
		"user twice":               func(r *http.Request) { resign(r, "userId=1&"+own) },
		"e-mail twice":             func(r *http.Request) { resign(r, own+"&userEmail=eve%40example.com") },
		"app twice":                func(r *http.Request) { resign(r, "appId=42&"+own) },
		"another app":              func(r *http.Request) { resign(r, strings.Replace(own, "appId=42", "appId=43", 1)) },
		"no user":                  func(r *http.Request) { resign(r, "portalId=4711&appId=42") },
		"a portal without the app": func(r *http.Request) { resign(r, strings.Replace(own, "4711", "4712", 1)) },
		"a portal that is no id":   func(r *http.Request) { resign(r, strings.Replace(own, "4711", "04711", 1)) },
	} {
		want := "UNAUTHORIZED"
		if name == "a portal without the app" {
			want = "UNKNOWN_PORTAL"
		}
		if r := get(change); r.Status != 401 || r.Error.Code != want || len(r.Data) > 0 {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
	}
	if r := get(func(*http.Request) {}); r.Status != 200 {
		t.Errorf("the honest request: %d %s", r.Status, r.Raw)
	}
	ann.refused("GET", "/nothing", "", 404, "NO_SUCH_ROUTE")
	ann.refused("DELETE", "/status", "", 404, "NO_SUCH_ROUTE")
	ann.refused("GET", "/runs/a/b", "", 404, "NO_SUCH_ROUTE")
}

func TestAPIRefusesBadInput(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann)
	for path, field := range map[string]string{
		"/friends/0/U" + strings.Repeat("0", 32): "slot", "/friends/11/U" + strings.Repeat("0", 32): "slot", "/friends/1/nobody": "user",
		"/friends/1/U" + strings.Repeat("A", 32): "user", "/contacts/abc": "contact", "/contacts/-1": "contact", "/contacts/99999999999999999999": "contact",
		"/friends?slot=x": "slot", "/friends?limit=51": "limit", "/friends?limit=0": "limit", "/friends?follow=maybe": "follow", "/friends?linked=yes": "linked",
		"/friends?cursor=AAAA": "cursor", "/friends?search=a&search=b": "search", "/friends?search=" + strings.Repeat("a", 101): "search",
		"/changes?contact=x": "contact", "/changes?user=x&slot=1": "user", "/changes?run=a%20b": "run", "/runs?cursor=zz": "cursor",
		"/friends?search=%ff": "search", "/friends?tag=%20": "tag", "/changes?field=a%00": "field",
	} {
		if r := ann.refused("GET", path, "", 200, "INVALID_INPUT"); r.Error.Field != field {
			t.Errorf("%s: field %q, want %q", path, r.Error.Field, field)
		}
	}
	for content, code := range map[string]string{
		`{"slot":1,"name":"\xff"}`: "INVALID_INPUT", "{\"slot\":1,\"name\":\"\xff\xfe\"}": "INVALID_INPUT", `[]`: "INVALID_INPUT", `{`: "INVALID_INPUT",
		`{"slot":1,"name":"a"} {}`: "INVALID_INPUT", `{"slot":"1","name":"a"}`: "INVALID_INPUT", `{"slot":1,"name":"a","portalId":4712}`: "INVALID_INPUT",
		`{"slot":1,"name":"` + strings.Repeat("あ", 101) + `"}`: "INVALID_NAME", `{"slot":1}`: "INVALID_NAME", `{"slot":0,"name":"a"}`: "INVALID_INPUT",
		`{"slot":1,"name":"a","requestId":"short"}`: "INVALID_INPUT", `{"slot":1,"name":"a\u0000b"}`: "INVALID_NAME",
	} {
		ann.refused("POST", "/tags", content, 200, code)
	}
	ann.refused("POST", "/tags", `{"slot":1,"name":"`+strings.Repeat("x", 1<<20)+`"}`, 413, "TOO_LARGE")
	long := `{"values":{"lastname":"` + strings.Repeat("y", 5001) + `"}}`
	ann.refused("PATCH", "/friends/1/U"+strings.Repeat("0", 32)+"/fields", long, 200, "INVALID_VALUE")

	// Ten megabytes never reach a function through API Gateway; here they do.
	huge, err := json.Marshal(map[string]any{
		"routeKey": "ANY /api/{proxy+}", "rawPath": apiPrefix + "/tags", "body": base64.StdEncoding.EncodeToString(make([]byte, 10<<20)), "isBase64Encoded": true,
		"requestContext": map[string]any{"http": map[string]string{"method": "POST"}},
	})
	w.must(err)
	out, err := w.handler.Lambda().Invoke(t.Context(), huge)
	if w.must(err); !strings.Contains(string(out), `"statusCode":413`) || !strings.Contains(string(out), "TOO_LARGE") {
		t.Errorf("10 MB: %.300s", out)
	}
}

func TestAPIWritesHappenOnce(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro")
	first := ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP", "requestId": "request-0001"})
	second := ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP", "requestId": "request-0001"})
	if string(first.Raw) != string(second.Raw) {
		t.Errorf("first %s\nthen  %s", first.Raw, second.Raw)
	}
	ann.refused("POST", "/tags", `{"slot":1,"name":"Other","requestId":"request-0001"}`, 200, "REQUEST_ID_REUSED")
	bob := &user{w, customer, apiUser + 1, "bob@acme.example"}
	if r := bob.ok("POST", "/tags", body{"slot": 1, "name": "Bob's", "requestId": "request-0001"}); string(r.Raw) == string(first.Raw) {
		t.Error("another user got the stored answer")
	}
	friend := "/friends/1/" + string(users[0]) + "/fields"
	ann.ok("PATCH", friend, body{"values": body{"firstname": "A"}, "requestId": "request-0002"})
	w.clock.Advance(time.Second)
	ann.ok("PATCH", friend, body{"values": body{"firstname": "B"}, "requestId": "request-0003"})
	ann.ok("PATCH", friend, body{"values": body{"firstname": "A"}, "requestId": "request-0002"})
	if v := into[friendJSON](t, ann.ok("GET", strings.TrimSuffix(friend, "/fields"), nil)).field("firstname").Value; v != "B" {
		t.Errorf("a repeated edit won over the later one: %q", v)
	}
	runs := func() int {
		return len(into[struct{ Items []any }](t, ann.ok("GET", "/runs", nil)).Items)
	}
	before := runs()
	for range 3 {
		ann.ok("POST", "/sync", body{"extent": "all", "requestId": "request-0004"})
	}
	if n := runs() - before; n != 1 {
		t.Errorf("%d runs of one request", n)
	}
	ann.refused("POST", "/mappings", `{"property":"nope","requestId":"request-0005"}`, 200, "NO_SUCH_PROPERTY")
	w.must(w.hub.DefineProperty(customer, "contacts", hubspotsandbox.Definition{Name: "nope", Label: "Nope", Type: "string", FieldType: "text", Group: "contactinformation"}))
	ann.ok("POST", "/mappings", body{"property": "nope", "requestId": "request-0005"}) // a refusal is not remembered
}
