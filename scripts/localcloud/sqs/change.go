package sqs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// change is everything that can happen to the queues. State is altered by apply alone, both when a change happens and when the log
// is read again, so a restart cannot end up in another state.
type change struct {
	Op         op
	Queue      string            `json:",omitempty"`
	At         time.Time         `json:",omitzero"`
	Attributes map[string]string `json:",omitempty"`
	Message    *message          `json:",omitempty"`
	Key        uint64            `json:",omitempty"`
	Receipt    string            `json:",omitempty"`
	Visible    time.Time         `json:",omitzero"`
	DedupID    string            `json:",omitempty"`
	Sent       *sent             `json:",omitempty"`
}

type op string

const (
	opCreate    op = "create"    // Queue, Attributes, At
	opConfigure op = "configure" // Queue, Attributes
	opDelete    op = "delete"    // Queue
	opPurge     op = "purge"     // Queue, At
	opSerial    op = "serial"    // Key: the last one given
	opPut       op = "put"       // Queue, Message
	opRemove    op = "remove"    // Queue, Key
	opTake      op = "take"      // Queue, Key, Receipt, At, Visible
	opHide      op = "hide"      // Queue, Key, Visible
	opDedup     op = "dedup"     // Queue, DedupID, Sent
)

// commit logs the changes and then makes them.
func (s *Server) commit(changes ...change) error {
	if len(changes) == 0 {
		return nil
	}
	if s.log != nil {
		if err := s.log.append(changes); err != nil {
			return fmt.Errorf("queue log: %w", err)
		}
	}
	for _, c := range changes {
		if err := s.apply(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) apply(c change) error {
	switch c.Op {
	case opCreate:
		s.queues[c.Queue] = newQueue(c.Queue, c.Attributes, c.At)
		return nil
	case opSerial:
		s.serial = max(s.serial, c.Key)
		return nil
	}
	q := s.queues[c.Queue]
	if q == nil {
		return fmt.Errorf("%s: no queue %q", c.Op, c.Queue)
	}
	defer q.signal()
	switch c.Op {
	case opConfigure:
		maps.Copy(q.attributes, c.Attributes)
	case opDelete:
		delete(s.queues, c.Queue)
	case opPurge:
		q.clear()
		q.purged = c.At
	case opPut:
		s.serial = max(s.serial, c.Message.Key)
		q.messages[c.Message.Key] = c.Message
		q.shelf.add(c.Message)
	case opDedup:
		s.serial = max(s.serial, c.Sent.Key)
		q.dedup.add(c.DedupID, *c.Sent)
	case opRemove, opTake, opHide:
		return q.touch(c)
	default:
		return fmt.Errorf("unknown change %q", c.Op)
	}
	return nil
}

// touch applies a change to one message. A message that is gone was past its retention, which is not logged.
func (q *queue) touch(c change) error {
	m := q.messages[c.Key]
	if m == nil {
		return nil
	}
	switch c.Op {
	case opRemove:
		q.drop(m)
		return nil
	case opTake:
		m.Receipt = c.Receipt
		m.Count++
		if m.First.IsZero() {
			m.First = c.At
		}
	}
	m.Visible = c.Visible
	q.shelf.moved(m)
	return nil
}

// compacted is the shortest list of changes that leads to the present state.
func (s *Server) compacted() []change {
	now := s.now()
	out := []change{{Op: opSerial, Key: s.serial}}
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		q := s.queues[name]
		q.expire(now)
		out = append(out, change{Op: opCreate, Queue: name, Attributes: q.attributes, At: q.created})
		if !q.purged.IsZero() {
			out = append(out, change{Op: opPurge, Queue: name, At: q.purged})
		}
		q.dedup.find("", now) // forgets what has lapsed
		for _, id := range q.dedup.order {
			e := q.dedup.entries[id]
			out = append(out, change{Op: opDedup, Queue: name, DedupID: id, Sent: &e})
		}
		byKey := func(a, b *message) int { return cmp.Compare(a.Key, b.Key) }
		for _, m := range slices.SortedFunc(maps.Values(q.messages), byKey) {
			out = append(out, change{Op: opPut, Queue: name, Message: m})
		}
	}
	return out
}
