package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/scripts/localcloud/awslocal"
	localkms "lumo/scripts/localcloud/kms"
	localmail "lumo/scripts/localcloud/mail"
	locals3 "lumo/scripts/localcloud/s3"
	localsqs "lumo/scripts/localcloud/sqs"
	"lumo/shared/blob"
	"lumo/shared/blob/s3"
	"lumo/shared/clock"
	"lumo/shared/mail"
	"lumo/shared/mail/ses"
	"lumo/shared/queue"
	"lumo/shared/queue/sqs"
	"lumo/shared/seal"
	"lumo/shared/seal/kms"
)

func serve(t *testing.T, h http.Handler) aws.Config {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return awslocal.Config(s.URL)
}

// queues makes one standard and one FIFO queue and our sender to them.
func queues(t *testing.T) (*awssqs.Client, map[queue.Queue]string, queue.Sender, *clock.Virtual) {
	t.Helper()
	c := clock.NewVirtual(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
	server, err := localsqs.New(localsqs.Config{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	api := awssqs.NewFromConfig(serve(t, server))
	urls := map[queue.Queue]string{}
	for q, attributes := range map[queue.Queue]map[string]string{queue.LineEvents: nil, queue.SyncSteps: {"FifoQueue": "true"}} {
		name := string(q)
		if q.FIFO() {
			name += ".fifo"
		}
		made, err := api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		urls[q] = *made.QueueUrl
	}
	return api, urls, sqs.New(api, urls, c), c
}

// receive takes everything that is visible and deletes it.
func receive(t *testing.T, api *awssqs.Client, url string) []types.Message {
	t.Helper()
	var all []types.Message
	for {
		out, err := api.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			if _, err := api.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, out.Messages...)
	}
}

func TestSQSStandard(t *testing.T) {
	t.Parallel()
	api, urls, sender, clock := queues(t)
	want := map[string]int{}
	var ms []queue.Message
	for i, body := range []string{"{}", "あ\uFFFF", "\x00\x01", "\xff\xfe", "base64:x", strings.Repeat("y", queue.MaxBody)} {
		ms = append(ms, queue.Message{Body: []byte(body), Group: fmt.Sprint("portal-", i%2)})
		want[body]++
	}
	for i := range 27 {
		body := strings.Repeat("z", i*4000+1)
		ms = append(ms, queue.Message{Body: []byte(body)})
		want[body]++
	}
	if err := sender.Send(t.Context(), queue.LineEvents, ms...); err != nil {
		t.Fatal(err)
	}
	for _, m := range receive(t, api, urls[queue.LineEvents]) {
		body, err := queue.Decode(*m.Body)
		if err != nil {
			t.Error(err)
		}
		want[string(body)]--
	}
	for body, n := range want {
		if n != 0 {
			t.Errorf("%.20q: %d times too few", body, n)
		}
	}
	if err := sender.Send(t.Context(), queue.LineEvents, queue.Message{Body: []byte("late"), Delay: queue.MaxDelay}); err != nil {
		t.Fatal(err)
	}
	clock.Advance(queue.MaxDelay - time.Second)
	early := len(receive(t, api, urls[queue.LineEvents]))
	clock.Advance(time.Second)
	if late := len(receive(t, api, urls[queue.LineEvents])); early != 0 || late != 1 {
		t.Errorf("%d early and %d on time", early, late)
	}
}

func TestSQSFIFO(t *testing.T) {
	t.Parallel()
	api, urls, sender, clock := queues(t)
	var ms []queue.Message
	for i := range 30 {
		ms = append(ms, queue.Message{Body: fmt.Appendf(nil, "%02d", i), Group: fmt.Sprint("run-", i%3), Dedup: fmt.Sprint(i)})
	}
	for range 2 { // the second time everything is a duplicate
		if err := sender.Send(t.Context(), queue.SyncSteps, ms...); err != nil {
			t.Fatal(err)
		}
	}
	last, n := map[string]string{}, 0
	for _, m := range receive(t, api, urls[queue.SyncSteps]) {
		group := m.Attributes["MessageGroupId"]
		if *m.Body <= last[group] {
			t.Errorf("%s after %s in %s", *m.Body, last[group], group)
		}
		last[group] = *m.Body
		n++
	}
	if n != len(ms) {
		t.Errorf("%d messages", n)
	}
	clock.Advance(5 * time.Minute)
	if err := sender.Send(t.Context(), queue.SyncSteps, ms[0]); err != nil || len(receive(t, api, urls[queue.SyncSteps])) != 1 {
		t.Errorf("after 5 minutes the same is new: %v", err)
	}
}

func TestKMS(t *testing.T) {
	t.Parallel()
	server, err := localkms.New("", "key-1", "key-2")
	if err != nil {
		t.Fatal(err)
	}
	api := awskms.NewFromConfig(serve(t, server))
	c := clock.NewVirtual(time.Now())
	e := seal.New(kms.New(api, localkms.ARN("key-1")), c)
	ctx := t.Context()
	sealed, err := e.Seal(ctx, 7, []byte("channel secret"))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if plain, err := e.Open(ctx, 7, sealed); err != nil || string(plain) != "channel secret" {
			t.Fatalf("%q, %v", plain, err)
		}
		c.Advance(29 * time.Second)
	}
	if n := server.Calls(); n != 1 {
		t.Errorf("%d calls to KMS", n)
	}
	elsewhere := seal.New(kms.New(api, localkms.ARN("key-1")), c) // another environment
	if plain, err := elsewhere.Open(ctx, 7, sealed); err != nil || string(plain) != "channel secret" {
		t.Errorf("elsewhere: %q, %v", plain, err)
	}
	if _, err := elsewhere.Open(ctx, 8, sealed); !errors.Is(err, seal.ErrRefused) {
		t.Errorf("another portal: %v", err)
	}
	parts := strings.Split(sealed, ".")
	tampered := parts[0] + "." + parts[1][:20] + "AAAA" + parts[1][24:] + "." + parts[2]
	if _, err := elsewhere.Open(ctx, 7, tampered); !errors.Is(err, seal.ErrRefused) {
		t.Errorf("tampered key: %v", err)
	}
	if _, err := seal.New(kms.New(api, localkms.ARN("key-2")), c).Open(ctx, 7, sealed); !errors.Is(err, seal.ErrRefused) {
		t.Errorf("another KMS key: %v", err)
	}
	if _, err := seal.New(kms.New(api, localkms.ARN("key-3")), c).Seal(ctx, 7, nil); err == nil || errors.Is(err, seal.ErrRefused) {
		t.Errorf("no such KMS key: %v", err)
	}
}

func TestS3(t *testing.T) {
	t.Parallel()
	server, err := locals3.New("", "bucket")
	if err != nil {
		t.Fatal(err)
	}
	store3 := s3.Client(serve(t, server))
	store := s3.New(store3, "bucket")
	ctx := t.Context()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, body := range map[string][]byte{"a/b-1.json": []byte("{}"), "empty": {}, "big": big} {
		if err := blob.PutBytes(ctx, store, 7, name, "application/json", body); err != nil {
			t.Fatal(err)
		}
		if got, err := blob.GetBytes(ctx, store, 7, name); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if _, err := store.Get(ctx, 8, name); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s of another portal: %v", name, err)
		}
	}
	if err := blob.PutBytes(ctx, store, 7, "empty", "text/plain", []byte("now full")); err != nil {
		t.Fatal(err)
	}
	if got, err := blob.GetBytes(ctx, store, 7, "empty"); err != nil || string(got) != "now full" {
		t.Errorf("replaced: %q, %v", got, err)
	}
	for range 2 {
		if err := store.Delete(ctx, 7, "big"); err != nil {
			t.Error(err)
		}
	}
	if _, err := store.Get(ctx, 7, "big"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	long := bytes.Repeat([]byte("0123456789abcdef"), 6<<16+1) // of two parts of the upload
	depot := s3.NewDepot(store3, "bucket")
	for range 2 {
		if err := depot.Stream(ctx, 7, "inbox/long", "video/mp4", bytes.NewReader(long)); err != nil {
			t.Fatal(err)
		}
	}
	if err := depot.Stream(ctx, 7, "inbox/long", "video/mp4", io.MultiReader(bytes.NewReader(long[:9<<20>>1]), iotest.ErrReader(io.ErrNoProgress))); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a broken stream: %v", err)
	}
	if got, err := blob.GetBytes(ctx, store, 7, "inbox/long"); err != nil || !bytes.Equal(got, long) {
		t.Errorf("streamed: %d bytes, %v", len(got), err)
	}
	nowhere := s3.New(s3.Client(serve(t, server)), "no-such-bucket")
	if _, err := nowhere.Get(ctx, 7, "a"); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a missing bucket is no missing object: %v", err)
	}
}

func TestSES(t *testing.T) {
	t.Parallel()
	server, err := localmail.New("", clock.Real{})
	if err != nil {
		t.Fatal(err)
	}
	sender := ses.New(sesv2.NewFromConfig(serve(t, server)), "lumo@example.com")
	if err := sender.Send(t.Context(), mail.Mail{To: "a@example.com", Subject: "同期が止まりました", Text: "t", HTML: "<p>h"}); err != nil {
		t.Fatal(err)
	}
	got := server.Mails()
	if len(got) != 1 || got[0].To[0] != "a@example.com" || got[0].Subject != "同期が止まりました" || got[0].Text != "t" || got[0].HTML != "<p>h" || got[0].From != "lumo@example.com" {
		t.Errorf("%+v", got)
	}
}
