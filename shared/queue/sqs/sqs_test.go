package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"pgregory.net/rapid"

	"lumo/shared/clock"
	"lumo/shared/queue"
)

// fake keeps the entries of each call; answer, when set, decides what becomes of an entry: "" accepts it.
type fake struct {
	calls  [][]types.SendMessageBatchRequestEntry
	took   []string
	answer func(call int, e types.SendMessageBatchRequestEntry) (code string, senderFault bool)
	err    error
}

func (f *fake) SendMessageBatch(_ context.Context, in *awssqs.SendMessageBatchInput, _ ...func(*awssqs.Options)) (*awssqs.SendMessageBatchOutput, error) {
	f.calls = append(f.calls, in.Entries)
	if f.err != nil {
		return nil, f.err
	}
	out := &awssqs.SendMessageBatchOutput{}
	for _, e := range in.Entries {
		code, mine := "", false
		if f.answer != nil {
			code, mine = f.answer(len(f.calls), e)
		}
		switch code {
		case "":
			f.took = append(f.took, aws.ToString(e.MessageBody))
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id})
		case "silence":
		default:
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: &code, SenderFault: mine})
		}
	}
	return out, nil
}

func sender(f *fake) (*Sender, *clock.Virtual) {
	c := clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := New(f, map[queue.Queue]string{queue.LineEvents: "http://q/LineEvents", queue.Flush: "http://q/Flush.fifo"}, c)
	s.Jitter = func() float64 { return 1 }
	return s, c
}

func messages(n, size int) []queue.Message {
	ms := make([]queue.Message, n)
	for i := range ms {
		ms[i].Body = []byte(fmt.Sprintf("%-*d", size, i))
	}
	return ms
}

func TestBatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		n, size int
		calls   []int
	}{
		{"nothing", 0, 0, nil},
		{"one", 1, 4, []int{1}},
		{"by ten", 23, 4, []int{10, 10, 3}},
		{"by size", 5, 100 << 10, []int{2, 2, 1}},
		{"one alone above the batch size", 2, 400 << 10, []int{1, 1}},
	} {
		f := &fake{}
		s, _ := sender(f)
		if err := s.Send(t.Context(), queue.LineEvents, messages(c.n, c.size)...); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var calls []int
		for _, entries := range f.calls {
			calls = append(calls, len(entries))
		}
		if !slices.Equal(calls, c.calls) || len(f.took) != c.n {
			t.Errorf("%s: calls of %v, want %v; %d messages", c.name, calls, c.calls, len(f.took))
		}
	}
}

func TestEntryFields(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s, _ := sender(f)
	ctx := t.Context()
	if err := s.Send(ctx, queue.LineEvents, queue.Message{Body: []byte("a"), Delay: 1500 * time.Millisecond, Group: "7"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(ctx, queue.Flush, queue.Message{Body: []byte("b\x00"), Group: "7", Dedup: "7-1"}); err != nil {
		t.Fatal(err)
	}
	std, fifo := f.calls[0][0], f.calls[1][0]
	if std.DelaySeconds != 2 || aws.ToString(std.MessageGroupId) != "7" || std.MessageDeduplicationId != nil {
		t.Errorf("standard entry %+v", std)
	}
	if fifo.DelaySeconds != 0 || aws.ToString(fifo.MessageGroupId) != "7" || aws.ToString(fifo.MessageDeduplicationId) != "7-1" ||
		aws.ToString(fifo.MessageBody) != "base64:YgA=" {
		t.Errorf("fifo entry %+v", fifo)
	}
}

// Ensure that only failed entries are repeated, with growing waits, until they are accepted.
func TestFailedEntriesAreRepeated(t *testing.T) {
	t.Parallel()
	f := &fake{answer: func(call int, e types.SendMessageBatchRequestEntry) (string, bool) {
		switch {
		case call == 1 && aws.ToString(e.Id) == "1":
			return "InternalError", false
		case call <= 2 && aws.ToString(e.Id) == "3":
			return "silence", false
		}
		return "", false
	}}
	s, c := sender(f)
	begun := c.Now()
	if err := s.Send(t.Context(), queue.LineEvents, messages(4, 1)...); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.took, " "); got != "0 2 1 3" {
		t.Errorf("accepted %s", got)
	}
	if waited := c.Now().Sub(begun); waited != 150*time.Millisecond {
		t.Errorf("waited %v", waited)
	}
}

func TestFailuresAreNamed(t *testing.T) {
	t.Parallel()
	refuse := func(id string, senderFault bool) *fake {
		return &fake{answer: func(_ int, e types.SendMessageBatchRequestEntry) (string, bool) {
			if aws.ToString(e.Id) == id {
				return "Refused", senderFault
			}
			return "", false
		}}
	}
	for _, c := range []struct {
		name   string
		f      *fake
		unsent []int
		calls  int
	}{
		{"a lasting failure ends after some tries, later batches are not begun", refuse("2", false), []int{2, 10, 11}, attempts},
		{"our own fault is not repeated", refuse("2", true), []int{2, 10, 11}, 1},
		{"a failed call", &fake{err: errors.New("no route")}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 1},
	} {
		s, _ := sender(c.f)
		err := s.Send(t.Context(), queue.LineEvents, messages(12, 1)...)
		var failed *queue.SendError
		if !errors.As(err, &failed) || !slices.Equal(failed.Unsent, c.unsent) || len(c.f.calls) != c.calls {
			t.Errorf("%s: %v after %d calls", c.name, err, len(c.f.calls))
		}
	}
}

func TestNothingIsSentWhenOneIsInvalid(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s, _ := sender(f)
	err := s.Send(t.Context(), queue.LineEvents, queue.Message{Body: []byte("1")}, queue.Message{})
	if !errors.Is(err, queue.ErrInvalid) || len(f.calls) != 0 {
		t.Errorf("%v after %d calls", err, len(f.calls))
	}
	if err := s.Send(t.Context(), queue.Wakeups, queue.Message{Body: []byte("1")}); err == nil {
		t.Error("sent to a queue without URL")
	}
}

// Ensure that a group of a FIFO queue stays in order whatever fails, and that nothing is sent twice or forgotten silently.
func TestFIFOKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fails := rapid.SliceOfN(rapid.Bool(), 60, 60).Draw(t, "fails")
		n := 0
		f := &fake{answer: func(int, types.SendMessageBatchRequestEntry) (string, bool) {
			n++
			if n <= len(fails) && fails[n-1] {
				return "InternalError", false
			}
			return "", false
		}}
		s, _ := sender(f)
		groups := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 15).Draw(t, "groups")
		var ms []queue.Message
		for i, g := range groups {
			ms = append(ms, queue.Message{Body: fmt.Appendf(nil, "%s%02d", g, i), Group: g, Dedup: fmt.Sprint(i)})
		}
		err := s.Send(context.Background(), queue.Flush, ms...)
		last := map[byte]string{}
		for _, body := range f.took {
			if body <= last[body[0]] {
				t.Fatalf("order broken: %v", f.took)
			}
			last[body[0]] = body
		}
		unsent := 0
		if failed := (*queue.SendError)(nil); errors.As(err, &failed) {
			unsent = len(failed.Unsent)
		}
		if len(f.took)+unsent != len(ms) {
			t.Fatalf("%d taken and %d unsent of %d", len(f.took), unsent, len(ms))
		}
	})
}
