package hubspot

import (
	"context"
	"errors"
	"net/http"
	"time"

	"lumo/shared/fault"
)

// MaxAppEvents of one AddAppEvents. HubSpot names no limit.
const MaxAppEvents = 100

// AppEvent is a line of a contact's timeline.
type AppEvent struct {
	Type       string // uid of the metafile
	ID         string // HubSpot takes each once
	Contact    string
	At         int64 // Unix ms
	Properties map[string]string
}

type appEventJSON struct {
	EventTypeName string            `json:"eventTypeName"`
	ID            string            `json:"id"`
	ObjectID      string            `json:"objectId"`
	Timestamp     string            `json:"timestamp"`
	Properties    map[string]string `json:"properties"`
}

func (e AppEvent) json() appEventJSON {
	return appEventJSON{e.Type, e.ID, e.Contact, time.UnixMilli(e.At).UTC().Format("2006-01-02T15:04:05.000Z"), e.Properties}
}

// AddAppEvents adds events; those that are there already are as good as added. HubSpot does not say which of a batch it knew, so they are then
// added one by one.
func (p *Portal) AddAppEvents(ctx context.Context, es []AppEvent) error {
	if len(es) == 1 {
		q := p.request(ctx, http.MethodPost, "/integrators/timeline/{V}/events")
		q.body = jsonBody(es[0].json())
		if err := p.c.fetch(ctx, q, nil); !fault.Is(err, fault.Exists) {
			return err
		}
		return nil
	}
	in := make([]appEventJSON, len(es))
	for i, e := range es {
		in[i] = e.json()
	}
	q := p.request(ctx, http.MethodPost, "/integrators/timeline/{V}/events/batch")
	q.body = jsonBody(map[string]any{"inputs": in})
	err := p.c.fetch(ctx, q, nil)
	if !fault.Is(err, fault.Exists) {
		return err
	}
	var failed error
	for _, e := range es {
		failed = errors.Join(failed, p.AddAppEvents(ctx, []AppEvent{e}))
	}
	return failed
}
