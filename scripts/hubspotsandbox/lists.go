package hubspotsandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// list is a HubSpot list ("segment"). Members are ordered by record id.
type list struct {
	ID                                   int64
	Name, TypeID                         string
	Processing                           string // MANUAL, DYNAMIC, SNAPSHOT
	Filter                               json.RawMessage
	Version                              int
	Created, Updated, FiltersAt, Deleted int64
	By                                   int64
	Members                              []member
	LastAdded, LastRemoved               int64
	CustomProperties                     map[string]string
	Folder                               int64
	Shown                                shown   // what the index of lists tells
	Coming                               []shown // what it will tell
	rule                                 listRule
	joined                               []member // by time of joining; nil when it must be sorted again
}

// shown is what the index of lists tells of members, from a time on. It lags behind them (p.Lists.Lag).
type shown struct {
	At             int64
	Size           int
	Added, Removed int64
}

// changed has the index tell of the members as they are, when it gets to it.
func (x *list) changed(at, lag int64) {
	now := shown{at + lag, len(x.Members), x.LastAdded, x.LastRemoved}
	switch n := len(x.Coming); {
	case lag == 0:
		x.Shown, x.Coming = now, nil
	case n > 0 && x.Coming[n-1].At == now.At:
		x.Coming[n-1] = now
	default:
		x.Coming = append(x.Coming, now)
	}
}

func (x *list) index(now int64) shown {
	for len(x.Coming) > 0 && x.Coming[0].At <= now {
		x.Shown, x.Coming = x.Coming[0], x.Coming[1:]
	}
	return x.Shown
}

// status of a list whose members come from filters: HubSpot works them out while its index lags.
func (x *list) status(now, lag int64) string {
	if x.Processing != "MANUAL" && now < x.FiltersAt+lag {
		return "PROCESSING"
	}
	return "COMPLETE"
}

type member struct {
	ID            int64
	First, Joined int64
}

type lists struct {
	List   []*list
	NextID int64
	Lag    int64 // ms until the index of lists tells of a change of members
}

func (l *lists) init() {
	if l.NextID == 0 {
		l.NextID = 11
	}
	for _, x := range l.List {
		if x.Processing != "MANUAL" && len(x.Filter) > 0 {
			x.rule, _ = compileRule(x.Filter)
		}
	}
}

func (l *lists) get(id string, deleted bool) *list {
	for _, x := range l.List {
		if strconv.FormatInt(x.ID, 10) == id && (x.Deleted != 0) == deleted {
			return x
		}
	}
	return nil
}

func (x *list) find(id int64) (int, bool) {
	return slices.BinarySearchFunc(x.Members, id, func(m member, id int64) int { return cmp(m.ID, id) })
}

// add puts a record in; false when it is there already.
func (s *Server) listAdd(p *portal, o *objects, x *list, id int64, w writer) bool {
	i, has := x.find(id)
	if has {
		return false
	}
	x.Members = slices.Insert(x.Members, i, member{id, w.at, w.at})
	x.LastAdded, x.joined = w.at, nil
	x.changed(w.at, p.Lists.Lag)
	s.emit(event{kind: listed, portal: p, objects: o, id: id, at: w.at, src: w.src, list: &listEvent{x.ID, false}})
	return true
}

func (s *Server) listRemove(p *portal, o *objects, x *list, id int64, w writer) bool {
	i, has := x.find(id)
	if !has {
		return false
	}
	x.Members = slices.Delete(x.Members, i, i+1)
	x.LastRemoved, x.joined = w.at, nil
	x.changed(w.at, p.Lists.Lag)
	s.emit(event{kind: listed, portal: p, objects: o, id: id, at: w.at, src: w.src, list: &listEvent{x.ID, true}})
	return true
}

// byJoin orders the members by the time they joined.
func (x *list) byJoin() []member {
	if x.joined == nil {
		x.joined = slices.Clone(x.Members)
		slices.SortFunc(x.joined, func(a, b member) int {
			if a.Joined != b.Joined {
				return cmp(a.Joined, b.Joined)
			}
			return cmp(a.ID, b.ID)
		})
	}
	return x.joined
}

// relist lets active lists decide about a record that changed.
func (s *Server) relist(p *portal, o *objects, r *record, w writer) {
	for _, x := range p.Lists.List {
		if x.Processing != "DYNAMIC" || x.Deleted != 0 || x.TypeID != o.kind.TypeID || x.rule == nil {
			continue
		}
		if x.rule(func(name string) string { return s.plain(p, o, r, name) }) {
			s.listAdd(p, o, x, r.ID, w)
		} else {
			s.listRemove(p, o, x, r.ID, w)
		}
	}
}

func (s *Server) plain(p *portal, o *objects, r *record, name string) string {
	prop := o.prop(name)
	if prop == nil {
		return ""
	}
	v, _ := s.value(p, o, r, r.live(), prop)
	return v
}

// leaveLists takes a record that is going out of every list.
func (s *Server) leaveLists(p *portal, o *objects, r *record, w writer) {
	for _, x := range p.Lists.List {
		if x.TypeID == o.kind.TypeID {
			s.listRemove(p, o, x, r.ID, w)
		}
	}
}

// moveMemberships puts the survivor of a merge into the static lists of both.
func (s *Server) moveMemberships(p *portal, o *objects, m *mergeEvent, w writer) {
	for _, x := range p.Lists.List {
		if x.TypeID != o.kind.TypeID {
			continue
		}
		was := false
		for _, id := range []int64{m.primary, m.other} {
			if id != m.survivor {
				was = s.listRemove(p, o, x, id, w) || was
			}
		}
		if was && x.Processing != "DYNAMIC" {
			s.listAdd(p, o, x, m.survivor, w)
		}
	}
}

// fill evaluates the filters over all records, as HubSpot does when a list with filters is made or its filters change.
func (s *Server) fill(p *portal, o *objects, x *list, w writer) {
	for _, r := range o.Recs {
		if r.Gone || r.Archived != 0 {
			continue
		}
		if x.rule(func(name string) string { return s.plain(p, o, r, name) }) {
			s.listAdd(p, o, x, r.ID, w)
		} else {
			s.listRemove(p, o, x, r.ID, w)
		}
	}
}

// listRule decides about one record by its values.
type listRule func(value func(name string) string) bool

// branch is the part of HubSpot's filter grammar that the sandbox evaluates: AND and OR over property filters.
type branch struct {
	Type     string   `json:"filterBranchType"`
	Branches []branch `json:"filterBranches"`
	Filters  []struct {
		Type      string `json:"filterType"`
		Property  string `json:"property"`
		Operation struct {
			Type     string   `json:"operationType"`
			Operator string   `json:"operator"`
			Value    text     `json:"value"`
			Values   []string `json:"values"`
			Empty    bool     `json:"includeObjectsWithNoValueSet"`
		} `json:"operation"`
	} `json:"filters"`
}

// compileRule returns the reason when the grammar is beyond the sandbox.
func compileRule(raw json.RawMessage) (listRule, string) {
	var b branch
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, "filterBranch cannot be read: " + err.Error()
	}
	return b.compile()
}

func (b branch) compile() (listRule, string) {
	if b.Type != "AND" && b.Type != "OR" {
		return nil, "the sandbox evaluates AND and OR branches only, not " + b.Type
	}
	var parts []listRule
	for _, x := range b.Branches {
		r, msg := x.compile()
		if msg != "" {
			return nil, msg
		}
		parts = append(parts, r)
	}
	for _, f := range b.Filters {
		op := f.Operation
		if f.Type != "PROPERTY" {
			return nil, "the sandbox evaluates PROPERTY filters only, not " + f.Type
		}
		holds, known := operations[op.Operator]
		if !known {
			return nil, "the sandbox does not evaluate the operator " + op.Operator
		}
		values := op.Values
		if op.Value != "" {
			values = append(values, string(op.Value))
		}
		parts = append(parts, func(value func(string) string) bool {
			v := value(f.Property)
			if v == "" && op.Operator != "IS_UNKNOWN" && op.Operator != "IS_KNOWN" {
				return op.Empty
			}
			return holds(v, values)
		})
	}
	and := b.Type == "AND"
	return func(value func(string) string) bool {
		for _, p := range parts {
			if p(value) != and {
				return !and
			}
		}
		return and
	}, ""
}

func anyValue(v string, values []string, f func(a, b string) bool) bool {
	return slices.ContainsFunc(values, func(x string) bool { return f(strings.ToLower(v), strings.ToLower(x)) })
}

func equalParts(v string, values []string) bool {
	for _, part := range strings.Split(v, ";") {
		if anyValue(part, values, func(a, b string) bool { return a == b }) {
			return true
		}
	}
	return false
}

func above(v string, values []string) int {
	a, _ := strconv.ParseFloat(v, 64)
	if len(values) == 0 {
		return 0
	}
	b, _ := strconv.ParseFloat(values[0], 64)
	return cmp(a, b)
}

var operations = map[string]func(v string, values []string) bool{
	"IS_KNOWN":                    func(v string, _ []string) bool { return v != "" },
	"IS_UNKNOWN":                  func(v string, _ []string) bool { return v == "" },
	"IS_EQUAL_TO":                 equalParts,
	"IS_ANY_OF":                   equalParts,
	"IS":                          equalParts,
	"IS_EXACTLY":                  equalParts,
	"IS_NOT_EQUAL_TO":             func(v string, x []string) bool { return !equalParts(v, x) },
	"IS_NONE_OF":                  func(v string, x []string) bool { return !equalParts(v, x) },
	"CONTAINS":                    func(v string, x []string) bool { return anyValue(v, x, strings.Contains) },
	"DOES_NOT_CONTAIN":            func(v string, x []string) bool { return !anyValue(v, x, strings.Contains) },
	"STARTS_WITH":                 func(v string, x []string) bool { return anyValue(v, x, strings.HasPrefix) },
	"ENDS_WITH":                   func(v string, x []string) bool { return anyValue(v, x, strings.HasSuffix) },
	"IS_GREATER_THAN":             func(v string, x []string) bool { return above(v, x) > 0 },
	"IS_GREATER_THAN_OR_EQUAL_TO": func(v string, x []string) bool { return above(v, x) >= 0 },
	"IS_LESS_THAN":                func(v string, x []string) bool { return above(v, x) < 0 },
	"IS_LESS_THAN_OR_EQUAL_TO":    func(v string, x []string) bool { return above(v, x) <= 0 },
}
