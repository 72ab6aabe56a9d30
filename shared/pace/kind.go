// Package pace keeps all running functions of the app together below HubSpot's limits of one portal. A lease row per portal and
// kind grants shares of the pace, not counts of calls: who holds a lease may send its share until the lease lapses.
package pace

import "context"

// Kind names a limit of HubSpot. Each has a budget and a lease row of its own.
type Kind string

const (
	// General is HubSpot's 110 calls per rolling 10 s per app and account.
	General Kind = "general"
	// Search is the 5 searches a second that all apps of an account share.
	Search Kind = "search"
)

// Priority orders the calls that wait inside one process. It does not reserve anything.
type Priority int

const (
	// Bulk is the zero value: a call that says nothing never gets ahead of another.
	Bulk Priority = iota
	// Chain is bulk work whose next call can be made only when this one is answered. What is lost there is lost for ever, so it goes before
	// work that can be done side by side.
	Chain
	// Event is work that a webhook or a queue message caused.
	Event
	// Interactive is a person who waits: it takes the next slot.
	Interactive
)

type priorityKey struct{}

// WithPriority makes p the least priority of all calls made with the returned context.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// PriorityOf returns the priority that the context carries, else Bulk.
func PriorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}
