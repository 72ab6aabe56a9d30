package hubspotsandbox

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cursor is opaque to clients: the place of one member in an order.
func cursor(m member) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", m.Joined, m.ID))
}

func readCursor(v string) (member, bool) {
	b, err := base64.RawURLEncoding.DecodeString(v)
	at, id, found := strings.Cut(string(b), ".")
	if err != nil || !found {
		return member{}, false
	}
	var m member
	var errA, errB error
	m.Joined, errA = strconv.ParseInt(at, 10, 64)
	m.ID, errB = strconv.ParseInt(id, 10, 64)
	return m, errA == nil && errB == nil
}

func byID(a, b member) int { return cmp(a.ID, b.ID) }

func byTime(a, b member) int {
	if a.Joined != b.Joined {
		return cmp(a.Joined, b.Joined)
	}
	return cmp(a.ID, b.ID)
}

func (s *Server) memberships(c *call) reply {
	x, bad := c.listOf()
	if bad != nil {
		return *bad
	}
	return c.memberPage(x.Members, byID)
}

func (s *Server) joinOrder(c *call) reply {
	x, bad := c.listOf()
	if bad != nil {
		return *bad
	}
	return c.memberPage(x.byJoin(), byTime)
}

// memberPage goes upwards with after (or nothing) and downwards with before alone; after wins.
func (c *call) memberPage(all []member, order func(a, b member) int) reply {
	limit, bad := c.limit(100, 250)
	if bad != nil {
		return *bad
	}
	q := c.r.URL.Query()
	down := q.Get("after") == "" && q.Get("before") != ""
	place, at := q.Get("after"), 0
	if down {
		place = q.Get("before")
	}
	if place != "" {
		m, ok := readCursor(place)
		if !ok {
			return c.fail(400, "VALIDATION_ERROR", "the cursor cannot be read")
		}
		i, found := slices.BinarySearchFunc(all, m, order)
		at = i
		if found && !down {
			at++
		}
	}
	var page []member
	if down {
		page = slices.Clone(all[max(0, at-limit):at])
		slices.Reverse(page)
	} else {
		page = all[min(at, len(all)):min(at+limit, len(all))]
	}
	results := []any{}
	for _, m := range page {
		results = append(results, map[string]any{"recordId": strconv.FormatInt(m.ID, 10), "membershipTimestamp": iso(m.Joined)})
	}
	paging := map[string]any{}
	if len(page) > 0 {
		first, last := page[0], page[len(page)-1]
		if down {
			if at-limit > 0 {
				paging["prev"] = map[string]any{"before": cursor(last)}
			}
			paging["next"] = map[string]any{"after": cursor(first)}
		} else {
			if at+limit < len(all) {
				paging["next"] = map[string]any{"after": cursor(last)}
			}
			if at > 0 {
				paging["prev"] = map[string]any{"before": cursor(first)}
			}
		}
	}
	out := map[string]any{"results": results, "total": len(all)}
	if len(paging) > 0 {
		out["paging"] = paging
	}
	return reply{status: 200, body: out}
}

// editable finds the list of the path; members of active lists come from filters only.
func (c *call) editable() (*list, *reply) {
	x, bad := c.listOf()
	if bad != nil {
		return nil, bad
	}
	if x.Processing == "DYNAMIC" {
		r := c.sub(400, "VALIDATION_ERROR", "ListError.INVALID_PROCESSING_TYPE", "Members of a DYNAMIC list cannot be changed by hand.")
		return nil, &r
	}
	return x, nil
}

func (s *Server) addMembers(c *call) reply    { return s.changeMembers(c, "list.add") }
func (s *Server) removeMembers(c *call) reply { return s.changeMembers(c, "list.remove") }
func (s *Server) addAndRemove(c *call) reply  { return s.changeMembers(c, "list.add-and-remove") }

func (s *Server) changeMembers(c *call, action string) reply {
	x, bad := c.editable()
	if bad != nil {
		return *bad
	}
	var both struct {
		Add    []text `json:"recordIdsToAdd"`
		Remove []text `json:"recordIdsToRemove"`
	}
	into := any(&both)
	switch action {
	case "list.add":
		into = &both.Add
	case "list.remove":
		into = &both.Remove
	}
	if bad := c.decode(into); bad != nil {
		return *bad
	}
	o := c.portal.Objects[kindOf(x.TypeID).Name]
	added, removed, missing := []string{}, []string{}, []string{}
	for i, id := range slices.Concat(both.Add, both.Remove) {
		r := o.lookup(string(id), "", false)
		switch {
		case r == nil:
			missing = append(missing, string(id))
		case i < len(both.Add):
			if s.listAdd(c.portal, o, x, r.ID, s.writer(c)) {
				added = append(added, string(id))
			}
		default:
			if s.listRemove(c.portal, o, x, r.ID, s.writer(c)) {
				removed = append(removed, string(id))
			}
		}
	}
	s.noteList(c, action, x, slices.Concat(added, removed)...)
	return reply{status: 200, body: map[string]any{"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}}
}

func (s *Server) addFrom(c *call) reply {
	x, bad := c.editable()
	if bad != nil {
		return *bad
	}
	from := c.portal.Lists.get(c.path("source"), false)
	if from == nil || from.TypeID != x.TypeID {
		return c.notFound()
	}
	if len(from.Members) >= 100_000 {
		return c.fail(400, "VALIDATION_ERROR", "The source list has 100000 members or more")
	}
	for _, m := range slices.Clone(from.Members) {
		s.listAdd(c.portal, c.portal.Objects[kindOf(x.TypeID).Name], x, m.ID, s.writer(c))
	}
	s.noteList(c, "list.add-from", x, c.path("source"))
	return reply{status: 204}
}

func (s *Server) emptyList(c *call) reply {
	x, bad := c.editable()
	if bad != nil {
		return *bad
	}
	if len(x.Members) >= 100_000 {
		return c.fail(400, "VALIDATION_ERROR", "The list has 100000 members or more")
	}
	for _, m := range slices.Clone(x.Members) {
		s.listRemove(c.portal, c.portal.Objects[kindOf(x.TypeID).Name], x, m.ID, s.writer(c))
	}
	s.noteList(c, "list.empty", x)
	return reply{status: 204}
}

func (p *portal) listsOf(typeID string, id int64) []any {
	out := []any{}
	for _, x := range p.Lists.List {
		if x.Deleted != 0 || x.TypeID != typeID {
			continue
		}
		if i, has := x.find(id); has {
			m := x.Members[i]
			out = append(out, map[string]any{"listId": strconv.FormatInt(x.ID, 10), "listVersion": x.Version, "firstAddedTimestamp": iso(m.First),
				"lastAddedTimestamp": iso(m.Joined), "isPublicList": true})
		}
	}
	return out
}

func (c *call) recordOf(typeID, id string) *record {
	k := kindOf(typeID)
	if k == nil || k.TypeID != typeID {
		return nil
	}
	return c.portal.Objects[k.Name].lookup(id, "", false)
}

func (s *Server) recordLists(c *call) reply {
	r := c.recordOf(c.path("typeID"), c.path("record"))
	if r == nil {
		return c.notFound()
	}
	all := c.portal.listsOf(c.path("typeID"), r.ID)
	return reply{status: 200, body: map[string]any{"results": all, "total": len(all)}}
}

func (s *Server) batchRecordLists(c *call) reply {
	var in struct {
		Inputs []struct {
			TypeID string `json:"objectTypeId"`
			ID     text   `json:"recordId"`
		} `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), maxBatch); bad != nil {
		return *bad
	}
	results, errs := []any{}, []batchError{}
	for _, x := range in.Inputs {
		r := c.recordOf(x.TypeID, string(x.ID))
		if r == nil {
			errs = append(errs, newBatchError("OBJECT_NOT_FOUND", "The record does not exist", map[string][]string{"ids": {string(x.ID)}}, nil))
			continue
		}
		results = append(results, map[string]any{"objectTypeId": x.TypeID, "recordId": string(x.ID), "recordListMemberships": c.portal.listsOf(x.TypeID, r.ID)})
	}
	return c.batchReply(200, results, errs)
}
