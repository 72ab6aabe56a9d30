package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lumo/shared/blob"
	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// kindPrefix of chains that work on broadcasts. Every broadcast has a kind, and so a lock, of its own.
const kindPrefix = "broadcast."

// Ours tells whether a step belongs to a broadcast.
func Ours(m chain.Message) bool { return strings.HasPrefix(m.Kind, kindPrefix) }

// Group keeps broadcasts of one account after each other, step by step: they share LINE's rate limit.
func Group(r chain.Row) string {
	var st state
	_ = json.Unmarshal(r.State, &st) // a state of ours
	return fmt.Sprintf("%s.%s", r.Portal, st.Slot)
}

type phase string

const (
	freezing phase = "freeze"
	sending  phase = "send"
	telling  phase = "tell"
)

// state is what a chain remembers.
type state struct {
	Slot      id.Slot  `json:"slot"`
	Broadcast string   `json:"broadcast"`
	Attempt   int      `json:"attempt"`
	Phase     phase    `json:"phase"`
	Progress  Progress `json:"progress"`
	Idle      int      `json:"idle,omitempty"` // steps in a row that settled nothing
	// Fresh is how old list memberships may be: settled once, or reading them could go on for ever.
	Fresh int64 `json:"fresh,omitempty"`
	Told  int   `json:"told,omitempty"` // recipients whose contacts were looked at
}

// Teller notes on friends' rows that they got a broadcast, so that HubSpot learns of it.
type Teller interface {
	Tell(ctx context.Context, p id.PortalID, ks []friend.Key, name string, at int64) error
	// Kick has what was noted written; it is asked once for many, so that batches are full.
	Kick(ctx context.Context, p id.PortalID) error
}

// Alarm makes the minute tick look at a portal.
type Alarm interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// Sender does the work behind confirmed broadcasts, as fenced chains: what a step did is stored every 500 recipients, before the
// next are tried, and whatever is repeated after a crash is repeated under the same retry keys.
type Sender struct {
	Store    Store
	Ledger   Ledger
	Settings SettingsStore
	Selector Selector
	Index    Index
	Friends  Friends
	Blobs    blob.Store
	Line     Line
	Links    Links
	Values   Merger
	Tell     Teller
	Chain    *chain.Engine
	Alarm    Alarm
	Clock    clock.Clock
	Parallel int // pushes at once; 1 in the simulation
}

// Merger tells what merge fields of a friend stand for.
type Merger interface {
	// Values of a portal's friends; it is asked once per step.
	Values(ctx context.Context, p id.PortalID, s id.Slot) (func(friend.Friend) bubble.Values, error)
}

func chainID(b Broadcast) string { return fmt.Sprintf("%s.%d", b.ID, b.Attempt) }

// Start begins the work on a broadcast that was just confirmed, resumed or begun. Repeating it does no harm.
func (s *Sender) Start(ctx context.Context, p id.PortalID, b Broadcast) error {
	st := state{Slot: b.Slot, Broadcast: b.ID, Attempt: b.Attempt, Phase: freezing, Progress: b.Progress}
	_, err := s.Chain.Start(ctx, p, kindPrefix+b.ID, chainID(b), st)
	if errors.Is(err, chain.ErrBusy) {
		return nil
	}
	return err
}

// Look begins what is due and revives what fell silent. It tells when the portal must be looked at again; zero is never.
func (s *Sender) Look(ctx context.Context, p id.PortalID) (next time.Time, err error) {
	now := s.Clock.Now()
	due, after, err := s.Store.Due(ctx, p, now.UnixMilli())
	if err != nil {
		return next, err
	}
	if after != 0 {
		next = time.UnixMilli(after)
	}
	for _, b := range due {
		if err := s.look(ctx, p, b, now); err != nil {
			return next, err
		}
		next = now.Add(time.Minute)
	}
	return next, nil
}

func (s *Sender) look(ctx context.Context, p id.PortalID, b Broadcast, now time.Time) error {
	if b.Status == Scheduled && b.Frozen != nil && now.UnixMilli() >= b.SendAt {
		begun, err := b.Begin(now)
		if err != nil {
			return err
		}
		if b, err = s.Store.Save(ctx, p, begun); err != nil {
			return unlessChanged(err)
		}
	}
	_, running, err := s.Chain.Revive(ctx, p, kindPrefix+b.ID)
	if err != nil || running {
		return err
	}
	return s.Start(ctx, p, b)
}

func unlessChanged(err error) error {
	if errors.Is(err, ErrChanged) {
		return nil // somebody else is at it
	}
	return err
}

// Step does one step.
func (s *Sender) Step(ctx context.Context, m chain.Message) error { return s.Chain.Run(ctx, m, s.Work) }

// Work is the step itself.
func (s *Sender) Work(ctx context.Context, step *chain.Step) (chain.Next, error) {
	var st state
	if err := json.Unmarshal(step.Row.State, &st); err != nil {
		return chain.Next{}, fmt.Errorf("broadcast state: %w", err)
	}
	p := step.Row.Portal
	b, err := s.Store.Get(ctx, p, st.Slot, st.Broadcast)
	if errors.Is(err, ErrUnknown) || err == nil && b.Attempt != st.Attempt {
		return chain.Next{State: st, Done: true}, nil // deleted, or canceled meanwhile
	}
	if err != nil {
		return chain.Next{}, err
	}
	switch {
	case b.Status == Held || b.Status == Draft || b.Status == Canceled:
		return chain.Next{State: st, Done: true}, s.release(ctx, p, b)
	case b.Status == Sent || b.Status == PartlySent:
		return s.tell(ctx, step, b, st)
	case st.Phase == sending:
		return s.send(ctx, step, b, st)
	}
	return s.freeze(ctx, p, b, st)
}

func (s *Sender) release(ctx context.Context, p id.PortalID, b Broadcast) error {
	return release(ctx, s.Ledger, p, b, s.Clock.Now())
}

// stand holds the broadcast where it is. The row comes first: a crash after it finds it held.
func (s *Sender) stand(ctx context.Context, p id.PortalID, b Broadcast, st state, h Hold) (chain.Next, error) {
	b, err := b.StandStill(h, st.Progress, s.Clock.Now())
	if err != nil {
		return chain.Next{}, err
	}
	if b, err = s.Store.Save(ctx, p, b); err != nil {
		return chain.Next{}, err
	}
	return chain.Next{State: st, Done: true}, s.release(ctx, p, b)
}
