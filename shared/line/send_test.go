package line

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"lumo/shared/fault"
	"lumo/shared/id"
)

func messages(texts ...string) (ms []json.RawMessage) {
	for _, s := range texts {
		ms = append(ms, Text(s))
	}
	return ms
}

func TestPush(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"sentMessages":[{"id":"461230966842064897","quoteToken":"q"}]}`))
	flex := json.RawMessage(`{"type":"flex","altText":"<b> & more","contents":{"type":"bubble","unknown":{"x":1}}}`)
	got, err := s.channel().Push(t.Context(), key, user, Outgoing{Messages: []json.RawMessage{Text("こんにちは"), flex}, Silent: true, Unit: "spring"})
	want := Sent{RequestID: "request-1", Messages: []SentMessage{{ID: "461230966842064897", QuoteToken: "q"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	q := s.last()
	body := `{"to":"` + string(user) + `","messages":[{"text":"こんにちは","type":"text"},` + string(flex) + `],"notificationDisabled":true,"customAggregationUnits":["spring"]}`
	if q.method != "POST" || q.path != "/api/v2/bot/message/push" || q.retryKey != key || strings.TrimSpace(q.body) != body {
		t.Errorf("sent %+v", q)
	}
}

func TestMulticast(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{}`))
	got, err := s.channel().Multicast(t.Context(), key, []id.LineUserID{user, other}, Outgoing{Messages: messages("hi")})
	if err != nil || got.RequestID != "request-1" || got.Repeated {
		t.Errorf("%+v, %v", got, err)
	}
	q := s.last()
	if body := `{"to":["` + string(user) + `","` + string(other) + `"],"messages":[{"text":"hi","type":"text"}]}`; q.path != "/api/v2/bot/message/multicast" ||
		q.retryKey != key || strings.TrimSpace(q.body) != body {
		t.Errorf("sent %+v", q)
	}
}

// Ensure that a reply has no retry key header at all: LINE refuses replies with one.
func TestReply(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"sentMessages":[{"id":"1"}]}`))
	if _, err := s.channel().Reply(t.Context(), "token-1", Outgoing{Messages: messages("hi")}); err != nil {
		t.Fatal(err)
	}
	q := s.last()
	if q.path != "/api/v2/bot/message/reply" || q.hasRetryKey || strings.TrimSpace(q.body) != `{"replyToken":"token-1","messages":[{"text":"hi","type":"text"}]}` {
		t.Errorf("sent %+v", q)
	}
}

// Ensure that a send that was accepted before counts as sent, under the request that LINE accepted.
func TestRepeatedSend(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Line-Accepted-Request-Id", "request-0")
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, `{"message":"The retry key is already accepted","sentMessages":[{"id":"1"}]}`)
	})
	got, err := s.channel().Push(t.Context(), key, user, Outgoing{Messages: messages("hi")})
	if err != nil || !got.Repeated || got.RequestID != "request-0" || len(got.Messages) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Ensure that whatever comes with a success status is a success: the message is out.
func TestAcceptedButUnreadable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", `{"sentMessages":7}`, strings.Repeat("x", maxReply+1)} {
		s := newServer(t, reply200(body))
		if got, err := s.channel().Push(t.Context(), key, user, Outgoing{Messages: messages("hi")}); err != nil || got.RequestID != "request-1" {
			t.Errorf("%.10q: %+v, %v", body, got, err)
		}
	}
	cut := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"sent`)
	})
	if _, err := cut.channel().Push(t.Context(), key, user, Outgoing{Messages: messages("hi")}); err != nil {
		t.Errorf("cut in the body: %v", err)
	}
}

func TestSendsRefusedHere(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c, ctx, hi := s.channel(), t.Context(), Outgoing{Messages: messages("hi")}
	call := func(_ Sent, err error) error { return err }
	for name, err := range map[string]error{
		"no key":              call(c.Push(ctx, "", user, hi)),
		"key is no UUID":      call(c.Push(ctx, "job-1", user, hi)),
		"malformed user":      call(c.Push(ctx, key, "U1", hi)),
		"no messages":         call(c.Push(ctx, key, user, Outgoing{})),
		"six messages":        call(c.Push(ctx, key, user, Outgoing{Messages: messages("1", "2", "3", "4", "5", "6")})),
		"not JSON":            call(c.Push(ctx, key, user, Outgoing{Messages: []json.RawMessage{[]byte("{")}})),
		"nobody":              call(c.Multicast(ctx, key, nil, hi)),
		"too many":            call(c.Multicast(ctx, key, make([]id.LineUserID, 501), hi)),
		"malformed among all": call(c.Multicast(ctx, key, []id.LineUserID{user, "x"}, hi)),
		"no reply token":      call(c.Reply(ctx, "", hi)),
		"reply with a unit":   call(c.Reply(ctx, "t", Outgoing{Messages: hi.Messages, Unit: "u"})),
	} {
		var f *fault.Fault
		if !errors.As(err, &f) || f.Class != fault.Invalid || f.Certainty != fault.NothingHappened || f.Code != CodeRefusedHere {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.issued() != 0 {
		t.Error("LINE was asked")
	}
}

// Ensure that only a connection that was never made counts as certainly not sent.
func TestNoReply(t *testing.T) {
	t.Parallel()
	cut := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	})
	_, err := cut.channel().Push(t.Context(), key, user, Outgoing{Messages: messages("hi")})
	var f *fault.Fault
	if !errors.As(err, &f) || f.Class != fault.Unavailable || f.Certainty != fault.Unknown || f.Code != CodeNoReply {
		t.Errorf("cut: %+v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	c := New(Config{APIURL: gone.URL}).Channel(Channel{"1", "s"})
	if err := c.CheckCredentials(t.Context()); !errors.As(err, &f) || f.Class != fault.Unavailable || f.Certainty != fault.NothingHappened {
		t.Errorf("no connection: %+v", err)
	}
}
