package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lumo/scripts/sim/table"
	"lumo/shared/dynamo"
	"lumo/shared/seal"
)

// outside is the one way out of a function: the call takes time both ways, and the process may die before or after its effect.
func (w *World) outside(service, what string, effect func()) {
	t := w.current
	if t == nil || t.outside > 0 {
		effect()
		return
	}
	t.calls++
	if hits(t.aim, service, what) {
		t.countdown--
	}
	dies := t.countdown == 0
	if dies {
		t.countdown = -1
	}
	w.wait(w.now.Add(w.weather.latency(service) + w.weather.stall(t)))
	if dies && !t.after {
		w.crash(t, what, "before")
	}
	t.outside++
	effect()
	t.outside--
	w.trace("%s %s", service, what)
	if dies && t.after {
		w.crash(t, what, "after")
	}
	w.wait(w.now.Add(w.weather.latency(service) + w.weather.stall(t)))
}

// hits tells whether a crash with this aim counts the call.
func hits(a aim, service, what string) bool {
	switch a {
	case effects:
		return hasEffect(service, what)
	case providers:
		return (service == "hubspot" || service == "line") && !strings.HasPrefix(what, "GET ") && !strings.Contains(what, "/search ") && !strings.Contains(what, "/batch/read ")
	}
	return true
}

// hasEffect tells calls that change something from those that only look.
func hasEffect(service, what string) bool {
	return service != "table" || !strings.HasPrefix(what, "Get") && !strings.HasPrefix(what, "BatchGet") && !strings.HasPrefix(what, "Query")
}

func (w *World) crash(t *task, what, side string) {
	w.crashes++
	w.trace("crash of %s %s %s", t.name, side, what)
	w.kill(t)
}

// hubspotWire leads to the HubSpot sandbox.
type hubspotWire struct{ w *World }

func (x hubspotWire) RoundTrip(r *http.Request) (res *http.Response, err error) {
	r, body := keepBody(r)
	x.w.outside("hubspot", r.Method+" "+r.URL.RequestURI()+" "+digest(body), func() {
		x.w.hubspotCalls++
		if x.w.weather.down(x.w.now) {
			x.w.trace("hubspot is down")
			res = respond(r, 503, nil)
			return
		}
		if f := x.w.weather.hubspotFault(); f != nil {
			n, _ := x.w.hubspot.AddFault(*f)
			defer x.w.hubspot.RemoveFault(n)
			x.w.faulted(f.Kind, time.Duration(f.Millis)*time.Millisecond)
			if f.Status == 429 {
				x.w.forced429++
				x.w.stalledBy(limitedFor)
			}
		}
		res, err = x.w.hubspot.Transport().RoundTrip(r)
		x.w.trace("hubspot answers %s", outcomeOf(res, err))
	})
	return res, err
}

// lineWire leads to the LINE sandbox.
type lineWire struct{ w *World }

func (x lineWire) RoundTrip(r *http.Request) (res *http.Response, err error) {
	r, body := keepBody(r)
	x.w.outside("line", r.Method+" "+r.URL.RequestURI()+" "+digest(body), func() {
		if f := x.w.weather.lineFault(); f != nil {
			n, _ := x.w.line.AddFault(*f)
			defer x.w.line.RemoveFault(n)
			x.w.faulted(string(f.Kind), time.Duration(f.DelayMS)*time.Millisecond)
		}
		res, err = x.w.line.Transport().RoundTrip(r)
		x.w.trace("line answers %s", outcomeOf(res, err))
	})
	return res, err
}

// faulted counts a fault against the invocation that suffers from it.
func (w *World) faulted(kind string, stall time.Duration) {
	w.faults++
	w.trace("fault %s", kind)
	w.stalledBy(stall)
}

// limitedFor is how long our client keeps still after a 429 that does not say how long: HubSpot's window.
const limitedFor = 10 * time.Second

// stalledBy counts time that nobody can help against the invocation.
func (w *World) stalledBy(d time.Duration) {
	if w.current != nil {
		w.current.stalled += d
	}
}

func outcomeOf(res *http.Response, err error) string {
	if err != nil {
		return "nothing"
	}
	return fmt.Sprint(res.StatusCode)
}

func keepBody(r *http.Request) (*http.Request, []byte) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	b, _ := io.ReadAll(r.Body)
	r.Body.Close()
	out := r.Clone(r.Context())
	out.Body = io.NopCloser(bytes.NewReader(b))
	return out, b
}

// queueWire leads to the SQS stand-in. Sends may fail, before or after the message is kept.
type queueWire struct{ w *World }

func (x queueWire) RoundTrip(r *http.Request) (res *http.Response, err error) {
	r, body := keepBody(r)
	x.w.outside("queue", r.Header.Get("X-Amz-Target")+" "+digest(body), func() {
		lost := x.w.weather.stormy() && x.w.current != nil && x.w.weather.chance(x.w.weather.sending)
		if lost && x.w.weather.chance(0.5) {
			x.w.faulted("queue unreachable", 0)
			err = errors.New("connection refused")
			return
		}
		rec := httptest.NewRecorder()
		x.w.sqs.ServeHTTP(rec, r)
		if lost {
			x.w.faulted("queue answer lost", 0)
			err = errors.New("connection reset")
			return
		}
		res = rec.Result()
		res.Request = r
	})
	return res, err
}

// keys is the key service.
type keys struct {
	w  *World
	ks seal.KeyService
}

func (k keys) GenerateDataKey(ctx context.Context, c map[string]string) (plain, wrapped []byte, err error) {
	k.w.outside("keys", "GenerateDataKey", func() { plain, wrapped, err = k.ks.GenerateDataKey(ctx, c) })
	return plain, wrapped, err
}

func (k keys) Decrypt(ctx context.Context, c map[string]string, wrapped []byte) (plain []byte, err error) {
	k.w.outside("keys", "Decrypt", func() { plain, err = k.ks.Decrypt(ctx, c, wrapped) })
	return plain, err
}

// tableWire is the table as functions reach it.
type tableWire struct {
	w *World
	t *table.Table
}

var _ dynamo.API = tableWire{}

var errTable = errors.New("InternalServerError: the table could not answer")

// through makes one call. A call that is no transaction may be repeated by the SDK after its answer was lost, without the code knowing.
func through[In, Out any](x tableWire, ctx context.Context, what string, repeats bool, in *In, do func(context.Context, *In, ...func(*dynamodb.Options)) (*Out, error)) (out *Out, err error) {
	x.w.outside("table", what, func() {
		bad := x.w.weather.stormy() && x.w.current != nil && x.w.weather.chance(x.w.weather.table)
		if bad && x.w.weather.chance(0.5) {
			x.w.faulted("table down", 0)
			err = errTable
			return
		}
		out, err = do(ctx, in)
		if bad && repeats && err == nil {
			x.w.faulted("table answer lost", 0)
			out, err = do(ctx, in)
		}
	})
	return out, err
}

func (x tableWire) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return through(x, ctx, "Get "+keyOf(in.Key), false, in, x.t.GetItem)
}

func (x tableWire) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	var what strings.Builder
	for _, name := range sortedKeys(in.RequestItems) {
		for _, k := range in.RequestItems[name].Keys {
			what.WriteString(" " + keyOf(k))
		}
	}
	return through(x, ctx, "BatchGet"+what.String(), false, in, x.t.BatchGetItem)
}

func (x tableWire) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return through(x, ctx, "Put "+keyOf(in.Item), true, in, x.put)
}

// put watches the rows of chains: a step that was handed over is not taken back, and what is over stays over.
func (x tableWire) put(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	at := keyOf(in.Item)
	if !strings.Contains(at, "#RUN#") {
		return x.t.PutItem(ctx, in, o...)
	}
	before := x.t.Find(in.Item)
	out, err := x.t.PutItem(ctx, in, o...)
	x.w.evaluate("I2")
	if err == nil && before != nil && (table.Number(in.Item["n"]) < table.Number(before["n"]) || before["d"] != nil && in.Item["d"] == nil) {
		x.w.violate("I2", "chain %s went back from step %d to %d", at, table.Number(before["n"]), table.Number(in.Item["n"]))
	}
	return out, err
}

func (x tableWire) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return through(x, ctx, "Update "+keyOf(in.Key), true, in, x.t.UpdateItem)
}

func (x tableWire) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return through(x, ctx, "Delete "+keyOf(in.Key), true, in, x.t.DeleteItem)
}

func (x tableWire) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	var what strings.Builder
	for _, name := range sortedKeys(in.ExpressionAttributeValues) {
		what.WriteString(" " + table.Text(in.ExpressionAttributeValues[name]))
	}
	return through(x, ctx, "Query"+what.String(), false, in, x.t.Query)
}

func (x tableWire) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return through(x, ctx, fmt.Sprintf("Transact %d", len(in.TransactItems)), false, in, x.t.TransactWriteItems)
}

func keyOf(m table.Item) string { return table.Text(m["pk"]) + "/" + table.Text(m["sk"]) }

// front is our own origin as HubSpot and LINE reach it.
type front struct{ w *World }

func (f front) RoundTrip(r *http.Request) (*http.Response, error) {
	r, body := keepBody(r)
	fn, key, params := f.w.route(r.URL.Path)
	if fn == nil {
		return respond(r, 404, nil), nil
	}
	headers := map[string]string{}
	for name, v := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(v, ",")
	}
	payload, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": key, "rawPath": r.URL.Path, "rawQueryString": r.URL.RawQuery, "headers": headers, "pathParameters": params,
		"body": string(body), "isBase64Encoded": false,
		"requestContext": map[string]any{"requestId": "gateway", "http": map[string]string{"method": r.Method, "path": r.URL.Path, "sourceIp": "192.0.2.1"}},
	})
	if err != nil {
		return nil, err
	}
	got := f.w.await(fn, payload)
	var out struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers"`
		Body       string            `json:"body"`
	}
	if got.failed || json.Unmarshal(got.payload, &out) != nil {
		return respond(r, 500, nil), nil
	}
	return respond(r, out.StatusCode, []byte(out.Body)), nil
}

func respond(r *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// route finds the function behind a path, as template.yaml has it.
func (w *World) route(path string) (*function, string, map[string]string) {
	switch {
	case path == "/hubspot/webhooks":
		return w.functions["hubspot-webhooks"], "POST /hubspot/webhooks", nil
	case strings.HasPrefix(path, "/hubspot/actions/"):
		return w.functions["workflow-actions"], "POST /hubspot/actions/{action}", map[string]string{"action": strings.TrimPrefix(path, "/hubspot/actions/")}
	case strings.HasPrefix(path, "/line/webhooks/"):
		return w.functions["line-webhooks"], "POST /line/webhooks/{bot}", map[string]string{"bot": strings.TrimPrefix(path, "/line/webhooks/")}
	}
	return nil, "", nil
}

// await invokes a function and waits for its answer, as an HTTP caller does.
func (w *World) await(fn *function, payload []byte) answer {
	me := w.current
	var got answer
	delay := w.weather.between(time.Millisecond, 10*time.Millisecond)
	if me == nil { // set-up
		over := false
		w.invoke(fn, payload, delay, func(a answer) { got, over = a, true })
		for !over && w.broken == "" && w.step(w.now.Add(time.Hour)) {
		}
		return got
	}
	w.invoke(fn, payload, delay, func(a answer) {
		got = a
		w.at(w.now, func() {
			if !me.over && !me.dead {
				w.wakeUp(me)
			}
		})
	})
	w.park()
	return got
}

var (
	_ http.RoundTripper = hubspotWire{}
	_ seal.KeyService   = keys{}
)
