package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/clock"
)

// call runs one action without HTTP.
func call(t interface{ Fatal(...any) }, s *Server, name string, in any) []byte {
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.do(context.Background(), name, b)
	if err != nil {
		t.Fatal(name, err)
	}
	if b, err = json.Marshal(out); err != nil {
		t.Fatal(err)
	}
	return b
}

func state(t interface{ Fatal(...any) }, s *Server) string {
	b, err := encode(s.compacted())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A server that reads the log has exactly the state of the one that wrote it, whatever happened and however often it was compacted.
func TestReplayLeadsToTheSameState(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		file := filepath.Join(dir, fmt.Sprint(n))
		c := clock.NewVirtual(time.Unix(1_700_000_000, 0))
		open := func() *Server {
			s, err := New(Config{LogFile: file, Clock: c, Rand: rand.New(rand.NewPCG(1, uint64(n)))})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		defer func() { s.Close() }()
		deadArn := func(name string) string {
			return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, ARN(name))
		}
		call(t, s, "CreateQueue", createQueueInput{"dead", nil})
		call(t, s, "CreateQueue", createQueueInput{"q", map[string]string{"RedrivePolicy": deadArn("dead"), "MessageRetentionPeriod": "3600"}})
		call(t, s, "CreateQueue", createQueueInput{"dead.fifo", map[string]string{"FifoQueue": "true"}})
		call(t, s, "CreateQueue", createQueueInput{"q.fifo", map[string]string{"FifoQueue": "true", "RedrivePolicy": deadArn("dead.fifo")}})
		s.SetChaos(Rough)
		var held []receivedMessage
		queues := rapid.SampledFrom([]string{"q", "q.fifo"})
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				q := queues.Draw(t, "queue")
				in := map[string]any{"QueueUrl": q, "MessageBody": rapid.StringMatching("[a-z<é]{1,9}").Draw(t, "body")}
				if q == "q.fifo" {
					in["MessageGroupId"], in["MessageDeduplicationId"] = rapid.StringMatching("[ab]").Draw(t, "group"), rapid.StringMatching("[a-f]").Draw(t, "dedup")
				}
				call(t, s, "SendMessage", in)
			},
			"receive": func(t *rapid.T) {
				var out receiveOutput
				b := call(t, s, "ReceiveMessage", map[string]any{"QueueUrl": queues.Draw(t, "queue"), "MaxNumberOfMessages": 3})
				if err := json.Unmarshal(b, &out); err != nil {
					t.Fatal(err)
				}
				held = append(held, out.Messages...)
			},
			"delete": func(t *rapid.T) {
				if len(held) == 0 {
					return
				}
				m := rapid.SampledFrom(held).Draw(t, "held")
				b, _ := json.Marshal(map[string]any{"QueueUrl": queues.Draw(t, "queue"), "ReceiptHandle": m.ReceiptHandle, "VisibilityTimeout": 10})
				s.do(context.Background(), rapid.SampledFrom([]string{"DeleteMessage", "ChangeMessageVisibility"}).Draw(t, "action"), b) // may be refused
			},
			"time": func(t *rapid.T) { c.Advance(time.Duration(rapid.IntRange(1, 600).Draw(t, "s")) * time.Second) },
			"purge": func(t *rapid.T) {
				b, _ := json.Marshal(queueInput{queues.Draw(t, "queue")})
				s.do(context.Background(), "PurgeQueue", b)
			},
			"compact": func(t *rapid.T) { s.log.limit = 0 },
			"": func(t *rapid.T) {
				before := state(t, s)
				s.Close()
				s = open()
				s.SetChaos(Rough)
				if after := state(t, s); after != before {
					t.Fatalf("before:\n%s\nafter:\n%s", before, after)
				}
			},
		})
	})
}

func TestATornLastLineIsDropped(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "log")
	open := func() (*Server, error) { return New(Config{LogFile: file}) }
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	call(t, s, "CreateQueue", createQueueInput{"q", nil})
	call(t, s, "SendMessage", map[string]any{"QueueUrl": "q", "MessageBody": "kept"})
	call(t, s, "SendMessage", map[string]any{"QueueUrl": "q", "MessageBody": "torn"})
	s.Close()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b[:len(b)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = open(); err != nil {
		t.Fatal(err)
	}
	if got := s.Depths()[0].Visible; got != 1 {
		t.Errorf("%d messages, want 1", got)
	}
	s.Close()

	if err := os.WriteFile(file, bytes.Replace(b, []byte(`"Op":"put"`), []byte(`"Op":"pot"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = open(); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("a damaged log was accepted: %v", err)
	}
}

func TestWithoutTheLogNothingIsAnswered(t *testing.T) {
	t.Parallel()
	s, err := New(Config{LogFile: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	call(t, s, "CreateQueue", createQueueInput{"q", nil})
	s.log.file.Close() // as good as a full disk
	b, _ := json.Marshal(map[string]any{"QueueUrl": "q", "MessageBody": "x"})
	if _, err := s.do(t.Context(), "SendMessage", b); err == nil {
		t.Error("a send that is not in the log was accepted")
	}
	if got := s.Depths()[0].Visible; got != 0 {
		t.Errorf("%d messages, want 0", got)
	}
}
