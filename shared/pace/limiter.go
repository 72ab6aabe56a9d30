package pace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
)

// Config of a Limiter. Only Store is required.
type Config struct {
	Store Store
	Clock clock.Clock
	// NewID names the process; letters and digits, unique among all processes.
	NewID func() string
	Log   *slog.Logger
}

// Limiter is one process's part of the shared pace: a holder of leases. Make one per process and call Release at the end of every
// invocation, because a frozen process can neither use nor hand back its share.
type Limiter struct {
	cfg     Config
	process func() string // begins the names of all its leases
	leases  atomic.Int64  // counts them

	mu      sync.Mutex
	buckets map[memoryKey]*bucket
	tallies map[id.PortalID]*tally
}

// ErrClosed is returned by Wait after Close.
var ErrClosed = errors.New("pace: the limiter is closed")

// New returns a limiter without leases; it takes one at the first Wait.
func New(cfg Config) *Limiter {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.NewID == nil {
		cfg.NewID = randomID
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Limiter{cfg: cfg, process: sync.OnceValue(cfg.NewID), buckets: map[memoryKey]*bucket{}, tallies: map[id.PortalID]*tally{}}
}

func randomID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func (l *Limiter) bucket(p id.PortalID, k Kind) (*bucket, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		return nil, ErrClosed
	}
	return l.bucketLocked(p, k.row()), nil
}

func (l *Limiter) bucketLocked(p id.PortalID, k Kind) *bucket {
	b := l.buckets[memoryKey{p, k}]
	if b == nil {
		b = newBucket(l.cfg, l.leaseName, p, k)
		l.buckets[memoryKey{p, k}] = b
	}
	return b
}

func (l *Limiter) tally(p id.PortalID) (*tally, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		return nil, ErrClosed
	}
	t := l.tallies[p]
	if t == nil {
		t = &tally{cfg: l.cfg, portal: p, general: l.bucketLocked(p, General)}
		l.tallies[p] = t
	}
	return t, nil
}

// leaseName is a new one every time: a name never comes back after its lease lapsed, so nobody can mistake a late write for a live lease.
func (l *Limiter) leaseName() string {
	return l.process() + nameMark + strconv.FormatInt(l.leases.Add(1), 10)
}

// Wait returns when the caller may send one call to HubSpot, at once. Of those who wait in this process the highest priority goes
// first; messages have no priorities among each other. It fails when ctx ends or the store cannot be reached.
func (l *Limiter) Wait(ctx context.Context, p id.PortalID, k Kind, pr Priority) error {
	if k == Message {
		t, err := l.tally(p)
		if err != nil {
			return err
		}
		return t.wait(ctx)
	}
	b, err := l.bucket(p, k)
	if err != nil {
		return err
	}
	return b.wait(ctx, max(pr, PriorityOf(ctx)))
}

// Sent reports that a search, for which Wait returned, left the process only now. A process that is short of processor time sends late,
// and the next ones must not come too close behind.
func (l *Limiter) Sent(p id.PortalID, k Kind) {
	if k != Search {
		return
	}
	if b, err := l.bucket(p, k); err == nil {
		b.left()
	}
}

// Slow reports a 429: all holders stop for retryAfter, and searches go on at half the pace.
func (l *Limiter) Slow(ctx context.Context, p id.PortalID, k Kind, retryAfter time.Duration) {
	b, err := l.bucket(p, k)
	if err != nil {
		return
	}
	if err := b.slow(ctx, retryAfter); err != nil {
		l.cfg.Log.WarnContext(ctx, "pace: other holders were not told of a 429", "portal", p, "kind", k, "error", err)
	}
}

// Release hands back what this process holds, for the end of an invocation. The small lease of a person's clicks is left to lapse
// by itself: the next click, most likely in the same environment, then need not wait for a new one.
func (l *Limiter) Release(ctx context.Context) error {
	return l.handBack(ctx, func(b *bucket) bool { return b.lease.Want > wantInteractive })
}

// Close hands back everything. Wait fails from then on.
func (l *Limiter) Close(ctx context.Context) error {
	err := l.handBack(ctx, func(*bucket) bool { return true })
	l.mu.Lock()
	l.buckets = nil
	l.mu.Unlock()
	return err
}

func (l *Limiter) handBack(ctx context.Context, which func(*bucket) bool) error {
	l.mu.Lock()
	var all []*bucket
	for _, b := range l.buckets {
		all = append(all, b)
	}
	l.mu.Unlock()
	sortBuckets(all)
	var errs []error
	for _, b := range all {
		errs = append(errs, b.release(ctx, which))
	}
	l.forgetIdle(all)
	return errors.Join(errs...)
}

// forgetIdle drops buckets that hold nothing, so that a process that serves many portals does not grow.
func (l *Limiter) forgetIdle(all []*bucket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, t := range l.tallies {
		if t.idle() {
			delete(l.tallies, p)
		}
	}
	for _, b := range all {
		if b.empty() && (b.kind != General || l.tallies[b.portal] == nil) {
			delete(l.buckets, memoryKey{b.portal, b.kind})
		}
	}
}
