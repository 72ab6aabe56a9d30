package compose

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/appevent"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/portal"
)

// OptionalScopes are asked for in every authorization, with that of app events where they are switched on.
func (a *App) OptionalScopes() []string {
	if !a.Config.AppEvents {
		return portal.OptionalScopes
	}
	return append(slices.Clone(portal.OptionalScopes), appevent.Scope)
}

// happened puts events on the timelines of contacts; nil where that is switched off. They come on top of the LINE properties: what HubSpot does
// not take is logged, and nothing waits for it.
func (a *App) happened() func(ctx context.Context, p id.PortalID, es []appevent.Event) {
	if !a.Config.AppEvents {
		return nil
	}
	return func(ctx context.Context, p id.PortalID, es []appevent.Event) {
		row, err := a.Portals().Get(ctx, p)
		if err == nil && !row.Has(appevent.Scope) {
			return
		}
		if err == nil {
			err = a.publish(ctx, p, es)
		}
		if err != nil {
			a.Log.Warn("app events not taken", logging.Portal(p), logging.Error(err))
		}
	}
}

func (a *App) publish(ctx context.Context, p id.PortalID, es []appevent.Event) error {
	accounts, err := a.Accounts().Store.Accounts(ctx, p)
	if err != nil {
		return err
	}
	names := map[id.Slot]string{}
	for _, one := range accounts {
		names[one.Slot] = one.Name
	}
	out := make([]hubspot.AppEvent, len(es))
	for i, e := range es {
		e.Properties[appevent.Account] = names[e.Slot]
		out[i] = hubspot.AppEvent{Type: string(e.Type), ID: e.ID, Contact: e.Contact.String(), At: e.At, Properties: e.Properties}
	}
	var failed error
	for part := range slices.Chunk(out, hubspot.MaxAppEvents) {
		failed = errors.Join(failed, a.HubSpot().Portal(p).AddAppEvents(ctx, part))
	}
	return failed
}
