package mapping

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/scripts/localcloud/lambdahost"
	"lumo/shared/clock"
)

// Queue is the part of the SQS client in use.
type Queue interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Invoker is the function.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) (lambdahost.Result, error)
}

// Config of a mapping.
type Config struct {
	Queue    Queue
	URL, ARN string
	Function Invoker
	Timeout  time.Duration // of the function
	Hidden   time.Duration // visibility timeout of the queue
	// Again, when set, brings failed messages back after so many whole seconds instead of the rest of Hidden: for tests that cannot wait.
	Again time.Duration

	BatchSize      int
	Window         time.Duration
	MaxConcurrency int // 0 is the 5 pollers that Lambda starts with
	ReportItems    bool

	Clock clock.Clock  // nil is the real one
	Log   *slog.Logger // nil is slog's default
}

// Mapping polls one queue for one function.
type Mapping struct {
	Config
	delivered, deleted atomic.Int64
}

// Stats count messages.
type Stats struct {
	Delivered int64 `json:"delivered"`
	Deleted   int64 `json:"deleted"`
}

// New checks nothing: the template's reader has.
func New(c Config) *Mapping {
	if c.MaxConcurrency == 0 {
		c.MaxConcurrency = 5
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Mapping{Config: c}
}

// Stats so far.
func (m *Mapping) Stats() Stats { return Stats{m.delivered.Load(), m.deleted.Load()} }

// Run polls until the context ends and then waits for the batches at work.
func (m *Mapping) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	workers := make(chan struct{}, m.MaxConcurrency)
	for {
		select {
		case workers <- struct{}{}:
		case <-ctx.Done():
			return
		}
		batch, err := m.gather(ctx)
		if err != nil && ctx.Err() == nil {
			m.Log.Warn("receive failed", "queue", m.ARN, "error", err.Error())
			m.Clock.Sleep(ctx, time.Second)
		}
		if ctx.Err() != nil && len(batch) == 0 {
			return
		}
		if len(batch) == 0 {
			<-workers
			continue
		}
		wg.Go(func() {
			defer func() { <-workers }()
			m.process(context.WithoutCancel(ctx), ctx.Done(), batch)
		})
	}
}

const (
	longPoll = 20
	// payloadRoom keeps a batch below the 6 MB of an invocation. One receive adds 1 MiB at most, and JSON escapes take space, too.
	payloadRoom    = lambdahost.PayloadLimit / 2
	recordOverhead = 1024 // what a record carries beside its body
)

// gather waits for a first message and then collects up to the batch size while the window is open. The first receive also ends the
// batch when there is no window. What was received is returned even with an error.
func (m *Mapping) gather(ctx context.Context) ([]types.Message, error) {
	batch, err := m.receive(ctx, m.BatchSize, longPoll)
	if err != nil || len(batch) == 0 || m.Window == 0 {
		return batch, err
	}
	deadline := m.Clock.Now().Add(m.Window)
	size := payload(batch)
	for len(batch) < m.BatchSize && size < payloadRoom {
		left := deadline.Sub(m.Clock.Now())
		if left <= 0 {
			break
		}
		more, err := m.receive(ctx, m.BatchSize-len(batch), int(left/time.Second))
		batch = append(batch, more...)
		size += payload(more)
		if err != nil {
			return batch, err
		}
		if len(more) == 0 && left < time.Second {
			if m.Clock.Sleep(ctx, min(left, 50*time.Millisecond)) != nil {
				break
			}
		}
	}
	return batch, nil
}

func payload(ms []types.Message) (n int) {
	for _, msg := range ms {
		n += len(*msg.Body) + recordOverhead
	}
	return n
}

func (m *Mapping) receive(ctx context.Context, n, wait int) ([]types.Message, error) {
	o, err := m.Queue.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &m.URL, MaxNumberOfMessages: int32(min(n, 10)), WaitTimeSeconds: int32(wait),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	return o.Messages, nil
}

// process invokes the function and deletes what is done. The rest becomes visible again when its visibility timeout ends.
func (m *Mapping) process(ctx context.Context, stop <-chan struct{}, batch []types.Message) {
	m.delivered.Add(int64(len(batch)))
	payload, err := Event(m.ARN, batch)
	if err != nil {
		m.Log.Error("event", "queue", m.ARN, "error", err.Error())
		return
	}
	r, err := m.invoke(ctx, stop, payload)
	if err != nil {
		if !errors.Is(err, lambdahost.ErrClosed) {
			m.Log.Warn("batch not delivered", "queue", m.ARN, "messages", len(batch), "error", err.Error())
		}
		return
	}
	done := Done(batch, r, m.ReportItems)
	if m.Again > 0 {
		defer m.hurry(ctx, rest(batch, done))
	}
	for len(done) > 0 {
		n := min(10, len(done))
		if err := m.delete(ctx, done[:n]); err != nil {
			m.Log.Warn("delete failed", "queue", m.ARN, "error", err.Error())
			return
		}
		m.deleted.Add(int64(n))
		done = done[n:]
	}
}

// invoke repeats a throttled invocation for as long as the messages stay hidden long enough for it to finish.
func (m *Mapping) invoke(ctx context.Context, stop <-chan struct{}, payload []byte) (lambdahost.Result, error) {
	until := m.Clock.Now().Add(m.Hidden - m.Timeout)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		r, err := m.Function.Invoke(ctx, payload)
		if !errors.Is(err, lambdahost.ErrThrottled) || m.Clock.Now().Add(pause).After(until) {
			return r, err
		}
		select {
		case <-stop:
			return r, lambdahost.ErrClosed
		default:
		}
		if err := m.Clock.Sleep(ctx, pause); err != nil {
			return r, err
		}
	}
}

func (m *Mapping) delete(ctx context.Context, done []types.Message) error {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &m.URL}
	for i, msg := range done {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: msg.ReceiptHandle})
	}
	o, err := m.Queue.DeleteMessageBatch(ctx, in)
	if err != nil {
		return err
	}
	if len(o.Failed) > 0 {
		return fmt.Errorf("%d of %d messages: %s", len(o.Failed), len(done), aws.ToString(o.Failed[0].Message))
	}
	return nil
}

func rest(batch, done []types.Message) []types.Message {
	gone := make(map[string]bool, len(done))
	for _, msg := range done {
		gone[aws.ToString(msg.MessageId)] = true
	}
	return slices.DeleteFunc(slices.Clone(batch), func(msg types.Message) bool { return gone[aws.ToString(msg.MessageId)] })
}

// hurry brings failed messages back early.
func (m *Mapping) hurry(ctx context.Context, failed []types.Message) {
	for part := range slices.Chunk(failed, 10) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &m.URL}
		for i, msg := range part {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: msg.ReceiptHandle, VisibilityTimeout: int32(m.Again / time.Second),
			})
		}
		if _, err := m.Queue.ChangeMessageVisibilityBatch(ctx, in); err != nil {
			m.Log.Warn("failed messages not hurried", "queue", m.ARN, "error", err.Error())
		}
	}
}
