package handle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/functions/internal/entry"
	"lumo/shared/access"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friendcard"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/logging"
	"lumo/shared/portal"
)

func TestRoutesAreFoundByMethodAndShape(t *testing.T) {
	t.Parallel()
	h := New(Deps{})
	for _, c := range []struct{ method, path, pattern, params string }{
		{"GET", "/api/v1/status", "/status", "map[]"},
		{"GET", "/api/v1/runs/01ABC", "/runs/{run}", "map[run:01ABC]"},
		{"PATCH", "/api/v1/friends/1/U2/fields", "/friends/{slot}/{user}/fields", "map[slot:1 user:U2]"},
		{"POST", "/api/v1/friends/tags", "/friends/tags", "map[]"},
		{"POST", "/api/v1/failures/retry-all", "/failures/retry-all", "map[]"},
		{"POST", "/api/v1/failures/abc/retry", "/failures/{failure}/retry", "map[failure:abc]"},
		{"GET", "/api/v1/changes/export", "/changes/export", "map[]"},
		{"DELETE", "/api/v1/status", "", ""}, {"GET", "/api/v1/status/", "", ""}, {"GET", "/api/v1", "", ""}, {"GET", "/api/v2/status", "", ""},
		{"GET", "/api/v1//status", "", ""}, {"GET", "/status", "", ""},
	} {
		r, params := h.find(c.method, c.path)
		switch {
		case r == nil && c.pattern != "" || r != nil && r.pattern != c.pattern:
			t.Errorf("%s %s: %+v", c.method, c.path, r)
		case r != nil && fmt.Sprint(params) != c.params:
			t.Errorf("%s %s: %v", c.method, c.path, params)
		}
	}
	for _, r := range h.routes {
		if r.do == nil || r.action == "" || r.method == http.MethodGet && (r.live || r.audit != "") {
			t.Errorf("%s %s is not complete", r.method, r.pattern)
		}
	}
}

func cursorCall(p id.PortalID, pattern, cursor string, secrets ...string) *call {
	return &call{Handler: New(Deps{Secrets: secrets}), route: &route{pattern: pattern}, at: portal.Portal{ID: p}, query: map[string][]string{"cursor": {cursor}}}
}

// TestACursorIsGoodForItsPortalAndRouteOnly, and survives the rotation of the secret.
func TestACursorIsGoodForItsPortalAndRouteOnly(t *testing.T) {
	t.Parallel()
	made := *cursorCall(7, "/runs", "", "new").next("P#8#RUN")
	for name, c := range map[string]*call{
		"another portal": cursorCall(8, "/runs", made, "new"), "another route": cursorCall(7, "/failures", made, "new"),
		"another secret": cursorCall(7, "/runs", made, "other"), "cut": cursorCall(7, "/runs", made[:8], "new"), "changed": cursorCall(7, "/runs", "A"+made[1:], "new"),
	} {
		if after, _, err := c.page(); err == nil {
			t.Errorf("%s: %q", name, after)
		}
	}
	if after, _, err := cursorCall(7, "/runs", made, "newer", "new").page(); err != nil || after != "P#8#RUN" {
		t.Errorf("after a rotation: %q, %v", after, err)
	}
	if cursorCall(7, "/runs", "", "new").next("") != nil {
		t.Error("the end has a cursor")
	}
}

func TestWhatNobodyExpectedStaysInTheLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := New(Deps{Log: logging.New(&log, slog.LevelInfo)})
	p := h.explain(t.Context(), entry.Request{ID: "req-1"}, errors.New("table broke at somebody@example.com"))
	b, err := json.Marshal(p)
	if err != nil || p.status != 500 || !strings.Contains(string(b), "req-1") || strings.Contains(string(b), "table") {
		t.Errorf("%s, %v", b, err)
	}
	if !strings.Contains(log.String(), "table broke") || strings.Contains(log.String(), "somebody@") || !strings.Contains(log.String(), "req-1") {
		t.Errorf("log %s", log.String())
	}
}

func TestErrorsHaveStableCodes(t *testing.T) {
	t.Parallel()
	hub := func(c fault.Class) error {
		return fmt.Errorf("read: %w", &fault.Fault{Provider: "hubspot", Class: c, Code: "X", Message: "HubSpot's words", CorrelationID: "corr"})
	}
	for _, c := range []struct {
		err                error
		code, field, words string
	}{
		{access.ErrDenied, "PERMISSION_DENIED", "", "permission"},
		{fmt.Errorf("edit: %w", &friendcard.FieldError{Property: "email", Err: fmt.Errorf("%w: no", friendcard.ErrValue)}), "INVALID_VALUE", "email", "fit"},
		{&portal.SettingError{Field: "language", Reason: "must be en or ja"}, "INVALID_INPUT", "language", "en or ja"},
		{fmt.Errorf("%w: it is our own", lineaccount.ErrForward), "FORWARD_REFUSED", "url", "our own"},
		{hub(fault.Revoked), "RECONNECT_HUBSPOT", "", "Reconnect"},
		{hub(fault.Permission), "PERMISSION_NEEDED", "", "HubSpot's words"},
		{hub(fault.Limited), "PROVIDER_UNAVAILABLE", "", "Try again"},
		{hub(fault.Unavailable), "PROVIDER_UNAVAILABLE", "", "Try again"},
		{hub(fault.Invalid), "PROVIDER_REFUSED", "", "HubSpot's words"},
	} {
		p := expected(c.err)
		if p == nil || p.Code != c.code || p.Field != c.field || p.status != 200 || !strings.Contains(p.Message, c.words) {
			t.Errorf("%v: %+v", c.err, p)
		}
	}
	if p := expected(hub(fault.Misconfigured)); p != nil {
		t.Errorf("our own fault was put on the customer: %+v", p)
	}
	for i, r := range refusals {
		for _, o := range refusals[:i] {
			if errors.Is(r.err, o.err) {
				t.Errorf("%v is never reached", r.err)
			}
		}
	}
}

func TestAnswersFitHubSpotsProxy(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("あ", 300)
	long := func(n int) func(int) any {
		return func(most int) any {
			out := make([]string, n)
			for i := range out {
				out[i] = clip(text, most)
			}
			return out
		}
	}
	for _, n := range []int{1, 50, 2000, 20_000} {
		b, err := encode(sized(long(n)))
		if err != nil || len(b) > maxAnswer {
			t.Errorf("%d texts: %d bytes, %v", n, len(b), err)
		}
	}
	if _, err := encode(sized(long(30_000))); err == nil || expected(err).Code != "ANSWER_TOO_LARGE" {
		t.Errorf("too much: %v", err)
	}
	if _, err := encode(long(2000)(5000)); err == nil || expected(err).Code != "ANSWER_TOO_LARGE" {
		t.Errorf("what cannot be clipped: %v", err)
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	type in struct {
		request
		Name string `json:"name"`
		N    int    `json:"n"`
	}
	for content, field := range map[string]string{
		`{"name":1}`: "name", `{"n":"1"}`: "n", `{"n":1.5}`: "n", `{"nam":"x"}`: "nam", `{"name":"x"}{}`: "", `[]`: "", `"x"`: "", `{"a`: "", `{"x":` + strings.Repeat("[", 20000): "",
	} {
		_, err := read[in](&call{body: []byte(content)})
		if p := expected(err); err == nil || p == nil || p.Code != "INVALID_INPUT" || p.Field != field {
			t.Errorf("%.30s: %+v", content, p)
		}
	}
	for _, content := range []string{"", "{}", `{"name":"x","n":2,"requestId":"abcdefgh"}`, "null"} {
		if _, err := read[in](&call{body: []byte(content)}); err != nil {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// TestNothingIsAskedBeforeTheSignature: a request without one reaches no store; there are none.
func TestNothingIsAskedBeforeTheSignature(t *testing.T) {
	t.Parallel()
	h := New(Deps{Secrets: []string{"s"}, AppID: 42, PublicURL: "https://lumo.example.com", Clock: clock.NewVirtual(time.Unix(0, 0))})
	for _, r := range h.routes {
		path := prefix + strings.NewReplacer("{", "", "}", "").Replace(r.pattern)
		res, err := h.HTTP(context.Background(), entry.Request{Method: r.method, Path: path, Header: http.Header{}, Body: []byte(`{}`)})
		if err != nil || res.Status != 401 || !strings.Contains(string(res.Body), "UNAUTHORIZED") {
			t.Errorf("%s %s: %d %s, %v", r.method, r.pattern, res.Status, res.Body, err)
		}
	}
}
