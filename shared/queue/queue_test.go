package queue

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestEnvironmentNames(t *testing.T) {
	t.Parallel()
	want := map[Queue]string{
		HubspotEvents: "QUEUE_HUBSPOT_EVENTS", LineEvents: "QUEUE_LINE_EVENTS", LineForwards: "QUEUE_LINE_FORWARDS",
		Flush: "QUEUE_FLUSH", SyncSteps: "QUEUE_SYNC_STEPS", Wakeups: "QUEUE_WAKEUPS",
		BroadcastSteps: "QUEUE_BROADCAST_STEPS", Taps: "QUEUE_TAPS", Actions: "QUEUE_ACTIONS", Inbox: "QUEUE_INBOX",
	}
	for _, q := range All() {
		if q.Env() != want[q] || q.DeadEnv() != want[q]+"_DEAD" {
			t.Errorf("%s: %s, %s", q, q.Env(), q.DeadEnv())
		}
	}
}

// Ensure that any bytes survive the way through SQS, as characters that SQS takes.
func TestBodySurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var body []byte
		if rapid.Bool().Draw(t, "text") {
			body = []byte(rapid.String().Draw(t, "string"))
		} else {
			body = rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		}
		s := Encode(body)
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
			return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
		}) {
			t.Fatalf("SQS would refuse %q", s)
		}
		back, err := Decode(s)
		if err != nil || string(back) != string(body) {
			t.Fatalf("%q came back as %q, %v", body, back, err)
		}
	})
}

func TestBodyForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, travels string }{
		{`{"a":"あ"}`, `{"a":"あ"}`},
		{"\"\uFFFD\"", "\"\uFFFD\""}, // a real replacement character is text
		{"\uFFFF", "base64:77+/"},
		{"\x00", "base64:AA=="},
		{"\xff", "base64:/w=="},
		{"base64:AA==", "base64:YmFzZTY0OkFBPT0="},
	} {
		if got := Encode([]byte(c.body)); got != c.travels {
			t.Errorf("%q travels as %q, want %q", c.body, got, c.travels)
		}
	}
	if _, err := Decode("base64:%%"); err == nil {
		t.Error("a broken body was taken")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	for _, c := range []struct {
		name string
		q    Queue
		m    Message
		ok   bool
	}{
		{"standard", LineEvents, Message{Body: body}, true},
		{"standard with a group, for fairness", LineEvents, Message{Body: body, Group: "1"}, true},
		{"standard with the longest delay", Wakeups, Message{Body: body, Delay: MaxDelay}, true},
		{"fifo", Flush, Message{Body: body, Group: "1", Dedup: "1"}, true},
		{"largest body", LineEvents, Message{Body: []byte(strings.Repeat("x", MaxBody))}, true},
		{"unknown queue", "Elsewhere", Message{Body: body}, false},
		{"no body", LineEvents, Message{}, false},
		{"body too large", LineEvents, Message{Body: []byte(strings.Repeat("x", MaxBody+1))}, false},
		{"body too large once encoded", LineEvents, Message{Body: make([]byte, MaxBody)}, false},
		{"delay too long", Wakeups, Message{Body: body, Delay: MaxDelay + time.Second}, false},
		{"negative delay", Wakeups, Message{Body: body, Delay: -1}, false},
		{"standard with dedup", LineEvents, Message{Body: body, Dedup: "1"}, false},
		{"fifo without group", Flush, Message{Body: body, Dedup: "1"}, false},
		{"fifo without dedup", SyncSteps, Message{Body: body, Group: "1"}, false},
		{"fifo with delay", Flush, Message{Body: body, Group: "1", Dedup: "1", Delay: time.Second}, false},
		{"group with a space", Flush, Message{Body: body, Group: "a b", Dedup: "1"}, false},
		{"group too long", Flush, Message{Body: body, Group: strings.Repeat("g", 129), Dedup: "1"}, false},
	} {
		err := Check(c.q, c.m)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	var r Recorder
	ctx := t.Context()
	if err := r.Send(ctx, LineEvents, Message{Body: []byte("1")}, Message{Body: []byte("2")}); err != nil {
		t.Fatal(err)
	}
	if err := r.Send(ctx, Flush, Message{Body: []byte("3")}); !errors.Is(err, ErrInvalid) {
		t.Errorf("the recorder is more lenient than SQS: %v", err)
	}
	if err := r.Send(ctx, Flush, Message{Body: []byte("4"), Group: "g", Dedup: "d"}); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Sent()); n != 3 {
		t.Errorf("%d messages recorded, want 3", n)
	}
	if got := r.Take(LineEvents); len(got) != 2 || string(got[1].Body) != "2" {
		t.Errorf("took %v", got)
	}
	if got := r.Sent(); len(got) != 1 || got[0].Queue != Flush {
		t.Errorf("left %v", got)
	}
	r.Fail = func(Queue, []Message) error { return errors.New("down") }
	if err := r.Send(ctx, LineEvents, Message{Body: []byte("5")}); err == nil || len(r.Sent()) != 1 {
		t.Error("a refused call was recorded")
	}
}
