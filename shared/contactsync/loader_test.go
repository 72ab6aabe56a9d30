package contactsync_test

import (
	"context"
	"errors"
	"testing"

	"lumo/shared/contactsync"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
)

// office answers for the stores that a scope is made of: portal 1 has one connected account and one that left.
type office struct{ state portal.State }

func (o office) Load(_ context.Context, p id.PortalID) (portal.Portal, error) {
	if p != 1 {
		return portal.Portal{}, portal.ErrUnknown
	}
	return portal.Portal{ID: p, State: o.state, Settings: portal.Defaults()}, nil
}

func (office) Accounts(context.Context, id.PortalID) ([]lineaccount.Account, error) {
	return []lineaccount.Account{{Portal: 1, Slot: 1, State: lineaccount.Active}, {Portal: 1, Slot: 2, State: lineaccount.Disconnected}}, nil
}

func (office) Set(_ context.Context, _ id.PortalID, s id.Slot) (lineproperty.Set, error) {
	return lineproperty.Set{Slot: s}, nil
}

type noMappings struct{ mapping.Store }

func (noMappings) Load(context.Context, id.PortalID) (mapping.Set, error) { return mapping.Set{}, nil }

// While HubSpot refuses a portal nothing calls HubSpot for it, but what LINE tells is still taken in.
func TestScopesOfPortalsThatHubSpotRefuses(t *testing.T) {
	t.Parallel()
	for _, state := range []portal.State{portal.Connected, portal.Pending, portal.Reconnect, portal.Removed} {
		o := office{state}
		l := &contactsync.Loader{Portals: o, Accounts: o, Sets: o, Mappings: noMappings{}}
		_, err := l.Scope(t.Context(), 1)
		if runs := state == portal.Connected; runs != (err == nil) || err != nil && !errors.Is(err, contactsync.ErrNotConnected) {
			t.Errorf("%s: %v", state, err)
		}
		s, err := contactsync.Standing{Loader: l}.Scope(t.Context(), 1)
		if err != nil || len(s.Slots) != 1 || s.Slots[0] != 1 {
			t.Errorf("standing, %s: %+v, %v", state, s, err)
		}
		if _, err := (contactsync.Standing{Loader: l}).Scope(t.Context(), 2); !errors.Is(err, contactsync.ErrNotConnected) {
			t.Errorf("standing, unknown portal: %v", err)
		}
	}
}
