package hubspot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/pace"
	"lumo/shared/usage"
)

const (
	provider     = "hubspot"
	maxReply     = 32 << 20
	userAgent    = "lumo-hubspot/1"
	backOff      = 400 * time.Millisecond
	longestPause = 20 * time.Second
)

// auth says whose token a call carries.
type auth int

const (
	portalToken auth = iota
	appLevel         // client credentials with call.scopes
	noToken          // OAuth endpoints and presigned links
)

// call is one request, free of everything that the transport adds.
type call struct {
	method string
	path   string // below the base URL, with {V} for the version; or a whole URL (journal files)
	query  url.Values
	body   []byte
	// around is what goes before and after a body that is too large to be copied.
	around [2][]byte
	form   bool
	// contentType of a body that is neither JSON nor a form.
	contentType string

	auth     auth
	scopes   []string
	portal   id.PortalID
	kind     pace.Kind // "" is unpaced
	priority pace.Priority
	// once: the call may have an effect that a repeat would double, so it is never repeated after an unknown outcome.
	once bool
	area area
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// request starts a paced call with the portal's token.
func (p *Portal) request(ctx context.Context, method, path string) *call {
	return &call{method: method, path: path, portal: p.id, kind: p.kind, priority: max(p.priority, pace.PriorityOf(ctx))}
}

// send carries one call through: token, pace, repeats. Its error is always a *fault.Fault.
func (c *Client) send(ctx context.Context, q *call) (*reply, error) {
	token, err := c.tokenFor(ctx, q)
	if err != nil {
		return nil, err
	}
	renewed := false
	for attempt := 1; ; attempt++ {
		f := c.admit(ctx, q)
		var r *reply
		if f == nil {
			r, f = c.attempt(ctx, q, token)
		}
		if f == nil {
			return r, nil
		}
		c.note(ctx, q, f, attempt)
		if f.Class == fault.Unauthorized && q.auth != noToken && !renewed {
			renewed = true
			if token, err = c.anotherToken(ctx, q, token); err != nil {
				return nil, err
			}
			attempt--
			continue
		}
		pause, again := c.repeat(ctx, q, f, attempt)
		if !again {
			return nil, f
		}
		if err := c.cfg.Clock.Sleep(ctx, pause); err != nil {
			return nil, f
		}
	}
}

func (c *Client) tokenFor(ctx context.Context, q *call) (string, error) {
	switch {
	case q.auth == noToken:
		return "", nil
	case q.auth == appLevel:
		return c.AppToken(ctx, q.scopes)
	case c.cfg.Tokens == nil:
		return "", &fault.Fault{
			Provider: provider, Class: fault.Misconfigured, Certainty: fault.NothingHappened, Code: "HUBSPOT_NO_TOKEN_SOURCE",
			Message: "no token source is configured",
		}
	}
	t, err := c.cfg.Tokens.AccessToken(ctx, q.portal)
	if err != nil {
		return "", asFault(err)
	}
	return t, nil
}

// anotherToken replaces one that got a 401, once per call.
func (c *Client) anotherToken(ctx context.Context, q *call, refused string) (string, error) {
	if q.auth == appLevel {
		c.forgetAppToken(q.scopes, refused)
		return c.appToken(ctx, q.scopes, refused)
	}
	t, err := c.cfg.Tokens.Refused(ctx, q.portal, refused)
	if err != nil {
		return "", asFault(err)
	}
	return t, nil
}

// admit waits for the pace.
func (c *Client) admit(ctx context.Context, q *call) *fault.Fault {
	var err error
	if q.kind == "" {
		err = ctx.Err()
	} else {
		err = c.cfg.Pace.Wait(ctx, q.portal, q.kind, q.priority)
	}
	if err == nil {
		return nil
	}
	return &fault.Fault{
		Provider: provider, Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: "HUBSPOT_NOT_SENT",
		Message: "the call was not sent in time", Err: err,
	}
}

// attempt sends once.
func (c *Client) attempt(ctx context.Context, q *call, token string) (*reply, *fault.Fault) {
	req, err := c.newRequest(ctx, q, token)
	if err != nil {
		return nil, &fault.Fault{Provider: provider, Class: fault.Misconfigured, Certainty: fault.NothingHappened, Code: "HUBSPOT_BAD_REQUEST_URL", Message: "the request could not be built"}
	}
	usage.Note(ctx)
	res, err := c.cfg.HTTP.Do(c.watched(req, q))
	if err != nil {
		return nil, cutOff(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	r := &reply{res.StatusCode, res.Header, body}
	switch {
	case res.StatusCode >= 300:
		return nil, interpret(q, r)
	case err != nil:
		f := cutOff(err)
		f.Status, f.Certainty = res.StatusCode, fault.Unknown
		if q.once {
			f.Certainty = fault.Happened
		}
		return nil, f
	case len(body) > maxReply:
		return nil, unreadable(r, errors.New("reply too long"))
	}
	return r, nil
}

// watched tells the pacer when the request really leaves, if it wants to know.
func (c *Client) watched(req *http.Request, q *call) *http.Request {
	pacer, ok := c.cfg.Pace.(interface {
		Sent(p id.PortalID, k pace.Kind)
	})
	if !ok || q.kind != pace.Search {
		return req
	}
	return req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { pacer.Sent(q.portal, q.kind) },
	}))
}

func (c *Client) newRequest(ctx context.Context, q *call, token string) (*http.Request, error) {
	target := q.path
	if strings.HasPrefix(target, "/") {
		target = c.cfg.BaseURL + strings.ReplaceAll(target, "{V}", c.cfg.Version)
	}
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	if q.around[0] != nil {
		body = io.MultiReader(bytes.NewReader(q.around[0]), body, bytes.NewReader(q.around[1]))
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target, body)
	if err != nil {
		return nil, err
	}
	if q.around[0] != nil {
		req.ContentLength = int64(len(q.around[0]) + len(q.body) + len(q.around[1]))
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	} else if q.form {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req, nil
}

// note tells the pacer and the log. The log gets codes only: no path (ids, addresses), no message.
func (c *Client) note(ctx context.Context, q *call, f *fault.Fault, attempt int) {
	if f.Class == fault.Limited && f.Status == http.StatusTooManyRequests && q.kind != "" {
		c.cfg.Pace.Slow(ctx, q.portal, q.kind, f.RetryAfter)
	}
	c.cfg.Log.DebugContext(ctx, "hubspot refused a call", "portal", q.portal, "code", f.Code, "status", f.Status,
		"correlationId", f.CorrelationID, "attempt", attempt)
}

// repeat decides whether the failed call is sent again, and after which pause.
func (c *Client) repeat(ctx context.Context, q *call, f *fault.Fault, attempt int) (time.Duration, bool) {
	if attempt >= c.cfg.Attempts || ctx.Err() != nil || f.Code == "HUBSPOT_NOT_SENT" {
		return 0, false
	}
	if f.Class != fault.Limited && f.Class != fault.Unavailable {
		return 0, false
	}
	if f.Certainty == fault.Happened || q.once && f.Certainty == fault.Unknown {
		return 0, false
	}
	pause := time.Duration((0.5 + c.cfg.Rand()) * float64(backOff<<(attempt-1)))
	pause = max(pause, f.RetryAfter)
	if pause > longestPause {
		return 0, false
	}
	if end, ok := ctx.Deadline(); ok && c.cfg.Clock.Now().Add(pause).After(end) {
		return 0, false
	}
	return pause, true
}

// fetch sends q and decodes the JSON reply into out (nil: the reply has no interesting body).
func (c *Client) fetch(ctx context.Context, q *call, out any) error {
	r, err := c.send(ctx, q)
	if err != nil {
		return err
	}
	return r.decode(out)
}

func (r *reply) decode(out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(r.body, out); err != nil {
		return unreadable(r, err)
	}
	return nil
}

// jsonBody marshals types of this package, which cannot fail.
func jsonBody(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}

// cutOff is a call without a whole reply. Only a connection that was never made is certain to have had no effect.
func cutOff(err error) *fault.Fault {
	f := &fault.Fault{Provider: provider, Class: fault.Unavailable, Code: "HUBSPOT_UNREACHABLE", Message: "HubSpot could not be reached", Err: errors.New(networkReason(err))}
	if neverSent(err) {
		f.Certainty = fault.NothingHappened
	}
	return f
}

// unreadable is a 2xx whose body makes no sense: the effect happened.
func unreadable(r *reply, err error) *fault.Fault {
	return &fault.Fault{
		Provider: provider, Class: fault.Unavailable, Certainty: fault.Happened, Code: "HUBSPOT_UNREADABLE_REPLY", Status: r.status,
		Message: "HubSpot's reply could not be read", CorrelationID: r.header.Get("X-HubSpot-Correlation-Id"), Err: fmt.Errorf("%T", err),
	}
}

// asFault keeps the faults of a token source and wraps anything else.
func asFault(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	return &fault.Fault{Provider: provider, Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: "HUBSPOT_NO_TOKEN", Message: "no access token could be obtained", Err: err}
}
