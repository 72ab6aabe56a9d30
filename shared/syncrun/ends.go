package syncrun

import (
	"context"

	"lumo/shared/id"
)

// searchPage is the size of a page of HubSpot's search.
const searchPage = 200

// end is one direction of reading: fetch gets its next page, pass moves its cursor once the page is stored, met tells that the other end
// has counted a contact already.
type end struct {
	name string
	room int // hundreds of contacts that may be under way between fetching and storing
	// yields: its pages wait while those that are there already need many calls that count against the same limit.
	yields bool
	fetch  func(ctx context.Context) (page Page, more bool, err error)
	pass   func(c *Cursors, p Page)
	met    func(c Cursors, k id.ContactID) bool
}

// up reads the list of all contacts from the lowest id until it meets the search.
func (r *reader) up(p id.PortalID, props []string) end {
	after := r.run.Read.After
	return end{
		name:   "up",
		room:   max(r.ahead/2, 1),
		yields: r.run.Read.BothEnds,
		fetch: func(ctx context.Context) (Page, bool, error) {
			pg, err := r.source.List(ctx, p, after, props)
			if err != nil {
				return pg, false, err
			}
			after = pg.After
			return pg, r.frontier(&r.high, pg, true) && after != "", nil
		},
		pass: func(c *Cursors, pg Page) {
			c.After = pg.After
			for _, k := range pg.Contacts {
				c.High = max(c.High, k.ID)
			}
			c.UpDone = pg.After == ""
		},
		met: func(c Cursors, k id.ContactID) bool { return c.Low != 0 && k >= c.Low },
	}
}

// down searches contacts that hold a LINE User ID from the highest id until it meets the list.
func (r *reader) down(p id.PortalID, anyOf, props []string) end {
	s := &descent{source: r.source, portal: p, query: Search{AnyOf: anyOf, Down: true, Limit: searchPage}, props: props, low: r.run.Read.Low}
	return end{
		name: "down",
		room: r.ahead,
		fetch: func(ctx context.Context) (Page, bool, error) {
			pg, err := s.next(ctx, r.searches(s))
			if err != nil {
				return pg, false, err
			}
			return pg, r.frontier(&r.low, pg, false) && !pg.Last, nil
		},
		pass: func(c *Cursors, pg Page) {
			for _, k := range pg.Contacts {
				if c.Low == 0 || k.ID < c.Low {
					c.Low = k.ID
				}
			}
			c.DownDone = pg.Last
		},
		met: func(c Cursors, k id.ContactID) bool { return k <= c.High },
	}
}

// searchesAhead is how many searches are under way at once: replies may take longer than the fifth of a second that each may use.
const searchesAhead = 3

// searches is how many to have under way now. Close to the list's end more than one would be for nothing.
func (r *reader) searches(s *descent) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ahead <= 1 || r.high != 0 && s.low != 0 && s.low-r.high < searchesAhead*s.span {
		return 1
	}
	return r.window.searches()
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
		room: r.ahead,
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
		pass: func(cur *Cursors, pg Page) { *cur = withProgress(*cur, passChanges(*cur, pg)) },
		met:  func(Cursors, id.ContactID) bool { return false },
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
