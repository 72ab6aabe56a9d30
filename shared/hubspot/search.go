package hubspot

import (
	"context"
	"net/http"
	"strconv"

	"lumo/shared/pace"
)

// Limits of search.
const (
	MaxSearchPage   = 200
	MaxSearchWindow = 10_000
	MaxFilterGroups = 5
)

// Operator of a filter.
type Operator string

// The operators in use.
const (
	Equals         Operator = "EQ"
	NotEquals      Operator = "NEQ"
	Less           Operator = "LT"
	AtMost         Operator = "LTE"
	Greater        Operator = "GT"
	AtLeast        Operator = "GTE"
	Between        Operator = "BETWEEN"
	In             Operator = "IN"
	NotIn          Operator = "NOT_IN"
	HasProperty    Operator = "HAS_PROPERTY"
	NotHasProperty Operator = "NOT_HAS_PROPERTY"
	ContainsToken  Operator = "CONTAINS_TOKEN"
)

// Filter is one condition. Between uses Value and High, In and NotIn use Values (lower case for strings).
type Filter struct {
	Property string   `json:"propertyName"`
	Op       Operator `json:"operator"`
	Value    string   `json:"value,omitempty"`
	High     string   `json:"highValue,omitempty"`
	Values   []string `json:"values,omitempty"`
}

// FilterGroup is conditions that must all hold, at most six.
type FilterGroup struct {
	Filters []Filter `json:"filters"`
}

// Sort by one property; HubSpot takes only one.
type Sort struct {
	Property   string
	Descending bool
}

// Search finds records in HubSpot's index, which lags writes by seconds and never holds archived ones. Groups are alternatives.
// After is an offset; HubSpot refuses any beyond 10,000, so move a window by filter instead.
type Search struct {
	Groups     []FilterGroup
	Query      string
	Sort       Sort
	Properties []string
	Limit      int
	After      string
	Priority   pace.Priority
}

// Found is one page of a search. After is "" at the end, and at the edge of the 10,000 window.
type Found struct {
	Total   int
	Records []Record
	After   string
}

type searchBody struct {
	Groups     []FilterGroup `json:"filterGroups"`
	Query      string        `json:"query,omitempty"`
	Sorts      []searchSort  `json:"sorts,omitempty"`
	Properties []string      `json:"properties"`
	Limit      int           `json:"limit"`
	After      string        `json:"after,omitempty"`
}

type searchSort struct {
	Property  string `json:"propertyName"`
	Direction string `json:"direction"`
}

// Search uses our own body: go-hubspot's types sorts as strings, always sends an "after", and reads null as "".
func (p *Portal) Search(ctx context.Context, t ObjectType, s Search) (Found, error) {
	if s.Limit <= 0 || s.Limit > MaxSearchPage {
		s.Limit = MaxSearchPage
	}
	body := searchBody{Groups: s.Groups, Query: s.Query, Properties: orEmpty(s.Properties), Limit: s.Limit, After: s.After}
	if body.Groups == nil {
		body.Groups = []FilterGroup{}
	}
	if s.Sort.Property != "" {
		direction := "ASCENDING"
		if s.Sort.Descending {
			direction = "DESCENDING"
		}
		body.Sorts = []searchSort{{s.Sort.Property, direction}}
	}
	q := p.request(ctx, http.MethodPost, "/crm/objects/{V}/"+pathPart(string(t))+"/search")
	q.kind, q.area, q.priority, q.body = pace.Search, areaSearch, max(q.priority, s.Priority), jsonBody(body)
	var out struct {
		Total   int      `json:"total"`
		Results []Record `json:"results"`
		Paging  paging   `json:"paging"`
	}
	if err := p.c.fetch(ctx, q, &out); err != nil {
		return Found{}, err
	}
	after := string(out.Paging.Next.After)
	if n, err := strconv.Atoi(after); err == nil && n >= MaxSearchWindow {
		after = ""
	}
	return Found{out.Total, out.Results, after}, nil
}
