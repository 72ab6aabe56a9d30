package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"

	"lumo/functions/internal/entry"
)

func TestAPageMayUseItsOwnStyleAndNothingElse(t *testing.T) {
	t.Parallel()
	s := Parse(fstest.MapFS{
		"pages/style.css": {Data: []byte("body{color:#222}")},
		"pages/a.html":    {Data: []byte(`<style>{{.Style}}</style><p>{{.Text}}`)},
	})
	b, err := s.Render("a.html", map[string]any{"Style": s.Style, "Text": "<script>"})
	if err != nil || string(b) != "<style>body{color:#222}</style><p>&lt;script&gt;" {
		t.Errorf("%s, %v", b, err)
	}
	if _, err := s.Render("b.html", nil); err == nil {
		t.Error("a page that is not there")
	}
	sum := sha256.Sum256([]byte("body{color:#222}"))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if got := s.Protect(entry.Response{}, false).Header; got["Content-Security-Policy"] != want || got["X-Frame-Options"] != "DENY" || got["Strict-Transport-Security"] != "" {
		t.Error(got)
	}
	got := s.Protect(entry.Response{Header: map[string]string{"Location": "/a"}}, true, "https://login.example").Header
	if !strings.Contains(got["Content-Security-Policy"], "form-action 'self' https://login.example; ") || got["Strict-Transport-Security"] == "" || got["Location"] != "/a" {
		t.Error(got)
	}
}
