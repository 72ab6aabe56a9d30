package hubspot

import (
	"context"
	"net/http"
)

// MaxCallbacks of one Complete. HubSpot names no limit and does not tell which one it refused.
const MaxCallbacks = 100

// Callback is the answer to one execution of a workflow action.
type Callback struct {
	ID      string
	Outputs map[string]string
}

type callbackJSON struct {
	CallbackID   string            `json:"callbackId,omitempty"`
	OutputFields map[string]string `json:"outputFields"`
	// TypedOutputs is required by the specification and means nothing to actions without typed outputs.
	TypedOutputs struct{} `json:"typedOutputs"`
}

// Complete lets executions go on that wait. One answer goes out by itself, since HubSpot then says whether it knows the callback.
func (p *Portal) Complete(ctx context.Context, cs []Callback) error {
	if len(cs) == 1 {
		q := p.request(ctx, http.MethodPost, "/automation/actions/callbacks/{V}/"+pathPart(cs[0].ID)+"/complete")
		q.body = jsonBody(callbackJSON{OutputFields: cs[0].Outputs})
		return p.c.fetch(ctx, q, nil)
	}
	in := make([]callbackJSON, len(cs))
	for i, c := range cs {
		in[i] = callbackJSON{CallbackID: c.ID, OutputFields: c.Outputs}
	}
	q := p.request(ctx, http.MethodPost, "/automation/actions/callbacks/{V}/complete")
	q.body = jsonBody(map[string]any{"inputs": in})
	return p.c.fetch(ctx, q, nil)
}
