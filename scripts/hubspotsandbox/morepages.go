package hubspotsandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

type endpointCount struct {
	Name  string
	Count int
}

type deliveryView struct {
	Delivery
	When, What string
	OK         bool
}

type journalView struct {
	When, Offset, Text string
	Count              string
}

type writeView struct {
	Write
	When string
}

type callView struct {
	Call
	When string
}

func (s *Server) listsPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, "Lists")
	all, err := s.Lists(v.portal, false)
	if err != nil {
		p.Flash = err.Error()
	}
	p.AllLists = all
	s.render(w, "lists", p)
}

func (s *Server) newList(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	var filter json.RawMessage
	if prop := strings.TrimSpace(r.FormValue("property")); prop != "" {
		filter = PropertyFilter(prop, "IS_KNOWN")
		if val := r.FormValue("value"); val != "" {
			filter = PropertyFilter(prop, "IS_EQUAL_TO", val)
		}
	}
	processing := ""
	if filter != nil && r.FormValue("once") != "" {
		processing = "SNAPSHOT"
	}
	_, err := s.NewList(v.portal, r.FormValue("object"), r.FormValue("name"), processing, filter)
	back(w, r, fmt.Sprintf("/ui/%d/lists", v.portal), err)
}

func (s *Server) listPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	all, err := s.Lists(v.portal, true)
	i := slices.IndexFunc(all, func(x ListInfo) bool { return x.ID == v.id })
	if err != nil || i < 0 {
		s.oops(w, http.StatusNotFound, "Not found", "There is no such list.")
		return
	}
	v.object = kindOf(all[i].ObjectType)
	p := v.page(r, all[i].Name)
	p.List = &all[i]
	s.mu.Lock()
	for _, id := range all[i].Members[:min(len(all[i].Members), 200)] {
		p.Linked = append(p.Linked, ref{ID: id, Name: s.nameOf(s.portals[v.portal], v.object, id), Link: v.link(id)})
	}
	s.mu.Unlock()
	s.render(w, "list", p)
}

func (s *Server) changeList(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	var ids []int64
	for _, f := range strings.Fields(strings.ReplaceAll(r.FormValue("ids"), ",", " ")) {
		if n, err := strconv.ParseInt(f, 10, 64); err == nil {
			ids = append(ids, n)
		}
	}
	var err error
	to := fmt.Sprintf("/ui/%d/lists/%d", v.portal, v.id)
	switch r.FormValue("do") {
	case "add":
		err = s.AddMembers(v.portal, v.id, ids...)
	case "remove":
		err = s.RemoveMembers(v.portal, v.id, ids...)
	case "rename":
		err = s.RenameList(v.portal, v.id, r.FormValue("name"))
	case "restore":
		err = s.RestoreList(v.portal, v.id)
	case "delete":
		err, to = s.DeleteList(v.portal, v.id), fmt.Sprintf("/ui/%d/lists", v.portal)
	}
	back(w, r, to, err)
}

func (s *Server) appPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, "Connected app")
	p.Scopes, _ = s.Installed(v.portal)
	p.Stats = s.Stats(v.portal)
	s.mu.Lock()
	p.Limits = s.portals[v.portal].Limits
	s.mu.Unlock()
	for name, n := range p.Stats.Endpoints {
		p.Endpoints = append(p.Endpoints, endpointCount{name, n})
	}
	slices.SortFunc(p.Endpoints, func(a, b endpointCount) int { return strings.Compare(a.Name, b.Name) })
	s.render(w, "app", p)
}

func (s *Server) screen(v visit, q url.Values) string {
	q.Set("portalId", strconv.FormatInt(v.portal, 10))
	return s.cfg.ScreensURL + "/?" + q.Encode()
}

// appScreens is where HubSpot shows an app's own pages. The sandbox draws none itself.
func (s *Server) appScreens(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	to := fmt.Sprintf("/ui/%d/app", v.portal)
	if s.cfg.ScreensURL != "" && v.view.Installed {
		to = s.screen(v, url.Values{"ext": {"pages"}, "path": {"/" + r.PathValue("path")}})
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func (s *Server) uninstallForm(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.visit(w, r); ok {
		back(w, r, fmt.Sprintf("/ui/%d/app", v.portal), s.Uninstall(v.portal))
	}
}

const logRows = 40

// logPage shows the newest of everything that went in and out.
func (s *Server) logPage(w http.ResponseWriter, r *http.Request) {
	p := page{Title: "Log", Path: r.URL.RequestURI(), User: 1}
	portalID, _ := strconv.ParseInt(r.URL.Query().Get("portal"), 10, 64)
	if portalID != 0 {
		r.SetPathValue("p", r.URL.Query().Get("portal"))
		v, ok := s.visit(w, r)
		if !ok {
			return
		}
		p.View, p.User = v.view, v.user
	}
	p.Hooks = s.HookCounts()
	sent := slices.DeleteFunc(s.Deliveries(), func(d Delivery) bool { return portalID != 0 && d.Portal != portalID })
	for _, d := range newest(sent) {
		p.Deliveries = append(p.Deliveries, deliveryView{d, clockTime(d.At), kindsIn(d.Body), d.Status/100 == 2})
	}
	for _, f := range newest(s.Journal()) {
		var text bytes.Buffer
		for _, e := range f.Events {
			text.Write(e)
			text.WriteByte('\n')
		}
		p.JournalFiles = append(p.JournalFiles, journalView{clockTime(f.Published.UnixMilli()), f.Offset, text.String(), fmt.Sprintf("%d entries", len(f.Events))})
	}
	for _, x := range newest(s.Writes(portalID, 0)) {
		p.Writes = append(p.Writes, writeView{x, clockTime(x.At)})
	}
	for _, x := range newest(s.Calls(portalID)) {
		p.Calls = append(p.Calls, callView{x, clockTime(x.At)})
	}
	s.render(w, "log", p)
}

// newest returns the last rows, the newest first.
func newest[T any](list []T) []T {
	out := slices.Clone(list[max(0, len(list)-logRows):])
	slices.Reverse(out)
	return out
}

// kindsIn sums a webhook body up.
func kindsIn(body string) string {
	var events []hookEvent
	if err := json.Unmarshal([]byte(body), &events); err != nil {
		return "unreadable"
	}
	var out []string
	for _, e := range events {
		text := e.SubscriptionType
		if e.PropertyName != "" {
			text += " " + e.PropertyName
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out[:min(4, len(out))], ", ")
}
