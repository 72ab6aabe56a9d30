// Command app-api is the JSON API behind card, pages and settings.
package main

import (
	"context"

	"lumo/functions/internal/entry"
)

func main() {
	entry.Start(func(context.Context) (entry.Handlers, error) { return entry.Handlers{}, nil })
}
