package handle

import (
	"context"
	"errors"

	"lumo/shared/linkage"
)

// formView is what the linking form asks for besides the address (P-24).
type formView struct {
	Items []linkage.Field `json:"items"`
	Max   int             `json:"max"`
}

func formOf(fs []linkage.Field) formView {
	v := formView{[]linkage.Field{}, linkage.MaxFields}
	for _, f := range fs {
		f.Options = append([]linkage.Option{}, f.Options...)
		v.Items = append(v.Items, f)
	}
	return v
}

func getLinkForm(ctx context.Context, c *call) (any, error) {
	fs, err := c.Forms.Fields(ctx, c.portal())
	return formOf(fs), err
}

type changeLinkForm struct {
	request
	Fields []linkField `json:"fields"`
}

// linkField is a field without its options: those are HubSpot's.
type linkField struct {
	Property string            `json:"property"`
	Type     linkage.FieldType `json:"type"`
	LabelEn  string            `json:"labelEn"`
	LabelJa  string            `json:"labelJa"`
	Required bool              `json:"required"`
}

func putLinkForm(ctx context.Context, c *call) (any, error) {
	in, err := read[changeLinkForm](c)
	if err != nil {
		return nil, err
	}
	if len(in.Fields) > linkage.MaxFields {
		return nil, invalid("fields", "A form asks for at most ten properties.")
	}
	fs := make([]linkage.Field, 0, len(in.Fields))
	for _, f := range in.Fields {
		field, err := c.linkField(ctx, f)
		if err != nil {
			return nil, err
		}
		fs = append(fs, field)
	}
	var wrong *linkage.FieldError
	if err := linkage.CheckFields(fs); errors.As(err, &wrong) {
		return nil, invalid(wrong.Property, wrong.Reason)
	}
	return formOf(fs), c.Forms.SaveFields(ctx, c.portal(), fs)
}

// linkField looks up in HubSpot what the property can hold.
func (c *call) linkField(ctx context.Context, f linkField) (linkage.Field, error) {
	out := linkage.Field{Property: f.Property, Type: f.Type, LabelEn: f.LabelEn, LabelJa: f.LabelJa, Required: f.Required}
	name, err := property(f.Property)
	if err != nil {
		return out, err
	}
	h, err := c.SyncData.Writable(ctx, c.portal(), name)
	if err != nil {
		return out, err
	}
	if f.Type != linkage.ChoiceField {
		if h.Type != "string" {
			return out, invalid(name, "Only a property of texts can be asked for as text, e-mail address or telephone number.")
		}
		return out, nil
	}
	options, err := c.SyncData.Options(ctx, c.portal(), name)
	for _, o := range options {
		out.Options = append(out.Options, linkage.Option{Value: o.Value, Label: clip(o.Label, linkage.MaxLabel)})
	}
	return out, err
}
