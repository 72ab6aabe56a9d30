package handle

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lumo/functions/internal/entry"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/portal"
)

const (
	// stateLife is how long a person may look at HubSpot's page.
	stateLife = 15 * time.Minute
	// codeMemory is how long going back to the callback is harmless.
	codeMemory = time.Hour
)

// redirectURI is one address for all forms of the install flow (hubspot-platform 9.1); HubSpot compares it letter by letter.
func (h *Handler) redirectURI() string { return h.PublicURL + "/oauth/callback" }

// install sends the person to HubSpot's page; ?portal= preselects an account to authorize again, ?returnTo= is where to go afterwards.
func (h *Handler) install(ctx context.Context, x *exchange) (entry.Response, error) {
	var p id.PortalID
	if raw := x.Query.Get("portal"); raw != "" {
		var err error
		if p, err = id.ParsePortal(raw); err != nil {
			return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().BadLinkText), nil
		}
	}
	x.session.Return = ""
	if to := x.Query.Get("returnTo"); to != "" {
		if !ownPath(to) && !h.hubspotURL(to) {
			return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().BadLinkText), nil
		}
		x.session.Return = to
	}
	state, err := h.newState(ctx, x, p)
	if err != nil {
		return entry.Response{}, err
	}
	return entry.Redirect(h.Authorize(state, h.redirectURI(), p)), nil
}

// newState makes a single-use secret that only this browser can bring back.
func (h *Handler) newState(ctx context.Context, x *exchange, p id.PortalID) (string, error) {
	if err := h.keep(x); err != nil {
		return "", err
	}
	state := hex.EncodeToString(h.Random(32))
	return state, h.States.PutState(ctx, hash(state), x.session.hash(), p, h.Clock.Now().Add(stateLife))
}

// callback is where HubSpot sends the browser, in four forms:
//
//	step=authorize & returnUrl          the marketplace asks us to let the person sign in: there is nothing to sign in to, so only a state is made
//	code & returnUrl                    the marketplace installs without us: no session comes of it, since anybody may have sent this browser
//	step=finalize & code & state & returnUrl   the end of the first form
//	code & state                        started by our own page
func (h *Handler) callback(ctx context.Context, x *exchange) (entry.Response, error) {
	q, w := x.Query, x.words()
	back := q.Get("returnUrl")
	if back != "" && !h.hubspotURL(back) {
		return h.message(x, http.StatusBadRequest, w.BadLinkTitle, w.BadLinkText), nil
	}
	code, state := q.Get("code"), q.Get("state")
	switch {
	case q.Get("error") != "":
		return h.message(x, http.StatusOK, w.RefusedTitle, w.RefusedText), nil
	case q.Get("step") == "authorize" && back != "":
		state, err := h.newState(ctx, x, 0)
		if err != nil {
			return entry.Response{}, err
		}
		return entry.Redirect(withState(back, state)), nil
	case code == "" && back == "":
		return entry.Redirect("/"), nil
	case code == "":
		return h.message(x, http.StatusBadRequest, w.BadLinkTitle, w.BadLinkText), nil
	case state == "" && back != "" && q.Get("step") == "":
		return h.finish(ctx, x, code, back, false)
	case state == "" || x.session.ID == "":
		return h.restart(x), nil
	}
	// Going back in the browser repeats the request with a used state and code: the same session may have the same result again.
	if p, err := h.States.UsedCode(ctx, hash(code), x.session.hash(), h.Clock.Now()); err != nil {
		return entry.Response{}, err
	} else if p != 0 && p == x.session.Portal {
		return h.leave(x, back), nil
	}
	if _, ok, err := h.States.UseState(ctx, hash(state), x.session.hash(), h.Clock.Now()); err != nil {
		return entry.Response{}, err
	} else if !ok {
		return h.restart(x), nil
	}
	return h.finish(ctx, x, code, back, true)
}

// finish exchanges the code. proven means that this browser began the flow, so that it may go on as the portal's.
func (h *Handler) finish(ctx context.Context, x *exchange, code, back string, proven bool) (entry.Response, error) {
	owner := ""
	if proven {
		owner = x.session.hash()
	}
	if !proven {
		if p, err := h.States.UsedCode(ctx, hash(code), owner, h.Clock.Now()); err != nil || p != 0 {
			return entry.Redirect(back), err
		}
	}
	in, err := h.Installer.Install(ctx, code, h.redirectURI())
	if err != nil {
		return h.notInstalled(ctx, x, err)
	}
	p := in.Portal
	if err := h.States.PutCode(ctx, hash(code), owner, p.ID, h.Clock.Now().Add(codeMemory)); err != nil {
		return entry.Response{}, err
	}
	if !in.Restored && x.lang == "ja" {
		lang := x.lang
		if _, err := h.Installer.ChangeSettings(ctx, p.ID, p.InstalledBy, portal.Patch{Language: &lang}); err != nil {
			return entry.Response{}, err
		}
	}
	if !proven {
		return entry.Redirect(back), nil
	}
	x.session.Portal, x.session.User = p.ID, p.InstalledBy.UserID
	res := h.leave(x, back)
	return res, h.keep(x)
}

// leave goes where the flow was meant to end.
func (h *Handler) leave(x *exchange, back string) entry.Response {
	to := x.session.Return
	x.session.Return = ""
	switch {
	case back != "":
		return entry.Redirect(back)
	case to != "":
		return entry.Redirect(to)
	}
	return entry.Redirect("/setup/line")
}

// notInstalled explains why a code could not be exchanged. A code works once, so the way out is always to begin again.
func (h *Handler) notInstalled(ctx context.Context, x *exchange, err error) (entry.Response, error) {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return entry.Response{}, err
	}
	h.Log.LogAttrs(ctx, slog.LevelWarn, "installation failed", logging.Error(err))
	w := x.words()
	switch {
	case f.Class == fault.Invalid:
		return h.restart(x), nil
	case f.Class.Retryable():
		return h.page(x, http.StatusServiceUnavailable, "message", message{w.BusyTitle, w.BusyText, w.TryAgain, "/oauth/install"}), nil
	}
	return h.page(x, http.StatusBadGateway, "message", message{w.TroubleTitle, w.TroubleText, w.TryAgain, "/"}), nil
}

func (h *Handler) restart(x *exchange) entry.Response {
	w := x.words()
	return h.page(x, http.StatusBadRequest, "message", message{w.ExpiredTitle, w.ExpiredText, w.StartButton, "/oauth/install"})
}

// hubspotURL tells whether an address is HubSpot's, so that we send nobody anywhere else: https and hubspot.com in any region, or the
// origin that stands for HubSpot here.
func (h *Handler) hubspotURL(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	if app, err := url.Parse(h.AppURL); err == nil && u.Scheme == app.Scheme && strings.EqualFold(u.Host, app.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && u.Port() == "" && (host == "hubspot.com" || strings.HasSuffix(host, ".hubspot.com"))
}

// ownPath allows our own pages and nothing that a browser could read as another origin.
func ownPath(to string) bool {
	return strings.HasPrefix(to, "/setup/") && !strings.ContainsAny(to, "\\\r\n\t")
}

func withState(back, state string) string {
	u, err := url.Parse(back)
	if err != nil {
		return back
	}
	q := u.Query()
	q.Set("state", state)
	u.RawQuery = q.Encode()
	return u.String()
}
