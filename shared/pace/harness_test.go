package pace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lumo/shared/id"
)

const portal id.PortalID = 4711

// line records the calls that reach HubSpot.
type line struct {
	mu    sync.Mutex
	calls []time.Time
	by    []string
}

func (l *line) call(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.by = append(l.calls, time.Now()), append(l.by, who)
}

// highest is the greatest number of calls in any rolling span (half open: a call leaves exactly one span later).
func (l *line) highest(span time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	times := slices.Clone(l.calls)
	slices.SortFunc(times, time.Time.Compare)
	most, from := 0, 0
	for i, t := range times {
		for !times[from].After(t.Add(-span)) {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// count is the number of calls of one holder ("" is all) in [from, to).
func (l *line) count(who string, from, to time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for i, t := range l.calls {
		if (who == "" || l.by[i] == who) && !t.Before(from) && t.Before(to) {
			n++
		}
	}
	return n
}

func (l *line) first(who string, from time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, t := range l.calls {
		if l.by[i] == who && !t.Before(from) {
			return t
		}
	}
	return time.Time{}
}

// mortal is a process's way to the store. After kill nothing it does has an effect.
type mortal struct {
	Store
	mu    sync.Mutex
	dead  bool
	delay func() time.Duration
}

var errDead = errors.New("killed")

func (m *mortal) kill() { m.mu.Lock(); m.dead = true; m.mu.Unlock() }

func (m *mortal) alive() bool { m.mu.Lock(); defer m.mu.Unlock(); return !m.dead }

func (m *mortal) lag() {
	if m.delay != nil {
		time.Sleep(m.delay())
	}
}

func (m *mortal) Read(ctx context.Context, p id.PortalID, k Kind) (Row, error) {
	m.lag()
	if !m.alive() {
		return Row{}, errDead
	}
	defer m.lag()
	return m.Store.Read(ctx, p, k)
}

func (m *mortal) Write(ctx context.Context, p id.PortalID, k Kind, c Change) (Row, error) {
	m.lag()
	if !m.alive() {
		return Row{}, errDead
	}
	defer m.lag()
	return m.Store.Write(ctx, p, k, c)
}

func (m *mortal) Count(ctx context.Context, p id.PortalID, was int64, to Messages) (Row, bool, error) {
	m.lag()
	if !m.alive() {
		return Row{}, false, errDead
	}
	defer m.lag()
	return m.Store.Count(ctx, p, was, to)
}

// process is one running function: a limiter and some goroutines that call as fast as they may.
type process struct {
	name   string
	l      *Limiter
	store  *mortal
	line   *line
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

type load struct {
	kind     Kind
	priority Priority
	parallel int
	reply    time.Duration
}

func newProcess(s Store, to *line, name string) *process {
	p := &process{name: name, store: &mortal{Store: s}, line: to}
	n := 0
	p.l = New(Config{Store: p.store, NewID: func() string { n++; return fmt.Sprintf("%s%d", name, n) }})
	return p
}

func (p *process) run(ctx context.Context, w load) *process {
	ctx, p.cancel = context.WithCancel(ctx)
	for range w.parallel {
		p.wg.Go(func() {
			for p.l.Wait(ctx, portal, w.kind, w.priority) == nil {
				if !p.store.alive() {
					return
				}
				p.line.call(p.name)
				time.Sleep(w.reply)
			}
		})
	}
	return p
}

func (p *process) stop() { p.cancel(); p.wg.Wait() }

func (p *process) kill() { p.store.kill(); p.stop() }

var bulk = load{General, Bulk, 2, 150 * time.Millisecond}
