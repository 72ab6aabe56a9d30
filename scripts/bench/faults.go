package bench

import (
	"context"
	"fmt"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/syncrun"
)

// measureFaults imports and writes back while HubSpot fails: every fault may cost one more call, and nothing may be missing. It does one thing
// at a time in virtual time: with much under way at once, how many contacts come by search (200 a call) and how many by the list (100) depends
// on who was stopped for how long, and that would drown what repeats cost.
func measureFaults(ctx context.Context, r *run) ([]Figure, error) {
	calm, _, err := r.disturbed(ctx, nil)
	if err != nil {
		return nil, err
	}
	rough, missing, err := r.disturbed(ctx, []hubspotsandbox.Fault{
		{Kind: hubspotsandbox.FaultStatus, Status: 502, Probability: 0.05},
		{Kind: hubspotsandbox.FaultCutBefore, Probability: 0.005},
		{Kind: hubspotsandbox.FaultCutAfter, Probability: 0.005},
		{Kind: hubspotsandbox.FaultStatus, Status: 429, Probability: 0.05},
	})
	if err != nil {
		return nil, err
	}
	return []Figure{
		atMost("faults_missing", float64(missing), "contacts that do not agree", 0),
		atMost("faults_calls", float64(rough.calls)/float64(calm.calls+rough.faults), "calls / (undisturbed + injected faults)", 1.03),
		info("faults_injected", float64(rough.faults)/float64(rough.calls), "share of calls"),
	}, nil
}

type effort struct{ calls, faults int }

// disturbed does an import and its write-back among faults and returns what it took and how many contacts do not agree then.
func (r *run) disturbed(ctx context.Context, faults []hubspotsandbox.Fault) (e effort, missing int, err error) {
	w, err := r.world(ctx, setup{contacts: max(r.Size/5, 100), companies: max(r.Size/50, 10), virtual: true, latency: hubspotsandbox.Latency{Millis: 150}})
	if err != nil {
		return e, 0, err
	}
	defer w.Close()
	if err := w.storeKnown(ctx, 0); err != nil {
		return e, 0, err
	}
	for _, f := range faults {
		f.Path = "^/crm/"
		if _, err := w.hub.AddFault(f); err != nil {
			return e, 0, err
		}
	}
	began := w.clock.Now()
	run, err := w.whole(ctx, syncrun.Request{Trigger: syncrun.Initial, Extent: syncrun.Contacts})
	if err != nil {
		return e, 0, err
	}
	for _, f := range w.hub.Faults() {
		e.faults += f.Hits
	}
	calls := w.calls.all()
	e.calls = len(calls)
	if missing, err = w.stale(ctx); err == nil && run.Counts.Read < len(w.contacts) {
		err = fmt.Errorf("%w: %d of %d contacts read", errOver, run.Counts.Read, len(w.contacts))
	}
	r.say("faults: %d injected, %d calls %v in %.0f s, %d invocations repeated; %d contacts do not agree %s", e.faults, e.calls, kinds(calls), w.clock.Now().Sub(began).Seconds(), w.retries, missing, w.example)
	return e, missing, err
}
