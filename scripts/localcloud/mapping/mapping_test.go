package mapping_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/mapping"
	"lumo/scripts/localcloud/sqs"
)

func messages(ids ...string) (out []types.Message) {
	for _, id := range ids {
		out = append(out, types.Message{MessageId: aws.String(id), Body: aws.String(id)})
	}
	return out
}

func TestDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer, errorType string
		report                  bool
		want                    string
	}{
		{"no reports, success", `"anything"`, "", false, "a b c"},
		{"no reports, error", ``, "Unhandled", false, ""},
		{"error beats the list", `{"batchItemFailures":[]}`, "Unhandled", true, ""},
		{"empty list", `{"batchItemFailures":[]}`, "", true, "a b c"},
		{"null list", `{"batchItemFailures":null}`, "", true, "a b c"},
		{"null", `null`, "", true, "a b c"},
		{"empty object", `{}`, "", true, "a b c"},
		{"nothing", ``, "", true, "a b c"},
		{"one failed", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, "", true, "a c"},
		{"no JSON", `oops`, "", true, ""},
		{"a text", `"done"`, "", true, ""},
		{"empty id", `{"batchItemFailures":[{"itemIdentifier":""}]}`, "", true, ""},
		{"null id", `{"batchItemFailures":[{"itemIdentifier":null}]}`, "", true, ""},
		{"other key", `{"batchItemFailures":[{"id":"b"}]}`, "", true, ""},
		{"unknown id", `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"z"}]}`, "", true, ""},
	} {
		var got []string
		for _, m := range mapping.Done(messages("a", "b", "c"), lambdahost.Result{Payload: []byte(c.answer), ErrorType: c.errorType}, c.report) {
			got = append(got, *m.MessageId)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: deleted %v, want %s", c.name, got, c.want)
		}
	}
}

// function records the batches it sees and fails what fail names, as many times as it says.
type function struct {
	mu       sync.Mutex
	batches  [][]string
	fail     map[string]int
	throttle int
	arn      string
}

func (f *function) Invoke(_ context.Context, payload []byte) (lambdahost.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.throttle > 0 {
		f.throttle--
		return lambdahost.Result{}, lambdahost.ErrThrottled
	}
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return lambdahost.Result{}, err
	}
	var bodies []string
	var r events.SQSEventResponse
	for _, m := range e.Records {
		bodies = append(bodies, m.Body)
		f.arn = m.EventSourceARN
		if f.fail[m.Body] > 0 {
			f.fail[m.Body]--
			r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	f.batches = append(f.batches, bodies)
	b, err := json.Marshal(r)
	return lambdahost.Result{Payload: b}, err
}

type bench struct {
	server *sqs.Server
	client *awssqs.Client
	url    string
}

func newBench(t *testing.T, attributes map[string]string) bench {
	t.Helper()
	s, err := sqs.New(sqs.Config{Rand: rand.New(rand.NewPCG(1, 1))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := bench{server: s, client: awssqs.NewFromConfig(awslocal.InProcess(s))}
	b.create(t, "dead", nil)
	all := map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, sqs.ARN("dead")), "VisibilityTimeout": "1"}
	for k, v := range attributes {
		all[k] = v
	}
	b.url = b.create(t, "q", all)
	return b
}

func (b bench) create(t *testing.T, name string, attributes map[string]string) string {
	t.Helper()
	o, err := b.client.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return *o.QueueUrl
}

func (b bench) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if _, err := b.client.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &b.url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
}

// run polls until done says so.
func (b bench) run(t *testing.T, f *function, change func(*mapping.Config), done func(depths []sqs.Depth) bool) *mapping.Mapping {
	t.Helper()
	c := mapping.Config{Queue: b.client, URL: b.url, ARN: sqs.ARN("q"), Function: f, Timeout: 100 * time.Millisecond, Hidden: time.Second, BatchSize: 10, ReportItems: true}
	change(&c)
	m := mapping.New(c)
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan struct{})
	go func() { m.Run(ctx); close(ended) }()
	for !done(b.server.Depths()) {
		if ctx.Err() != nil {
			t.Fatalf("not done: %+v", b.server.Depths())
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	<-ended
	return m
}

func empty(d sqs.Depth) bool { return d.Visible+d.InFlight+d.Delayed == 0 }

func TestPartialFailuresReachTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.server.SetChaos(sqs.Chaos{Reorder: true, Short: 0.5})
	var bodies []string
	for i := range 40 {
		bodies = append(bodies, fmt.Sprint("m", i))
	}
	b.send(t, bodies...)
	f := &function{fail: map[string]int{"m3": 1, "m13": 9, "m23": 9}}
	m := b.run(t, f, func(*mapping.Config) {}, func(d []sqs.Depth) bool { return d[0].Visible == 2 && empty(d[1]) })
	if got := m.Stats(); got != (mapping.Stats{Delivered: 40 + 1 + 2, Deleted: 38}) {
		t.Errorf("stats: %+v", got)
	}
	if f.arn != sqs.ARN("q") {
		t.Errorf("source ARN %s", f.arn)
	}
}

func TestABatchIsGatheredInItsWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"VisibilityTimeout": "30"})
	var bodies []string
	for i := range 60 {
		bodies = append(bodies, fmt.Sprint("m", i))
	}
	b.send(t, bodies...)
	f := new(function)
	b.run(t, f, func(c *mapping.Config) { c.BatchSize, c.Window, c.MaxConcurrency = 25, time.Second, 2 }, func(d []sqs.Depth) bool { return empty(d[1]) })
	var sizes []int
	for _, batch := range f.batches {
		sizes = append(sizes, len(batch))
	}
	slices.Sort(sizes)
	if !slices.Equal(sizes, []int{10, 25, 25}) {
		t.Errorf("batches of %v", sizes)
	}
}

func TestAThrottledBatchIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"VisibilityTimeout": "30"})
	b.send(t, "only")
	f := &function{throttle: 2}
	m := b.run(t, f, func(c *mapping.Config) { c.Hidden = 30 * time.Second }, func(d []sqs.Depth) bool { return empty(d[1]) })
	if got := m.Stats(); got.Delivered != 1 || len(f.batches) != 1 {
		t.Errorf("%+v, %v", got, f.batches)
	}
}

func TestAFailedMessageComesBackEarly(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]string{"VisibilityTimeout": "600"})
	b.send(t, "a", "b")
	f := &function{fail: map[string]int{"a": 1}}
	m := b.run(t, f, func(c *mapping.Config) { c.Hidden, c.Again = 600*time.Second, time.Second }, func(d []sqs.Depth) bool { return empty(d[1]) })
	if got := m.Stats(); got != (mapping.Stats{Delivered: 3, Deleted: 2}) {
		t.Errorf("stats: %+v", got)
	}
}
