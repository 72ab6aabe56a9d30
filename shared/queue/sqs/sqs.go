// Package sqs sends messages through Amazon SQS.
package sqs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/shared/clock"
	"lumo/shared/queue"
)

const (
	batchEntries = 10
	// batchBytes is the sum SQS has always taken in one call; queues that were made before 2025 take no more.
	batchBytes = 256 << 10
	attempts   = 4
	firstWait  = 50 * time.Millisecond
)

// API is the part of the SQS client in use.
type API interface {
	SendMessageBatch(context.Context, *awssqs.SendMessageBatchInput, ...func(*awssqs.Options)) (*awssqs.SendMessageBatchOutput, error)
}

// Sender is queue.Sender over SQS.
type Sender struct {
	api   API
	urls  map[queue.Queue]string
	clock clock.Clock
	// Jitter returns 0..1; waits before a retry are between half and all of their length.
	Jitter func() float64
}

var _ queue.Sender = (*Sender)(nil)

// New sends to the queues at urls.
func New(api API, urls map[queue.Queue]string, c clock.Clock) *Sender {
	return &Sender{api: api, urls: urls, clock: c, Jitter: rand.Float64}
}

// Send sends in batches and repeats the entries that SQS says it could not take. On a FIFO queue a batch never holds two
// messages of one group, so a repeated entry cannot overtake its successor.
func (s *Sender) Send(ctx context.Context, q queue.Queue, ms ...queue.Message) error {
	url, ok := s.urls[q]
	if !ok {
		return fmt.Errorf("queue %s: no URL configured", q)
	}
	for _, m := range ms {
		if err := queue.Check(q, m); err != nil {
			return err
		}
	}
	for from := 0; from < len(ms); {
		to := batchEnd(q, ms, from)
		unsent, err := s.sendBatch(ctx, url, q, ms, from, to)
		if err != nil {
			for i := to; i < len(ms); i++ {
				unsent = append(unsent, i)
			}
			return &queue.SendError{Queue: q, Unsent: unsent, Err: err}
		}
		from = to
	}
	return nil
}

func batchEnd(q queue.Queue, ms []queue.Message, from int) int {
	size, groups := 0, map[string]bool{}
	to := from
	for ; to < len(ms) && to-from < batchEntries; to++ {
		size += len(queue.Encode(ms[to].Body))
		if to > from && (size > batchBytes || q.FIFO() && groups[ms[to].Group]) {
			break
		}
		groups[ms[to].Group] = true
	}
	return to
}

// sendBatch returns the positions that were not accepted, with the reason.
func (s *Sender) sendBatch(ctx context.Context, url string, q queue.Queue, ms []queue.Message, from, to int) ([]int, error) {
	var pending []types.SendMessageBatchRequestEntry
	for i := from; i < to; i++ {
		pending = append(pending, entry(q, i, ms[i]))
	}
	wait := firstWait
	for attempt := 1; ; attempt++ {
		out, err := s.api.SendMessageBatch(ctx, &awssqs.SendMessageBatchInput{QueueUrl: &url, Entries: pending})
		if err != nil {
			return positions(pending), err
		}
		failed, reason, final := rejected(pending, out)
		if len(failed) == 0 {
			return nil, nil
		}
		if final || attempt == attempts {
			return positions(failed), reason
		}
		pending = failed
		if err := s.clock.Sleep(ctx, time.Duration(float64(wait)*(0.5+s.Jitter()/2))); err != nil {
			return positions(pending), errors.Join(reason, err)
		}
		wait *= 2
	}
}

func entry(q queue.Queue, i int, m queue.Message) types.SendMessageBatchRequestEntry {
	e := types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(queue.Encode(m.Body))}
	if m.Group != "" {
		e.MessageGroupId = &m.Group
	}
	if q.FIFO() {
		e.MessageDeduplicationId = &m.Dedup
	} else if m.Delay > 0 {
		e.DelaySeconds = int32((m.Delay + time.Second - 1) / time.Second)
	}
	return e
}

// rejected picks the entries that SQS did not confirm. One that it neither confirmed nor refused counts as refused.
func rejected(pending []types.SendMessageBatchRequestEntry, out *awssqs.SendMessageBatchOutput) (failed []types.SendMessageBatchRequestEntry, reason error, final bool) {
	done := map[string]bool{}
	for _, ok := range out.Successful {
		done[aws.ToString(ok.Id)] = true
	}
	for _, bad := range out.Failed {
		reason = fmt.Errorf("%s: %s", aws.ToString(bad.Code), aws.ToString(bad.Message))
		final = final || bad.SenderFault
	}
	for _, e := range pending {
		if !done[aws.ToString(e.Id)] {
			failed = append(failed, e)
		}
	}
	if reason == nil {
		reason = errors.New("SQS did not confirm the message")
	}
	return failed, reason, final
}

func positions(es []types.SendMessageBatchRequestEntry) []int {
	var at []int
	for _, e := range es {
		i, _ := strconv.Atoi(aws.ToString(e.Id))
		at = append(at, i)
	}
	return at
}
