package hubspotsandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is the largest request that is read.
const (
	maxBody   = 8 << 20
	maxUpload = 64 << 20
)

// versions are the date versions that the sandbox plays.
var versions = []string{"2026-03", "2026-09"}

// authKind says which token an endpoint wants.
type authKind int

const (
	portalToken authKind = iota
	appToken
	noToken
	developerKey // ?hapikey= and ?appId= instead of a token
)

// route is one endpoint. Scopes may name {kind}, which is the object type of the path; alternatives are divided by "|".
type route struct {
	pattern string
	auth    authKind
	scopes  []string
	search  bool // the search pace instead of the general one
	free    bool // exempt from the pace
	large   bool // bodies up to maxUpload
	handle  func(*Server, *call) reply
}

// call is one API request on its way through.
type call struct {
	server  *Server
	r       *http.Request
	body    []byte
	id      string // correlation id
	version string
	pattern string
	now     int64 // HubSpot's time, ms
	portal  *portal
	token   *token
	scopes  []string
	objects *objects // of {type}, where the path has one
	search  bool
	header  map[string]string // the pace's headers, on every answer
}

type reply struct {
	status int
	body   any    // encoded as JSON
	raw    []byte // JSON already
	header map[string]string
}

func (c *call) path(name string) string { return c.r.PathValue(name) }

func (s *Server) apiRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range slices.Concat(oauthRoutes, objectRoutes, propertyRoutes, associationRoutes, listRoutes, accountRoutes, journalRoutes, callbackRoutes, appEventRoutes,
		channelRoutes, threadRoutes, fileRoutes) {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(rt, w, r) })
	}
	mux.HandleFunc("/", s.unknown)
	return mux
}

// ServeHTTP answers as api.hubapi.com and app.hubspot.com in one. Paths under /_sandbox/ and the pages for people are outside the
// pace, the faults and the latency.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.pages.Handler(r); pattern != "" {
		s.pages.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	id := s.uuid()
	s.appStats.count("unknown "+r.Method+" "+r.URL.Path, 404)
	s.mu.Unlock()
	msg := fmt.Sprintf("No endpoint %s %s. The sandbox plays OAuth, CRM objects, properties, associations, lists, owners, account info, custom channels, files and the webhooks journal in %s.",
		r.Method, r.URL.Path, strings.Join(versions, " and "))
	write(w, reply{status: 404, body: errorBody{Status: "error", Message: msg, CorrelationID: id, Category: "OBJECT_NOT_FOUND"}})
}

// serve takes a request through arrival, latency, faults and the handler.
func (s *Server) serve(rt route, w http.ResponseWriter, r *http.Request) {
	limit := maxBody
	if rt.large {
		limit = maxUpload
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil || len(body) > limit {
		write(w, reply{status: 413, body: errorBody{Status: "error", Message: "Request body too large or unreadable", Category: "VALIDATION_ERROR"}})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := &call{server: s, r: r, body: body, version: r.PathValue("v"), pattern: rt.pattern, scopes: rt.scopes, search: rt.search}

	s.mu.Lock()
	refused := s.arrive(rt, c)
	if c.header == nil {
		c.header = map[string]string{}
	}
	c.header["X-HubSpot-Correlation-Id"] = c.id
	wait := s.latency.draw(s.rng)
	f := s.faultFor(c)
	s.mu.Unlock()

	if !s.pause(r, wait) {
		panic(http.ErrAbortHandler)
	}
	if f != nil && refused == nil {
		if f.stops() {
			s.misbehave(w, c, rt, f)
			return
		}
		s.pause(r, time.Duration(f.Millis)*time.Millisecond)
	}
	s.mu.Lock()
	out := s.answer(rt, c, refused)
	s.finish(rt, c, out)
	s.mu.Unlock()
	if f != nil && refused == nil && f.Kind == FaultCutAfter {
		panic(http.ErrAbortHandler)
	}
	out.add(c.header)
	write(w, out)
}

// add puts headers in unless the reply has its own.
func (out *reply) add(header map[string]string) {
	if out.header == nil {
		out.header = map[string]string{}
	}
	for k, v := range header {
		if _, has := out.header[k]; !has {
			out.header[k] = v
		}
	}
}

// pause spends the clock's time; false means that the caller has gone.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	return d <= 0 || s.clock.Sleep(r.Context(), d) == nil
}

// arrive finds the caller and counts the request against its pace. A reply means that the request ends here.
func (s *Server) arrive(rt route, c *call) *reply {
	c.now = s.now().UnixMilli()
	c.id = s.uuid()
	if c.version != "" && !slices.Contains(versions, c.version) {
		r := c.fail(404, "OBJECT_NOT_FOUND", fmt.Sprintf("Version %s is not played by the sandbox; use %s.", c.version, strings.Join(versions, " or ")))
		return &r
	}
	if rt.auth == noToken {
		return nil
	}
	if rt.auth == developerKey {
		return s.developer(c)
	}
	if bad := s.authenticate(rt, c); bad != nil {
		return bad
	}
	if c.portal == nil || rt.free {
		return nil
	}
	if bad := s.pace(rt, c); bad != nil {
		return bad
	}
	return s.permit(rt, c)
}

// permit resolves the object type of the path and checks the granted scopes.
func (s *Server) permit(rt route, c *call) *reply {
	if name := c.path("type"); name != "" {
		k := kindOf(name)
		if k == nil {
			msg := fmt.Sprintf("Unable to infer object type from: %s", name)
			if knownElsewhere(name) {
				msg = fmt.Sprintf("The sandbox keeps contacts and companies only, not %s.", name)
			}
			r := c.fail(400, "VALIDATION_ERROR", msg)
			return &r
		}
		c.objects = c.portal.Objects[k.Name]
	}
	for _, want := range rt.scopes {
		if c.objects != nil {
			want = strings.ReplaceAll(want, "{kind}", c.objects.kind.Name)
		}
		if to := kindOf(c.path("to")); to != nil {
			want = strings.ReplaceAll(want, "{to}", to.Name)
		}
		any := strings.Split(want, "|")
		if !slices.ContainsFunc(any, func(x string) bool { return slices.Contains(c.token.Scopes, x) }) {
			r := c.missingScopes(any)
			return &r
		}
	}
	return nil
}

func (s *Server) answer(rt route, c *call, refused *reply) reply {
	if refused != nil {
		return *refused
	}
	c.now = s.now().UnixMilli()
	if c.portal != nil {
		if s.portals[c.portal.ID] != c.portal || c.portal.Installed == nil {
			return c.unauthenticated("INVALID_AUTHENTICATION", "The app was uninstalled from this account.")
		}
		for _, o := range c.portal.Objects {
			o.catchUp(c.now)
		}
	}
	return rt.handle(s, c)
}

func (s *Server) finish(rt route, c *call, out reply) {
	book := s.appStats
	if c.portal != nil {
		book = c.portal.stats
	}
	book.count(rt.pattern, out.status)
	book.log(Call{At: c.now, Method: c.r.Method, Path: c.r.URL.Path, Status: out.status, CorrelationID: c.id})
}

func write(w http.ResponseWriter, out reply) {
	for k, v := range out.header {
		w.Header().Set(k, v)
	}
	b := out.raw
	if b == nil && out.body != nil {
		var err error
		if b, err = json.Marshal(out.body); err != nil {
			http.Error(w, "cannot encode the answer", 500)
			return
		}
	}
	if b != nil && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(b)
}

// decode reads a JSON body; a reply means that it is not acceptable.
func (c *call) decode(into any) *reply {
	if t := c.r.Header.Get("Content-Type"); t != "" && !strings.Contains(t, "json") {
		r := c.fail(415, "VALIDATION_ERROR", "Unsupported media type "+t)
		return &r
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		r := c.fail(400, "VALIDATION_ERROR", "Invalid input JSON: "+err.Error())
		return &r
	}
	return nil
}
