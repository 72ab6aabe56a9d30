package onboarding_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lumo/shared/check"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/onboarding"
	"lumo/shared/portal"
)

// fakes write down what was called, in order.
type fakes struct {
	calls  []string
	portal portal.Portal
	result lineaccount.Result
	ensure error
	set    lineproperty.Set
	wishes []lineproperty.Wish
}

func (f *fakes) note(s string) { f.calls = append(f.calls, s) }

func (f *fakes) Get(context.Context, id.PortalID) (portal.Portal, error) {
	if f.portal.ID == 0 {
		return f.portal, portal.ErrUnknown
	}
	return f.portal, nil
}

func (f *fakes) Accounts(context.Context, id.PortalID) ([]lineaccount.Account, error) {
	return []lineaccount.Account{{Slot: 1, Name: "Shop", State: lineaccount.Active}, {Slot: 2, Name: "Old", State: lineaccount.Disconnected}}, nil
}

func (f *fakes) Connect(context.Context, id.PortalID, portal.Actor, lineaccount.Input) (lineaccount.Result, error) {
	f.note("connect")
	return f.result, nil
}

func (f *fakes) Recheck(context.Context, id.PortalID, id.Slot, bool) (lineaccount.Result, error) {
	f.note("recheck")
	return f.result, nil
}

func (f *fakes) Disconnect(context.Context, id.PortalID, portal.Actor, id.Slot) (lineaccount.Account, error) {
	f.note("disconnect")
	return lineaccount.Account{Slot: 1}, nil
}

func (f *fakes) Sets(context.Context, id.PortalID, ...id.Slot) (map[id.Slot]lineproperty.Set, error) {
	return nil, nil
}

func (f *fakes) Ensure(_ context.Context, _ id.PortalID, w ...lineproperty.Wish) ([]lineproperty.Set, error) {
	f.note("ensure")
	f.wishes = w
	return []lineproperty.Set{f.set}, f.ensure
}

func (f *fakes) StartInitial(context.Context, id.PortalID) error { f.note("start"); return nil }
func (f *fakes) BringForward(context.Context, id.PortalID, time.Time) error {
	f.note("due")
	return nil
}

func (f *fakes) AccountDisconnected(context.Context, id.PortalID, id.Slot) error {
	f.note("told")
	return nil
}

// portals keeps the two Disconnects apart.
type portals struct{ *fakes }

func (p portals) Disconnect(context.Context, id.PortalID, portal.Actor) error {
	p.note("remove")
	return nil
}

func newService() (*onboarding.Service, *fakes) {
	f := &fakes{
		portal: portal.Portal{ID: 7, State: portal.Connected, Settings: portal.Defaults()},
		result: lineaccount.Result{Connected: true, Account: lineaccount.Account{Slot: 1}, Lines: []check.Line{{Code: lineaccount.Token, Outcome: check.Pass}}},
		set:    lineproperty.Set{Slot: 1},
	}
	return &onboarding.Service{
		Portals: portals{f}, Accounts: f, Properties: f, Starter: f, Agenda: f, Watcher: f, Clock: clock.NewVirtual(time.Unix(0, 0)),
	}, f
}

func TestConnectingMakesPropertiesAndStartsTheFirstSync(t *testing.T) {
	t.Parallel()
	s, f := newService()
	f.portal.Settings.MessageTexts = true
	out, err := s.Connect(t.Context(), 7, portal.Actor{}, lineaccount.Input{})
	if err != nil || !out.Connected || !check.OK(out.Lines) || out.Lines[len(out.Lines)-1].Code != onboarding.CheckProperties {
		t.Fatalf("%+v, %v", out, err)
	}
	if want := []string{"connect", "ensure", "start", "due"}; !slices.Equal(f.calls, want) {
		t.Fatalf("calls %v", f.calls)
	}
	if len(f.wishes) != 1 || f.wishes[0].AccountName != "Shop" || len(f.wishes[0].Also) != 2 {
		t.Fatalf("wishes %+v", f.wishes)
	}
}

func TestAnAccountThatCouldNotBeConnectedStartsNothing(t *testing.T) {
	t.Parallel()
	s, f := newService()
	f.result = lineaccount.Result{Lines: []check.Line{{Code: lineaccount.Token, Outcome: check.Fail}}}
	out, err := s.Connect(t.Context(), 7, portal.Actor{}, lineaccount.Input{})
	if err != nil || out.Connected || check.OK(out.Lines) || !slices.Equal(f.calls, []string{"connect"}) {
		t.Fatalf("%+v, %v, calls %v", out, err, f.calls)
	}
}

func TestHubSpotsTroubleIsALineAndTheSyncStartsAllTheSame(t *testing.T) {
	t.Parallel()
	s, f := newService()
	f.ensure = &fault.Fault{Class: fault.Unavailable, Message: "down"}
	out, err := s.Check(t.Context(), 7, 1)
	last := out.Lines[len(out.Lines)-1]
	if err != nil || last.Outcome != check.Fail || last.Detail != "down" || !slices.Contains(f.calls, "start") {
		t.Fatalf("%+v, %v, calls %v", out, err, f.calls)
	}
	f.ensure, f.set.Entries = nil, map[lineproperty.Key]lineproperty.Entry{lineproperty.Consent: {Key: lineproperty.Consent, Status: lineproperty.Refused}}
	if out, err = s.Check(t.Context(), 7, 1); err != nil || out.Lines[len(out.Lines)-1].Outcome != check.Warn {
		t.Fatalf("%+v, %v", out, err)
	}
	f.ensure = errors.New("table is gone")
	if _, err = s.Check(t.Context(), 7, 1); err == nil {
		t.Fatal("our own trouble must not be shown as HubSpot's")
	}
}

func TestNothingIsConnectedToAPortalThatDoesNotRun(t *testing.T) {
	t.Parallel()
	for _, state := range []portal.State{portal.Pending, portal.Reconnect, portal.Removed} {
		s, f := newService()
		f.portal.State = state
		if _, err := s.Connect(t.Context(), 7, portal.Actor{}, lineaccount.Input{}); !errors.Is(err, onboarding.ErrNotConnected) || len(f.calls) != 0 {
			t.Errorf("%s: %v, calls %v", state, err, f.calls)
		}
	}
	s, f := newService()
	f.portal = portal.Portal{}
	if _, err := s.EnsureProperties(t.Context(), 7); !errors.Is(err, onboarding.ErrNotConnected) {
		t.Errorf("unknown portal: %v", err)
	}
}

func TestDisconnectingAnAccountIsTold(t *testing.T) {
	t.Parallel()
	s, f := newService()
	if _, err := s.DisconnectAccount(t.Context(), 7, portal.Actor{}, 1); err != nil || !slices.Equal(f.calls, []string{"disconnect", "told"}) {
		t.Fatalf("%v, calls %v", err, f.calls)
	}
	if err := s.Disconnect(t.Context(), 7, portal.Actor{}); err != nil || f.calls[2] != "remove" {
		t.Fatalf("%v, calls %v", err, f.calls)
	}
}
