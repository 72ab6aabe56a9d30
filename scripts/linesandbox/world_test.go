package linesandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/scripts/linesandbox/contract"
	"lumo/shared/clock"
)

// world is a sandbox with one verified account in virtual time, an app that receives its webhooks, and a checked client.
type world struct {
	*linesandbox.Server
	t       *testing.T
	clock   *clock.Virtual
	channel linesandbox.Channel
	api     *http.Client
	app     *receiver
	token   string
}

const webhookURL = "https://app.example/line/webhooks/1"

var dawn = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewVirtual(dawn), app: &receiver{}}
	w.Server = linesandbox.New(linesandbox.Config{
		Clock: w.clock, Seed: 7, PublicURL: "http://line.test",
		HTTP: &http.Client{Transport: linesandbox.InProcess(contract.Receiver(t, w.app))},
	})
	w.api = &http.Client{
		Transport:     linesandbox.InProcess(contract.Wrap(t, w.Server)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p := w.CreateProvider("Shop")
	w.channel = w.create(linesandbox.ChannelSpec{Provider: p.ID, Verified: true})
	w.token = w.stateless(w.channel)
	return w
}

func (w *world) create(spec linesandbox.ChannelSpec) linesandbox.Channel {
	w.t.Helper()
	c, err := w.CreateChannel(spec)
	w.must(err)
	return c
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// listen makes the app receive the account's webhooks.
func (w *world) listen() {
	w.t.Helper()
	w.want(w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"`+webhookURL+`"}`), 200)
}

func (w *world) friends(n int) []linesandbox.Friend {
	w.t.Helper()
	f, err := w.AddFriends(w.channel.ID, n, true)
	w.must(err)
	return f
}

// reply is what the client got; a cut line has status 0.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (r reply) text(path ...string) string {
	var v any
	_ = json.Unmarshal(r.body, &v)
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("answer %s: %v", r.body, err)
	}
}

func (w *world) call(method, path, body string, headers ...string) reply {
	w.t.Helper()
	return w.callAs(w.token, method, path, body, headers...)
}

func (w *world) callAs(token, method, path, body string, headers ...string) reply {
	w.t.Helper()
	req, err := http.NewRequest(method, "http://line.test"+path, strings.NewReader(body))
	w.must(err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return w.send(req)
}

func (w *world) form(path string, pairs ...string) reply {
	w.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest("POST", "http://line.test"+path, strings.NewReader(v.Encode()))
	w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(req)
}

func (w *world) send(req *http.Request) reply {
	res, err := w.api.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, header: res.Header, body: body, err: err}
}

func (w *world) stateless(c linesandbox.Channel) string {
	w.t.Helper()
	r := w.form("/oauth2/v3/token", "grant_type", "client_credentials", "client_id", c.ID, "client_secret", c.Secret)
	w.want(r, 200)
	return r.text("access_token")
}

func (w *world) want(r reply, status int) reply {
	w.t.Helper()
	if r.status != status {
		w.t.Fatalf("status %d, want %d: %s %v", r.status, status, r.body, r.err)
	}
	return r
}

func (w *world) wantMessage(r reply, status int, message string) {
	w.t.Helper()
	if r.status != status || r.text("message") != message {
		w.t.Fatalf("got %d %s, want %d %q", r.status, r.body, status, message)
	}
}

// texts are what a person reads in the chat from the account.
func (w *world) texts(user string) []string {
	w.t.Helper()
	log, err := w.ChatLog(w.channel.ID, user)
	w.must(err)
	out := []string{}
	for _, e := range log {
		if e.From == "account" {
			out = append(out, e.Text)
		}
	}
	return out
}

// receiver is an app's webhook endpoint.
type receiver struct {
	mu     sync.Mutex
	status int
	during func() // runs before the answer
	posts  []post
}

type post struct {
	signature string
	body      []byte
	events    []event
}

type event struct {
	Type, WebhookEventID, ReplyToken, Mode string
	Timestamp                              int64
	Source                                 struct{ Type, UserID string }
	DeliveryContext                        struct{ IsRedelivery bool }
	Follow                                 *struct{ IsUnblocked bool }
	Message                                struct{ ID, Type, Text, QuoteToken, MarkAsReadToken string }
	Postback                               struct{ Data string }
	Unsend                                 struct{ MessageID string }
	Link                                   struct{ Result, Nonce string }
}

func (a *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in struct{ Events []event }
	_ = json.Unmarshal(body, &in)
	a.mu.Lock()
	a.posts = append(a.posts, post{r.Header.Get("X-Line-Signature"), body, in.Events})
	status, during := a.status, a.during
	a.mu.Unlock()
	if during != nil {
		during()
	}
	if status == 0 {
		status = 200
	}
	w.WriteHeader(status)
}

func (a *receiver) events() []event {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []event
	for _, p := range a.posts {
		out = append(out, p.events...)
	}
	return out
}

func (a *receiver) types() []string {
	var out []string
	for _, e := range a.events() {
		out = append(out, e.Type)
	}
	return out
}

func wantTypes(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("events %v, want %v", got, want)
	}
}

func jsonText(v any) string {
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(v)
	return strings.TrimSpace(b.String())
}
