package entry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"lumo/shared/logging"
)

// Request is an HTTP request as the caller made it.
type Request struct {
	Method   string
	Route    string // as template.yaml has it: "POST /line/webhooks/{bot}"
	Path     string
	RawQuery string
	Query    url.Values
	Params   map[string]string // the {named} parts of the route
	Header   http.Header       // cookies included, under Cookie
	Body     []byte
	SourceIP string
	ID       string // of this request, fit to be shown
}

// URI is the address that was called, as signatures cover it: origin is PUBLIC_URL.
func (r Request) URI(origin string) string {
	if r.RawQuery == "" {
		return origin + r.Path
	}
	return origin + r.Path + "?" + r.RawQuery
}

// Cookie returns the value of a cookie, or "".
func (r Request) Cookie(name string) string {
	c, err := (&http.Request{Header: r.Header}).Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Response answers a request. Status 0 means 200. Unless the handler says otherwise nobody may store the answer or guess its type.
type Response struct {
	Status  int
	Header  map[string]string
	Cookies []*http.Cookie
	Body    []byte
}

// JSON answers with v.
func JSON(status int, v any) (Response, error) {
	b, err := json.Marshal(v)
	return Response{Status: status, Header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, Body: b}, err
}

// Text answers with plain text.
func Text(status int, s string) Response {
	return Response{Status: status, Header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, Body: []byte(s)}
}

// HTML answers with a page.
func HTML(status int, page []byte) Response {
	return Response{Status: status, Header: map[string]string{"Content-Type": "text/html; charset=utf-8"}, Body: page}
}

// Redirect sends a browser on, with GET.
func Redirect(to string) Response {
	return Response{Status: http.StatusSeeOther, Header: map[string]string{"Location": to}}
}

func (f *Function) serveHTTP(ctx context.Context, e event) outcome {
	req, status := f.request(e)
	var res Response
	var err error
	if status == 0 {
		err = f.guard(ctx, func() (err error) { res, err = f.handlers.HTTP(ctx, req); return err })
		if err != nil {
			status = http.StatusInternalServerError
		}
	}
	if status != 0 {
		res, _ = JSON(status, map[string]string{"message": http.StatusText(status), "request": req.ID}) // strings always encode
	}
	answer := encodeResponse(res)
	return outcome{answer: answer, err: err, attrs: []slog.Attr{
		logging.Kind("http"), logging.Route(e.RouteKey), logging.Count("status", answer.Status), logging.Count("bytes", len(req.Body)),
	}}
}

// request decodes the event; a status other than 0 refuses it.
func (f *Function) request(e event) (Request, int) {
	req := Request{
		Method: e.RequestContext.HTTP.Method, Route: e.RouteKey, Path: e.RawPath, RawQuery: e.RawQuery, Params: e.PathParameters,
		Header: http.Header{}, SourceIP: e.RequestContext.HTTP.SourceIP, ID: e.RequestContext.RequestID, Body: []byte(e.Body),
	}
	for k, v := range e.Headers {
		req.Header.Set(k, v)
	}
	if status := passFront(&req, f.frontKey); status != 0 {
		return req, status
	}
	if len(e.Cookies) > 0 {
		req.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	req.Query, _ = url.ParseQuery(e.RawQuery) // what is well formed of it
	if e.Base64 {
		body, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return req, http.StatusBadRequest
		}
		req.Body = body
	}
	if len(req.Body) > f.handlers.MaxBody {
		return req, http.StatusRequestEntityTooLarge
	}
	return req, 0
}

func encodeResponse(r Response) httpResponse {
	out := httpResponse{Status: r.Status, Headers: map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	}}
	if out.Status == 0 {
		out.Status = http.StatusOK
	}
	for k, v := range r.Header {
		out.Headers[http.CanonicalHeaderKey(k)] = v
	}
	for _, c := range r.Cookies {
		out.Cookies = append(out.Cookies, c.String())
	}
	if utf8.Valid(r.Body) {
		out.Body = string(r.Body)
	} else {
		out.Body, out.Base64 = base64.StdEncoding.EncodeToString(r.Body), true
	}
	return out
}
