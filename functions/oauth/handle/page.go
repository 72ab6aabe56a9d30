package handle

import (
	"embed"
	"html/template"
	"net/http"

	"lumo/functions/internal/entry"
	"lumo/functions/internal/pages"
	"lumo/shared/check"
	"lumo/shared/onboarding"
)

//go:embed pages
var files embed.FS

// sheets are the pages of this function.
var sheets = pages.Parse(files)

// shown is what every page gets.
type shown struct {
	W       Words
	Lang    string
	Style   template.CSS
	Token   string
	Request string
	Path    string // of this page, for the language switch; empty when it cannot be asked for again
	Data    any
}

// message is a page with one thing to say and one way on.
type message struct{ Title, Text, Link, To string }

func (h *Handler) page(x *exchange, status int, name string, data any) entry.Response {
	v := shown{W: x.words(), Lang: x.lang, Style: sheets.Style, Request: x.ID, Data: data}
	if x.session.Portal != 0 {
		v.Token = h.seal.token(x.session)
	}
	if x.Method == http.MethodGet && (name == "start" || name == "wizard") {
		v.Path = x.Path
	}
	b, err := sheets.Render(name+".html", v)
	if err != nil {
		// A template that fails is a mistake of ours; half a page helps nobody.
		return entry.Text(http.StatusInternalServerError, v.W.TroubleTitle)
	}
	return entry.HTML(status, b)
}

func (h *Handler) message(x *exchange, status int, title, text string) entry.Response {
	return h.page(x, status, "message", message{title, text, x.words().ToStart, "/"})
}

// Line is a check as the page shows it.
type Line struct {
	Code, Outcome, Label, Title, Hint, Detail string
}

// Lines puts checks into the page's words.
func (s shown) Lines(in []check.Line) []Line {
	out := make([]Line, 0, len(in))
	for _, l := range in {
		w := onboarding.Words(l.Code)
		v := Line{Code: string(l.Code), Outcome: string(l.Outcome), Title: w.Title.In(s.Lang), Detail: l.Detail}
		switch l.Outcome {
		case check.Pass:
			v.Label = s.W.Pass
		case check.Warn:
			v.Label, v.Hint = s.W.Warn, w.Hint.In(s.Lang)
		case check.Fail:
			v.Label, v.Hint = s.W.Fail, w.Hint.In(s.Lang)
		default:
			v.Label = s.W.Skipped
		}
		out = append(out, v)
	}
	return out
}

// With gives a part of a page the words and something to show.
func (s shown) With(data any) shown {
	s.Data = data
	return s
}

// OtherLang is the language that the switch offers.
func (s shown) OtherLang() string {
	if s.Lang == "ja" {
		return "en"
	}
	return "ja"
}
