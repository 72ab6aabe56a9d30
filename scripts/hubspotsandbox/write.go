package hubspotsandbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// By says who makes a change and when; the zero value is a person in HubSpot now.
type By struct {
	Source Source `json:"source"` // default CRM_UI, userId:<first user>
	UserID int64  `json:"userId"` // shorthand for CRM_UI, userId:<UserID>
	At     int64  `json:"at"`     // ms, default HubSpot's now
	// Unseen: every webhook and journal entry of it is lost on the way.
	Unseen bool `json:"unseen"`
}

// change is one new value of one property.
type change struct {
	prop  *property
	value string
}

// writer carries what every write needs to know about its origin.
type writer struct {
	src     Source
	at      int64
	strict  bool // 2026-09: the portal's own rules are enforced
	request string
	app     bool
	// readOnly lets HubSpot itself write what nobody else may.
	readOnly bool
}

// refusal is a write that HubSpot does not accept.
type refusal struct {
	status   int
	category string
	message  string
	errs     []propertyError
	context  map[string][]string
}

func (r *refusal) Error() string { return r.message }

// check normalises and validates what is written to a record (nil for a new one); one bad property refuses all.
func (s *Server) check(p *portal, o *objects, r *record, in map[string]string, w writer) ([]change, *refusal) {
	var out []change
	var errs []propertyError
	for _, name := range slices.Sorted(maps.Keys(in)) {
		prop := o.prop(strings.ToLower(name))
		if prop == nil {
			errs = append(errs, propertyError{name, "PROPERTY_DOESNT_EXIST", fmt.Sprintf("Property %q does not exist", name)})
			continue
		}
		if prop.ReadOnly && !w.readOnly {
			errs = append(errs, propertyError{name, "READ_ONLY_VALUE", fmt.Sprintf("%q is a read only property; its value cannot be set.", name)})
			continue
		}
		before := ""
		if r != nil {
			before, _ = current(r.Vers, prop.idx)
		}
		v, bad := prop.normalise(in[name], before)
		if bad != nil {
			errs = append(errs, *bad)
			continue
		}
		if bad = s.ownerExists(p, prop, v); bad != nil {
			errs = append(errs, *bad)
			continue
		}
		if prop.Name == "lifecyclestage" && backwards(before, v) {
			continue // HubSpot leaves the later stage without an error
		}
		out = append(out, change{prop, v})
	}
	if w.strict {
		errs = append(errs, p.broken(o, r, out)...)
	}
	if len(errs) > 0 {
		return nil, invalid(p, errs)
	}
	if ref := o.conflict(p, r, out); ref != nil {
		return nil, ref
	}
	return out, nil
}

func backwards(before, v string) bool {
	a, b := slices.Index(stages, before), slices.Index(stages, v)
	return a >= 0 && b >= 0 && b < a
}

func (s *Server) ownerExists(p *portal, prop *property, v string) *propertyError {
	if prop.Name != "hubspot_owner_id" || v == "" {
		return nil
	}
	for _, u := range p.Users {
		if strconv.FormatInt(u.OwnerID, 10) == v {
			return nil
		}
	}
	return &propertyError{prop.Name, "INVALID_OWNER_ID", fmt.Sprintf("Owner with id %s does not exist", v)}
}

// conflict finds another record that already has a unique value.
func (o *objects) conflict(p *portal, r *record, in []change) *refusal {
	for _, c := range in {
		if !c.prop.Unique || c.value == "" {
			continue
		}
		other, taken := o.unique[c.prop.idx][c.prop.fold(c.value)]
		if !taken || r != nil && other == r.ID {
			continue
		}
		if c.prop.Name == "email" {
			return &refusal{status: 409, category: "CONFLICT", message: fmt.Sprintf("Contact already exists. Existing ID: %d", other)}
		}
		on := "new record"
		if r != nil {
			on = strconv.FormatInt(r.ID, 10)
		}
		msg := fmt.Sprintf("Cannot set PropertyValueCoordinates{portalId=%d, objectTypeId=%s, propertyName=%s, value=%s} on %s. %d already has that value.",
			p.ID, o.kind.TypeID, c.prop.Name, c.value, on, other)
		return invalid(p, []propertyError{{c.prop.Name, "CONFLICTING_UNIQUE_VALUE", msg}})
	}
	return nil
}

// create makes a record. The caller has checked the values.
func (s *Server) create(p *portal, o *objects, in []change, w writer) *record {
	r := &record{ID: o.NextID, Created: w.at, Updated: w.at}
	o.NextID++
	o.Recs = append(o.Recs, r)
	src := s.sources.of(w.src)
	for _, c := range in {
		if c.value == "" {
			continue
		}
		r.Vers = with(r.Vers, version{c.prop.idx, src, w.at, c.value})
		o.claim(c.prop, c.value, r.ID)
	}
	for name, v := range map[string]string{"hs_object_source": w.src.Type, "hs_object_source_id": w.src.ID} {
		if prop := o.prop(name); prop != nil && v != "" {
			r.Vers = with(r.Vers, version{prop.idx, src, w.at, v})
		}
	}
	o.changed(r, view{}, s.now().UnixMilli(), s.lag(p), s.tick())
	s.emit(event{kind: created, portal: p, objects: o, id: r.ID, at: w.at, src: w.src, changes: in})
	s.relist(p, o, r, w)
	return r
}

// apply writes checked values and returns those that changed something.
func (s *Server) apply(p *portal, o *objects, r *record, in []change, w writer) []change {
	before := r.live()
	src := s.sources.of(w.src)
	var done []change
	for _, c := range in {
		old, ever := current(r.Vers, c.prop.idx)
		if old == c.value && (ever || c.value == "") {
			continue
		}
		r.Vers = with(r.Vers, version{c.prop.idx, src, w.at, c.value})
		o.release(c.prop, old, r.ID)
		o.claim(c.prop, c.value, r.ID)
		done = append(done, c)
	}
	if len(done) == 0 {
		return nil
	}
	r.Updated = max(r.Updated, w.at)
	o.changed(r, before, s.now().UnixMilli(), s.lag(p), s.tick())
	s.emit(event{kind: updated, portal: p, objects: o, id: r.ID, at: w.at, src: w.src, changes: done})
	s.relist(p, o, r, w)
	return done
}

func (o *objects) claim(p *property, v string, id int64) {
	if p.Unique && v != "" {
		o.unique[p.idx][p.fold(v)] = id
	}
}

func (o *objects) release(p *property, v string, id int64) {
	if p.Unique && v != "" && o.unique[p.idx][p.fold(v)] == id {
		delete(o.unique[p.idx], p.fold(v))
	}
}

// tick orders changes that fall into the same millisecond.
func (s *Server) tick() int {
	s.changes++
	return int(s.changes)
}

// invalid is the 400 of a record with bad properties: a JSON array inside the message, as HubSpot has it, and the same as errors.
func invalid(p *portal, errs []propertyError) *refusal {
	parts := make([]string, len(errs))
	for i, e := range errs {
		parts[i] = fmt.Sprintf(`{"isValid":false,"message":%s,"error":%s,"name":%s,"localizedErrorMessage":%s,"portalId":%d}`,
			quote(e.Message), quote(e.Code), quote(e.Name), quote(e.Message), p.ID)
	}
	return &refusal{status: 400, category: "VALIDATION_ERROR", message: "Property values were not valid: [" + strings.Join(parts, ",") + "]", errs: errs}
}
