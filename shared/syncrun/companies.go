package syncrun

import (
	"context"
	"sync"

	"lumo/shared/contactsync"
	"lumo/shared/id"
)

// companyCache remembers company names for one step, so that each company is read once and not with every page that mentions it.
type companyCache struct {
	contactsync.CRM
	mu    sync.Mutex
	names map[id.CompanyID]string
	gone  map[id.CompanyID]bool
}

// CompanyNames reads only what no earlier page asked for.
func (c *companyCache) CompanyNames(ctx context.Context, p id.PortalID, ids []id.CompanyID, u contactsync.Urgency) (map[id.CompanyID]string, error) {
	out := make(map[id.CompanyID]string, len(ids))
	var ask []id.CompanyID
	c.mu.Lock()
	for _, i := range ids {
		if n, ok := c.names[i]; ok {
			out[i] = n
		} else if !c.gone[i] {
			ask = append(ask, i)
		}
	}
	c.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	got, err := c.CRM.CompanyNames(ctx, p, ask, u)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil {
		c.names, c.gone = map[id.CompanyID]string{}, map[id.CompanyID]bool{}
	}
	for _, i := range ask {
		if n, ok := got[i]; ok {
			out[i], c.names[i] = n, n
		} else {
			c.gone[i] = true
		}
	}
	return out, nil
}
