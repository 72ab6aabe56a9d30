package syncrun

import (
	"context"
	"maps"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/id"
)

// companyNames remembers for a while the names that a run has read, so that each company is not read with every page that mentions it. It
// outlives a step, since the next one most likely works in the same process. A company that is renamed meanwhile is looked at once more
// later (contactsync.RenamedBefore).
type companyNames struct {
	mu    sync.Mutex
	run   string
	names map[id.CompanyID]companyName
}

type companyName struct {
	name string
	gone bool
	read time.Time
}

// of forgets what belongs to another run.
func (c *companyNames) of(run string) *companyNames {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != run {
		c.run, c.names = run, map[id.CompanyID]companyName{}
	}
	return c
}

// known returns the remembered name; ok is false when it must be read.
func (c *companyNames) known(run string, i id.CompanyID, now time.Time) (n companyName, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok = c.names[i]
	return n, ok && c.run == run && now.Sub(n.read) < contactsync.NamesLive
}

func (c *companyNames) keep(run string, asked []id.CompanyID, got map[id.CompanyID]string, read time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != run {
		return
	}
	for _, i := range asked {
		name, ok := got[i]
		c.names[i] = companyName{name, !ok, read}
	}
}

// namedCRM reads only the companies that the run does not know yet.
type namedCRM struct {
	contactsync.CRM
	run   string
	names *companyNames
	clock clock.Clock
}

// known returns the remembered names, and the companies that must be read.
func (c namedCRM) known(ids []id.CompanyID) (names map[id.CompanyID]string, ask []id.CompanyID) {
	names, now := make(map[id.CompanyID]string, len(ids)), c.clock.Now()
	for _, i := range ids {
		n, ok := c.names.known(c.run, i, now)
		switch {
		case !ok:
			ask = append(ask, i)
		case !n.gone:
			names[i] = n.name
		}
	}
	return names, ask
}

// CompanyNames implements contactsync.CRM.
func (c namedCRM) CompanyNames(ctx context.Context, p id.PortalID, ids []id.CompanyID, u contactsync.Urgency) (map[id.CompanyID]string, error) {
	out, ask := c.known(ids)
	if len(ask) == 0 {
		return out, nil
	}
	began := c.clock.Now()
	got, err := c.CRM.CompanyNames(ctx, p, ask, u)
	if err != nil {
		return nil, err
	}
	c.names.keep(c.run, ask, got, began)
	maps.Copy(out, got)
	return out, nil
}
