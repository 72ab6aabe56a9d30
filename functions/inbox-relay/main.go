// Command inbox-relay carries conversations between LINE and HubSpot's inbox.
package main

import (
	"context"

	"lumo/functions/inbox-relay/handle"
	"lumo/functions/internal/entry"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		a, err := compose.Load(ctx, compose.WithDepot)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.FromApp(a)), nil
	})
}
