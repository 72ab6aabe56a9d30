package sqs

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) receiveMessage(ctx context.Context, in receiveMessageInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	n, hide, wait, err := q.receiveParameters(in)
	if err != nil {
		return nil, err
	}
	deadline := s.now().Add(wait)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err // the caller has left: nobody would get the messages
		}
		taken, err := s.take(q, n, hide)
		if err != nil {
			return nil, err
		}
		now := s.now()
		if len(taken) > 0 || !now.Before(deadline) {
			out := receiveOutput{}
			for _, m := range taken {
				out.Messages = append(out.Messages, m.received(in, q.fifo()))
			}
			return out, nil
		}
		until := deadline
		if t, ok := q.shelf.next(); ok && t.Before(until) {
			until = t
		}
		if err := s.wait(ctx, q, until.Sub(now)); err != nil {
			return nil, err
		}
		if s.queues[q.name] != q {
			return s.find(in.QueueUrl) // reports that it is gone
		}
	}
}

func (q *queue) receiveParameters(in receiveMessageInput) (n int, hide, wait time.Duration, err error) {
	value := func(name string, given *int, usual, low, high int) int {
		if given != nil {
			usual = *given
		}
		if usual < low || usual > high {
			err = invalid("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.", usual, name, low, high)
		}
		return usual
	}
	n = value("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, 10)
	hide = time.Duration(value("VisibilityTimeout", in.VisibilityTimeout, q.number("VisibilityTimeout"), 0, 43200)) * time.Second
	wait = time.Duration(value("WaitTimeSeconds", in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"), 0, 20)) * time.Second
	return n, hide, wait, err
}

// wait gives the lock away until the queue changes, d is over, the caller leaves or the server closes.
func (s *Server) wait(ctx context.Context, q *queue, d time.Duration) error {
	wake, over := q.wake, make(chan struct{})
	s.mu.Unlock()
	defer s.mu.Lock()
	stop := s.clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-wake:
	case <-over:
	case <-s.closed:
		return &apiError{"RequestCanceled", "RequestCanceled", "The stand-in is stopping."}
	case <-ctx.Done():
	}
	return nil
}

// take delivers up to n messages, or moves those that were received too often.
func (s *Server) take(q *queue, n int, hide time.Duration) ([]*message, error) {
	now := s.now()
	policy, redriven := redrive(q.attributes)
	dead := s.queues[policy.target]
	var taken []*message
	var changes []change
	serial := s.serial
	for _, m := range s.candidates(q, now, n) {
		switch {
		case q.expired(m, now):
			changes = append(changes, change{Op: opRemove, Queue: q.name, Key: m.Key})
		case redriven && dead != nil && m.Count >= policy.max:
			serial++
			changes = append(changes,
				change{Op: opRemove, Queue: q.name, Key: m.Key},
				change{Op: opPut, Queue: dead.name, Message: m.moved(q, serial, now)})
		default:
			taken = append(taken, m)
			receipt := strconv.FormatUint(m.Key, 36) + "." + s.newID()
			changes = append(changes, change{Op: opTake, Queue: q.name, Key: m.Key, Receipt: receipt, At: now, Visible: now.Add(hide)})
		}
	}
	return taken, s.commit(changes...)
}

func (s *Server) candidates(q *queue, now time.Time, n int) []*message {
	if q.fifo() {
		return q.shelf.ready(now, n)
	}
	return s.chaos.pick(s.rand, n, func(n int) []*message { return q.shelf.ready(now, n) })
}

// moved is m as it arrives in the dead-letter queue. A standard message keeps its age, a FIFO message starts anew.
func (m *message) moved(from *queue, key uint64, now time.Time) *message {
	c := *m
	c.Key, c.Source, c.Visible, c.Count, c.First, c.Receipt = key, ARN(from.name), now, 0, time.Time{}, ""
	if from.fifo() {
		c.Sent = now
	}
	return &c
}

// byReceipt finds the message of a receipt handle; nil when it is gone. A standard queue honours older handles of a message that
// came back, a FIFO queue only the last one and only while the message is in flight.
func (s *Server) byReceipt(q *queue, handle string) (*message, error) {
	if handle == "" {
		return nil, missing("ReceiptHandle")
	}
	key, _, ok := strings.Cut(handle, ".")
	k, err := strconv.ParseUint(key, 36, 64)
	if !ok || err != nil {
		return nil, &apiError{"ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", "The input receipt handle is invalid."}
	}
	m := q.messages[k]
	if m != nil && q.fifo() && (m.Receipt != handle || m.state(s.now()) != inFlight) {
		return nil, invalid("Value %s for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", handle)
	}
	return m, nil
}

func (s *Server) delete(q *queue, e receiptEntry) error {
	m, err := s.byReceipt(q, e.ReceiptHandle)
	if err != nil || m == nil {
		return err
	}
	return s.commit(change{Op: opRemove, Queue: q.name, Key: m.Key})
}

func (s *Server) hide(q *queue, e receiptEntry) error {
	if e.VisibilityTimeout == nil || *e.VisibilityTimeout < 0 || *e.VisibilityTimeout > 43200 {
		return invalid("VisibilityTimeout must be between 0 and 43200.")
	}
	m, err := s.byReceipt(q, e.ReceiptHandle)
	if err != nil {
		return err
	}
	now := s.now()
	if m == nil || m.Receipt != e.ReceiptHandle || m.state(now) != inFlight {
		return batchError("MessageNotInflight", "The message referred to is not in flight.")
	}
	return s.commit(change{Op: opHide, Queue: q.name, Key: m.Key, Visible: now.Add(time.Duration(*e.VisibilityTimeout) * time.Second)})
}

func (s *Server) deleteMessage(_ context.Context, in receiptInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.delete(q, in.receiptEntry)
}

func (s *Server) changeMessageVisibility(_ context.Context, in receiptInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.hide(q, in.receiptEntry)
}

func (s *Server) deleteMessageBatch(_ context.Context, in batchInput[receiptEntry]) (any, error) {
	return batch(s, in, func(q *queue, e receiptEntry) (idOutput, error) { return idOutput{e.Id}, s.delete(q, e) })
}

func (s *Server) changeMessageVisibilityBatch(_ context.Context, in batchInput[receiptEntry]) (any, error) {
	return batch(s, in, func(q *queue, e receiptEntry) (idOutput, error) { return idOutput{e.Id}, s.hide(q, e) })
}

// Release makes every message in flight visible, as if its visibility timeout had passed. Call it after a restart, when whoever had
// received them is dead for certain.
func (s *Server) Release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var changes []change
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		for _, key := range slices.Sorted(maps.Keys(s.queues[name].messages)) {
			if s.queues[name].messages[key].state(now) == inFlight {
				changes = append(changes, change{Op: opHide, Queue: name, Key: key, Visible: now})
			}
		}
	}
	return s.commit(changes...)
}
