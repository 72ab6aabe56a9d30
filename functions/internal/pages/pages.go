// Package pages is what a function's HTML pages share: templates and one inline style sheet, which the browser may apply and no other.
package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io/fs"
	"strings"

	"lumo/functions/internal/entry"
)

// Set is the pages of one function.
type Set struct {
	// Style is the sheet, for the page's head.
	Style template.CSS
	// policy names the sheet by its hash.
	policy    string
	templates *template.Template
}

// Parse takes pages/style.css and pages/*.html of files that are part of the binary; without them it panics.
func Parse(files fs.FS) Set {
	style, err := fs.ReadFile(files, "pages/style.css")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(style)
	return Set{
		Style: template.CSS(style), policy: "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		templates: template.Must(template.New("").ParseFS(files, "pages/*.html")),
	}
}

// Render is the page of that file name.
func (s Set) Render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := s.templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Protect adds to an answer what every page needs: it loads nothing, holds no script and may not be framed. Its forms go to this origin, and to
// those that are named besides. secure says that it is served by https.
func (s Set) Protect(r entry.Response, secure bool, forms ...string) entry.Response {
	if r.Header == nil {
		r.Header = map[string]string{}
	}
	to := strings.Join(append([]string{"'self'"}, forms...), " ")
	r.Header["Content-Security-Policy"] = "default-src 'none'; style-src " + s.policy + "; form-action " + to + "; base-uri 'none'; frame-ancestors 'none'"
	r.Header["X-Frame-Options"] = "DENY"
	r.Header["Cross-Origin-Opener-Policy"] = "same-origin"
	r.Header["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
	if secure {
		r.Header["Strict-Transport-Security"] = "max-age=31536000"
	}
	return r
}
