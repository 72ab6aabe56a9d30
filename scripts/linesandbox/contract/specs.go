package contract

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// specFiles are the files whose endpoints or types the app uses.
var specFiles = []string{"messaging-api.yml", "channel-access-token.yml", "insight.yml"}

const webhookFile = "webhook.yml"

// findSpecs looks for the spec folder from the working directory upwards, so that tests of any package find it.
func findSpecs() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find LINE specs: %w", err)
	}
	for {
		for _, tail := range []string{"specs/line", "scripts/specs/line"} {
			candidate := filepath.Join(dir, filepath.FromSlash(tail))
			if _, err := os.Stat(filepath.Join(candidate, webhookFile)); err == nil {
				return candidate, nil
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find LINE specs: no specs/line above the working directory")
		}
		dir = parent
	}
}

// load reads a spec and makes it strict. LINE's files describe variants (messages, events, actions) by a base type with a
// discriminator and children that extend it; as such a validator sees only the base. Here every variant becomes a whole object,
// the base becomes "exactly one of them", and an object may hold no property that the spec does not name.
func load(file string) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", filepath.Base(file), err)
	}
	doc.Servers = nil // the sandbox answers for all of LINE's hosts
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	schemas := doc.Components.Schemas
	for _, ref := range schemas {
		flatten(ref.Value)
	}
	for _, ref := range schemas {
		tighten(ref.Value, map[*openapi3.Schema]bool{})
	}
	for _, ref := range schemas {
		choose(ref.Value, schemas)
		// LINE's own Go SDK sends null here when no unit is set, so LINE must accept it.
		if units := ref.Value.Properties["customAggregationUnits"]; units != nil {
			units.Value.Nullable = true
		}
	}
	return doc, nil
}

// flatten merges the parts of an allOf into one object.
func flatten(s *openapi3.Schema) {
	if len(s.AllOf) == 0 {
		return
	}
	parts := s.AllOf
	s.AllOf = nil
	if s.Type == nil {
		s.Type = &openapi3.Types{openapi3.TypeObject}
	}
	properties := maps.Clone(s.Properties)
	if properties == nil {
		properties = openapi3.Schemas{}
	}
	for _, part := range parts {
		flatten(part.Value)
		maps.Copy(properties, part.Value.Properties)
		s.Required = append(s.Required, part.Value.Required...)
	}
	s.Properties = properties
	slices.Sort(s.Required)
	s.Required = slices.Compact(s.Required)
}

// tighten forbids unknown properties. Free-form objects (without properties) stay free.
func tighten(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: openapi3.Ptr(false)}
	}
	for _, p := range s.Properties {
		tighten(p.Value, seen)
	}
	if s.Items != nil {
		tighten(s.Items.Value, seen)
	}
}

// choose turns a discriminated base into "one of its variants".
func choose(s *openapi3.Schema, schemas openapi3.Schemas) {
	if s.Discriminator == nil || len(s.OneOf) > 0 || len(s.Discriminator.Mapping) == 0 {
		return
	}
	for value, mapped := range s.Discriminator.Mapping {
		name := mapped.Ref[strings.LastIndex(mapped.Ref, "/")+1:]
		if child := schemas[name]; child != nil && child.Value != s {
			s.OneOf = append(s.OneOf, &openapi3.SchemaRef{Ref: mapped.Ref, Value: child.Value})
		} else {
			delete(s.Discriminator.Mapping, value)
		}
	}
	s.Properties, s.Required = nil, nil
	s.AdditionalProperties = openapi3.AdditionalProperties{}
}
