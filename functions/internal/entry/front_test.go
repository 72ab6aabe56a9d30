package entry

import (
	"context"
	"strings"
	"testing"
)

func TestOnlyTheFrontIsLetIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key    string
		header map[string]string
		status string
		source string
	}{
		"no front":               {"", nil, "200", "10.0.0.1"},
		"through the front":      {"k-1", map[string]string{"x-lumo-front": "k-1", "x-forwarded-for": "203.0.113.9, 10.0.0.1"}, "200", "203.0.113.9"},
		"a hop of the caller's":  {"k-1", map[string]string{"x-lumo-front": "k-1", "x-forwarded-for": "1.1.1.1, 203.0.113.9, 10.0.0.1"}, "200", "203.0.113.9"},
		"around the front":       {"k-1", map[string]string{"x-forwarded-for": "203.0.113.9, 10.0.0.1"}, "403", ""},
		"with a guessed key":     {"k-1", map[string]string{"x-lumo-front": "k-2"}, "403", ""},
		"a front without a list": {"k-1", map[string]string{"x-lumo-front": "k-1"}, "200", "10.0.0.1"},
	} {
		var got Request
		f, log := function(Handlers{HTTP: func(_ context.Context, r Request) (Response, error) { got = r; return Response{}, nil }})
		f.frontKey = c.key
		out, err := invoke(t, f, httpEvent(func(e map[string]any) { e["headers"] = c.header }))
		if err != nil || !strings.Contains(out, `"statusCode":`+c.status) || got.SourceIP != c.source {
			t.Errorf("%s: %s, %q, %v", name, out, got.SourceIP, err)
		}
		if got.Header.Get(frontHeader) != "" || strings.Contains(string(log.Bytes()), "k-1") {
			t.Errorf("%s: the key goes on", name)
		}
	}
}
