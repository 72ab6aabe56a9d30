package handle

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"lumo/functions/internal/entry"
	"lumo/shared/access"
	"lumo/shared/portal"
)

//go:embed pages
var files embed.FS

var (
	downloadPages = map[string][]byte{"en": assemble("en"), "ja": assemble("ja")}
	downloadCSP   = "default-src 'none'; connect-src 'self'; script-src " + hashOf(file("script.js")) + "; style-src " + hashOf(file("style.css")) +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func file(name string) string {
	b, err := files.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // the files are part of the binary
	}
	return string(b)
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// assemble puts style, script and words of a language into the page once.
func assemble(lang string) []byte {
	in := []string{"{{style}}", file("style.css"), "{{script}}", file("script.js"), "{{lang}}", lang}
	for k, w := range downloadWords[lang] {
		in = append(in, "{{"+k+"}}", w)
	}
	return []byte(strings.NewReplacer(in...).Replace(file("download.html")))
}

// download serves the page that fetches an export piece by piece and saves it as one file, and the pieces.
func (h *Handler) download(ctx context.Context, req entry.Request) (entry.Response, error) {
	if req.Method == http.MethodGet {
		lang := "en"
		if req.Query.Get("lang") == "ja" {
			lang = "ja"
		}
		r := entry.HTML(http.StatusOK, downloadPages[lang])
		r.Header["Content-Security-Policy"] = downloadCSP
		r.Header["X-Frame-Options"] = "DENY"
		r.Header["Cross-Origin-Opener-Policy"] = "same-origin"
		return r, nil
	}
	v, err := h.piece(ctx, req)
	if err != nil {
		p := h.explain(ctx, req, err)
		return entry.JSON(p.status, p)
	}
	b, err := encode(v)
	return entry.Response{Header: jsonHeader, Body: b}, err
}

type pieceRequest struct {
	Ticket string `json:"ticket"`
	Cursor string `json:"cursor"`
}

type piece struct {
	Name string  `json:"name"`
	Text string  `json:"text"`
	Rows int     `json:"rows"`
	Next *string `json:"next"`
}

// piece answers the next rows as text of the file; the first one begins with the column names.
func (h *Handler) piece(ctx context.Context, req entry.Request) (any, error) {
	refused := &problem{status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Message: "This link is not valid. Make a new one in Lumo."}
	if req.Method != http.MethodPost || len(req.Body) > 16_000 {
		return nil, refused
	}
	var in pieceRequest
	if err := json.Unmarshal(req.Body, &in); err != nil {
		return nil, refused
	}
	t, err := h.admit(in.Ticket)
	if err != nil {
		return nil, refused
	}
	until, now := t.Expires, h.Clock.Now().UnixMilli()
	if in.Cursor != "" {
		until += exportLife.Milliseconds()
	}
	if now > until {
		return nil, errExpired
	}
	at, err := h.Portals.Get(ctx, t.Portal)
	if errors.Is(err, portal.ErrUnknown) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	kind := sheets[t.What]
	if kind.page == nil {
		return nil, refused
	}
	c := &call{Handler: h, at: at, who: portal.Actor{UserID: t.UserID, Email: t.Email}, route: &route{pattern: downloadPath + "\x00" + t.What + "\x00" + t.Filter}}
	if err := h.Access.Allow(ctx, at, c.who, access.View); err != nil {
		return nil, err
	}
	if c.query, err = readQuery(t.Filter); err != nil {
		return nil, err
	}
	after := ""
	if in.Cursor != "" {
		with := c.query
		c.query = map[string][]string{"cursor": {in.Cursor}}
		if after, _, err = c.page(); err != nil {
			return nil, err
		}
		c.query = with
	}
	p, err := kind.page(ctx, c, after)
	if err != nil {
		return nil, err
	}
	rows := p.rows
	if in.Cursor == "" {
		rows = append([][]string{c.headings(p.head, t.Lang)}, rows...)
	}
	text, err := csvText(rows)
	if err != nil {
		return nil, err
	}
	if in.Cursor == "" {
		text = byteOrderMark + text
	}
	name := "lumo-" + t.What + "-" + h.Clock.Now().In(at.Zone()).Format("2006-01-02") + ".csv"
	return piece{name, text, len(p.rows), c.next(p.next)}, nil
}

// headings puts column names into words; times say their zone, and names of properties stay what they are.
func (c *call) headings(keys []string, lang string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		word, ok := columnWords[lang][k]
		if !ok {
			word = k
		}
		if ok && timeColumns[k] {
			word += " (" + c.at.Zone().String() + ")"
		}
		out[i] = word
	}
	return out
}

func idText[T interface {
	~int64
	String() string
}](n T) string {
	if n == 0 {
		return ""
	}
	return n.String()
}

func yesNo(b bool) string { return strconv.FormatBool(b) }
func count(n int) string  { return strconv.Itoa(n) }
