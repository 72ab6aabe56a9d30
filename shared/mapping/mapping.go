// Package mapping says which HubSpot properties flow into which fields of a friend, by which rule, and what state each is in
// (P-35 to P-40b). The company's name is a projection of the primary company and never written back.
package mapping

import (
	"errors"
	"fmt"
	"slices"

	"lumo/shared/register"
)

// Company is the pseudo property under which the name of the primary associated company is mapped (P-40b).
const Company = "company_name"

// CompanyLink is HubSpot's contact property that holds the id of the primary company.
const CompanyLink = "associatedcompanyid"

// Max is the number of mapped properties one portal may have (P-40a).
const Max = 100

// Status of a field, as shown on Sync Data (section 4 of the product page).
type Status string

const (
	Active          Status = "active"
	WaitingFirst    Status = "waiting_first_sync"
	Paused          Status = "paused"
	PropertyDeleted Status = "error_property_deleted"
	TypeChanged     Status = "error_type_changed"
	NoPermission    Status = "error_no_permission"
)

// Flows tells whether values move in this state.
func (s Status) Flows() bool { return s == Active || s == WaitingFirst }

// Mapping joins one HubSpot contact property to the friend field of the same name.
type Mapping struct {
	Property  string        `dynamodbav:"p" json:"property"`
	Label     string        `dynamodbav:"l,omitempty" json:"label"`
	Type      string        `dynamodbav:"t,omitempty" json:"type"`
	FieldType string        `dynamodbav:"ft,omitempty" json:"fieldType"`
	Rule      register.Rule `dynamodbav:"r" json:"rule"`
	Status    Status        `dynamodbav:"s" json:"status"`
	// OneWay fields only flow from HubSpot (calculated, score, multi-checkbox to text).
	OneWay  bool   `dynamodbav:"o,omitempty" json:"oneWay"`
	AddedAt int64  `dynamodbav:"a,omitempty" json:"addedAt"`
	AddedBy string `dynamodbav:"b,omitempty" json:"addedBy,omitempty"`
}

// Writable tells whether a Lumo edit may ever reach HubSpot.
func (m Mapping) Writable() bool { return !m.OneWay && m.Property != Company }

// Decide applies the mapping's rule to a field.
func (m Mapping) Decide(r register.Register) register.Outcome {
	rule := m.Rule
	if !m.Writable() {
		rule = register.HubSpotAlways
	}
	o := r.Decide(rule, Canonical(m))
	if !m.Writable() {
		o.WriteHubSpot = false
	}
	return o
}

// Set is a portal's mappings. Version guards concurrent edits.
type Set struct {
	Mappings []Mapping `dynamodbav:"m" json:"mappings"`
	Version  int64     `dynamodbav:"v" json:"version"`
}

// Default is what a new portal starts with: first and last name only (P-36). The time must not be later than the start of the run that
// reads them first.
func Default(nowMillis int64) Set {
	mk := func(p, label string) Mapping {
		return Mapping{Property: p, Label: label, Type: "string", FieldType: "text", Rule: register.NewestWins, Status: WaitingFirst, AddedAt: nowMillis}
	}
	return Set{Mappings: []Mapping{mk("firstname", "First name"), mk("lastname", "Last name")}}
}

// Named errors; their texts are shown to users.
var (
	ErrExists      = errors.New("this HubSpot property is already mapped")
	ErrUnknown     = errors.New("this HubSpot property is not mapped")
	ErrTooMany     = fmt.Errorf("a portal can map at most %d properties", Max)
	ErrRule        = errors.New("unknown sync rule")
	ErrNotMappable = errors.New("this HubSpot property cannot be mapped")
)

// Find returns the mapping of a property.
func (s Set) Find(property string) (Mapping, bool) {
	i := slices.IndexFunc(s.Mappings, func(m Mapping) bool { return m.Property == property })
	if i < 0 {
		return Mapping{}, false
	}
	return s.Mappings[i], true
}

// Add appends a mapping; the sync rule is assigned automatically (P-37).
func (s Set) Add(m Mapping) (Set, error) {
	if _, ok := s.Find(m.Property); ok {
		return s, ErrExists
	}
	if len(s.Mappings) >= Max {
		return s, ErrTooMany
	}
	if m.Rule == "" {
		m.Rule = register.NewestWins
	}
	if m.Property == Company || m.OneWay {
		m.Rule = register.HubSpotAlways
	}
	if !m.Rule.Valid() {
		return s, ErrRule
	}
	m.Status = WaitingFirst
	out := Set{Mappings: append(slices.Clone(s.Mappings), m), Version: s.Version}
	return out, nil
}

// Change replaces one mapping's rule or status.
func (s Set) Change(property string, change func(*Mapping) error) (Set, error) {
	i := slices.IndexFunc(s.Mappings, func(m Mapping) bool { return m.Property == property })
	if i < 0 {
		return s, ErrUnknown
	}
	out := Set{Mappings: slices.Clone(s.Mappings), Version: s.Version}
	if err := change(&out.Mappings[i]); err != nil {
		return s, err
	}
	if !out.Mappings[i].Rule.Valid() {
		return s, ErrRule
	}
	return out, nil
}

// Remove takes a mapping out; stored values stay for 30 days (P-40a).
func (s Set) Remove(property string) (Set, error) {
	i := slices.IndexFunc(s.Mappings, func(m Mapping) bool { return m.Property == property })
	if i < 0 {
		return s, ErrUnknown
	}
	return Set{Mappings: slices.Delete(slices.Clone(s.Mappings), i, i+1), Version: s.Version}, nil
}

// Without is the set as if a property were not mapped.
func (s Set) Without(property string) Set {
	s.Mappings = slices.DeleteFunc(slices.Clone(s.Mappings), func(m Mapping) bool { return m.Property == property })
	return s
}

// Flowing lists the mappings whose values move now.
func (s Set) Flowing() []Mapping {
	var out []Mapping
	for _, m := range s.Mappings {
		if m.Status.Flows() {
			out = append(out, m)
		}
	}
	return out
}

// Properties lists the contact properties to read for the flowing mappings.
func (s Set) Properties() []string {
	var out []string
	for _, m := range s.Flowing() {
		if m.Property == Company {
			out = append(out, CompanyLink)
		} else {
			out = append(out, m.Property)
		}
	}
	return out
}

// WithCompany tells whether company names are mapped.
func (s Set) WithCompany() bool {
	m, ok := s.Find(Company)
	return ok && m.Status.Flows()
}

// Waiting tells whether some field waits for its first sync.
func (s Set) Waiting() bool {
	return slices.ContainsFunc(s.Mappings, func(m Mapping) bool { return m.Status == WaitingFirst })
}

// FirstSyncDone turns "waiting for first sync" into "active" for mappings that existed when a full run began.
func (s Set) FirstSyncDone(runStarted int64) (Set, bool) {
	out, changed := Set{Mappings: slices.Clone(s.Mappings), Version: s.Version}, false
	for i := range out.Mappings {
		if out.Mappings[i].Status == WaitingFirst && out.Mappings[i].AddedAt <= runStarted {
			out.Mappings[i].Status, changed = Active, true
		}
	}
	return out, changed
}

// Fit says how a HubSpot property of this type can be mapped (H3 of the product page): one way, both ways, or not at all.
func Fit(hubspotType, fieldType string, calculated, readOnly bool) (oneWay bool, err error) {
	switch hubspotType {
	case "string", "number", "date", "datetime", "bool", "phone_number", "enumeration":
	default:
		return false, ErrNotMappable
	}
	return calculated || readOnly || fieldType == "checkbox" || fieldType == "calculation_equation" || fieldType == "html" || fieldType == "file", nil
}
