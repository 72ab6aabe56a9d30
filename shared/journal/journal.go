// Package journal reads HubSpot's webhooks journal: the pull side of change events, with what no webhook carries (properties that only this
// portal maps, uninstalls, privacy deletions). One reader for the whole app works under a fenced lease; entries are queued per portal
// before the offset is stored, so a crash repeats some and loses none.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/directory"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/queue"
)

// Entry is one thing that the journal tells about a portal.
type Entry struct {
	Portal      id.PortalID
	Notes       []contactsync.Note
	Uninstalled bool
	At          time.Time
}

// Page is one file of the journal. More is false when there is nothing newer.
type Page struct {
	Entries []Entry
	Offset  string
	More    bool
}

// ErrGap: the stored offset fell out of the three days that the journal keeps. What was missed must be found by a full compare.
var ErrGap = errors.New("journal offset expired")

// Feed is HubSpot's side.
type Feed interface {
	// Next reads the file after offset ("" is the earliest); ErrGap when the offset is no longer known.
	Next(ctx context.Context, offset string) (Page, error)
}

// Reader polls the journal.
type Reader struct {
	Leases directory.Leases
	Feed   Feed
	Queue  queue.Sender
	// Uninstalled is told about portals that removed the app.
	Uninstalled func(ctx context.Context, p id.PortalID, at time.Time) error
	// CompareAll makes every portal's next run a full one.
	CompareAll func(ctx context.Context) error
	Clock      clock.Clock
	NewID      func() string
	Log        *slog.Logger
	// Budget of one poll; 0 means 20 s.
	Budget time.Duration
}

const (
	leaseName = "journal"
	leaseFor  = 90 * time.Second
	maxNotes  = 100
)

// Poll reads until nothing is newer or the time is up. While another reader holds the lease it does nothing.
func (r *Reader) Poll(ctx context.Context) error {
	now := r.Clock.Now()
	lease, ok, err := r.Leases.Acquire(ctx, leaseName, r.NewID(), now, now.Add(leaseFor))
	if err != nil || !ok {
		return err
	}
	err = r.read(ctx, &lease, now.Add(max(r.Budget, 20*time.Second)))
	switch {
	case errors.Is(err, directory.ErrLost):
		return nil
	case fault.ClassOf(err) == fault.Permission, fault.ClassOf(err) == fault.Misconfigured:
		// Without the journal the automatic runs find changes by modification time, only later.
		r.Log.Warn("journal refused", logging.Error(err))
		err = nil
	}
	return errors.Join(err, r.Leases.Release(ctx, lease))
}

func (r *Reader) read(ctx context.Context, lease *directory.Lease, until time.Time) error {
	for r.Clock.Now().Before(until) {
		page, err := r.Feed.Next(ctx, lease.Cursor)
		if errors.Is(err, ErrGap) {
			if err := r.CompareAll(ctx); err != nil {
				return err
			}
			page, err = Page{More: true}, nil // from the earliest entry again
		}
		if err != nil {
			return err
		}
		if !page.More {
			return nil
		}
		if err := r.pass(ctx, page.Entries); err != nil {
			return err
		}
		lease.Cursor, lease.Expires = page.Offset, r.Clock.Now().Add(leaseFor)
		if err := r.Leases.Keep(ctx, *lease); err != nil {
			return err
		}
	}
	return nil
}

// pass queues the notes by portal.
func (r *Reader) pass(ctx context.Context, entries []Entry) error {
	notes := map[id.PortalID][]contactsync.Note{}
	var portals []id.PortalID
	for _, e := range entries {
		if e.Uninstalled {
			if err := r.Uninstalled(ctx, e.Portal, e.At); err != nil {
				return err
			}
			continue
		}
		if _, ok := notes[e.Portal]; !ok {
			portals = append(portals, e.Portal)
		}
		notes[e.Portal] = append(notes[e.Portal], e.Notes...)
	}
	var out []queue.Message
	for _, p := range portals {
		for part := range slices.Chunk(notes[p], maxNotes) {
			b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: part})
			if err != nil {
				return err
			}
			out = append(out, queue.Message{Body: b})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return r.Queue.Send(ctx, queue.HubspotEvents, out...)
}
