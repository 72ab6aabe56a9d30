package hubspotsandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// flowView is a workflow on its pages.
type flowView struct {
	ID    int64
	Name  string
	Step  string
	Then  []FlowThen
	Stats FlowStats
	Rows  []flowRow
	More  int
}

type flowRow struct {
	Contact                             int64
	Link, Branch, State, Words, Outputs string
	Calls                               int
}

// fieldInput is a field of the workflow editor.
type fieldInput struct {
	ActionField
	Value  string
	Choice []Option
	More   bool // the app has more options than are shown
	Error  string
}

// flowRows is how many contacts a page shows.
const flowRows = 200

func (s *Server) flowRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/{p}/workflows", s.flowsPage)
	mux.HandleFunc("GET /workflows/{p}/platform/flow/{id}/edit", func(w http.ResponseWriter, r *http.Request) { // HubSpot's address
		http.Redirect(w, r, "/ui/"+r.PathValue("p")+"/workflows/"+r.PathValue("id"), http.StatusFound)
	})
	mux.HandleFunc("POST /ui/{p}/workflows/new", s.newFlow)
	mux.HandleFunc("GET /ui/{p}/workflows/{id}", s.flowPage)
	mux.HandleFunc("POST /ui/{p}/workflows/{id}/enroll", s.enrollForm)
}

// flowsPage lists the workflows and edits a new one: the action first, then its fields, whose options the app tells.
func (s *Server) flowsPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, "Workflows")
	p.Then = FlowThen{r.URL.Query().Get("then_status"), r.URL.Query().Get("then_property"), r.URL.Query().Get("then_value")}
	p.Actions, p.Action, p.Search = s.cfg.Actions, r.URL.Query().Get("action"), r.URL.Query().Get("q")
	s.mu.Lock()
	for id, f := range s.flows.flows[v.portal] {
		p.Flows = append(p.Flows, flowView{ID: id, Name: f.Name, Step: f.Steps[0].Action})
	}
	a, chosen := s.action(p.Action)
	s.mu.Unlock()
	slices.SortFunc(p.Flows, func(a, b flowView) int { return int(a.ID - b.ID) })
	for i := range p.Flows {
		p.Flows[i].Stats = s.FlowStats(v.portal, p.Flows[i].ID)
	}
	if chosen {
		p.Inputs = s.fieldInputs(v.portal, a, r, p.Search)
	}
	s.render(w, "workflows", p)
}

func (s *Server) fieldInputs(portal int64, a ActionFile, r *http.Request, typed string) []fieldInput {
	values := map[string]string{}
	for _, f := range a.Fields {
		values[f.Name] = r.FormValue(f.Name)
	}
	var out []fieldInput
	for _, f := range a.Fields {
		in := fieldInput{ActionField: f, Value: values[f.Name], Choice: f.Options}
		if f.OptionsURL != "" && (f.Needs == "" || values[f.Needs] != "") {
			q := typed
			if f.Needs == "" { // the search is for what depends on another field
				q = ""
			}
			got, err := s.FetchOptions(portal, a.UID, f.Name, values, q, "")
			if err != nil {
				in.Error = err.Error()
			}
			in.Choice, in.More = got.Options, got.After != ""
			if len(in.Choice) == 1 && f.Required && values[f.Name] == "" {
				in.Value, values[f.Name] = in.Choice[0].Value, in.Choice[0].Value
			}
		}
		out = append(out, in)
	}
	return out
}

func (s *Server) newFlow(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	a, _ := s.action(r.FormValue("action"))
	s.mu.Unlock()
	inputs := map[string]string{}
	for _, f := range a.Fields {
		if x := r.FormValue(f.Name); x != "" {
			inputs[f.Name] = x
		}
	}
	f := Flow{Name: r.FormValue("name"), Steps: []FlowStep{{Action: a.UID, Inputs: inputs}}}
	if t := (FlowThen{r.FormValue("then_status"), r.FormValue("then_property"), r.FormValue("then_value")}); t.Status != "" && t.Property != "" {
		f.Then = append(f.Then, t)
	}
	id, err := s.MakeFlow(v.portal, f)
	if err != nil {
		back(w, r, fmt.Sprintf("/ui/%d/workflows", v.portal), err)
		return
	}
	back(w, r, fmt.Sprintf("/ui/%d/workflows/%d", v.portal, id), nil)
}

func (s *Server) flowPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	f := s.flows.flows[v.portal][v.id]
	s.mu.Unlock()
	if f == nil {
		s.oops(w, http.StatusNotFound, "Not found", "There is no such workflow.")
		return
	}
	v.object = contactKind
	p := v.page(r, "Workflow "+f.Name)
	view := flowView{ID: f.ID, Name: f.Name, Step: f.Steps[0].Action, Then: f.Then, Stats: s.FlowStats(v.portal, f.ID)}
	all := s.Enrolments(v.portal, f.ID)
	slices.Reverse(all)
	for _, e := range all[:min(len(all), flowRows)] {
		row := flowRow{Contact: e.Contact, Link: v.link(e.Contact), Branch: e.Branch(), State: e.State}
		for _, x := range e.Results {
			row.Words, row.Calls = x.Words, row.Calls+x.Calls
			row.Outputs = fmt.Sprint(x.Outputs)
		}
		view.Rows = append(view.Rows, row)
	}
	view.More = len(all) - len(view.Rows)
	p.Flow, p.AllLists = &view, s.contactLists(v.portal, false)
	s.render(w, "workflow", p)
}

// contactLists are those whose members workflows can enroll.
func (s *Server) contactLists(portal int64, members bool) []ListInfo {
	all, _ := s.Lists(portal, members) // the portal is there
	return slices.DeleteFunc(all, func(l ListInfo) bool { return l.Deleted || l.ObjectType != "contacts" && l.ObjectType != "0-1" })
}

// enrollForm takes record ids, a number of contacts in the order of their ids, or the members of a list.
func (s *Server) enrollForm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	var ids []int64
	for _, one := range strings.Fields(r.FormValue("ids")) {
		if n, err := strconv.ParseInt(one, 10, 64); err == nil {
			ids = append(ids, n)
		}
	}
	if n, err := strconv.Atoi(r.FormValue("first")); err == nil && n > 0 {
		all, _ := s.Records(v.portal, "contacts")
		for _, rec := range all[:min(n, len(all))] {
			ids = append(ids, rec.ID)
		}
	}
	if list, err := strconv.ParseInt(r.FormValue("list"), 10, 64); err == nil {
		for _, l := range s.contactLists(v.portal, true) {
			if l.ID == list {
				ids = append(ids, l.Members...)
			}
		}
	}
	back(w, r, fmt.Sprintf("/ui/%d/workflows/%d", v.portal, v.id), s.Enroll(v.portal, v.id, ids...))
}
