package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// SearchSettings says how far the search index lags behind the records: each change by its own delay between Min and Max.
type SearchSettings struct {
	MinLag int64 `json:"minLagMs"`
	MaxLag int64 `json:"maxLagMs"`
}

// lag draws the delay of one index update.
func (s *Server) lag(p *portal) int64 {
	if span := p.Search.MaxLag - p.Search.MinLag; span > 0 {
		return p.Search.MinLag + s.rng.Int64N(span+1)
	}
	return p.Search.MinLag
}

const (
	maxSearchPage   = 200
	maxSearchWindow = 10_000
	maxSearchBody   = 3000
	maxGroups       = 5
	maxFilters      = 6
	maxAllFilters   = 18
)

type searchRequest struct {
	FilterGroups []struct {
		Filters []filter `json:"filters"`
	} `json:"filterGroups"`
	Query      string            `json:"query"`
	Sorts      []json.RawMessage `json:"sorts"`
	Properties []string          `json:"properties"`
	Limit      *int              `json:"limit"`
	After      text              `json:"after"`
}

type filter struct {
	Property  string `json:"propertyName"`
	Operator  string `json:"operator"`
	Value     text   `json:"value"`
	HighValue text   `json:"highValue"`
	Values    []text `json:"values"`
}

type sorting struct {
	prop *property
	down bool
}

func (s *Server) searchObjects(c *call) reply {
	if n := utf8.RuneCount(c.body); n > maxSearchBody {
		return c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("The request body is %d characters long, the maximum is %d.", n, maxSearchBody))
	}
	var in searchRequest
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	limit, offset, bad := c.searchPage(in)
	if bad != nil {
		return *bad
	}
	groups, bad := c.compile(in)
	if bad != nil {
		return *bad
	}
	order, bad := c.sorting(in.Sorts)
	if bad != nil {
		return *bad
	}
	found := s.match(c.portal, c.objects, groups, in.Query)
	ords, total := s.slice(c, found, order, offset, limit)
	sel := c.objects.selectFor(in.Properties, nil, "hs_object_id", "createdate", c.objects.kind.Modified)
	b := fmt.Appendf(nil, `{"total":%d,"results":[`, total)
	for i, ord := range ords {
		if i > 0 {
			b = append(b, ',')
		}
		r := c.objects.Recs[ord]
		b = s.appendRecord(b, c.portal, c.objects, r, r.indexed(), sel, "")
	}
	b = append(b, ']')
	if offset+len(ords) < total {
		b = fmt.Appendf(b, `,"paging":{"next":{"after":"%d"}}`, offset+len(ords))
	}
	return reply{status: 200, raw: append(b, '}')}
}

func (c *call) searchPage(in searchRequest) (limit, offset int, bad *reply) {
	limit = 10
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 0 || limit > maxSearchPage {
		r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("limit must be from 0 to %d", maxSearchPage))
		return 0, 0, &r
	}
	if in.After != "" {
		n, err := strconv.Atoi(string(in.After))
		if err != nil || n < 0 {
			r := c.fail(400, "VALIDATION_ERROR", "after must be a whole number")
			return 0, 0, &r
		}
		offset = n
	}
	if offset+limit > maxSearchWindow {
		r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("Search requests cannot page beyond %d results.", maxSearchWindow))
		return 0, 0, &r
	}
	return limit, offset, nil
}

// test is one compiled filter. fast narrows a set of records; slow decides about one record.
type test struct {
	fast func(set bitset)
	slow func(r *record, v view) bool
}

func (c *call) compile(in searchRequest) ([][]test, *reply) {
	all := 0
	for _, g := range in.FilterGroups {
		all += len(g.Filters)
		if len(g.Filters) > maxFilters {
			r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("A filter group may have at most %d filters", maxFilters))
			return nil, &r
		}
	}
	if len(in.FilterGroups) > maxGroups || all > maxAllFilters {
		r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("At most %d filter groups and %d filters are allowed", maxGroups, maxAllFilters))
		return nil, &r
	}
	var groups [][]test
	for _, g := range in.FilterGroups {
		var tests []test
		for _, f := range g.Filters {
			t, msg := c.test(f)
			if msg != "" {
				r := c.fail(400, "VALIDATION_ERROR", "There was a problem with the request. "+msg)
				return nil, &r
			}
			tests = append(tests, t)
		}
		groups = append(groups, tests)
	}
	return groups, nil
}

func (c *call) sorting(in []json.RawMessage) (sorting, *reply) {
	bad := func(msg string) (sorting, *reply) {
		r := c.fail(400, "VALIDATION_ERROR", msg)
		return sorting{}, &r
	}
	if len(in) > 1 {
		return bad("Only one sort is allowed")
	}
	if len(in) == 0 {
		return sorting{}, nil
	}
	var by struct {
		PropertyName string `json:"propertyName"`
		Direction    string `json:"direction"`
	}
	if in[0][0] == '"' {
		if err := json.Unmarshal(in[0], &by.PropertyName); err != nil {
			return bad("sorts cannot be read")
		}
		if rest, down := strings.CutPrefix(by.PropertyName, "-"); down {
			by.PropertyName, by.Direction = rest, "DESCENDING"
		}
	} else if err := json.Unmarshal(in[0], &by); err != nil {
		return bad("sorts cannot be read")
	}
	p := c.objects.prop(by.PropertyName)
	if p == nil {
		return bad(fmt.Sprintf("Cannot sort by %q: the property does not exist", by.PropertyName))
	}
	return sorting{p, strings.HasPrefix(strings.ToUpper(by.Direction), "DESC")}, nil
}

// match returns the places of the records that satisfy any group.
func (s *Server) match(p *portal, o *objects, groups [][]test, query string) bitset {
	words := (len(o.Recs) + 63) / 64
	all := make(bitset, words)
	if len(groups) == 0 {
		groups = [][]test{nil}
	}
	for _, tests := range groups {
		set := o.index.live.clone(words)
		for _, t := range tests {
			if t.fast != nil {
				t.fast(set)
			}
		}
		slow := slices.DeleteFunc(slices.Clone(tests), func(t test) bool { return t.slow == nil })
		if len(slow) > 0 || query != "" {
			set.each(func(i int) bool {
				r := o.Recs[i]
				v := r.indexed()
				for _, t := range slow {
					if !t.slow(r, v) {
						set.set(i, false)
						return true
					}
				}
				if query != "" && !o.mentions(v, query) {
					set.set(i, false)
				}
				return true
			})
		}
		all.or(set)
	}
	return all
}

func (o *objects) mentions(v view, query string) bool {
	for _, name := range o.kind.Search {
		val, _ := current(v.vers, o.byName[name])
		if val != "" && strings.Contains(strings.ToLower(val), strings.ToLower(query)) {
			return true
		}
	}
	return false
}

// slice orders what was found and cuts one page out of it.
func (s *Server) slice(c *call, found bitset, by sorting, offset, limit int) (ords []int, total int) {
	total = found.count()
	if by.prop == nil || by.prop.Name == "hs_object_id" || by.prop.Name == "createdate" {
		walk, n := found.each, 0
		if by.down {
			walk = found.eachDown
		}
		walk(func(i int) bool {
			if n >= offset && len(ords) < limit {
				ords = append(ords, i)
			}
			n++
			return len(ords) < limit
		})
		return ords, total
	}
	found.each(func(i int) bool { ords = append(ords, i); return true })
	s.order(c, ords, by)
	if offset >= len(ords) {
		return nil, total
	}
	return ords[offset:min(len(ords), offset+limit)], total
}

func (s *Server) order(c *call, ords []int, by sorting) {
	o := c.objects
	sign := 1
	if by.down {
		sign = -1
	}
	if by.prop.Name == o.kind.Modified {
		slices.SortStableFunc(ords, func(a, b int) int {
			return sign * cmp(o.Recs[a].indexed().updated, o.Recs[b].indexed().updated)
		})
		return
	}
	keys := make(map[int]string, len(ords))
	for _, i := range ords {
		r := o.Recs[i]
		v, _ := s.value(c.portal, o, r, r.indexed(), by.prop)
		keys[i] = strings.ToLower(v)
	}
	slices.SortStableFunc(ords, func(a, b int) int { return sign * compare(by.prop, keys[a], keys[b]) })
}

func cmp[T int64 | float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compare orders two kept values of a property: by number, by time or by text.
func compare(p *property, a, b string) int {
	switch p.Type {
	case "number":
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp(x, y)
	case "date", "datetime":
		return cmp(milliseconds(a), milliseconds(b))
	}
	return cmp(a, b)
}

func milliseconds(v string) int64 {
	if v == "" {
		return 0
	}
	if ms, ok := instant(v); ok {
		return ms
	}
	return time.Time{}.UnixMilli()
}
