package syncrun

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lumo/shared/chain"
	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/id"
)

// pageSize of HubSpot's search.
const searchPage = 200

// reader brings pages of contacts into friends and moves the run's cursors behind them.
type reader struct {
	source  Source
	applier *contactsync.Applier
	scope   contactsync.Scope
	clock   clock.Clock
	ahead   int // pages being stored while the next is fetched; 1 in the simulation

	mu   sync.Mutex
	run  *Run
	step *chain.Step
	// Frontiers of what was fetched; cursors in run are what was stored.
	high, low id.ContactID
}

// end is one direction of reading: fetch gets its next page, pass moves its cursor once the page is stored.
type end struct {
	name  string
	fetch func(ctx context.Context) (page Page, more bool, err error)
	pass  func(c *Cursors, p Page, more bool)
}

// read runs the ends until all are through or stop says that time is up. It returns whether everything was read.
func (r *reader) read(ctx context.Context, ends []end, stop func() bool) (bool, error) {
	if r.ahead <= 1 {
		return r.alternate(ctx, ends, stop)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, len(ends))
	done := make(chan bool, len(ends))
	for _, e := range ends {
		go func() {
			through, err := r.pipeline(ctx, e, stop)
			if err != nil {
				cancel()
			}
			errs <- err
			done <- through
		}()
	}
	all, first := true, error(nil)
	for range ends {
		if err := <-errs; err != nil && (first == nil || first == context.Canceled) {
			first = err
		}
		all = <-done && all
	}
	return all, first
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
			if err := r.store(ctx, e, p); err != nil {
				return false, err
			}
			if err := r.commit(ctx, e, p, more); err != nil {
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

// pipeline fetches pages one after the other, stores up to `ahead` of them at once, and commits cursors in order.
func (r *reader) pipeline(ctx context.Context, e end, stop func() bool) (bool, error) {
	type pending struct {
		page Page
		more bool
		done chan error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	waiting := make(chan pending, r.ahead)
	slots := make(chan struct{}, r.ahead)
	result := make(chan error, 1)
	go func() {
		var first error
		for w := range waiting {
			err := <-w.done
			if first == nil && err == nil {
				err = r.commit(ctx, e, w.page, w.more)
			}
			if first == nil && err != nil {
				first = err
				cancel()
			}
		}
		result <- first
	}()
	more, err := true, error(nil)
	for more && !stop() {
		var p Page
		if p, more, err = e.fetch(ctx); err != nil {
			break
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			break
		}
		w := pending{p, more, make(chan error, 1)}
		go func() {
			w.done <- r.store(ctx, e, p)
			<-slots
		}()
		waiting <- w
	}
	close(waiting)
	if cerr := <-result; cerr != nil {
		return false, cerr
	}
	return !more && err == nil, err
}

// store brings one page into friends.
func (r *reader) store(ctx context.Context, e end, p Page) error {
	r.mu.Lock()
	name := fmt.Sprintf("%s/%d/%s", r.run.ID, r.step.Row.Step, pageName(e, p))
	cause := changelog.CauseOfRun(r.run.ID, e.name)
	r.mu.Unlock()
	a, err := r.applier.Apply(ctx, r.scope, p.Contacts, nil, name, cause, contactsync.Bulk)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	r.run.Counts = r.run.Counts.Add(a.Counts)
	if r.run.DryRun {
		r.run.Samples = append(r.run.Samples, a.Changes[:min(len(a.Changes), maxSamples-len(r.run.Samples))]...)
	}
	return nil
}

// maxSamples of a dry run (P-64).
const maxSamples = 100

func pageName(e end, p Page) string {
	if len(p.Contacts) == 0 {
		return e.name
	}
	return e.name + p.Contacts[0].ID.String()
}

// commit moves the end's cursor past a stored page and checkpoints the run.
func (r *reader) commit(ctx context.Context, e end, p Page, more bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.pass(&r.run.Read, p, more)
	r.run.Read.Number++
	return r.step.Save(ctx, *r.run)
}

// up reads the list of all contacts from the lowest id until it meets the search.
func (r *reader) up(p id.PortalID, props []string) end {
	after := r.run.Read.After
	return end{
		name: "up",
		fetch: func(ctx context.Context) (Page, bool, error) {
			pg, err := r.source.List(ctx, p, after, props)
			if err != nil {
				return pg, false, err
			}
			after = pg.After
			return pg, r.frontier(&r.high, pg, true) && after != "", nil
		},
		pass: func(c *Cursors, pg Page, _ bool) {
			c.After = pg.After
			for _, k := range pg.Contacts {
				c.High = max(c.High, k.ID)
			}
			c.UpDone = pg.After == ""
		},
	}
}

// down searches contacts that hold a LINE User ID from the highest id until it meets the list.
func (r *reader) down(p id.PortalID, anyOf, props []string) end {
	low := r.run.Read.Low
	return end{
		name: "down",
		fetch: func(ctx context.Context) (Page, bool, error) {
			pg, err := r.source.Search(ctx, p, Search{AnyOf: anyOf, IDBelow: low, Down: true, Limit: searchPage}, props)
			if err != nil {
				return pg, false, err
			}
			for _, k := range pg.Contacts {
				if low == 0 || k.ID < low {
					low = k.ID
				}
			}
			return pg, r.frontier(&r.low, pg, false) && len(pg.Contacts) == searchPage, nil
		},
		pass: func(c *Cursors, pg Page, _ bool) {
			for _, k := range pg.Contacts {
				if c.Low == 0 || k.ID < c.Low {
					c.Low = k.ID
				}
			}
			c.DownDone = len(pg.Contacts) < searchPage
		},
	}
}

// frontier notes how far an end has fetched, and tells whether the two ends are still apart.
func (r *reader) frontier(mine *id.ContactID, p Page, up bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range p.Contacts {
		if *mine == 0 || (up && k.ID > *mine) || (!up && k.ID < *mine) {
			*mine = k.ID
		}
	}
	return r.high == 0 || r.low == 0 || r.high < r.low
}

// changes reads what was modified between the cursor and the cutoff, by (time, id) with inclusive bounds and without offsets. Where more
// share one millisecond than fit a page (a bulk import), those are read by id.
func (r *reader) changes(p id.PortalID, anyOf, props []string) end {
	c := r.run.Read
	return end{
		name: "changes",
		fetch: func(ctx context.Context) (Page, bool, error) {
			q := Search{AnyOf: anyOf, ModifiedFrom: c.At, ModifiedTo: c.Cutoff, ByTime: true, Limit: searchPage}
			if c.Crowd {
				q.ModifiedTo, q.IDAbove, q.ByTime = c.At, c.ID, false
			}
			pg, err := r.source.Search(ctx, p, q, props)
			if err != nil {
				return pg, false, err
			}
			c = passChanges(c, pg)
			return pg, !c.DownDone, nil
		},
		pass: func(cur *Cursors, pg Page, _ bool) { *cur = withProgress(*cur, passChanges(*cur, pg)) },
	}
}

func withProgress(before, after Cursors) Cursors { after.Number = before.Number; return after }

// passChanges moves the cursor past a page.
func passChanges(c Cursors, pg Page) Cursors {
	full := len(pg.Contacts) == searchPage
	if c.Crowd {
		for _, k := range pg.Contacts {
			c.ID = max(c.ID, k.ID)
		}
		if !full { // the crowd is through
			c.Crowd, c.ID, c.At = false, 0, c.At+1
			c.DownDone = c.At > c.Cutoff
		}
		return c
	}
	if !full {
		c.DownDone = true
		return c
	}
	last := pg.Contacts[len(pg.Contacts)-1].UpdatedAt
	if last <= c.At {
		c.Crowd, c.ID = true, 0
		return c
	}
	c.At = last
	return c
}

// budget is how long one step may work; the function's own limit is longer.
const budget = 35 * time.Second
