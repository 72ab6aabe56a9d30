package contactsync

import (
	"context"
	"errors"

	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
)

// ErrNotConnected: the portal's authorization is gone, or it was disconnected. Its work is dropped; nothing calls HubSpot.
var ErrNotConnected = errors.New("portal is not connected")

// Portals, Accounts and Sets are the parts of other stores that a scope is made of.
type (
	Portals interface {
		Load(ctx context.Context, p id.PortalID) (portal.Portal, error)
	}
	Accounts interface {
		Accounts(ctx context.Context, p id.PortalID) ([]lineaccount.Account, error)
	}
	Sets interface {
		Set(ctx context.Context, p id.PortalID, s id.Slot) (lineproperty.Set, error)
	}
)

// Loader makes scopes.
type Loader struct {
	Portals  Portals
	Accounts Accounts
	Sets     Sets
	Mappings mapping.Store
	// Tags lists the tags in use of an account; asked where HubSpot may edit them.
	Tags func(ctx context.Context, p id.PortalID, s id.Slot) (map[string]bool, error)
}

// Scope loads what a portal's sync works with. ErrNotConnected when nothing may run.
func (l *Loader) Scope(ctx context.Context, p id.PortalID) (Scope, error) {
	row, err := l.portal(ctx, p)
	if err == nil && !row.State.Runs() {
		err = ErrNotConnected
	}
	if err != nil {
		return Scope{}, err
	}
	return l.scope(ctx, p, row)
}

// Standing loads scopes whatever the state of the connection to HubSpot: LINE goes on telling while HubSpot refuses us, and what it told
// waits in the outbox until somebody reconnects.
type Standing struct{ *Loader }

// Scope is Loader.Scope without its refusal of portals that are not connected.
func (s Standing) Scope(ctx context.Context, p id.PortalID) (Scope, error) {
	row, err := s.portal(ctx, p)
	if err != nil {
		return Scope{}, err
	}
	return s.scope(ctx, p, row)
}

func (l *Loader) portal(ctx context.Context, p id.PortalID) (portal.Portal, error) {
	row, err := l.Portals.Load(ctx, p)
	if errors.Is(err, portal.ErrUnknown) {
		return row, ErrNotConnected
	}
	return row, err
}

func (l *Loader) scope(ctx context.Context, p id.PortalID, row portal.Portal) (Scope, error) {
	var err error
	held := int64(0)
	if !row.HeldAt.IsZero() {
		held = row.HeldAt.UnixMilli()
	}
	out := Scope{HeldAt: held, Portal: p, Names: map[id.Slot]Names{}, LinkByID: row.Settings.MethodC, WriteBack: row.WriteBack, Policy: row.Settings.ContactPolicy, NameFromLine: row.Settings.NameFromLine}
	if out.Mappings, err = l.Mappings.Load(ctx, p); err != nil {
		return out, err
	}
	all, err := l.Accounts.Accounts(ctx, p)
	if err != nil {
		return out, err
	}
	for _, a := range all {
		if a.State != lineaccount.Active && !a.Leaving {
			continue
		}
		set, err := l.Sets.Set(ctx, p, a.Slot)
		if err != nil {
			return out, err
		}
		if a.Leaving {
			out.Leaving = append(out.Leaving, a.Slot)
		} else {
			out.Slots = append(out.Slots, a.Slot)
			if err := l.tags(ctx, row, a.Slot, &out); err != nil {
				return out, err
			}
		}
		names := NamesOf(set, a.Slot)
		if !row.Settings.MessageTexts { // the properties stay when the option is switched off, but are not written any more
			delete(names, lineproperty.LastReceived)
			delete(names, lineproperty.LastSent)
		}
		out.Names[a.Slot] = names
	}
	return out, nil
}

func (l *Loader) tags(ctx context.Context, row portal.Portal, s id.Slot, out *Scope) error {
	if !row.Settings.TagsTwoWay || l.Tags == nil {
		return nil
	}
	live, err := l.Tags(ctx, row.ID, s)
	if err != nil {
		return err
	}
	if out.TagsBack == nil {
		out.TagsBack = map[id.Slot]map[string]bool{}
	}
	out.TagsBack[s], out.TagsSince = live, row.Settings.TagsTwoWaySince
	return nil
}
