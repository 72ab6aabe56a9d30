package hubspotsandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const rowsPerPage = 50

// shownFields are the ones a record page offers for editing without being asked.
var shownFields = map[*kind][]string{
	contactKind: {"firstname", "lastname", "email", "phone", "jobtitle", "lifecyclestage", "hubspot_owner_id"},
	companyKind: {"name", "domain", "phone", "city", "industry", "numberofemployees"},
}

var tableColumns = map[*kind][]string{
	contactKind: {"firstname", "lastname", "email", "phone", "line_user_id"},
	companyKind: {"name", "domain", "city"},
}

func (s *Server) recordsPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, strings.ToUpper(v.object.Name[:1])+v.object.Name[1:])
	p.Search, p.Columns = r.URL.Query().Get("q"), tableColumns[v.object]
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	s.mu.Lock()
	portal := s.portals[v.portal]
	o := portal.Objects[v.object.Name]
	p.Total = o.count()
	for _, x := range o.Recs[o.ord(after):] {
		if x.Gone || x.Archived != 0 || p.Search != "" && !o.mentions(x.live(), p.Search) {
			continue
		}
		if len(p.Rows) == rowsPerPage {
			p.Next = fmt.Sprintf("?after=%d&q=%s", x.ID, url.QueryEscape(p.Search))
			break
		}
		line := row{ID: x.ID, Link: v.link(x.ID), Updated: clockTime(x.Updated)}
		for _, c := range p.Columns {
			line.Cells = append(line.Cells, s.plain(portal, o, x, c))
		}
		p.Rows = append(p.Rows, line)
	}
	for _, name := range shownFields[v.object][:4] {
		if prop := o.prop(name); prop != nil {
			p.Fields = append(p.Fields, fieldView{Name: name, Label: prop.Label})
		}
	}
	s.mu.Unlock()
	s.render(w, "records", p)
}

func (s *Server) newRecord(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	id, err := s.Create(v.portal, v.object.Name, formValues(r, false), v.by())
	to := v.link(id)
	if err != nil {
		to = fmt.Sprintf("/ui/%d/%s", v.portal, v.object.Name)
	}
	back(w, r, to, err)
}

// formValues reads p:<property> fields; with only set, those that differ from their o:<property>.
func formValues(r *http.Request, onlyChanged bool) map[string]string {
	out := map[string]string{}
	if err := r.ParseForm(); err != nil {
		return out
	}
	for key, vals := range r.PostForm {
		name, ok := strings.CutPrefix(key, "p:")
		if !ok || onlyChanged && vals[0] == r.PostForm.Get("o:"+name) || !onlyChanged && vals[0] == "" {
			continue
		}
		out[name] = vals[0]
	}
	if name := strings.TrimSpace(r.PostForm.Get("name")); onlyChanged && name != "" {
		out[name] = r.PostForm.Get("value")
	}
	return out
}

func (s *Server) mergeChosen(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	list := fmt.Sprintf("/ui/%d/%s", v.portal, v.object.Name)
	if err := r.ParseForm(); err != nil || len(r.PostForm["id"]) != 2 {
		back(w, r, list, fmt.Errorf("choose exactly two records"))
		return
	}
	a, _ := strconv.ParseInt(r.PostForm["id"][0], 10, 64)
	b, _ := strconv.ParseInt(r.PostForm["id"][1], 10, 64)
	id, err := s.Merge(v.portal, v.object.Name, a, b, v.by())
	if err != nil {
		back(w, r, list, err)
		return
	}
	back(w, r, v.link(id), nil)
}

func (s *Server) recordPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	rec, err := s.Record(v.portal, v.object.Name, v.id)
	if err != nil {
		s.oops(w, http.StatusNotFound, "Not found", "There is no such record. It may have been deleted for good.")
		return
	}
	p := v.page(r, "")
	p.Record, p.Base = &rec, v.link(rec.ID)
	if s.cfg.ScreensURL != "" && v.view.Installed && !rec.Archived {
		screen := map[*kind]string{contactKind: "card", companyKind: "company"}[v.object]
		p.Screen = s.screen(v, url.Values{"ext": {screen}, "objectId": {strconv.FormatInt(rec.ID, 10)}})
	}
	s.mu.Lock()
	portal := s.portals[v.portal]
	o := portal.Objects[v.object.Name]
	p.Title = s.nameOf(portal, v.object, rec.ID)
	p.Fields, p.Names = o.fields(rec)
	other := visit{portal: v.portal, object: otherKind(v.object)}
	for _, id := range rec.Linked[:min(len(rec.Linked), 50)] {
		p.Linked = append(p.Linked, ref{id, s.nameOf(portal, other.object, id), other.link(id), id == rec.PrimaryID})
	}
	for _, x := range portal.Lists.List {
		if slices.Contains(rec.Lists, x.ID) {
			p.Lists = append(p.Lists, ref{ID: x.ID, Name: x.Name, Link: fmt.Sprintf("/ui/%d/lists/%d", v.portal, x.ID)})
		}
	}
	s.mu.Unlock()
	if v.object == contactKind {
		for _, e := range s.AppEvents(v.portal) {
			if e.Contact == strconv.FormatInt(rec.ID, 10) {
				p.Timeline = append(p.Timeline, moment{e.Type, fmt.Sprint(e.Properties), e.At.Format("2006-01-02 15:04:05"), "app event"})
			}
		}
		slices.Reverse(p.Timeline)
	}
	p.Timeline = append(p.Timeline, timeline(rec)...)
	s.render(w, "record", p)
}

// fields are the usual properties and every custom one that is set.
func (o *objects) fields(rec Record) (fields []fieldView, names []string) {
	show := slices.Clone(shownFields[o.kind])
	for _, prop := range o.Props {
		if prop.ArchivedAt != 0 {
			continue
		}
		if !prop.ReadOnly {
			names = append(names, prop.Name)
		}
		if _, set := rec.Values[prop.Name]; set && !prop.HubSpot {
			show = append(show, prop.Name)
		}
	}
	for _, name := range show {
		if prop := o.prop(name); prop != nil {
			f := fieldView{Name: name, Label: prop.Label, Value: rec.Values[name], ReadOnly: prop.ReadOnly}
			if prop.Type == "enumeration" && !prop.multi() && len(prop.Options) > 0 {
				f.Options = prop.Options
			}
			fields = append(fields, f)
		}
	}
	return fields, names
}

func timeline(rec Record) []moment {
	type dated struct {
		moment
		at int64
	}
	var all []dated
	for name, h := range rec.History {
		for _, e := range h {
			all = append(all, dated{moment{name, e.Value, e.At.Format("2006-01-02 15:04:05"), strings.TrimSpace(e.Type + " " + e.ID)}, e.At.UnixMilli()})
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int {
		if a.at != b.at {
			return cmp(b.at, a.at)
		}
		return cmp(a.Name, b.Name)
	})
	out := make([]moment, len(all))
	for i, d := range all {
		out[i] = d.moment
	}
	return out
}

// nameOf is what a person calls a record.
func (s *Server) nameOf(p *portal, k *kind, id int64) string {
	o := p.Objects[k.Name]
	r := o.find(id)
	if r == nil {
		return fmt.Sprint(id)
	}
	name := s.plain(p, o, r, "name")
	if k == contactKind {
		name = strings.TrimSpace(s.plain(p, o, r, "firstname") + " " + s.plain(p, o, r, "lastname"))
	}
	for _, other := range []string{"email", "domain"} {
		if name == "" {
			name = s.plain(p, o, r, other)
		}
	}
	if name == "" {
		name = fmt.Sprint(id)
	}
	return name
}

func (s *Server) editForm(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.visit(w, r); ok {
		back(w, r, v.link(v.id), s.Edit(v.portal, v.object.Name, v.id, formValues(r, true), v.by()))
	}
}

func (s *Server) companyForm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	company, _ := strconv.ParseInt(r.FormValue("company"), 10, 64)
	var err error
	switch r.FormValue("do") {
	case "remove":
		err = s.RemoveCompany(v.portal, v.id, company, v.by())
	default:
		err = s.SetCompany(v.portal, v.id, company, r.FormValue("do") == "primary", v.by())
	}
	back(w, r, v.link(v.id), err)
}

func (s *Server) mergeForm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	other, _ := strconv.ParseInt(r.FormValue("other"), 10, 64)
	id, err := s.Merge(v.portal, v.object.Name, v.id, other, v.by())
	if err != nil {
		id = v.id
	}
	back(w, r, v.link(id), err)
}

func (s *Server) recordAction(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	switch r.FormValue("do") {
	case "delete":
		back(w, r, v.link(v.id), s.Delete(v.portal, v.object.Name, v.id, v.by()))
	case "restore":
		back(w, r, v.link(v.id), s.Restore(v.portal, v.object.Name, v.id, v.by()))
	case "purge":
		back(w, r, fmt.Sprintf("/ui/%d/%s", v.portal, v.object.Name), s.Purge(v.portal, v.object.Name, v.id, v.by()))
	default:
		s.oops(w, http.StatusBadRequest, "Unknown action", "Nothing was done.")
	}
}
