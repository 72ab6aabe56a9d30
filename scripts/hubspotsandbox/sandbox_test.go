package hubspotsandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/scripts/hubspotsandbox/contract"
	"lumo/shared/clock"
)

var start = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

// bench is a sandbox with one installed portal, and an app that talks to it.
type bench struct {
	t     *testing.T
	s     *Server
	clock *clock.Virtual
	token string
	api   http.Handler // the server, watched by the contract
	hooks []hookEvent
	// told are webhooks of channels; refuse makes the app answer 500 so many times.
	told   []map[string]any
	refuse int
}

const portalA, portalB = 1001, 1002

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.NewVirtual(start)}
	file, err := ReadWebhookFile("../../hubspot-app/src/app/webhooks/webhooks-hsmeta.json")
	if err != nil {
		t.Fatal(err)
	}
	b.s = New(Config{Clock: b.clock, Seed: 1, DeveloperKey: "developer-key", PublicURL: "http://hubspot.test", ClientID: "client", ClientSecret: "secret-1",
		RedirectURLs: []string{"https://lumo.test/oauth/callback"}, InstallURL: "https://lumo.test/oauth/callback",
		WebhookTarget: "https://lumo.test/hubspot/webhooks", Subscriptions: file.Subscriptions, HTTP: &http.Client{Transport: appSide{b}}})
	b.api = contract.Wrap(t, b.s)
	for _, id := range []int64{portalA, portalB} {
		b.s.AddPortal(id, PortalOptions{})
	}
	tok, err := b.s.Install(portalA)
	if err != nil {
		t.Fatal(err)
	}
	b.token = tok.Access
	return b
}

// appSide receives webhooks.
type appSide struct{ b *bench }

func (a appSide) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/hubspot/channel" {
		return a.channel(r)
	}
	var events []hookEvent
	if err := json.NewDecoder(r.Body).Decode(&events); err != nil {
		return nil, err
	}
	a.b.hooks = append(a.b.hooks, events...)
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, nil
}

type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (b *bench) call(method, path string, body any) answer {
	b.t.Helper()
	return b.callAs(b.token, method, path, body)
}

func (b *bench) callAs(token, method, path string, body any) answer {
	b.t.Helper()
	var buf bytes.Buffer
	if body != nil {
		if raw, ok := body.(string); ok {
			buf.WriteString(raw)
		} else if err := json.NewEncoder(&buf).Encode(body); err != nil {
			b.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, "http://hubspot.test"+path, &buf)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return b.do(req)
}

func (b *bench) do(req *http.Request) answer {
	b.t.Helper()
	client := &http.Client{Transport: b.s.TransportTo(b.api), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer res.Body.Close()
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(res.Body); err != nil {
		b.t.Fatal(err)
	}
	out := answer{status: res.StatusCode, header: res.Header, text: buf.String()}
	if strings.HasPrefix(strings.TrimSpace(out.text), "{") {
		if err := json.Unmarshal(buf.Bytes(), &out.json); err != nil {
			b.t.Fatalf("%s: %v in %s", req.URL, err, out.text)
		}
	}
	return out
}

func (b *bench) want(status int, a answer) answer {
	b.t.Helper()
	if a.status != status {
		b.t.Fatalf("status %d, want %d: %s", a.status, status, a.text)
	}
	return a
}

// at walks into decoded JSON: names and indexes divided by dots.
func (a answer) at(path string) any {
	var v any = a.json
	for _, part := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) results() []any {
	r, _ := a.json["results"].([]any)
	return r
}

type m = map[string]any

func props(pairs ...string) m {
	p := m{}
	for i := 0; i+1 < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return m{"properties": p}
}

const contactsPath = "/crm/objects/2026-09/contacts"

func (b *bench) contact(pairs ...string) string {
	b.t.Helper()
	return b.want(201, b.call("POST", contactsPath, props(pairs...))).at("id").(string)
}

func mustRequest(method, path, token, body string) *http.Request {
	req, err := http.NewRequest(method, "http://hubspot.test"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}
