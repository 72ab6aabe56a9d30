package hubspot

import (
	"context"
	"net/url"
	"slices"

	"github.com/clarkmcc/go-hubspot/generated/v3/properties"

	"lumo/shared/fault"
	"lumo/shared/pace"
)

// Option of an enumeration.
type Option struct {
	Value        string
	Label        string
	Description  string
	DisplayOrder int
	Hidden       bool
}

// Property is the definition of a property of a CRM object.
type Property struct {
	Name        string
	Label       string
	Group       string
	Type        string // string, number, bool, enumeration, date, datetime, phone_number
	FieldType   string // text, textarea, phonenumber, number, booleancheckbox, select, radio, checkbox, date
	Description string
	Options     []Option
	Unique      bool // fixed at creation, at most 10 per object
	Hidden      bool
	FormField   bool

	// Told by HubSpot, ignored when creating.
	HubSpotDefined     bool
	Calculated         bool
	Archived           bool
	ReadOnlyValue      bool
	ReadOnlyDefinition bool
}

// PropertyPatch changes a definition. Nil leaves a part as it is. Options replaces the whole list: read it, merge, and hide what is
// no longer offered, because values of a removed option stay on records.
type PropertyPatch struct {
	Label       *string
	Group       *string
	Description *string
	Hidden      *bool
	Options     []Option
}

// PropertyOutcome of CreateProperties: every name is in exactly one list.
type PropertyOutcome struct {
	Created []string
	Existed []string
	Failed  []PropertyFault
}

// PropertyFault is one definition that HubSpot refused.
type PropertyFault struct {
	Name  string
	Fault *fault.Fault
}

// Group of properties.
type Group struct {
	Name         string
	Label        string
	DisplayOrder int
}

// Properties lists the definitions of t: the live ones, or only the archived ones.
func (p *Portal) Properties(ctx context.Context, t ObjectType, archived bool) ([]Property, error) {
	var all *properties.CollectionResponsePropertyNoPaging
	_, err := p.through(ctx, p.base(ctx, pace.Bulk), true, func(ctx context.Context) (err error) {
		all, _, err = p.c.crm.properties.CoreApi.GetAll(ctx, string(t)).Archived(archived).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Property, 0, len(all.Results))
	for _, r := range all.Results {
		out = append(out, propertyOf(r))
	}
	return out, nil
}

// Property reads one definition; fault.NotFound when there is none (or it is archived).
func (p *Portal) Property(ctx context.Context, t ObjectType, name string) (Property, error) {
	var one *properties.Property
	_, err := p.through(ctx, p.base(ctx, pace.Bulk), true, func(ctx context.Context) (err error) {
		one, _, err = p.c.crm.properties.CoreApi.GetByName(ctx, string(t), name).Execute()
		return err
	})
	if err != nil {
		return Property{}, err
	}
	return propertyOf(*one), nil
}

// CreateProperties defines any number of properties. A name that exists is no failure (and is not compared); an archived one comes
// back with its old data. When one definition spoils the batch, it is cut in halves until the culprit stands alone.
func (p *Portal) CreateProperties(ctx context.Context, t ObjectType, in []Property) (PropertyOutcome, error) {
	var out PropertyOutcome
	for part := range slices.Chunk(in, MaxBatch) {
		if err := p.createPart(ctx, t, part, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (p *Portal) createPart(ctx context.Context, t ObjectType, part []Property, out *PropertyOutcome) error {
	var in properties.BatchInputPropertyCreate
	for _, d := range part {
		in.Inputs = append(in.Inputs, creationOf(d))
	}
	r, err := p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
		_, _, err := p.c.crm.properties.BatchApi.BatchCreate(ctx, string(t)).BatchInputPropertyCreate(in).Execute()
		return err
	})
	f, _ := err.(*fault.Fault)
	switch {
	case err == nil:
		return takeProperties(out, part, r)
	case f == nil || !oneCanSpoilAll(f):
		return err
	case len(part) > 1:
		if err := p.createPart(ctx, t, part[:len(part)/2], out); err != nil {
			return err
		}
		return p.createPart(ctx, t, part[len(part)/2:], out)
	}
	out.put(part[0].Name, f)
	return nil
}

func (o *PropertyOutcome) put(name string, f *fault.Fault) {
	switch {
	case f == nil:
		o.Created = append(o.Created, name)
	case f.Class == fault.Exists:
		o.Existed = append(o.Existed, name)
	default:
		o.Failed = append(o.Failed, PropertyFault{name, f})
	}
}

// takeProperties sorts an answered batch by name. The errors of a 207 name properties in their context; one that names none belongs
// to what is left.
func takeProperties(out *PropertyOutcome, part []Property, r *reply) error {
	var body struct {
		Results []struct {
			Name string `json:"name"`
		} `json:"results"`
		Errors []errorBody `json:"errors"`
	}
	if err := r.decode(&body); err != nil {
		return err
	}
	verdict := map[string]*fault.Fault{}
	var nameless []errorBody
	for _, e := range body.Errors {
		names := e.names()
		if len(names) == 0 {
			nameless = append(nameless, e)
		}
		for _, n := range names {
			verdict[n] = itemFault(e, r, nil)
		}
	}
	for _, d := range body.Results {
		verdict[d.Name] = nil
	}
	for _, d := range part {
		f, known := verdict[d.Name]
		if !known {
			f = leftOut(nameless, r, nil)
		}
		out.put(d.Name, f)
	}
	return nil
}

// names of the definitions that an element of a 207's errors is about, as they were sent.
func (b errorBody) names() []string {
	var names []string
	for _, c := range b.contexts() {
		for _, key := range []string{"name", "names", "propertyName", "propertyNames"} {
			names = append(names, c[key]...)
		}
	}
	return names
}

// UpdateProperty changes a definition.
func (p *Portal) UpdateProperty(ctx context.Context, t ObjectType, name string, patch PropertyPatch) error {
	up := properties.PropertyUpdate{Label: patch.Label, GroupName: patch.Group, Description: patch.Description, Hidden: patch.Hidden, Options: optionsIn(patch.Options)}
	_, err := p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
		_, _, err := p.c.crm.properties.CoreApi.Update(ctx, string(t), name).PropertyUpdate(up).Execute()
		return err
	})
	return err
}

// Groups lists the property groups of t.
func (p *Portal) Groups(ctx context.Context, t ObjectType) ([]Group, error) {
	var all *properties.CollectionResponsePropertyGroupNoPaging
	_, err := p.through(ctx, p.base(ctx, pace.Bulk), true, func(ctx context.Context) (err error) {
		all, _, err = p.c.crm.properties.GroupsApi.GroupsGetAll(ctx, string(t)).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Group, 0, len(all.Results))
	for _, g := range all.Results {
		out = append(out, Group{g.Name, g.Label, int(g.DisplayOrder)})
	}
	return out, nil
}

// CreateGroup makes a property group. An existing one is no error.
func (p *Portal) CreateGroup(ctx context.Context, t ObjectType, g Group) error {
	in := properties.PropertyGroupCreate{Name: g.Name, Label: g.Label}
	if g.DisplayOrder != 0 {
		in.DisplayOrder = ptr(int32(g.DisplayOrder))
	}
	_, err := p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
		_, _, err := p.c.crm.properties.GroupsApi.GroupsCreate(ctx, string(t)).PropertyGroupCreate(in).Execute()
		return err
	})
	if fault.Is(err, fault.Exists) {
		return nil
	}
	return err
}

func propertyOf(r properties.Property) Property {
	d := Property{
		Name: r.Name, Label: r.Label, Group: r.GroupName, Type: r.Type, FieldType: r.FieldType, Description: r.Description,
		Unique: val(r.HasUniqueValue), Hidden: val(r.Hidden), FormField: val(r.FormField),
		HubSpotDefined: val(r.HubspotDefined), Calculated: val(r.Calculated), Archived: val(r.Archived),
	}
	if m := r.ModificationMetadata; m != nil {
		d.ReadOnlyValue, d.ReadOnlyDefinition = m.ReadOnlyValue, m.ReadOnlyDefinition
	}
	for _, o := range r.Options {
		d.Options = append(d.Options, Option{o.Value, o.Label, val(o.Description), int(val(o.DisplayOrder)), o.Hidden})
	}
	return d
}

func creationOf(d Property) properties.PropertyCreate {
	in := properties.PropertyCreate{
		Name: d.Name, Label: d.Label, GroupName: d.Group, Type: d.Type, FieldType: d.FieldType,
		Hidden: &d.Hidden, FormField: &d.FormField, Options: optionsIn(d.Options),
	}
	if d.Description != "" {
		in.Description = &d.Description
	}
	if d.Unique {
		in.HasUniqueValue = &d.Unique
	}
	return in
}

func optionsIn(in []Option) []properties.OptionInput {
	var out []properties.OptionInput
	for _, o := range in {
		opt := properties.OptionInput{Value: o.Value, Label: o.Label, Hidden: o.Hidden, DisplayOrder: ptr(int32(o.DisplayOrder))}
		if o.Description != "" {
			opt.Description = &o.Description
		}
		out = append(out, opt)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func val[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// pathPart escapes one segment of a path.
func pathPart(s string) string { return url.PathEscape(s) }
