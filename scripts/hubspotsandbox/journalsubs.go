package hubspotsandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// journalFilter lets only changes through whose value satisfies every condition.
type journalFilter struct {
	ID, CreatedAt int64
	Conditions    []condition
}

type condition struct {
	FilterType string   `json:"filterType"`
	Property   string   `json:"property"`
	Operator   string   `json:"operator"`
	Value      string   `json:"value,omitempty"`
	Values     []string `json:"values,omitempty"`
}

// passes applies the filters to the values that changed.
func (sub *journalSub) passes(changes map[string]string) bool {
	for _, f := range sub.Filters {
		for _, c := range f.Conditions {
			if v, ok := changes[c.Property]; !ok || !c.holds(v) {
				return false
			}
		}
	}
	return true
}

func (c condition) holds(v string) bool {
	switch c.Operator {
	case "EQ":
		return v == c.Value
	case "N_EQ":
		return v != c.Value
	case "IN":
		return slices.Contains(c.Values, v)
	case "NOT_IN":
		return !slices.Contains(c.Values, v)
	case "CONTAINS":
		return strings.Contains(v, c.Value)
	case "STARTS_WITH":
		return strings.HasPrefix(v, c.Value)
	case "ENDS_WITH":
		return strings.HasSuffix(v, c.Value)
	case "IS_EMPTY":
		return v == ""
	case "IS_NOT_EMPTY":
		return v != ""
	}
	a, errA := strconv.ParseFloat(v, 64)
	b, errB := strconv.ParseFloat(c.Value, 64)
	if errA != nil || errB != nil {
		return false
	}
	return c.Operator == "GT" && a > b || c.Operator == "GTE" && a >= b || c.Operator == "LT" && a < b || c.Operator == "LTE" && a <= b
}

// subRequest is the body of a subscription, all kinds in one.
type subRequest struct {
	Type       string   `json:"subscriptionType"`
	Portal     int64    `json:"portalId"`
	ObjectType string   `json:"objectTypeId"`
	EventType  string   `json:"eventTypeId"`
	Associated []string `json:"associatedObjectTypeIds"`
	ObjectIDs  []int64  `json:"objectIds"`
	ListIDs    []int64  `json:"listIds"`
	Properties []string `json:"properties"`
	Actions    []string `json:"actions"`
}

var subActions = map[string][]string{
	"OBJECT":                {"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"},
	"ASSOCIATION":           {"ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"},
	"LIST_MEMBERSHIP":       {"ADDED_TO_LIST", "REMOVED_FROM_LIST"},
	"GDPR_PRIVACY_DELETION": {"GDPR_DELETE"},
	"APP_LIFECYCLE_EVENT":   {},
}

// fault is the reason why a subscription cannot be.
func (in *subRequest) fault() string {
	allowed, known := subActions[in.Type]
	if !known {
		return fmt.Sprintf("unknown subscriptionType %q", in.Type)
	}
	if in.Type == "APP_LIFECYCLE_EVENT" {
		if in.EventType != typeInstalled && in.EventType != typeUninstalled {
			return fmt.Sprintf("unknown eventTypeId %q", in.EventType)
		}
		return ""
	}
	if len(in.Actions) == 0 {
		return "actions must not be empty"
	}
	for _, a := range in.Actions {
		if !slices.Contains(allowed, a) {
			return fmt.Sprintf("action %q does not belong to %s", a, in.Type)
		}
	}
	if in.Type == "LIST_MEMBERSHIP" {
		return ""
	}
	k := kindOf(in.ObjectType)
	if k == nil || k.TypeID != in.ObjectType {
		return fmt.Sprintf("objectTypeId %q is not kept by the sandbox", in.ObjectType)
	}
	return ""
}

// scope is the CRM scope that a subscription needs beside those of the journal.
func (in *subRequest) scope() string {
	switch in.Type {
	case "APP_LIFECYCLE_EVENT":
		return ""
	case "LIST_MEMBERSHIP":
		return "crm.lists.read"
	}
	return "crm.objects." + kindOf(in.ObjectType).Name + ".read"
}

func (s *Server) putSub(c *call) reply {
	var in subRequest
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if msg := in.fault(); msg != "" {
		return c.fail(400, "VALIDATION_ERROR", msg)
	}
	if need := in.scope(); need != "" {
		if !slices.Contains(c.token.Scopes, need) {
			return c.missingScopes([]string{need})
		}
		p := s.portals[in.Portal]
		if p == nil || p.Installed == nil || !slices.Contains(p.Installed.Scopes, need) {
			return c.fail(403, "FORBIDDEN", fmt.Sprintf("The app is not installed in portal %d with scope %s", in.Portal, need))
		}
	}
	sub := s.sameSub(in)
	if sub == nil {
		s.journal.NextSub++
		sub = &journalSub{ID: 5000 + s.journal.NextSub, CreatedAt: c.now}
		s.journal.Subs = append(s.journal.Subs, sub)
	}
	sub.Type, sub.Portal, sub.ObjectTypeID, sub.EventTypeID, sub.UpdatedAt = in.Type, in.Portal, in.ObjectType, in.EventType, c.now
	sub.Associated, sub.ObjectIDs, sub.ListIDs, sub.Properties, sub.Actions = in.Associated, in.ObjectIDs, in.ListIDs, in.Properties, in.Actions
	s.changes++
	return reply{status: 200, body: s.subBody(sub)}
}

// sameSub finds the subscription that the request updates: one per kind, portal and object type.
func (s *Server) sameSub(in subRequest) *journalSub {
	for _, x := range s.journal.Subs {
		if x.Type == in.Type && x.Portal == in.Portal && x.ObjectTypeID == in.ObjectType && x.EventTypeID == in.EventType {
			return x
		}
	}
	return nil
}

func (s *Server) subBody(x *journalSub) map[string]any {
	typ := x.ObjectTypeID
	actions := x.Actions
	if x.Type == "APP_LIFECYCLE_EVENT" {
		typ, actions = x.EventTypeID, []string{"APP_INSTALL"}
		if x.EventTypeID == typeUninstalled {
			actions = []string{"APP_UNINSTALL"}
		}
	}
	out := map[string]any{"id": x.ID, "appId": s.cfg.AppID, "subscriptionType": x.Type, "objectTypeId": typ, "actions": actions,
		"createdAt": iso(x.CreatedAt), "updatedAt": iso(x.UpdatedAt)}
	if x.Portal != 0 {
		out["portalId"] = x.Portal
	}
	for name, list := range map[string][]string{"properties": x.Properties, "associatedObjectTypeIds": x.Associated} {
		if list != nil {
			out[name] = list
		}
	}
	for name, list := range map[string][]int64{"objectIds": x.ObjectIDs, "listIds": x.ListIDs} {
		if list != nil {
			out[name] = list
		}
	}
	return out
}

func (s *Server) listSubs(*call) reply {
	results := []any{}
	for _, x := range s.journal.Subs {
		results = append(results, s.subBody(x))
	}
	return reply{status: 200, body: map[string]any{"results": results}}
}

func (s *Server) subOf(c *call) *journalSub {
	for _, x := range s.journal.Subs {
		if strconv.FormatInt(x.ID, 10) == c.path("id") {
			return x
		}
	}
	return nil
}

func (s *Server) getSub(c *call) reply {
	if x := s.subOf(c); x != nil {
		return reply{status: 200, body: s.subBody(x)}
	}
	return c.notFound()
}

func (s *Server) deleteSub(c *call) reply {
	x := s.subOf(c)
	if x == nil {
		return c.notFound()
	}
	s.journal.Subs = slices.DeleteFunc(s.journal.Subs, func(y *journalSub) bool { return y == x })
	s.changes++
	return reply{status: 204}
}

func (s *Server) deletePortalSubs(c *call) reply {
	s.journal.Subs = slices.DeleteFunc(s.journal.Subs, func(x *journalSub) bool { return strconv.FormatInt(x.Portal, 10) == c.path("portal") })
	s.changes++
	return reply{status: 204}
}

func (s *Server) addFilter(c *call) reply {
	var in struct {
		Subscription int64 `json:"subscriptionId"`
		Filter       struct {
			Conditions []condition `json:"conditions"`
		} `json:"filter"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	for _, x := range s.journal.Subs {
		if x.ID == in.Subscription {
			s.journal.NextSub++
			f := journalFilter{ID: 8000 + s.journal.NextSub, CreatedAt: c.now, Conditions: in.Filter.Conditions}
			x.Filters = append(x.Filters, f)
			s.changes++
			return reply{status: 200, body: map[string]any{"filterId": f.ID}}
		}
	}
	return c.notFound()
}

func (f journalFilter) body() map[string]any {
	return map[string]any{"id": f.ID, "createdAt": f.CreatedAt, "filter": map[string]any{"conditions": f.Conditions}}
}

func (s *Server) listFilters(c *call) reply {
	x := s.subOf(c)
	if x == nil {
		return c.notFound()
	}
	out := []any{}
	for _, f := range x.Filters {
		out = append(out, f.body())
	}
	return reply{status: 200, body: out}
}

func (s *Server) getFilter(c *call) reply {
	for _, x := range s.journal.Subs {
		for _, f := range x.Filters {
			if strconv.FormatInt(f.ID, 10) == c.path("id") {
				return reply{status: 200, body: f.body()}
			}
		}
	}
	return c.notFound()
}

func (s *Server) deleteFilter(c *call) reply {
	for _, x := range s.journal.Subs {
		n := len(x.Filters)
		x.Filters = slices.DeleteFunc(x.Filters, func(f journalFilter) bool { return strconv.FormatInt(f.ID, 10) == c.path("id") })
		if len(x.Filters) < n {
			s.changes++
			return reply{status: 204}
		}
	}
	return c.notFound()
}
