package entry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"lumo/shared/logging"
	"lumo/shared/queue"
)

// Record is one message of a batch.
type Record struct {
	ID       string // unique per message; the name by which a handler reports it as failed
	Body     []byte
	Group    string
	Dedup    string
	Receives int // this delivery included
	SentAt   time.Time
}

// Source is a queue that calls us.
type Source struct {
	Queue queue.Queue
	Dead  bool // its dead-letter queue
}

// Sources maps physical queue names to queues. The names are made by CloudFormation and cannot be guessed, so they are taken from
// the URLs in the environment (QUEUE_<NAME>, and QUEUE_<NAME>_DEAD where dead letters are consumed).
func Sources(getenv func(string) string) map[string]Source {
	all := map[string]Source{}
	for _, q := range queue.All() {
		if u := getenv(q.Env()); u != "" {
			all[after(u, "/")] = Source{q, false}
		}
		if u := getenv(q.DeadEnv()); u != "" {
			all[after(u, "/")] = Source{q, true}
		}
	}
	return all
}

func after(s, separator string) string { return s[strings.LastIndex(s, separator)+1:] }

func (f *Function) serveBatch(ctx context.Context, records []sqsRecord) outcome {
	source, ok := f.sources[after(records[0].SourceARN, ":")]
	if !ok {
		return outcome{attrs: []slog.Attr{logging.Kind("queue")}, err: errors.New("a batch of a queue that the environment does not name"), fail: true}
	}
	o := outcome{attrs: []slog.Attr{
		logging.Kind("queue"), logging.Queue(source.Queue), slog.Bool("dead", source.Dead), logging.Count("records", len(records)),
	}}
	if source.Dead {
		o.attrs = append(o.attrs, logging.Metric(logging.DeadLetters, len(records)))
	}
	handle := f.batchHandler(source)
	if handle == nil {
		o.err, o.fail = fmt.Errorf("no handler for queue %s", source.Queue), true
		return o
	}
	batch, failed, err := decode(records)
	if len(batch) > 0 {
		handlerErr := f.guard(ctx, func() error {
			again, err := handle(ctx, batch)
			if err != nil && len(again) == 0 {
				again = ids(batch)
			}
			failed = append(failed, again...)
			return err
		})
		if errors.Is(handlerErr, errPanic) {
			failed = append(failed, ids(batch)...)
		}
		err = errors.Join(err, handlerErr)
	}
	failures, unknown := report(records, failed, source.Queue.FIFO())
	o.err = errors.Join(err, unknown)
	o.answer = batchResponse{failures}
	o.attrs = append(o.attrs, logging.Count("failed", len(failures)))
	o.fail = unknown != nil
	return o
}

func (f *Function) batchHandler(s Source) BatchHandler {
	if !s.Dead {
		return f.handlers.Queues[s.Queue]
	}
	if f.handlers.DeadLetters == nil {
		return nil
	}
	return func(ctx context.Context, batch []Record) ([]string, error) {
		return f.handlers.DeadLetters(ctx, s.Queue, batch)
	}
}

// decode reads the records; one that cannot be read has failed, and ends in the dead-letter queue.
func decode(records []sqsRecord) (batch []Record, failed []string, err error) {
	for _, r := range records {
		body, bad := queue.Decode(r.Body)
		if bad != nil {
			failed, err = append(failed, r.MessageID), errors.New("a message that is not of our making")
			continue
		}
		batch = append(batch, Record{
			ID: r.MessageID, Body: body, Group: r.Attributes.Group, Dedup: r.Attributes.Dedup,
			Receives: r.Attributes.Receives, SentAt: time.UnixMilli(r.Attributes.SentMS).UTC(),
		})
	}
	return batch, failed, err
}

func ids(batch []Record) []string {
	all := make([]string, len(batch))
	for i, r := range batch {
		all[i] = r.ID
	}
	return all
}

// report lists the failures in order of arrival. On FIFO everything after a group's first failure counts as failed, or it would overtake.
// A failed id that was not in the batch is an error: Lambda would take the whole answer as invalid.
func report(records []sqsRecord, failed []string, fifo bool) ([]batchFailure, error) {
	bad := map[string]bool{}
	for _, id := range failed {
		if !slices.ContainsFunc(records, func(r sqsRecord) bool { return r.MessageID == id }) {
			return nil, errors.New("the handler reported a message that was not in the batch")
		}
		bad[id] = true
	}
	failures := []batchFailure{}
	stopped := map[string]bool{}
	for _, r := range records {
		if bad[r.MessageID] || fifo && stopped[r.Attributes.Group] {
			stopped[r.Attributes.Group] = true
			failures = append(failures, batchFailure{r.MessageID})
		}
	}
	return failures, nil
}
