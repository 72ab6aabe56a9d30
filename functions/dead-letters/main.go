// Command dead-letters records what could not be processed.
package main

import (
	"context"

	"lumo/functions/dead-letters/handle"
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
