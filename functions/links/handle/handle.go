// Package handle answers tracked links and pictures, shows the pages on which people link their LINE (linkage.go), and hands out large files
// of conversations (file.go). A tracked link
// redirects to the stored target and hands what happened on to be counted.
package handle

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"lumo/functions/internal/entry"
	"lumo/shared/compose"
	"lumo/shared/inbox"
	"lumo/shared/linkage"
	"lumo/shared/logging"
	"lumo/shared/queue"
	"lumo/shared/tracking"
)

// Deps is what the function works with.
type Deps struct {
	Desk  tracking.Desk
	Queue queue.Sender
	Log   *slog.Logger
	Pages *Pages
	Files Files
	// Release gives the share of HubSpot's pace back.
	Release func(context.Context)
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{Desk: a.Desk(), Queue: a.Sender(), Log: a.Log, Pages: pagesOf(a), Files: a.Pickup(), Release: a.Release}
}

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{HTTP: d.route, MaxBody: maxForm, Release: d.Release}
}

func (d Deps) route(ctx context.Context, req entry.Request) (entry.Response, error) {
	if d.Pages != nil && strings.HasPrefix(req.Path, linkage.Path) {
		return d.Pages.HTTP(ctx, req)
	}
	if token, ok := strings.CutPrefix(req.Path, inbox.FilePath); ok {
		return d.file(ctx, req, token)
	}
	return d.visit(ctx, req)
}

func (d Deps) visit(ctx context.Context, req entry.Request) (entry.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return entry.Text(http.StatusMethodNotAllowed, "Method not allowed"), nil
	}
	rest, picture := strings.CutPrefix(req.Path, tracking.PicturePath)
	if !picture {
		rest = strings.TrimPrefix(req.Path, tracking.LinkPath)
	}
	token, width, _ := strings.Cut(rest, "/")
	to, event, err := d.Desk.Visit(ctx, picture, token, width, req.Method, req.Header.Get("User-Agent"))
	switch {
	case errors.Is(err, tracking.ErrForged), errors.Is(err, tracking.ErrNoTarget):
		return page(http.StatusNotFound), nil
	case errors.Is(err, tracking.ErrExpired):
		return page(http.StatusGone), nil
	case err != nil:
		return entry.Response{}, err
	}
	if event != nil {
		if err := d.count(ctx, *event); err != nil {
			d.Log.Warn("tap not counted", logging.Portal(event.Portal), logging.Error(err)) // the person goes on all the same
		}
	}
	return onward(to), nil
}

// onward sends a browser on, each time anew, and does not tell the next site where it came from.
func onward(to string) entry.Response {
	return entry.Response{Status: http.StatusFound, Header: map[string]string{
		"Location": to, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
	}}
}

func (d Deps) count(ctx context.Context, e tracking.Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return d.Queue.Send(ctx, queue.Taps, queue.Message{Body: b})
}

// page tells in both languages that a link does not work; it names nothing of what the link held.
func page(status int) entry.Response {
	return entry.HTML(status, []byte(`<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Link</title>`+
		`<body style="font-family:sans-serif;padding:2rem"><p>This link does not work any more.<p>このリンクは無効です。`))
}

// Lambda is the whole function, for whoever runs it without the Lambda runtime.
func Lambda(a *compose.App) lambda.Handler {
	return entry.New(New(FromApp(a)), nil, a.Log, a.Clock)
}
