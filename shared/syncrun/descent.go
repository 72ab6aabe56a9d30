package syncrun

import (
	"context"

	"lumo/shared/id"
)

// descent searches downwards by id with several searches under way. The next page's bound is not known before the last page is there, so
// a search that is asked for early skips the rows that are still on the way, all but one. That one must come first in its reply: if it
// does, the two pages join without a gap, whatever was added or taken away meanwhile; if not, the search is asked again by its bound.
type descent struct {
	source Source
	portal id.PortalID
	query  Search
	props  []string

	low     id.ContactID // everything from here on was returned; 0: nothing
	span    id.ContactID // of the ids on the last page
	rest    int          // rows below low, as of the last reply
	pending []*asked
}

// asked is a search under way.
type asked struct {
	early bool // asked before the page above was there: it repeats that page's last row
	skip  int
	reply chan found
}

type found struct {
	page Page
	err  error
}

// next returns the following page, with up to ahead searches under way.
func (d *descent) next(ctx context.Context, ahead int) (Page, error) {
	for {
		d.ask(ctx, ahead)
		first := d.pending[0]
		d.pending = d.pending[1:]
		f := <-first.reply
		if f.err != nil {
			return f.page, f.err
		}
		d.rest = f.page.Total - first.skip - len(f.page.Contacts)
		f.page.Last = len(f.page.Contacts) < searchPage
		if !first.early || d.joins(&f.page) {
			return d.take(f.page), nil
		}
		d.pending = nil // what is under way was asked from the same wrong place
	}
}

// ask fills the queue. A search that is alone under way runs on the caller's goroutine.
func (d *descent) ask(ctx context.Context, ahead int) {
	for len(d.pending) == 0 || len(d.pending) < ahead && d.low != 0 && d.onTheWay() < d.rest {
		q, a := d.query, &asked{reply: make(chan found, 1)}
		q.IDBelow = d.low
		if n := d.onTheWay(); n > 0 {
			a.early, a.skip = true, n-1
		}
		q.Skip = a.skip
		d.pending = append(d.pending, a)
		search := func() {
			p, err := d.source.Search(ctx, d.portal, q, d.props)
			a.reply <- found{p, err}
		}
		if ahead <= 1 {
			search()
		} else {
			go search()
		}
	}
}

// onTheWay is the number of new rows that the searches under way will bring.
func (d *descent) onTheWay() int {
	n := 0
	for _, a := range d.pending {
		if n += searchPage; a.early {
			n--
		}
	}
	return n
}

// joins tells whether the page begins with the last row of the page before, which it takes off.
func (d *descent) joins(p *Page) bool {
	if len(p.Contacts) == 0 || p.Contacts[0].ID != d.low {
		return false
	}
	p.Contacts = p.Contacts[1:]
	return true
}

func (d *descent) take(p Page) Page {
	if n := len(p.Contacts); n > 0 {
		d.span = p.Contacts[0].ID - p.Contacts[n-1].ID
		d.low = p.Contacts[n-1].ID
	}
	return p
}
