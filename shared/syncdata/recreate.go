package syncdata

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
)

// ErrChoices: the property is a field of choices, and HubSpot does not remember them any more.
var ErrChoices = errors.New("HubSpot does not remember the choices of this property: create it in HubSpot under the same internal name, then resume it")

// groupOfOurs is where a property goes whose group nobody remembers; every portal has it.
const groupOfOurs = "contactinformation"

// Recreate makes a mapped property anew that somebody deleted in HubSpot, and lets it flow again (P-48). HubSpot brings a deleted property back
// under its name as it was, where it still remembers it. Pressing it again finishes what was left.
func (s *Service) Recreate(ctx context.Context, p id.PortalID, by portal.Actor, property string) (Settled, error) {
	set, err := s.Mappings.Load(ctx, p)
	if err != nil {
		return Settled{}, err
	}
	m, ok := set.Find(property)
	if !ok {
		return Settled{}, mapping.ErrUnknown
	}
	if m.Status != mapping.PropertyDeleted {
		return Settled{}, ErrNothing
	}
	h, err := s.Catalog.Property(ctx, p, property)
	if fault.Is(err, fault.NotFound) || err == nil && h.Archived {
		err = s.make(ctx, p, by, m)
	}
	if err != nil {
		return Settled{}, err
	}
	flow := false
	return s.Change(ctx, p, by, property, Change{Paused: &flow})
}

func (s *Service) make(ctx context.Context, p id.PortalID, by portal.Actor, m mapping.Mapping) error {
	d, err := s.definition(ctx, p, m)
	if err != nil {
		return err
	}
	refused, err := s.Catalog.Create(ctx, p, []lineproperty.Property{d})
	if err != nil {
		return fmt.Errorf("recreate property: %w", err)
	}
	if i := slices.IndexFunc(refused, func(r lineproperty.Refusal) bool { return r.Name == d.Name }); i >= 0 && !fault.Is(refused[i].Err, fault.Exists) {
		return refused[i].Err
	}
	return s.Audit.Note(ctx, p, by, portal.PropertyRestore, d.Name)
}

// definition is how the property was: as HubSpot remembers it, or as it was mapped.
func (s *Service) definition(ctx context.Context, p id.PortalID, m mapping.Mapping) (lineproperty.Property, error) {
	old, err := s.Catalog.Properties(ctx, p, true)
	if err != nil {
		return lineproperty.Property{}, err
	}
	if i := slices.IndexFunc(old, func(h lineproperty.Property) bool { return h.Name == m.Property }); i >= 0 {
		d := old[i]
		d.Archived = false
		return d, nil
	}
	if m.Type == "enumeration" {
		return lineproperty.Property{}, ErrChoices
	}
	return lineproperty.Property{Name: m.Property, Label: m.Label, Group: groupOfOurs, Type: m.Type, FieldType: m.FieldType}, nil
}
