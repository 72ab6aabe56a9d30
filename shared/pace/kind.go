// Package pace keeps all running functions of the app together below HubSpot's limits of one portal. A lease row per portal and
// kind grants shares of the pace, not counts of calls: who holds a lease may send its share until the lease lapses.
//
// Shares suit work that goes on for a while. A message of a conversation is one call of an invocation that is over a moment later: with a
// lease of its own it would wait until every other holder knows of it. So all message traffic of a portal holds one lease together, which
// stays in the row between the invocations, and counts its calls there one by one (Messages). What it reserves is taken from the budget
// before the others divide the rest; how much that is follows the traffic, and nothing when there is none.
package pace

import "context"

// Kind names a limit of HubSpot. Each has a budget and a lease row of its own.
type Kind string

const (
	// General is HubSpot's 110 calls per rolling 10 s per app and account.
	General Kind = "general"
	// Search is the 5 searches a second that all apps of an account share.
	Search Kind = "search"
	// Message is the part of General for what people say to each other: its calls are counted in General's row and stopped by its 429s.
	Message Kind = "message"
)

// row is the kind whose row and limit k's calls count for.
func (k Kind) row() Kind {
	if k == Message {
		return General
	}
	return k
}

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
