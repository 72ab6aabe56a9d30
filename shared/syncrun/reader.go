package syncrun

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"lumo/shared/chain"
	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// reader brings pages of contacts into friends and moves the run's cursors behind them.
type reader struct {
	source  Source
	applier *contactsync.Applier
	scope   contactsync.Scope
	clock   clock.Clock
	ahead   int // hundreds of contacts of each end that are being stored while the next are fetched; 1 does one thing at a time

	mu    sync.Mutex
	run   *Run
	step  *chain.Step
	saved time.Time // the last checkpoint
	// Frontiers of what was fetched; cursors in run are what was stored.
	high, low id.ContactID
	window    *window // nil when one thing is done at a time
}

// read runs the ends until all are through or stop says that time is up. It returns whether everything was read.
func (r *reader) read(ctx context.Context, ends []end, stop func() bool) (bool, error) {
	if r.ahead <= 1 {
		return r.alternate(ctx, ends, stop)
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	r.window = newWindow(len(ends), r.run.Expected)
	shared, flow := r.share(), newFlow(r.clock)
	through := make([]bool, len(ends))
	var fetching, storing sync.WaitGroup
	for i, e := range ends {
		p := &pipeline{reader: r, end: e, room: semaphore.NewWeighted(int64(e.room)), flow: flow, pages: make(chan *stored, r.ahead), fail: fail}
		if e.yields && shared != nil {
			p.crowded = shared.crowded
		}
		fetching.Go(func() { through[i] = p.fetch(ctx, stop) })
		storing.Go(func() { p.commit(ctx) })
	}
	fetching.Wait()
	if shared != nil {
		shared.hurry()
	}
	storing.Wait()
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	all := true
	for _, t := range through {
		all = all && t
	}
	return all, nil
}

// What all pages together, and one page, have under way.
const (
	rowsAtOnce     = 48
	profilesAtOnce = 32
	rowsOfOnePage  = 16
)

// share makes pages that are stored at the same time share calls for what they need, and the room for writes. It returns what they share.
func (r *reader) share() *gatheringCRM {
	a := *r.applier
	a.Parallel = min(a.Parallel, rowsOfOnePage)
	a.Friends = fewAtOnce{a.Friends, semaphore.NewWeighted(rowsAtOnce)}
	a.Profiles = fewProfiles{a.Profiles, semaphore.NewWeighted(profilesAtOnce)}
	var shared *gatheringCRM
	if c, ok := a.CRM.(namedCRM); ok {
		shared = gathering(c, r.scope.Portal, r.scope.Read(), r.window.hold)
		a.CRM = shared
	}
	r.applier = &a
	return shared
}

// fewAtOnce bounds the writes under way.
type fewAtOnce struct {
	friend.Store
	room *semaphore.Weighted
}

// Save implements friend.Store.
func (s fewAtOnce) Save(ctx context.Context, p id.PortalID, f friend.Friend) (friend.Friend, error) {
	if err := s.room.Acquire(ctx, 1); err != nil {
		return f, err
	}
	defer s.room.Release(1)
	return s.Store.Save(ctx, p, f)
}

// fewProfiles bounds the questions to LINE under way.
type fewProfiles struct {
	contactsync.Profiles
	room *semaphore.Weighted
}

// Profile implements contactsync.Profiles.
func (s fewProfiles) Profile(ctx context.Context, p id.PortalID, k friend.Key) (friend.Profile, bool, error) {
	if err := s.room.Acquire(ctx, 1); err != nil {
		return friend.Profile{}, false, err
	}
	defer s.room.Release(1)
	return s.Profiles.Profile(ctx, p, k)
}

// alternate takes a page of each end in turn on one goroutine.
func (r *reader) alternate(ctx context.Context, ends []end, stop func() bool) (bool, error) {
	open := make([]bool, len(ends))
	for i := range open {
		open[i] = true
	}
	for {
		any := false
		for i, e := range ends {
			if !open[i] {
				continue
			}
			if stop() {
				return false, nil
			}
			p, more, err := e.fetch(ctx)
			if err != nil {
				return false, err
			}
			a, err := r.store(ctx, e, p)
			if err == nil {
				err = r.commit(ctx, e, p, a)
			}
			if err != nil {
				return false, err
			}
			open[i] = more
			any = any || more
		}
		if !any {
			return true, nil
		}
	}
}

// pipeline fetches the pages of one end one after the other, stores several at once, and commits cursors in order.
type pipeline struct {
	*reader
	end   end
	room  *semaphore.Weighted // hundreds of contacts
	flow  *flow
	pages chan *stored // in the order of fetching
	fail  func(error)
	// crowded, where it is set, tells that this end should let others go first.
	crowded func() bool
	mine    atomic.Int32 // pages in the window
}

// stored is a page on its way into friends.
type stored struct {
	page    Page
	done    chan struct{} // closed when it is there, or has failed
	ok      bool
	applied contactsync.Applied
}

// fetch returns whether the end is through.
func (p *pipeline) fetch(ctx context.Context, stop func() bool) bool {
	defer close(p.pages)
	defer p.window.leave()
	for p.wait(ctx, stop) {
		pg, more, err := p.end.fetch(ctx)
		hundreds := min(int64(len(pg.Contacts)+99)/100, int64(p.end.room))
		if err == nil {
			err = p.room.Acquire(ctx, hundreds)
		}
		if err != nil {
			p.fail(err)
			return false
		}
		p.flow.enter(len(pg.Contacts))
		s := &stored{page: pg, done: make(chan struct{})}
		select {
		case p.pages <- s:
		case <-ctx.Done():
			return false
		}
		go func() {
			defer close(s.done)
			defer p.room.Release(hundreds)
			defer p.flow.leave(len(s.page.Contacts))
			a, err := p.store(ctx, p.end, s.page)
			if s.applied, s.ok = a, err == nil; !s.ok {
				p.fail(err)
			}
		}()
		if !more {
			return true
		}
	}
	return false
}

// wait waits for the storing to keep up. It tells whether to fetch on.
func (p *pipeline) wait(ctx context.Context, stop func() bool) bool {
	for !stop() {
		if p.flow.open() && (p.crowded == nil || !p.crowded()) && p.window.take(int(p.mine.Load())) {
			p.mine.Add(1)
			return true
		}
		if p.clock.Sleep(ctx, flowPoll) != nil {
			return false
		}
	}
	return false
}

const flowPoll = 20 * time.Millisecond

// commit moves the cursor behind every stored page, up to the first that failed. It waits for all of them.
func (p *pipeline) commit(ctx context.Context) {
	good := true
	for s := range p.pages {
		<-s.done
		if good = good && s.ok; !good {
			continue
		}
		if err := p.reader.commit(ctx, p.end, s.page, s.applied); err != nil {
			good = false
			p.fail(err)
			continue
		}
		p.mine.Add(-1)
		p.window.pass()
	}
}

// store brings one page into friends.
func (r *reader) store(ctx context.Context, e end, p Page) (contactsync.Applied, error) {
	r.mu.Lock()
	name := fmt.Sprintf("%s/%d/%s", r.run.ID, r.step.Row.Step, pageName(e, p))
	cause := changelog.CauseOfRun(r.run.ID, e.name)
	r.mu.Unlock()
	return r.applier.Apply(ctx, r.scope, p.Contacts, nil, name, cause, contactsync.Bulk)
}

func pageName(e end, p Page) string {
	if len(p.Contacts) == 0 {
		return e.name
	}
	return e.name + p.Contacts[0].ID.String()
}

// checkpoint is how often a preview is stored while it reads, whose row is as large as its samples; the end of a step stores it anyway.
// Other runs are stored after every page, so that a crash repeats only what is under way.
const checkpoint = time.Second

// commit moves the end's cursor past a stored page, counts it and checkpoints the run.
func (r *reader) commit(ctx context.Context, e end, p Page, a contactsync.Applied) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts, twice := a.Counts, map[id.ContactID]bool{}
	for _, k := range p.Contacts {
		if n := a.By[k.ID]; n != (contactsync.Counts{Read: 1}) && e.met(r.run.Read, k.ID) {
			counts, twice[k.ID] = counts.Sub(n), true
		} else {
			r.run.meets(k.ID, a.Met[k.ID])
		}
	}
	e.pass(&r.run.Read, p)
	r.run.Read.Number++
	r.run.Counts = r.run.Counts.Add(counts)
	if r.run.DryRun {
		// A run that stores finds nothing left to change the second time; a preview would count it again.
		r.run.previewed(slices.DeleteFunc(slices.Clone(a.Changes), func(c changelog.Record) bool { return twice[c.Contact] }))
	}
	now := r.clock.Now()
	if r.run.DryRun && now.Sub(r.saved) < checkpoint {
		return nil
	}
	r.saved = now
	return r.step.Save(ctx, *r.run)
}

// budget is how long one step may work; the function's own limit is longer.
const budget = 35 * time.Second
