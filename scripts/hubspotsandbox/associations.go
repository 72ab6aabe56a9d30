package hubspotsandbox

import (
	"fmt"
	"strconv"
)

const (
	readTo = "crm.objects.{to}.read"
)

var associationRoutes = []route{
	{pattern: "PUT /crm/objects/{v}/{type}/{id}/associations/default/{to}/{toID}", scopes: []string{writeObjects, readTo}, handle: (*Server).putDefault},
	{pattern: "PUT /crm/objects/{v}/{type}/{id}/associations/{to}/{toID}", scopes: []string{writeObjects, readTo}, handle: (*Server).putAssociation},
	{pattern: "DELETE /crm/objects/{v}/{type}/{id}/associations/{to}/{toID}", scopes: []string{writeObjects, readTo}, handle: (*Server).deleteAssociation},
	{pattern: "GET /crm/objects/{v}/{type}/{id}/associations/{to}", scopes: []string{readObjects, readTo}, handle: (*Server).listAssociations},
	{pattern: "POST /crm/associations/{v}/{type}/{to}/batch/read", scopes: []string{readObjects, readTo}, handle: (*Server).batchReadAssociations},
	{pattern: "POST /crm/associations/{v}/{type}/{to}/batch/create", scopes: []string{writeObjects, readTo}, handle: (*Server).batchCreateAssociations},
	{pattern: "POST /crm/associations/{v}/{type}/{to}/batch/associate/default", scopes: []string{writeObjects, readTo}, handle: (*Server).batchDefaultAssociations},
	{pattern: "POST /crm/associations/{v}/{type}/{to}/batch/archive", scopes: []string{writeObjects, readTo}, handle: (*Server).batchArchiveAssociations},
	{pattern: "POST /crm/associations/{v}/{type}/{to}/batch/labels/archive", scopes: []string{writeObjects, readTo}, handle: (*Server).batchArchiveLabels},
	{pattern: "GET /crm/associations/{v}/{type}/{to}/labels", scopes: []string{readObjects}, handle: (*Server).listLabels},
	{pattern: "POST /crm/associations/{v}/{type}/{to}/labels", scopes: []string{writeObjects}, handle: (*Server).postLabel},
	{pattern: "DELETE /crm/associations/{v}/{type}/{to}/labels/{id}", scopes: []string{writeObjects}, handle: (*Server).deleteLabel},
}

// pair is the two ends of a call; only contact and company can be joined.
func (c *call) pair(from, to string) (a, b *record, bad *reply) {
	k := kindOf(c.path("to"))
	if k == nil || k == c.objects.kind {
		r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("The sandbox joins contacts and companies only, not %s and %s", c.path("type"), c.path("to")))
		return nil, nil, &r
	}
	a, b = c.objects.lookup(from, "", false), c.portal.Objects[k.Name].lookup(to, "", false)
	return a, b, nil
}

func (c *call) linkOf(a, b *record) *link {
	if c.objects.kind == contactKind {
		return c.portal.Links.get(a.ID, b.ID)
	}
	return c.portal.Links.get(b.ID, a.ID)
}

func (s *Server) noteLink(c *call, action string, a, b *record) {
	s.note(c, Write{Action: action, Object: c.objects.kind.Name, ID: strconv.FormatInt(a.ID, 10), Detail: fmt.Sprintf("%s %d", otherKind(c.objects.kind).Name, b.ID)})
}

func (s *Server) putDefault(c *call) reply {
	a, b, bad := c.pair(c.path("id"), c.path("toID"))
	if bad != nil {
		return *bad
	}
	if a == nil || b == nil {
		return c.notFound()
	}
	s.link(c.portal, c.objects.kind, a.ID, b.ID, nil, s.writer(c))
	s.noteLink(c, "associate", a, b)
	return c.batchReply(200, c.defaults(a, b), nil)
}

// defaults shows the unlabelled association in both directions.
func (c *call) defaults(a, b *record) []any {
	there, back := contactToCompany, companyToContact
	if c.objects.kind == companyKind {
		there, back = back, there
	}
	one := func(from, to *record, typ int) any {
		return map[string]any{"from": map[string]any{"id": fmt.Sprint(from.ID)}, "to": map[string]any{"id": fmt.Sprint(to.ID)},
			"associationSpec": linkType{"HUBSPOT_DEFINED", typ}}
	}
	return []any{one(a, b, there), one(b, a, back)}
}

func (s *Server) putAssociation(c *call) reply {
	var types []linkType
	if bad := c.decode(&types); bad != nil {
		return *bad
	}
	a, b, bad := c.pair(c.path("id"), c.path("toID"))
	if bad != nil {
		return *bad
	}
	if a == nil || b == nil {
		return c.notFound()
	}
	out, ref := s.associate(c, a, b, types)
	if ref != nil {
		return c.refuse(ref)
	}
	return reply{status: 201, body: out}
}

func (s *Server) associate(c *call, a, b *record, types []linkType) (map[string]any, *refusal) {
	if len(types) == 0 {
		return nil, &refusal{status: 400, category: "VALIDATION_ERROR", message: "at least one association type is needed"}
	}
	for _, t := range types {
		if !c.portal.Links.knows(c.objects.kind, t.TypeID) {
			return nil, unknownType(c.objects.kind, t.TypeID)
		}
	}
	x := s.link(c.portal, c.objects.kind, a.ID, b.ID, types, s.writer(c))
	s.noteLink(c, "associate", a, b)
	return c.labelled(a, b, x), nil
}

func (c *call) labelled(a, b *record, x *link) map[string]any {
	labels := []string{}
	for _, t := range c.portal.Links.types(c.objects.kind, x) {
		if name, ok := t["label"].(string); ok {
			labels = append(labels, name)
		}
	}
	return map[string]any{"fromObjectId": fmt.Sprint(a.ID), "fromObjectTypeId": c.objects.kind.TypeID, "toObjectId": fmt.Sprint(b.ID),
		"toObjectTypeId": otherKind(c.objects.kind).TypeID, "labels": labels}
}

func (s *Server) deleteAssociation(c *call) reply {
	a, b, bad := c.pair(c.path("id"), c.path("toID"))
	if bad != nil {
		return *bad
	}
	if a != nil && b != nil {
		if x := c.linkOf(a, b); x != nil {
			s.unlink(c.portal, x, s.writer(c))
			s.noteLink(c, "disassociate", a, b)
		}
	}
	return reply{status: 204}
}

// targets is one page of a record's associations.
func (c *call) targets(r *record, after string, limit int) (out []any, next string) {
	from, _ := strconv.ParseInt(after, 10, 64)
	out = []any{}
	for _, id := range c.portal.Links.of(c.objects.kind, r.ID) {
		if id < from {
			continue
		}
		if len(out) == limit {
			return out, strconv.FormatInt(id, 10)
		}
		x := c.portal.Links.get(r.ID, id)
		if c.objects.kind == companyKind {
			x = c.portal.Links.get(id, r.ID)
		}
		out = append(out, map[string]any{"toObjectId": strconv.FormatInt(id, 10), "associationTypes": c.portal.Links.types(c.objects.kind, x)})
	}
	return out, ""
}

func (s *Server) listAssociations(c *call) reply {
	limit, bad := c.limit(500, 500)
	if bad != nil {
		return *bad
	}
	a, _, bad := c.pair(c.path("id"), "")
	if bad != nil {
		return *bad
	}
	if a == nil {
		return c.notFound()
	}
	results, next := c.targets(a, c.r.URL.Query().Get("after"), limit)
	out := map[string]any{"results": results}
	if next != "" {
		out["paging"] = nextPage(next, "")
	}
	return reply{status: 200, body: out}
}

func (s *Server) batchReadAssociations(c *call) reply {
	var in struct {
		Inputs []struct {
			ID    text `json:"id"`
			After text `json:"after"`
		} `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), 1000); bad != nil {
		return *bad
	}
	results, errs := []any{}, []batchError{}
	for _, x := range in.Inputs {
		a, _, bad := c.pair(string(x.ID), "")
		if bad != nil {
			return *bad
		}
		var to []any
		next := ""
		if a != nil {
			to, next = c.targets(a, string(x.After), 500)
		}
		if len(to) == 0 {
			e := newBatchError("OBJECT_NOT_FOUND", fmt.Sprintf("No %s is associated with %s %s.", c.path("to"), c.objects.kind.Singular, x.ID),
				map[string][]string{"fromObjectId": {string(x.ID)}}, nil)
			errs = append(errs, e)
			continue
		}
		one := map[string]any{"from": map[string]any{"id": string(x.ID)}, "to": to}
		if next != "" {
			one["paging"] = nextPage(next, "")
		}
		results = append(results, one)
	}
	return c.batchReply(200, results, errs)
}

// linkInput is one input of the association batches.
type linkInput struct {
	From struct {
		ID text `json:"id"`
	} `json:"from"`
	To struct {
		ID text `json:"id"`
	} `json:"to"`
	Types []linkType `json:"types"`
}

// eachLink runs f over the inputs of an association batch and collects what fails.
func (s *Server) eachLink(c *call, f func(x linkInput, a, b *record) ([]any, *refusal)) ([]any, []batchError, *reply) {
	var in struct {
		Inputs []linkInput `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return nil, nil, bad
	}
	if bad := c.batchSize(len(in.Inputs), 2000); bad != nil {
		return nil, nil, bad
	}
	results, errs := []any{}, []batchError{}
	for _, x := range in.Inputs {
		a, b, bad := c.pair(string(x.From.ID), string(x.To.ID))
		if bad != nil {
			return nil, nil, bad
		}
		context := map[string][]string{"fromObjectId": {string(x.From.ID)}, "toObjectId": {string(x.To.ID)}}
		if a == nil || b == nil {
			errs = append(errs, newBatchError("OBJECT_NOT_FOUND", "One of the records does not exist", context, nil))
			continue
		}
		got, ref := f(x, a, b)
		if ref != nil {
			errs = append(errs, ref.inBatch(context))
			continue
		}
		results = append(results, got...)
	}
	return results, errs, nil
}

func (s *Server) batchCreateAssociations(c *call) reply {
	results, errs, bad := s.eachLink(c, func(x linkInput, a, b *record) ([]any, *refusal) {
		out, ref := s.associate(c, a, b, x.Types)
		return []any{out}, ref
	})
	if bad != nil {
		return *bad
	}
	return c.batchReply(201, results, errs)
}

func (s *Server) batchDefaultAssociations(c *call) reply {
	results, errs, bad := s.eachLink(c, func(_ linkInput, a, b *record) ([]any, *refusal) {
		s.link(c.portal, c.objects.kind, a.ID, b.ID, nil, s.writer(c))
		s.noteLink(c, "associate", a, b)
		return c.defaults(a, b), nil
	})
	if bad != nil {
		return *bad
	}
	return c.batchReply(200, results, errs)
}

func (s *Server) batchArchiveAssociations(c *call) reply {
	var in struct {
		Inputs []struct {
			From struct {
				ID text `json:"id"`
			} `json:"from"`
			To []struct {
				ID text `json:"id"`
			} `json:"to"`
		} `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), 100); bad != nil {
		return *bad
	}
	for _, x := range in.Inputs {
		for _, to := range x.To {
			a, b, bad := c.pair(string(x.From.ID), string(to.ID))
			if bad != nil {
				return *bad
			}
			if a == nil || b == nil {
				continue
			}
			if l := c.linkOf(a, b); l != nil {
				s.unlink(c.portal, l, s.writer(c))
				s.noteLink(c, "disassociate", a, b)
			}
		}
	}
	return c.batchReply(200, []any{}, nil)
}

// associationsOf writes the member that ?associations= asks for.
func (s *Server) associationsOf(c *call, o *objects, r *record) string {
	var b []byte
	for _, name := range c.names("associations") {
		k := kindOf(name)
		ids := []int64(nil)
		if k == nil || k == o.kind {
			continue
		}
		if ids = c.portal.Links.of(o.kind, r.ID); len(ids) == 0 {
			continue
		}
		b = append(b, `"`+k.Name+`":{"results":[`...)
		typ := o.kind.Singular + "_to_" + k.Singular
		for i, id := range ids {
			if i > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"id":"%d","type":"%s"}`, id, typ)
		}
		b = append(b, "]}"...)
		break
	}
	if b == nil {
		return ""
	}
	return `,"associations":{` + string(b) + "}"
}
