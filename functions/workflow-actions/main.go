// Command workflow-actions does steps of HubSpot workflows.
package main

import (
	"context"

	"lumo/functions/internal/entry"
	"lumo/functions/workflow-actions/handle"
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
