package hubspotsandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// archive moves a record to the recycling bin: it is found only when archived records are asked for.
func (s *Server) archive(p *portal, o *objects, r *record, w writer) {
	before := r.live()
	r.Archived = w.at
	for _, prop := range o.Props {
		if prop.Unique {
			v, _ := current(r.Vers, prop.idx)
			o.release(prop, v, r.ID)
		}
	}
	s.dropLinks(p, o.kind, r.ID)
	s.leaveLists(p, o, r, w)
	o.changed(r, before, s.now().UnixMilli(), s.lag(p), s.tick())
	s.emit(event{kind: archived, portal: p, objects: o, id: r.ID, at: w.at, src: w.src})
}

// restore takes a record out of the recycling bin; values that another record has taken meanwhile stay with that one.
func (s *Server) restore(p *portal, o *objects, r *record, w writer) {
	before := r.live()
	r.Archived = 0
	src := s.sources.of(w.src)
	for _, prop := range o.Props {
		v, _ := current(r.Vers, prop.idx)
		if !prop.Unique || v == "" {
			continue
		}
		if _, taken := o.unique[prop.idx][prop.fold(v)]; taken {
			r.Vers = with(r.Vers, version{prop.idx, src, w.at, ""})
			continue
		}
		o.claim(prop, v, r.ID)
	}
	r.Updated = max(r.Updated, w.at)
	o.changed(r, before, s.now().UnixMilli(), s.lag(p), s.tick())
	s.emit(event{kind: restored, portal: p, objects: o, id: r.ID, at: w.at, src: w.src})
	s.relist(p, o, r, w)
}

// dropLinks removes the associations of a record without events of their own, as a deletion does.
func (s *Server) dropLinks(p *portal, k *kind, id int64) {
	list := p.Links.byContact[id]
	if k == companyKind {
		list = p.Links.byCompany[id]
	}
	for _, x := range slices.Clone(list) {
		p.Links.drop(x)
	}
}

// purge deletes for good: values, history, associations, memberships.
func (s *Server) purge(p *portal, o *objects, r *record, w writer) {
	before := r.live()
	for _, prop := range o.Props {
		if prop.Unique {
			v, _ := current(r.Vers, prop.idx)
			o.release(prop, v, r.ID)
		}
	}
	s.dropLinks(p, o.kind, r.ID)
	s.leaveLists(p, o, r, w)
	r.Gone, r.Vers = true, nil
	o.changed(r, before, s.now().UnixMilli(), s.lag(p), s.tick())
	s.emit(event{kind: purged, portal: p, objects: o, id: r.ID, at: w.at, src: w.src})
}

// merge joins two records. The survivor gets a new record id, unless the portal keeps the primary's; the old ids lead to it. Values of the
// primary stay; what it lacks comes from the other. Nothing fires for the values themselves.
func (s *Server) merge(p *portal, o *objects, primary, other *record, w writer) *record {
	m := &mergeEvent{primary: primary.ID, other: other.ID}
	beforeA, beforeB := primary.live(), other.live()
	vers := s.mergedVersions(o, primary, other, w, m)
	for _, r := range []*record{primary, other} {
		for _, prop := range o.Props {
			if prop.Unique {
				v, _ := current(r.Vers, prop.idx)
				o.release(prop, v, r.ID)
			}
		}
	}
	survivor := primary
	if !p.Options.MergeKeepsPrimary {
		survivor = &record{ID: o.NextID, Created: min(primary.Created, other.Created)}
		o.NextID++
		o.Recs = append(o.Recs, survivor)
		primary.Gone, primary.Vers = true, nil
		o.Alias[primary.ID] = survivor.ID
	}
	other.Gone, other.Vers = true, nil
	o.Alias[other.ID] = survivor.ID
	survivor.Vers, survivor.Updated = vers, w.at
	m.survivor = survivor.ID
	for _, prop := range o.Props {
		if prop.Unique {
			v, _ := current(vers, prop.idx)
			o.claim(prop, v, survivor.ID)
		}
	}
	s.moveLinks(p, o.kind, m)
	s.moveMemberships(p, o, m, w)
	now := s.now().UnixMilli()
	if survivor != primary {
		o.changed(primary, beforeA, now, s.lag(p), s.tick())
		o.changed(survivor, view{}, now, s.lag(p), s.tick())
	} else {
		o.changed(survivor, beforeA, now, s.lag(p), s.tick())
	}
	o.changed(other, beforeB, now, s.lag(p), s.tick())
	s.emit(event{kind: merged, portal: p, objects: o, id: survivor.ID, at: w.at, src: w.src, merge: m})
	s.relist(p, o, survivor, w)
	return survivor
}

// mergedVersions joins the histories. Where the value that stays is not the newest entry, it is put on top with the time of the merge.
func (s *Server) mergedVersions(o *objects, a, b *record, w writer, m *mergeEvent) []version {
	src := s.sources.of(Source{"MERGE_" + strings.ToUpper(o.kind.Name), ""})
	var out []version
	for _, prop := range o.Props {
		ha, hb := run(a.Vers, prop.idx), run(b.Vers, prop.idx)
		all := slices.Concat(ha, hb)
		slices.SortStableFunc(all, func(x, y version) int { return cmp(x.At, y.At) })
		va, _ := current(a.Vers, prop.idx)
		vb, _ := current(b.Vers, prop.idx)
		want := va
		if want == "" {
			want = vb
		}
		switch prop.Name {
		case "hs_merged_object_ids":
			want = joinIDs(va, vb, a.ID, b.ID)
		case "hs_additional_emails":
			want = s.otherEmails(o, a, b, va, vb)
		}
		if va == "" && vb != "" {
			m.moved++
		}
		if n := len(all); want != "" && (n == 0 || all[n-1].Value != want) {
			all = append(all, version{prop.idx, src, w.at, want})
		}
		out = append(out, all...)
	}
	return out
}

func joinIDs(va, vb string, ids ...int64) string {
	var out []string
	for _, v := range []string{va, vb} {
		if v != "" {
			out = append(out, strings.Split(v, ";")...)
		}
	}
	for _, id := range ids {
		out = append(out, strconv.FormatInt(id, 10))
	}
	return strings.Join(out, ";")
}

// otherEmails keeps the loser's address as an additional one.
func (s *Server) otherEmails(o *objects, a, b *record, va, vb string) string {
	email := o.prop("email")
	if email == nil {
		return va
	}
	keep, _ := current(a.Vers, email.idx)
	lost, _ := current(b.Vers, email.idx)
	var out []string
	for _, x := range append(strings.Split(va, ";"), append(strings.Split(vb, ";"), lost)...) {
		if x != "" && x != keep && !slices.Contains(out, x) && keep != "" {
			out = append(out, x)
		}
	}
	return strings.Join(out, ";")
}

// moveLinks gives the associations of both to the survivor; of two primary companies the primary record's stays one.
func (s *Server) moveLinks(p *portal, k *kind, m *mergeEvent) {
	for _, id := range []int64{m.primary, m.other} {
		list := p.Links.byContact[id]
		if k == companyKind {
			list = p.Links.byCompany[id]
		}
		if id == m.survivor {
			continue
		}
		for _, x := range slices.Clone(list) {
			p.Links.drop(x)
			y := *x
			if k == contactKind {
				y.Contact = m.survivor
				y.Primary = y.Primary && p.Links.primary(m.survivor) == 0
			} else {
				y.Company = m.survivor
			}
			if old := p.Links.get(y.Contact, y.Company); old != nil {
				old.Primary = old.Primary || y.Primary
				continue
			}
			p.Links.put(&y)
		}
	}
}

func (s *Server) mergeObjects(c *call) reply {
	var in struct {
		Primary text `json:"primaryObjectId"`
		Other   text `json:"objectIdToMerge"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	a, b := c.objects.lookup(string(in.Primary), "", false), c.objects.lookup(string(in.Other), "", false)
	if a == nil || b == nil {
		return c.notFound()
	}
	if ref := c.objects.mergeable(a, b); ref != nil {
		return c.refuse(ref)
	}
	r := s.merge(c.portal, c.objects, a, b, s.writer(c))
	s.note(c, Write{Action: "merge", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10), Detail: fmt.Sprintf("%s+%s", in.Primary, in.Other)})
	return reply{status: 200, raw: s.written(c, r, nil, "")}
}

const maxMerged = 250

func (o *objects) mergeable(a, b *record) *refusal {
	if a == b {
		return &refusal{status: 400, category: "VALIDATION_ERROR", message: "Cannot merge a record with itself"}
	}
	n := 2
	if p := o.prop("hs_merged_object_ids"); p != nil {
		for _, r := range []*record{a, b} {
			if v, _ := current(r.Vers, p.idx); v != "" {
				n += strings.Count(v, ";") + 1
			}
		}
	}
	if n > maxMerged {
		return &refusal{status: 414, category: "VALIDATION_ERROR", message: fmt.Sprintf("Cannot have more than %d identities", maxMerged)}
	}
	return nil
}

func (s *Server) gdprDelete(c *call) reply {
	var in struct {
		ID         text   `json:"objectId"`
		IDProperty string `json:"idProperty"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	if c.objects.kind != contactKind {
		return c.fail(400, "VALIDATION_ERROR", "Only contacts can be deleted this way")
	}
	r := c.objects.lookup(string(in.ID), in.IDProperty, false)
	if r == nil {
		if in.IDProperty == "email" {
			return reply{status: 204} // the address is put on the block list
		}
		return c.notFound()
	}
	s.purge(c.portal, c.objects, r, s.writer(c))
	s.note(c, Write{Action: "gdpr-delete", Object: c.objects.kind.Name, ID: strconv.FormatInt(r.ID, 10)})
	return reply{status: 204}
}
