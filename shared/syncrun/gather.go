package syncrun

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/id"
)

// A page of contacts seldom needs a whole batch of company names or of histories. So pages that are stored at the same time put what they
// need into common calls, and a call goes out when it is full, or when it has been held for a while and no other is under way: while HubSpot
// keeps calls waiting, more small ones would only wait behind them.
const (
	namesPerCall     = 100
	historiesPerCall = 50
	held             = 1500 * time.Millisecond
)

// gatheringCRM shares calls between pages.
type gatheringCRM struct {
	namedCRM
	names     *pool[id.CompanyID, string]
	histories *pool[id.ContactID, contactsync.Contact]
	history   *wanted
}

// wanted is the union of the properties whose histories pages ask for.
type wanted struct {
	mu    sync.Mutex
	props map[string]bool
}

func (w *wanted) add(names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range names {
		w.props[n] = true
	}
}

func (w *wanted) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.props))
}

// gathering makes pools over c for one portal's read of the given properties. hold tells how long a call may wait to be full.
func gathering(c namedCRM, p id.PortalID, properties []string, hold func() time.Duration) *gatheringCRM {
	g := &gatheringCRM{namedCRM: c, history: &wanted{props: map[string]bool{}}}
	g.names = newPool(namesPerCall, c.clock, hold, func(ctx context.Context, ids []id.CompanyID) (map[id.CompanyID]string, error) {
		return c.CompanyNames(ctx, p, ids, contactsync.Bulk)
	})
	g.histories = newPool(historiesPerCall, c.clock, hold, func(ctx context.Context, ids []id.ContactID) (map[id.ContactID]contactsync.Contact, error) {
		found, _, err := c.Contacts(ctx, p, ids, properties, g.history.all(), contactsync.Bulk)
		out := make(map[id.ContactID]contactsync.Contact, len(found))
		for _, k := range found {
			out[k.ID] = k
		}
		return out, err
	})
	return g
}

// namesAhead is how many companies' names may be waited for before the list gives way.
const namesAhead = 10 * namesPerCall

// crowded tells that pages wait for the names of many companies, as at the beginning of a run. Those calls have the list's limit in common
// with it, while search has its own: pages of the list would only be further ones that wait.
func (g *gatheringCRM) crowded() bool { return g.names.waiting() > namesAhead }

// hurry sends what is gathered: no more pages come.
func (g *gatheringCRM) hurry() {
	g.names.hurry()
	g.histories.hurry()
}

// CompanyNames implements contactsync.CRM.
func (g *gatheringCRM) CompanyNames(ctx context.Context, _ id.PortalID, ids []id.CompanyID, _ contactsync.Urgency) (map[id.CompanyID]string, error) {
	out, ask := g.known(ids)
	got, err := g.names.get(ctx, ask)
	maps.Copy(out, got)
	return out, err
}

// Contacts implements contactsync.CRM; reads with history are gathered.
func (g *gatheringCRM) Contacts(ctx context.Context, p id.PortalID, ids []id.ContactID, properties, history []string, u contactsync.Urgency) ([]contactsync.Contact, []id.ContactID, error) {
	if len(history) == 0 {
		return g.CRM.Contacts(ctx, p, ids, properties, history, u)
	}
	g.history.add(history)
	got, err := g.histories.get(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	var found []contactsync.Contact
	var missing []id.ContactID
	for _, i := range ids {
		if k, ok := got[i]; ok {
			found = append(found, k)
		} else {
			missing = append(missing, i)
		}
	}
	return found, missing, nil
}

// waiting is how many keys are asked for.
func (p *pool[K, V]) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.under)
}

// pool joins requests of several goroutines into calls for up to size keys.
type pool[K comparable, V any] struct {
	size  int
	clock clock.Clock
	hold  func() time.Duration
	read  func(ctx context.Context, ks []K) (map[K]V, error)

	mu     sync.Mutex
	open   *parcel[K, V]       // still takes keys
	under  map[K]*parcel[K, V] // keys that are asked for
	calls  int                 // under way
	late   bool                // the open parcel was held long enough, and goes when no call is under way
	hasten bool
}

// parcel is one call.
type parcel[K comparable, V any] struct {
	ctx  context.Context // of whoever began it; it waits for the end like everybody else
	keys []K
	stop func() // the timer
	done chan struct{}
	got  map[K]V
	err  error
}

func newPool[K comparable, V any](size int, c clock.Clock, hold func() time.Duration, read func(context.Context, []K) (map[K]V, error)) *pool[K, V] {
	return &pool[K, V]{size: size, clock: c, hold: hold, read: read, under: map[K]*parcel[K, V]{}}
}

// get returns what there is of ks. A key that another goroutine is waiting for is not asked for again.
func (p *pool[K, V]) get(ctx context.Context, ks []K) (map[K]V, error) {
	mine := p.enter(ctx, ks)
	out := make(map[K]V, len(ks))
	for parcel, keys := range mine {
		select {
		case <-parcel.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if parcel.err != nil {
			return nil, parcel.err
		}
		for _, k := range keys {
			if v, ok := parcel.got[k]; ok {
				out[k] = v
			}
		}
	}
	return out, nil
}

// enter puts the keys into parcels and returns which key travels with which.
func (p *pool[K, V]) enter(ctx context.Context, ks []K) map[*parcel[K, V]][]K {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := map[*parcel[K, V]][]K{}
	for _, k := range ks {
		at := p.under[k]
		if at == nil {
			if p.open == nil {
				p.begin(ctx)
			}
			at = p.open
			at.keys, p.under[k] = append(at.keys, k), at
			if len(at.keys) == p.size {
				p.send(at)
			}
		}
		mine[at] = append(mine[at], k)
	}
	if p.hasten && p.open != nil {
		p.send(p.open)
	}
	return mine
}

func (p *pool[K, V]) begin(ctx context.Context) {
	n := &parcel[K, V]{ctx: ctx, done: make(chan struct{})}
	p.open = n
	n.stop = p.clock.AfterFunc(p.hold(), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open != n {
			return
		}
		if p.late = true; p.calls == 0 {
			p.send(n)
		}
	})
}

// send lets the parcel go. The caller holds the lock.
func (p *pool[K, V]) send(n *parcel[K, V]) {
	p.open, p.late = nil, false
	p.calls++
	n.stop()
	go func() {
		n.got, n.err = p.read(n.ctx, n.keys)
		p.mu.Lock()
		for _, k := range n.keys {
			delete(p.under, k)
		}
		if p.calls--; p.late && p.calls == 0 {
			p.send(p.open)
		}
		p.mu.Unlock()
		close(n.done)
	}()
}

func (p *pool[K, V]) hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hasten = true
	if p.open != nil {
		p.send(p.open)
	}
}
