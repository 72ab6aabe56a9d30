package hubspotsandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed web/pages.html web/style.css
var web embed.FS

var templates = template.Must(template.ParseFS(web, "web/pages.html"))

// page is what the templates are given.
type page struct {
	Title, App, Client, Path, Flash, Message, Query string
	Consent                                         *consent
	Portals                                         []portalChoice
	View                                            *portalChoice
	User                                            int64
	Screen                                          string // address of the app's screen that belongs to the page

	Object, Singular, Base, Search, Next string
	Total                                int
	Columns                              []string
	Rows                                 []row
	Fields                               []fieldView
	Names                                []string
	Record                               *Record
	Timeline                             []moment
	Linked, Lists                        []ref
	AllLists                             []ListInfo
	List                                 *ListInfo

	Actions []ActionFile
	Action  string
	Inputs  []fieldInput
	Flows   []flowView
	Flow    *flowView
	Then    FlowThen

	Threads   []threadView
	Thread    *threadView
	Connected []accountView
	Channels  []ref
	Inboxes   []Inbox

	Scopes       []string
	Stats        Stats
	Limits       Limits
	Endpoints    []endpointCount
	Hooks        HookCounts
	Deliveries   []deliveryView
	JournalFiles []journalView
	Writes       []writeView
	Calls        []callView
}

type row struct {
	ID            int64
	Link, Updated string
	Cells         []string
}

type fieldView struct {
	Name, Label, Value string
	ReadOnly           bool
	Options            []Option
}

type moment struct{ Name, Value, At, Source string }

type ref struct {
	ID         int64
	Name, Link string
	Primary    bool
}

func (s *Server) pageRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_journal-files/{offset}", s.journalFileHandler)
	mux.HandleFunc("GET /_files/{p}/{file}/{name}", s.fileHandler)
	mux.HandleFunc("GET /oauth/authorize", s.authorizePage)
	mux.HandleFunc("GET /oauth/{portal}/authorize", s.authorizePage)
	mux.HandleFunc("POST /oauth/consent", s.consentDone)
	mux.HandleFunc("POST /marketplace/install", s.marketplaceInstall)
	mux.HandleFunc("GET /marketplace/consent", s.marketplaceConsent)
	mux.HandleFunc("GET /marketplace/done", func(w http.ResponseWriter, r *http.Request) {
		s.render(w, "done", page{Title: "Connected", Message: "Account " + r.URL.Query().Get("portal") + " is ready."})
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ui", http.StatusFound) })
	mux.HandleFunc("GET /_sandbox/{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ui", http.StatusFound) })
	mux.HandleFunc("GET /ui/style.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, web, "web/style.css") })
	mux.HandleFunc("GET /ui", s.home)
	mux.HandleFunc("POST /ui/portals", s.newPortal)
	mux.HandleFunc("POST /ui/user", s.signIn)
	mux.HandleFunc("GET /ui/log", s.logPage)
	mux.HandleFunc("GET /ui/{p}/app", s.appPage)
	mux.HandleFunc("POST /ui/{p}/uninstall", s.uninstallForm)
	mux.HandleFunc("GET /ui/{p}/{object}", s.recordsPage)
	mux.HandleFunc("POST /ui/{p}/{object}/new", s.newRecord)
	mux.HandleFunc("POST /ui/{p}/{object}/merge", s.mergeChosen)
	mux.HandleFunc("GET /ui/{p}/lists", s.listsPage)
	mux.HandleFunc("GET /ui/{p}/lists/{id}", s.listPage)
	mux.HandleFunc("POST /ui/{p}/lists/new", s.newList)
	mux.HandleFunc("POST /ui/{p}/lists/{id}/do", s.changeList)
	s.inboxRoutes(mux)
	mux.HandleFunc("GET /app/{p}/{app}/{path...}", s.appScreens)
	mux.HandleFunc("GET /app/{p}/{app}", s.appScreens)
	mux.HandleFunc("GET /contacts/{p}/record/{object}/{id}", s.recordPage)
	mux.HandleFunc("POST /contacts/{p}/record/{object}/{id}/edit", s.editForm)
	mux.HandleFunc("POST /contacts/{p}/record/{object}/{id}/company", s.companyForm)
	mux.HandleFunc("POST /contacts/{p}/record/{object}/{id}/merge", s.mergeForm)
	mux.HandleFunc("POST /contacts/{p}/record/{object}/{id}/do", s.recordAction)
	s.flowRoutes(mux)
	s.controlRoutes(mux)
	return mux
}

func (s *Server) render(w http.ResponseWriter, name string, p page) {
	s.renderStatus(w, http.StatusOK, name, p)
}

func (s *Server) renderStatus(w http.ResponseWriter, status int, name string, p page) {
	p.App, p.Client = s.cfg.AppName, s.cfg.ClientID
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, p); err != nil {
		s.log.Error("page failed", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (s *Server) oops(w http.ResponseWriter, status int, title, message string) {
	s.renderStatus(w, status, "oops", page{Title: title, Message: message})
}

// visit reads the portal, the object type and the person of a page.
type visit struct {
	portal int64
	object *kind
	id     int64
	user   int64
	view   *portalChoice
}

// visit answers itself when the portal or the object does not exist.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) (visit, bool) {
	v := visit{user: 1}
	v.portal, _ = strconv.ParseInt(r.PathValue("p"), 10, 64)
	v.id, _ = strconv.ParseInt(r.PathValue("id"), 10, 64)
	v.object = kindOf(r.PathValue("object"))
	if c, err := r.Cookie("sandbox_user"); err == nil {
		v.user, _ = strconv.ParseInt(c.Value, 10, 64)
	}
	s.mu.Lock()
	p := s.portals[v.portal]
	if p != nil {
		v.view = &portalChoice{ID: p.ID, Name: p.Options.Name, Installed: p.Installed != nil, Users: slices.Clone(p.Users)}
	}
	s.mu.Unlock()
	if p == nil || r.PathValue("object") != "" && v.object == nil {
		s.oops(w, http.StatusNotFound, "Not found", "There is no such account or object.")
		return v, false
	}
	return v, true
}

func (v visit) by() By { return By{UserID: v.user} }

func (v visit) page(r *http.Request, title string) page {
	p := page{Title: title, View: v.view, User: v.user, Path: r.URL.RequestURI(), Flash: r.URL.Query().Get("flash")}
	if v.object != nil {
		p.Object, p.Singular = v.object.Name, v.object.Singular
	}
	return p
}

func (v visit) link(id int64) string {
	return "/contacts/" + strconv.FormatInt(v.portal, 10) + "/record/" + v.object.TypeID + "/" + strconv.FormatInt(id, 10)
}

// back leads to a page and shows an error there, if there is one.
func back(w http.ResponseWriter, r *http.Request, to string, err error) {
	if err != nil {
		to = withQuery(to, url.Values{"flash": {err.Error()}})
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var all []portalChoice
	for _, id := range s.portalIDs() {
		p := s.portals[id]
		all = append(all, portalChoice{ID: id, Name: p.Options.Name, Installed: p.Installed != nil})
	}
	s.mu.Unlock()
	s.render(w, "home", page{Title: "Accounts", Portals: all, Flash: r.URL.Query().Get("flash")})
}

func (s *Server) newPortal(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.FormValue("id"), 10, 64)
	if err == nil && id > 0 {
		s.AddPortal(id, PortalOptions{Name: r.FormValue("name")})
		n, _ := strconv.Atoi(r.FormValue("contacts"))
		_, _, err = s.Seed(id, SeedOptions{Contacts: n, Companies: n / 10, Seed: uint64(id)})
	}
	back(w, r, "/ui", err)
}

// signIn chooses the person whose edits the pages make.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "sandbox_user", Value: r.FormValue("user"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	to := r.FormValue("back")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		to = "/ui"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func clockTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }
