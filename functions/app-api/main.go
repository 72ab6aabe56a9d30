// Command app-api is the JSON API behind card, pages and settings.
package main

import (
	"context"

	"lumo/functions/app-api/handle"
	"lumo/functions/internal/entry"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		app, err := compose.Load(ctx, compose.WithBlobs)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.FromApp(app)).Handlers(), nil
	})
}
