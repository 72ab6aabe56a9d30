package hubspot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/clarkmcc/go-hubspot/generated/v3/objects"
	"github.com/clarkmcc/go-hubspot/generated/v3/properties"
	associations "github.com/clarkmcc/go-hubspot/generated/v4/crm_associations"

	"lumo/shared/fault"
)

// generated holds go-hubspot's clients. The objects package serves contacts, companies and every other type with one set of
// models, where its contacts and companies packages are copies of each other. They build the requests; a bridge instead of an
// http.Client sends them through Client.send and so gives them the version, the token, the pace and our errors.
type generated struct {
	objects      *objects.APIClient
	properties   *properties.APIClient
	associations *associations.APIClient
}

func newGenerated(c *Client) generated {
	h := &http.Client{Transport: bridge{c}}
	o, p, a := objects.NewConfiguration(), properties.NewConfiguration(), associations.NewConfiguration()
	o.HTTPClient, p.HTTPClient, a.HTTPClient = h, h, h
	return generated{objects.NewAPIClient(o), properties.NewAPIClient(p), associations.NewAPIClient(a)}
}

type callKey struct{}

// generatedCall is what a generated client cannot know about its call, and where the raw reply is kept.
type generatedCall struct {
	call  call
	reply *reply
}

// through runs one call of a generated client and returns HubSpot's raw reply. decode says that the generated model is wanted:
// otherwise it is shown an empty object, since it would lose nulls, the errors of a 207 and large ids, or fail over them.
func (p *Portal) through(ctx context.Context, q call, decode bool, execute func(context.Context) error) (*reply, error) {
	g := &generatedCall{call: q}
	ctx = context.WithValue(ctx, callKey{}, g)
	if !decode {
		ctx = context.WithValue(ctx, rawKey{}, true)
	}
	err := execute(ctx)
	if err == nil {
		return g.reply, nil
	}
	var f *fault.Fault
	if errors.As(err, &f) {
		return nil, f
	}
	if g.reply != nil {
		return nil, unreadable(g.reply, err)
	}
	return nil, &fault.Fault{
		Provider: provider, Class: fault.Misconfigured, Certainty: fault.NothingHappened, Code: "HUBSPOT_BAD_REQUEST_URL",
		Message: "the request could not be built", Err: err,
	}
}

type rawKey struct{}

// bridge is the http.RoundTripper under the generated clients.
type bridge struct{ c *Client }

// oldPaths maps the version that is baked into go-hubspot to the date version; send puts the version in.
var oldPaths = [][2]string{
	{"/crm/v3/objects/", "/crm/objects/{V}/"},
	{"/crm/v3/properties/", "/crm/properties/{V}/"},
	{"/crm/v4/associations/", "/crm/associations/{V}/"},
}

func datedPath(old string) (string, bool) {
	for _, m := range oldPaths {
		if rest, ok := strings.CutPrefix(old, m[0]); ok {
			return m[1] + rest, true
		}
	}
	return "", false
}

func (b bridge) RoundTrip(req *http.Request) (*http.Response, error) {
	g, ok := req.Context().Value(callKey{}).(*generatedCall)
	path, known := datedPath(req.URL.EscapedPath())
	if !ok || !known {
		return nil, errors.New("hubspot: a generated call outside of the client")
	}
	q := g.call
	q.method, q.path, q.query = req.Method, path, req.URL.Query()
	if req.Body != nil {
		defer req.Body.Close()
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		q.body = body
	}
	r, err := b.c.send(req.Context(), &q)
	if err != nil {
		return nil, err
	}
	g.reply = r
	shown := r.body
	if raw, _ := req.Context().Value(rawKey{}).(bool); raw {
		shown = []byte("{}")
	}
	return &http.Response{
		StatusCode: r.status, Status: http.StatusText(r.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(shown)),
		ContentLength: int64(len(shown)), Request: req,
	}, nil
}
