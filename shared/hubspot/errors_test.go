package hubspot

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
)

func TestErrorTable(t *testing.T) {
	t.Parallel()
	const corr = `"correlationId":"c-1"`
	for _, c := range []struct {
		name      string
		area      area
		status    int
		body      string
		header    map[string]string
		class     fault.Class
		certainty fault.Certainty
		code      string
		after     time.Duration
		props     string
		message   string // must be contained
	}{
		{name: "validation", status: 400, body: `{"status":"error","message":"Invalid input JSON on line 1",` + corr + `,"category":"VALIDATION_ERROR"}`,
			class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_INVALID", message: "Invalid input JSON"},
		{name: "embedded array", status: 400, body: `{"message":"Property values were not valid: [{\"isValid\":false,\"message\":\"golf was not one of the allowed options\",\"error\":\"INVALID_OPTION\",\"name\":\"sport\"},{\"error\":\"INVALID_INTEGER\",\"name\":\"age\"}]",` + corr + `}`,
			class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_INVALID_OPTION", props: "sport,age", message: "sport (INVALID_OPTION), age (INVALID_INTEGER)"},
		{name: "unknown property", status: 400, body: `{"message":"Property \"shoe\" does not exist","errors":[{"message":"Property \"shoe\" does not exist","code":"PROPERTY_DOESNT_EXIST","context":{"propertyName":["shoe"]}}],` + corr + `}`,
			class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_PROPERTY_MISSING", props: "shoe", message: "shoe"},
		{name: "the admin's own rule", status: 400, body: `{"message":"m","category":"VALIDATION_ERROR","errors":[{"message":"phone is required when the stage is customer","code":"MISSING_CONDITIONAL_REQUIRED_PROPERTY","context":{"propertyName":["phone"]}}]}`,
			class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_REQUIRED_PROPERTY", props: "phone", message: "phone is required"},
		{name: "some other property", status: 400, body: `{"message":"m","errors":[{"message":"bad","context":{"propertyName":["phone"]}}]}`,
			class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_INVALID_PROPERTY", props: "phone"},
		{name: "unauthorized", status: 401, body: `{"message":"expired","category":"EXPIRED_AUTHENTICATION"}`,
			class: fault.Unauthorized, certainty: fault.NothingHappened, code: "HUBSPOT_UNAUTHORIZED"},
		{name: "scopes", status: 403, body: `{"category":"MISSING_SCOPES","message":"m","errors":[{"message":"e","context":{"requiredGranularScopes":["crm.lists.read"]}}]}`,
			class: fault.Permission, certainty: fault.NothingHappened, code: "HUBSPOT_PERMISSION"},
		{name: "gone", status: 404, body: `{"category":"OBJECT_NOT_FOUND","message":"resource not found"}`,
			class: fault.NotFound, certainty: fault.NothingHappened, code: "HUBSPOT_NOT_FOUND"},
		{name: "no such path", status: 404, body: `<html>404</html>`, class: fault.NotFound, certainty: fault.NothingHappened, code: "HUBSPOT_NOT_FOUND", message: "404 Not Found"},
		{name: "exists", status: 409, body: `{"category":"CONFLICT","message":"Contact already exists. Existing ID: 4711"}`,
			class: fault.Exists, certainty: fault.NothingHappened, code: "HUBSPOT_EXISTS", message: "4711"},
		{name: "too long", status: 414, class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_TOO_LONG"},
		{name: "locked", status: 423, class: fault.Unavailable, certainty: fault.NothingHappened, code: "HUBSPOT_LOCKED", after: 2 * time.Second},
		{name: "rolling limit", status: 429, body: `{"errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING","message":"You have reached your ten_secondly_rolling limit."}`,
			class: fault.Limited, certainty: fault.NothingHappened, code: "HUBSPOT_LIMITED", after: 10 * time.Second},
		{name: "limit by header", status: 429, header: map[string]string{"Retry-After": "3"}, class: fault.Limited, certainty: fault.NothingHappened, code: "HUBSPOT_LIMITED", after: 3 * time.Second},
		{name: "search limit", area: areaSearch, status: 429, body: `{"message":"You have reached your secondly limit."}`,
			class: fault.Limited, certainty: fault.NothingHappened, code: "HUBSPOT_LIMITED", after: time.Second},
		{name: "secondly", status: 429, body: `{"policyName":"SECONDLY"}`, class: fault.Limited, certainty: fault.NothingHappened, code: "HUBSPOT_LIMITED", after: time.Second},
		{name: "daily", status: 429, body: `{"policyName":"DAILY"}`, class: fault.Limited, certainty: fault.NothingHappened, code: "HUBSPOT_LIMITED", after: time.Hour},
		{name: "migrating", status: 477, header: map[string]string{"Retry-After": "86400"}, class: fault.Migrating, certainty: fault.NothingHappened, code: "HUBSPOT_MIGRATING", after: 24 * time.Hour},
		{name: "server error", status: 500, body: "oops", class: fault.Unavailable, certainty: fault.Unknown, code: "HUBSPOT_UNAVAILABLE"},
		{name: "gateway", status: 502, body: "<html>", class: fault.Unavailable, certainty: fault.Unknown, code: "HUBSPOT_UNAVAILABLE"},
		{name: "too slow", status: 524, class: fault.Unavailable, certainty: fault.Unknown, code: "HUBSPOT_UNAVAILABLE"},
		{name: "redirect", status: 301, class: fault.Misconfigured, certainty: fault.NothingHappened, code: "HUBSPOT_UNEXPECTED_STATUS"},
		{name: "method", status: 405, class: fault.Misconfigured, certainty: fault.NothingHappened, code: "HUBSPOT_UNEXPECTED_STATUS"},
		{name: "odd types", status: 400, body: `{"status":400,"message":{"a":1},"correlationId":17,"subCategory":{"x":1},"context":["a"],"errors":[{"context":{"propertyName":"solo"},"message":"m"}]}`,
			class: fault.Invalid, certainty: fault.NothingHappened, code: "HUBSPOT_INVALID_PROPERTY", props: "solo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			for k, v := range c.header {
				h.Set(k, v)
			}
			f := interpret(&call{area: c.area}, &reply{c.status, h, []byte(c.body)})
			wantFault(t, f, c.class, c.code)
			if f.Certainty != c.certainty || f.RetryAfter != c.after || f.Status != c.status || strings.Join(f.Properties, ",") != c.props {
				t.Errorf("%+v", f)
			}
			if !strings.Contains(f.Message, c.message) || f.Message == "" {
				t.Errorf("message %q, want %q in it", f.Message, c.message)
			}
			if strings.Contains(c.body, corr) && f.CorrelationID != "c-1" {
				t.Errorf("correlation id %q", f.CorrelationID)
			}
		})
	}
}

func TestDetailOfAnError(t *testing.T) {
	t.Parallel()
	d := DetailOf(interpret(&call{}, &reply{409, http.Header{}, []byte(`{"category":"CONFLICT","message":"Contact already exists. Existing ID: 4711"}`)}))
	if d.ExistingID != "4711" || d.Category != "CONFLICT" {
		t.Errorf("%+v", d)
	}
	d = DetailOf(interpret(&call{}, &reply{403, http.Header{}, []byte(`{"errors":[{"context":{"requiredGranularScopes":["a","b"]}}]}`)}))
	if !slices.Equal(d.MissingScopes, []string{"a", "b"}) {
		t.Errorf("%+v", d)
	}
	if d := DetailOf(http.ErrBodyNotAllowed); d.Category != "" {
		t.Errorf("%+v", d)
	}
}

func TestOAuthErrorTable(t *testing.T) {
	t.Parallel()
	const refresh, exchange, app = "grant_type=refresh_token&refresh_token=r", "grant_type=authorization_code&code=c", "grant_type=client_credentials"
	for _, c := range []struct {
		status int
		form   string
		body   string
		class  fault.Class
		code   string
	}{
		{400, refresh, `{"error":"invalid_grant","error_description":"refresh token is invalid","status":"BAD_REFRESH_TOKEN"}`, fault.Revoked, "HUBSPOT_REVOKED"},
		{400, refresh, `{"error":"invalid_grant"}`, fault.Revoked, "HUBSPOT_REVOKED"},
		{400, refresh, `{"error":"access_denied","status":"BAD_HUB"}`, fault.Revoked, "HUBSPOT_REVOKED"},
		{400, exchange, `{"error":"invalid_grant","status":"BAD_AUTH_CODE"}`, fault.Invalid, "HUBSPOT_INSTALL_EXPIRED"},
		{400, exchange, `{"error":"invalid_grant"}`, fault.Invalid, "HUBSPOT_INSTALL_EXPIRED"},
		{400, exchange, `{"error":"invalid_grant","status":"BAD_REDIRECT_URI"}`, fault.Invalid, "HUBSPOT_INSTALL_EXPIRED"},
		{400, exchange, `{"status":"BAD_CODE_VERIFIER"}`, fault.Invalid, "HUBSPOT_INSTALL_EXPIRED"},
		{400, exchange, `{"status":"BAD_SCOPES"}`, fault.Invalid, "HUBSPOT_INSTALL_EXPIRED"},
		// A wrong secret must never look like a customer who left, whatever stands beside it.
		{400, refresh, `{"error":"invalid_client","status":"BAD_CLIENT_SECRET"}`, fault.Misconfigured, "HUBSPOT_APP_CREDENTIALS"},
		{400, refresh, `{"error":"invalid_grant","status":"BAD_CLIENT_ID"}`, fault.Misconfigured, "HUBSPOT_APP_CREDENTIALS"},
		{401, refresh, `{"error":"invalid_client"}`, fault.Misconfigured, "HUBSPOT_APP_CREDENTIALS"},
		{400, refresh, `{"status":"BAD_GRANT_TYPE"}`, fault.Misconfigured, "HUBSPOT_APP_CREDENTIALS"},
		{400, app, `{"error":"invalid_grant"}`, fault.Misconfigured, "HUBSPOT_OAUTH_REFUSED"},
		{400, refresh, `{"error":"something_new"}`, fault.Misconfigured, "HUBSPOT_OAUTH_REFUSED"},
		{401, refresh, ``, fault.Misconfigured, "HUBSPOT_OAUTH_REFUSED"},
		{403, refresh, `<html>`, fault.Misconfigured, "HUBSPOT_OAUTH_REFUSED"},
		{429, refresh, ``, fault.Limited, "HUBSPOT_LIMITED"},
		{423, refresh, ``, fault.Unavailable, "HUBSPOT_LOCKED"},
		{477, refresh, ``, fault.Migrating, "HUBSPOT_MIGRATING"},
		{500, refresh, `{"error":"invalid_grant"}`, fault.Unavailable, "HUBSPOT_UNAVAILABLE"},
		{503, refresh, ``, fault.Unavailable, "HUBSPOT_UNAVAILABLE"},
	} {
		f := interpret(&call{area: areaOAuth, form: true, body: []byte(c.form)}, &reply{c.status, http.Header{}, []byte(c.body)})
		if f.Class != c.class || f.Code != c.code {
			t.Errorf("%d %s for %s: %s %s", c.status, c.body, c.form, f.Class, f.Code)
		}
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	body := `{"idProperty":"email","inputs":[{"id":"ann-canary@acme.example","properties":{"firstname":"canary-name","phone":"090-canary"}}],"filterGroups":[{"filters":[{"propertyName":"email","operator":"EQ","value":"canary-value","values":["canary-list"]}]}]}`
	if !json.Valid([]byte(body)) {
		t.Fatal("test body")
	}
	message := `canary-name is no name, nor 090-canary, nor ann-canary@acme.example, canary-value or canary-list; bob-canary@x.example +81 90 1234 5678 Ucanary Bearer canary-token U0123456789abcdef0123456789abcdef firstname`
	f := interpret(&call{body: []byte(body)}, &reply{400, http.Header{}, jsonBody(map[string]any{"message": message, "errors": []any{map[string]any{"message": message}}})})
	text := strings.ReplaceAll(f.Error(), "Ucanary", "")
	noCanary(t, "error", text)
	for _, gone := range []string{"5678", "U0123456789"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is still in %q", gone, text)
		}
	}
	if !strings.Contains(text, "firstname") {
		t.Errorf("the property's name is gone from %q", text)
	}
	form := &call{area: areaOAuth, form: true, body: []byte("client_secret=canary-s&refresh_token=canary-r&grant_type=refresh_token")}
	f = interpret(form, &reply{400, http.Header{}, []byte(`{"error":"invalid_client","error_description":"canary-s and canary-r are wrong"}`)})
	noCanary(t, "OAuth error", f.Error())
}
