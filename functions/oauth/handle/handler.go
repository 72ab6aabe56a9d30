// Package handle is the web side of installing: the start page, HubSpot's authorization and its callback in all four forms, and the
// wizard that connects a LINE account. What is done lies in the domain; this package reads requests and writes pages.
package handle

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/directory"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/logging"
	"lumo/shared/onboarding"
	"lumo/shared/portal"
)

// Installer is the part of portal.Service in use.
type Installer interface {
	Install(ctx context.Context, code, redirectURI string) (portal.Installation, error)
	Complete(ctx context.Context, p id.PortalID) (portal.Portal, error)
	ChangeSettings(ctx context.Context, p id.PortalID, by portal.Actor, patch portal.Patch) (portal.Portal, error)
}

// Wizard is the part of onboarding.Service in use.
type Wizard interface {
	Status(ctx context.Context, p id.PortalID) (onboarding.Status, error)
	Connect(ctx context.Context, p id.PortalID, by portal.Actor, in lineaccount.Input) (onboarding.Outcome, error)
	Check(ctx context.Context, p id.PortalID, s id.Slot) (onboarding.Outcome, error)
	DisconnectAccount(ctx context.Context, p id.PortalID, by portal.Actor, s id.Slot) (lineaccount.Account, error)
	Disconnect(ctx context.Context, p id.PortalID, by portal.Actor) error
}

// Properties is the part of lineproperty.Service in use.
type Properties interface {
	Candidates(ctx context.Context, p id.PortalID, s id.Slot) ([]lineproperty.Property, error)
	UseExisting(ctx context.Context, p id.PortalID, by portal.Actor, s id.Slot, name string) (lineproperty.Set, error)
}

// Inbox is the part of inbox.Connector in use.
type Inbox interface {
	Connect(ctx context.Context, p id.PortalID, in inbox.Choice) error
}

// Deps are everything that the pages need.
type Deps struct {
	PublicURL string // our own origin
	AppURL    string // HubSpot's, for links and as an allowed way back
	AppID     int64
	// Secrets sign the session cookie, the newest first.
	Secrets []string
	// Authorize is the address of HubSpot's install page; portal 0 lets the person choose.
	Authorize  func(state, redirectURI string, portal id.PortalID) string
	Installer  Installer
	Wizard     Wizard
	Properties Properties
	Inbox      Inbox
	States     directory.States
	Clock      clock.Clock
	Random     func(n int) []byte
	Log        *slog.Logger
}

// Handler answers requests.
type Handler struct {
	Deps
	seal   sealer
	secure bool
}

// New makes the handler.
func New(d Deps) *Handler {
	if d.Log == nil {
		d.Log = logging.Discard()
	}
	return &Handler{Deps: d, seal: newSealer(d.Secrets), secure: strings.HasPrefix(d.PublicURL, "https://")}
}

// maxForm is more than any of our forms holds.
const maxForm = 16 << 10

// Handlers is what the function serves.
func (h *Handler) Handlers() entry.Handlers {
	return entry.Handlers{HTTP: h.HTTP, MaxBody: maxForm}
}

// Lambda is the whole function, for whoever runs it without the Lambda runtime.
func (h *Handler) Lambda() lambda.Handler {
	return entry.New(h.Handlers(), nil, h.Log, h.Clock)
}

// exchange is one request with what was found out about it.
type exchange struct {
	entry.Request
	lang    string
	session session
	form    url.Values
	cookies []*http.Cookie
}

// HTTP answers one request. A failure becomes a page with a number to quote; its reason goes to the log.
func (h *Handler) HTTP(ctx context.Context, req entry.Request) (entry.Response, error) {
	x := &exchange{Request: req, lang: language(req)}
	x.session = h.seal.open(req.Cookie(h.cookieName()), h.Clock.Now())
	if want := req.Query.Get("lang"); want == "en" || want == "ja" {
		x.lang = want
		x.cookies = append(x.cookies, h.cookie(languageCookie, want, yearSeconds))
	}
	res, err := h.route(ctx, x)
	if err != nil {
		h.Log.LogAttrs(ctx, slog.LevelError, "page failed", logging.Portal(x.session.Portal), logging.Error(err))
		res = h.page(x, http.StatusInternalServerError, "message", message{x.words().TroubleTitle, x.words().TroubleText, x.words().TryAgain, "/"})
	}
	res.Cookies = append(res.Cookies, x.cookies...)
	return h.protect(res), nil
}

func (h *Handler) route(ctx context.Context, x *exchange) (entry.Response, error) {
	switch x.Method + " " + strings.TrimRight(x.Path, "/") {
	case "GET ":
		return h.page(x, http.StatusOK, "start", nil), nil
	case "GET /oauth/install":
		return h.install(ctx, x)
	case "GET /oauth/callback":
		return h.callback(ctx, x)
	}
	if strings.HasPrefix(x.Path, "/setup/") {
		return h.setup(ctx, x)
	}
	return h.message(x, http.StatusNotFound, x.words().NotFoundTitle, x.words().NotFoundText), nil
}

// setup needs a session; posts need its token too.
func (h *Handler) setup(ctx context.Context, x *exchange) (entry.Response, error) {
	if x.Method == http.MethodGet && strings.TrimRight(x.Path, "/") == "/setup/inbox" {
		return h.inbox(ctx, x) // it has its own way to a session
	}
	if x.session.Portal == 0 {
		return entry.Redirect("/"), nil
	}
	if x.Method == http.MethodPost {
		form, err := url.ParseQuery(string(x.Body))
		site := x.Header.Get("Sec-Fetch-Site")
		if err != nil || !h.seal.tokenOK(x.session, form.Get("token")) || site != "" && site != "same-origin" {
			return h.message(x, http.StatusForbidden, x.words().ExpiredTitle, x.words().ExpiredText), nil
		}
		x.form = form
	}
	switch x.Method + " " + strings.TrimRight(x.Path, "/") {
	case "GET /setup/line":
		return h.wizard(ctx, x, http.StatusOK, attempt{})
	case "POST /setup/line/connect":
		return h.connect(ctx, x)
	case "POST /setup/line/check":
		return h.check(ctx, x)
	case "POST /setup/line/disconnect":
		return h.disconnectAccount(ctx, x)
	case "GET /setup/property":
		return h.chooseProperty(ctx, x)
	case "POST /setup/property":
		return h.useProperty(ctx, x)
	case "POST /setup/inbox":
		return h.connectInbox(ctx, x)
	case "POST /setup/disconnect":
		return h.disconnect(ctx, x)
	}
	return h.message(x, http.StatusNotFound, x.words().NotFoundTitle, x.words().NotFoundText), nil
}

// wayBack lets forms end at HubSpot: browsers hold a form to its policy through redirects, too.
func (h *Handler) wayBack() []string {
	out := []string{"https://*.hubspot.com"}
	if u, err := url.Parse(h.AppURL); err == nil && u.Host != "" {
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return out
}

// protect adds what every answer to a browser needs. Pages load nothing from anywhere.
func (h *Handler) protect(r entry.Response) entry.Response {
	return sheets.Protect(r, h.secure, h.wayBack()...)
}
