// Package handle drives sync runs: the minute tick, the steps of runs and imports, and messages that waited.
package handle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"lumo/functions/internal/entry"
	"lumo/shared/chain"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/erasure"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/linesync"
	"lumo/shared/linkage"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
	"lumo/shared/tag"
)

// Deps is what the function works with.
type Deps struct {
	Tick    func(context.Context) error
	Runs    *syncrun.Runner
	Imports *linesync.Importer
	Leaves  *linesync.Leaver
	Lists   *hubspotlist.Jobs
	Tags    *tag.Service
	Links   *linkage.Writer
	Erasure *erasure.Eraser
	Chain   *chain.Engine
	Outbox  contactsync.Outbox
	// Sweep looks for changed LINE profiles of a portal.
	Sweep   func(ctx context.Context, p id.PortalID) error
	Release func(context.Context)
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{Tick: a.Tick().Run, Runs: a.Runner(), Imports: a.Importer(), Leaves: a.Leaver(), Lists: a.ListJobs(), Tags: a.Tags(), Links: a.LinkWriter(), Erasure: a.Eraser(), Chain: a.Chain(), Outbox: a.Outbox(), Sweep: a.Sweep, Release: a.Release}
}

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{
		Schedule: d.Tick,
		Queues:   map[queue.Queue]entry.BatchHandler{queue.SyncSteps: d.steps, queue.Wakeups: d.wakeups},
		Release:  d.Release,
	}
}

func (d Deps) steps(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	for _, r := range batch {
		if serr := d.step(ctx, r.Body); serr != nil {
			failed, err = append(failed, r.ID), errors.Join(err, serr)
		}
	}
	return failed, err
}

func (d Deps) step(ctx context.Context, body []byte) error {
	var m chain.Message
	if err := json.Unmarshal(body, &m); err != nil || m.Portal <= 0 {
		return errors.New("message is no step")
	}
	switch m.Kind {
	case syncrun.Kind:
		return d.Runs.Step(ctx, m)
	case linesync.ImportKind:
		return d.Imports.Step(ctx, m)
	case erasure.Kind:
		return d.Erasure.Step(ctx, m)
	case linesync.LeaveKind:
		return d.Leaves.Step(ctx, m)
	case hubspotlist.JobKind:
		return d.Lists.Step(ctx, m)
	case linkage.WriteKind:
		return d.Links.Step(ctx, m)
	case tag.WorkKind:
		return d.Tags.Step(ctx, m)
	}
	return fmt.Errorf("no chain of kind %.20q", m.Kind)
}

// wakeups sends on what waited.
func (d Deps) wakeups(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	for _, r := range batch {
		var w chain.Wakeup
		werr := json.Unmarshal(r.Body, &w)
		switch {
		case werr != nil:
		case w.Sweep > 0:
			werr = d.Sweep(ctx, w.Sweep)
		case w.Flush > 0:
			werr = d.Outbox.Kick(ctx, w.Flush)
		case len(w.Step) > 0:
			werr = d.Chain.Forward(ctx, w)
		}
		if werr != nil {
			failed, err = append(failed, r.ID), errors.Join(err, werr)
		}
	}
	return failed, err
}
