package syncdata

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
)

// Fit says how a property can be mapped.
type Fit string

const (
	Both   Fit = "both"
	OneWay Fit = "one_way" // only from HubSpot
	None   Fit = "none"
)

// Candidate is a HubSpot property as the screen offers it.
type Candidate struct {
	Name, Label, Group, Type, FieldType string
	Fit                                 Fit
	Mapped                              bool
}

// company is the pseudo property of the primary company's name (P-40b).
var company = lineproperty.Property{Name: mapping.Company, Label: "Company name", Group: "company", Type: "string", FieldType: "text", ReadOnly: true}

// Candidates lists the properties whose name or label contains the search text: those that can be mapped first, then by label.
func (s *Service) Candidates(ctx context.Context, p id.PortalID, search string) ([]Candidate, error) {
	all, err := s.Catalog.Properties(ctx, p, false)
	if err != nil {
		return nil, err
	}
	set, err := s.Mappings.Load(ctx, p)
	if err != nil {
		return nil, err
	}
	own, err := s.own(ctx, p)
	if err != nil {
		return nil, err
	}
	search = strings.ToLower(strings.TrimSpace(search))
	var out []Candidate
	for _, h := range append([]lineproperty.Property{company}, all...) {
		if h.Hidden || !strings.Contains(strings.ToLower(h.Name+"\x00"+h.Label), search) {
			continue
		}
		fit, _ := fitOf(h, own)
		_, mapped := set.Find(h.Name)
		out = append(out, Candidate{h.Name, h.Label, h.Group, h.Type, h.FieldType, fit, mapped})
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(rank(a.Fit), rank(b.Fit)), cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// Options are what a field of choices may hold, in HubSpot's order; nothing for other types.
func (s *Service) Options(ctx context.Context, p id.PortalID, name string) ([]lineproperty.Option, error) {
	all, err := s.options(ctx, p, name)
	return slices.DeleteFunc(all, func(o lineproperty.Option) bool { return o.Hidden }), err
}

func (s *Service) options(ctx context.Context, p id.PortalID, name string) ([]lineproperty.Option, error) {
	h, _, err := s.find(ctx, p, name)
	if errors.Is(err, mapping.ErrNotMappable) || errors.Is(err, ErrOwn) {
		err = nil // it has options all the same
	}
	if err != nil {
		return nil, err
	}
	if h.Archived {
		return nil, ErrGone
	}
	out := slices.Clone(h.Options)
	slices.SortStableFunc(out, func(a, b lineproperty.Option) int { return cmp.Compare(a.Order, b.Order) })
	return out, nil
}

func rank(f Fit) int {
	if f == None {
		return 1
	}
	return 0
}

// own names the LINE properties of all accounts, connected or not.
func (s *Service) own(ctx context.Context, p id.PortalID) (map[string]bool, error) {
	all, err := s.Accounts.Accounts(ctx, p)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, a := range all {
		set, err := s.Sets.Set(ctx, p, a.Slot)
		if err != nil {
			return nil, err
		}
		for _, e := range set.Entries {
			out[e.Name] = true
		}
	}
	return out, nil
}

// fitOf is the rule of what can be mapped. The link to the primary company is read for company names and is nobody's field.
func fitOf(h lineproperty.Property, own map[string]bool) (Fit, error) {
	switch {
	case own[h.Name]:
		return None, ErrOwn
	case h.Archived || h.Name == mapping.CompanyLink:
		return None, mapping.ErrNotMappable
	case h.Name == mapping.Company:
		return OneWay, nil
	}
	oneWay, err := mapping.Fit(h.Type, h.FieldType, false, h.ReadOnly)
	switch {
	case err != nil:
		return None, err
	case oneWay:
		return OneWay, nil
	}
	return Both, nil
}

// find reads one property from HubSpot.
func (s *Service) find(ctx context.Context, p id.PortalID, name string) (lineproperty.Property, Fit, error) {
	h := company
	if name != mapping.Company {
		var err error
		if h, err = s.Catalog.Property(ctx, p, name); fault.Is(err, fault.NotFound) {
			return h, None, ErrGone
		} else if err != nil {
			return h, None, err
		}
	}
	own, err := s.own(ctx, p)
	if err != nil {
		return h, None, err
	}
	fit, err := fitOf(h, own)
	return h, fit, err
}

// Writable is a contact property that may be written. ErrOwn, ErrGone, mapping.ErrNotMappable.
func (s *Service) Writable(ctx context.Context, p id.PortalID, name string) (lineproperty.Property, error) {
	h, fit, err := s.find(ctx, p, name)
	if err == nil && (fit != Both || h.Archived) {
		err = mapping.ErrNotMappable
	}
	return h, err
}
