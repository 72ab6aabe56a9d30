package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type collector struct{ found []string }

func (c *collector) Helper() {}
func (c *collector) Errorf(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

const goodRecord = `{"id":"1","properties":{"email":null},"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","archived":false}`

func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		method, path, body string
		status             int
		answer, want       string
	}{
		"good":             {"GET", "/crm/objects/2026-09/contacts/1", "", 200, goodRecord, ""},
		"by type id":       {"GET", "/crm/objects/2026-09/0-1/1", "", 200, goodRecord, ""},
		"missing member":   {"GET", "/crm/objects/2026-09/contacts/1", "", 200, strings.Replace(goodRecord, `"id":"1",`, "", 1), "answer"},
		"unknown member":   {"GET", "/crm/objects/2026-09/contacts/1", "", 200, strings.Replace(goodRecord, `"id":"1",`, `"id":"1","nick":"x",`, 1), "answer"},
		"number as value":  {"GET", "/crm/objects/2026-09/contacts/1", "", 200, strings.Replace(goodRecord, "null", "5", 1), "answer"},
		"wrong request":    {"PATCH", "/crm/objects/2026-09/contacts/1", `{"props":{}}`, 200, goodRecord, "request"},
		"wrong but caught": {"PATCH", "/crm/objects/2026-09/contacts/1", `{"props":{}}`, 400, `{"status":"error","message":"m","correlationId":"c","category":"VALIDATION_ERROR"}`, ""},
		"poor error":       {"PATCH", "/crm/objects/2026-09/contacts/1", `{}`, 400, `{"message":"m"}`, "error body"},
		"pace":             {"GET", "/crm/objects/2026-09/contacts", "", 429, `{"status":"error","message":"m","correlationId":"c","errorType":"RATE_LIMIT","policyName":"x"}`, ""},
		"unknown path":     {"GET", "/crm/v9/things", "", 200, `{}`, "no file describes"},
		"unknown status":   {"GET", "/crm/objects/2026-09/contacts/1", "", 202, goodRecord, "not described"},
		"search":           {"POST", "/crm/objects/2026-09/contacts/search", `{"filterGroups":[{"filters":[{"propertyName":"email","operator":"EQ","value":"x"}]}],"sorts":[{"propertyName":"email","direction":"ASCENDING"}]}`, 200, `{"total":0,"results":[]}`, ""},
		"search operator":  {"POST", "/crm/objects/2026-09/contacts/search", `{"filterGroups":[{"filters":[{"propertyName":"email","operator":"LIKE","value":"x"}]}]}`, 200, `{"total":0,"results":[]}`, "request"},
		"search sort":      {"POST", "/crm/objects/2026-09/contacts/search", `{"sorts":[{"property":"email"}]}`, 200, `{"total":0,"results":[]}`, "request"},
		"own control":      {"POST", "/_sandbox/anything", `x`, 200, `x`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c collector
			h := Wrap(&c, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(x.status)
				_, _ = w.Write([]byte(x.answer))
			}))
			r := httptest.NewRequest(x.method, x.path, strings.NewReader(x.body))
			if x.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got := strings.Join(c.found, "\n"); (got != "") != (x.want != "") || !strings.Contains(got, x.want) {
				t.Errorf("found %q, want %q", got, x.want)
			}
		})
	}
}
