package hubspotsandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// noRequest stands for the request of a change that did not come through the API.
var noRequest = &http.Request{Method: "", URL: &url.URL{}}

// DefineProperty makes a custom property, as an admin would; options are value, label pairs.
func (s *Server) DefineProperty(portalID int64, object string, d Definition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, err := s.at(portalID, object)
	if err != nil {
		return err
	}
	if d.Group == "" {
		d.Group = o.Groups[0].Name
	}
	if d.Label == "" {
		d.Label = d.Name
	}
	in := propertyInput{Name: d.Name, Label: &d.Label, Type: &d.Type, FieldType: &d.FieldType, Group: &d.Group, Unique: d.Unique, Options: &d.Options}
	if ref := o.checkDefinition(in); ref != nil {
		return ref
	}
	c := &call{objects: o, portal: p, now: s.now().UnixMilli(), token: &token{User: 1}, r: noRequest}
	_, ref := s.define(c, in)
	return orNil(ref)
}

// Definition is a custom property.
type Definition struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Type      string   `json:"type"`
	FieldType string   `json:"fieldType"`
	Group     string   `json:"groupName"`
	Unique    bool     `json:"hasUniqueValue"`
	Options   []Option `json:"options"`
}

// ArchiveProperty deletes a custom property, as an admin may even while the app uses it.
func (s *Server) ArchiveProperty(portalID int64, object, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, o, err := s.at(portalID, object)
	if err != nil {
		return err
	}
	prop := o.prop(name)
	if prop == nil || prop.HubSpot {
		return fmt.Errorf("%w: custom property %s", ErrNotFound, name)
	}
	s.archiveProperty(prop, s.now().UnixMilli())
	return nil
}

// Properties lists the definitions that are not archived, HubSpot's own included.
func (s *Server) Properties(portalID int64, object string) ([]Definition, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, o, err := s.at(portalID, object)
	if err != nil {
		return nil, err
	}
	var out []Definition
	for _, p := range o.Props {
		if p.ArchivedAt == 0 {
			out = append(out, Definition{p.Name, p.Label, p.Type, p.FieldType, p.Group, p.Unique, slices.Clone(p.Options)})
		}
	}
	return out, nil
}
