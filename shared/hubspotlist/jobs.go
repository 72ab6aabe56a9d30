package hubspotlist

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/chain"
	"lumo/shared/fault"
	"lumo/shared/id"
)

// JobKind of chain that reads what somebody asked for, besides the sync runs: those may be busy with contacts for long.
const JobKind = "lists"

// Jobs reads members that somebody waits for.
type Jobs struct {
	*Service
	Chain *chain.Engine
	// Budget of one step; 0 means the default.
	Budget time.Duration
}

const (
	budget = 35 * time.Second
	// busyWait is when a list is looked at again that another reader is at.
	busyWait = 3 * time.Second
	// stuckAfter ends a job that goes on and on; the next run takes over what is still wanted.
	stuckAfter = 2 * time.Hour
)

type job struct {
	StartedAt int64 `json:"startedAt"`
	Indexed   bool  `json:"indexed"`
}

// Start begins a job. While one runs, that one finds what is wanted.
func (j *Jobs) Start(ctx context.Context, p id.PortalID) error {
	_, err := j.Chain.Start(ctx, p, JobKind, j.NewID(), job{StartedAt: j.now()})
	return ignoring(err, chain.ErrBusy)
}

// Select is Service.Select, and begins to read.
func (j *Jobs) Select(ctx context.Context, p id.PortalID, l id.ListID, on bool) (List, error) {
	row, read, err := j.Service.Select(ctx, p, l, on)
	if err != nil || !read {
		return row, err
	}
	return row, j.Start(ctx, p)
}

// Use is Service.Use, and begins to read.
func (j *Jobs) Use(ctx context.Context, p id.PortalID, ls ...id.ListID) error {
	read, err := j.Service.Use(ctx, p, ls...)
	if err != nil || !read {
		return err
	}
	return j.Start(ctx, p)
}

// Reread asks for the members of lists as they are now, and begins to read.
func (j *Jobs) Reread(ctx context.Context, p id.PortalID, ls ...id.ListID) error {
	if _, err := j.Want(ctx, p, ls...); err != nil {
		return err
	}
	return j.Start(ctx, p)
}

// Step does one step of a job.
func (j *Jobs) Step(ctx context.Context, m chain.Message) error {
	ended := false
	err := j.Chain.Run(ctx, m, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
		var state job
		if err := json.Unmarshal(s.Row.State, &state); err != nil {
			return chain.Next{}, err
		}
		done, err := j.advance(ctx, s, &state)
		if errors.Is(err, chain.ErrFenced) {
			return chain.Next{}, err
		}
		if err != nil && !final(err) && !j.stuck(state) {
			return chain.Next{}, err
		}
		over := done || err != nil || j.stuck(state)
		ended = done
		next := chain.Next{State: state, Done: over}
		if !over {
			next.Delay = busyWait
		}
		return next, nil
	})
	if err != nil || !ended {
		return err
	}
	return j.again(ctx, m.Portal)
}

func (j *Jobs) stuck(s job) bool { return j.now()-s.StartedAt > stuckAfter.Milliseconds() }

// final tells that trying again cannot help: HubSpot refuses us.
func final(err error) bool {
	switch fault.ClassOf(err) {
	case fault.Revoked, fault.Permission, fault.Invalid:
		return true
	}
	return false
}

// advance compares the index first, so that the members are those of a fingerprint that is not older.
func (j *Jobs) advance(ctx context.Context, s *chain.Step, state *job) (bool, error) {
	if !state.Indexed {
		if err := j.Refresh(ctx, s.Row.Portal, false); err != nil {
			return false, err
		}
		state.Indexed = true
		if err := s.Save(ctx, *state); err != nil {
			return false, err
		}
	}
	d := j.Budget
	if d == 0 {
		d = budget
	}
	until := j.Clock.Now().Add(d)
	_, done, err := j.Compare(ctx, Task{
		Portal: s.Row.Portal, By: s.Row.ID, Since: state.StartedAt, Wanted: true, Stop: func() bool { return j.Clock.Now().After(until) },
	})
	return done, err
}

// again begins another job if something became wanted while this one ended. A crash before it leaves that to the next run.
func (j *Jobs) again(ctx context.Context, p id.PortalID) error {
	all, err := j.Store.All(ctx, p)
	if err != nil {
		return err
	}
	for _, l := range all {
		if l.Wanted != 0 && l.due(l.Wanted, false) && (l.Members == nil || l.Wanted > l.Members.ReadAt) {
			return j.Start(ctx, p)
		}
	}
	return nil
}
