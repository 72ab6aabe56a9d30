package portal

import (
	"context"
	"time"

	"lumo/shared/id"
)

// WriteBack says whether Lumo may write to the portal's contacts by itself (P-64).
type WriteBack string

const (
	// Undecided: nothing was written yet. Few changes go through; many are held.
	Undecided WriteBack = ""
	// Held: so many contacts would change for the first time that somebody must look at a preview and confirm.
	Held WriteBack = "held"
	// Approved: writing runs, by a person's confirmation or because the first changes were few.
	Approved WriteBack = "approved"
)

// HoldWriteBack stops the first writes until somebody confirms. What was decided before stays.
func (s *Service) HoldWriteBack(ctx context.Context, p id.PortalID) error {
	return s.decide(ctx, p, Held, Entry{Action: WriteBackHeld}, func(now WriteBack) bool { return now == Undecided })
}

// StartWriteBack notes that the first writes were few enough to go without a preview.
func (s *Service) StartWriteBack(ctx context.Context, p id.PortalID) error {
	return s.decide(ctx, p, Approved, Entry{}, func(now WriteBack) bool { return now != Approved })
}

// ConfirmWriteBack is a person's word that the held writes may go.
func (s *Service) ConfirmWriteBack(ctx context.Context, p id.PortalID, by Actor) error {
	return s.decide(ctx, p, Approved, Entry{Actor: by, Action: WriteBackConfirmed}, func(now WriteBack) bool { return now == Held })
}

func (s *Service) decide(ctx context.Context, p id.PortalID, to WriteBack, e Entry, may func(WriteBack) bool) error {
	return s.change(ctx, p, func(old *Portal) (Commit, error) {
		if old == nil {
			return Commit{}, ErrUnknown
		}
		if !may(old.WriteBack) {
			return Commit{}, errNothing
		}
		next := *old
		next.WriteBack, next.HeldAt = to, time.Time{}
		if to == Held {
			next.HeldAt = s.Clock.Now()
		}
		c := Commit{Portal: next}
		if e.Action != "" {
			e.ID, e.At = s.NewID(), s.Clock.Now()
			c.Log = []Entry{e}
		}
		return c, nil
	})
}
