package syncrun

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/directory"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/queue"
)

// Tick is the one schedule for everything due: it starts automatic and nightly runs, revives silent chains and lost flushes, and lets
// idle portals sleep.
type Tick struct {
	Due      directory.Due
	Portals  contactsync.Portals
	Scopes   Scopes
	Starter  *Starter
	Chain    *chain.Engine
	Kinds    []string // chains to revive besides runs
	Friends  friend.Store
	Outbox   contactsync.Outbox
	Queue    queue.Sender
	Schedule ScheduleStore
	Clock    clock.Clock
	Log      *slog.Logger
	// Before runs first in every tick: the journal.
	Before func(ctx context.Context) error
	// Sweep looks for what LINE does not tell by itself.
	Sweep func(ctx context.Context, s contactsync.Scope) error
	// Chats goes on with messages whose sending is not settled, and tells whether any is left; without runs it settles them all.
	Chats func(ctx context.Context, p id.PortalID, runs bool) (open bool, err error)
	// Casts begins broadcasts that are due and revives silent ones; it tells when the portal must be looked at for the next.
	Casts func(ctx context.Context, p id.PortalID) (next time.Time, err error)
	// Leaving goes on with telling HubSpot of accounts that were disconnected.
	Leaving func(ctx context.Context, p id.PortalID) error
	// Judge is told of a run that takes very long (P-75).
	Judge func(ctx context.Context, p id.PortalID, h alert.Health) error
	// Removed finishes saying goodbye to HubSpot for a portal that was disconnected; Pending completes an installation.
	Removed func(ctx context.Context, p id.PortalID) error
	Pending func(ctx context.Context, p id.PortalID) error
}

const (
	ticksAtOnce = 200             // portals of one shard in one tick
	retryAfter  = 2 * time.Minute // a portal whose tick died is looked at again
	maxIdle     = time.Hour       // idle portals back off to this
	listsAtMost = 15 * time.Minute
	nightHour   = 3 // local time of the full compare
	fullAtLeast = 7 * 24 * time.Hour
)

// Run looks at every portal that is due.
func (t *Tick) Run(ctx context.Context) error {
	failed := t.Before(ctx)
	if failed != nil {
		t.Log.Error("journal not read", logging.Error(failed))
	}
	for shard := range directory.Shards {
		now := t.Clock.Now()
		due, err := t.Due.DuePortals(ctx, shard, now, ticksAtOnce)
		if err != nil {
			return err
		}
		for _, p := range due {
			if err := t.take(ctx, p, now); err != nil {
				t.Log.Error("portal's tick failed", logging.Portal(p), logging.Error(err))
				failed = err
			}
		}
	}
	return failed
}

func (t *Tick) take(ctx context.Context, p id.PortalID, now time.Time) error {
	retry := now.Add(retryAfter)
	ok, err := t.Due.Take(ctx, p, now, retry)
	if err != nil || !ok {
		return err
	}
	row, err := t.Portals.Load(ctx, p)
	if err == nil && row.State == portal.Removed {
		if err := t.Removed(ctx, p); err != nil {
			return err
		}
	}
	if err == nil && row.State == portal.Pending {
		if err := t.Pending(ctx, p); err != nil {
			return err
		}
		return t.Due.Settle(ctx, p, retry, now.Add(time.Minute))
	}
	if errors.Is(err, portal.ErrUnknown) {
		return t.Due.Forget(ctx, p)
	}
	if err == nil && !row.State.Runs() {
		if open, err := t.Chats(ctx, p, false); err != nil || open {
			return errors.Join(err, t.Due.Settle(ctx, p, retry, now.Add(time.Minute)))
		}
		// A broadcast whose process died must come to stand still, too, or it would go on when the app is installed again.
		if next, err := t.casts(ctx, p, now); err != nil || !next.IsZero() {
			return errors.Join(err, t.Due.Settle(ctx, p, retry, now.Add(time.Minute)))
		}
		return t.Due.Forget(ctx, p)
	}
	if err != nil {
		return err
	}
	next, err := t.portal(ctx, row, now)
	if err != nil {
		return err
	}
	return t.Due.Settle(ctx, p, retry, next)
}

// portal does what one portal needs and says when it is due again.
func (t *Tick) portal(ctx context.Context, row portal.Portal, now time.Time) (time.Time, error) {
	busy := false
	for _, kind := range append([]string{Kind}, t.Kinds...) {
		r, running, err := t.Chain.Revive(ctx, row.ID, kind)
		if err != nil {
			return now, err
		}
		busy = busy || running
		if running && kind == Kind {
			if err := t.long(ctx, r, now); err != nil {
				return now, err
			}
		}
	}
	sch, err := t.Schedule.Load(ctx, row.ID)
	if err != nil {
		return now, err
	}
	scope, err := t.Scopes.Scope(ctx, row.ID)
	if err != nil {
		return now, err
	}
	owed, err := t.flushes(ctx, scope, now)
	if err != nil {
		return now, err
	}
	open, err := t.Chats(ctx, row.ID, true)
	if err != nil {
		t.Log.Error("messages not settled", logging.Portal(row.ID), logging.Error(err))
		open = true
	}
	if err := t.Sweep(ctx, scope); err != nil {
		t.Log.Warn("profiles not swept", logging.Portal(row.ID), logging.Error(err)) // the next look goes on from here
	}
	if len(scope.Leaving) > 0 {
		if err := t.Leaving(ctx, row.ID); err != nil {
			return now, err
		}
	}
	if now.UnixMilli() < sch.ActiveUntil {
		if err := t.halfway(ctx, row.ID); err != nil {
			return now, err
		}
	}
	cast, err := t.casts(ctx, row.ID, now)
	if err != nil {
		return now, err
	}
	req, next := sch.ahead(row, scope.Mappings, now)
	if !busy && !next.After(now) {
		if _, err := t.Starter.Start(ctx, row.ID, req); err != nil && !errors.Is(err, chain.ErrBusy) {
			return now, err
		}
		busy = true
	}
	if busy || owed || open || now.UnixMilli() < sch.ActiveUntil {
		next = now.Add(time.Minute)
	}
	if !cast.IsZero() && cast.Before(next) {
		next = cast
	}
	return next, nil
}

// casts looks at broadcasts; a failure there keeps nothing else from being done.
func (t *Tick) casts(ctx context.Context, p id.PortalID, now time.Time) (time.Time, error) {
	if t.Casts == nil {
		return time.Time{}, nil
	}
	next, err := t.Casts(ctx, p)
	if err != nil {
		t.Log.Error("broadcasts not looked at", logging.Portal(p), logging.Error(err))
		return now.Add(time.Minute), ctx.Err()
	}
	return next, nil
}

// halfway has a portal in use swept between two ticks, too, so that a new name reaches HubSpot within a minute (P-47).
func (t *Tick) halfway(ctx context.Context, p id.PortalID) error {
	b, err := json.Marshal(chain.Wakeup{Sweep: p})
	if err != nil {
		return err
	}
	return t.Queue.Send(ctx, queue.Wakeups, queue.Message{Body: b, Delay: 30 * time.Second})
}

// long raises the alert of a run that goes on for more than an hour.
func (t *Tick) long(ctx context.Context, r chain.Row, now time.Time) error {
	run, err := decode(r)
	if err != nil {
		return err
	}
	took := now.UnixMilli() - run.StartedAt
	if took < time.Hour.Milliseconds() {
		return nil
	}
	return t.Judge(ctx, r.Portal, alert.Health{BusyMillis: took, Run: run.ID})
}

// flushes sends another flush for markers that nobody fetched in time. It tells whether any marker waits.
func (t *Tick) flushes(ctx context.Context, scope contactsync.Scope, now time.Time) (bool, error) {
	owed, late := false, false
	if scope.WriteBack == portal.Held {
		return false, nil
	}
	for _, slot := range scope.Outboxes() {
		ms, err := t.Friends.Markers(ctx, scope.Portal, slot, 16)
		if err != nil {
			return false, err
		}
		for _, m := range ms {
			owed = true
			late = late || now.UnixMilli()-m.Due > contactsync.LostAfter.Milliseconds()/2
		}
	}
	if !late {
		return owed, nil
	}
	// A new generation: the lost message's dedup id may still be remembered.
	if err := t.Outbox.NextGeneration(ctx, scope.Portal); err != nil {
		return owed, err
	}
	return owed, t.Outbox.Kick(ctx, scope.Portal)
}

// Next is when the portal's next automatic run is due: the set interval, doubled while nothing happens, up to an hour.
func (s Schedule) Next(row portal.Portal, now time.Time) time.Time {
	if s.LastRun == 0 {
		return now
	}
	interval := time.Duration(row.Settings.SyncIntervalMinutes) * time.Minute
	for range max(s.Quiet-4, 0) {
		if interval *= 2; interval >= maxIdle {
			break
		}
	}
	interval = max(min(interval, maxIdle), time.Duration(row.Settings.SyncIntervalMinutes)*time.Minute)
	if s.Lists {
		interval = min(interval, listsAtMost)
	}
	if s.FailedRow > 0 { // do not hammer what keeps failing
		interval = min(interval<<min(s.FailedRow-1, 6), maxIdle)
	}
	next := time.UnixMilli(s.LastRun).Add(interval)
	if s.nightDue(row, now) {
		return now
	}
	return next
}

// ahead says which run begins next by itself, and when. A field that waits for its first sync while no run is at work was left by a process
// that died before it began one.
func (s Schedule) ahead(row portal.Portal, m mapping.Set, now time.Time) (Request, time.Time) {
	full, next := s.nightDue(row, now), s.Next(row, now)
	if m.Waiting() {
		full = true
		if s.FailedRow == 0 { // what keeps failing keeps its pauses
			next = now
		}
	}
	if full {
		return Request{Trigger: Nightly, Extent: All}, next
	}
	return Request{Trigger: Automatic, Extent: All, Changes: true}, next
}

// Due tells whether the next look at the portal begins a run: one that was asked for, or whose time has come.
func (s Schedule) Due(row portal.Portal, m mapping.Set, now time.Time) bool {
	if !row.State.Runs() {
		return false
	}
	_, next := s.ahead(row, m, now)
	return !next.After(now)
}

// nightDue: the full compare runs once a night in the portal's own zone (P-61). It is skipped while a whole day brought nothing, though
// never for longer than a week: association changes leave no trace elsewhere.
func (s Schedule) nightDue(row portal.Portal, now time.Time) bool {
	if s.LastFull == 0 || s.Again > s.LastFull {
		return true
	}
	last := time.UnixMilli(s.LastFull)
	local := now.In(row.Zone())
	night := time.Date(local.Year(), local.Month(), local.Day(), nightHour, int(row.ID%60), 0, 0, row.Zone())
	if local.Before(night) || !last.Before(night) {
		return false
	}
	return s.Quiet < 24 || now.Sub(last) >= fullAtLeast
}
