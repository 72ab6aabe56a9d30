package syncrun

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/id"
)

// Starter begins runs.
type Starter struct {
	Chain    *chain.Engine
	Schedule ScheduleStore
	Clock    clock.Clock
	NewID    func() string // sortable by time
}

// Request says what to run.
type Request struct {
	Trigger Trigger
	Extent  Extent
	Contact id.ContactID // for One
	DryRun  bool
	Actor   string
	// Changes reads only what changed since the bookmark.
	Changes bool
}

// Cooldown between runs by hand (P-62).
const Cooldown = 60 * time.Second

// ErrCooldown: the last run by hand began less than a minute ago.
var ErrCooldown = errors.New("wait a minute between runs")

// Start begins a run, or returns the running one with chain.ErrBusy.
func (s *Starter) Start(ctx context.Context, p id.PortalID, req Request) (Run, error) {
	now := s.Clock.Now().UnixMilli()
	if req.Trigger == Manual && req.Extent != One {
		last, _, err := s.History(ctx, p, "", 1)
		if err != nil {
			return Run{}, err
		}
		if len(last) > 0 && last[0].Status.Over() && last[0].Trigger == Manual && now-last[0].StartedAt < Cooldown.Milliseconds() {
			return last[0], ErrCooldown
		}
	}
	if req.Trigger == Manual || req.Trigger == Initial {
		if _, err := Touch(ctx, s.Schedule, p, s.Clock.Now()); err != nil {
			return Run{}, err
		}
	}
	run := Run{ID: s.NewID(), Trigger: req.Trigger, Actor: req.Actor, Extent: req.Extent, Contact: req.Contact, DryRun: req.DryRun, Status: Syncing, StartedAt: now}
	run.Read.Cutoff = now
	if req.Changes {
		sch, err := s.Schedule.Load(ctx, p)
		if err != nil {
			return Run{}, err
		}
		if sch.Before > 0 {
			run.Read.Since = max(sch.Before-searchSlack.Milliseconds(), 1)
		}
	}
	for range 2 {
		_, err := s.Chain.Start(ctx, p, Kind, run.ID, run)
		if err == nil {
			return run, nil
		}
		if !errors.Is(err, chain.ErrBusy) {
			return Run{}, err
		}
		r, ok, err := s.Chain.Store.Running(ctx, p, Kind)
		if err != nil {
			return Run{}, err
		}
		if ok {
			running, err := decode(r)
			return running, errors.Join(chain.ErrBusy, err)
		}
	}
	return Run{}, chain.ErrBusy
}

// StartInitial begins the first run after a connection (P-60). While another runs, the next one is made a full one: it read its scope
// before the new account was there, unless it has not looked yet.
func (s *Starter) StartInitial(ctx context.Context, p id.PortalID) error {
	run, err := s.Start(ctx, p, Request{Trigger: Initial, Extent: All})
	if !errors.Is(err, chain.ErrBusy) || run.unread() {
		return ignoreBusy(err)
	}
	return s.Again(ctx, p)
}

// unread tells that a run over everything has yet to load its scope for the first page.
func (r Run) unread() bool {
	return r.ID != "" && r.Full() && r.Extent == All && !r.DryRun && r.Read.Phase == Planning && r.Read.Prepared == 0
}

func ignoreBusy(err error) error {
	if errors.Is(err, chain.ErrBusy) {
		return nil
	}
	return err
}

// Again makes the next run that begins by itself a full one.
func (s *Starter) Again(ctx context.Context, p id.PortalID) error {
	for range 8 {
		sch, err := s.Schedule.Load(ctx, p)
		if err != nil {
			return err
		}
		sch.Again = s.Clock.Now().UnixMilli()
		if err = s.Schedule.Save(ctx, p, sch); !errors.Is(err, chain.ErrFenced) {
			return err
		}
	}
	return chain.ErrFenced
}

// PortalStarted implements portal.Watcher: a portal that was away is compared whole. What changed meanwhile came with no event, and its
// journal subscriptions ended with the last installation.
func (s *Starter) PortalStarted(ctx context.Context, p id.PortalID) error { return s.Again(ctx, p) }

// PortalStopped implements portal.Watcher: nothing to do.
func (s *Starter) PortalStopped(context.Context, id.PortalID) error { return nil }

// History lists runs, newest first.
func (s *Starter) History(ctx context.Context, p id.PortalID, after string, limit int) ([]Run, string, error) {
	rows, next, err := s.Chain.Store.List(ctx, p, Kind, after, limit)
	if err != nil {
		return nil, "", err
	}
	out := make([]Run, 0, len(rows))
	for _, r := range rows {
		run, err := decode(r)
		if err != nil {
			return nil, "", err
		}
		out = append(out, run)
	}
	return out, next, nil
}

// Find returns one run.
func (s *Starter) Find(ctx context.Context, p id.PortalID, runID string) (Run, bool, error) {
	r, ok, err := s.Chain.Store.Load(ctx, p, Kind, runID)
	if err != nil || !ok {
		return Run{}, false, err
	}
	run, err := decode(r)
	return run, true, err
}

func decode(r chain.Row) (Run, error) {
	var run Run
	err := json.Unmarshal(r.State, &run)
	return run, err
}
