package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/message"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/workflow"
)

const (
	hub = id.PortalID(7)
	ann = id.ContactID(501)
)

// died is thrown where a process dies.
type died struct{}

// enrolment is one contact's way through the step, as HubSpot sees it.
type enrolment struct {
	callback string // the one that counts
	waiting  bool   // "wait" was read
	status   string // "" until it goes on
}

// world is a Service over memory with a HubSpot that repeats calls, and processes that can die around every call. One goroutine.
type world struct {
	*workflow.Service
	clock    *clock.Virtual
	rows     map[string]workflow.Execution
	to       map[string]string // callback or step to execution
	queue    []workflow.Work
	enrolled []*enrolment
	pushed   map[string]int // messages on the phone, by the execution's id
	intents  map[string]chat.Intent
	dies     func() bool
	trouble  func() error
	ids      int
	used     []string
}

func newWorld() *world {
	w := &world{
		clock: clock.NewVirtual(noon), rows: map[string]workflow.Execution{}, to: map[string]string{}, pushed: map[string]int{}, intents: map[string]chat.Intent{},
		dies: func() bool { return false }, trouble: func() error { return nil },
	}
	w.Service = &workflow.Service{
		Store: w, Portals: w, Accounts: accounts{}, Friends: friendsOf{w}, Chat: chats{w}, HubSpot: w, Queue: w, Alarm: w, Clock: w.clock, Parallel: 1,
		Consent: func(context.Context, id.PortalID, id.Slot) (string, error) { return "line_consent", nil },
	}
	return w
}

func (w *world) point() {
	if w.dies() {
		panic(died{})
	}
}

func (w *world) Load(_ context.Context, r workflow.Ref) (workflow.Execution, bool, error) {
	e, ok := w.rows[r.ID]
	return e, ok, nil
}

func (w *world) by(key string) (workflow.Execution, bool, error) {
	e, ok := w.rows[w.to[key]]
	return e, ok, nil
}

func (w *world) ByCallback(_ context.Context, c workflow.Call) (workflow.Execution, bool, error) {
	return w.by("c" + c.Callback)
}

func (w *world) ByStep(_ context.Context, c workflow.Call) (workflow.Execution, bool, error) {
	return w.by("s" + c.Step)
}

func (w *world) Begin(_ context.Context, e workflow.Execution, former string) (workflow.Execution, error) {
	w.point()
	if w.to["s"+e.Call.Step] != former || w.to["c"+e.Call.Callback] != "" {
		return e, workflow.ErrChanged
	}
	w.to["s"+e.Call.Step], w.to["c"+e.Call.Callback] = e.ID, e.ID
	e.Version = 1
	w.rows[e.ID] = e
	w.point()
	return e, nil
}

func (w *world) Join(ctx context.Context, e workflow.Execution, c workflow.Call) (workflow.Execution, error) {
	e, err := w.Save(ctx, e)
	if err == nil {
		w.to["c"+c.Callback] = e.ID
	}
	return e, err
}

func (w *world) Save(_ context.Context, e workflow.Execution) (workflow.Execution, error) {
	w.point()
	if w.rows[e.ID].Version != e.Version {
		return e, workflow.ErrChanged
	}
	e.Version++
	w.rows[e.ID] = e
	w.point()
	return e, nil
}

func (w *world) Due(_ context.Context, _ id.PortalID, until int64, _ int) (out []workflow.Ref, err error) {
	for name, e := range w.rows {
		if e.Due != 0 && e.Due <= until {
			out = append(out, workflow.Ref{Portal: hub, Contact: ann, ID: name})
		}
	}
	slices.SortFunc(out, func(a, b workflow.Ref) int { return len(a.ID) - len(b.ID) })
	return out, nil
}

func (w *world) TagUsed(_ context.Context, _ id.PortalID, _ id.Slot, tag string, u workflow.Use) error {
	w.point()
	w.used = append(w.used, tag+" "+u.Workflow)
	return nil
}
func (w *world) TagUses(context.Context, id.PortalID, id.Slot, string) ([]workflow.Use, error) {
	return nil, nil
}
func (w *world) Quiet(context.Context, id.PortalID) (workflow.Quiet, error) {
	return workflow.Quiet{}, nil
}
func (w *world) SaveQuiet(context.Context, id.PortalID, workflow.Quiet) error { return nil }
func (w *world) BringForward(context.Context, id.PortalID, time.Time) error   { return nil }
func (w *world) Value(context.Context, id.PortalID, id.ContactID, string) (string, error) {
	return workflow.Granted, nil
}

func (w *world) Get(_ context.Context, p id.PortalID) (portal.Portal, error) {
	return portal.Portal{ID: p, State: portal.Connected, Scopes: []string{portal.ScopeAutomation}}, nil
}

func (w *world) Send(_ context.Context, _ queue.Queue, ms ...queue.Message) error {
	for _, m := range ms {
		var todo workflow.Work
		if err := json.Unmarshal(m.Body, &todo); err != nil {
			return err
		}
		w.queue = append(w.queue, todo)
	}
	return nil
}

// Complete is HubSpot's: of many callbacks it says nothing, of one it says whether it waits.
func (w *world) Complete(_ context.Context, _ id.PortalID, cs []workflow.Completion) error {
	w.point()
	if err := w.trouble(); err != nil {
		return err
	}
	taken := 0
	for _, c := range cs {
		for _, e := range w.enrolled {
			if e.callback == c.Callback && e.waiting && e.status == "" {
				e.status = c.Outputs["status"]
				taken++
			}
		}
	}
	w.point()
	if len(cs) == 1 && taken == 0 {
		return &fault.Fault{Provider: "hubspot", Class: fault.NotFound, Certainty: fault.NothingHappened}
	}
	return nil
}

// friends and accounts.
type friendsOf struct{ *world }

func (friendsOf) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	return friend.Friend{Key: k, Follow: friend.Following, Link: friend.Link{State: friend.Linked, Contact: ann}}, true, nil
}

func (friendsOf) ByContact(context.Context, id.PortalID, id.ContactID) ([]friend.Key, error) {
	return []friend.Key{{Slot: 1, User: "U0123456789abcdef0123456789abcdef"}}, nil
}

type accounts struct{ lineaccount.Store }

func (accounts) Account(_ context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error) {
	return lineaccount.Account{Portal: p, Slot: s, State: lineaccount.Active}, nil
}

// chats keeps package chat's promise: one message for each id, whoever comes again. Its outcome can be late.
type chats struct{ w *world }

func (c chats) Send(_ context.Context, _ id.PortalID, r chat.Request) (chat.Intent, error) {
	w := c.w
	w.point()
	i, ok := w.intents[r.ID]
	if !ok {
		i = chat.Intent{Message: message.Message{ID: r.ID, Status: message.Sending}}
	}
	if i.Status == message.Sending {
		if err := w.trouble(); err == nil {
			w.pushed[r.ID]++
			i.Status = message.Sent
		}
		w.intents[r.ID] = i
	}
	w.point()
	return i, nil
}

func (c chats) Retry(context.Context, id.PortalID, friend.Key, string) (chat.Intent, error) {
	return chat.Intent{}, chat.ErrFinal
}

func (c chats) Stop(_ context.Context, _ id.PortalID, _ friend.Key, name, _ string) (chat.Intent, bool, error) {
	i, ok := c.w.intents[name]
	return i, ok, nil
}

// call is HubSpot's, for the enrolment it is at; a new callback makes the former void.
func (w *world) call(fresh, exact bool) {
	e := w.enrolled[len(w.enrolled)-1]
	if fresh || e.callback == "" {
		w.ids++
		e.callback = fmt.Sprint("ap-", w.ids)
	}
	step := "s"
	if exact {
		step = fmt.Sprint("s", len(w.enrolled))
	}
	w.clock.Advance(time.Millisecond)
	w.queue = append(w.queue, workflow.Work{Portal: hub, Call: &workflow.Call{
		Portal: hub, Action: workflow.SendMessage, Callback: e.callback, Workflow: "5", Step: step, Exact: exact, Contact: ann, At: w.clock.Now().UnixMilli(),
		Inputs: map[string]string{"oa": "1", "text_1": "hello"},
	}})
	w.clock.Advance(time.Millisecond)
}

// work takes some messages of the queue in a process of its own; what is not done comes again.
func (w *world) work(t *rapid.T, ctx context.Context, batch []workflow.Work) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
			w.queue = append(w.queue, batch...)
		}
	}()
	var calls []workflow.Call
	var refs []workflow.Ref
	for _, m := range batch {
		if m.Call != nil {
			calls = append(calls, *m.Call)
		}
		refs = append(refs, m.Refs...)
	}
	again, err := w.Handle(ctx, hub, calls)
	if err != nil || len(again) > 0 {
		t.Fatalf("calls: %v, %v", again, err)
	}
	if again, err = w.Resume(ctx, hub, refs); err != nil || len(again) > 0 {
		t.Fatalf("refs: %v, %v", again, err)
	}
}

// However HubSpot repeats calls, queues repeat messages and processes die: one message for each enrolment, and each goes on.
func TestEachEnrolmentGetsOneMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		w := newWorld()

		exact := rapid.Bool().Draw(t, "named enrolments")
		chance := func(of int, what string) bool { return rapid.IntRange(0, of-1).Draw(t, what) == 0 }
		w.dies = func() bool { return chance(12, "dies") }
		w.trouble = func() error {
			if chance(6, "trouble") {
				return &fault.Fault{Class: fault.Unavailable}
			}
			return nil
		}
		for range rapid.IntRange(1, 4).Draw(t, "enrolments") {
			w.enrolled = append(w.enrolled, &enrolment{})
			e := w.enrolled[len(w.enrolled)-1]
			w.call(true, exact)
			repeats := rapid.IntRange(0, 3).Draw(t, "repeats")
			for steps := 0; e.status == ""; steps++ {
				switch {
				case steps > 300:
					t.Fatalf("stuck: %+v", w.rows)
				case steps > 60:
					w.dies, w.trouble = func() bool { return false }, func() error { return nil }
				}
				if repeats > 0 && (steps == 0 || exact && chance(2, "late")) {
					// Where HubSpot does not name enrolments it repeats before anybody answered; the last answer gets through.
					repeats--
					for ; !exact && repeats > 0; repeats-- {
						w.call(chance(2, "new id"), exact)
					}
					w.call(chance(2, "new id"), exact)
				}
				if repeats == 0 {
					e.waiting = true
				}
				if n := len(w.queue); n > 0 {
					from := rapid.IntRange(0, n-1).Draw(t, "from")
					batch := slices.Clone(w.queue[from:])
					w.queue = w.queue[:from]
					if chance(4, "delivered twice") {
						w.queue = append(w.queue, batch...)
					}
					w.work(t, ctx, batch)
				}
				w.clock.Advance(10 * time.Second)
				if _, err := w.Look(ctx, hub, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		total := 0
		for _, n := range w.pushed {
			total += n
		}
		if total != len(w.enrolled) {
			t.Fatalf("%d messages for %d enrolments", total, len(w.enrolled))
		}
		for i, e := range w.enrolled {
			if e.status != "sent" {
				t.Errorf("enrolment %d went on with %q", i, e.status)
			}
		}
	})
}
