package sqs_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/sqs"
)

// TestMain lets the test binary be the server that gets killed.
func TestMain(m *testing.M) {
	file := os.Getenv("SQS_TEST_LOG")
	if file == "" {
		os.Exit(m.Run())
	}
	s, err := sqs.New(sqs.Config{LogFile: file})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	web := httptest.NewServer(http.Handler(s))
	fmt.Println(web.URL)
	select {}
}

type child struct {
	cmd    *exec.Cmd
	client *awssqs.Client
}

func spawn(t *testing.T, file string) child {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "SQS_TEST_LOG="+file)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return child{c, awssqs.NewFromConfig(awslocal.Config(strings.TrimSpace(url)), func(o *awssqs.Options) { o.RetryMaxAttempts = 1 })}
}

// Every send that was answered before the kill is there afterwards, every answered delete stays, and deduplication still holds.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "log")
	c := spawn(t, file)
	ctx := t.Context()
	q, err := c.client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("q.fifo"), Attributes: map[string]string{"FifoQueue": "true", "VisibilityTimeout": "0"}})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	answered := map[string]bool{}
	var wg sync.WaitGroup
	enough := make(chan struct{})
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf("%d-%d", w, i)
				_, err := c.client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: &body, MessageGroupId: &body, MessageDeduplicationId: &body})
				if err != nil {
					return
				}
				mu.Lock()
				if answered[body] = true; len(answered) == 200 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	deleted, err := c.client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range deleted.Messages {
		if _, err := c.client.DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: q.QueueUrl, ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
	c.cmd.Process.Kill()
	wg.Wait()
	c.cmd.Wait()

	c = spawn(t, file)
	for body := range answered { // a duplicate within five minutes must not become a second message
		if _, err := c.client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: &body, MessageGroupId: &body, MessageDeduplicationId: &body}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int{}
	for {
		o, err := c.client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Messages) == 0 {
			break
		}
		for _, m := range o.Messages {
			got[*m.Body]++
		}
	}
	for _, m := range deleted.Messages {
		if got[*m.Body] != 0 {
			t.Errorf("%s was deleted and came back", *m.Body)
		}
		delete(answered, *m.Body)
	}
	for body := range answered {
		if got[body] != 1 {
			t.Errorf("%s was answered and exists %d times", body, got[body])
		}
	}
}
