package handle

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"lumo/functions/internal/entry"
	"lumo/shared/check"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/onboarding"
	"lumo/shared/portal"
)

// attempt is a connection that was just tried and did not work: what was typed (never the secret) and what was found.
type attempt struct {
	ChannelID string
	Lines     []check.Line
}

// view is what the wizard's page shows.
type view struct {
	Portal    portal.Portal
	Connected bool
	Lines     []check.Line
	Accounts  []accountView
	Attempt   attempt
	Working   bool // at least one account is connected
	Full      bool // no slot left
	Dashboard string
	Reconnect string
}

type accountView struct {
	lineaccount.Account
	Active  bool
	OK      bool
	Adopted []lineproperty.Entry
}

func (h *Handler) wizard(ctx context.Context, x *exchange, status int, a attempt) (entry.Response, error) {
	p := x.session.Portal
	st, err := h.Wizard.Status(ctx, p)
	if errors.Is(err, portal.ErrUnknown) {
		h.end(x)
		return entry.Redirect("/"), nil
	}
	if err == nil && st.Portal.State == portal.Pending {
		// HubSpot did not answer when the app was installed; the person should not have to wait for the tick.
		if st.Portal, err = h.Installer.Complete(ctx, p); err == nil {
			st.Lines = st.Portal.Checks()
		}
	}
	if err != nil {
		return entry.Response{}, err
	}
	v := view{
		Portal: st.Portal, Connected: st.Portal.State == portal.Connected, Lines: st.Lines, Attempt: a, Full: len(st.Accounts) >= int(id.MaxSlot),
		Dashboard: h.AppURL + "/app/" + p.String() + "/" + strconv.FormatInt(h.AppID, 10), Reconnect: "/oauth/install?portal=" + p.String(),
	}
	for _, acc := range st.Accounts {
		active := acc.State == lineaccount.Active
		v.Working = v.Working || active
		v.Accounts = append(v.Accounts, accountView{acc, active, check.OK(acc.Checks), st.Sets[acc.Slot].Adopted()})
	}
	return h.page(x, status, "wizard", v), nil
}

func (h *Handler) connect(ctx context.Context, x *exchange) (entry.Response, error) {
	in := lineaccount.Input{
		ChannelID: strings.TrimSpace(x.form.Get("channel_id")), ChannelSecret: strings.TrimSpace(x.form.Get("channel_secret")),
		KeepPrevious: x.form.Get("keep_previous") != "",
	}
	out, err := h.Wizard.Connect(ctx, x.session.Portal, x.session.actor(), in)
	if errors.Is(err, onboarding.ErrNotConnected) {
		return entry.Redirect("/setup/line"), nil
	}
	if err != nil {
		return entry.Response{}, err
	}
	if !out.Connected {
		return h.wizard(ctx, x, http.StatusUnprocessableEntity, attempt{in.ChannelID, out.Lines})
	}
	return h.account(out.Account.Slot), nil
}

func (h *Handler) check(ctx context.Context, x *exchange) (entry.Response, error) {
	return h.withSlot(x, func(s id.Slot) error {
		_, err := h.Wizard.Check(ctx, x.session.Portal, s)
		return err
	})
}

func (h *Handler) disconnectAccount(ctx context.Context, x *exchange) (entry.Response, error) {
	return h.withSlot(x, func(s id.Slot) error {
		_, err := h.Wizard.DisconnectAccount(ctx, x.session.Portal, x.session.actor(), s)
		return err
	})
}

// withSlot does something to the account that the form names and shows it again.
func (h *Handler) withSlot(x *exchange, do func(id.Slot) error) (entry.Response, error) {
	slot, err := id.ParseSlot(x.form.Get("slot"))
	if err != nil {
		return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().BadLinkText), nil
	}
	err = do(slot)
	if errors.Is(err, lineaccount.ErrUnknown) || errors.Is(err, onboarding.ErrNotConnected) {
		return entry.Redirect("/setup/line"), nil
	}
	return h.account(slot), err
}

func (h *Handler) account(s id.Slot) entry.Response {
	return entry.Redirect("/setup/line#account-" + s.String())
}

// propertyView lists what could hold the LINE User ID (P-06).
type propertyView struct {
	Slot    id.Slot
	Choices []lineproperty.Property
	Refused bool
}

func (h *Handler) chooseProperty(ctx context.Context, x *exchange) (entry.Response, error) {
	slot, err := id.ParseSlot(x.Query.Get("slot"))
	if err != nil {
		return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().BadLinkText), nil
	}
	return h.propertyPage(ctx, x, http.StatusOK, propertyView{Slot: slot})
}

func (h *Handler) propertyPage(ctx context.Context, x *exchange, status int, v propertyView) (entry.Response, error) {
	var err error
	if v.Choices, err = h.Properties.Candidates(ctx, x.session.Portal, v.Slot); err != nil {
		return h.outside(x, err)
	}
	return h.page(x, status, "property", v), nil
}

func (h *Handler) useProperty(ctx context.Context, x *exchange) (entry.Response, error) {
	slot, err := id.ParseSlot(x.form.Get("slot"))
	if err != nil {
		return h.message(x, http.StatusBadRequest, x.words().BadLinkTitle, x.words().BadLinkText), nil
	}
	_, err = h.Properties.UseExisting(ctx, x.session.Portal, x.session.actor(), slot, x.form.Get("name"))
	if errors.Is(err, lineproperty.ErrUnfit) || fault.Is(err, fault.NotFound) {
		return h.propertyPage(ctx, x, http.StatusUnprocessableEntity, propertyView{Slot: slot, Refused: true})
	}
	if err != nil {
		return h.outside(x, err)
	}
	return h.account(slot), nil
}

// outside shows trouble of HubSpot's as such.
func (h *Handler) outside(x *exchange, err error) (entry.Response, error) {
	if !fault.ClassOf(err).Retryable() {
		return entry.Response{}, err
	}
	w := x.words()
	return h.page(x, http.StatusServiceUnavailable, "message", message{w.BusyTitle, w.BusyText, w.TryAgain, "/setup/line"}), nil
}

// disconnect ends the integration. What HubSpot could not be told now is told by the tick.
func (h *Handler) disconnect(ctx context.Context, x *exchange) (entry.Response, error) {
	if x.form.Get("confirm") == "" {
		return entry.Redirect("/setup/line"), nil
	}
	err := h.Wizard.Disconnect(ctx, x.session.Portal, x.session.actor())
	if err != nil && !errors.Is(err, portal.ErrUnfinished) {
		return entry.Response{}, err
	}
	h.end(x)
	w := x.words()
	return h.page(x, http.StatusOK, "message", message{w.RemovedTitle, w.RemovedText, w.StartButton, "/oauth/install"}), nil
}
