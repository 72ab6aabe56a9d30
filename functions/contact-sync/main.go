// Command contact-sync applies events from HubSpot and LINE, and writes back.
package main

import (
	"context"

	"lumo/functions/contact-sync/handle"
	"lumo/functions/internal/entry"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		a, err := compose.Load(ctx)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.Deps{Scopes: a.Scopes(), Events: a.Events(), Flusher: a.Flusher(), Line: a.LineEvents(), Active: a.Active, Release: a.Release}), nil
	})
}
