package compose

import (
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/lineproperty"
)

func fromHubSpot(h hubspot.Property) lineproperty.Property {
	p := lineproperty.Property{
		Name: h.Name, Label: h.Label, Description: h.Description, Group: h.Group, Type: h.Type, FieldType: h.FieldType, Unique: h.Unique,
		Hidden: h.Hidden, Archived: h.Archived, Standard: h.HubSpotDefined, ReadOnly: h.Calculated || h.ReadOnlyValue,
	}
	for _, o := range h.Options {
		p.Options = append(p.Options, lineproperty.Option{Label: o.Label, Value: o.Value, Description: o.Description, Order: o.DisplayOrder, Hidden: o.Hidden})
	}
	return p
}

func toHubSpot(options []lineproperty.Option) []hubspot.Option {
	var out []hubspot.Option
	for _, o := range options {
		out = append(out, hubspot.Option{Label: o.Label, Value: o.Value, Description: o.Description, DisplayOrder: o.Order, Hidden: o.Hidden})
	}
	return out
}

func existed(name string) error {
	return &fault.Fault{
		Provider: "hubspot", Class: fault.Exists, Certainty: fault.NothingHappened, Code: "HUBSPOT_EXISTS", Message: "the property exists: " + name,
		Properties: []string{name},
	}
}
