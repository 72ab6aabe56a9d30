// Package handle is the JSON API behind card, pages and settings, called by hubspot.fetch. It checks who calls, finds the route, reads
// the request and writes the answer; what is done lies in the domain. The contract is docs/openapi/app-api.yaml.
package handle

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambda"

	"lumo/functions/internal/entry"
	"lumo/shared/access"
	"lumo/shared/alert"
	"lumo/shared/broadcast"
	"lumo/shared/changelog"
	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/friendindex"
	"lumo/shared/hubspot"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/linesync"
	"lumo/shared/linkage"
	"lumo/shared/logging"
	"lumo/shared/mapping"
	"lumo/shared/message"
	"lumo/shared/messagetemplate"
	"lumo/shared/onboarding"
	"lumo/shared/once"
	"lumo/shared/portal"
	"lumo/shared/redrive"
	"lumo/shared/segment"
	"lumo/shared/syncdata"
	"lumo/shared/syncrun"
	"lumo/shared/tag"
	"lumo/shared/tracking"
	"lumo/shared/workflow"
)

// Files tells where a file that a friend sent can be opened; "" when nowhere.
type Files interface {
	Address(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (string, error)
}

// Deps is what the API works with.
type Deps struct {
	Secrets   []string // the app's client secret, and the previous one during a rotation
	AppID     int64
	PublicURL string
	Clock     clock.Clock
	Log       *slog.Logger

	Portals    *portal.Service
	Access     access.Policy
	Once       *once.Guard
	Runs       *syncrun.Starter
	Gate       *syncrun.Gate
	Alerts     alert.Store
	Changes    changelog.Log
	Failures   failure.Store
	Redrive    *redrive.Service
	Mappings   mapping.Store
	SyncData   *syncdata.Service
	Lists      *hubspotlist.Jobs
	Friends    friend.Store
	Index      *friendindex.Index
	Editor     *friendcard.Editor
	Unlinker   *friendcard.Unlinker
	Messages   message.Store
	Files      Files
	Chat       *chat.Service
	Onboarding *onboarding.Service
	Accounts   *lineaccount.Service
	Properties *lineproperty.Service
	Imports    *linesync.Importer
	Logins     lineaccount.LoginChecker
	Links      *linkage.Maker
	Judge      *linkage.Judge
	Forms      linkage.Forms
	LinkWriter *linkage.Writer
	Tags       *tag.Service
	Broadcasts *broadcast.Service
	Templates  *messagetemplate.Service
	Workflows  workflow.Store
	Taps       *tracking.Counter
	Segments   *segment.Service
	Inboxes    Inboxes
	Groups     Groups
	Release    func(context.Context)
}

const (
	// maxBody and maxAnswer are the limits of hubspot.fetch; an answer leaves room for the envelope that HubSpot puts around it.
	maxBody   = 1 << 20
	maxAnswer = 900_000
	// refusable is the largest body that is read at all, so that the refusal comes in our envelope.
	refusable = 16 << 20
)

// Handler answers requests.
type Handler struct {
	Deps
	routes []route
}

// New makes the handler.
func New(d Deps) *Handler {
	if d.Log == nil {
		d.Log = logging.Discard()
	}
	return &Handler{Deps: d, routes: routes()}
}

// Handlers is what the function serves.
func (h *Handler) Handlers() entry.Handlers {
	return entry.Handlers{HTTP: h.HTTP, MaxBody: refusable, Release: h.Release}
}

// Lambda is the whole function, for whoever runs it without the Lambda runtime.
func (h *Handler) Lambda() lambda.Handler {
	return entry.New(h.Handlers(), nil, h.Log, h.Clock)
}

// call is one request of a known user of a portal that installed the app.
type call struct {
	*Handler
	route   *route
	at      portal.Portal
	who     portal.Actor
	params  map[string]string
	query   map[string][]string
	body    []byte
	attempt once.Attempt // for writes
}

func (c *call) portal() id.PortalID { return c.at.ID }

// HTTP answers one request, always with JSON: hubspot.fetch makes an error of anything else.
func (h *Handler) HTTP(ctx context.Context, req entry.Request) (entry.Response, error) {
	if req.Path == downloadPath {
		return h.download(ctx, req)
	}
	b, err := h.answer(ctx, req)
	if err == nil {
		return entry.Response{Header: jsonHeader, Body: b}, nil
	}
	p := h.explain(ctx, req, err)
	return entry.JSON(p.status, p)
}

var jsonHeader = map[string]string{"Content-Type": "application/json; charset=utf-8"}

func (h *Handler) answer(ctx context.Context, req entry.Request) ([]byte, error) {
	if len(req.Body) > maxBody {
		return nil, &problem{status: http.StatusRequestEntityTooLarge, Code: "TOO_LARGE", Message: "The request is larger than 1 MB."}
	}
	c, err := h.identify(ctx, req)
	if err != nil {
		return nil, err
	}
	if c.route, c.params = h.find(req.Method, req.Path); c.route == nil {
		return nil, &problem{status: http.StatusNotFound, Code: "NO_SUCH_ROUTE", Message: "There is nothing at this address."}
	}
	if err := h.Access.Allow(ctx, c.at, c.who, c.route.action); err != nil {
		return nil, err
	}
	if !utf8.Valid(req.Body) {
		return nil, invalid("", "The request is not UTF-8 text.")
	}
	if c.query, err = readQuery(req.RawQuery); err != nil {
		return nil, err
	}
	c.body = req.Body
	if req.Method == http.MethodGet {
		return c.run(ctx)
	}
	if c.route.live && !c.at.State.Runs() {
		return nil, onboarding.ErrNotConnected
	}
	return c.write(ctx, req)
}

// identify believes only what HubSpot signed.
func (h *Handler) identify(ctx context.Context, req entry.Request) (*call, error) {
	who, err := hubspot.VerifyUIRequest(h.Secrets, h.AppID, req.Method, req.URI(h.PublicURL), req.Body, hubspot.HeadersFrom(req.Header.Get), h.Clock.Now())
	if err != nil {
		return nil, &problem{status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Message: "This request was not signed by HubSpot for this app."}
	}
	at, err := h.Portals.Get(ctx, who.Portal)
	if errors.Is(err, portal.ErrUnknown) {
		return nil, &problem{status: http.StatusUnauthorized, Code: "UNKNOWN_PORTAL", Message: "Lumo is not installed in this HubSpot account."}
	}
	if err != nil {
		return nil, err
	}
	return &call{Handler: h, at: at, who: portal.Actor{UserID: who.UserID, Email: who.UserEmail}}, nil
}

// write does a request once, if it names itself: HubSpot's proxy repeats a call whose answer got lost.
func (c *call) write(ctx context.Context, req entry.Request) ([]byte, error) {
	name, err := requestID(c.body)
	if err != nil {
		return nil, err
	}
	if name == "" || c.route.own {
		c.attempt = c.Once.Fresh()
		return c.run(ctx)
	}
	key := strconv.FormatInt(c.who.UserID, 10) + "#" + name
	return c.Once.Do(ctx, c.portal(), key, once.Fingerprint(req.Method, req.Path, string(req.Body)), func(ctx context.Context, a once.Attempt) ([]byte, error) {
		c.attempt = a
		return c.run(ctx)
	})
}

// run does the route's work and notes it, where the domain does not, in the audit log.
func (c *call) run(ctx context.Context) ([]byte, error) {
	data, err := c.route.do(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.route.audit != "" {
		if err := c.Portals.Note(ctx, c.portal(), c.who, c.route.audit, c.route.subject(c)); err != nil {
			return nil, err
		}
	}
	return encode(data)
}

// sized is an answer that can be made shorter by clipping its texts to so many characters.
type sized func(clip int) any

// clips are tried until the answer fits.
var clips = []int{5000, 1000, 250, 50, 10}

func encode(data any) ([]byte, error) {
	shrink, ok := data.(sized)
	if !ok {
		shrink = func(int) any { return data }
	}
	for _, n := range clips {
		b, err := json.Marshal(success{true, shrink(n)})
		if err != nil || len(b) <= maxAnswer {
			return b, err
		}
		if !ok {
			break
		}
	}
	return nil, &problem{status: http.StatusOK, Code: "ANSWER_TOO_LARGE", Message: "The answer is too large. Ask for fewer rows."}
}

type success struct {
	OK   bool `json:"ok"`
	Data any  `json:"data"`
}
