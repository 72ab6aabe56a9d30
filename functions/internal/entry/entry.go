// Package entry joins a function's handlers to the Lambda runtime: it recognises what called, hands it on as plain Go values, and
// answers in the caller's language. It writes one log line for each invocation, without personal data.
package entry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"lumo/shared/clock"
	"lumo/shared/logging"
	"lumo/shared/queue"
)

// Handlers is what a function can do. A nil handler means that this function is never called so; if it is, that is an error.
type Handlers struct {
	HTTP func(context.Context, Request) (Response, error)
	// MaxBody is the largest HTTP body taken, in bytes; 0 means 2 MiB. Larger ones get 413.
	MaxBody int
	// Queues handle batches; see BatchHandler.
	Queues map[queue.Queue]BatchHandler
	// DeadLetters handles a batch from the dead-letter queue of q.
	DeadLetters func(ctx context.Context, q queue.Queue, batch []Record) (failed []string, err error)
	// Schedule is the minute tick.
	Schedule func(context.Context) error
	// Release runs at the end of each invocation, also after a panic: give back what must not be held while the environment sleeps.
	// It has its own second of time.
	Release func(context.Context)
}

// BatchHandler works on the messages of one queue. It returns the IDs of those that must come again. An error without IDs means that
// all of them must; an error with IDs is only logged, and the other messages are done.
type BatchHandler = func(ctx context.Context, batch []Record) (failed []string, err error)

const (
	defaultMaxBody = 2 << 20
	setupTime      = 9 * time.Second // Lambda gives 10
	releaseTime    = time.Second
)

// Start sets the function up and serves until the environment ends. A failed set-up ends the process with the reason in the log.
func Start(setup func(context.Context) (Handlers, error)) {
	log := logging.New(os.Stderr, slog.LevelInfo,
		logging.Stage(os.Getenv("STAGE")), logging.Function(os.Getenv("AWS_LAMBDA_FUNCTION_NAME")))
	slog.SetDefault(log) // the runtime client prints errors with package log; they pass the same filter
	ctx, cancel := context.WithTimeout(context.Background(), setupTime)
	h, err := setup(ctx)
	cancel()
	if err != nil {
		log.Error("set-up failed", logging.Error(err))
		os.Exit(1)
	}
	f := New(h, Sources(os.Getenv), log, clock.Real{})
	f.frontKey = os.Getenv("FRONT_KEY")
	lambda.StartWithOptions(f)
}

// Function is a lambda.Handler.
type Function struct {
	handlers Handlers
	sources  map[string]Source
	log      *slog.Logger
	clock    clock.Clock
	frontKey string // what requests must bring; "" when there is no front
	cold     bool
}

var _ lambda.Handler = (*Function)(nil)

// New makes the function without starting it.
func New(h Handlers, sources map[string]Source, log *slog.Logger, c clock.Clock) *Function {
	if h.MaxBody <= 0 {
		h.MaxBody = defaultMaxBody
	}
	return &Function{handlers: h, sources: sources, log: log, clock: c, cold: true}
}

// outcome is what the log line tells besides the time taken.
type outcome struct {
	attrs  []slog.Attr
	answer any
	err    error // logged
	fail   bool  // the invocation itself fails, so that the caller repeats it
}

// Invoke answers one event. Its error holds no data: the runtime prints and returns it.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	begun := f.clock.Now()
	request := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		request = lc.AwsRequestID
	}
	o := f.dispatch(ctx, payload)
	f.release(ctx)
	var out []byte
	if !o.fail {
		var err error
		if out, err = json.Marshal(o.answer); err != nil {
			o.err, o.fail = err, true
		}
	}
	level := slog.LevelInfo
	attrs := append(o.attrs, logging.Request(request), logging.Took("ms", f.clock.Now().Sub(begun)), slog.Bool("cold", f.cold))
	f.cold = false
	if o.err != nil {
		level = slog.LevelError
		attrs = append(attrs, logging.Error(o.err))
	}
	f.log.LogAttrs(ctx, level, "invocation", attrs...)
	if o.fail {
		return nil, errors.New("invocation failed; request " + request + " in the log tells why")
	}
	return out, nil
}

var errUnknownEvent = errors.New("unknown kind of event")

func (f *Function) dispatch(ctx context.Context, payload []byte) outcome {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return outcome{err: errUnknownEvent, fail: true}
	}
	switch {
	case e.RequestContext.HTTP.Method != "" && f.handlers.HTTP != nil:
		return f.serveHTTP(ctx, e)
	case len(e.Records) > 0 && e.Records[0].Source == "aws:sqs":
		return f.serveBatch(ctx, e.Records)
	case e.DetailType == "Scheduled Event" && f.handlers.Schedule != nil:
		return f.serveSchedule(ctx)
	}
	return outcome{err: errUnknownEvent, fail: true}
}

func (f *Function) serveSchedule(ctx context.Context) outcome {
	err := f.guard(ctx, func() error { return f.handlers.Schedule(ctx) })
	o := outcome{attrs: []slog.Attr{logging.Kind("schedule")}, err: err, fail: err != nil}
	if err == nil {
		o.attrs = append(o.attrs, logging.Metric(logging.Ticks, 1))
	}
	return o
}

// errPanic stands for a panic; its value may hold anything and is not shown.
var errPanic = errors.New("panic")

// guard turns a panic into an error and writes where it happened.
func (f *Function) guard(ctx context.Context, work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %T", errPanic, v)
			f.log.LogAttrs(ctx, slog.LevelError, "panic", logging.Stack(debug.Stack()))
		}
	}()
	return work()
}

func (f *Function) release(ctx context.Context) {
	if f.handlers.Release == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = f.guard(ctx, func() error { f.handlers.Release(ctx); return nil }) // guard has logged it; the work itself is done
}
