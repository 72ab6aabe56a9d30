package contract

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// optional are members that the files call required although the service does not: the documentation of each call says so.
var optional = map[string][]string{
	"PublicObjectSearchRequest":                  {"after", "limit", "properties", "sorts", "filterGroups"},
	"SimplePublicObjectInputForCreate":           {"associations"},
	"SimplePublicObjectBatchInputForCreate":      {"associations"},
	"BatchReadInputSimplePublicObjectId":         {"properties", "propertiesWithHistory"},
	"ListSearchRequest":                          {"additionalProperties", "listIds", "offset", "processingTypes"},
	"BatchReadInputPropertyName":                 {"dataSensitivity"},
	"OptionInput":                                {"displayOrder", "hidden"},
	"ObjectSubscriptionUpsertRequest":            {"objectIds", "properties"},
	"AssociationSubscriptionUpsertRequest":       {"objectIds", "associatedObjectTypeIds"},
	"ListMembershipSubscriptionUpsertRequest":    {"objectIds", "listIds"},
	"AppLifecycleEventSubscriptionUpsertRequest": {"properties"},
}

// repair puts right what is known to be wrong in the files.
func repair(doc *openapi3.T) {
	unwind(doc)
	for name, ref := range doc.Components.Schemas {
		s := ref.Value
		s.Required = slices.DeleteFunc(s.Required, func(m string) bool { return slices.Contains(optional[name], m) })
		walk(s, map[*openapi3.Schema]bool{})
		// Unset property values are null.
		if strings.HasPrefix(name, "SimplePublic") && s.Properties["properties"] != nil {
			if a := s.Properties["properties"].Value.AdditionalProperties.Schema; a != nil {
				a.Value.Nullable = true
			}
		}
		// sorts is a list of {propertyName, direction}.
		if name == "PublicObjectSearchRequest" {
			s.Properties["sorts"].Value.Items = &openapi3.SchemaRef{Value: openapi3.NewOneOfSchema(openapi3.NewStringSchema(), sortSchema())}
		}
		// A revoked token is {"active": false}.
		if name == "TokenInfoResponseBaseIF" {
			s.OneOf = append(s.OneOf, &openapi3.SchemaRef{Value: inactive()})
		}
		// Capabilities are lists, texts, numbers and switches; a patch takes plain values.
		if strings.HasPrefix(name, "PublicChannelIntegrationChannel") && s.Properties["capabilities"] != nil {
			s.Properties["capabilities"] = &openapi3.SchemaRef{Value: openapi3.NewObjectSchema().WithAnyAdditionalProperties()}
		}
		if name == "PublicChannelIntegrationChannelPatch" {
			s.Required = nil
			for member, p := range s.Properties {
				if member != "capabilities" {
					p.Value = openapi3.NewStringSchema().WithNullable()
				}
			}
		}
		// The unlabelled association has a null label.
		if strings.HasPrefix(name, "AssociationSpecWithLabel") && s.Properties["label"] != nil {
			s.Properties["label"].Value.Nullable = true
		}
	}
	for path, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			repairOperation(doc, path, op)
		}
	}
}

func sortSchema() *openapi3.Schema {
	s := openapi3.NewObjectSchema().WithProperty("propertyName", openapi3.NewStringSchema()).
		WithProperty("direction", openapi3.NewStringSchema().WithEnum("ASCENDING", "DESCENDING"))
	s.Required = []string{"propertyName"}
	return s
}

func inactive() *openapi3.Schema {
	s := openapi3.NewObjectSchema().WithProperty("active", openapi3.NewBoolSchema().WithEnum(false))
	s.Required = []string{"active"}
	no := false
	s.AdditionalProperties.Has = &no
	return s
}

// walk removes number formats (ids outgrow int32) and closes objects against members that nobody declared.
func walk(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	if strings.HasPrefix(s.Format, "int") {
		s.Format = ""
	}
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		walk(p.Value, seen)
	}
	if s.Items != nil {
		walk(s.Items.Value, seen)
	}
	if s.AdditionalProperties.Schema != nil {
		walk(s.AdditionalProperties.Schema.Value, seen)
	}
}

// repairOperation describes answers that the files leave out, and frees parameters of int32.
func repairOperation(doc *openapi3.T, path string, op *openapi3.Operation) {
	for _, p := range op.Parameters {
		if p.Value.Schema != nil {
			walk(p.Value.Schema.Value, map[*openapi3.Schema]bool{})
		}
	}
	set := func(status int, schema string) {
		if ref := doc.Components.Schemas[schema]; ref != nil && op.Responses.Status(status) == nil {
			op.Responses.Set("200", &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription(schema).WithJSONSchemaRef(ref)})
		}
	}
	switch {
	case strings.HasPrefix(path, "/webhooks-journal/journal") && !strings.Contains(path, "/batch/") && !strings.Contains(path, "/status/"):
		set(200, "JournalFetchResponse")
	case strings.HasPrefix(path, "/crm/associations/") && (strings.HasSuffix(path, "batch/archive") || strings.HasSuffix(path, "labels/archive")):
		if r := op.Responses.Status(200); r != nil {
			op.Responses.Set("207", r)
		}
	case strings.HasSuffix(path, "associate/default"):
		if r := op.Responses.Status(200); r != nil {
			op.Responses.Set("207", r)
		}
	}
}

// unwind ends circles: a kind of message or actor is declared as "all of" a base that is itself "one of" the kinds. What is left of each
// kind is its own part; that the base is declared with no properties closes nothing.
func unwind(doc *openapi3.T) {
	for _, ref := range doc.Components.Schemas {
		s := ref.Value
		if len(s.AllOf) != 2 || s.AllOf[0].Value == nil || len(s.AllOf[0].Value.OneOf) == 0 {
			continue
		}
		own := s.AllOf[1].Value
		s.AllOf, s.Properties, s.Required, s.Type = nil, own.Properties, own.Required, own.Type
	}
}
