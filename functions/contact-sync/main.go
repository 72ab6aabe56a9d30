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
		a, err := compose.Load(ctx, compose.WithBlobs, compose.WithDepot)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.FromApp(a)), nil
	})
}
