// Command line-webhooks takes LINE's webhooks and passes copies on.
package main

import (
	"context"

	"lumo/functions/internal/entry"
	"lumo/functions/line-webhooks/handle"
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
