package hubspotsandbox

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// test compiles one filter; the text is the reason why it cannot be.
func (c *call) test(f filter) (test, string) {
	if to, ok := strings.CutPrefix(f.Property, "associations."); ok {
		return c.associationTest(to, f)
	}
	p := c.objects.prop(f.Property)
	if p == nil {
		return test{}, fmt.Sprintf("Property %q does not exist", f.Property)
	}
	need := map[string]bool{"EQ": true, "NEQ": true, "LT": true, "LTE": true, "GT": true, "GTE": true, "BETWEEN": true, "CONTAINS_TOKEN": true, "NOT_CONTAINS_TOKEN": true}
	if need[f.Operator] && f.Value == "" {
		return test{}, f.Operator + " needs a value"
	}
	switch f.Operator {
	case "HAS_PROPERTY", "NOT_HAS_PROPERTY":
		return c.presence(p, f.Operator == "HAS_PROPERTY"), ""
	case "EQ", "NEQ":
		return c.equal(p, f)
	case "LT", "LTE", "GT", "GTE", "BETWEEN":
		return c.bound(p, f)
	case "IN", "NOT_IN":
		if len(f.Values) == 0 {
			return test{}, f.Operator + " needs values"
		}
		return c.among(p, f), ""
	case "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN":
		want := f.Operator == "CONTAINS_TOKEN"
		pattern := strings.ToLower(string(f.Value))
		return c.slow(p, func(v string) bool { return (v != "" && containsToken(strings.ToLower(v), pattern)) == want }), ""
	}
	return test{}, fmt.Sprintf("Invalid operator %q", f.Operator)
}

// computed properties have no bits in the index.
func (o *objects) computed(p *property) bool {
	switch p.Name {
	case "hs_object_id", "createdate", o.kind.Modified, "associatedcompanyid", "hs_email_domain", "hs_searchable_calculated_phone_number":
		return true
	}
	return false
}

// slow decides by the value; "" is no value.
func (c *call) slow(p *property, f func(v string) bool) test {
	o, s, portal := c.objects, c.server, c.portal
	return test{slow: func(r *record, v view) bool {
		val, _ := s.value(portal, o, r, v, p)
		return f(val)
	}}
}

func (c *call) presence(p *property, want bool) test {
	if c.objects.computed(p) {
		return c.slow(p, func(v string) bool { return (v != "") == want })
	}
	has := *c.objects.index.property(p.idx)
	if want {
		return test{fast: func(set bitset) { set.and(has) }}
	}
	return test{fast: func(set bitset) { set.andNot(has) }}
}

// equal compares text without regard to case, options with regard to it. NEQ is true for records without a value.
func (c *call) equal(p *property, f filter) (test, string) {
	want, msg := filterValue(p, string(f.Value))
	if msg != "" {
		return test{}, msg
	}
	eq := func(v string) bool { return v != "" && compareFilter(p, v, want) == 0 }
	if f.Operator == "NEQ" {
		return c.slow(p, func(v string) bool { return !eq(v) }), ""
	}
	t := c.slow(p, eq)
	if !c.objects.computed(p) {
		t.fast = c.presence(p, true).fast
	}
	if p.multi() {
		t.slow = c.slow(p, func(v string) bool { return slices.Contains(strings.Split(v, ";"), want) }).slow
	}
	if p.Name == "hs_object_id" {
		return c.idRange(want, "GTE", "LTE"), ""
	}
	return t, ""
}

func (c *call) bound(p *property, f filter) (test, string) {
	low, msg := filterValue(p, string(f.Value))
	if msg != "" {
		return test{}, msg
	}
	if p.Name == "hs_object_id" && f.Operator != "BETWEEN" {
		return c.idRange(low, f.Operator, f.Operator), ""
	}
	high := low
	if f.Operator == "BETWEEN" {
		if high, msg = filterValue(p, string(f.HighValue)); msg != "" {
			return test{}, msg
		}
	}
	ok := func(v string) bool {
		n := compareFilter(p, v, low)
		switch f.Operator {
		case "LT":
			return n < 0
		case "LTE":
			return n <= 0
		case "GT":
			return n > 0
		case "GTE":
			return n >= 0
		}
		return n >= 0 && compareFilter(p, v, high) <= 0
	}
	if p.Name == c.objects.kind.Modified {
		return c.modified(f.Operator, milliseconds(low), milliseconds(high)), ""
	}
	return c.slow(p, func(v string) bool { return v != "" && ok(v) }), ""
}

// modified compares times without writing them out first: this is the query of every incremental read.
func (c *call) modified(op string, low, high int64) test {
	return test{slow: func(_ *record, v view) bool {
		switch op {
		case "LT":
			return v.updated < low
		case "LTE":
			return v.updated <= low
		case "GT":
			return v.updated > low
		case "GTE":
			return v.updated >= low
		}
		return v.updated >= low && v.updated <= high
	}}
}

// idRange cuts by record id, which is the order of the bits.
func (c *call) idRange(value string, ops ...string) test {
	id, _ := strconv.ParseInt(value, 10, 64)
	o := c.objects
	from, to := 0, len(o.Recs)
	at := o.ord(id)
	next := sort.Search(len(o.Recs), func(i int) bool { return o.Recs[i].ID > id })
	for _, op := range ops {
		switch op {
		case "LT":
			to = at
		case "LTE":
			to = next
		case "GT":
			from = next
		case "GTE":
			from = at
		}
	}
	return test{fast: func(set bitset) { set.keepRange(from, to) }}
}

// among is IN: the given values of a text property must be in lower case, else they match nothing.
func (c *call) among(p *property, f filter) test {
	want := f.Operator == "IN"
	values := map[string]bool{}
	for _, v := range f.Values {
		if n, msg := filterValue(p, string(v)); msg == "" && p.Type != "string" {
			values[n] = true
		} else {
			values[string(v)] = true
		}
	}
	t := c.slow(p, func(v string) bool {
		in := v != "" && values[v]
		switch {
		case p.Type == "string":
			in = v != "" && values[strings.ToLower(v)]
		case p.multi():
			in = slices.ContainsFunc(strings.Split(v, ";"), func(x string) bool { return values[x] })
		}
		return in == want
	})
	if want && !c.objects.computed(p) {
		t.fast = c.presence(p, true).fast
	}
	return t
}

// filterValue brings the value of a filter into the spelling of kept values.
func filterValue(p *property, v string) (string, string) {
	switch p.Type {
	case "number":
		if n, ok := number(v); ok {
			return n, ""
		}
		return "", fmt.Sprintf("%q is not a number", v)
	case "date":
		if ms, ok := instant(v); ok {
			return iso(ms)[:10], ""
		}
		return "", fmt.Sprintf("%q is not a date", v)
	case "datetime":
		if ms, ok := instant(v); ok {
			return iso(ms), ""
		}
		return "", fmt.Sprintf("%q is not a time", v)
	}
	return v, ""
}

func compareFilter(p *property, kept, want string) int {
	if p.Type == "string" || p.Type == "phone_number" {
		return cmp(strings.ToLower(kept), strings.ToLower(want))
	}
	return compare(p, kept, want)
}

// containsToken looks for words; * stands for any run of letters within the pattern.
func containsToken(value, pattern string) bool {
	split := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '*' && r != '_' }
	words := strings.FieldsFunc(value, split)
	if strings.Contains(pattern, "*") && wildcard(value, pattern) {
		return true
	}
	for _, want := range strings.FieldsFunc(pattern, split) {
		if !slices.ContainsFunc(words, func(w string) bool { return wildcard(w, want) }) {
			return false
		}
	}
	return true
}

func wildcard(s, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return s == pattern
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// associationTest is the pseudo-property associations.company (or .contact).
func (c *call) associationTest(to string, f filter) (test, string) {
	k := kindOf(to)
	if k == nil || k == c.objects.kind {
		return test{}, fmt.Sprintf("Cannot filter by %q", f.Property)
	}
	want := map[string]bool{string(f.Value): f.Value != ""}
	for _, v := range f.Values {
		want[string(v)] = true
	}
	links, from := &c.portal.Links, c.objects.kind
	return test{slow: func(r *record, _ view) bool {
		ids := links.of(from, r.ID)
		has := slices.ContainsFunc(ids, func(id int64) bool { return want[strconv.FormatInt(id, 10)] })
		switch f.Operator {
		case "EQ", "IN":
			return has
		case "NEQ", "NOT_IN":
			return !has
		case "HAS_PROPERTY":
			return len(ids) > 0
		}
		return len(ids) == 0
	}}, ""
}
