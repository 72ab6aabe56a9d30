// Command hubspot-webhooks takes HubSpot's webhooks.
package main

import (
	"context"

	"lumo/functions/hubspot-webhooks/handle"
	"lumo/functions/internal/entry"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		a, err := compose.Load(ctx)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.FromApp(a)), nil
	})
}
