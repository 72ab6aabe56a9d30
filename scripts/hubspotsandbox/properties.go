package hubspotsandbox

import (
	"fmt"
	"slices"
	"strings"
)

const (
	readSchemas  = "crm.schemas.{kind}.read|crm.objects.{kind}.read"
	writeSchemas = "crm.schemas.{kind}.write"
)

var propertyRoutes = []route{
	{pattern: "GET /crm/properties/{v}/{type}", scopes: []string{readSchemas}, handle: (*Server).listProperties},
	{pattern: "POST /crm/properties/{v}/{type}", scopes: []string{writeSchemas}, handle: (*Server).postProperty},
	{pattern: "GET /crm/properties/{v}/{type}/{name}", scopes: []string{readSchemas}, handle: (*Server).getProperty},
	{pattern: "PATCH /crm/properties/{v}/{type}/{name}", scopes: []string{writeSchemas}, handle: (*Server).patchProperty},
	{pattern: "DELETE /crm/properties/{v}/{type}/{name}", scopes: []string{writeSchemas}, handle: (*Server).deleteProperty},
	{pattern: "POST /crm/properties/{v}/{type}/batch/create", scopes: []string{writeSchemas}, handle: (*Server).batchCreateProperties},
	{pattern: "POST /crm/properties/{v}/{type}/batch/read", scopes: []string{readSchemas}, handle: (*Server).batchReadProperties},
	{pattern: "POST /crm/properties/{v}/{type}/batch/archive", scopes: []string{writeSchemas}, handle: (*Server).batchArchiveProperties},
	{pattern: "GET /crm/properties/{v}/{type}/groups", scopes: []string{readSchemas}, handle: (*Server).listGroups},
	{pattern: "POST /crm/properties/{v}/{type}/groups", scopes: []string{writeSchemas}, handle: (*Server).postGroup},
	{pattern: "GET /crm/properties/{v}/{type}/groups/{name}", scopes: []string{readSchemas}, handle: (*Server).getGroup},
	{pattern: "PATCH /crm/properties/{v}/{type}/groups/{name}", scopes: []string{writeSchemas}, handle: (*Server).patchGroup},
	{pattern: "DELETE /crm/properties/{v}/{type}/groups/{name}", scopes: []string{writeSchemas}, handle: (*Server).deleteGroup},
}

// body is a definition as HubSpot shows it.
func (p *property) body(o *objects) map[string]any {
	opts := p.Options
	if opts == nil {
		opts = []Option{}
	}
	sensitivity := p.Sensitivity
	if sensitivity == "" {
		sensitivity = "non_sensitive"
	}
	out := map[string]any{"name": p.Name, "label": p.Label, "type": p.Type, "fieldType": p.FieldType, "groupName": p.Group, "description": p.Description,
		"options": opts, "hasUniqueValue": p.Unique, "hidden": p.Hidden, "formField": p.FormField, "displayOrder": p.Order, "calculated": p.Calculated,
		"externalOptions": p.Name == "hubspot_owner_id", "archived": p.ArchivedAt != 0, "dataSensitivity": sensitivity,
		"createdAt": iso(p.CreatedAt), "updatedAt": iso(p.UpdatedAt),
		"modificationMetadata": map[string]any{"archivable": !p.HubSpot, "readOnlyDefinition": p.HubSpot, "readOnlyValue": p.ReadOnly, "readOnlyOptions": p.HubSpot}}
	if p.ArchivedAt != 0 {
		out["archivedAt"] = iso(p.ArchivedAt)
	}
	if p.CreatedBy != "" {
		out["createdUserId"], out["updatedUserId"] = p.CreatedBy, p.UpdatedBy
	}
	if p.HubSpot {
		out["hubspotDefined"] = true
	}
	return out
}

func (s *Server) listProperties(c *call) reply {
	archived := c.r.URL.Query().Get("archived") == "true"
	results := []any{}
	for _, p := range c.objects.Props {
		if (p.ArchivedAt != 0) == archived {
			results = append(results, p.body(c.objects))
		}
	}
	return reply{status: 200, body: map[string]any{"results": results}}
}

func (s *Server) getProperty(c *call) reply {
	i, ok := c.objects.byName[c.path("name")]
	archived := c.r.URL.Query().Get("archived") == "true"
	if !ok || (c.objects.Props[i].ArchivedAt != 0) != archived {
		return c.fail(404, "OBJECT_NOT_FOUND", fmt.Sprintf("Property %q does not exist for object type %q", c.path("name"), c.objects.kind.TypeID))
	}
	return reply{status: 200, body: c.objects.Props[i].body(c.objects)}
}

// propertyInput is the body of a create or, with what is nil left alone, of a PATCH.
type propertyInput struct {
	Name        string    `json:"name"`
	Label       *string   `json:"label"`
	Type        *string   `json:"type"`
	FieldType   *string   `json:"fieldType"`
	Group       *string   `json:"groupName"`
	Description *string   `json:"description"`
	Options     *[]Option `json:"options"`
	Unique      bool      `json:"hasUniqueValue"`
	Hidden      *bool     `json:"hidden"`
	FormField   *bool     `json:"formField"`
	Order       *int      `json:"displayOrder"`
	Sensitivity string    `json:"dataSensitivity"`
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func propertyRefusal(status int, category, format string, args ...any) *refusal {
	return &refusal{status: status, category: category, message: fmt.Sprintf(format, args...)}
}

// checkDefinition refuses what HubSpot does not take.
func (o *objects) checkDefinition(in propertyInput) *refusal {
	switch {
	case !namePattern.MatchString(in.Name):
		return propertyRefusal(400, "VALIDATION_ERROR", "Property name %q must be lower case letters, digits and underscores and start with a letter", in.Name)
	case deref(in.Label) == "":
		return propertyRefusal(400, "VALIDATION_ERROR", "Property %q needs a label", in.Name)
	case !pairAllowed(deref(in.Type), deref(in.FieldType)):
		return propertyRefusal(400, "VALIDATION_ERROR", "Property %q: fieldType %q does not go with type %q", in.Name, deref(in.FieldType), deref(in.Type))
	case o.group(deref(in.Group)) == nil:
		return propertyRefusal(400, "VALIDATION_ERROR", "Property group %q does not exist", deref(in.Group))
	}
	if i, ok := o.byName[in.Name]; ok && o.Props[i].ArchivedAt == 0 {
		r := propertyRefusal(409, "OBJECT_ALREADY_EXISTS", "A property named '%s' already exists.", in.Name)
		r.context = map[string][]string{"name": {in.Name}}
		return r
	}
	if in.Unique && o.uniqueCount() >= maxUnique {
		return propertyRefusal(400, "VALIDATION_ERROR", "You have reached the limit of %d unique value properties for this object type", maxUnique)
	}
	return checkOptions(in.Name, deref(in.Type), deref(in.FieldType), deref(in.Options))
}

const maxOptions = 5000

func checkOptions(name, typ, field string, opts []Option) *refusal {
	if typ != "enumeration" {
		return nil
	}
	if len(opts) > maxOptions {
		return propertyRefusal(400, "VALIDATION_ERROR", "Property %q has more than %d options", name, maxOptions)
	}
	values, labels := map[string]bool{}, map[string]bool{}
	for _, x := range opts {
		switch {
		case x.Value == "" || x.Label == "":
			return propertyRefusal(400, "VALIDATION_ERROR", "Property %q: an option needs a label and a value", name)
		case values[x.Value]:
			return propertyRefusal(400, "VALIDATION_ERROR", "Property %q: option value %q is not unique", name, x.Value)
		case labels[x.Label]:
			return propertyRefusal(400, "VALIDATION_ERROR", "Property %q: option label %q is not unique", name, x.Label)
		case strings.Contains(x.Value, ";"):
			return propertyRefusal(400, "VALIDATION_ERROR", "Property %q: option value %q must not contain a semicolon", name, x.Value)
		}
		values[x.Value], labels[x.Label] = true, true
	}
	if field == "booleancheckbox" && (len(opts) != 2 || !values["true"] || !values["false"]) {
		return propertyRefusal(400, "VALIDATION_ERROR", "Property %q: a single checkbox has exactly the options true and false", name)
	}
	return nil
}

// define creates a property, or restores an archived one with its old data.
func (s *Server) define(c *call, in propertyInput) (*property, *refusal) {
	o := c.objects
	if ref := o.checkDefinition(in); ref != nil {
		return nil, ref
	}
	user := fmt.Sprint(c.token.User)
	if i, ok := o.byName[in.Name]; ok {
		p := o.Props[i]
		p.ArchivedAt = 0
		in.fill(p)
		p.Type, p.FieldType = deref(in.Type), deref(in.FieldType)
		p.UpdatedAt, p.UpdatedBy = c.now, user
		s.note(c, Write{Action: "property.restore", Object: o.kind.Name, ID: p.Name})
		s.changes++
		return p, nil
	}
	p := &property{Name: in.Name, Type: deref(in.Type), FieldType: deref(in.FieldType), Unique: in.Unique, Sensitivity: in.Sensitivity, Order: -1,
		CreatedAt: c.now, UpdatedAt: c.now, CreatedBy: user, UpdatedBy: user}
	in.fill(p)
	o.addProperty(p)
	s.changes++
	s.note(c, Write{Action: "property.create", Object: o.kind.Name, ID: p.Name, Properties: map[string]string{"type": p.Type, "fieldType": p.FieldType}})
	return p, nil
}

func (in propertyInput) fill(p *property) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&p.Label, in.Label)
	set(&p.Group, in.Group)
	set(&p.Description, in.Description)
	if in.Options != nil {
		p.Options = slices.Clone(*in.Options)
	}
	if in.Hidden != nil {
		p.Hidden = *in.Hidden
	}
	if in.FormField != nil {
		p.FormField = *in.FormField
	}
	if in.Order != nil {
		p.Order = *in.Order
	}
}

func (s *Server) postProperty(c *call) reply {
	var in propertyInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	p, ref := s.define(c, in)
	if ref != nil {
		out := c.refuse(ref)
		if ref.status == 409 {
			body := out.body.(errorBody)
			body.SubCategory = "Properties.PROPERTY_WITH_NAME_EXISTS"
			out.body = body
		}
		return out
	}
	return reply{status: 201, body: p.body(c.objects)}
}

func (s *Server) patchProperty(c *call) reply {
	var in propertyInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	p := c.objects.prop(c.path("name"))
	if p == nil {
		return c.notFound()
	}
	if p.HubSpot && (in.Type != nil && *in.Type != p.Type || in.FieldType != nil && *in.FieldType != p.FieldType) {
		return c.fail(400, "VALIDATION_ERROR", "The definition of "+p.Name+" cannot be changed")
	}
	typ, field := p.Type, p.FieldType
	if in.Type != nil {
		typ = *in.Type
	}
	if in.FieldType != nil {
		field = *in.FieldType
	}
	if !pairAllowed(typ, field) {
		return c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("fieldType %q does not go with type %q", field, typ))
	}
	if in.Group != nil && c.objects.group(*in.Group) == nil {
		return c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("Property group %q does not exist", *in.Group))
	}
	if in.Options != nil {
		if ref := checkOptions(p.Name, typ, field, *in.Options); ref != nil {
			return c.refuse(ref)
		}
	}
	in.fill(p)
	p.Type, p.FieldType, p.UpdatedAt, p.UpdatedBy = typ, field, c.now, fmt.Sprint(c.token.User)
	s.changes++
	s.note(c, Write{Action: "property.update", Object: c.objects.kind.Name, ID: p.Name})
	return reply{status: 200, body: p.body(c.objects)}
}

func (s *Server) deleteProperty(c *call) reply {
	p := c.objects.prop(c.path("name"))
	if p == nil {
		return c.notFound()
	}
	if p.HubSpot {
		return c.sub(400, "VALIDATION_ERROR", "PropertyValidationError.CANNOT_DELETE_HUBSPOT_PROPERTY", "HubSpot's own properties cannot be deleted")
	}
	if used := c.portal.usedBy(c.objects.kind, p.Name); used != "" {
		return c.sub(400, "VALIDATION_ERROR", "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE", "The property is in use by "+used)
	}
	s.archiveProperty(p, c.now)
	s.note(c, Write{Action: "property.archive", Object: c.objects.kind.Name, ID: p.Name})
	return reply{status: 204}
}

// usedBy names what keeps a property from being deleted: the portal's rules and active lists.
func (p *portal) usedBy(k *kind, name string) string {
	for _, r := range p.Rules {
		if kindOf(r.Object) == k && (r.Property == name || r.When == name) {
			return "a rule of the account"
		}
	}
	for _, l := range p.Lists.List {
		if l.Deleted == 0 && l.TypeID == k.TypeID && strings.Contains(string(l.Filter), `"`+name+`"`) {
			return "list " + l.Name
		}
	}
	return ""
}

func (s *Server) archiveProperty(p *property, now int64) {
	p.ArchivedAt = now
	s.changes++
}

func (s *Server) batchCreateProperties(c *call) reply {
	var in struct {
		Inputs []propertyInput `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), maxBatch); bad != nil {
		return *bad
	}
	results, errs := []any{}, []batchError{}
	for _, x := range in.Inputs {
		p, ref := s.define(c, x)
		if ref != nil {
			e := ref.inBatch(map[string][]string{"name": {x.Name}})
			errs = append(errs, e)
			continue
		}
		results = append(results, p.body(c.objects))
	}
	return c.batchReply(201, results, errs)
}

// batchReply is a batch answer for everything but records.
func (c *call) batchReply(status int, results []any, errs []batchError) reply {
	out := map[string]any{"status": "COMPLETE", "results": results, "startedAt": iso(c.now), "completedAt": iso(c.now + 2)}
	if len(errs) > 0 {
		status = 207
		out["numErrors"], out["errors"] = len(errs), errs
	}
	return reply{status: status, body: out}
}

type named struct {
	Inputs []struct {
		Name string `json:"name"`
	} `json:"inputs"`
	Archived bool `json:"archived"`
}

func (s *Server) batchReadProperties(c *call) reply {
	var in named
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), maxBatch); bad != nil {
		return *bad
	}
	results, errs := []any{}, []batchError{}
	for _, x := range in.Inputs {
		if i, ok := c.objects.byName[x.Name]; ok && (c.objects.Props[i].ArchivedAt != 0) == in.Archived {
			results = append(results, c.objects.Props[i].body(c.objects))
			continue
		}
		errs = append(errs, newBatchError("OBJECT_NOT_FOUND", fmt.Sprintf("Property %q does not exist", x.Name), map[string][]string{"name": {x.Name}}, nil))
	}
	return c.batchReply(200, results, errs)
}

func (s *Server) batchArchiveProperties(c *call) reply {
	var in named
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	for _, x := range in.Inputs {
		if p := c.objects.prop(x.Name); p != nil && !p.HubSpot {
			s.archiveProperty(p, c.now)
			s.note(c, Write{Action: "property.archive", Object: c.objects.kind.Name, ID: p.Name})
		}
	}
	return reply{status: 204}
}
