// Package mail stands in for the sending side of Amazon SES v2. Nothing leaves the machine: mails are kept in a file, one JSON line
// each, and shown on a page.
package mail

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"lumo/shared/clock"
)

// Mail is one accepted mail.
type Mail struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	From    string    `json:"from"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text,omitempty"`
	HTML    string    `json:"html,omitempty"`
}

// Server is an http.Handler: the API under /v2/, the outbox as a page at / and as JSON at /outbox.json.
type Server struct {
	clock clock.Clock
	mux   *http.ServeMux

	mu    sync.Mutex
	file  *os.File // nil keeps mails in memory only
	mails []Mail
}

// New reads the mails kept in file. An empty name keeps them in memory.
func New(file string, c clock.Clock) (*Server, error) {
	s := &Server{clock: c, mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /v2/email/outbound-emails", s.send)
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("GET /outbox.json", s.outbox)
	if file == "" {
		return s, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		var m Mail
		if json.Unmarshal([]byte(line), &m) == nil { // a torn last line was never answered
			s.mails = append(s.mails, m)
		}
	}
	if s.file, err = os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		_, err = s.file.WriteString("\n")
	}
	return s, err
}

// Close closes the file.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Mails accepted so far, oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

type content struct{ Data string }

type sendInput struct {
	FromEmailAddress string
	Destination      struct{ ToAddresses, CcAddresses, BccAddresses []string }
	Content          struct {
		Simple *struct {
			Subject content
			Body    struct{ Text, Html *content }
		}
	}
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
	var in sendInput
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	to := slices.Concat(in.Destination.ToAddresses, in.Destination.CcAddresses, in.Destination.BccAddresses)
	switch {
	case err != nil:
		refuse(w, err.Error())
		return
	case in.Content.Simple == nil:
		refuse(w, "This stand-in takes simple content only.")
		return
	case in.FromEmailAddress == "" || len(to) == 0 || len(to) > 50:
		refuse(w, "A sender and 1 to 50 recipients are required.")
		return
	}
	m := Mail{ID: rand.Text(), At: s.clock.Now().UTC(), From: in.FromEmailAddress, To: to, Subject: in.Content.Simple.Subject.Data}
	if c := in.Content.Simple.Body.Text; c != nil {
		m.Text = c.Data
	}
	if c := in.Content.Simple.Body.Html; c != nil {
		m.HTML = c.Data
	}
	if err := s.keep(m); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"MessageId":%q}`, m.ID)
}

func refuse(w http.ResponseWriter, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", "BadRequestException")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

func (s *Server) keep(m Mail) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		b, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := s.file.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	s.mails = append(s.mails, m)
	return nil
}

func (s *Server) outbox(w http.ResponseWriter, _ *http.Request) {
	b, err := json.Marshal(s.Mails())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(b)
}

// The HTML part is shown in a sandboxed frame: it is somebody's content, not this page's.
var page = template.Must(template.New("outbox").Funcs(template.FuncMap{"join": strings.Join}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Outbox</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
article { border: 1px solid #ccd; border-radius: 6px; padding: 1rem; margin: 1rem 0 }
h2 { margin: 0; font-size: 1.1rem } p.meta { color: #667; margin: 0 0 .7rem } pre { white-space: pre-wrap; font: inherit }
iframe { width: 100%; height: 20rem; border: 1px solid #ccd }
</style>
<h1>Outbox</h1><p>What the app sent; nothing left this machine.</p>
{{range .}}<article><h2>{{.Subject}}</h2><p class="meta">{{.At.Format "2006-01-02 15:04:05"}} UTC &middot; from {{.From}} to {{join .To ", "}}</p>
{{if .HTML}}<iframe sandbox srcdoc="{{.HTML}}"></iframe>{{else}}<pre>{{.Text}}</pre>{{end}}</article>
{{else}}<p>No mail yet.</p>{{end}}</html>`))

func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	mails := s.Mails()
	slices.Reverse(mails)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, mails); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
