// Package handle does the steps of broadcasts, and counts opens and clicks in batches.
package handle

import (
	"context"
	"encoding/json"
	"errors"

	"lumo/functions/internal/entry"
	"lumo/shared/broadcast"
	"lumo/shared/chain"
	"lumo/shared/compose"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/tracking"
)

// Deps is what the function works with.
type Deps struct {
	Sender  *broadcast.Sender
	Taps    *tracking.Counter
	Release func(context.Context)
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{Sender: a.Casts(), Taps: a.Taps(), Release: a.Release}
}

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{
		Queues:  map[queue.Queue]entry.BatchHandler{queue.BroadcastSteps: d.steps, queue.Taps: d.taps},
		Release: d.Release,
	}
}

func (d Deps) steps(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	for _, r := range batch {
		var m chain.Message
		serr := json.Unmarshal(r.Body, &m)
		if serr != nil || m.Portal <= 0 || !broadcast.Ours(m) {
			serr = errors.New("message is no step of a broadcast")
		} else {
			serr = d.Sender.Step(ctx, m)
		}
		if serr != nil {
			failed, err = append(failed, r.ID), errors.Join(err, serr)
		}
	}
	return failed, err
}

// account is whose events are counted together.
type account struct {
	portal id.PortalID
	slot   id.Slot
}

func (d Deps) taps(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	events, names := map[account][]tracking.Event{}, map[account][]string{}
	var order []account
	for _, r := range batch {
		var e tracking.Event
		if json.Unmarshal(r.Body, &e) != nil || e.Portal <= 0 {
			failed, err = append(failed, r.ID), errors.New("message is no event of a link")
			continue
		}
		a := account{e.Portal, e.Slot}
		if events[a] == nil {
			order = append(order, a)
		}
		events[a], names[a] = append(events[a], e), append(names[a], r.ID)
	}
	for _, a := range order {
		if terr := d.Taps.Apply(ctx, a.portal, a.slot, events[a]); terr != nil {
			failed, err = append(failed, names[a]...), errors.Join(err, terr)
		}
	}
	return failed, err
}
