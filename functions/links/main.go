// Command links sends people on from tracked links, shows the pages on which they link their LINE, and hands out large files.
package main

import (
	"context"

	"lumo/functions/internal/entry"
	"lumo/functions/links/handle"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		a, err := compose.Load(ctx, compose.WithAddresses)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.FromApp(a)), nil
	})
}
