package linesync

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/work"
)

// LeaveKind is the kind of chain that says goodbye to disconnected accounts.
const LeaveKind = "leave"

// leave is how far a goodbye is. Times are Unix ms.
type leave struct {
	StartedAt int64   `json:"startedAt"`
	Slot      id.Slot `json:"slot,omitempty"` // at work on; 0: look for one
	After     string  `json:"after,omitempty"`
	Marked    bool    `json:"marked,omitempty"` // every friend of the slot is; HubSpot is being told
}

// Leaving accounts; lineaccount.Service is the real one.
type Leaving interface {
	Accounts(ctx context.Context, p id.PortalID) ([]lineaccount.Account, error)
	Left(ctx context.Context, p id.PortalID, s id.Slot) error
}

// Leaver sets the follow status of a disconnected account's friends to unknown, here and in HubSpot (P-160): LINE tells us nothing about
// them any more. Everything else of theirs stays as it is.
type Leaver struct {
	Chain    *chain.Engine
	Accounts Leaving
	Friends  friend.Store
	Index    Index
	Outbox   contactsync.Outbox
	Clock    clock.Clock
	NewID    func() string
	Parallel int
}

const (
	leavePage  = 500
	leaveLooks = time.Minute    // between looks at what HubSpot must still learn
	leaveLimit = 24 * time.Hour // after which what HubSpot would not take is given up
)

// AccountDisconnected implements onboarding.Watcher.
func (l *Leaver) AccountDisconnected(ctx context.Context, p id.PortalID, _ id.Slot) error {
	return l.Resume(ctx, p)
}

// Resume begins a goodbye unless one runs; that one takes all accounts of the portal.
func (l *Leaver) Resume(ctx context.Context, p id.PortalID) error {
	_, err := l.Chain.Start(ctx, p, LeaveKind, l.NewID(), leave{StartedAt: l.Clock.Now().UnixMilli()})
	if errors.Is(err, chain.ErrBusy) {
		return nil
	}
	return err
}

// Step handles one step message.
func (l *Leaver) Step(ctx context.Context, m chain.Message) error {
	return l.Chain.Run(ctx, m, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
		var at leave
		if err := json.Unmarshal(s.Row.State, &at); err != nil {
			return chain.Next{}, err
		}
		done, wait, err := l.advance(ctx, m.Portal, &at)
		return chain.Next{State: at, Done: done, Delay: wait}, err
	})
}

func (l *Leaver) advance(ctx context.Context, p id.PortalID, at *leave) (done bool, wait time.Duration, err error) {
	all, err := l.Accounts.Accounts(ctx, p)
	if err != nil {
		return false, 0, err
	}
	leaves := func(a lineaccount.Account) bool { return a.Leaving && (at.Slot == 0 || a.Slot == at.Slot) }
	i := slices.IndexFunc(all, leaves)
	switch {
	case i < 0 && at.Slot == 0:
		return true, 0, nil
	case i < 0: // connected again meanwhile
		*at = leave{StartedAt: l.Clock.Now().UnixMilli()}
		return false, 0, nil
	case at.Slot == 0:
		at.Slot = all[i].Slot
		return false, 0, nil
	case !at.Marked:
		rows, next, err := l.Friends.Page(ctx, p, at.Slot, at.After, leavePage)
		if err != nil {
			return false, 0, err
		}
		if err := l.mark(ctx, p, rows); err != nil {
			return false, 0, err
		}
		at.After, at.Marked = next, next == ""
		return false, 0, l.Outbox.Kick(ctx, p)
	}
	ms, err := l.Friends.Markers(ctx, p, at.Slot, 1)
	if err != nil {
		return false, 0, err
	}
	if len(ms) > 0 && l.Clock.Now().UnixMilli()-at.StartedAt < leaveLimit.Milliseconds() {
		return false, leaveLooks, l.Outbox.Kick(ctx, p)
	}
	if err := l.Accounts.Left(ctx, p, at.Slot); err != nil {
		return false, 0, err
	}
	*at = leave{StartedAt: l.Clock.Now().UnixMilli()}
	return false, 0, nil
}

func (l *Leaver) mark(ctx context.Context, p id.PortalID, rows []friend.Friend) error {
	saved := make([]friend.Friend, len(rows))
	err := work.Each(ctx, l.Parallel, len(rows), func(ctx context.Context, i int) error {
		f, err := l.markOne(ctx, p, rows[i])
		saved[i] = f
		return err
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return l.Index.Ensure(ctx, p, rows[0].Slot, saved)
}

func (l *Leaver) markOne(ctx context.Context, p id.PortalID, f friend.Friend) (friend.Friend, error) {
	for range 8 {
		now := l.Clock.Now().UnixMilli()
		f = f.Clone()
		if !f.AccountLeft(now) {
			return f, nil
		}
		if f.Link.Contact != 0 {
			f.MarkDirty(now)
		}
		saved, err := l.Friends.Save(ctx, p, f)
		if err == nil || !errors.Is(err, friend.ErrStale) {
			return saved, err
		}
		var ok bool
		if f, ok, err = l.Friends.Get(ctx, p, f.Key); err != nil || !ok {
			return f, err
		}
	}
	return f, friend.ErrStale
}
