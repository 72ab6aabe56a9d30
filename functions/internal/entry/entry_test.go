package entry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/logging"
	"lumo/shared/logging/logtest"
	"lumo/shared/queue"
)

const arn = "arn:aws:sqs:ap-northeast-1:123456789012:"

func sources() map[string]Source {
	env := map[string]string{
		queue.LineEvents.Env():     "https://sqs.ap-northeast-1.amazonaws.com/123456789012/lumo-LineEvents-A1B2",
		queue.LineEvents.DeadEnv(): "https://sqs.ap-northeast-1.amazonaws.com/123456789012/lumo-LineEventsDead-C3D4",
		queue.Flush.Env():          "http://127.0.0.1:9324/000000000000/local-Flush.fifo",
	}
	return Sources(func(name string) string { return env[name] })
}

func function(h Handlers) (*Function, *logtest.Buffer) {
	out := &logtest.Buffer{}
	return New(h, sources(), logging.New(out, slog.LevelInfo), clock.NewVirtual(time.Now())), out
}

func invoke(t *testing.T, f *Function, event any) (string, error) {
	t.Helper()
	payload, ok := event.(string)
	if !ok {
		b, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		payload = string(b)
	}
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "invocation-1"})
	out, err := f.Invoke(ctx, []byte(payload))
	return string(out), err
}

func TestSources(t *testing.T) {
	t.Parallel()
	got := sources()
	want := map[string]Source{
		"lumo-LineEvents-A1B2": {queue.LineEvents, false}, "lumo-LineEventsDead-C3D4": {queue.LineEvents, true}, "local-Flush.fifo": {queue.Flush, false},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v", got)
	}
}

func httpEvent(change func(map[string]any)) map[string]any {
	e := map[string]any{
		"version": "2.0", "routeKey": "POST /line/webhooks/{bot}", "rawPath": "/line/webhooks/U1", "rawQueryString": "a=1&a=2&b=%E3%81%82",
		"cookies": []string{"s=1", "t=2"}, "headers": map[string]string{"x-line-signature": "sig", "content-type": "application/json"},
		"requestContext": map[string]any{"requestId": "r-1", "http": map[string]any{"method": "POST", "path": "/line/webhooks/U1", "sourceIp": "10.0.0.1"}},
		"pathParameters": map[string]string{"bot": "U1"}, "body": `{"events":[]}`, "isBase64Encoded": false,
	}
	if change != nil {
		change(e)
	}
	return e
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	var got Request
	f, _ := function(Handlers{HTTP: func(_ context.Context, r Request) (Response, error) { got = r; return Response{}, nil }})
	for name, change := range map[string]func(map[string]any){
		"plain":  nil,
		"base64": func(e map[string]any) { e["body"], e["isBase64Encoded"] = "eyJldmVudHMiOltdfQ==", true },
	} {
		if _, err := invoke(t, f, httpEvent(change)); err != nil {
			t.Fatal(err)
		}
		if got.Method != "POST" || got.Route != "POST /line/webhooks/{bot}" || got.Path != "/line/webhooks/U1" || got.Params["bot"] != "U1" ||
			string(got.Body) != `{"events":[]}` || got.Header.Get("X-Line-Signature") != "sig" || got.SourceIP != "10.0.0.1" || got.ID != "r-1" ||
			!slices.Equal(got.Query["a"], []string{"1", "2"}) || got.Query.Get("b") != "あ" || got.Cookie("t") != "2" || got.Cookie("u") != "" {
			t.Errorf("%s: %+v", name, got)
		}
		if uri := got.URI("https://lumo.example"); uri != "https://lumo.example/line/webhooks/U1?a=1&a=2&b=%E3%81%82" {
			t.Errorf("%s: %s", name, uri)
		}
	}
	if uri := (Request{Path: "/x"}).URI("o"); uri != "o/x" {
		t.Error(uri)
	}
}

func TestHTTPResponse(t *testing.T) {
	t.Parallel()
	defaults := `"Cache-Control":"no-store"`
	for _, c := range []struct {
		name string
		res  Response
		want []string
	}{
		{"empty", Response{}, []string{`"statusCode":200`, defaults}},
		{"text", Text(403, "no"), []string{`"statusCode":403`, `"body":"no"`, `"Content-Type":"text/plain; charset=utf-8"`, `"X-Content-Type-Options":"nosniff"`}},
		{"page", HTML(200, []byte("<p>あ")), []string{`\u003cp\u003eあ`, `text/html`}},
		{"redirect", Redirect("https://x/?a=1"), []string{`"statusCode":303`, `"Location":"https://x/?a=1"`}},
		{"bytes", Response{Body: []byte{0xff}}, []string{`"body":"/w=="`, `"isBase64Encoded":true`}},
		{"own cache rule", Response{Header: map[string]string{"cache-control": "max-age=60"}}, []string{`"Cache-Control":"max-age=60"`}},
		{
			"cookies", Response{Cookies: []*http.Cookie{{Name: "a", Value: "1", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}, {Name: "b", Value: "2"}}},
			[]string{`"cookies":["a=1; HttpOnly; Secure; SameSite=Lax","b=2"]`},
		},
	} {
		f, _ := function(Handlers{HTTP: func(context.Context, Request) (Response, error) { return c.res, nil }})
		out, err := invoke(t, f, httpEvent(nil))
		for _, want := range c.want {
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("%s: %s is missing in %s, %v", c.name, want, out, err)
			}
		}
	}
	if r, err := JSON(201, map[string]int{"a": 1}); err != nil || string(r.Body) != `{"a":1}` || r.Status != 201 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestHTTPRefusals(t *testing.T) {
	t.Parallel()
	called := false
	f, _ := function(Handlers{MaxBody: 10, HTTP: func(context.Context, Request) (Response, error) { called = true; return Response{}, nil }})
	for name, c := range map[string]struct {
		change func(map[string]any)
		status string
	}{
		"body too large": {func(e map[string]any) { e["body"] = strings.Repeat("x", 11) }, "413"},
		"encoded body too large": {func(e map[string]any) {
			e["body"], e["isBase64Encoded"] = base64.StdEncoding.EncodeToString(make([]byte, 11)), true
		}, "413"},
		"body that is not encoded": {func(e map[string]any) { e["body"], e["isBase64Encoded"] = "%%", true }, "400"},
	} {
		out, err := invoke(t, f, httpEvent(c.change))
		if err != nil || called || !strings.Contains(out, `"statusCode":`+c.status) || !strings.Contains(out, `\"request\":\"r-1\"`) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	out, err := invoke(t, f, httpEvent(func(e map[string]any) { e["body"] = strings.Repeat("x", 10) }))
	if err != nil || !called {
		t.Errorf("a body of just the limit: %s, %v", out, err)
	}
}

func TestHTTPFailure(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(context.Context, Request) (Response, error){
		"error": func(context.Context, Request) (Response, error) { return Response{}, errors.New("canary-detail") },
		"panic": func(context.Context, Request) (Response, error) { panic("canary-detail") },
	} {
		f, log := function(Handlers{HTTP: h})
		out, err := invoke(t, f, httpEvent(nil))
		if err != nil || !strings.Contains(out, `"statusCode":500`) || strings.Contains(out, "canary") {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		if !strings.Contains(string(log.Bytes()), `"level":"ERROR"`) {
			t.Errorf("%s: %s", name, log.Bytes())
		}
	}
}

type message struct{ id, group, body string }

func batchEvent(queueName string, ms ...message) map[string]any {
	var records []map[string]any
	for _, m := range ms {
		attributes := map[string]string{"ApproximateReceiveCount": "3", "SentTimestamp": "1760000000123", "SenderId": "x"}
		if m.group != "" {
			attributes["MessageGroupId"], attributes["MessageDeduplicationId"], attributes["SequenceNumber"] = m.group, "d-"+m.id, "1"
		}
		records = append(records, map[string]any{
			"messageId": m.id, "receiptHandle": "h", "body": m.body, "attributes": attributes, "messageAttributes": map[string]any{},
			"md5OfBody": "x", "eventSource": "aws:sqs", "eventSourceARN": arn + queueName, "awsRegion": "ap-northeast-1",
		})
	}
	return map[string]any{"Records": records}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	var got []Record
	f, _ := function(Handlers{Queues: map[queue.Queue]BatchHandler{queue.Flush: func(_ context.Context, b []Record) ([]string, error) { got = b; return nil, nil }}})
	out, err := invoke(t, f, batchEvent("local-Flush.fifo", message{"m1", "g", "base64:AA=="}))
	if err != nil || out != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", out, err)
	}
	want := Record{ID: "m1", Body: []byte{0}, Group: "g", Dedup: "d-m1", Receives: 3, SentAt: time.UnixMilli(1760000000123).UTC()}
	if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("%+v", got)
	}
}

// Ensure that exactly what must come again is reported: on FIFO also all that follows a failure in its group.
func TestBatchFailures(t *testing.T) {
	t.Parallel()
	ms := []message{{"a1", "a", "1"}, {"b1", "b", "2"}, {"a2", "a", "3"}, {"c1", "c", "4"}, {"b2", "b", "5"}, {"a3", "a", "6"}}
	broken := slices.Clone(ms)
	broken[1].body = "base64:%%"
	all := "a1 b1 a2 c1 b2 a3"
	for _, c := range []struct {
		name, queue string
		ms          []message
		handler     BatchHandler
		again       string
	}{
		{"none", "lumo-LineEvents-A1B2", ms, fails(nil), ""},
		{"some of a standard queue", "lumo-LineEvents-A1B2", ms, fails(nil, "b2", "a1"), "a1 b2"},
		{"some of a FIFO queue", "local-Flush.fifo", ms, fails(nil, "b1", "a2"), "b1 a2 b2 a3"},
		{"an error with names", "lumo-LineEvents-A1B2", ms, fails(errors.New("x"), "c1"), "c1"},
		{"an error without names", "lumo-LineEvents-A1B2", ms, fails(errors.New("x")), all},
		{"a panic", "lumo-LineEvents-A1B2", ms, func(context.Context, []Record) ([]string, error) { panic("x") }, all},
		{"a foreign message", "lumo-LineEvents-A1B2", broken, fails(nil, "a1"), "a1 b1"},
		{"a foreign message on FIFO", "local-Flush.fifo", broken, fails(nil), "b1 b2"},
		{"a failure reported twice", "lumo-LineEvents-A1B2", ms, fails(nil, "c1", "c1"), "c1"},
	} {
		f, _ := function(Handlers{Queues: map[queue.Queue]BatchHandler{queue.LineEvents: c.handler, queue.Flush: c.handler}})
		out, err := invoke(t, f, batchEvent(c.queue, c.ms...))
		var answer batchResponse
		if err != nil || json.Unmarshal([]byte(out), &answer) != nil {
			t.Errorf("%s: %s, %v", c.name, out, err)
		}
		var again []string
		for _, x := range answer.Failures {
			again = append(again, x.ID)
		}
		if got := strings.Join(again, " "); got != c.again {
			t.Errorf("%s: %s again, want %s", c.name, got, c.again)
		}
	}
}

func fails(err error, ids ...string) BatchHandler {
	return func(context.Context, []Record) ([]string, error) { return ids, err }
}

// Ensure that a batch which nobody answers for comes again as a whole.
func TestBatchThatFailsWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		queue string
		h     Handlers
	}{
		"queue that the environment does not name": {"lumo-LineEvents-OTHER", Handlers{}},
		"no handler":             {"lumo-LineEvents-A1B2", Handlers{}},
		"no dead-letter handler": {"lumo-LineEventsDead-C3D4", Handlers{Queues: map[queue.Queue]BatchHandler{queue.LineEvents: fails(nil)}}},
		"handler names a message that was not there": {"lumo-LineEvents-A1B2", Handlers{Queues: map[queue.Queue]BatchHandler{queue.LineEvents: fails(nil, "m9")}}},
	} {
		f, _ := function(c.h)
		if out, err := invoke(t, f, batchEvent(c.queue, message{"m1", "", "1"})); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	var from queue.Queue
	f, log := function(Handlers{DeadLetters: func(_ context.Context, q queue.Queue, b []Record) ([]string, error) {
		from = q
		return []string{b[1].ID}, nil
	}})
	out, err := invoke(t, f, batchEvent("lumo-LineEventsDead-C3D4", message{"m1", "", "1"}, message{"m2", "", "2"}))
	if err != nil || from != queue.LineEvents || out != `{"batchItemFailures":[{"itemIdentifier":"m2"}]}` || !strings.Contains(string(log.Bytes()), `"dead":true`) {
		t.Errorf("%s from %s, %v\n%s", out, from, err, log.Bytes())
	}
}

const tick = `{"version":"0","id":"x","detail-type":"Scheduled Event","source":"aws.events","time":"2026-01-01T00:00:00Z","resources":["r"],"detail":{}}`

func TestSchedule(t *testing.T) {
	t.Parallel()
	var failure error
	f, _ := function(Handlers{Schedule: func(context.Context) error { return failure }})
	if out, err := invoke(t, f, tick); err != nil || out != "null" {
		t.Errorf("%s, %v", out, err)
	}
	failure = errors.New("x")
	if _, err := invoke(t, f, tick); err == nil {
		t.Error("a failed tick was reported as done")
	}
}

func TestUnknownEvents(t *testing.T) {
	t.Parallel()
	f, _ := function(Handlers{})
	for _, e := range []string{``, `{}`, `[]`, `{"Records":[{"eventSource":"aws:s3"}]}`, `{"detail-type":"Other"}`, tick, `{"requestContext":{"http":{"method":"GET"}}}`} {
		if out, err := invoke(t, f, e); err == nil {
			t.Errorf("%s: %s", e, out)
		}
	}
}

// Ensure that what was leased is given back whatever happens, with time left to do it.
func TestRelease(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(context.Context) error{
		"done": func(context.Context) error { return nil }, "failed": func(context.Context) error { return errors.New("x") },
		"panic": func(context.Context) error { panic("x") },
	} {
		released := 0
		f, _ := function(Handlers{Schedule: work, Release: func(ctx context.Context) {
			if ctx.Err() == nil {
				released++
			}
			panic("in release")
		}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // the invocation's own time is over
		_, err := f.Invoke(ctx, []byte(tick))
		if released != 1 || (err == nil) != (name == "done") {
			t.Errorf("%s: released %d times, %v", name, released, err)
		}
	}
}

// Ensure that there is one line for each invocation which tells enough, and nothing about anybody.
func TestLog(t *testing.T) {
	t.Parallel()
	c := logtest.New("entry")
	body, query, header, cause := c.Plant("body"), c.Plant("query"), c.Plant("header"), c.Plant("provider message")
	path := c.Add("path", "/line/webhooks/canary-path")
	failed := &fault.Fault{Provider: "line", Class: fault.Invalid, Code: "LINE_INVALID", Message: cause, CorrelationID: "req-9"}
	var answer error
	f, log := function(Handlers{
		HTTP:   func(context.Context, Request) (Response, error) { return Text(202, body), answer },
		Queues: map[queue.Queue]BatchHandler{queue.LineEvents: func(context.Context, []Record) ([]string, error) { panic(body) }},
	})
	e := httpEvent(func(e map[string]any) {
		e["body"], e["rawQueryString"], e["rawPath"], e["headers"] = body, "token="+query, path, map[string]string{"authorization": header}
	})
	if _, err := invoke(t, f, e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"msg":"invocation"`, `"kind":"http"`, `"route":"POST /line/webhooks/{bot}"`, `"status":202`, `"request":"invocation-1"`, `"ms":`, `"cold":true`} {
		if !strings.Contains(string(log.Bytes()), want) {
			t.Errorf("%s is missing in %s", want, log.Bytes())
		}
	}
	if lines := strings.Count(string(log.Bytes()), "\n"); lines != 1 {
		t.Errorf("%d lines", lines)
	}
	answer = fmt.Errorf("push: %w", failed)
	if _, err := invoke(t, f, e); err != nil {
		t.Fatal(err)
	}
	_, err := invoke(t, f, batchEvent("lumo-LineEvents-A1B2", message{"m1", "", body}))
	_, wrong := invoke(t, f, batchEvent("lumo-LineEvents-"+body, message{"m1", "", body}))
	for _, want := range []string{`"error":"push: LINE_INVALID"`, `"correlation":"req-9"`, `"queue":"LineEvents"`, `"failed":1`, `"error":"panic: string"`, `entry_test.go`} {
		if !strings.Contains(string(log.Bytes()), want) {
			t.Errorf("%s is missing in %s", want, log.Bytes())
		}
	}
	c.Check(t, log.Bytes())
	c.Check(t, fmt.Appendf(nil, "%v %v", err, wrong))
}
