package syncrun

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/usage"
)

// Runner does the steps of runs.
type Runner struct {
	Chain    *chain.Engine
	Scopes   Scopes
	Source   Source
	Applier  contactsync.Applier
	Friends  friend.Store
	Failures failure.Store
	Outbox   contactsync.Outbox
	Lists    ListIndex
	Schedule ScheduleStore
	Mappings mapping.Store
	Clock    clock.Clock
	// Prepare makes, part by part, what a full run needs before it reads: properties and default mappings, the journal. Repeating a part
	// changes nothing; the run remembers each that is done, so that a crash repeats one at most.
	Prepare []func(ctx context.Context, p id.PortalID) error
	// Reindex rebuilds a stretch of the directory of names after a full read, which may have linked anybody; each sees every friend of the
	// stretch. It begins no more work after until, and returns where to go on; the zero Place means done.
	Reindex func(ctx context.Context, p id.PortalID, from Place, until time.Time, each func(friend.Friend)) (next Place, err error)
	// Look looks at linked friends that a full read did not meet (contactsync.Events.Look).
	Look      func(ctx context.Context, s contactsync.Scope, ks []friend.Key, run, step string) (contactsync.Counts, error)
	WriteBack WriteBack
	// Judge is told how a portal does after each run (P-75).
	Judge func(ctx context.Context, p id.PortalID, h alert.Health) error
	// Ahead is how many hundreds of contacts each end may have under way between fetching and storing; 1 does one thing at a time (the simulation).
	Ahead int
	// Budget of one step; 0 means the default.
	Budget time.Duration

	names companyNames
}

// stuckAfter is when a run counts as timed out (P-71).
const stuckAfter = 2 * time.Hour

// Step handles one step message of a run.
func (r *Runner) Step(ctx context.Context, m chain.Message) error {
	var over Run
	err := r.Chain.Run(ctx, m, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
		var run Run
		if err := json.Unmarshal(s.Row.State, &run); err != nil {
			return chain.Next{}, err
		}
		ctx, calls := usage.Count(ctx)
		delay, err := r.advance(ctx, s, &run)
		run.Calls += calls()
		if err != nil {
			if errors.Is(err, chain.ErrFenced) || !final(err) && !r.stuck(run) {
				return chain.Next{}, err
			}
			r.end(&run, Failed)
			run.Code, run.Error = explain(err)
		}
		if run.Status.Over() {
			if err := r.settle(ctx, m.Portal, run); err != nil {
				return chain.Next{}, err
			}
			over = run
		}
		return chain.Next{State: run, Done: run.Status.Over(), Delay: delay}, nil
	})
	if err != nil || over.ID == "" {
		return err
	}
	return r.next(ctx, m.Portal, over)
}

// next has the tick begin at once what waited for the end of this run. A crash before it costs a minute: the tick looks at busy portals
// by itself.
func (r *Runner) next(ctx context.Context, p id.PortalID, over Run) error {
	if r.Chain.Alarm == nil {
		return nil
	}
	s, err := r.Schedule.Load(ctx, p)
	if err != nil || s.Again <= over.StartedAt {
		return err
	}
	return r.Chain.Alarm.BringForward(ctx, p, r.Clock.Now())
}

func (r *Runner) stuck(run Run) bool {
	return r.Clock.Now().UnixMilli()-run.StartedAt > stuckAfter.Milliseconds()
}

// final tells that trying the step again cannot help.
func final(err error) bool {
	switch fault.ClassOf(err) {
	case fault.Revoked, fault.Permission, fault.Invalid, fault.NotFound:
		return true
	}
	return errors.Is(err, contactsync.ErrNotConnected)
}

func explain(err error) (code, sentence string) {
	var f *fault.Fault
	switch {
	case errors.As(err, &f) && f.Class == fault.Revoked, errors.Is(err, contactsync.ErrNotConnected):
		return "RECONNECT_HUBSPOT", "HubSpot no longer accepts Lumo's authorization. Reconnect HubSpot on Settings."
	case errors.As(err, &f):
		return f.Code, f.Message
	}
	return "TIMED_OUT", "The run took longer than two hours and was ended. Start it again; if this repeats, contact support."
}

func (r *Runner) end(run *Run, s Status) {
	run.Status, run.EndedAt = s, r.Clock.Now().UnixMilli()
}

// advance does the current phase's next piece.
func (r *Runner) advance(ctx context.Context, s *chain.Step, run *Run) (time.Duration, error) {
	if r.stuck(*run) {
		r.end(run, Failed)
		run.Code, run.Error = explain(nil)
		return 0, nil
	}
	scope, err := r.Scopes.Scope(ctx, s.Row.Portal)
	if err == nil && run.Read.Phase == Planning && run.Full() && run.Extent != One && !run.DryRun {
		if err = r.prepare(ctx, s, run); err == nil {
			scope, err = r.Scopes.Scope(ctx, s.Row.Portal)
		}
	}
	if err != nil {
		return 0, err
	}
	switch run.Read.Phase {
	case Planning:
		if err := r.plan(ctx, s, scope, run); err != nil || run.Read.Phase != Reading {
			return 0, err
		}
		return 0, r.read(ctx, s, scope, run)
	case Reading:
		return 0, r.read(ctx, s, scope, run)
	case Indexing:
		return r.index(ctx, s, scope, run)
	case Naming:
		return 0, r.name(ctx, scope, run)
	case Looking:
		return 0, r.look(ctx, s, scope, run)
	default:
		return r.apply(ctx, scope, run)
	}
}

func (r *Runner) prepare(ctx context.Context, s *chain.Step, run *Run) error {
	for run.Read.Prepared < len(r.Prepare) {
		if err := r.Prepare[run.Read.Prepared](ctx, s.Row.Portal); err != nil {
			return err
		}
		run.Read.Prepared++
		if err := s.Save(ctx, *run); err != nil {
			return err
		}
	}
	return nil
}

// plan fixes the cutoff before the first page, and how to read.
func (r *Runner) plan(ctx context.Context, s *chain.Step, scope contactsync.Scope, run *Run) error {
	run.Read.Phase = Reading
	if run.Read.Cutoff == 0 {
		run.Read.Cutoff = run.StartedAt
	}
	if run.Read.Since > 0 {
		run.Read.At = run.Read.Since
	}
	if run.Extent == Lists || len(scope.Slots) == 0 {
		run.Read.Phase = Indexing
		return nil
	}
	if run.Extent == One || !run.Full() {
		return nil
	}
	linked, err := r.Source.Search(ctx, scope.Portal, Search{AnyOf: anyOf(scope), Limit: 1}, nil)
	if err != nil {
		return err
	}
	run.Expected = linked.Total
	if scope.WriteBack == portal.Undecided && linked.Total > PreviewAbove && !run.DryRun {
		// Before anything is marked: the flushes begin with the first page.
		if err := r.WriteBack.HoldWriteBack(ctx, scope.Portal); err != nil {
			return err
		}
	}
	all, err := r.Source.Search(ctx, scope.Portal, Search{Limit: 1}, nil)
	if err != nil {
		return err
	}
	// The list reads everybody, linked or not; it pays where a good part is linked. Few are searched alone.
	run.Read.BothEnds = linked.Total > 5*searchPage && linked.Total*3 >= all.Total
	return s.Save(ctx, *run)
}

// anyOf names the properties that hold LINE User IDs.
func anyOf(scope contactsync.Scope) []string {
	names := scope.UserIDProperties()
	var out []string
	for _, s := range scope.Slots {
		if n, ok := names[s]; ok {
			out = append(out, n)
		}
	}
	return out
}

// maxGroups of one search.
const maxGroups = 5

func (r *Runner) read(ctx context.Context, s *chain.Step, scope contactsync.Scope, run *Run) error {
	if run.Extent == One {
		return r.readOne(ctx, scope, run)
	}
	applier := r.Applier
	applier.Discard = run.DryRun
	applier.CRM = namedCRM{CRM: applier.CRM, run: run.ID, names: r.names.of(run.ID), clock: r.Clock}
	rd := &reader{source: r.Source, applier: &applier, scope: scope, clock: r.Clock, ahead: r.Ahead, run: run, step: s, high: run.Read.High, low: run.Read.Low}
	names := anyOf(scope)
	var ends []end
	switch {
	case len(names) == 0:
	case len(names) > maxGroups: // one search cannot ask for them all: the list alone
		ends = []end{rd.up(scope.Portal, scope.Read())}
	case !run.Full():
		ends = []end{rd.changes(scope.Portal, names, scope.Read())}
	case run.Read.BothEnds:
		ends = []end{rd.up(scope.Portal, scope.Read()), rd.down(scope.Portal, names, scope.Read())}
	default:
		ends = []end{rd.down(scope.Portal, names, scope.Read())}
	}
	until := r.Clock.Now().Add(r.budget())
	through, err := rd.read(ctx, ends, func() bool { return r.Clock.Now().After(until) })
	if err != nil {
		return err
	}
	if through || run.Full() && run.Read.Met() {
		run.Read.Phase = Indexing
	}
	return nil
}

// budget is how long one step may work.
func (r *Runner) budget() time.Duration { return cmp.Or(r.Budget, budget) }

func (r *Runner) readOne(ctx context.Context, scope contactsync.Scope, run *Run) error {
	cs, _, err := r.Applier.CRM.Contacts(ctx, scope.Portal, []id.ContactID{run.Contact}, scope.Read(), scope.Mappings.Properties(), contactsync.Interactive)
	if err != nil {
		return err
	}
	ks, err := r.Friends.ByContact(ctx, scope.Portal, run.Contact)
	if err != nil {
		return err
	}
	applier := r.Applier
	applier.Discard = run.DryRun
	a, err := applier.Apply(ctx, scope, cs, map[id.ContactID][]friend.Key{run.Contact: ks}, run.ID+"/one", "run/"+run.ID+"/one", contactsync.Interactive)
	if err != nil {
		return err
	}
	run.Counts, run.Read.Phase = run.Counts.Add(a.Counts), Indexing
	if run.DryRun {
		run.previewed(a.Changes)
	}
	return nil
}

func (r *Runner) index(ctx context.Context, s *chain.Step, scope contactsync.Scope, run *Run) (time.Duration, error) {
	if (run.Extent == All || run.Extent == Lists) && !run.DryRun {
		if done, err := r.lists(ctx, s, run); err != nil || !done {
			return listsWait, err
		}
	}
	if run.DryRun {
		r.end(run, Complete)
		return 0, nil
	}
	if !run.Full() || run.Extent == One || run.Extent == Lists {
		return 0, r.settling(ctx, scope, run)
	}
	run.Read.Phase = Naming
	return 0, r.name(ctx, scope, run)
}

// settling begins the phase in which HubSpot is told.
func (r *Runner) settling(ctx context.Context, scope contactsync.Scope, run *Run) error {
	run.Read.Phase, run.Status = Settling, Applying
	run.Read.Seen, run.Read.Linked = nil, nil
	run.Read.At = r.Clock.Now().UnixMilli()
	return r.decide(ctx, scope, run)
}

// listsWait is when a run goes on with lists: another reader may be at one of them.
const listsWait = time.Second

// lists compares the index and then the members of needed lists, as far as one step goes.
func (r *Runner) lists(ctx context.Context, s *chain.Step, run *Run) (bool, error) {
	if !run.Read.Indexed {
		err := r.Lists.Refresh(ctx, s.Row.Portal, run.Full())
		if fault.ClassOf(err) == fault.Permission { // the installation has no scope for lists
			return true, nil
		}
		if err != nil {
			return false, err
		}
		run.Read.Indexed = true
		if err := s.Save(ctx, *run); err != nil {
			return false, err
		}
	}
	until := r.Clock.Now().Add(r.budget() / 2) // names follow in the same step
	c, done, err := r.Lists.Compare(ctx, hubspotlist.Task{
		Portal: s.Row.Portal, By: run.ID, Since: run.StartedAt, Thorough: run.Full(), Stop: func() bool { return r.Clock.Now().After(until) },
	})
	run.ListsCompared, run.ListsChanged, run.ListsKept = c.Lists, c.Changed, c.Kept
	return done, err
}

// apply waits until HubSpot was told everything that was due when this phase began.
func (r *Runner) apply(ctx context.Context, scope contactsync.Scope, run *Run) (time.Duration, error) {
	pending := 0
	for _, slot := range scope.Slots {
		ms, err := r.Friends.Markers(ctx, scope.Portal, slot, 1000)
		if err != nil {
			return 0, err
		}
		for _, m := range ms {
			if m.Due <= run.Read.At {
				pending++
			}
		}
	}
	run.Pending = pending
	if pending > 0 && scope.WriteBack == portal.Held {
		run.Pending = max(pending, run.Counts.Dirty)
		r.end(run, Complete)
		run.Code, run.HeldAt = PreviewNeeded, scope.HeldAt
		run.Error = fmt.Sprintf("%d contacts would change in HubSpot for the first time. Look at the preview and confirm it on the Dashboard.", run.Pending)
		return 0, nil
	}
	if pending > 0 {
		return 2 * time.Second, r.Outbox.Kick(ctx, scope.Portal)
	}
	n, err := r.Failures.Count(ctx, scope.Portal)
	if err != nil {
		return 0, err
	}
	status := Complete
	if n > 0 || run.Counts.Failed > 0 {
		status, run.Counts.Failed = CompleteWithErrors, max(run.Counts.Failed, n)
	}
	r.end(run, status)
	return 0, nil
}
