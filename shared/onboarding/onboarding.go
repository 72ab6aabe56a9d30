// Package onboarding is what a person does once to make the integration work, and to end it: connect a LINE account to the HubSpot
// portal, look at what is wrong, disconnect. The wizard's pages and the JSON API are both thin layers over it.
package onboarding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/check"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

// Portals is the part of portal.Service in use.
type Portals interface {
	Get(ctx context.Context, p id.PortalID) (portal.Portal, error)
	Disconnect(ctx context.Context, p id.PortalID, by portal.Actor) error
}

// Accounts is the part of lineaccount.Service in use.
type Accounts interface {
	Accounts(ctx context.Context, p id.PortalID) ([]lineaccount.Account, error)
	Connect(ctx context.Context, p id.PortalID, by portal.Actor, in lineaccount.Input) (lineaccount.Result, error)
	Recheck(ctx context.Context, p id.PortalID, s id.Slot, repair bool) (lineaccount.Result, error)
	Disconnect(ctx context.Context, p id.PortalID, by portal.Actor, s id.Slot) (lineaccount.Account, error)
}

// Properties is the part of lineproperty.Service in use.
type Properties interface {
	Sets(ctx context.Context, p id.PortalID, slots ...id.Slot) (map[id.Slot]lineproperty.Set, error)
	Ensure(ctx context.Context, p id.PortalID, wishes ...lineproperty.Wish) ([]lineproperty.Set, error)
}

// Starter begins the first sync (P-60); syncrun.Starter is the real one.
type Starter interface {
	StartInitial(ctx context.Context, p id.PortalID) error
}

// Agenda makes the minute tick look at a portal.
type Agenda interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// Watcher is told when an account left, so that its friends' follow status becomes unknown (P-160). It must not mind repetition.
type Watcher interface {
	AccountDisconnected(ctx context.Context, p id.PortalID, s id.Slot) error
}

// Service joins the pieces.
type Service struct {
	Portals    Portals
	Accounts   Accounts
	Properties Properties
	Starter    Starter
	Agenda     Agenda
	Watcher    Watcher // optional
	Clock      clock.Clock
}

// ErrNotConnected: HubSpot must be connected (again) first.
var ErrNotConnected = errors.New("HubSpot is not connected")

// Outcome is what a person sees after connecting or checking an account.
type Outcome struct {
	Account   lineaccount.Account
	Connected bool
	Lines     []check.Line
	Set       lineproperty.Set // of the account's slot, when it was ensured
}

// Codes of checks made here.
const CheckProperties check.Code = "HUBSPOT_PROPERTIES"

// CheckWords explain them.
var CheckWords = map[check.Code]check.Words{
	CheckProperties: {
		Title: check.Text{En: "The LINE properties exist in HubSpot", Ja: "HubSpotにLINEのプロパティがある"},
		Hint: check.Text{
			En: "Some properties could not be created. Press “Check again”; the page “Sync Data” in HubSpot names each of them and the reason.",
			Ja: "作成できなかったプロパティがあります。「再チェック」を押してください。各プロパティと理由はHubSpotの「データ同期」画面に表示されます。"},
	},
}

// Connect adds a LINE account, makes its properties and starts the first sync. What the person can repair is told in Lines.
func (s *Service) Connect(ctx context.Context, p id.PortalID, by portal.Actor, in lineaccount.Input) (Outcome, error) {
	at, err := s.connected(ctx, p)
	if err != nil {
		return Outcome{}, err
	}
	r, err := s.Accounts.Connect(ctx, p, by, in)
	if err != nil || !r.Connected {
		return Outcome{Lines: r.Lines}, err
	}
	return s.follow(ctx, at, r)
}

// Check looks at a connected account again and repairs what can be repaired.
func (s *Service) Check(ctx context.Context, p id.PortalID, slot id.Slot) (Outcome, error) {
	at, err := s.connected(ctx, p)
	if err != nil {
		return Outcome{}, err
	}
	r, err := s.Accounts.Recheck(ctx, p, slot, true)
	if err != nil || !r.Connected {
		return Outcome{Account: r.Account, Lines: r.Lines}, err
	}
	return s.follow(ctx, at, r)
}

// follow is what every connected account needs besides LINE. A crash before its end is repaired by the next check or tick: each part
// may be repeated.
func (s *Service) follow(ctx context.Context, at portal.Portal, r lineaccount.Result) (Outcome, error) {
	out := Outcome{Account: r.Account, Connected: true, Lines: r.Lines}
	sets, err := s.EnsureProperties(ctx, at.ID)
	line := check.Line{Code: CheckProperties, Outcome: check.Pass}
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		line.Outcome, line.Detail = check.Fail, f.Message
	case err != nil:
		return out, err
	}
	for _, set := range sets {
		if set.Slot == r.Account.Slot {
			out.Set = set
			if len(set.Problems()) > 0 {
				line.Outcome = check.Warn
			}
		}
	}
	out.Lines = append(out.Lines, line)
	if err := s.Starter.StartInitial(ctx, at.ID); err != nil {
		return out, fmt.Errorf("start first sync: %w", err)
	}
	return out, s.Agenda.BringForward(ctx, at.ID, s.Clock.Now())
}

func (s *Service) connected(ctx context.Context, p id.PortalID) (portal.Portal, error) {
	at, err := s.Portals.Get(ctx, p)
	if errors.Is(err, portal.ErrUnknown) || err == nil && at.State != portal.Connected {
		return at, ErrNotConnected
	}
	return at, err
}

// EnsureProperties makes the properties of all connected accounts as the settings want them. Call it after a change of settings too.
func (s *Service) EnsureProperties(ctx context.Context, p id.PortalID) ([]lineproperty.Set, error) {
	at, err := s.connected(ctx, p)
	if err != nil {
		return nil, err
	}
	all, err := s.Accounts.Accounts(ctx, p)
	if err != nil {
		return nil, err
	}
	var wishes []lineproperty.Wish
	for _, a := range all {
		if a.State == lineaccount.Active {
			wishes = append(wishes, Wish(at.Settings, a))
		}
	}
	if len(wishes) == 0 {
		return nil, nil
	}
	return s.Properties.Ensure(ctx, p, wishes...)
}

// Wish is what an account should have in HubSpot under the portal's settings.
func Wish(s portal.Settings, a lineaccount.Account) lineproperty.Wish {
	w := lineproperty.Wish{Slot: a.Slot, AccountName: a.Name}
	if s.MessageTexts {
		w.Also = []lineproperty.Key{lineproperty.LastReceived, lineproperty.LastSent}
	}
	return w
}

// DisconnectAccount ends one account's connection (P-160).
func (s *Service) DisconnectAccount(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot) (lineaccount.Account, error) {
	a, err := s.Accounts.Disconnect(ctx, p, by, slot)
	if err != nil || s.Watcher == nil {
		return a, err
	}
	return a, s.Watcher.AccountDisconnected(ctx, p, slot)
}

// Disconnect removes the whole integration (P-155 to P-158). portal.ErrUnfinished means that it is stopped here and HubSpot is told
// by the tick.
func (s *Service) Disconnect(ctx context.Context, p id.PortalID, by portal.Actor) error {
	return s.Portals.Disconnect(ctx, p, by)
}

// Status is the whole picture of a portal's set-up.
type Status struct {
	Portal   portal.Portal
	Lines    []check.Line // about HubSpot
	Accounts []lineaccount.Account
	Sets     map[id.Slot]lineproperty.Set
}

// Status reads; it calls nobody outside.
func (s *Service) Status(ctx context.Context, p id.PortalID) (Status, error) {
	at, err := s.Portals.Get(ctx, p)
	if err != nil {
		return Status{}, err
	}
	all, err := s.Accounts.Accounts(ctx, p)
	if err != nil {
		return Status{}, err
	}
	var slots []id.Slot
	for _, a := range all {
		slots = append(slots, a.Slot)
	}
	sets, err := s.Properties.Sets(ctx, p, slots...)
	return Status{Portal: at, Lines: at.Checks(), Accounts: all, Sets: sets}, err
}

// Words finds the fixed texts of any check's code.
func Words(c check.Code) check.Words {
	for _, all := range []map[check.Code]check.Words{CheckWords, portal.CheckWords, lineaccount.CheckWords} {
		if w, ok := all[c]; ok {
			return w
		}
	}
	return check.Words{Title: check.Text{En: string(c), Ja: string(c)}}
}
