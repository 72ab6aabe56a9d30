package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/functions/invoke"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/mapping"
	"lumo/scripts/localcloud/sqs"
	"lumo/scripts/localcloud/template"
	"lumo/shared/compose"
)

// function is one Lambda function with its environments.
type function struct {
	template.Function
	folder string
	open   func(*environment) *invoke.Function
	envs   []*environment
}

// environment is a process: it serves one invocation at a time, keeps its caches between them, and is frozen in between.
type environment struct {
	fn     *function
	number int
	serve  *invoke.Function
	app    *compose.App
	busy   bool
	dead   bool
	tasks  []*task
	timers []*envTimer
}

type envTimer struct {
	at  time.Time
	f   func()
	off bool
}

// afterFunc of code inside an environment.
func (e *environment) afterFunc(s *scheduler, at time.Time, f func()) func() {
	t := &envTimer{at: at, f: f}
	e.timers = append(e.timers, t)
	s.at(at, func() { e.fire(s) })
	return func() { t.off = true }
}

// fire runs the timers that are due, while the environment is not frozen.
func (e *environment) fire(s *scheduler) {
	if e.dead || !e.busy {
		return
	}
	var due []*envTimer
	e.timers = slices.DeleteFunc(e.timers, func(t *envTimer) bool {
		if t.off || !t.at.After(s.now) {
			due = append(due, t)
			return true
		}
		return false
	})
	for _, t := range due {
		if !t.off {
			k := &task{name: e.fn.folder + " timer", env: e}
			e.tasks = append(e.tasks, k)
			s.start(s.now, k, t.f)
		}
	}
}

// answer is what an invocation came to.
type answer struct {
	payload []byte
	failed  bool // an error, a crash or a timeout
}

// invoke runs a function as a task of its own and tells then, on the scheduler's side, what came of it.
func (w *World) invoke(fn *function, payload []byte, delay time.Duration, then func(answer)) *task {
	t := &task{name: fn.folder}
	var out answer
	out.failed = true
	t.then = append(t.then, func() { then(out) })
	w.invocations++
	request := fmt.Sprintf("request-%06d", w.invocations)
	w.start(w.now.Add(delay), t, func() {
		env := w.environment(fn)
		t.env = env
		env.tasks = append(env.tasks, t)
		w.weather.trouble(t)
		began := w.now
		deadline := began.Add(fn.Timeout)
		limit := w.at(deadline, func() { w.timeout(t) })
		t.then = append(t.then, func() { limit.off = true; w.vacate(env, t, began) })
		w.trace("invoke %s %s %s", fn.folder, request, digest(payload))
		env.fire(w.scheduler)
		ctx := lambdacontext.NewContext(functionContext{context.Background(), deadline}, &lambdacontext.LambdaContext{AwsRequestID: request})
		b, err := env.serve.Invoke(ctx, payload)
		out = answer{b, err != nil}
		w.trace("done %s failed=%v", request, err != nil)
	})
	return t
}

// environment takes an idle one, or opens another.
func (w *World) environment(fn *function) *environment {
	for _, e := range fn.envs {
		if !e.busy && !e.dead {
			e.busy = true
			return e
		}
	}
	w.opened++
	e := &environment{fn: fn, number: w.opened, busy: true}
	fn.envs = append(fn.envs, e)
	e.serve = fn.open(e)
	return e
}

// vacate freezes the environment after an invocation, or buries it when the invocation was killed.
func (w *World) vacate(e *environment, t *task, began time.Time) {
	e.tasks = slices.DeleteFunc(e.tasks, func(o *task) bool { return o == t })
	w.evaluate("I8")
	if !t.dead {
		e.busy = false
		return
	}
	w.trace("killed %s after %s", e.fn.folder, w.now.Sub(began))
	e.dead = true
	e.fn.envs = slices.DeleteFunc(e.fn.envs, func(o *environment) bool { return o == e })
	for _, o := range slices.Clone(e.tasks) {
		w.kill(o)
	}
}

// timeout is Lambda's own: the invocation took too long and is killed (I8).
func (w *World) timeout(t *task) {
	if t.over || t.dead {
		return
	}
	w.timeouts++
	if t.stalled < t.env.fn.Timeout/2 {
		w.violate("I8", "%s was still at work at its deadline, after %d calls, of which %s were lost to stalled calls", t.name, t.calls, t.stalled)
	}
	w.kill(t)
}

// source is an SQS event source mapping.
type source struct {
	template.Source
	fn     *function
	url    string
	busy   int
	poll   *event
	hidden time.Duration
}

const mostBatches = 3 // of one queue at the same time

// pollAll plans the next receive of every queue that has something and every mapping that has room.
func (w *World) pollAll() {
	for _, s := range w.sources {
		at, ok := w.sqs.Next(s.Queue)
		if !ok || s.busy >= mostBatches {
			continue
		}
		if at.Before(w.now) {
			at = w.now
		}
		if s.poll != nil && !s.poll.at.After(at.Add(s.Window+pollJitter)) {
			continue
		}
		if s.poll != nil {
			s.poll.off = true
		}
		s.poll = w.at(at.Add(w.weather.between(0, s.Window+pollJitter)), func() { w.receive(s) })
	}
}

const pollJitter = 200 * time.Millisecond

// receive takes one batch and invokes the function with it.
func (w *World) receive(s *source) {
	s.poll = nil
	var batch []types.Message
	for len(batch) < s.BatchSize {
		o, err := w.poller.ReceiveMessage(context.Background(), &awssqs.ReceiveMessageInput{
			QueueUrl: &s.url, MaxNumberOfMessages: int32(min(s.BatchSize-len(batch), 10)),
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			w.fail("receive from %s: %v", s.Queue, err)
			return
		}
		batch = append(batch, o.Messages...)
		if len(o.Messages) == 0 || w.weather.chance(0.3) {
			break
		}
	}
	if len(batch) == 0 {
		return
	}
	payload, err := mapping.Event(sqs.ARN(s.Queue), batch)
	if err != nil {
		w.fail("event of %s: %v", s.Queue, err)
		return
	}
	if w.weather.stormy() && w.weather.chance(w.weather.twice) {
		if s.fn.folder == "contact-sync" {
			w.doubled++
		}
		w.invoke(s.fn, payload, w.weather.between(0, 5*time.Second), func(answer) {})
	}
	s.busy++
	w.invoke(s.fn, payload, 0, func(a answer) {
		s.busy--
		r := lambdahost.Result{Payload: a.payload}
		if a.failed {
			r.ErrorType = "Runtime.ExitError"
		}
		w.delete(s, mapping.Done(batch, r, s.ReportItems))
	})
}

// delete forgets what is done; what failed comes back when it becomes visible again.
func (w *World) delete(s *source, done []types.Message) {
	for part := range slices.Chunk(done, 10) {
		in := &awssqs.DeleteMessageBatchInput{QueueUrl: &s.url}
		for i, m := range part {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
		if _, err := w.poller.DeleteMessageBatch(context.Background(), in); err != nil {
			w.fail("delete from %s: %v", s.Queue, err)
		}
	}
}

// tick plans the minute tick for ever.
func (w *World) tick(fn *function) {
	next := w.now.Truncate(time.Minute).Add(time.Minute).Add(w.weather.between(0, 3*time.Second))
	w.at(next, func() {
		w.tick(fn)
		if w.weather.stormy() && w.weather.chance(w.weather.lostTicks) {
			return
		}
		payload, _ := json.Marshal(map[string]any{"detail-type": "Scheduled Event", "source": "aws.events", "time": w.now.UTC().Format(time.RFC3339)})
		w.invoke(fn, payload, 0, func(answer) {})
	})
}

// idle tells that no function is at work and nothing waits in a queue, except for what is not due before a time.
func (w *World) idle(before time.Time) bool {
	for _, f := range w.functions {
		for _, e := range f.envs {
			if e.busy {
				return false
			}
		}
	}
	for _, s := range w.sources {
		if at, ok := w.sqs.Next(s.Queue); ok && !at.After(before) || s.busy > 0 {
			return false
		}
	}
	return true
}

// queueNames of the template by logical name, live and dead.
func queueNames(sys *template.System) map[string]string {
	out := map[string]string{}
	for _, q := range sys.Queues {
		out[q.ID] = q.Name
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func folderOf(f template.Function) string { return strings.TrimPrefix(f.Code, "functions/") }
