package sim

import (
	"cmp"
	"container/heap"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// scheduler runs tasks one at a time. A task is a goroutine that holds the baton from when it is resumed until it waits or ends, so
// nothing ever runs beside it, and what happens next depends on the events' times and the order of their making alone.
type scheduler struct {
	now     time.Time
	seq     int
	events  events
	current *task
	baton   chan struct{}
	steps   int
	// broken is a panic of the code under test: it ends the run.
	broken string
}

func newScheduler(start time.Time) *scheduler {
	return &scheduler{now: start, baton: make(chan struct{})}
}

// task is one thread of control: an invocation, or a timer of a sandbox.
type task struct {
	name   string
	env    *environment // of an invocation; nil for the sandboxes' own work
	resume chan struct{}
	dead   bool // killed: it ends at its next step
	over   bool
	begun  bool
	wake   *event
	then   []func() // run by the scheduler when the task is over
	// trouble of this invocation: calls so far, calls until the one that kills (of those aimed at), time lost to faults.
	calls     int
	countdown int
	aim       aim
	after     bool
	stalled   time.Duration
	// outside counts how deep the task is in the work of somebody else (a sandbox).
	outside int
}

// aim says which calls a crash counts.
type aim int

const (
	anyCall   aim = iota
	effects       // calls that change something
	providers     // calls that change something at HubSpot or LINE, the effects that no transaction joins with our own rows
)

type event struct {
	at    time.Time
	seq   int
	do    func()
	index int
	off   bool
}

type events []*event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return cmp.Or(e[i].at.Compare(e[j].at), cmp.Compare(e[i].seq, e[j].seq)) < 0
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i]; e[i].index, e[j].index = i, j }
func (e *events) Push(x any)   { v := x.(*event); v.index = len(*e); *e = append(*e, v) }
func (e *events) Pop() any {
	last := len(*e) - 1
	v := (*e)[last]
	*e = (*e)[:last]
	return v
}

// at plans do for a time; one in the past means now.
func (s *scheduler) at(t time.Time, do func()) *event {
	if t.Before(s.now) {
		t = s.now
	}
	s.seq++
	e := &event{at: t, seq: s.seq, do: do}
	heap.Push(&s.events, e)
	return e
}

// step does the next event; false when there is none before until.
func (s *scheduler) step(until time.Time) bool {
	for len(s.events) > 0 {
		e := s.events[0]
		if e.at.After(until) {
			return false
		}
		heap.Pop(&s.events)
		if e.off {
			continue
		}
		if e.at.After(s.now) {
			s.now = e.at
		}
		s.steps++
		e.do()
		return true
	}
	return false
}

// runUntil does everything that is due and moves time there.
func (s *scheduler) runUntil(t time.Time) {
	for s.broken == "" && s.step(t) {
	}
	if s.now.Before(t) {
		s.now = t
	}
}

// start makes a task and runs it when the time comes.
func (s *scheduler) start(at time.Time, t *task, work func()) {
	t.resume = make(chan struct{})
	t.wake = s.at(at, func() {
		t.begun = true
		s.carry(t, func() { go s.run(t, work) })
	})
}

func (s *scheduler) run(t *task, work func()) {
	defer func() {
		if p := recover(); p != nil && !t.dead && s.broken == "" {
			s.broken = fmt.Sprintf("%s: panic: %v\n%s", t.name, p, debug.Stack())
		}
		t.over = true
		s.baton <- struct{}{}
	}()
	work()
}

// carry gives the baton to a task and waits until it comes back.
func (s *scheduler) carry(t *task, give func()) {
	before := s.current
	s.current, t.wake = t, nil
	give()
	<-s.baton
	s.current = before
	if t.over {
		for _, f := range slices.Clone(t.then) {
			f()
		}
	}
}

// wait is called by the task that holds the baton: it goes on at the given time, if it still lives.
func (s *scheduler) wait(until time.Time) {
	t := s.current
	if t.dead {
		runtime.Goexit()
	}
	t.wake = s.at(until, func() { s.wakeUp(t) })
	s.pause(t)
}

// park waits without a time; somebody calls wakeUp.
func (s *scheduler) park() {
	t := s.current
	if t.dead {
		runtime.Goexit()
	}
	s.pause(t)
}

func (s *scheduler) pause(t *task) {
	s.baton <- struct{}{}
	<-t.resume
	if t.dead {
		runtime.Goexit()
	}
}

// wakeUp resumes a waiting task. Only the scheduler itself calls it.
func (s *scheduler) wakeUp(t *task) {
	s.carry(t, func() { t.resume <- struct{}{} })
}

// kill ends a task as SIGKILL ends a process: nothing of it runs any more except deferred functions, which reach nothing outside.
func (s *scheduler) kill(t *task) {
	if t.over || t.dead {
		return
	}
	t.dead = true
	if t == s.current {
		runtime.Goexit()
	}
	s.at(s.now, func() { s.bury(t) })
}

// bury ends a killed task that waits, or has not begun.
func (s *scheduler) bury(t *task) {
	if t.over {
		return
	}
	if t.wake != nil {
		t.wake.off = true
	}
	if t.begun {
		s.wakeUp(t)
		return
	}
	t.over = true
	for _, f := range t.then {
		f()
	}
}
