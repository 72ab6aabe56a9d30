package pace

import (
	"context"
	"maps"
	"sync"
	"time"

	"lumo/shared/id"
)

// Row is what all holders of one portal and kind share.
type Row struct {
	// Leases by holder. Lapsed ones stay for a while: they tell that the pace was used just now.
	Leases map[string]Lease
	// Stop: no calls before this time (HubSpot answered 429).
	Stop time.Time
	// Level of slowness of a search, in quarters of a halving, as of LevelAt.
	Level   int
	LevelAt time.Time
	// Messages is the lease that message traffic holds together. Rows from before there was one have the zero value, as have searches.
	Messages Messages
}

// Lease entitles its holder to a share from a little after At until Until.
type Lease struct {
	// Want is the demand in calls per window; who wants less than an even share leaves the rest to the others.
	Want int
	// Old is the demand that counted before At: 0 for a new lease.
	Old int
	At  time.Time
	// Until: at this time the lease has lapsed, without anyone doing anything. Handing back sets it to now.
	Until time.Time
}

// Change is one write. A holder writes only its own lease, so writes of different holders never conflict.
type Change struct {
	Holder string
	Lease  Lease
	// Forget lists leases that lapsed long ago.
	Forget []string
}

// Stop is what a 429 tells all holders.
type Stop struct {
	Until   time.Time
	Level   int
	LevelAt time.Time
}

// Store keeps the rows. dynamo.Pace is the real one.
type Store interface {
	// Read is strongly consistent. No row is the zero Row.
	Read(ctx context.Context, p id.PortalID, k Kind) (Row, error)
	// Write sets one lease and returns the row as it is after the write. It needs no compare-and-swap: a holder touches only
	// what is its own, and shares are a function of the whole row, so a lost race costs no second write.
	Write(ctx context.Context, p id.PortalID, k Kind, c Change) (Row, error)
	// Stop raises Row.Stop and sets the level, unless the row's Stop is as late already.
	Stop(ctx context.Context, p id.PortalID, k Kind, s Stop) (Row, error)
	// Count sets the Messages of General's row if their N is still was (0: there are none), and returns the row as it is then. ok false:
	// somebody else wrote meanwhile, nothing was changed.
	Count(ctx context.Context, p id.PortalID, was int64, m Messages) (row Row, ok bool, err error)
}

// Memory is a Store inside one process, for tests and simulations.
type Memory struct {
	mu   sync.Mutex
	rows map[memoryKey]Row
	// reads and writes are what a real table would bill.
	reads, writes int
}

type memoryKey struct {
	p id.PortalID
	k Kind
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{rows: map[memoryKey]Row{}} }

func (r Row) clone() Row {
	r.Leases = maps.Clone(r.Leases)
	return r
}

// Billed tells how often the store was read and written.
func (m *Memory) Billed() (reads, writes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads, m.writes
}

// Read implements Store.
func (m *Memory) Read(ctx context.Context, p id.PortalID, k Kind) (Row, error) {
	if err := ctx.Err(); err != nil {
		return Row{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return m.rows[memoryKey{p, k}].clone(), nil
}

// Write implements Store.
func (m *Memory) Write(ctx context.Context, p id.PortalID, k Kind, c Change) (Row, error) {
	if err := ctx.Err(); err != nil {
		return Row{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	row := m.rows[memoryKey{p, k}].clone()
	if row.Leases == nil {
		row.Leases = map[string]Lease{}
	}
	for _, h := range c.Forget {
		delete(row.Leases, h)
	}
	row.Leases[c.Holder] = c.Lease
	m.rows[memoryKey{p, k}] = row
	return row.clone(), nil
}

// Stop implements Store.
func (m *Memory) Stop(ctx context.Context, p id.PortalID, k Kind, s Stop) (Row, error) {
	if err := ctx.Err(); err != nil {
		return Row{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	row := m.rows[memoryKey{p, k}].clone()
	if row.Stop.Before(s.Until) {
		row.Stop, row.Level, row.LevelAt = s.Until, s.Level, s.LevelAt
		m.rows[memoryKey{p, k}] = row
	}
	return row.clone(), nil
}

// Count implements Store.
func (m *Memory) Count(ctx context.Context, p id.PortalID, was int64, to Messages) (Row, bool, error) {
	if err := ctx.Err(); err != nil {
		return Row{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	row := m.rows[memoryKey{p, General}].clone()
	if row.Messages.N != was {
		return row, false, nil
	}
	row.Messages = to
	m.rows[memoryKey{p, General}] = row
	return row.clone(), true, nil
}
