package handle

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"lumo/functions/internal/entry"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
)

// begun is a connection that a user has begun in HubSpot's inbox settings, as its address names it.
type begun struct {
	Token, Channel, Back string
	Portal               id.PortalID
}

var (
	digits      = regexp.MustCompile(`^[0-9]{1,19}$`)
	accountPart = regexp.MustCompile(`^[0-9A-Za-z_=.-]{1,200}$`)
)

func (h *Handler) begun(v url.Values) (begun, bool) {
	p, err := id.ParsePortal(v.Get("portalId"))
	b := begun{v.Get("accountToken"), v.Get("channelId"), v.Get("redirectUrl"), p}
	return b, err == nil && accountPart.MatchString(b.Token) && digits.MatchString(b.Channel) && h.hubspotURL(b.Back)
}

type inboxView struct {
	begun
	Accounts []lineaccount.Account
	Trouble  string
}

// inbox is where HubSpot's inbox settings send a user who connects the channel. Whoever comes without a session of that portal proves it at
// HubSpot first, and is back here afterwards.
func (h *Handler) inbox(ctx context.Context, x *exchange) (entry.Response, error) {
	b, ok := h.begun(x.Query)
	if !ok {
		return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().InboxBadLink), nil
	}
	return h.inboxPage(ctx, x, http.StatusOK, b, "")
}

func (h *Handler) inboxPage(ctx context.Context, x *exchange, status int, b begun, trouble string) (entry.Response, error) {
	if x.session.Portal != b.Portal {
		return h.prove(b), nil
	}
	st, err := h.Wizard.Status(ctx, b.Portal)
	if errors.Is(err, portal.ErrUnknown) || err == nil && st.Portal.State != portal.Connected && st.Portal.State != portal.Pending {
		return h.prove(b), nil
	}
	if err != nil {
		return entry.Response{}, err
	}
	if !st.Portal.Has(inbox.Scopes...) {
		if x.Query.Get("asked") == "" {
			return h.prove(b), nil
		}
		return h.message(x, http.StatusForbidden, x.words().InboxTitle, x.words().InboxScopes), nil
	}
	v := inboxView{begun: b, Trouble: trouble}
	for _, a := range st.Accounts {
		if a.State == lineaccount.Active {
			v.Accounts = append(v.Accounts, a)
		}
	}
	return h.page(x, status, "inbox", v), nil
}

// prove sends the browser to HubSpot's authorization, which also asks for scopes that an older installation lacks.
func (h *Handler) prove(b begun) entry.Response {
	here := url.Values{"portalId": {b.Portal.String()}, "accountToken": {b.Token}, "channelId": {b.Channel}, "redirectUrl": {b.Back}, "asked": {"yes"}}
	to := url.Values{"portal": {b.Portal.String()}, "returnTo": {"/setup/inbox?" + here.Encode()}}
	return entry.Redirect("/oauth/install?" + to.Encode())
}

// connectInbox completes the connection and sends the browser back to HubSpot, which then makes the channel account.
func (h *Handler) connectInbox(ctx context.Context, x *exchange) (entry.Response, error) {
	b, ok := h.begun(x.form)
	slot, err := id.ParseSlot(x.form.Get("slot"))
	if !ok || err != nil || b.Portal != x.session.Portal {
		return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().InboxBadLink), nil
	}
	err = h.Inbox.Connect(ctx, b.Portal, inbox.Choice{Token: b.Token, Channel: b.Channel, Slot: slot, User: x.session.User})
	w := x.words()
	switch {
	case err == nil:
		return entry.Redirect(b.Back), nil
	case errors.Is(err, inbox.ErrTaken):
		return h.inboxPage(ctx, x, http.StatusConflict, b, w.InboxTaken)
	case errors.Is(err, lineaccount.ErrUnknown):
		return h.inboxPage(ctx, x, http.StatusUnprocessableEntity, b, w.InboxNoAccount)
	case errors.Is(err, inbox.ErrExpired):
		return h.message(x, http.StatusBadRequest, w.ExpiredTitle, w.InboxBadLink), nil
	case fault.Is(err, fault.Permission):
		return h.message(x, http.StatusForbidden, w.InboxTitle, w.InboxScopes), nil
	}
	return h.outside(x, err)
}
