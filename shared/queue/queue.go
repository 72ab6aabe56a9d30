// Package queue is the port through which work is handed on: the names of the queues, what a message is, and the Sender that
// the domain depends on. The adapter is queue/sqs; Recorder stands in for it in tests.
package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Queue is the logical name of a queue: its resource name in template.yaml.
type Queue string

const (
	HubspotEvents Queue = "HubspotEvents"
	LineEvents    Queue = "LineEvents"
	LineForwards  Queue = "LineForwards"
	Flush         Queue = "Flush"
	SyncSteps     Queue = "SyncSteps"
	Wakeups       Queue = "Wakeups"
	// BroadcastSteps are steps of broadcasts, one account's after each other; Taps what people did with tracked links.
	BroadcastSteps Queue = "BroadcastSteps"
	Taps           Queue = "Taps"
	// Actions are steps of HubSpot workflows.
	Actions Queue = "Actions"
	// Inbox are events of conversations, one conversation's after each other.
	Inbox Queue = "Inbox"
)

// All lists every queue, in the order of template.yaml.
func All() []Queue {
	return []Queue{HubspotEvents, LineEvents, LineForwards, Flush, SyncSteps, Wakeups, BroadcastSteps, Taps, Actions, Inbox}
}

// FIFO tells whether messages of one group arrive in order, one at a time.
func (q Queue) FIFO() bool { return q == Flush || q == SyncSteps || q == BroadcastSteps || q == Inbox }

// Known tells whether q is one of All.
func (q Queue) Known() bool { return slices.Contains(All(), q) }

// Env is the environment variable that holds the queue's URL: QUEUE_HUBSPOT_EVENTS for HubspotEvents.
func (q Queue) Env() string {
	var b strings.Builder
	b.WriteString("QUEUE")
	for _, r := range string(q) {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// DeadEnv is the environment variable that holds the URL of the queue's dead-letter queue; only their consumer has it.
func (q Queue) DeadEnv() string { return q.Env() + "_DEAD" }

const (
	// MaxDelay is the longest delay SQS can give a message. Whoever must wait longer queues again on waking.
	MaxDelay = 15 * time.Minute
	// MaxBody is the largest message SQS takes.
	MaxBody = 1 << 20
)

// Message is one piece of work.
type Message struct {
	Body []byte
	// Group: required on FIFO queues. On standard queues it is optional and lets SQS serve tenants fairly.
	Group string
	// Dedup: required on FIFO queues, where a second message with it within 5 minutes vanishes; refused on standard ones.
	Dedup string
	// Delay: standard queues only, at most MaxDelay.
	Delay time.Duration
}

// Sender hands messages on. After a nil error all of them are safely queued. An error may be a *SendError that names those
// which are not; any other error means that nothing is known, and sending all again is right (handlers are idempotent).
type Sender interface {
	Send(ctx context.Context, q Queue, m ...Message) error
}

// SendError names the messages that were not accepted, by their position in the call.
type SendError struct {
	Queue  Queue
	Unsent []int
	Err    error
}

func (e *SendError) Error() string {
	return fmt.Sprintf("queue %s: %d messages not sent: %v", e.Queue, len(e.Unsent), e.Err)
}

func (e *SendError) Unwrap() error { return e.Err }

// ErrInvalid is wrapped when a message can never be sent as it is. Nothing of that call was sent.
var ErrInvalid = errors.New("invalid message")

// Check tells whether q takes m. Every Sender refuses the same.
func Check(q Queue, m Message) error {
	bad := func(why string) error { return fmt.Errorf("%w for %s: %s", ErrInvalid, q, why) }
	switch {
	case !q.Known():
		return bad("no such queue")
	case len(m.Body) == 0:
		return bad("empty body")
	case len(Encode(m.Body)) > MaxBody:
		return bad("body over 1 MiB")
	case !label(m.Group) || !label(m.Dedup):
		return bad("group and dedup ids are up to 128 visible ASCII characters")
	case q.FIFO() && (m.Group == "" || m.Dedup == ""):
		return bad("FIFO needs a group and a dedup id")
	case q.FIFO() && m.Delay != 0:
		return bad("FIFO takes no delay per message")
	case !q.FIFO() && m.Dedup != "":
		return bad("only FIFO takes a dedup id")
	case m.Delay < 0 || m.Delay > MaxDelay:
		return bad("delay must be 0 to 15 minutes")
	}
	return nil
}

func checkAll(q Queue, ms []Message) error {
	for _, m := range ms {
		if err := Check(q, m); err != nil {
			return err
		}
	}
	return nil
}

// label: SQS takes letters, digits and ASCII punctuation in group and dedup ids.
func label(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= 128
}
