// Command oauth is the Lambda that installs the app and connects LINE accounts in a browser.
package main

import (
	"context"

	"lumo/functions/internal/entry"
	"lumo/functions/oauth/handle"
	"lumo/shared/compose"
)

func main() {
	entry.Start(func(ctx context.Context) (entry.Handlers, error) {
		app, err := compose.Load(ctx)
		if err != nil {
			return entry.Handlers{}, err
		}
		h := handle.New(handle.FromApp(app)).Handlers()
		h.Release = app.Release
		return h, nil
	})
}
