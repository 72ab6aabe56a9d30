// Package erasure removes what Lumo still knows of a contact that was deleted for privacy: the values in the change log and in the
// samples of previews, failed items, the linking links that were made for the
// contact with its masked address, and large files that its friend sent. The friend stays, without anything that came from the contact; that its link ended is the sync's
// own work.
package erasure

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/id"
)

// Kind of chain that erasures are.
const Kind = "erase"

// ChangeLog forgets values.
type ChangeLog interface {
	// Forget blanks the values in a stretch of the log, newest first; next "" is the end.
	Forget(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (next string, err error)
}

// Samples of previews.
type Samples interface {
	// ForgetSamples drops those of the contacts from a stretch of the history; next "" is the end.
	ForgetSamples(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (next string, err error)
}

// Links that were made for contacts; each holds a masked address.
type Links interface {
	// ForgetLinks drops those of the contacts from a stretch of all links; next "" is the end.
	ForgetLinks(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (next string, err error)
}

// Files that friends sent who were linked to the contacts.
type Files interface {
	// ForgetFiles deletes those of the contacts among a stretch of all files; next "" is the end.
	ForgetFiles(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (next string, err error)
}

// work is how far an erasure is.
type work struct {
	Contacts []id.ContactID `json:"contacts"`
	Phase    phase          `json:"phase"`
	After    string         `json:"after,omitempty"`
}

type phase int

const (
	waiting phase = iota
	changes
	samples
	failures
	links
	files
	over
)

// settle is how long an erasure waits at first: what was at work when the contact went has explained itself by then.
const settle = 10 * time.Minute

// Eraser erases.
type Eraser struct {
	Chain    *chain.Engine
	Log      ChangeLog
	Samples  Samples
	Failures failure.Store
	Links    Links
	Files    Files
	Clock    clock.Clock
	NewID    func() string
	// Budget of one step; 0 means 20 s.
	Budget time.Duration
}

// Erase begins. chain.ErrBusy while another erasure of the portal runs: come again later.
func (e *Eraser) Erase(ctx context.Context, p id.PortalID, cs []id.ContactID) error {
	_, err := e.Chain.Start(ctx, p, Kind, e.NewID(), work{Contacts: cs})
	return err
}

// Step handles one step message.
func (e *Eraser) Step(ctx context.Context, m chain.Message) error {
	return e.Chain.Run(ctx, m, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
		var w work
		if err := json.Unmarshal(s.Row.State, &w); err != nil {
			return chain.Next{}, err
		}
		if w.Phase == waiting {
			w.Phase = changes
			return chain.Next{State: w, Delay: settle}, nil
		}
		budget := e.Budget
		if budget <= 0 {
			budget = 20 * time.Second
		}
		for until := e.Clock.Now().Add(budget); w.Phase != over && e.Clock.Now().Before(until); {
			next, err := e.stretch(ctx, m.Portal, w)
			if err != nil {
				return chain.Next{}, err
			}
			if w.After = next; next == "" {
				w.Phase++
			}
		}
		return chain.Next{State: w, Done: w.Phase == over}, nil
	})
}

func (e *Eraser) stretch(ctx context.Context, p id.PortalID, w work) (next string, err error) {
	switch w.Phase {
	case changes:
		return e.Log.Forget(ctx, p, w.Contacts, w.After)
	case samples:
		return e.Samples.ForgetSamples(ctx, p, w.Contacts, w.After)
	case links:
		return e.Links.ForgetLinks(ctx, p, w.Contacts, w.After)
	case files:
		return e.Files.ForgetFiles(ctx, p, w.Contacts, w.After)
	default:
		return e.failures(ctx, p, w)
	}
}

// failedAtOnce items are looked at in one go.
const failedAtOnce = 100

func (e *Eraser) failures(ctx context.Context, p id.PortalID, w work) (next string, err error) {
	its, next, err := e.Failures.List(ctx, p, w.After, failedAtOnce)
	if err != nil {
		return "", err
	}
	for _, it := range its {
		// Those about links tell ids alone, and a conflict stays one until people decide.
		if it.Kind == failure.Link || !slices.Contains(w.Contacts, it.Contact) {
			continue
		}
		if err := e.Failures.Remove(ctx, p, it.ID()); err != nil {
			return "", err
		}
	}
	return next, nil
}
