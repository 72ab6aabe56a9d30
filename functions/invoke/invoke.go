// Package invoke lets programs outside this module call functions as Lambda does, with an event and an answer, but without a runtime:
// the simulation and the bench use it.
package invoke

import (
	"context"
	"log/slog"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/queue"
)

// Handlers is what a function's handle.New returns.
type Handlers = entry.Handlers

// Function is one environment of a function.
type Function struct{ f *entry.Function }

// New makes an environment. queues and dead map logical queues to the names that event sources carry at the end of their ARN.
func New(h Handlers, queues, dead map[queue.Queue]string, log *slog.Logger, c clock.Clock) *Function {
	sources := map[string]entry.Source{}
	for q, name := range queues {
		sources[name] = entry.Source{Queue: q}
	}
	for q, name := range dead {
		sources[name] = entry.Source{Queue: q, Dead: true}
	}
	return &Function{entry.New(h, sources, log, c)}
}

// Invoke answers one event. An error means that the invocation failed, so that its caller repeats it.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f.f.Invoke(ctx, payload)
}
