package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/chain"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
)

// allowed is how many contacts a second HubSpot's limits let an import read: one chain of list pages, each asked for when the one before is
// there, and five searches.
func allowed(reply time.Duration) float64 { return 100/reply.Seconds() + 5*200 }

// reading runs a first import up to the end of its reading and returns the run and the time from its first page.
func (w *world) reading(ctx context.Context, r *syncrun.Runner) (syncrun.Run, time.Duration, error) {
	return w.start(ctx, r, syncrun.Request{Trigger: syncrun.Initial, Extent: syncrun.Contacts})
}

// start begins a run and carries it up to the end of its reading.
func (w *world) start(ctx context.Context, r *syncrun.Runner, q syncrun.Request) (syncrun.Run, time.Duration, error) {
	r.Prepare = nil // the properties are there
	started, err := w.app.Starter().Start(ctx, hub, q)
	if err != nil {
		return started, 0, err
	}
	for {
		ms := w.sent.Take(queue.SyncSteps)
		for _, m := range ms {
			var step chain.Message
			if err := json.Unmarshal(m.Body, &step); err != nil {
				return started, 0, err
			}
			if err := w.delivered(func() error { return w.step(ctx, r, step) }); err != nil {
				return started, 0, err
			}
		}
		run, _, err := w.app.Starter().Find(ctx, hub, started.ID)
		if err != nil {
			return run, 0, err
		}
		if run.Read.Phase != syncrun.Planning && run.Read.Phase != syncrun.Reading {
			return run, w.took(), nil
		}
		if len(ms) == 0 || run.Status.Over() {
			return run, 0, fmt.Errorf("%w: %s %s %s", errOver, run.Status, run.Code, run.Error)
		}
	}
}

// step is one invocation of the function.
func (w *world) step(ctx context.Context, r *syncrun.Runner, m chain.Message) error {
	ctx, end := w.invocation(ctx)
	defer end()
	return r.Step(ctx, m)
}

// invocation gives the work of one invocation its deadline; end is what a function does last.
func (w *world) invocation(ctx context.Context) (_ context.Context, end func()) {
	const limit = 60 * time.Second
	if w.virtual {
		ctx = until{ctx, w.clock.Now().Add(limit)}
		return ctx, func() { w.app.Release(ctx) }
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, func() { w.app.Release(ctx); cancel() }
}

// until is a context that tells a deadline of a clock that is not the machine's. It is never done by itself.
type until struct {
	context.Context
	deadline time.Time
}

// Deadline implements context.Context.
func (u until) Deadline() (time.Time, bool) { return u.deadline, true }

// receives is how often a queue hands out a message whose handling failed.
const receives = 4

// delivered does what a message asks for, again when it fails.
func (w *world) delivered(handle func() error) (err error) {
	for range receives {
		if err = handle(); err == nil {
			return nil
		}
		w.retries++
	}
	return err
}

// took is the time from the first page of contacts until now.
func (w *world) took() time.Duration {
	calls := w.calls.all()
	if lists := only(calls, listCall); len(lists) > 0 {
		calls = lists
	}
	if len(calls) == 0 {
		return 0
	}
	return w.clock.Now().Sub(calls[0].at)
}

const (
	listCall   = "GET contacts"
	searchCall = "POST contacts search"
)

// only keeps the calls of one kind.
func only(as []arrival, what string) []arrival {
	return slices.DeleteFunc(slices.Clone(as), func(a arrival) bool { return a.what != what })
}

func measureImport(ctx context.Context, r *run) ([]Figure, error) {
	var out []Figure
	for _, reply := range []time.Duration{150 * time.Millisecond, 300 * time.Millisecond} {
		w, err := r.world(ctx, setup{contacts: r.Size, companies: r.Size / 10, latency: hubspotsandbox.Latency{Millis: reply.Milliseconds()}})
		if err != nil {
			return nil, err
		}
		fs, err := w.measureImport(ctx, reply)
		w.Close()
		if err != nil {
			return nil, err
		}
		out = append(out, fs...)
	}
	return out, nil
}

func (w *world) measureImport(ctx context.Context, reply time.Duration) ([]Figure, error) {
	store, err := w.discard()
	if err != nil {
		return nil, err
	}
	r := w.app.Runner()
	r.Friends, r.Applier.Friends = store, store
	run, took, err := w.reading(ctx, r)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("import_%dms_share_of_api", reply.Milliseconds())
	rate := float64(run.Counts.Read) / took.Seconds()
	calls := w.calls.all()
	w.run.say("%s: %d contacts in %.1f s, %.0f/s of %.0f/s; calls %v; saved %d", name, run.Counts.Read, took.Seconds(), rate, allowed(reply), kinds(calls), store.saved.Load())
	w.run.say("longest pauses between list pages %v, between searches %v", pauses(only(calls, listCall), 8), pauses(only(calls, searchCall), 8))
	perThousand := 1000 * float64(len(calls)) / float64(w.setup.contacts)
	return []Figure{
		atLeast(name, rate/allowed(reply), "share", 0.75),
		atMost(fmt.Sprintf("import_%dms_hubspot_calls", reply.Milliseconds()), perThousand, "calls per 1,000 contacts", 11),
	}, nil
}
