// Package contract checks traffic with LINE against LINE's own OpenAPI files (scripts/specs/line): what an app asks, what the
// sandbox answers, and the webhooks it sends. Any test can wrap a server with Wrap and a webhook receiver with Receiver.
//
// A request that was accepted (2xx) must be valid, and so must every answer that the specs describe; a refused request may be as
// wrong as the test wants. Unknown properties count as errors on both sides. LINE Login has no spec and passes unchecked.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Checker knows the specs. It is safe for concurrent use.
type Checker struct {
	apis    []routers.Router
	docs    []*openapi3.T
	failure *openapi3.Schema // the Messaging API's error body
	webhook *openapi3.Schema
}

var shared = sync.OnceValues(newChecker)

// Load returns the checker, reading the specs once per process.
func Load() (*Checker, error) { return shared() }

func newChecker() (*Checker, error) {
	dir, err := findSpecs()
	if err != nil {
		return nil, err
	}
	c := &Checker{}
	for _, name := range specFiles {
		doc, err := load(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if e := doc.Components.Schemas["ErrorResponse"]; e != nil && c.failure == nil {
			c.failure = e.Value
		}
		router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", name, err)
		}
		c.apis, c.docs = append(c.apis, router), append(c.docs, doc)
	}
	hooks, err := load(filepath.Join(dir, webhookFile))
	if err != nil {
		return nil, err
	}
	c.webhook = hooks.Components.Schemas["CallbackRequest"].Value
	return c, nil
}

// Operations lists the methods and path templates of the specs.
func (c *Checker) Operations() [][2]string {
	var out [][2]string
	for _, doc := range c.docs {
		for path, item := range doc.Paths.Map() {
			for method := range item.Operations() {
				out = append(out, [2]string{method, path})
			}
		}
	}
	return out
}

// Wrap checks everything that passes and fails the test on a breach. It starts with the loudest: specs that cannot be read.
func Wrap(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.Middleware(next, func(err error) { t.Errorf("contract: %v", err) })
}

// Middleware is Wrap for programs that are no tests.
func (c *Checker) Middleware(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			report(fmt.Errorf("read request: %w", err))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := &tee{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r) // a line cut by a fault unwinds through here: nothing was answered, nothing to check
		if err := c.check(r, body, seen); err != nil {
			report(fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err))
		}
	})
}

type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// hostPrefixes stand for LINE's hosts on the sandbox's one port.
var hostPrefixes = []string{"/api/", "/data/", "/access/"}

// loginPaths belong to LINE Login, which has no spec. Some serve the Messaging API too, with another method or grant.
var loginPaths = []string{"/oauth2/v2.1/", "/v2/profile", "/friendship/", "/user/v1/", "/.well-known/", "/dialog/"}

func (c *Checker) check(r *http.Request, body []byte, seen *tee) error {
	path := r.URL.Path
	for _, p := range hostPrefixes {
		if rest, found := strings.CutPrefix(path, p); found {
			path = "/" + rest
		}
	}
	if strings.HasPrefix(path, "/_sandbox") || path == "/" {
		return nil
	}
	plain := httptest.NewRequest(r.Method, "http://line.test"+path+"?"+r.URL.RawQuery, bytes.NewReader(body))
	plain.Header = r.Header.Clone()
	if plain.Header.Get("X-Line-Retry-Key") == "" {
		plain.Header.Del("X-Line-Retry-Key") // the Go SDK sends an empty one
	}
	accepted := seen.status >= 200 && seen.status < 300
	if seen.status >= 400 {
		return c.checkFailure(seen, path)
	}
	route, params := c.find(plain)
	if route == nil {
		if accepted && !isLogin(path) {
			return fmt.Errorf("answered %d although no spec has this path", seen.status)
		}
		return nil
	}
	if isLogin(path) && !strings.Contains(string(body), "client_credentials") && r.Method == http.MethodPost {
		return nil
	}
	return c.checkAccepted(plain, route, params, seen)
}

func isLogin(path string) bool {
	for _, p := range loginPaths {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func (c *Checker) find(r *http.Request) (*routers.Route, map[string]string) {
	for _, api := range c.apis {
		if route, params, err := api.FindRoute(r); err == nil {
			return route, params
		}
	}
	return nil, nil
}

func (c *Checker) checkAccepted(r *http.Request, route *routers.Route, params map[string]string, seen *tee) error {
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true}
	const form = "application/x-www-form-urlencoded"
	if media := formSchema(route, form); media != nil && strings.HasPrefix(r.Header.Get("Content-Type"), form) {
		if err := checkForm(r, media); err != nil {
			return fmt.Errorf("accepted form breaks the spec: %w", err)
		}
		options.ExcludeRequestBody = true
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		return fmt.Errorf("accepted request breaks the spec: %w", err)
	}
	if seen.status == http.StatusAccepted && route.Operation.Responses.Status(seen.status) == nil {
		return nil // content that is still being prepared: documented, not in the spec
	}
	options.IncludeResponseStatus = true
	options.ExcludeResponseBody = !describesJSON(route, seen.status)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: seen.status, Header: seen.Header(), Options: options}
	out.SetBodyBytes(seen.body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		return fmt.Errorf("answer breaks the spec: %w", err)
	}
	return nil
}

func formSchema(route *routers.Route, mime string) *openapi3.Schema {
	body := route.Operation.RequestBody
	if body == nil || body.Value.Content[mime] == nil {
		return nil
	}
	return body.Value.Content[mime].Schema.Value
}

// checkForm exists because the library cannot decode a form whose schema is a choice.
func checkForm(r *http.Request, schema *openapi3.Schema) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("read form: %w", err)
	}
	fields := map[string]any{}
	for name, values := range r.PostForm {
		fields[name] = values[0]
	}
	return schema.VisitJSON(fields)
}

// describesJSON is false for answers without a described body and for contents, which may be of any type.
func describesJSON(route *routers.Route, status int) bool {
	described := route.Operation.Responses.Status(status)
	return described != nil && described.Value != nil && described.Value.Content["application/json"] != nil
}

// checkFailure checks LINE's error bodies. Token and login endpoints speak OAuth instead.
func (c *Checker) checkFailure(seen *tee, path string) error {
	if !strings.HasPrefix(path, "/v2/bot/") || seen.status >= 500 {
		return nil
	}
	var v any
	if err := json.Unmarshal(seen.body.Bytes(), &v); err != nil {
		return fmt.Errorf("error answer %d is no JSON: %w", seen.status, err)
	}
	if err := c.failure.VisitJSON(v); err != nil {
		return fmt.Errorf("error answer %d breaks the spec: %w", seen.status, err)
	}
	return nil
}

// Webhook checks one webhook body. Properties and events that the sandbox invents on purpose, to see whether the app tolerates
// what it does not know, are left out of the check.
func (c *Checker) Webhook(body []byte) error {
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("webhook is no JSON: %w", err)
	}
	events, _ := v["events"].([]any)
	kept := []any{}
	for _, e := range events {
		if o, isObject := e.(map[string]any); isObject {
			if kind, _ := o["type"].(string); strings.HasPrefix(kind, "sandbox") {
				continue
			}
			delete(o, "sandboxFuture")
		}
		kept = append(kept, e)
	}
	v["events"] = kept
	if err := c.webhook.VisitJSON(v); err != nil {
		return fmt.Errorf("webhook breaks the spec: %w", err)
	}
	return nil
}

// Receiver checks the webhooks that pass on their way to an app.
func Receiver(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("contract: read webhook: %v", err)
		}
		if err := c.Webhook(body); err != nil {
			t.Errorf("contract: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}
