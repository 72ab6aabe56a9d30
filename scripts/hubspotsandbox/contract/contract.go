// Package contract checks traffic with HubSpot against HubSpot's own OpenAPI files (scripts/specs/hubspot): what an app asks and what the
// sandbox answers. Any test can put Wrap around a server.
//
// A request that was accepted must be valid, and so must every answer below 400; a refused request may be as wrong as the test wants, but its
// answer must look like HubSpot's errors. Members that the files do not know count as mistakes on both sides. Version 2026-09 is checked
// against the 2026-03 files, whose paths are the same. What the files themselves get wrong is put right in repair.go, one by one.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Checker knows the files. It is safe for concurrent use.
type Checker struct {
	routes []route
}

type route struct {
	pattern *regexp.Regexp
	names   []string
	fixed   int // characters outside parameters: the more, the better the match
	doc     *openapi3.T
	path    string
	item    *openapi3.PathItem
}

var shared = sync.OnceValues(func() (*Checker, error) { return Read(specDir()) })

// Load returns the checker of this repository's files, which are read once per process.
func Load() (*Checker, error) { return shared() }

// specDir is scripts/specs/hubspot, found from this source file.
func specDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "specs", "hubspot")
}

// Read loads all OpenAPI files of a folder.
func Read(dir string) (*Checker, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no OpenAPI files in %s", dir)
	}
	c := &Checker{}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the contract: %w", err)
		}
		doc, err := openapi3.NewLoader().LoadFromData(b)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(name), err)
		}
		repair(doc)
		for path, item := range doc.Paths.Map() {
			c.routes = append(c.routes, newRoute(doc, path, item))
		}
	}
	slices.SortFunc(c.routes, func(a, b route) int {
		if a.fixed != b.fixed {
			return b.fixed - a.fixed
		}
		return strings.Compare(a.path, b.path)
	})
	return c, nil
}

var parameter = regexp.MustCompile(`\{([^}]+)\}`)

func newRoute(doc *openapi3.T, path string, item *openapi3.PathItem) route {
	r := route{doc: doc, path: path, item: item, fixed: len(parameter.ReplaceAllString(path, ""))}
	var names []string
	for _, m := range parameter.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	literals := parameter.Split(path, -1)
	for i := range literals {
		literals[i] = regexp.QuoteMeta(literals[i])
	}
	expr := strings.Join(literals, "([^/]+)")
	r.pattern, r.names = regexp.MustCompile("^"+expr+"$"), names
	return r
}

// version maps the dated segment to the files' one.
var version = regexp.MustCompile(`/2026-09(/|$)`)

// find returns the operation of a request.
func (c *Checker) find(method, path string) (*routers.Route, map[string]string) {
	if !strings.HasPrefix(path, "/conversations/conversations/") { // whose own file is there
		path = version.ReplaceAllString(path, "/2026-03$1")
	}
	path = strings.NewReplacer("/0-1", "/contacts", "/0-2", "/companies").Replace(path)
	for _, r := range c.routes {
		m := r.pattern.FindStringSubmatch(path)
		op := r.item.GetOperation(method)
		if m == nil || op == nil {
			continue
		}
		params := map[string]string{}
		for i, n := range r.names {
			params[n] = m[i+1]
		}
		return &routers.Route{Spec: r.doc, Path: r.path, PathItem: r.item, Method: method, Operation: op}, params
	}
	return nil, nil
}

// outside are paths that are no API of HubSpot's.
var outside = regexp.MustCompile(`^/(_sandbox|_journal-files|_files/|ui|marketplace|app/|contacts/|oauth/(authorize|consent|[0-9]+/authorize)|$)`)

// Reporter is the part of testing.TB that Wrap needs.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Wrap checks everything that passes through next and reports what breaks the contract.
func Wrap(t Reporter, next http.Handler) http.Handler {
	c, err := Load()
	if err != nil {
		t.Errorf("contract: %v", err)
		return next
	}
	return c.Handler(next, func(err error) { t.Helper(); t.Errorf("contract: %v", err) })
}

// Handler is Wrap with another way to report.
func (c *Checker) Handler(next http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if outside.MatchString(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			report(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		if err := c.Check(r, body, rec.status, w.Header(), rec.body.Bytes()); err != nil {
			report(fmt.Errorf("%s %s -> %d: %w", r.Method, r.URL.Path, rec.status, err))
		}
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Check judges one exchange.
func (c *Checker) Check(r *http.Request, body []byte, status int, header http.Header, answer []byte) error {
	if status >= 400 {
		return checkError(r.URL.Path, header, answer)
	}
	op, params := c.find(r.Method, r.URL.Path)
	if op == nil {
		return fmt.Errorf("accepted, but no file describes it")
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{Request: again, PathParams: params, Route: op,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, ExcludeRequestBody: op.Operation.RequestBody == nil}}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		return fmt.Errorf("request: %w", short(err))
	}
	if op.Operation.Responses.Status(status) == nil {
		if status == http.StatusNoContent && len(answer) == 0 || len(answer) == 0 && op.Operation.Responses.Status(200) == nil {
			return nil
		}
		return fmt.Errorf("answer: the status is not described")
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	out.SetBodyBytes(answer)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		return fmt.Errorf("answer: %w", short(err))
	}
	return nil
}

// checkError wants what every error of HubSpot's has. The files declare errors with the media type */* and cannot be used for it.
func checkError(path string, header http.Header, answer []byte) error {
	if !strings.Contains(header.Get("Content-Type"), "json") {
		return nil // a gateway's page
	}
	var e map[string]any
	if err := json.Unmarshal(answer, &e); err != nil {
		return fmt.Errorf("error body: %w", err)
	}
	want := []string{"status", "message", "correlationId"}
	if strings.HasPrefix(path, "/oauth/") {
		want = append(want, "error", "error_description")
	} else if e["errorType"] != "RATE_LIMIT" {
		want = append(want, "category")
	}
	for _, k := range want {
		if v, ok := e[k].(string); !ok || v == "" {
			return fmt.Errorf("error body has no %s: %s", k, answer)
		}
	}
	return nil
}

// short cuts the schema out of kin-openapi's messages.
func short(err error) error {
	lines := strings.Split(err.Error(), "\n")
	var out []string
	for i, l := range lines {
		if strings.HasPrefix(strings.TrimSpace(l), "Schema:") {
			if v := slices.IndexFunc(lines[i:], func(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), "Value:") }); v > 0 {
				out = append(out, lines[i+v:min(len(lines), i+v+12)]...)
			}
			break
		}
		out = append(out, l)
	}
	return fmt.Errorf("%s", strings.Join(out, " "))
}
