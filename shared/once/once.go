// Package once lets a request that arrives twice have one effect. HubSpot's proxy repeats a call when the first answer got lost; a
// request that carries an id is done once, and later arrivals get the stored answer. When a process dies in the middle, the next
// arrival takes over with the first one's time and seed, so that effects which are ordered by time or named by the seed come out
// the same as before.
package once

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"lumo/shared/clock"
	"lumo/shared/id"
)

// Errors of Do.
var (
	// ErrRunning: the first arrival is still at work.
	ErrRunning = errors.New("this request is still being worked on")
	// ErrOther: the id was used before for something else.
	ErrOther = errors.New("this request id was used for another request")
)

const (
	// Keep is how long an answer is remembered.
	Keep = 24 * time.Hour
	// lease is longer than any function that answers requests may run.
	lease = 30 * time.Second
	// patience of a second arrival, and its pause between looks.
	patience = 8 * time.Second
	pause    = 200 * time.Millisecond
)

// Attempt is what stays the same however often a request is repeated.
type Attempt struct {
	At    time.Time // of the first arrival
	Seed  string    // random; names made from it come out the same
	Again bool      // an earlier arrival may have had its effect already
}

// Row is what is remembered of a request.
type Row struct {
	Fingerprint string
	At          int64 // Unix ms of the first arrival
	Seed        string
	Holder      string // who works on it
	Until       int64  // Unix ms; the holder counts as dead afterwards
	Done        bool
	Result      []byte
}

// Store keeps rows of a portal for Keep.
type Store interface {
	// Claim stores r, or takes over a row that is not done and whose holder is dead at now; At, Seed and Fingerprint of the first
	// stay. It returns the row as it is then; mine tells whether r.Holder holds it.
	Claim(ctx context.Context, p id.PortalID, key string, r Row, now int64) (row Row, mine bool, err error)
	// Finish stores the answer if holder still holds the row; else it does nothing.
	Finish(ctx context.Context, p id.PortalID, key, holder string, result []byte) error
	// Release lets the next arrival begin at once, if holder still holds the row.
	Release(ctx context.Context, p id.PortalID, key, holder string) error
}

// Guard does requests once.
type Guard struct {
	Store Store
	Clock clock.Clock
	NewID func() string
}

// Fingerprint tells requests apart.
func Fingerprint(parts ...string) string {
	h := sha256.New()
	for _, s := range parts {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Fresh is the attempt of a request without an id.
func (g *Guard) Fresh() Attempt { return Attempt{At: g.Clock.Now(), Seed: g.NewID()} }

// Do runs work unless its answer is known. An error of work is not remembered: the next arrival works again.
func (g *Guard) Do(ctx context.Context, p id.PortalID, key, fingerprint string, work func(context.Context, Attempt) ([]byte, error)) ([]byte, error) {
	row, err := g.claim(ctx, p, key, fingerprint)
	if err != nil || row.Done {
		return row.Result, err
	}
	a := Attempt{At: time.UnixMilli(row.At).UTC(), Seed: row.Seed, Again: row.Seed != row.Holder}
	result, err := work(ctx, a)
	if err != nil {
		return nil, errors.Join(err, g.Store.Release(context.WithoutCancel(ctx), p, key, row.Holder))
	}
	// An answer that could not be stored is given all the same: whoever asks again takes over, which is safe.
	_ = g.Store.Finish(context.WithoutCancel(ctx), p, key, row.Holder, result)
	return result, nil
}

// claim returns the row, done or held by us.
func (g *Guard) claim(ctx context.Context, p id.PortalID, key, fingerprint string) (Row, error) {
	holder := g.NewID()
	for until := g.Clock.Now().Add(patience); ; {
		now := g.Clock.Now()
		r := Row{Fingerprint: fingerprint, At: now.UnixMilli(), Seed: holder, Holder: holder, Until: now.Add(lease).UnixMilli()}
		row, mine, err := g.Store.Claim(ctx, p, key, r, now.UnixMilli())
		switch {
		case err != nil:
			return Row{}, err
		case row.Fingerprint != fingerprint:
			if mine {
				err = g.Store.Release(ctx, p, key, holder)
			}
			return Row{}, errors.Join(ErrOther, err)
		case mine || row.Done:
			return row, nil
		case !now.Before(until):
			return Row{}, ErrRunning
		}
		if err := g.Clock.Sleep(ctx, pause); err != nil {
			return Row{}, err
		}
	}
}
