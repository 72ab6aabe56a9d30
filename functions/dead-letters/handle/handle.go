// Package handle turns dead letters into failed items that people see and can retry (P-73, redrive.Letters). Recording is idempotent; steps
// and flushes need no item, because their rows and markers still stand and the minute tick queues them again.
package handle

import (
	"context"
	"encoding/json"
	"errors"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/compose"
	"lumo/shared/failure"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

// Deps is what the function works with.
type Deps struct {
	Failures failure.Store
	Sealer   seal.Sealer // bodies hold personal data
	Clock    clock.Clock
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{Failures: a.Failures(), Sealer: a.Sealer(), Clock: a.Clock}
}

// New makes the handlers.
func New(d Deps) entry.Handlers { return entry.Handlers{DeadLetters: d.record} }

func (d Deps) record(ctx context.Context, q queue.Queue, batch []entry.Record) (failed []string, err error) {
	for _, r := range batch {
		if rerr := d.one(ctx, q, r); rerr != nil {
			failed, err = append(failed, r.ID), errors.Join(err, rerr)
		}
	}
	return failed, err
}

func (d Deps) one(ctx context.Context, q queue.Queue, r entry.Record) error {
	switch q {
	case queue.Flush, queue.SyncSteps, queue.Wakeups, queue.LineForwards, queue.BroadcastSteps:
		return nil
	}
	var who struct {
		Portal id.PortalID `json:"portal"`
	}
	if err := json.Unmarshal(r.Body, &who); err != nil || who.Portal <= 0 {
		return nil // not ours: no tenant to show it to; the invocation log counted it
	}
	sealed, err := d.Sealer.Seal(ctx, who.Portal, r.Body)
	if err != nil {
		return err
	}
	now := d.Clock.Now().UnixMilli()
	return d.Failures.Put(ctx, who.Portal, failure.Item{
		Kind: failure.Letter, Subject: r.ID, Code: "EVENT_NOT_PROCESSED", Queue: string(q), Body: sealed, FirstAt: now, LastAt: now,
		Message: "Lumo received this event but could not process it after several attempts. Retry processes it again.",
	})
}
