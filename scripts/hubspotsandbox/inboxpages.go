package hubspotsandbox

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The inbox as an agent sees it, and its settings as an admin sees them.

type threadView struct {
	ID, Contact                                   int64
	Name, ContactName, Account, Last, When, Title string
	Entries                                       []entryView
}

type entryView struct {
	ID, Who, When, Text, Status, Error string
	Comment                            bool
	Files                              []fileView
}

type fileView struct {
	Name, Link string
	Picture    bool
}

type accountView struct {
	ID          int64
	Name, Inbox string
	Authorized  bool
}

func (s *Server) inboxRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/{p}/inbox", s.inboxPage)
	mux.HandleFunc("GET /ui/{p}/inbox/settings", s.channelsPage)
	mux.HandleFunc("POST /ui/{p}/inbox/settings/connect", s.connectForm)
	mux.HandleFunc("POST /ui/{p}/inbox/settings/{id}/remove", s.removeChannelForm)
	mux.HandleFunc("GET /ui/{p}/inbox/connected", s.connectedPage)
	mux.HandleFunc("GET /ui/{p}/inbox/{id}", s.threadPage)
	mux.HandleFunc("POST /ui/{p}/inbox/{id}/reply", s.replyForm)
}

func (s *Server) inboxPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, "Inbox")
	s.mu.Lock()
	portal := s.portals[v.portal]
	for _, t := range portal.Inbox.Threads {
		p.Threads = append(p.Threads, s.threadView(portal, t))
	}
	s.mu.Unlock()
	s.render(w, "inbox", p)
}

func (s *Server) threadView(p *portal, t *Thread) threadView {
	out := threadView{ID: t.ID, Name: t.Name, Contact: t.Contact, Account: p.Inbox.account(t.Account).Name}
	if out.Name == "" {
		out.Name = "Unknown visitor"
	}
	if t.Contact != 0 {
		out.ContactName = s.nameOf(p, contactKind, t.Contact)
	}
	if n := len(t.Messages); n > 0 {
		out.Last, out.When = t.Messages[n-1].Text, clockTime(t.Messages[n-1].At)
	}
	for _, m := range t.Messages {
		out.Entries = append(out.Entries, s.entryView(p, t, m))
	}
	return out
}

func (s *Server) entryView(p *portal, t *Thread, m *ChatEntry) entryView {
	e := entryView{ID: m.ID, Who: m.SenderName, When: clockTime(m.At), Text: m.Text, Comment: m.Comment, Error: m.Error}
	if !m.Incoming && !m.Comment {
		e.Status = m.Status
	}
	switch {
	case m.Incoming && e.Who == "":
		e.Who = t.Name
	case e.Who == "":
		e.Who = s.cfg.AppName
		for _, u := range p.Users {
			if m.Sender == "A-"+strconv.FormatInt(u.ID, 10) {
				e.Who = u.First + " " + u.Last
			}
		}
	}
	until := s.now().Add(time.Hour).UnixMilli()
	for _, a := range m.Attachments {
		if f := p.Inbox.file(a.File); f != nil {
			link := fmt.Sprintf("/_files/%d/%d/%s?until=%d&signature=%s", p.ID, f.ID, f.Name, until, s.uploadSignature(p.ID, f.ID, until))
			e.Files = append(e.Files, fileView{f.Name, link, strings.HasPrefix(f.Type, "image/")})
		}
	}
	return e
}

func (s *Server) threadPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, "Conversation")
	s.mu.Lock()
	portal := s.portals[v.portal]
	if t := portal.Inbox.thread(v.id); t != nil {
		view := s.threadView(portal, t)
		p.Thread, p.Title = &view, view.Name
	}
	s.mu.Unlock()
	if p.Thread == nil {
		s.oops(w, http.StatusNotFound, "Not found", "There is no such conversation.")
		return
	}
	s.render(w, "thread", p)
}

func (s *Server) replyForm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	var files []int64
	file, header, err := r.FormFile("file")
	if err == nil {
		defer file.Close()
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(file, maxFile)); err == nil {
			var id int64
			id, err = s.AddFile(v.portal, header.Filename, header.Header.Get("Content-Type"), data)
			files = append(files, id)
		}
	} else {
		err = nil // no file was chosen
	}
	if err == nil {
		_, err = s.Reply(v.portal, v.id, v.user, strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n"), files...)
	}
	back(w, r, fmt.Sprintf("/ui/%d/inbox/%d", v.portal, v.id), err)
}

func (s *Server) channelsPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	p := v.page(r, "Inbox settings")
	s.mu.Lock()
	box := &s.portals[v.portal].Inbox
	names := map[int64]string{}
	for _, b := range box.Inboxes {
		names[b.ID] = b.Name
	}
	p.Inboxes = box.Inboxes
	for _, a := range box.Accounts {
		if !a.Archived {
			p.Connected = append(p.Connected, accountView{a.ID, a.Name, names[a.Inbox], a.Authorized})
		}
	}
	for _, x := range s.channels {
		if !x.Archived {
			p.Channels = append(p.Channels, ref{ID: x.ID, Name: x.Name})
		}
	}
	s.mu.Unlock()
	s.render(w, "channels", p)
}

func (s *Server) connectForm(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	channel, _ := strconv.ParseInt(r.FormValue("channel"), 10, 64)
	inbox, _ := strconv.ParseInt(r.FormValue("inbox"), 10, 64)
	to, err := s.BeginConnection(v.portal, channel, inbox, v.user)
	if err != nil {
		to = fmt.Sprintf("/ui/%d/inbox/settings", v.portal)
	}
	back(w, r, to, err)
}

func (s *Server) connectedPage(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visit(w, r)
	if !ok {
		return
	}
	_, err := s.FinishConnection(v.portal, r.URL.Query().Get("token"))
	back(w, r, fmt.Sprintf("/ui/%d/inbox/settings", v.portal), err)
}

func (s *Server) removeChannelForm(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.visit(w, r); ok {
		back(w, r, fmt.Sprintf("/ui/%d/inbox/settings", v.portal), s.RemoveChannelAccount(v.portal, v.id))
	}
}
