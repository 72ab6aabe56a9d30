package hubspot

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/shared/fault"
)

// area tells the interpreter which of HubSpot's error dialects a call speaks.
type area int

const (
	areaAPI area = iota
	areaOAuth
	areaSearch
	areaJournal
)

// Pauses after a 429 that names none; HubSpot documents Retry-After for 477 only.
const (
	pauseRolling = 10 * time.Second
	pauseSecond  = time.Second
	pauseDaily   = time.Hour
	pauseLocked  = 2 * time.Second
	pauseMigrate = 10 * time.Minute
)

// Detail is what an error reply said beyond the fault's fields. It rides on Fault.Err; get it with DetailOf.
type Detail struct {
	Category      string
	SubCategory   string
	Policy        string   // of a 429
	Codes         []string // HubSpot's own codes, in order
	ExistingID    string   // of a 409: the only pointer to the record that is in the way; verify by reading it
	MissingScopes []string // of a 403
}

// Error implements error so that a Detail can be the cause of a Fault.
func (d *Detail) Error() string {
	return strings.Join(append([]string{d.Category, d.SubCategory, d.Policy}, d.Codes...), " ")
}

// DetailOf returns what HubSpot said beyond the fault's own fields; the zero Detail when there is nothing.
func DetailOf(err error) Detail {
	var d *Detail
	if errors.As(err, &d) {
		return *d
	}
	return Detail{}
}

// rule is one line of the table of statuses.
type rule struct {
	class     fault.Class
	certainty fault.Certainty
	code      string
}

var statusRules = map[int]rule{
	400: {fault.Invalid, fault.NothingHappened, "HUBSPOT_INVALID"},
	401: {fault.Unauthorized, fault.NothingHappened, "HUBSPOT_UNAUTHORIZED"},
	403: {fault.Permission, fault.NothingHappened, "HUBSPOT_PERMISSION"},
	404: {fault.NotFound, fault.NothingHappened, "HUBSPOT_NOT_FOUND"},
	408: {fault.Unavailable, fault.Unknown, "HUBSPOT_UNAVAILABLE"},
	409: {fault.Exists, fault.NothingHappened, "HUBSPOT_EXISTS"},
	410: {fault.NotFound, fault.NothingHappened, "HUBSPOT_NOT_FOUND"},
	413: {fault.Invalid, fault.NothingHappened, "HUBSPOT_TOO_LONG"},
	414: {fault.Invalid, fault.NothingHappened, "HUBSPOT_TOO_LONG"},
	423: {fault.Unavailable, fault.NothingHappened, "HUBSPOT_LOCKED"},
	429: {fault.Limited, fault.NothingHappened, "HUBSPOT_LIMITED"},
	477: {fault.Migrating, fault.NothingHappened, "HUBSPOT_MIGRATING"},
}

// codeRules refine a 400 by HubSpot's own codes, which its compatibility promise covers; texts are never looked at.
var codeRules = map[string]rule{
	"PROPERTY_DOESNT_EXIST":                 {fault.Invalid, fault.NothingHappened, "HUBSPOT_PROPERTY_MISSING"},
	"READ_ONLY_VALUE":                       {fault.Invalid, fault.NothingHappened, "HUBSPOT_PROPERTY_READ_ONLY"},
	"INVALID_OPTION":                        {fault.Invalid, fault.NothingHappened, "HUBSPOT_INVALID_OPTION"},
	"MISSING_REQUIRED_PROPERTY":             {fault.Invalid, fault.NothingHappened, "HUBSPOT_REQUIRED_PROPERTY"},
	"MISSING_CONDITIONAL_REQUIRED_PROPERTY": {fault.Invalid, fault.NothingHappened, "HUBSPOT_REQUIRED_PROPERTY"},
	"CONFLICTING_UNIQUE_VALUE":              {fault.Invalid, fault.NothingHappened, "HUBSPOT_VALUE_NOT_UNIQUE"},
	"OBJECT_NOT_FOUND":                      {fault.NotFound, fault.NothingHappened, "HUBSPOT_NOT_FOUND"},
	"OBJECT_ALREADY_EXISTS":                 {fault.Exists, fault.NothingHappened, "HUBSPOT_EXISTS"},
	"CONFLICT":                              {fault.Exists, fault.NothingHappened, "HUBSPOT_EXISTS"},
	"MISSING_SCOPES":                        {fault.Permission, fault.NothingHappened, "HUBSPOT_PERMISSION"},
	"RATE_LIMITS":                           {fault.Limited, fault.NothingHappened, "HUBSPOT_LIMITED"},
}

// interpret is the one reader of error replies.
func interpret(q *call, r *reply) *fault.Fault {
	var b errorBody
	// Gateways answer HTML or plain text: then only the status speaks.
	_ = json.Unmarshal(r.body, &b)
	return interpretBody(q, r, b)
}

// interpretBody is interpret for a body that is read already; an element of a 207's errors comes here too.
func interpretBody(q *call, r *reply, b errorBody) *fault.Fault {
	invalid := b.invalidValues()
	d := b.detail(invalid)
	var k rule
	if q.area == areaOAuth {
		k = oauthRule(r.status, b, q.body)
	} else {
		k = apiRule(r.status, d.Codes, d.Category)
	}
	f := &fault.Fault{
		Provider: provider, Class: k.class, Certainty: k.certainty, Code: k.code, Status: r.status,
		CorrelationID: correlation(b, r.header), RetryAfter: pauseFor(q, r, b), Err: &d,
	}
	if k.class == fault.Invalid {
		f.Properties = b.properties(invalid)
		if k.code == "HUBSPOT_INVALID" && len(f.Properties) > 0 {
			f.Code = "HUBSPOT_INVALID_PROPERTY"
		}
	}
	f.Message = scrub(b.reason(invalid, r.status), sentValues(q))
	return f
}

func apiRule(status int, codes []string, category string) rule {
	k, known := statusRules[status]
	switch {
	case status >= 500:
		return rule{fault.Unavailable, fault.Unknown, "HUBSPOT_UNAVAILABLE"}
	case !known:
		// 3xx, 405, 415, ...: we called something that is not there in this form.
		return rule{fault.Misconfigured, fault.NothingHappened, "HUBSPOT_UNEXPECTED_STATUS"}
	case status != http.StatusBadRequest:
		return k
	}
	for _, code := range append(slices.Clone(codes), category) {
		if better, ok := codeRules[code]; ok {
			return better
		}
	}
	return k
}

// oauthRule implements the table of the token endpoint. What is wrong with our own set-up comes first, so that a wrong client
// secret can never mark a customer as revoked; so does every refusal that we do not know.
func oauthRule(status int, b errorBody, form []byte) rule {
	if k, ok := statusRules[status]; ok && (k.class.Retryable() && k.class != fault.Unauthorized) {
		return k
	}
	if status >= 500 {
		return rule{fault.Unavailable, fault.Unknown, "HUBSPOT_UNAVAILABLE"}
	}
	is := func(names ...string) bool {
		return slices.Contains(names, b.Error.String()) || slices.Contains(names, b.Status.String()) || slices.Contains(names, b.Category.String())
	}
	values, _ := url.ParseQuery(string(form))
	switch {
	case is("invalid_client", "BAD_CLIENT_ID", "BAD_CLIENT_SECRET", "BAD_GRANT_TYPE", "unauthorized_client", "unsupported_grant_type"):
		return rule{fault.Misconfigured, fault.NothingHappened, "HUBSPOT_APP_CREDENTIALS"}
	case is("BAD_AUTH_CODE", "BAD_REDIRECT_URI", "BAD_CODE_VERIFIER", "BAD_SCOPES", "invalid_scope"),
		is("invalid_grant") && values.Get("grant_type") == "authorization_code":
		return rule{fault.Invalid, fault.NothingHappened, "HUBSPOT_INSTALL_EXPIRED"}
	case is("BAD_REFRESH_TOKEN", "BAD_HUB", "access_denied"),
		is("invalid_grant") && values.Get("grant_type") == "refresh_token":
		return rule{fault.Revoked, fault.NothingHappened, "HUBSPOT_REVOKED"}
	}
	return rule{fault.Misconfigured, fault.NothingHappened, "HUBSPOT_OAUTH_REFUSED"}
}

// pauseFor is how long to wait before the same call may work.
func pauseFor(q *call, r *reply, b errorBody) time.Duration {
	if s, err := strconv.ParseFloat(strings.TrimSpace(r.header.Get("Retry-After")), 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	switch r.status {
	case http.StatusTooManyRequests:
		switch {
		case b.PolicyName == "DAILY":
			return pauseDaily
		case b.PolicyName == "SECONDLY" || q.area == areaSearch:
			return pauseSecond
		}
		return pauseRolling
	case http.StatusLocked:
		return pauseLocked
	case 477:
		return pauseMigrate
	}
	return 0
}

func correlation(b errorBody, h http.Header) string {
	id := b.CorrelationID.String()
	if id == "" {
		id = h.Get("X-HubSpot-Correlation-Id")
	}
	if len(id) > 64 {
		id = id[:64]
	}
	return id
}

// neverSent: the connection was not made, so nothing can have happened.
func neverSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// networkReason says what broke without the address, which may carry ids or a presigned key.
func networkReason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return "timeout"
		}
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
