package hubspotsandbox

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	readObjects  = "crm.objects.{kind}.read"
	writeObjects = "crm.objects.{kind}.write"
)

var objectRoutes = []route{
	{pattern: "GET /crm/objects/{v}/{type}", scopes: []string{readObjects}, handle: (*Server).listObjects},
	{pattern: "POST /crm/objects/{v}/{type}", scopes: []string{writeObjects}, handle: (*Server).createObject},
	{pattern: "GET /crm/objects/{v}/{type}/{id}", scopes: []string{readObjects}, handle: (*Server).getObject},
	{pattern: "PATCH /crm/objects/{v}/{type}/{id}", scopes: []string{writeObjects}, handle: (*Server).updateObject},
	{pattern: "DELETE /crm/objects/{v}/{type}/{id}", scopes: []string{writeObjects}, handle: (*Server).archiveObject},
	{pattern: "POST /crm/objects/{v}/{type}/batch/read", scopes: []string{readObjects}, handle: (*Server).batchRead},
	{pattern: "POST /crm/objects/{v}/{type}/batch/create", scopes: []string{writeObjects}, handle: (*Server).batchCreate},
	{pattern: "POST /crm/objects/{v}/{type}/batch/update", scopes: []string{writeObjects}, handle: (*Server).batchUpdate},
	{pattern: "POST /crm/objects/{v}/{type}/batch/upsert", scopes: []string{writeObjects}, handle: (*Server).batchUpsert},
	{pattern: "POST /crm/objects/{v}/{type}/batch/archive", scopes: []string{writeObjects}, handle: (*Server).batchArchive},
	{pattern: "POST /crm/objects/{v}/{type}/search", scopes: []string{readObjects}, search: true, handle: (*Server).searchObjects},
	{pattern: "POST /crm/objects/{v}/{type}/merge", scopes: []string{writeObjects}, handle: (*Server).mergeObjects},
	{pattern: "POST /crm/objects/{v}/{type}/gdpr-delete", scopes: []string{writeObjects}, handle: (*Server).gdprDelete},
}

// writer is the origin of a write that comes through the API.
func (s *Server) writer(c *call) writer {
	return writer{src: Source{"INTEGRATION", strconv.FormatInt(s.cfg.AppID, 10)}, at: c.now, strict: c.version >= "2026-09", request: c.id, app: true}
}

// listObjects pages through all records in the order of their ids.
func (s *Server) listObjects(c *call) reply {
	o, q := c.objects, c.r.URL.Query()
	most := 100
	if len(c.names("propertiesWithHistory")) > 0 {
		most = 50
	}
	limit, bad := c.limit(10, most)
	if bad != nil {
		return *bad
	}
	from := 0
	if after := q.Get("after"); after != "" {
		id, err := strconv.ParseInt(after, 10, 64)
		if err != nil {
			return c.fail(400, "VALIDATION_ERROR", "after is not a cursor of this endpoint")
		}
		from = o.ord(id)
	}
	archived := q.Get("archived") == "true"
	sel := o.selectFor(c.names("properties"), c.names("propertiesWithHistory"))
	b, n, next := []byte(`{"results":[`), 0, int64(0)
	for _, r := range o.Recs[from:] {
		if r.Gone || (r.Archived != 0) != archived {
			continue
		}
		if n == limit {
			next = r.ID
			break
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = s.appendRecord(b, c.portal, o, r, r.live(), sel, s.associationsOf(c, o, r))
		n++
	}
	b = append(b, ']')
	if next != 0 {
		after := strconv.FormatInt(next, 10)
		link := fmt.Sprintf("%s%s?after=%s", s.cfg.PublicURL, c.r.URL.Path, after)
		b = append(b, `,"paging":{"next":{"after":"`+after+`","link":`+quote(link)+`}}`...)
	}
	return reply{status: 200, raw: append(b, '}')}
}

// lookup finds a record by id or by a unique property; what is archived is found only when asked for.
func (o *objects) lookup(id, idProperty string, archived bool) *record {
	var r *record
	if idProperty == "" || idProperty == "hs_object_id" {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil
		}
		r = o.find(n)
	} else if p := o.prop(idProperty); p != nil && p.Unique {
		if n, ok := o.unique[p.idx][p.fold(id)]; ok {
			r = o.find(n)
		}
	}
	if r == nil || (r.Archived != 0) != archived {
		return nil
	}
	return r
}

// badIDProperty refuses an idProperty that is no unique property.
func (c *call) badIDProperty(name string) *reply {
	if name == "" || name == "hs_object_id" {
		return nil
	}
	if p := c.objects.prop(name); p != nil && p.Unique {
		return nil
	}
	r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("Property %s does not exist or is not a unique identifier property", name))
	return &r
}

func (s *Server) getObject(c *call) reply {
	q := c.r.URL.Query()
	if bad := c.badIDProperty(q.Get("idProperty")); bad != nil {
		return *bad
	}
	r := c.objects.lookup(c.path("id"), q.Get("idProperty"), q.Get("archived") == "true")
	if r == nil {
		return c.notFound()
	}
	sel := c.objects.selectFor(c.names("properties"), c.names("propertiesWithHistory"), "hs_object_id", "createdate", c.objects.kind.Modified)
	return reply{status: 200, raw: s.appendRecord(nil, c.portal, c.objects, r, r.live(), sel, s.associationsOf(c, c.objects, r))}
}

// written is the answer to a write: the written properties and the system ones.
func (s *Server) written(c *call, r *record, in []change, extra string) []byte {
	sel := c.objects.selectFor(namesOf(in), nil, "hs_object_id", "createdate", c.objects.kind.Modified)
	return s.appendRecord(nil, c.portal, c.objects, r, r.live(), sel, extra)
}

// creation is the body of a create.
type creation struct {
	Properties   texts        `json:"properties"`
	Associations []linkTarget `json:"associations"`
	Trace        string       `json:"objectWriteTraceId"`
}

func (s *Server) createObject(c *call) reply {
	var in creation
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	r, done, ref := s.createFrom(c, in)
	if ref != nil {
		return c.refuse(ref)
	}
	return reply{status: 201, raw: s.written(c, r, done, "")}
}

func (s *Server) createFrom(c *call, in creation) (*record, []change, *refusal) {
	w := s.writer(c)
	changes, ref := s.checkNew(c.portal, c.objects, in.Properties.plain(), w)
	if ref == nil {
		ref = s.checkLinks(c.portal, c.objects, in.Associations)
	}
	if ref != nil {
		return nil, nil, ref
	}
	r := s.create(c.portal, c.objects, changes, w)
	s.linkTargets(c.portal, c.objects, r, in.Associations, w)
	s.note(c, Write{Action: "create", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10), Properties: valuesOf(changes), Changed: namesOf(changes)})
	return r, changes, nil
}

// checkNew also wants the properties without which HubSpot makes no record.
func (s *Server) checkNew(p *portal, o *objects, in map[string]string, w writer) ([]change, *refusal) {
	changes, ref := s.check(p, o, nil, in, w)
	if ref != nil {
		return nil, ref
	}
	need := []string{"email", "firstname", "lastname"}
	if o.kind == companyKind {
		need = []string{"name", "domain"}
	}
	for _, c := range changes {
		for _, n := range need {
			if c.prop.Name == n && c.value != "" {
				return changes, nil
			}
		}
	}
	return nil, &refusal{status: 400, category: "VALIDATION_ERROR", message: "At least one of these properties is required: " + strings.Join(need, ", ")}
}

func (s *Server) updateObject(c *call) reply {
	var in struct {
		Properties texts `json:"properties"`
	}
	idProperty := c.r.URL.Query().Get("idProperty")
	if bad := c.badIDProperty(idProperty); bad != nil {
		return *bad
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	r := c.objects.lookup(c.path("id"), idProperty, false)
	if r == nil {
		return c.notFound()
	}
	changes, ref := s.updateFrom(c, r, in.Properties.plain())
	if ref != nil {
		return c.refuse(ref)
	}
	return reply{status: 200, raw: s.written(c, r, changes, "")}
}

func (s *Server) updateFrom(c *call, r *record, in map[string]string) ([]change, *refusal) {
	w := s.writer(c)
	changes, ref := s.check(c.portal, c.objects, r, in, w)
	if ref != nil {
		return nil, ref
	}
	done := s.apply(c.portal, c.objects, r, changes, w)
	s.note(c, Write{Action: "update", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10), Properties: valuesOf(changes), Changed: namesOf(done)})
	return changes, nil
}

func (s *Server) archiveObject(c *call) reply {
	r := c.objects.lookup(c.path("id"), "", false)
	if r == nil {
		return reply{status: 204} // HubSpot does not mind
	}
	s.archive(c.portal, c.objects, r, s.writer(c))
	s.note(c, Write{Action: "archive", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10)})
	return reply{status: 204}
}
