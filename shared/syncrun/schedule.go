package syncrun

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/id"
	"lumo/shared/mapping"
)

// Schedule is what is remembered between a portal's runs. Times are Unix ms.
type Schedule struct {
	// Bookmark is the start of the last run that read changes or everything; Before is the one before that. A run reads from Before, so that
	// every window is read twice: once fresh, once when the search index has caught up.
	Bookmark  int64 `json:"bookmark" dynamodbav:"b"`
	Before    int64 `json:"before" dynamodbav:"e"`
	LastFull  int64 `json:"lastFull" dynamodbav:"f"`
	LastRun   int64 `json:"lastRun" dynamodbav:"r"`
	Quiet     int   `json:"quiet" dynamodbav:"q"` // automatic runs in a row that found nothing
	FailedRow int   `json:"failedInARow" dynamodbav:"x"`
	// Lists: members of HubSpot lists are kept, which must not be older than a quarter of an hour (P-52).
	Lists bool `json:"lists,omitempty" dynamodbav:"l,omitempty"`
	// ActiveUntil: somebody uses the portal (runs by hand, chats); until then the tick looks every minute.
	ActiveUntil int64 `json:"activeUntil,omitempty" dynamodbav:"u,omitempty"`
	// Again asks for a full run that begins after this time.
	Again   int64 `json:"again,omitempty" dynamodbav:"a,omitempty"`
	Version int64 `json:"-" dynamodbav:"v"`
}

// ScheduleStore keeps it.
type ScheduleStore interface {
	Load(ctx context.Context, p id.PortalID) (Schedule, error)
	// Save writes under Version; chain.ErrFenced when somebody else was first.
	Save(ctx context.Context, p id.PortalID, s Schedule) error
}

// InUse is how long the tick looks every minute after something happened; Touch renews it at most this often.
const (
	InUse      = time.Hour
	touchEvery = 30 * time.Minute
)

// Touch notes that a portal is in use. It writes at most twice an hour.
func Touch(ctx context.Context, store ScheduleStore, p id.PortalID, now time.Time) (bool, error) {
	s, err := store.Load(ctx, p)
	if err != nil || s.ActiveUntil > now.Add(InUse-touchEvery).UnixMilli() {
		return false, err
	}
	s.ActiveUntil = now.Add(InUse).UnixMilli()
	err = store.Save(ctx, p, s)
	if errors.Is(err, chain.ErrFenced) {
		return false, nil // somebody else writes the row: it is in use anyhow, and the next event tries again
	}
	return err == nil, err
}

// searchSlack is taken off every bookmark: HubSpot's clock and ours differ a little, and the index lags.
const searchSlack = 2 * time.Minute

// settle remembers what a finished run means for the next.
func (r *Runner) settle(ctx context.Context, p id.PortalID, run Run) error {
	if run.DryRun {
		return nil
	}
	health := alert.Health{ItemsRead: run.Counts.Read, ItemsFailed: run.Counts.Failed, Run: run.ID}
	if run.HeldAt != 0 {
		health.BusyMillis = run.EndedAt - run.HeldAt
	}
	for range 8 {
		s, err := r.Schedule.Load(ctx, p)
		if err != nil {
			return err
		}
		next := s.after(run)
		health.FailedInARow = next.FailedRow
		if err = r.Schedule.Save(ctx, p, next); err == nil {
			break
		}
		if !errors.Is(err, chain.ErrFenced) {
			return err
		}
	}
	if err := r.Judge(ctx, p, health); err != nil {
		return err
	}
	if run.Status == Failed || !run.Full() || run.Extent == Lists || run.Extent == One {
		return nil
	}
	return r.firstSyncDone(ctx, p, run)
}

func (s Schedule) after(run Run) Schedule {
	s.LastRun = run.EndedAt
	if run.Status == Failed {
		s.FailedRow++
		return s
	}
	s.FailedRow = 0
	if run.Read.Indexed {
		s.Lists = run.ListsKept > 0
	}
	if run.Extent == One || run.Extent == Lists || run.StartedAt <= s.Bookmark {
		return s
	}
	s.Before, s.Bookmark = s.Bookmark, run.StartedAt
	if run.Full() {
		s.LastFull = run.StartedAt
		s.Before = run.StartedAt
	}
	if run.Counts.Updated+run.Counts.Linked+run.ListsChanged > 0 {
		s.Quiet = 0
	} else {
		s.Quiet++
	}
	return s
}

func (r *Runner) firstSyncDone(ctx context.Context, p id.PortalID, run Run) error {
	for range 8 {
		set, err := r.Mappings.Load(ctx, p)
		if err != nil {
			return err
		}
		next, changed := set.FirstSyncDone(run.StartedAt)
		if !changed {
			return nil
		}
		if _, err = r.Mappings.Save(ctx, p, next); !errors.Is(err, mapping.ErrChanged) {
			return err
		}
	}
	return fmt.Errorf("mark mappings synced: %w", mapping.ErrChanged)
}
