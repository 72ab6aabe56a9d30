package sqs_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
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

func TestVisibilityAndDelay(t *testing.T) {
	b := newBench(t)
	u := b.queue("q", map[string]string{"VisibilityTimeout": "30"})
	b.send(u, "now")
	b.send(u, "later", func(in *awssqs.SendMessageInput) { in.DelaySeconds = 10 })
	first := b.receive(u, 10)
	b.want(first, "now")
	b.want(b.receive(u, 10))
	b.clock.Advance(10 * time.Second)
	later := b.receive(u, 10)
	b.want(later, "later")
	b.delete(u, later[0])
	b.clock.Advance(19 * time.Second)
	b.want(b.receive(u, 10))
	b.clock.Advance(time.Second)
	again := b.receive(u, 10)
	b.want(again, "now")
	if got := again[0].Attributes["ApproximateReceiveCount"]; got != "2" {
		t.Errorf("receive count %s, want 2", got)
	}
	if err := b.hide(u, again[0], 0); err != nil {
		t.Fatal(err)
	}
	b.want(b.receive(u, 10), "now")
	if got := code(b.hide(u, again[0], 5)); got != "AWS.SimpleQueueService.MessageNotInflight" {
		t.Errorf("old handle: %s", got)
	}
	b.delete(u, first[0]) // a standard queue honours the older handle
	b.clock.Advance(time.Hour)
	b.want(b.receive(u, 10))
}

func TestFIFOReceivesSeveralOfAGroupInOrder(t *testing.T) {
	b := newBench(t)
	u := b.fifo("q", nil)
	for i := range 12 {
		b.send(u, fmt.Sprint("a", i), group("a"))
	}
	b.send(u, "b0", group("b"))
	got := b.receive(u, 10)
	b.want(got, "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9")
	b.want(b.receive(u, 10), "b0")
	b.want(b.receive(u, 10)) // group a is in flight
	for _, m := range got[:4] {
		b.delete(u, m)
	}
	b.want(b.receive(u, 10)) // still some of a in flight
	b.clock.Advance(31 * time.Second)
	b.want(b.receive(u, 10), "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "b0")
	if _, err := b.client.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &u, ReceiptHandle: got[5].ReceiptHandle}); code(err) != "InvalidParameterValue" {
		t.Errorf("delete with a lapsed handle: %v", err)
	}
}

func TestFIFOFillsAReceiveFromSeveralGroups(t *testing.T) {
	b := newBench(t)
	u := b.fifo("q", nil)
	for i := range 3 {
		for _, g := range []string{"a", "b", "c"} {
			b.send(u, fmt.Sprint(g, i), group(g))
		}
	}
	b.want(b.receive(u, 7), "a0", "a1", "a2", "b0", "b1", "b2", "c0")
	b.want(b.receive(u, 7))
}

func TestFIFODeduplication(t *testing.T) {
	b := newBench(t)
	u := b.fifo("q", nil)
	one := b.send(u, "one", group("g"), dedup("id"))
	m := b.receive(u, 1)
	b.delete(u, m[0])
	b.clock.Advance(5*time.Minute - time.Millisecond)
	two := b.send(u, "two", group("other"), dedup("id"))
	if *two.MessageId != *one.MessageId || *two.SequenceNumber != *one.SequenceNumber {
		t.Errorf("a duplicate got its own id %s, want %s", *two.MessageId, *one.MessageId)
	}
	b.want(b.receive(u, 1))
	b.clock.Advance(time.Millisecond)
	b.send(u, "three", group("g"), dedup("id"))
	b.want(b.receive(u, 1), "three")
}

func TestFIFOContentAndGroupDeduplication(t *testing.T) {
	b := newBench(t)
	content := b.fifo("content", map[string]string{"ContentBasedDeduplication": "true"})
	same := func(in *awssqs.SendMessageInput) { in.MessageGroupId = aws.String("g") }
	b.send(content, "x", same)
	b.send(content, "x", same)
	b.send(content, "y", same)
	b.want(b.receive(content, 10), "x", "y")

	scoped := b.fifo("scoped", map[string]string{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
	b.send(scoped, "a", group("a"), dedup("1"))
	b.send(scoped, "b", group("b"), dedup("1"))
	b.send(scoped, "c", group("b"), dedup("1"))
	b.want(b.receive(scoped, 10), "a", "b")
}

func TestRedriveMovesAfterTheLastReceive(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		t.Run("fifo="+strconv.FormatBool(fifo), func(t *testing.T) {
			b := newBench(t)
			suffix, send := "", func(u, body string) *awssqs.SendMessageOutput { return b.send(u, body) }
			base := map[string]string{"VisibilityTimeout": "30"}
			if fifo {
				suffix, base["FifoQueue"] = ".fifo", "true"
				send = func(u, body string) *awssqs.SendMessageOutput { return b.send(u, body, group("g")) }
			}
			dead := b.queue("dead"+suffix, map[string]string{"FifoQueue": base["FifoQueue"]})
			base["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, sqs.ARN("dead"+suffix))
			u := b.queue("q"+suffix, base)
			bad := send(u, "bad")
			send(u, "good")
			for range 2 {
				b.want(b.receive(u, 1), "bad")
				b.clock.Advance(30 * time.Second)
				if !fifo {
					m := b.receive(u, 1)
					b.want(m, "good")
					if err := b.hide(u, m[0], 0); err != nil {
						t.Fatal(err)
					}
					b.clock.Advance(30 * time.Second)
				}
			}
			b.want(b.receive(dead, 10))
			b.receive(u, 10) // this receive moves what had its two chances
			moved := b.receive(dead, 10)
			i := slices.IndexFunc(moved, func(m types.Message) bool { return *m.Body == "bad" })
			if i < 0 {
				t.Fatalf("dead-letter queue holds %v", texts(moved))
			}
			if *moved[i].MessageId != *bad.MessageId || moved[i].Attributes["DeadLetterQueueSourceArn"] != sqs.ARN("q"+suffix) || moved[i].Attributes["ApproximateReceiveCount"] != "1" {
				t.Errorf("moved: %s %v", *moved[i].MessageId, moved[i].Attributes)
			}
		})
	}
}

func TestRedriveTargetIsChecked(t *testing.T) {
	b := newBench(t)
	b.queue("standard", nil)
	for name, attributes := range map[string]map[string]string{
		"nowhere":    {"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, sqs.ARN("none"))},
		"mixed.fifo": {"FifoQueue": "true", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, sqs.ARN("standard"))},
	} {
		_, err := b.client.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		if code(err) != "InvalidParameterValue" {
			t.Errorf("%s: %v", name, err)
		}
	}
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
	if _, err := b.client.PurgeQueue(ctx, &awssqs.PurgeQueueInput{QueueUrl: &u}); err != nil {
		t.Fatal(err)
	}
	b.want(b.receive(u, 10))
	a, err := b.client.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: &u, AttributeNames: []types.QueueAttributeName{"VisibilityTimeout", "QueueArn"}})
	if err != nil || len(a.Attributes) != 2 || a.Attributes["QueueArn"] != sqs.ARN("one") {
		t.Errorf("attributes: %v %v", a, err)
	}
}

func TestChaosSparesFIFOAndLosesNothing(t *testing.T) {
	b := newBench(t)
	b.server.SetChaos(sqs.Chaos{Duplicate: 0.5, DuplicateWithin: time.Second, Reorder: true, Short: 0.5})
	u, f := b.queue("q", nil), b.fifo("f", nil)
	var want []string
	for i := range 60 {
		body := fmt.Sprintf("%02d", i)
		want = append(want, body)
		b.send(u, body)
		b.send(f, body, group("g"))
	}
	var got, ordered []string
	drain := func(url string, into *[]string) {
		for range 200 {
			ms := b.receive(url, 10)
			for _, m := range ms {
				*into = append(*into, *m.Body)
				b.delete(url, m)
			}
			b.clock.Advance(100 * time.Millisecond)
		}
	}
	drain(u, &got)
	drain(f, &ordered)
	if !slices.Equal(ordered, want) {
		t.Errorf("FIFO: %v", ordered)
	}
	if len(got) <= len(want) || slices.IsSorted(got) {
		t.Errorf("the standard queue was calm: %v", got)
	}
	slices.SortFunc(got, cmp.Compare[string])
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("lost: %v", got)
	}
}

func TestTheSameSeedGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	trace := func() string {
		c := clock.NewVirtual(start)
		s, err := sqs.New(sqs.Config{Clock: c, Rand: rand.New(rand.NewPCG(7, 7))})
		if err != nil {
			t.Fatal(err)
		}
		s.SetChaos(sqs.Rough)
		b := &bench{t, s, c, inProcess(s)}
		u := b.queue("q", nil)
		var out []any
		for i := range 40 {
			b.send(u, fmt.Sprint(i))
			if i%5 == 4 {
				out = append(out, b.receive(u, 10))
			}
			c.Advance(3 * time.Second)
		}
		j, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(j)
	}
	if trace() != trace() {
		t.Error("two runs with one seed differ")
	}
}
