package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lumo/scripts/localcloud/awslocal"
)

// event is the request as the function receives it.
type event struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  requestContext    `json:"requestContext"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         httpContext `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"`
}

type httpContext struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

func newEvent(r *http.Request, body []byte, key string, parameters map[string]string, id string) event {
	now := time.Now().UTC()
	prefix, _, _ := strings.Cut(r.Host, ".")
	e := event{
		Version: "2.0", RouteKey: key, RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Headers: headers(r), Query: query(r.URL.RawQuery),
		PathParameters: parameters,
		RequestContext: requestContext{
			AccountID: awslocal.Account, APIID: "local", DomainName: r.Host, DomainPrefix: prefix, RequestID: id, RouteKey: key, Stage: "$default",
			Time: now.Format("02/Jan/2006:15:04:05 +0000"), TimeEpoch: now.UnixMilli(),
			HTTP: httpContext{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: sourceIP(r), UserAgent: r.UserAgent()},
		},
	}
	for _, line := range r.Header["Cookie"] {
		for c := range strings.SplitSeq(line, ";") {
			if c = strings.TrimSpace(c); c != "" {
				e.Cookies = append(e.Cookies, c)
			}
		}
	}
	switch {
	case len(body) == 0:
	case isText(r.Header.Get("Content-Type")) && utf8.Valid(body):
		e.Body = string(body)
	default:
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

// headers are in lower case, repeated ones joined by commas; cookies have their own field.
func headers(r *http.Request) map[string]string {
	out := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		if name != "Cookie" {
			out[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	if r.ContentLength > 0 {
		out["content-length"] = fmt.Sprint(r.ContentLength)
	}
	forwarded := sourceIP(r)
	if before := out["x-forwarded-for"]; before != "" {
		forwarded = before + ", " + forwarded
	}
	out["x-forwarded-for"] = forwarded
	if out["x-forwarded-proto"] == "" {
		out["x-forwarded-proto"] = "http"
	}
	return out
}

// query joins repeated parameters by commas, in their order.
func query(raw string) map[string]string {
	if raw == "" {
		return nil
	}
	values, _ := url.ParseQuery(raw) // what cannot be parsed is in the raw query string
	out := make(map[string]string, len(values))
	for name, vs := range values {
		out[name] = strings.Join(vs, ",")
	}
	return out
}

// isText: a body of another or no content type (a form, too) arrives in base64.
func isText(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{"application/json", "application/xml", "application/javascript"}, kind)
}

// response is what the function answered, structured or inferred.
type response struct {
	StatusCode      int                        `json:"statusCode"`
	Headers         map[string]json.RawMessage `json:"headers"`
	Cookies         []string                   `json:"cookies"`
	Body            string                     `json:"body"`
	IsBase64Encoded bool                       `json:"isBase64Encoded"`

	raw []byte
}

// parseResponse: JSON without a statusCode is the body of a 200 itself; what is not JSON is an error.
func parseResponse(payload []byte) (response, bool) {
	if !json.Valid(payload) {
		return response{}, false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil || fields["statusCode"] == nil {
		return response{StatusCode: http.StatusOK, Headers: map[string]json.RawMessage{"content-type": json.RawMessage(`"application/json"`)}, raw: payload}, true
	}
	var r response
	if json.Unmarshal(payload, &r) != nil || r.StatusCode < 200 || r.StatusCode > 599 {
		return response{}, false
	}
	r.raw = []byte(r.Body)
	if r.IsBase64Encoded {
		b, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			return response{}, false
		}
		r.raw = b
	}
	return r, true
}

func (r response) write(w http.ResponseWriter) {
	h := w.Header()
	for name, value := range r.Headers {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value) // a number or a boolean
		}
		h.Set(name, text)
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	for _, c := range r.Cookies {
		h.Add("Set-Cookie", c)
	}
	if r.StatusCode != http.StatusNoContent && r.StatusCode != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(r.raw)))
	}
	w.WriteHeader(r.StatusCode)
	w.Write(r.raw)
}

func requestID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 15)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b) + "="
}
