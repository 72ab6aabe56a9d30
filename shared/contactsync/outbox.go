package contactsync

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// Generations count the looks of a portal's drainer. A flush message's dedup id carries the generation, read after the marker was stored:
// whoever stores a marker after the drainer's last look reads a number that no earlier message used, so its message is not swallowed.
type Generations interface {
	// Generation also tells whether the safety net below the flush messages is armed.
	Generation(ctx context.Context, p id.PortalID) (gen int64, armed bool, err error)
	Arm(ctx context.Context, p id.PortalID) error
	// Bump begins a new generation and disarms the net in one write.
	Bump(ctx context.Context, p id.PortalID) error
	// WakeAt stores the time of the next wake-up unless an earlier or equal one is still ahead of now; it tells whether to send one.
	WakeAt(ctx context.Context, p id.PortalID, at, now int64) (bool, error)
}

// Alarm makes the minute tick look at a portal; the directory of due times does.
type Alarm interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// LostAfter is when the tick takes a flush message for lost and sends another.
const LostAfter = 60 * time.Second

// QueueOutbox announces markers through the flush queue. Below it hangs a net: the tick looks at the portal a minute later, in case the
// message was lost. The net is armed once per burst of kicks.
type QueueOutbox struct {
	Gen   Generations
	Queue queue.Sender
	Alarm Alarm
	Clock clock.Clock
}

var _ Outbox = QueueOutbox{}

// FlushMessage is the body of a flush message.
type FlushMessage struct {
	Portal id.PortalID `json:"portal"`
}

// Kick implements Outbox.
func (o QueueOutbox) Kick(ctx context.Context, p id.PortalID) error {
	gen, armed, err := o.Gen.Generation(ctx, p)
	if err != nil {
		return err
	}
	if !armed {
		if err := o.Alarm.BringForward(ctx, p, o.Clock.Now().Add(LostAfter)); err != nil {
			return err
		}
		if err := o.Gen.Arm(ctx, p); err != nil {
			return err
		}
	}
	body, err := json.Marshal(FlushMessage{p})
	if err != nil {
		return err
	}
	return o.Queue.Send(ctx, queue.Flush, queue.Message{Body: body, Group: p.String(), Dedup: fmt.Sprintf("%s#%d", p, gen)})
}

// KickAt implements Outbox. FIFO queues know no delay of single messages, so a wake-up waits in a standard queue and kicks then.
func (o QueueOutbox) KickAt(ctx context.Context, p id.PortalID, at int64) error {
	now := o.Clock.Now().UnixMilli()
	send, err := o.Gen.WakeAt(ctx, p, at, now)
	if err != nil || !send {
		return err
	}
	if err := o.Alarm.BringForward(ctx, p, time.UnixMilli(at).Add(LostAfter)); err != nil {
		return err
	}
	body, err := json.Marshal(chain.Wakeup{Flush: p})
	if err != nil {
		return err
	}
	// SQS delays whole seconds; a wake-up before the time would find nothing due.
	delay := (time.Duration(max(at-now, 0))*time.Millisecond + time.Second - 1).Truncate(time.Second)
	return o.Queue.Send(ctx, queue.Wakeups, queue.Message{Body: body, Delay: min(delay, 15*time.Minute)})
}

// NextGeneration implements Outbox.
func (o QueueOutbox) NextGeneration(ctx context.Context, p id.PortalID) error {
	return o.Gen.Bump(ctx, p)
}
