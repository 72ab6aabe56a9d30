// Command broadcasts sends broadcasts and counts what people do with tracked links.
package main

import (
	"context"

	"lumo/functions/broadcasts/handle"
	"lumo/functions/internal/entry"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		a, err := compose.Load(ctx, compose.WithBlobs)
		if err != nil {
			return entry.Handlers{}, err
		}
		return handle.New(handle.FromApp(a)), nil
	})
}
