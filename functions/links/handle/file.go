package handle

import (
	"context"
	"errors"
	"net/http"

	"lumo/functions/internal/entry"
	"lumo/shared/inbox"
)

// Files tells where a file of a conversation can be fetched right now; inbox.ErrNoFile when there is none. inbox.Pickup is the real one.
type Files interface {
	Open(ctx context.Context, token string) (string, error)
}

// file leads to a file that was too large for HubSpot (P-86). What was never there, is over, or was taken back looks the same.
func (d Deps) file(ctx context.Context, req entry.Request, token string) (entry.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return entry.Text(http.StatusMethodNotAllowed, "Method not allowed"), nil
	}
	to, err := d.Files.Open(ctx, token)
	if errors.Is(err, inbox.ErrNoFile) {
		return page(http.StatusNotFound), nil
	}
	if err != nil {
		return entry.Response{}, err
	}
	return onward(to), nil
}
