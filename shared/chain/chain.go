// Package chain runs long work as a fenced chain of steps. A step message is (portal, kind, id, n): it works only while the row says n,
// and handing over advances n and the cursors in one conditional write before n+1 is queued. A message repeated after that only
// queues n+1 again; older ones are dropped. So a crash at any instruction repeats at most a page, and never forks.
package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// Stale is how long a chain may stay silent before the minute tick queues its step again.
const Stale = 3 * time.Minute

// ErrFenced: the row moved on; whatever this step was about to store must not be stored.
var ErrFenced = errors.New("chain moved on")

// ErrBusy: another chain of this kind runs; Running names it.
var ErrBusy = errors.New("one is already running")

// Row is a chain. State is the owner's own data, kept as JSON.
type Row struct {
	Portal    id.PortalID
	Kind      string
	ID        string
	Step      int
	State     json.RawMessage
	Done      bool
	Heartbeat int64 // Unix ms
	Version   int64 // counts every write of the row
}

// Message is what travels through the queue.
type Message struct {
	Portal id.PortalID `json:"portal"`
	Kind   string      `json:"kind"`
	ID     string      `json:"id"`
	Step   int         `json:"step"`
}

// Store keeps chains of portals.
type Store interface {
	// Start stores the first row and takes the portal's lock of that kind; ErrBusy while another holds it.
	Start(ctx context.Context, r Row) error
	// Running returns the chain that holds the lock, if any.
	Running(ctx context.Context, p id.PortalID, kind string) (Row, bool, error)
	Load(ctx context.Context, p id.PortalID, kind, chainID string) (Row, bool, error)
	// Save writes the row if Version is still the one read, and returns it with the next; ErrFenced otherwise. A Done row gives the lock back.
	Save(ctx context.Context, r Row) (Row, error)
	// List returns chains newest first (ids sort by time).
	List(ctx context.Context, p id.PortalID, kind, after string, limit int) (rs []Row, next string, err error)
}

// Alarm makes the minute tick look at a portal; the directory of due times does.
type Alarm interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// Engine moves chains.
type Engine struct {
	Store Store
	Queue queue.Sender
	Alarm Alarm // optional: the tick finds a chain that died at once also where it would not look for an hour
	Clock clock.Clock
	// Lane is the FIFO queue of the steps; "" is queue.SyncSteps.
	Lane queue.Queue
	// Group names chains whose steps are done one after the other; nil keeps only those of one chain apart.
	Group func(Row) string
}

func (e *Engine) lane() queue.Queue {
	if e.Lane == "" {
		return queue.SyncSteps
	}
	return e.Lane
}

// Step is one step in the hands of its owner.
type Step struct {
	Row    Row
	engine *Engine
}

// Save checkpoints the owner's state within the step: cursors move only together with the fence.
func (s *Step) Save(ctx context.Context, state any) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	s.Row.State, s.Row.Heartbeat = b, s.engine.Clock.Now().UnixMilli()
	r, err := s.engine.Store.Save(ctx, s.Row)
	if err == nil {
		s.Row = r
	}
	return err
}

// Next says how a step ended.
type Next struct {
	State any
	Done  bool
	Delay time.Duration // before the next step; up to 15 minutes
}

// Work is one step: it may Save on the way and ends by saying what comes next. An error leaves the row as last saved; the message comes again.
type Work func(ctx context.Context, s *Step) (Next, error)

// Start begins a chain and queues its first step.
func (e *Engine) Start(ctx context.Context, p id.PortalID, kind, chainID string, state any) (Row, error) {
	b, err := json.Marshal(state)
	if err != nil {
		return Row{}, err
	}
	r := Row{Portal: p, Kind: kind, ID: chainID, Step: 1, State: b, Heartbeat: e.Clock.Now().UnixMilli()}
	if e.Alarm != nil {
		if err := e.Alarm.BringForward(ctx, p, e.Clock.Now().Add(Stale+time.Second)); err != nil {
			return r, err
		}
	}
	if err := e.Store.Start(ctx, r); err != nil {
		return r, err
	}
	return r, e.queue(ctx, r, 0)
}

// Run handles one step message.
func (e *Engine) Run(ctx context.Context, m Message, work Work) error {
	r, ok, err := e.Store.Load(ctx, m.Portal, m.Kind, m.ID)
	if err != nil || !ok || r.Done {
		return err
	}
	switch {
	case r.Step == m.Step+1:
		return e.queue(ctx, r, 0)
	case r.Step != m.Step:
		return nil
	}
	r, delay, err := e.step(ctx, r, work)
	if errors.Is(err, ErrFenced) {
		return nil // somebody else has this step's successor
	}
	if err != nil || r.Done {
		return err
	}
	return e.queue(ctx, r, delay)
}

// Step does one step of a row and hands over in the table, without a queue: tests of owners drive their chains so.
func (e *Engine) Step(ctx context.Context, r Row, work Work) error {
	_, _, err := e.step(ctx, r, work)
	return err
}

func (e *Engine) step(ctx context.Context, r Row, work Work) (Row, time.Duration, error) {
	s := &Step{r, e}
	next, err := work(ctx, s)
	if err != nil {
		return r, 0, err
	}
	b, err := json.Marshal(next.State)
	if err != nil {
		return r, 0, err
	}
	r = s.Row
	r.State, r.Done, r.Heartbeat = b, next.Done, e.Clock.Now().Add(next.Delay).UnixMilli()
	r.Step++
	r, err = e.Store.Save(ctx, r)
	return r, next.Delay, err
}

// Revive queues the current step of a chain again when it has been silent for too long. It returns the chain while one runs.
func (e *Engine) Revive(ctx context.Context, p id.PortalID, kind string) (Row, bool, error) {
	r, ok, err := e.Store.Running(ctx, p, kind)
	if err != nil || !ok {
		return r, false, err
	}
	if now := e.Clock.Now().UnixMilli(); now-r.Heartbeat > Stale.Milliseconds() {
		r.Heartbeat = now
		if r, err = e.Store.Save(ctx, r); err != nil {
			if errors.Is(err, ErrFenced) {
				return r, true, nil
			}
			return r, true, err
		}
		return r, true, e.send(ctx, r, 0, fmt.Sprintf("%s#%d#again%d", r.ID, r.Step, now))
	}
	return r, true, nil
}

// Replace stores another state from outside a step (a cancellation) and queues the step again: a step at work is fenced off by it.
func (e *Engine) Replace(ctx context.Context, r Row, state any) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	r.State = b
	if r, err = e.Store.Save(ctx, r); err != nil {
		return err
	}
	return e.send(ctx, r, 0, fmt.Sprintf("%s#%d#v%d", r.ID, r.Step, r.Version))
}

func (e *Engine) queue(ctx context.Context, r Row, delay time.Duration) error {
	return e.send(ctx, r, delay, fmt.Sprintf("%s#%d", r.ID, r.Step))
}

// send queues a step. FIFO queues know no delay of single messages, so a delayed step waits in the wake-ups queue, whose handler sends it on.
func (e *Engine) send(ctx context.Context, r Row, delay time.Duration, dedup string) error {
	b, err := json.Marshal(Message{r.Portal, r.Kind, r.ID, r.Step})
	if err != nil {
		return err
	}
	group := r.ID
	if e.Group != nil {
		group = e.Group(r)
	}
	if delay > 0 {
		b, err := json.Marshal(Wakeup{Step: b, Group: group, Dedup: dedup, Lane: e.Lane})
		if err != nil {
			return err
		}
		return e.Queue.Send(ctx, queue.Wakeups, queue.Message{Body: b, Delay: delay})
	}
	return e.Queue.Send(ctx, e.lane(), queue.Message{Body: b, Group: group, Dedup: dedup})
}

// Wakeup is a message that waited in the wake-ups queue: a step to send on, a flush to ask for, or a sweep to make.
type Wakeup struct {
	Step  json.RawMessage `json:"step,omitempty"`
	Group string          `json:"group,omitempty"`
	Dedup string          `json:"dedup,omitempty"`
	Lane  queue.Queue     `json:"lane,omitempty"` // where the step goes; "" is queue.SyncSteps
	Flush id.PortalID     `json:"flush,omitempty"`
	Sweep id.PortalID     `json:"sweep,omitempty"`
}

// Forward sends a waited step on.
func (e *Engine) Forward(ctx context.Context, w Wakeup) error {
	lane := w.Lane
	if lane == "" {
		lane = queue.SyncSteps
	}
	return e.Queue.Send(ctx, lane, queue.Message{Body: w.Step, Group: w.Group, Dedup: w.Dedup})
}
