package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const maxBatch = 100

// batchOut collects the results of a batch.
type batchOut struct {
	results [][]byte
	errors  []batchError
}

// reply is 200 or 201, or 207 when part of the batch failed.
func (b *batchOut) reply(c *call, status int) reply {
	out := []byte(`{"status":"COMPLETE","results":[`)
	for i, r := range b.results {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r...)
	}
	out = append(out, ']')
	if len(b.errors) > 0 {
		status = 207
		enc, err := json.Marshal(b.errors)
		if err != nil {
			return c.fail(500, "INTERNAL", "cannot encode the errors")
		}
		out = append(out, fmt.Sprintf(`,"numErrors":%d,"errors":%s`, len(b.errors), enc)...)
	}
	out = append(out, fmt.Sprintf(`,"startedAt":"%s","completedAt":"%s"}`, iso(c.now), iso(c.now+3))...)
	return reply{status: status, raw: out}
}

// batchSize refuses empty and too large batches.
func (c *call) batchSize(n, most int) *reply {
	if n == 0 {
		r := c.fail(400, "VALIDATION_ERROR", "Invalid input JSON: inputs must not be empty")
		return &r
	}
	if n > most {
		r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("The maximum number of inputs for this batch is %d, got %d.", most, n))
		return &r
	}
	return nil
}

// repeated refuses the same id twice in one batch.
func (c *call) repeated(ids []string) *reply {
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("Duplicate IDs found in batch input: [%s]. IDs must be unique", id))
			return &r
		}
		seen[id] = true
	}
	return nil
}

func (s *Server) batchRead(c *call) reply {
	var in struct {
		Inputs []struct {
			ID string `json:"id"`
		} `json:"inputs"`
		IDProperty            string   `json:"idProperty"`
		Properties            []string `json:"properties"`
		PropertiesWithHistory []string `json:"propertiesWithHistory"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	most := maxBatch
	if len(in.PropertiesWithHistory) > 0 {
		most = 50
	}
	if bad := c.batchSize(len(in.Inputs), most); bad != nil {
		return *bad
	}
	if bad := c.badIDProperty(in.IDProperty); bad != nil {
		return *bad
	}
	archived := c.r.URL.Query().Get("archived") == "true"
	sel := c.objects.selectFor(in.Properties, in.PropertiesWithHistory, "hs_object_id", "createdate", c.objects.kind.Modified)
	var out batchOut
	var missing []string
	seen := map[int64]bool{}
	for _, x := range in.Inputs {
		r := c.objects.lookup(x.ID, in.IDProperty, archived)
		switch {
		case r == nil:
			missing = append(missing, x.ID)
		case !seen[r.ID]:
			seen[r.ID] = true
			out.results = append(out.results, s.appendRecord(nil, c.portal, c.objects, r, r.live(), sel, ""))
		}
	}
	if len(missing) > 0 {
		out.errors = append(out.errors, missingRecords(c.objects.kind, missing))
	}
	return out.reply(c, 200)
}

// traced tells whether every input carries its own objectWriteTraceId, which is what makes partial success possible.
func traced(n int, trace func(int) string) bool {
	seen := map[string]bool{}
	for i := range n {
		t := trace(i)
		if t == "" || seen[t] {
			return false
		}
		seen[t] = true
	}
	return true
}

func traceContext(t string) map[string][]string {
	return map[string][]string{"objectWriteTraceId": {t}}
}

func traceExtra(t string) string {
	if t == "" {
		return ""
	}
	return `,"objectWriteTraceId":` + quote(t)
}

func (s *Server) batchCreate(c *call) reply {
	var in struct {
		Inputs []creation `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), maxBatch); bad != nil {
		return *bad
	}
	partial := traced(len(in.Inputs), func(i int) string { return in.Inputs[i].Trace })
	if !partial {
		if ref := s.dryCreate(c, in.Inputs); ref != nil {
			return c.refuse(ref)
		}
	}
	var out batchOut
	for _, x := range in.Inputs {
		r, done, ref := s.createFrom(c, x)
		if ref != nil {
			out.errors = append(out.errors, ref.inBatch(traceContext(x.Trace)))
			continue
		}
		out.results = append(out.results, s.written(c, r, done, traceExtra(x.Trace)))
	}
	return out.reply(c, 201)
}

// dryCreate looks for the first input that would fail, two inputs with the same unique value included.
func (s *Server) dryCreate(c *call, in []creation) *refusal {
	taken := map[string]bool{}
	for _, x := range in {
		changes, ref := s.checkNew(c.portal, c.objects, x.Properties.plain(), s.writer(c))
		if ref == nil {
			ref = s.checkLinks(c.portal, c.objects, x.Associations)
		}
		if ref != nil {
			return ref
		}
		for _, ch := range changes {
			key := ch.prop.Name + "\x00" + ch.prop.fold(ch.value)
			if !ch.prop.Unique || ch.value == "" {
				continue
			}
			if taken[key] {
				return &refusal{status: 409, category: "CONFLICT", message: fmt.Sprintf("The batch has the same %s twice", ch.prop.Name)}
			}
			taken[key] = true
		}
	}
	return nil
}

// batchChange is one input of batch/update and batch/upsert.
type batchChange struct {
	ID         string `json:"id"`
	IDProperty string `json:"idProperty"`
	Properties texts  `json:"properties"`
	Trace      string `json:"objectWriteTraceId"`
}

func (s *Server) readChanges(c *call) ([]batchChange, *reply) {
	var in struct {
		Inputs []batchChange `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return nil, bad
	}
	if bad := c.batchSize(len(in.Inputs), maxBatch); bad != nil {
		return nil, bad
	}
	ids := make([]string, len(in.Inputs))
	for i, x := range in.Inputs {
		ids[i] = x.IDProperty + ":" + x.ID
		if bad := c.badIDProperty(x.IDProperty); bad != nil {
			return nil, bad
		}
	}
	return in.Inputs, c.repeated(ids)
}

func (s *Server) batchUpdate(c *call) reply {
	inputs, bad := s.readChanges(c)
	if bad != nil {
		return *bad
	}
	partial := traced(len(inputs), func(i int) string { return inputs[i].Trace })
	targets := make([]*record, len(inputs))
	for i, x := range inputs {
		targets[i] = c.objects.exact(x.ID, x.IDProperty)
		if targets[i] == nil || partial {
			continue
		}
		if _, ref := s.check(c.portal, c.objects, targets[i], x.Properties.plain(), s.writer(c)); ref != nil {
			return c.refuse(ref)
		}
	}
	var out batchOut
	var missing []string
	for i, x := range inputs {
		if targets[i] == nil {
			missing = append(missing, x.ID)
			continue
		}
		changes, ref := s.updateFrom(c, targets[i], x.Properties.plain())
		if ref != nil {
			context := map[string][]string{"ids": {x.ID}}
			if x.Trace != "" {
				context["objectWriteTraceId"] = []string{x.Trace}
			}
			out.errors = append(out.errors, ref.inBatch(context))
			continue
		}
		out.results = append(out.results, s.written(c, targets[i], changes, traceExtra(x.Trace)))
	}
	if len(missing) > 0 {
		out.errors = append(out.errors, missingRecords(c.objects.kind, missing))
	}
	return out.reply(c, 200)
}

// exact is lookup without following merges: batch/update does not accept the ids of merged-away records.
func (o *objects) exact(id, idProperty string) *record {
	r := o.lookup(id, idProperty, false)
	if r != nil && (idProperty == "" || idProperty == "hs_object_id") && strconv.FormatInt(r.ID, 10) != id {
		return nil
	}
	return r
}

func (s *Server) batchUpsert(c *call) reply {
	inputs, bad := s.readChanges(c)
	if bad != nil {
		return *bad
	}
	partial := traced(len(inputs), func(i int) string { return inputs[i].Trace })
	if partial && slices.ContainsFunc(inputs, func(x batchChange) bool { return x.IDProperty == "email" }) {
		return c.fail(400, "VALIDATION_ERROR", "Partial upserts by email are not supported")
	}
	if !partial {
		for _, x := range inputs {
			if _, ref := s.checkUpsert(c, x); ref != nil {
				return c.refuse(ref)
			}
		}
	}
	var out batchOut
	for _, x := range inputs {
		res, ref := s.upsert(c, x)
		if ref != nil {
			out.errors = append(out.errors, ref.inBatch(traceContext(x.Trace)))
			continue
		}
		out.results = append(out.results, res)
	}
	return out.reply(c, 200)
}

// withKey are the properties of an upsert that makes a record: the key is one of them.
func (x batchChange) withKey() texts {
	in := texts{}
	for k, v := range x.Properties {
		in[k] = v
	}
	if _, has := in[x.IDProperty]; !has && x.IDProperty != "" && x.IDProperty != "hs_object_id" {
		in[x.IDProperty] = text(x.ID)
	}
	return in
}

func (s *Server) checkUpsert(c *call, x batchChange) ([]change, *refusal) {
	if r := c.objects.lookup(x.ID, x.IDProperty, false); r != nil {
		return s.check(c.portal, c.objects, r, x.Properties.plain(), s.writer(c))
	}
	if x.IDProperty == "" || x.IDProperty == "hs_object_id" {
		return nil, &refusal{status: 404, category: "OBJECT_NOT_FOUND", message: "resource not found"}
	}
	return s.check(c.portal, c.objects, nil, x.withKey().plain(), s.writer(c))
}

func (s *Server) upsert(c *call, x batchChange) ([]byte, *refusal) {
	changes, ref := s.checkUpsert(c, x)
	if ref != nil {
		return nil, ref
	}
	if r := c.objects.lookup(x.ID, x.IDProperty, false); r != nil {
		changes, ref = s.updateFrom(c, r, x.Properties.plain())
		if ref != nil {
			return nil, ref
		}
		return s.written(c, r, changes, `,"new":false`+traceExtra(x.Trace)), nil
	}
	r := s.create(c.portal, c.objects, changes, s.writer(c))
	s.note(c, Write{Action: "create", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10), Properties: valuesOf(changes), Changed: namesOf(changes)})
	return s.written(c, r, changes, `,"new":true`+traceExtra(x.Trace)), nil
}

func (s *Server) batchArchive(c *call) reply {
	var in struct {
		Inputs []struct {
			ID string `json:"id"`
		} `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if bad := c.batchSize(len(in.Inputs), maxBatch); bad != nil {
		return *bad
	}
	for _, x := range in.Inputs {
		if r := c.objects.lookup(strings.TrimSpace(x.ID), "", false); r != nil {
			s.archive(c.portal, c.objects, r, s.writer(c))
			s.note(c, Write{Action: "archive", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10)})
		}
	}
	return reply{status: 204}
}
