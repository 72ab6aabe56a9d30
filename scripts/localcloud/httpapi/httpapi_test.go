package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/template"
)

type invoker func(ctx context.Context, payload []byte) (lambdahost.Result, error)

func (f invoker) Invoke(ctx context.Context, payload []byte) (lambdahost.Result, error) {
	return f(ctx, payload)
}

func says(payload string) invoker {
	return func(context.Context, []byte) (lambdahost.Result, error) {
		return lambdahost.Result{Payload: []byte(payload)}, nil
	}
}

func serve(t *testing.T, routes map[string]Invoker) (*httptest.Server, *API) {
	t.Helper()
	t.Parallel()
	a := New()
	for key, f := range routes {
		method, path, ok := strings.Cut(key, " ")
		if !ok {
			method, path = "ANY", key
		}
		a.Add(template.Route{Method: method, Path: path}, f)
	}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return s, a
}

func do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheMostSpecificRouteWins(t *testing.T) {
	t.Parallel()
	a := New()
	for _, key := range []string{"GET /", "ANY /pets/{proxy+}", "GET /pets/dog/{id}", "GET /pets/dog/1", "ANY /pets/dog/1", "POST /hooks/{bot}", "ANY /oauth/{proxy+}", "GET /files/{a}/{b}"} {
		method, path, _ := strings.Cut(key, " ")
		a.Add(template.Route{Method: method, Path: path}, nil)
	}
	for _, c := range []struct {
		request, key string
		parameters   map[string]string
	}{
		{"GET /", "GET /", map[string]string{}},
		{"GET /pets/dog/1", "GET /pets/dog/1", map[string]string{}},
		{"POST /pets/dog/1", "ANY /pets/dog/1", map[string]string{}},
		{"GET /pets/dog/2", "GET /pets/dog/{id}", map[string]string{"id": "2"}},
		{"POST /pets/dog/2", "ANY /pets/{proxy+}", map[string]string{"proxy": "dog/2"}},
		{"GET /pets/cat/1/2", "ANY /pets/{proxy+}", map[string]string{"proxy": "cat/1/2"}},
		{"POST /hooks/U%2F1", "POST /hooks/{bot}", map[string]string{"bot": "U/1"}},
		{"GET /files/a%20b/c", "GET /files/{a}/{b}", map[string]string{"a": "a b", "b": "c"}},
		{"GET /hooks/x", "", nil},
		{"POST /hooks/", "", nil},
		{"POST /hooks/a/b", "", nil},
		{"GET /oauth", "", nil},
		{"GET /pets", "", nil},
		{"GET /nothing", "", nil},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		r, parameters := a.match(method, path)
		key := ""
		if r != nil {
			key = r.key
		}
		if d := cmp.Diff(c.parameters, parameters); key != c.key || d != "" {
			t.Errorf("%s: %q %s", c.request, key, d)
		}
	}
	a.Add(template.Route{Method: "ANY", Path: "$default"}, nil)
	if r, _ := a.match("GET", "/nothing"); r == nil || r.key != "$default" {
		t.Error("the default route was not taken")
	}
	if r, _ := a.match("GET", "/pets/x"); r == nil || r.key != "ANY /pets/{proxy+}" {
		t.Error("the default route came before another")
	}
}

func TestTheEventIsPayloadFormat2(t *testing.T) {
	var got events.APIGatewayV2HTTPRequest
	s, _ := serve(t, map[string]Invoker{"ANY /a/{proxy+}": invoker(func(_ context.Context, p []byte) (lambdahost.Result, error) {
		got = events.APIGatewayV2HTTPRequest{}
		return lambdahost.Result{Payload: []byte(`{"statusCode":204}`)}, json.Unmarshal(p, &got)
	})})
	r := request(t, "PUT", s.URL+"/a/b%20c?x=1&y=%2B&x=2", strings.NewReader(`{"ü":1}`))
	r.Header = http.Header{
		"Content-Type": {"application/json; charset=utf-8"}, "X-Many": {"one", "two"}, "Cookie": {"a=1; b=2", "c=3"}, "User-Agent": {"tester"}, "X-HubSpot-Signature-v3": {"s"},
	}
	if res, _ := do(t, r); res.StatusCode != http.StatusNoContent {
		t.Fatal(res.Status)
	}
	if got.Version != "2.0" || got.RouteKey != "ANY /a/{proxy+}" || got.RawPath != "/a/b c" || got.RawQueryString != "x=1&y=%2B&x=2" {
		t.Errorf("%q %q %q %q", got.Version, got.RouteKey, got.RawPath, got.RawQueryString)
	}
	if d := cmp.Diff([]string{"a=1", "b=2", "c=3"}, got.Cookies); d != "" {
		t.Error(d)
	}
	for name, want := range map[string]string{"x-many": "one,two", "x-hubspot-signature-v3": "s", "host": strings.TrimPrefix(s.URL, "http://"), "x-forwarded-for": "127.0.0.1", "content-length": "8", "cookie": ""} {
		if got.Headers[name] != want {
			t.Errorf("header %s: %q, want %q", name, got.Headers[name], want)
		}
	}
	if d := cmp.Diff(map[string]string{"x": "1,2", "y": "+"}, got.QueryStringParameters); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"proxy": "b c"}, got.PathParameters); d != "" {
		t.Error(d)
	}
	h := got.RequestContext.HTTP
	if got.Body != `{"ü":1}` || got.IsBase64Encoded || h.Method != "PUT" || h.SourceIP != "127.0.0.1" || h.UserAgent != "tester" || got.RequestContext.TimeEpoch == 0 {
		t.Errorf("%+v", got)
	}

	for contentType, encoded := range map[string]bool{"application/x-www-form-urlencoded": true, "": true, "application/octet-stream": true, "multipart/form-data; boundary=x": true, "text/plain": false, "application/xml": false} {
		r := request(t, "POST", s.URL+"/a/b", strings.NewReader("a=b"))
		r.Header.Set("Content-Type", contentType)
		do(t, r)
		want := "a=b"
		if encoded {
			want = "YT1i"
		}
		if got.IsBase64Encoded != encoded || got.Body != want {
			t.Errorf("%q: %q %v", contentType, got.Body, got.IsBase64Encoded)
		}
	}
}

func TestResponses(t *testing.T) {
	s, _ := serve(t, map[string]Invoker{
		"GET /structured": says(`{"statusCode":302,"headers":{"location":"/x","content-type":"text/html","x-n":5},"cookies":["a=1; HttpOnly","b=2"],"body":"aGk=","isBase64Encoded":true}`),
		"GET /inferred":   says(`{"a":1}`),
		"GET /list":       says(`[1]`),
		"GET /garbage":    says(`not json`),
		"GET /status":     says(`{"statusCode":42}`),
		"GET /base64":     says(`{"statusCode":200,"body":"?","isBase64Encoded":true}`),
		"GET /error": invoker(func(context.Context, []byte) (lambdahost.Result, error) {
			return lambdahost.Result{ErrorType: "Unhandled", Payload: []byte(`{"errorMessage":"secret"}`)}, nil
		}),
		"GET /busy": invoker(func(context.Context, []byte) (lambdahost.Result, error) {
			return lambdahost.Result{}, lambdahost.ErrThrottled
		}),
		"GET /broken": invoker(func(context.Context, []byte) (lambdahost.Result, error) { return lambdahost.Result{}, errors.New("x") }),
	})
	res, body := do(t, request(t, "GET", s.URL+"/structured", nil))
	if res.StatusCode != 302 || body != "hi" || res.Header.Get("Location") != "/x" || res.Header.Get("X-N") != "5" || len(res.Header["Set-Cookie"]) != 2 || res.Header.Get("Content-Type") != "text/html" {
		t.Errorf("%s %q %v", res.Status, body, res.Header)
	}
	for path, want := range map[string]string{
		"/inferred": `200 {"a":1}`, "/list": "200 [1]",
		"/garbage": `500 {"message":"Internal Server Error"}`, "/status": `500 {"message":"Internal Server Error"}`, "/base64": `500 {"message":"Internal Server Error"}`,
		"/error": `500 {"message":"Internal Server Error"}`, "/broken": `500 {"message":"Internal Server Error"}`,
		"/busy": `503 {"message":"Service Unavailable"}`, "/none": `404 {"message":"Not Found"}`,
	} {
		res, body := do(t, request(t, "GET", s.URL+path, nil))
		if got := res.Status[:4] + body; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %q", path, res.Header.Get("Content-Type"))
		}
	}
}

func TestLimits(t *testing.T) {
	hold := make(chan struct{})
	s, a := serve(t, map[string]Invoker{
		"POST /size": says(`{"statusCode":200}`),
		"GET /slow": invoker(func(ctx context.Context, _ []byte) (lambdahost.Result, error) {
			<-hold
			return lambdahost.Result{}, ctx.Err()
		}),
	})
	for size, want := range map[int]string{requestLimit + 1: `413 {"message":"Request Too Long"}`, 5 << 20: "200 "} {
		r := request(t, "POST", s.URL+"/size", bytes.NewReader(bytes.Repeat([]byte("x"), size)))
		r.Header.Set("Content-Type", "text/plain")
		res, body := do(t, r)
		if got := res.Status[:4] + body; got != want {
			t.Errorf("%d bytes: %s", size, got)
		}
	}
	a.patience = time.Millisecond
	if res, body := do(t, request(t, "GET", s.URL+"/slow", nil)); res.StatusCode != 503 || body != `{"message":"Service Unavailable"}` {
		t.Errorf("%s %s", res.Status, body)
	}
	close(hold)
}
