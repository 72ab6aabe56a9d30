package messagetemplate

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Service is what people do with templates.
type Service struct {
	Store Store
	// Known tells which properties may be merged.
	Known func(ctx context.Context, p id.PortalID) (func(property string) bool, error)
	// Validate asks LINE whether it would take the messages; ErrNoAccount when the account cannot be asked.
	Validate func(ctx context.Context, p id.PortalID, s id.Slot, messages []json.RawMessage) error
	Clock    clock.Clock
}

// Content is what a person writes.
type Content struct {
	Name    string
	Bubbles []bubble.Bubble
}

// New describes a template to be made. The same request again makes the same one.
type New struct {
	Slot id.Slot
	By   portal.Actor
	At   time.Time
	Seed string
	Content
}

// Create keeps a template.
func (v *Service) Create(ctx context.Context, p id.PortalID, n New) (Template, error) {
	t := Template{ID: NewID(n.At, n.Seed), Slot: n.Slot, CreatedAt: n.At.UnixMilli(), CreatedBy: n.By, UpdatedAt: n.At.UnixMilli(), UpdatedBy: n.By}
	if err := v.fill(ctx, p, &t, n.Content); err != nil {
		return t, err
	}
	all, err := v.Store.All(ctx, p, n.Slot)
	if err != nil {
		return t, err
	}
	if len(all) >= MaxPerAccount {
		return t, ErrTooMany
	}
	saved, err := v.Store.Save(ctx, p, t)
	if errors.Is(err, ErrChanged) {
		return v.Store.Get(ctx, p, t.Slot, t.ID) // a repetition of the same request
	}
	return saved, err
}

// Edit replaces a template's content. Workflows that send it send the new one from now on.
func (v *Service) Edit(ctx context.Context, p id.PortalID, s id.Slot, template string, by portal.Actor, c Content) (Template, error) {
	for range 5 {
		t, err := v.Store.Get(ctx, p, s, template)
		if err != nil {
			return t, err
		}
		if err := v.fill(ctx, p, &t, c); err != nil {
			return t, err
		}
		t.UpdatedAt, t.UpdatedBy = v.Clock.Now().UnixMilli(), by
		if t, err = v.Store.Save(ctx, p, t); !errors.Is(err, ErrChanged) {
			return t, err
		}
	}
	return Template{}, ErrChanged
}

// Copy makes another one of the same content, in the same account or in another.
func (v *Service) Copy(ctx context.Context, p id.PortalID, from id.Slot, template string, n New) (Template, error) {
	t, err := v.Store.Get(ctx, p, from, template)
	if err != nil {
		return t, err
	}
	n.Bubbles = t.Bubbles
	return v.Create(ctx, p, n)
}

// fill checks as a broadcast is checked when it is confirmed, with LINE's word at the end. LINE being out of reach stops nobody.
func (v *Service) fill(ctx context.Context, p id.PortalID, t *Template, c Content) error {
	name, err := checkName(c.Name)
	if err != nil {
		return err
	}
	if raw, err := json.Marshal(c.Bubbles); err != nil || len(raw) > MaxContent {
		return errors.Join(ErrTooLarge, err)
	}
	known, err := v.Known(ctx, p)
	if err != nil {
		return err
	}
	if err := bubble.Check(c.Bubbles, known); err != nil {
		return err
	}
	messages, err := bubble.Messages(c.Bubbles, nil)
	if err != nil {
		return err
	}
	if err := v.Validate(ctx, p, t.Slot, messages); err != nil && !fault.ClassOf(err).Retryable() {
		return err
	}
	t.Name, t.Bubbles, t.Summary = name, c.Bubbles, summary(c.Bubbles)
	return nil
}
