// Command list-sync is the minute tick and the steps of runs.
package main

import (
	"context"

	"lumo/functions/internal/entry"
	"lumo/functions/list-sync/handle"
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
