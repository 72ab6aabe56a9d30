package syncrun

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"lumo/shared/chain"
	"lumo/shared/changelog"
	"lumo/shared/contactsync"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/register"
)

// PreviewAbove is how many contacts may change in HubSpot for the first time without a preview (P-64).
const PreviewAbove = 1000

// PreviewNeeded is the code of a run that ended before it wrote, because somebody must confirm a preview first.
const PreviewNeeded = "PREVIEW_NEEDED"

// WriteBack decides whether HubSpot may be written to; the portal's service does.
type WriteBack interface {
	HoldWriteBack(ctx context.Context, p id.PortalID) error
	StartWriteBack(ctx context.Context, p id.PortalID) error
}

// decide counts what is to be written, as soon as everything was read: few contacts go at once, many wait for a confirmation.
func (r *Runner) decide(ctx context.Context, scope contactsync.Scope, run *Run) error {
	if scope.WriteBack == portal.Approved {
		return nil
	}
	marked := 0
	for _, slot := range scope.Slots {
		ms, err := r.Friends.Markers(ctx, scope.Portal, slot, PreviewAbove+1)
		if err != nil {
			return err
		}
		marked += len(ms)
	}
	switch {
	case marked > PreviewAbove:
		return r.WriteBack.HoldWriteBack(ctx, scope.Portal)
	case marked > 0 || scope.WriteBack == portal.Held:
		if err := r.WriteBack.StartWriteBack(ctx, scope.Portal); err != nil {
			return err
		}
		return r.Outbox.Kick(ctx, scope.Portal)
	}
	return nil
}

// maxSamples of a dry run (P-64).
const maxSamples = 100

// sample shortens a value: all samples share the run's row.
func sample(v string) string {
	const most = 300 // characters
	if n := 0; len(v) > most {
		for i := range v {
			if n++; n > most {
				return v[:i] + "…"
			}
		}
	}
	return v
}

// FieldChanges counts how many values of one field a dry run would change on either side.
type FieldChanges struct {
	Field   string `json:"field"`
	Lumo    int    `json:"lumo"`
	HubSpot int    `json:"hubspot"`
}

// previewed notes what a dry run would change.
func (r *Run) previewed(changes []changelog.Record) {
	for _, c := range changes[:min(len(changes), maxSamples-len(r.Samples))] {
		c.Old, c.New = sample(c.Old), sample(c.New)
		r.Samples = append(r.Samples, c)
	}
	counts := map[string]FieldChanges{}
	for _, f := range r.Fields {
		counts[f.Field] = f
	}
	for _, c := range changes {
		f := counts[c.Field]
		f.Field = c.Field
		if c.To == register.HubSpot {
			f.HubSpot++
		} else {
			f.Lumo++
		}
		counts[c.Field] = f
	}
	r.Fields = nil
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		r.Fields = append(r.Fields, counts[name])
	}
}

// Confirmations is where a person's word is kept; the portal's service does.
type Confirmations interface {
	ConfirmWriteBack(ctx context.Context, p id.PortalID, by portal.Actor) error
}

// ErrPreviewFirst: nobody has looked at what would change.
var ErrPreviewFirst = errors.New("run a preview of contacts first, then confirm it")

// Gate lets the held writes go.
type Gate struct {
	Runs    *Starter
	Portals Confirmations
	Outbox  contactsync.Outbox
}

// previewsSeen runs are looked through for a preview.
const previewsSeen = 50

// Confirm lets the writes of a portal go after a preview that began since they are held. Without any that are held it does nothing.
func (g *Gate) Confirm(ctx context.Context, at portal.Portal, by portal.Actor) error {
	if at.WriteBack != portal.Held {
		return nil
	}
	runs, _, err := g.Runs.History(ctx, at.ID, "", previewsSeen)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(runs, func(r Run) bool {
		return r.DryRun && r.Status == Complete && (r.Extent == All || r.Extent == Contacts) && r.StartedAt >= at.HeldAt.UnixMilli()
	}) {
		return ErrPreviewFirst
	}
	if err := g.Portals.ConfirmWriteBack(ctx, at.ID, by); err != nil {
		return err
	}
	// A generation of its own: the flush messages of the hold are still remembered.
	if err := g.Outbox.NextGeneration(ctx, at.ID); err != nil {
		return err
	}
	return g.Outbox.Kick(ctx, at.ID)
}

// forgetAtOnce runs are looked at in one go.
const forgetAtOnce = 50

// ForgetSamples implements erasure.Samples.
func (s *Starter) ForgetSamples(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (string, error) {
	rows, next, err := s.Chain.Store.List(ctx, p, Kind, after, forgetAtOnce)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if err := s.forgetSamples(ctx, row, cs); err != nil {
			return "", err
		}
	}
	return next, nil
}

func (s *Starter) forgetSamples(ctx context.Context, row chain.Row, cs []id.ContactID) error {
	for range 8 {
		run, err := decode(row)
		if err != nil {
			return err
		}
		before := len(run.Samples)
		run.Samples = slices.DeleteFunc(run.Samples, func(r changelog.Record) bool { return slices.Contains(cs, r.Contact) })
		if len(run.Samples) == before {
			return nil
		}
		if row.State, err = json.Marshal(run); err != nil {
			return err
		}
		if _, err = s.Chain.Store.Save(ctx, row); !errors.Is(err, chain.ErrFenced) {
			return err
		}
		var ok bool
		if row, ok, err = s.Chain.Store.Load(ctx, row.Portal, row.Kind, row.ID); err != nil || !ok {
			return err
		}
	}
	return chain.ErrFenced
}
