package sqs_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/scripts/localcloud/sqs"
)

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
