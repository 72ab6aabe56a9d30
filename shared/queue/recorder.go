package queue

import (
	"context"
	"slices"
	"sync"
)

// Recorder is a Sender that keeps what it is sent. It checks messages as SQS does. The zero value is ready.
type Recorder struct {
	mu   sync.Mutex
	sent []Sent
	// Fail, when set, is asked before each call; an error refuses the whole call.
	Fail func(q Queue, m []Message) error
}

// Sent is one recorded message.
type Sent struct {
	Queue Queue
	Message
}

var _ Sender = (*Recorder)(nil)

func (r *Recorder) Send(ctx context.Context, q Queue, m ...Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkAll(q, m); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Fail != nil {
		if err := r.Fail(q, m); err != nil {
			return err
		}
	}
	for _, one := range m {
		one.Body = slices.Clone(one.Body)
		r.sent = append(r.sent, Sent{q, one})
	}
	return nil
}

// Sent returns everything sent so far, in order.
func (r *Recorder) Sent() []Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// Take returns and forgets the messages of q.
func (r *Recorder) Take(q Queue) []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var taken []Message
	var kept []Sent
	for _, s := range r.sent {
		if s.Queue == q {
			taken = append(taken, s.Message)
		} else {
			kept = append(kept, s)
		}
	}
	r.sent = kept
	return taken
}
