package sqs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

func (s *Server) sendMessage(_ context.Context, in sendMessageInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return s.send(q, in.sendEntry)
}

func (s *Server) sendMessageBatch(_ context.Context, in batchInput[sendEntry]) (any, error) {
	total := 0
	for _, e := range in.Entries {
		total += e.size()
	}
	if total > 1<<20 {
		return nil, batchError("BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes.")
	}
	return batch(s, in, func(q *queue, e sendEntry) (sendOutput, error) {
		out, err := s.send(q, e)
		out.Id = e.Id
		return out, err
	})
}

// batch runs one after the other, each with its own outcome.
func batch[E interface{ id() string }, O any](s *Server, in batchInput[E], one func(*queue, E) (O, error)) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.Entries) == 0 {
		return nil, batchError("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(in.Entries) > 10 {
		return nil, batchError("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.")
	}
	seen := map[string]bool{}
	for _, e := range in.Entries {
		if !names.MatchString(e.id()) {
			return nil, batchError("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[e.id()] {
			return nil, batchError("BatchEntryIdsNotDistinct", "Id "+e.id()+" repeated.")
		}
		seen[e.id()] = true
	}
	out := batchOutput[O]{Successful: []O{}, Failed: []failedOutput{}}
	for _, e := range in.Entries {
		o, err := one(q, e)
		var ae *apiError
		switch {
		case errors.As(err, &ae):
			out.Failed = append(out.Failed, failedOutput{e.id(), ae.query, ae.message, true})
		case err != nil:
			out.Failed = append(out.Failed, failedOutput{e.id(), "InternalError", err.Error(), false})
		default:
			out.Successful = append(out.Successful, o)
		}
	}
	return out, nil
}

func (s *Server) send(q *queue, e sendEntry) (sendOutput, error) {
	if err := e.check(q.number("MaximumMessageSize")); err != nil {
		return sendOutput{}, err
	}
	delay, err := q.delay(e)
	if err != nil {
		return sendOutput{}, err
	}
	now := s.now()
	m := &message{
		Key: s.serial + 1, ID: s.newID(), Body: e.MessageBody, Attributes: e.MessageAttributes,
		Group: e.MessageGroupId, Sent: now, Visible: now.Add(delay),
	}
	changes := []change{{Op: opPut, Queue: q.name, Message: m}}
	out := sendOutput{MD5OfMessageBody: sum([]byte(e.MessageBody))}
	if len(e.MessageAttributes) > 0 {
		out.MD5OfMessageAttributes = attributeSum(e.MessageAttributes)
	}
	if q.fifo() {
		id, err := q.dedupID(e)
		if err != nil {
			return sendOutput{}, err
		}
		m.Dedup = id
		if q.attributes["DeduplicationScope"] == "messageGroup" {
			id = m.Group + "\x00" + id
		}
		if before, ok := q.dedup.find(id, now); ok {
			out.MessageId, out.SequenceNumber = before.ID, sequenceNumber(before.Key)
			return out, nil
		}
		out.SequenceNumber = m.sequence()
		changes = append(changes, change{Op: opDedup, Queue: q.name, DedupID: id, Sent: &sent{m.ID, m.Key, now.Add(dedupInterval)}})
	} else if ghost := s.chaos.duplicate(s.rand, m); ghost != nil {
		changes = append(changes, change{Op: opPut, Queue: q.name, Message: ghost})
	}
	out.MessageId = m.ID
	return out, s.commit(changes...)
}

func (q *queue) delay(e sendEntry) (time.Duration, error) {
	if e.DelaySeconds == nil {
		return q.seconds("DelaySeconds"), nil
	}
	d := *e.DelaySeconds
	if d < 0 || d > 900 {
		return 0, invalid("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", d)
	}
	if !q.fifo() {
		return time.Duration(d) * time.Second, nil
	}
	if d > 0 {
		return 0, invalid("Value %d for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.", d)
	}
	return q.seconds("DelaySeconds"), nil
}

func (q *queue) dedupID(e sendEntry) (string, error) {
	switch {
	case e.MessageGroupId == "":
		return "", missing("MessageGroupId")
	case len(e.MessageGroupId) > 128 || len(e.MessageDeduplicationId) > 128:
		return "", invalid("MessageGroupId and MessageDeduplicationId can be at most 128 characters long.")
	case e.MessageDeduplicationId != "":
		return e.MessageDeduplicationId, nil
	case q.attributes["ContentBasedDeduplication"] != "true":
		return "", invalid("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	h := sha256.Sum256([]byte(e.MessageBody))
	return hex.EncodeToString(h[:]), nil
}
