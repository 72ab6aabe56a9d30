package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/sqs"
	"lumo/shared/clock"
)

// bench is a stand-in with a virtual clock, reached in process through the real SDK.
type bench struct {
	*testing.T
	server *sqs.Server
	clock  *clock.Virtual
	client *awssqs.Client
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	c := clock.NewVirtual(start)
	s, err := sqs.New(sqs.Config{Clock: c, Rand: rand.New(rand.NewPCG(1, 2))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &bench{t, s, c, inProcess(s)}
}

func inProcess(h http.Handler) *awssqs.Client {
	return awssqs.NewFromConfig(awslocal.InProcess(h), func(o *awssqs.Options) { o.RetryMaxAttempts = 1 })
}

func (b *bench) queue(name string, attributes map[string]string) string {
	b.Helper()
	o, err := b.client.CreateQueue(b.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		b.Fatal(err)
	}
	return *o.QueueUrl
}

func (b *bench) fifo(name string, attributes map[string]string) string {
	b.Helper()
	all := map[string]string{"FifoQueue": "true"}
	for k, v := range attributes {
		all[k] = v
	}
	return b.queue(name+".fifo", all)
}

func (b *bench) send(url, body string, change ...func(*awssqs.SendMessageInput)) *awssqs.SendMessageOutput {
	b.Helper()
	in := &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}
	for _, f := range change {
		f(in)
	}
	o, err := b.client.SendMessage(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	return o
}

func group(name string) func(*awssqs.SendMessageInput) {
	return func(in *awssqs.SendMessageInput) {
		in.MessageGroupId = &name
		in.MessageDeduplicationId = aws.String(name + "-" + *in.MessageBody)
	}
}

func dedup(id string) func(*awssqs.SendMessageInput) {
	return func(in *awssqs.SendMessageInput) { in.MessageDeduplicationId = &id }
}

func (b *bench) receive(url string, n int32) []types.Message {
	b.Helper()
	o, err := b.client.ReceiveMessage(b.Context(), &awssqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: n,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		b.Fatal(err)
	}
	return o.Messages
}

func (b *bench) delete(url string, m types.Message) {
	b.Helper()
	if _, err := b.client.DeleteMessage(b.Context(), &awssqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) hide(url string, m types.Message, seconds int32) error {
	_, err := b.client.ChangeMessageVisibility(b.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	return err
}

func (b *bench) want(ms []types.Message, bodies ...string) {
	b.Helper()
	if got := texts(ms); !slices.Equal(got, bodies) {
		b.Fatalf("received %v, want %v", got, bodies)
	}
}

func texts(ms []types.Message) []string {
	var out []string
	for _, m := range ms {
		out = append(out, *m.Body)
	}
	return out
}

func code(err error) string {
	var ae smithy.APIError
	if errors.As(err, &ae) {
		return ae.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestRetention(t *testing.T) {
	b := newBench(t)
	u := b.queue("q", map[string]string{"MessageRetentionPeriod": "60"})
	b.send(u, "old")
	b.clock.Advance(30 * time.Second)
	b.send(u, "young")
	b.clock.Advance(30 * time.Second)
	b.want(b.receive(u, 10), "young")
}

func TestAttributesSurviveAndAreChecksummed(t *testing.T) {
	b := newBench(t)
	u := b.queue("q", nil)
	b.send(u, "body", func(in *awssqs.SendMessageInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{
			"text":  {DataType: aws.String("String"), StringValue: aws.String("värde")},
			"bytes": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 2}},
		}
	})
	m := b.receive(u, 1)
	if len(m) != 1 || *m[0].MessageAttributes["text"].StringValue != "värde" || len(m[0].MessageAttributes["bytes"].BinaryValue) != 3 {
		t.Errorf("attributes: %v", m)
	}
}

func TestErrorsAreThoseOfSQS(t *testing.T) {
	b := newBench(t)
	u, f := b.queue("q", nil), b.fifo("f", nil)
	ctx := t.Context()
	entries := func(ids ...string) (es []types.SendMessageBatchRequestEntry) {
		for _, id := range ids {
			es = append(es, types.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String("x")})
		}
		return es
	}
	batch := func(es []types.SendMessageBatchRequestEntry) error {
		_, err := b.client.SendMessageBatch(ctx, &awssqs.SendMessageBatchInput{QueueUrl: &u, Entries: es})
		return err
	}
	send := func(url, body string, change func(*awssqs.SendMessageInput)) error {
		in := &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}
		change(in)
		_, err := b.client.SendMessage(ctx, in)
		return err
	}
	none := func(*awssqs.SendMessageInput) {}
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"no queue", "AWS.SimpleQueueService.NonExistentQueue", send("http://x/0/none", "x", none)},
		{"empty batch", "AWS.SimpleQueueService.EmptyBatchRequest", batch([]types.SendMessageBatchRequestEntry{})},
		{"eleven", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", batch(entries("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"))},
		{"same ids", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", batch(entries("1", "1"))},
		{"bad id", "AWS.SimpleQueueService.InvalidBatchEntryId", batch(entries("a b"))},
		{"control character", "InvalidMessageContents", send(u, "a\x01b", none)},
		{"too large", "InvalidParameterValue", send(u, strings.Repeat("x", 1<<20+1), none)},
		{"delay on FIFO", "InvalidParameterValue", send(f, "x", func(in *awssqs.SendMessageInput) { group("g")(in); in.DelaySeconds = 5 })},
		{"no group", "MissingParameter", send(f, "x", none)},
		{"no dedup id", "InvalidParameterValue", send(f, "x", func(in *awssqs.SendMessageInput) { in.MessageGroupId = aws.String("g") })},
		{"bad handle", "ReceiptHandleIsInvalid", b.hide(u, types.Message{ReceiptHandle: aws.String("nonsense")}, 1)},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	_, err := b.client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &u, MaxNumberOfMessages: 11})
	if code(err) != "InvalidParameterValue" {
		t.Errorf("receive 11: %v", err)
	}
	var gone *types.QueueDoesNotExist
	if _, err := b.client.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: aws.String("none")}); !errors.As(err, &gone) {
		t.Errorf("typed error: %v", err)
	}
}

func TestBatchReportsEachEntry(t *testing.T) {
	b := newBench(t)
	u := b.queue("q", nil)
	o, err := b.client.SendMessageBatch(t.Context(), &awssqs.SendMessageBatchInput{QueueUrl: &u, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("good"), MessageBody: aws.String("x")}, {Id: aws.String("bad"), MessageBody: aws.String("\x02")},
	}})
	if err != nil || len(o.Successful) != 1 || len(o.Failed) != 1 || *o.Failed[0].Id != "bad" || !o.Failed[0].SenderFault {
		t.Fatalf("%v %+v", err, o)
	}
	ms := b.receive(u, 10)
	d, err := b.client.DeleteMessageBatch(t.Context(), &awssqs.DeleteMessageBatchInput{QueueUrl: &u, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("0"), ReceiptHandle: ms[0].ReceiptHandle}, {Id: aws.String("1"), ReceiptHandle: aws.String("?")},
	}})
	if err != nil || len(d.Successful) != 1 || len(d.Failed) != 1 {
		t.Fatalf("%v %+v", err, d)
	}
}

func TestLongPoll(t *testing.T) {
	t.Parallel()
	s, err := sqs.New(sqs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	web := httptest.NewServer(s)
	defer web.Close()
	b := &bench{T: t, server: s, client: awssqs.NewFromConfig(awslocal.Config(web.URL))}
	u := b.queue("q", nil)
	got := make(chan []types.Message)
	poll := func() {
		o, err := b.client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &u, WaitTimeSeconds: 20})
		if err != nil {
			t.Error(err)
			got <- nil
			return
		}
		got <- o.Messages
	}
	go poll()
	b.send(u, "woken by a send")
	ms := <-got
	b.want(ms, "woken by a send")
	go poll()
	if err := b.hide(u, ms[0], 0); err != nil {
		t.Fatal(err)
	}
	b.want(<-got, "woken by a send")

	// A caller that leaves takes nothing with it.
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := b.client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &u, WaitTimeSeconds: 20})
		left <- err
	}()
	leave()
	if err := <-left; err == nil {
		t.Error("a cancelled receive succeeded")
	}
}

func TestRelease(t *testing.T) {
	b := newBench(t)
	u, f := b.queue("q", nil), b.fifo("f", nil)
	b.send(u, "x")
	b.send(u, "later", func(in *awssqs.SendMessageInput) { in.DelaySeconds = 60 })
	b.send(f, "y", group("g"))
	b.want(b.receive(u, 10), "x")
	b.want(b.receive(f, 10), "y")
	if err := b.server.Release(); err != nil {
		t.Fatal(err)
	}
	b.want(b.receive(u, 10), "x")
	b.want(b.receive(f, 10), "y")
}

func TestManagement(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	u := b.queue("one", map[string]string{"VisibilityTimeout": "77"})
	b.queue("two", nil)
	b.queue("one", map[string]string{"VisibilityTimeout": "77"}) // the same again is no error
	if _, err := b.client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("one"), Attributes: map[string]string{"VisibilityTimeout": "78"}}); code(err) != "QueueAlreadyExists" {
		t.Errorf("create with other attributes: %v", err)
	}
	l, err := b.client.ListQueues(ctx, &awssqs.ListQueuesInput{QueueNamePrefix: aws.String("o")})
	if err != nil || !slices.Equal(l.QueueUrls, []string{u}) {
		t.Errorf("list: %v %v", l, err)
	}
	b.send(u, "x")
	b.send(u, "y")
	b.send(u, "z", func(in *awssqs.SendMessageInput) { in.DelaySeconds = 60 })
	b.receive(u, 1)
	want := sqs.Depth{Name: "one", Visible: 1, InFlight: 1, Delayed: 1}
	if got := b.server.Depths()[0]; got != want {
		t.Errorf("depth %+v, want %+v", got, want)
	}
	if got := b.server.Holding(regexp.MustCompile(`^[yz]$`)); !slices.Equal(got, []string{"one"}) {
		t.Errorf("queues that hold y or z: %v", got)
	}
	if got := b.server.Holding(regexp.MustCompile("yz")); len(got) != 0 {
		t.Errorf("queues that hold what nobody sent: %v", got)
	}
	if _, err := b.client.PurgeQueue(ctx, &awssqs.PurgeQueueInput{QueueUrl: &u}); err != nil {
		t.Fatal(err)
	}
	b.want(b.receive(u, 10))
	a, err := b.client.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: &u, AttributeNames: []types.QueueAttributeName{"VisibilityTimeout", "QueueArn"}})
	if err != nil || len(a.Attributes) != 2 || a.Attributes["QueueArn"] != sqs.ARN("one") {
		t.Errorf("attributes: %v %v", a, err)
	}
}
