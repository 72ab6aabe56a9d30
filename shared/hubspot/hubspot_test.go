package hubspot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/pace"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// request is what reached the fake HubSpot.
type request struct {
	Method, Path, Auth, Type string
	Query                    url.Values
	Body                     string
}

func (r request) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.Body), &m); err != nil {
		t.Fatalf("body %q: %v", r.Body, err)
	}
	return m
}

// answer is one scripted reply.
type answer struct {
	status int
	body   string
	header map[string]string
	cut    bool // close the line instead of answering
}

// fake is a HubSpot that answers from a script; the last answer repeats.
type fake struct {
	*Client
	t      *testing.T
	url    string
	clock  *clock.Virtual
	tokens *fakeTokens
	pacer  *fakePacer
	log    *bytes.Buffer

	mu       sync.Mutex
	requests []request
	script   []answer
	handler  func(request) answer
}

func newFake(t *testing.T, script ...answer) *fake {
	f := &fake{t: t, clock: clock.NewVirtual(noon), tokens: &fakeTokens{}, pacer: &fakePacer{}, log: &bytes.Buffer{}, script: script}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	f.Client = New(Config{
		BaseURL: srv.URL, AppURL: "https://app.example", AppID: 99, ClientID: "client-1", ClientSecret: "secret-canary", HTTP: srv.Client(),
		Clock: f.clock, Tokens: f.tokens, Pace: f.pacer, Rand: func() float64 { return 0.5 },
		Log: slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req := request{r.Method, r.URL.EscapedPath(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.URL.Query(), string(body)}
	f.mu.Lock()
	f.requests = append(f.requests, req)
	var a answer
	switch {
	case f.handler != nil:
		a = f.handler(req)
	case len(f.script) > 0:
		a = f.script[0]
		if len(f.script) > 1 {
			f.script = f.script[1:]
		}
	default:
		a = answer{status: 200, body: "{}"}
	}
	f.mu.Unlock()
	if a.cut {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
		return
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (f *fake) seen() []request { f.mu.Lock(); defer f.mu.Unlock(); return f.requests }

func (f *fake) last() request {
	f.t.Helper()
	all := f.seen()
	if len(all) == 0 {
		f.t.Fatal("no request was made")
	}
	return all[len(all)-1]
}

func (f *fake) portal() *Portal { return f.Portal(7) }

// fakeTokens hands out token-1, token-2, ... and moves on when one is refused.
type fakeTokens struct {
	refused []string
	n       int
	err     error
}

func (s *fakeTokens) token() string { return fmt.Sprintf("token-canary-%d", s.n+1) }

func (s *fakeTokens) AccessToken(context.Context, id.PortalID) (string, error) { return s.token(), nil }

func (s *fakeTokens) Refused(_ context.Context, _ id.PortalID, token string) (string, error) {
	s.refused = append(s.refused, token)
	if s.err != nil {
		return "", s.err
	}
	s.n++
	return s.token(), nil
}

type fakePacer struct {
	mu    sync.Mutex
	waits []string
	slow  []time.Duration
	err   error
}

func (p *fakePacer) Wait(_ context.Context, portal id.PortalID, k pace.Kind, pr pace.Priority) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits = append(p.waits, fmt.Sprint(portal, " ", k, " ", pr))
	return p.err
}

func (p *fakePacer) Slow(_ context.Context, _ id.PortalID, _ pace.Kind, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = append(p.slow, after)
}

func wantFault(t *testing.T, err error, class fault.Class, code string) *fault.Fault {
	t.Helper()
	f, ok := err.(*fault.Fault)
	if !ok {
		t.Fatalf("got %T %v, want a *fault.Fault", err, err)
	}
	if f.Class != class || f.Code != code {
		t.Fatalf("got %s %s (%s), want %s %s", f.Class, f.Code, f.Message, class, code)
	}
	return f
}

// noCanary fails when a secret reached a text.
func noCanary(t *testing.T, where, s string) {
	t.Helper()
	if i := strings.Index(s, "canary"); i >= 0 {
		t.Errorf("%s holds a canary: ...%s", where, s[max(0, i-30):])
	}
}
