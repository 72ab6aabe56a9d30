package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var (
	readLists  = []string{"crm.lists.read"}
	writeLists = []string{"crm.lists.read", "crm.lists.write"}
)

var listRoutes = []route{
	{pattern: "GET /crm/lists/{v}", scopes: readLists, handle: (*Server).listsByID},
	{pattern: "POST /crm/lists/{v}", scopes: []string{"crm.lists.write"}, handle: (*Server).postList},
	{pattern: "POST /crm/lists/{v}/search", scopes: readLists, handle: (*Server).searchLists},
	{pattern: "GET /crm/lists/{v}/{id}", scopes: readLists, handle: (*Server).getList},
	{pattern: "DELETE /crm/lists/{v}/{id}", scopes: writeLists, handle: (*Server).deleteList},
	{pattern: "PUT /crm/lists/{v}/{id}/restore", scopes: writeLists, handle: (*Server).restoreList},
	{pattern: "PUT /crm/lists/{v}/{id}/update-list-name", scopes: writeLists, handle: (*Server).renameList},
	{pattern: "PUT /crm/lists/{v}/{id}/update-list-filters", scopes: writeLists, handle: (*Server).refilterList},
	{pattern: "GET /crm/lists/{v}/object-type-id/{typeID}/name/{name}", scopes: readLists, handle: (*Server).listByName},
	{pattern: "GET /crm/lists/{v}/{id}/memberships", scopes: readLists, handle: (*Server).memberships},
	{pattern: "GET /crm/lists/{v}/{id}/memberships/join-order", scopes: readLists, handle: (*Server).joinOrder},
	{pattern: "DELETE /crm/lists/{v}/{id}/memberships", scopes: writeLists, handle: (*Server).emptyList},
	{pattern: "PUT /crm/lists/{v}/{id}/memberships/add", scopes: writeLists, handle: (*Server).addMembers},
	{pattern: "PUT /crm/lists/{v}/{id}/memberships/remove", scopes: writeLists, handle: (*Server).removeMembers},
	{pattern: "PUT /crm/lists/{v}/{id}/memberships/add-and-remove", scopes: writeLists, handle: (*Server).addAndRemove},
	{pattern: "PUT /crm/lists/{v}/{id}/memberships/add-from/{source}", scopes: writeLists, handle: (*Server).addFrom},
	{pattern: "GET /crm/lists/{v}/records/{typeID}/{record}/memberships", scopes: readLists, handle: (*Server).recordLists},
	{pattern: "POST /crm/lists/{v}/records/memberships/batch/read", scopes: readLists, handle: (*Server).batchRecordLists},
}

func (x *list) head(now, lag int64) map[string]any {
	out := map[string]any{"listId": strconv.FormatInt(x.ID, 10), "name": x.Name, "objectTypeId": x.TypeID, "processingType": x.Processing,
		"processingStatus": x.status(now, lag), "listVersion": x.Version, "createdAt": iso(x.Created), "updatedAt": iso(x.Updated), "filtersUpdatedAt": iso(x.FiltersAt),
		"createdById": strconv.FormatInt(x.By, 10), "updatedById": strconv.FormatInt(x.By, 10)}
	if x.Deleted != 0 {
		out["deletedAt"] = iso(x.Deleted)
	}
	return out
}

func (c *call) listBody(x *list, filters bool) map[string]any {
	out := x.head(c.now, c.portal.Lists.Lag)
	out["size"] = len(x.Members)
	if filters && len(x.Filter) > 0 {
		out["filterBranch"] = x.Filter
	}
	return out
}

func (c *call) withFilters() bool { return c.r.URL.Query().Get("includeFilters") == "true" }

// listOf finds the list of the path; unknown and deleted ones are 404.
func (c *call) listOf() (*list, *reply) {
	if x := c.portal.Lists.get(c.path("id"), false); x != nil {
		return x, nil
	}
	r := c.sub(404, "OBJECT_NOT_FOUND", "ListError.LIST_NOT_FOUND", fmt.Sprintf("List does not exist with ID %s.", c.path("id")))
	return nil, &r
}

func (s *Server) listsByID(c *call) reply {
	out := []any{}
	for _, id := range c.names("listIds") {
		if x := c.portal.Lists.get(id, false); x != nil {
			out = append(out, c.listBody(x, c.withFilters()))
		}
	}
	return reply{status: 200, body: map[string]any{"lists": out}}
}

func (s *Server) getList(c *call) reply {
	x, bad := c.listOf()
	if bad != nil {
		return *bad
	}
	return reply{status: 200, body: map[string]any{"list": c.listBody(x, c.withFilters())}}
}

func (s *Server) listByName(c *call) reply {
	for _, x := range c.portal.Lists.List {
		if x.Deleted == 0 && x.TypeID == c.path("typeID") && x.Name == c.path("name") {
			return reply{status: 200, body: map[string]any{"list": c.listBody(x, c.withFilters())}}
		}
	}
	return c.sub(404, "OBJECT_NOT_FOUND", "ListError.LIST_NOT_FOUND", "List does not exist with that name.")
}

func (s *Server) searchLists(c *call) reply {
	var in struct {
		Query      string   `json:"query"`
		Offset     int      `json:"offset"`
		Count      *int     `json:"count"`
		Processing []string `json:"processingTypes"`
		ListIDs    []string `json:"listIds"`
		TypeID     string   `json:"objectTypeId"`
		Sort       string   `json:"sort"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	count := 20
	if in.Count != nil {
		count = *in.Count
	}
	if count < 0 || count > 500 || in.Offset < 0 {
		return c.fail(400, "VALIDATION_ERROR", "count must be from 0 to 500 and offset not negative")
	}
	var hits []*list
	for _, x := range c.portal.Lists.List {
		if x.Deleted != 0 || in.TypeID != "" && x.TypeID != in.TypeID ||
			len(in.Processing) > 0 && !slices.Contains(in.Processing, x.Processing) ||
			len(in.ListIDs) > 0 && !slices.Contains(in.ListIDs, strconv.FormatInt(x.ID, 10)) ||
			!strings.Contains(strings.ToLower(x.Name), strings.ToLower(in.Query)) {
			continue
		}
		hits = append(hits, x)
	}
	page := hits[min(in.Offset, len(hits)):min(in.Offset+count, len(hits))]
	out := []any{}
	for _, x := range page {
		one := x.head(c.now, c.portal.Lists.Lag)
		one["additionalProperties"] = x.additional(c.now)
		out = append(out, one)
	}
	end := in.Offset + len(page)
	return reply{status: 200, body: map[string]any{"lists": out, "offset": end, "hasMore": end < len(hits), "total": len(hits)}}
}

// additional are the members that every search result carries; empty ones are absent.
func (x *list) additional(now int64) map[string]string {
	told := x.index(now)
	out := map[string]string{"hs_list_size": strconv.Itoa(told.Size), "hs_list_reference_count": "0"}
	if told.Added != 0 {
		out["hs_last_record_added_at"] = strconv.FormatInt(told.Added, 10)
	}
	if told.Removed != 0 {
		out["hs_last_record_removed_at"] = strconv.FormatInt(told.Removed, 10)
	}
	return out
}

// listInput is the body of a new list.
type listInput struct {
	Name       string            `json:"name"`
	TypeID     string            `json:"objectTypeId"`
	Processing string            `json:"processingType"`
	Filter     json.RawMessage   `json:"filterBranch"`
	Custom     map[string]string `json:"customProperties"`
}

func (s *Server) makeList(p *portal, in listInput, w writer, user int64) (*list, *refusal) {
	k := kindOf(in.TypeID)
	bad := func(msg string) (*list, *refusal) {
		return nil, &refusal{status: 400, category: "VALIDATION_ERROR", message: msg}
	}
	switch {
	case strings.TrimSpace(in.Name) == "":
		return bad("A list needs a name")
	case k == nil:
		return bad(fmt.Sprintf("objectTypeId %q is not kept by the sandbox", in.TypeID))
	case !slices.Contains([]string{"MANUAL", "DYNAMIC", "SNAPSHOT"}, in.Processing):
		return bad(fmt.Sprintf("unknown processingType %q", in.Processing))
	case in.Processing != "MANUAL" && len(in.Filter) == 0:
		return bad("filterBranch is required for " + in.Processing)
	}
	for _, x := range p.Lists.List {
		if x.Deleted == 0 && x.TypeID == k.TypeID && strings.EqualFold(x.Name, in.Name) {
			return bad(fmt.Sprintf("A list named %q exists already", in.Name))
		}
	}
	x := &list{ID: p.Lists.NextID, Name: in.Name, TypeID: k.TypeID, Processing: in.Processing, Version: 1, Created: w.at, Updated: w.at, FiltersAt: w.at, By: user, CustomProperties: in.Custom}
	if in.Processing != "MANUAL" {
		rule, msg := compileRule(in.Filter)
		if msg != "" {
			return bad(msg)
		}
		x.Filter, x.rule = in.Filter, rule
	}
	p.Lists.NextID++
	p.Lists.List = append(p.Lists.List, x)
	if x.rule != nil {
		s.fill(p, p.Objects[k.Name], x, w)
	}
	s.changes++
	return x, nil
}

func (s *Server) postList(c *call) reply {
	var in listInput
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	x, ref := s.makeList(c.portal, in, s.writer(c), c.token.User)
	if ref != nil {
		return c.refuse(ref)
	}
	s.noteList(c, "list.create", x)
	return reply{status: 200, body: map[string]any{"list": c.listBody(x, false)}}
}

func (s *Server) noteList(c *call, action string, x *list, ids ...string) {
	s.note(c, Write{Action: action, Object: "lists", ID: strconv.FormatInt(x.ID, 10), Detail: strings.Join(ids, " ")})
}

func (s *Server) deleteList(c *call) reply {
	x, bad := c.listOf()
	if bad != nil {
		return *bad
	}
	x.Deleted = c.now
	s.changes++
	s.noteList(c, "list.delete", x)
	return reply{status: 204}
}

func (s *Server) restoreList(c *call) reply {
	x := c.portal.Lists.get(c.path("id"), true)
	if x == nil {
		return c.notFound()
	}
	x.Deleted = 0
	s.changes++
	s.noteList(c, "list.restore", x)
	return reply{status: 204}
}

func (s *Server) renameList(c *call) reply {
	x, bad := c.listOf()
	if bad != nil {
		return *bad
	}
	name := c.r.URL.Query().Get("listName")
	if name == "" {
		return c.fail(400, "VALIDATION_ERROR", "listName is required")
	}
	x.Name, x.Updated, x.Version = name, c.now, x.Version+1
	s.changes++
	s.noteList(c, "list.rename", x)
	return reply{status: 200, body: map[string]any{"updatedList": c.listBody(x, c.withFilters())}}
}

func (s *Server) refilterList(c *call) reply {
	x, bad := c.listOf()
	if bad != nil {
		return *bad
	}
	var in struct {
		Filter json.RawMessage `json:"filterBranch"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	rule, msg := compileRule(in.Filter)
	if x.Processing != "DYNAMIC" || msg != "" {
		return c.fail(400, "VALIDATION_ERROR", "The filters cannot be set: "+msg)
	}
	x.Filter, x.rule, x.Updated, x.FiltersAt, x.Version = in.Filter, rule, c.now, c.now, x.Version+1
	s.fill(c.portal, c.portal.Objects[kindOf(x.TypeID).Name], x, s.writer(c))
	s.changes++
	s.noteList(c, "list.filters", x)
	return reply{status: 200, body: map[string]any{"updatedList": c.listBody(x, true)}}
}
