package contract

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"lumo/functions/app-api/handle"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/httpapi"
	"lumo/scripts/localcloud/template"
	"lumo/shared/chain"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/linesync"
	"lumo/shared/linkage"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
	"lumo/shared/tag"
	"lumo/shared/tracking"
	"lumo/shared/workflow"
)

const (
	apiPrefix = "/api/v1"
	otherHub  = 4712 // another customer
	apiUser   = 9001
)

// apiDoc is docs/openapi/app-api.yaml.
var apiDoc = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(repository, "docs", "openapi", "app-api.yaml"))
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: lumoHost + apiPrefix}}
	return doc, nil
})

var apiRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := apiDoc()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

// apiWorld is the app-api function behind the template's routes, with the real services, two portals and both sandboxes. Every answer is
// held to the contract.
type apiWorld struct {
	*installWorld
	handler *handle.Handler
	http    http.Handler
	router  routers.Router
}

func newAPIWorld(t *testing.T) *apiWorld {
	t.Helper()
	w := &apiWorld{installWorld: newInstallWorld(t)}
	w.hub.AddPortal(otherHub, hubspotsandbox.PortalOptions{})
	router, err := apiRouter()
	w.must(err)
	w.router, w.handler = router, handle.New(handle.FromApp(w.app))
	system, err := template.Read(filepath.Join(repository, "template.yaml"), template.Local{Stack: "test", SQS: "http://sqs.test"})
	w.must(err)
	api := httpapi.New()
	for _, f := range system.Functions {
		for _, r := range f.Routes {
			if f.Code == "functions/app-api" {
				api.Add(r, function{w.handler.Lambda()})
			}
		}
	}
	w.http = api
	return w
}

// install gives a portal the app, as the wizard does.
func (w *apiWorld) install(p id.PortalID) *user {
	w.t.Helper()
	redirect := lumoHost + "/oauth/callback"
	code, err := w.hub.Code(int64(p), redirect)
	w.must(err)
	in, err := w.app.Portals().Install(w.t.Context(), code, redirect)
	w.must(err)
	if in.Portal.State != portal.Connected {
		w.t.Fatalf("portal %+v", in.Portal)
	}
	return &user{w, p, apiUser, "ann@acme.example"}
}

// connect gives the portal a verified LINE account with friends of these names, all imported, in slot 1.
func (w *apiWorld) connect(u *user, names ...string) []id.LineUserID {
	w.t.Helper()
	channel := w.channel(true)
	u.ok("POST", "/accounts", body{"channelId": channel.ID, "channelSecret": channel.Secret})
	var out []id.LineUserID
	for _, name := range names {
		person := w.line.CreateUser(linesandbox.UserSpec{Name: name})
		w.must(w.line.Follow(channel.ID, person.ID))
		line, err := w.line.LineUserID(channel.ID, person.ID)
		w.must(err)
		out = append(out, id.LineUserID(line))
	}
	w.work()
	if len(names) > 0 {
		u.ok("POST", "/accounts/1/import", nil)
		w.work()
		w.index(u.portal)
	}
	return out
}

// index tells the name directory what was imported.
func (w *apiWorld) index(p id.PortalID) {
	w.t.Helper()
	x := &friendindex.Index{Store: dynamo.FriendIndex{Table: w.app.Table()}, Friends: w.app.Friends(), Clock: w.clock, Parallel: 1}
	next, err := x.Rebuild(w.t.Context(), p, 1, "", w.clock.Now().Add(time.Hour), nil)
	if w.must(err); next != "" {
		w.t.Fatal("rebuild did not end")
	}
}

// work does what the queues hold until nothing is left, one message after the other.
func (w *apiWorld) work() {
	w.t.Helper()
	for range 200 {
		sent := w.sent.Sent()
		if len(sent) == 0 {
			return
		}
		for _, q := range queue.All() {
			for _, m := range w.sent.Take(q) {
				w.must(w.message(q, m))
			}
		}
		w.clock.Advance(time.Second)
	}
	w.t.Fatal("the queues never run empty")
}

func (w *apiWorld) message(q queue.Queue, m queue.Message) error {
	ctx, a := w.t.Context(), w.app
	scope := func(p id.PortalID) (contactsync.Scope, bool, error) {
		s, err := a.Scopes().Scope(ctx, p)
		if errors.Is(err, contactsync.ErrNotConnected) {
			return s, false, nil
		}
		return s, err == nil, err
	}
	switch q {
	case queue.SyncSteps:
		var step chain.Message
		w.must(json.Unmarshal(m.Body, &step))
		if step.Kind == linesync.ImportKind {
			return a.Importer().Step(ctx, step)
		}
		if step.Kind == linkage.WriteKind {
			return w.app.LinkWriter().Step(ctx, step)
		}
		if step.Kind == hubspotlist.JobKind {
			return a.ListJobs().Step(ctx, step)
		}
		if step.Kind == tag.WorkKind {
			return a.Tags().Step(ctx, step)
		}
		return a.Runner().Step(ctx, step)
	case queue.BroadcastSteps:
		var step chain.Message
		w.must(json.Unmarshal(m.Body, &step))
		return a.Casts().Step(ctx, step)
	case queue.Actions:
		w.clock.Advance(m.Delay)
		var todo workflow.Work
		w.must(json.Unmarshal(m.Body, &todo))
		var err error
		if todo.Call != nil {
			_, err = a.Workflows().Handle(ctx, todo.Portal, []workflow.Call{*todo.Call})
		} else {
			_, err = a.Workflows().Resume(ctx, todo.Portal, todo.Refs)
		}
		return err
	case queue.Inbox:
		var n inbox.Note
		w.must(json.Unmarshal(m.Body, &n))
		return a.Relay().Handle(ctx, n)
	case queue.Taps:
		var e tracking.Event
		w.must(json.Unmarshal(m.Body, &e))
		return a.Taps().Apply(ctx, e.Portal, e.Slot, []tracking.Event{e})
	case queue.Wakeups:
		var wake chain.Wakeup
		w.must(json.Unmarshal(m.Body, &wake))
		w.clock.Advance(m.Delay)
		if wake.Flush > 0 {
			return a.Outbox().Kick(ctx, wake.Flush)
		}
		return a.Chain().Forward(ctx, wake)
	case queue.HubspotEvents:
		var b contactsync.Batch
		w.must(json.Unmarshal(m.Body, &b))
		s, ok, err := scope(b.Portal)
		if !ok {
			return err
		}
		return a.Events().Handle(ctx, s, b.Notes, "event/1")
	case queue.Flush:
		var f contactsync.FlushMessage
		w.must(json.Unmarshal(m.Body, &f))
		s, ok, err := scope(f.Portal)
		if !ok {
			return err
		}
		_, err = a.Flusher().Drain(ctx, s, "flush/1")
		return err
	}
	return nil
}

// user is somebody in a portal whose browser calls through HubSpot's proxy.
type user struct {
	w      *apiWorld
	portal id.PortalID
	id     int64
	email  string
}

type body map[string]any

// reply is the envelope.
type reply struct {
	Status int
	Raw    []byte
	OK     bool            `json:"ok"`
	Data   json.RawMessage `json:"data"`
	Error  struct {
		Code          string `json:"code"`
		Message       string `json:"message"`
		Field         string `json:"field"`
		CorrelationID string `json:"correlationId"`
	} `json:"error"`
}

// into decodes the data.
func into[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.Data, &v); err != nil {
		t.Fatalf("%s: %v", r.Raw, err)
	}
	return v
}

// address adds what HubSpot's proxy adds.
func (u *user) address(path string) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return lumoHost + apiPrefix + path + sep + url.Values{
		"portalId": {u.portal.String()}, "userId": {strconv.FormatInt(u.id, 10)}, "userEmail": {u.email}, "appId": {"42"},
	}.Encode()
}

// sign is HubSpot's v3 signature over the address as it is received.
func sign(r *http.Request, secret string, content []byte, at time.Time) {
	decoded := strings.NewReplacer("%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")",
		"%2A", "*", "%2C", ",", "%3B", ";").Replace(r.URL.String())
	ts := strconv.FormatInt(at.UnixMilli(), 10)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(r.Method + decoded))
	m.Write(content)
	m.Write([]byte(ts))
	r.Header.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(m.Sum(nil)))
	r.Header.Set("X-HubSpot-Request-Timestamp", ts)
}

// request makes a signed request of raw content.
func (u *user) request(method, path string, content []byte) *http.Request {
	r := httptest.NewRequest(method, u.address(path), bytes.NewReader(content))
	r.RequestURI = ""
	if len(content) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	sign(r, appSecret, content, u.w.clock.Now())
	return r
}

// call sends a request that keeps to the contract and checks the answer against it.
func (u *user) call(method, path string, b body) reply {
	u.w.t.Helper()
	var content []byte
	if b != nil {
		var err error
		content, err = json.Marshal(b)
		u.w.must(err)
	}
	return u.w.send(u.request(method, path, content), content, true)
}

func (u *user) ok(method, path string, b body) reply {
	u.w.t.Helper()
	r := u.call(method, path, b)
	if !r.OK {
		u.w.t.Fatalf("%s %s: %d %s", method, path, r.Status, r.Raw)
	}
	return r
}

// refused sends a request, perhaps against the contract, and expects a code.
func (u *user) refused(method, path string, content string, status int, code string) reply {
	u.w.t.Helper()
	r := u.w.send(u.request(method, path, []byte(content)), []byte(content), false)
	if r.Status != status || r.OK || r.Error.Code != code || r.Error.Message == "" {
		u.w.t.Errorf("%s %s %.60s: %d %s, want %d %s", method, path, content, r.Status, r.Raw, status, code)
	}
	return r
}

// send passes a request through the HTTP API and holds the answer to the contract; valid requests are held to it too.
func (w *apiWorld) send(r *http.Request, content []byte, valid bool) reply {
	w.t.Helper()
	check := r.Clone(w.t.Context())
	check.Body = io.NopCloser(bytes.NewReader(content))
	rec := httptest.NewRecorder()
	w.http.ServeHTTP(rec, r)
	out := reply{Status: rec.Code, Raw: rec.Body.Bytes()}
	if err := json.Unmarshal(out.Raw, &out); err != nil {
		w.t.Fatalf("%s %s: %d is no JSON: %.200s", r.Method, r.URL.Path, rec.Code, out.Raw)
	}
	if len(out.Raw) > 1_000_000 {
		w.t.Errorf("%s %s: an answer of %d bytes", r.Method, r.URL.Path, len(out.Raw))
	}
	if err := w.contract(check, rec, valid); err != nil {
		w.t.Errorf("%s %s: %d %.300s\n%v", r.Method, r.URL.Path, rec.Code, out.Raw, err)
	}
	return out
}

func (w *apiWorld) contract(r *http.Request, rec *httptest.ResponseRecorder, valid bool) error {
	route, params, err := w.router.FindRoute(r)
	if err != nil {
		if !valid {
			return nil // there is no such route to hold the answer to
		}
		return err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}
	if valid {
		if err := openapi3filter.ValidateRequest(w.t.Context(), in); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(w.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())), Options: in.Options,
	})
}

// contact makes a contact in HubSpot.
func (w *apiWorld) contact(p id.PortalID, values map[string]string) id.ContactID {
	w.t.Helper()
	if values["firstname"]+values["email"] == "" {
		values["email"] = fmt.Sprintf("contact%d@example.com", w.clock.Now().UnixNano())
		w.clock.Advance(time.Millisecond)
	}
	n, err := w.hub.Create(int64(p), "contacts", values, hubspotsandbox.By{})
	w.must(err)
	return id.ContactID(n)
}

// value is what HubSpot holds.
func (w *apiWorld) value(p id.PortalID, c id.ContactID, name string) string {
	w.t.Helper()
	r, err := w.hub.Record(int64(p), "contacts", int64(c))
	w.must(err)
	return r.Values[name]
}

// run does a whole run by hand.
func (w *apiWorld) run(u *user, extent syncrun.Extent) {
	w.t.Helper()
	w.clock.Advance(2 * time.Minute)
	u.ok("POST", "/sync", body{"extent": extent})
	w.work()
}
