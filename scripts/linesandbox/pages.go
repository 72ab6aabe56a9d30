package linesandbox

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

var pageTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.In(japan).Format("15:04") },
	"stamp": func(t time.Time) string { return t.UTC().Format("01-02 15:04:05.000") },
	"letter": func(name string) string {
		for _, r := range name {
			return string(r)
		}
		return "?"
	},
	"join":    strings.Join,
	"percent": func(share float64) int { return int(share*100 + 0.5) },
	"arr":     func(v ...any) []any { return v },
	"linked":  linked,
}).ParseFS(pageFiles, "pages/*.html"))

// pages adds what a person uses. They work without a build step and, but for live updates, without scripts.
func (s *Server) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sandbox/{$}", s.homePage)
	mux.HandleFunc("GET /_sandbox/account/{channel}", s.accountPage)
	mux.HandleFunc("GET /_sandbox/phone/{channel}/{user}", func(w http.ResponseWriter, r *http.Request) { s.phonePage(w, r, "phone") })
	mux.HandleFunc("GET /_sandbox/phone/{channel}/{user}/chat", func(w http.ResponseWriter, r *http.Request) { s.phonePage(w, r, "chat") })
	mux.HandleFunc("GET /_sandbox/groups-page", func(w http.ResponseWriter, _ *http.Request) {
		users := s.Users()
		s.render(w, http.StatusOK, "groups", map[string]any{"Title": "Group chats", "Groups": s.Groups(), "Users": users[:min(len(users), 300)]})
	})
	mux.HandleFunc("GET /_sandbox/groups-page/{group}", func(w http.ResponseWriter, r *http.Request) { s.groupPage(w, r, "group") })
	mux.HandleFunc("GET /_sandbox/groups-page/{group}/chat", func(w http.ResponseWriter, r *http.Request) { s.groupPage(w, r, "groupchat") })
	mux.HandleFunc("GET /_sandbox/trouble", s.troublePage)
	mux.HandleFunc("POST /_sandbox/do/{act}", s.doForm)
	mux.HandleFunc("GET /_sandbox/pictures/{owner}/{file}", s.servePicture)
	mux.HandleFunc("GET /_sandbox/contents/{message}", s.serveContent)
	mux.HandleFunc("GET /_sandbox/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "pages/style.css")
	})
}

func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var b strings.Builder
	if err := pageTemplates.ExecuteTemplate(&b, name, data); err != nil {
		s.cfg.Log.Error("page not rendered", "page", name, "error", err)
		http.Error(w, "page not rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // the reader may be gone
}

func (s *Server) problem(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if errors.Is(err, ErrUnknown) {
		status = http.StatusNotFound
	}
	s.render(w, status, "problem", map[string]any{"Title": "Not possible", "Text": err.Error()})
}

type providerView struct {
	Provider
	Channels []Channel
}

func (s *Server) homePage(w http.ResponseWriter, _ *http.Request) {
	var providers []providerView
	channels := s.Channels()
	for _, p := range s.Providers() {
		v := providerView{Provider: p}
		for _, c := range channels {
			if c.Provider == p.ID {
				v.Channels = append(v.Channels, c)
			}
		}
		providers = append(providers, v)
	}
	s.render(w, http.StatusOK, "home", map[string]any{"Title": "LINE sandbox", "Providers": providers, "People": len(s.Users())})
}

const peoplePerPage = 60

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request) {
	c, err := s.Channel(r.PathValue("channel"))
	if err != nil {
		s.problem(w, err)
		return
	}
	data := map[string]any{"Title": c.Name, "Channel": c}
	if c.Kind == MessagingChannel {
		friends, err := s.Friends(c.ID)
		if err != nil {
			s.problem(w, err)
			return
		}
		q := r.URL.Query()
		friends = slices.DeleteFunc(friends, func(f Friend) bool {
			found := strings.Contains(strings.ToLower(f.Name), strings.ToLower(q.Get("name"))) || f.LineUserID == q.Get("name")
			return !found || q.Get("state") != "" && string(f.State) != q.Get("state")
		})
		data["Found"] = len(friends)
		page, _ := strconv.Atoi(q.Get("page")) // a wrong number is page 0
		pages := (len(friends) + peoplePerPage - 1) / peoplePerPage
		page = min(max(page, 0), max(pages-1, 0))
		data["Friends"] = friends[min(page*peoplePerPage, len(friends)):min((page+1)*peoplePerPage, len(friends))]
		data["Name"], data["State"], data["Page"], data["Pages"] = q.Get("name"), q.Get("state"), page, pages
		data["Previous"], data["Next"] = page-1, page+1
		deliveries, _ := s.Webhooks(c.ID) // a messaging channel, as seen above
		slices.Reverse(deliveries)
		data["Deliveries"] = deliveries[:min(len(deliveries), 40)]
	}
	s.render(w, http.StatusOK, "account", data)
}

func (s *Server) troublePage(w http.ResponseWriter, _ *http.Request) {
	var settings []map[string]any
	for _, c := range s.Channels() {
		if set, err := s.WebhookSettings(c.ID); err == nil {
			settings = append(settings, map[string]any{"Channel": c, "Set": set})
		}
	}
	calls := s.Calls()
	slices.Reverse(calls)
	s.render(w, http.StatusOK, "trouble", map[string]any{
		"Title": "Misbehave", "Faults": s.Faults(), "Settings": settings, "Calls": calls[:min(len(calls), 60)], "Violations": s.Violations(),
		"Kinds": []FaultKind{FaultStatus, FaultStatusAfter, FaultHang, FaultHangAfter, FaultCutBefore, FaultCutAfter, FaultSlow},
		"Now":   s.Now(), "Assumptions": s.Assumptions(),
	})
}

func (s *Server) serveContent(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	k := s.st.Contents[r.PathValue("message")]
	var data []byte
	var kind string
	if k != nil && !k.Gone {
		data, kind = k.data, k.MIME
	}
	s.mu.Unlock()
	if data == nil {
		http.NotFound(w, r)
		return
	}
	if !strings.HasPrefix(kind, "image/") && !strings.HasPrefix(kind, "video/") && !strings.HasPrefix(kind, "audio/") || strings.Contains(kind, "svg") {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(data) // the reader may be gone
}
