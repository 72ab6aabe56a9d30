package handle

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"lumo/functions/internal/entry"
	"lumo/functions/internal/pages"
	"lumo/shared/compose"
	"lumo/shared/linkage"
	"lumo/shared/logging"
)

// Linker is linkage.Desk.
type Linker interface {
	Look(ctx context.Context, token, from string) (linkage.View, error)
	Begin(ctx context.Context, token, from, language, suggested string) (v linkage.View, to, session string, err error)
	Decline(ctx context.Context, token, from string) (linkage.View, error)
	Return(ctx context.Context, session string, in linkage.Answer) (linkage.Outcome, error)
	Finish(ctx context.Context, session string, again bool) (linkage.View, error)
	Email(ctx context.Context, session string, typed linkage.Typed, from, language string) (linkage.View, error)
	Details(ctx context.Context, session string, typed map[string]string) (linkage.View, error)
	Code(ctx context.Context, session, typed string) (linkage.View, error)
}

// Pages are those on which a person links their LINE to the contact that a link was made for. They hold no script, load nothing, and are made
// for phones.
type Pages struct {
	Linker Linker
	Key    []byte // signs form tokens
	Random func(n int) []byte
	Log    *slog.Logger
	Origin string // PUBLIC_URL
	Secure bool   // that is https
	Login  string // origin of LINE's login page: the form of the question is sent on there
}

func pagesOf(a *compose.App) *Pages {
	login := ""
	if u, err := url.Parse(a.Config.LineAccessURL); err == nil {
		login = u.Scheme + "://" + u.Host
	}
	return &Pages{
		Linker: a.Linkage(), Key: []byte(a.Config.LinkSigningKey.Reveal()), Random: a.Random, Log: a.Log, Origin: a.Config.PublicURL, Secure: strings.HasPrefix(a.Config.PublicURL, "https://"),
		Login: login,
	}
}

const (
	// maxForm is more than any form holds.
	maxForm = 32 << 10
	// Cookies: one names the browser, for forms, the other its attempt.
	browserCookie = "lumo-k"
	sessionCookie = "lumo-ks"
	// languageCookie holds a language that somebody chose, so that the pages after LINE's have it, too.
	languageCookie = "lumo-kl"
	cookieSeconds  = 30 * 60
)

//go:embed pages
var files embed.FS

// sheets are the pages of this function.
var sheets = pages.Parse(files)

// visit is one request for a page.
type visit struct {
	entry.Request
	lang    string
	cookies []*http.Cookie
}

// HTTP answers one request. What goes wrong on our side becomes a page that can be loaded again.
func (p *Pages) HTTP(ctx context.Context, req entry.Request) (entry.Response, error) {
	x := &visit{Request: req, lang: req.Language()}
	if want := req.Query.Get("lang"); known(want) {
		x.lang = want
		x.cookies = append(x.cookies, p.cookie(languageCookie, want, cookieSeconds))
	} else if chosen := x.Cookie(p.name(languageCookie)); known(chosen) {
		x.lang = chosen
	}
	res, err := p.route(ctx, x)
	if err != nil {
		p.Log.LogAttrs(ctx, slog.LevelError, "linking page failed", logging.Request(req.ID), logging.Error(err))
		res = p.page(x, http.StatusServiceUnavailable, linkage.View{Outcome: trouble}, "")
	}
	res.Cookies = append(res.Cookies, x.cookies...)
	return p.protect(res), nil
}

func known(language string) bool { return language == "en" || language == "ja" }

// trouble is a failure of ours or of LINE, forbidden a form that came from elsewhere.
const (
	trouble   linkage.Outcome = "trouble"
	forbidden linkage.Outcome = "forbidden"
)

func (p *Pages) route(ctx context.Context, x *visit) (entry.Response, error) {
	post := x.Method == http.MethodPost
	if !post && x.Method != http.MethodGet && x.Method != http.MethodHead {
		return entry.Text(http.StatusMethodNotAllowed, "Method not allowed"), nil
	}
	switch {
	case x.Path == linkage.CallbackPath && !post:
		return p.back(ctx, x)
	case x.Path == linkage.EndPath:
		return p.end(ctx, x, post)
	case post:
		return p.answer(ctx, x)
	}
	token, picture := strings.CutSuffix(p.token(x), linkage.PictureEnd)
	v, err := p.Linker.Look(ctx, token, x.SourceIP)
	switch {
	case err != nil:
		return entry.Response{}, err
	case picture:
		return p.picture(token, v)
	}
	return p.show(x, v, p.form(x, p.browser(x), x.Path)), nil
}

func (p *Pages) token(x *visit) string { return strings.TrimPrefix(x.Path, linkage.Path) }

// answer is the person's Yes or No.
func (p *Pages) answer(ctx context.Context, x *visit) (entry.Response, error) {
	form, ok := p.posted(x, x.Cookie(p.name(browserCookie)), x.Path)
	if !ok {
		return p.page(x, http.StatusForbidden, linkage.View{Outcome: forbidden}, ""), nil
	}
	if form.Get("answer") != "yes" {
		v, err := p.Linker.Decline(ctx, p.token(x), x.SourceIP)
		return p.show(x, v, ""), err
	}
	v, to, session, err := p.Linker.Begin(ctx, p.token(x), x.SourceIP, x.lang, suggestion(form.Get("m")))
	if err != nil || to == "" {
		return p.show(x, v, ""), err
	}
	x.cookies = append(x.cookies, p.cookie(sessionCookie, session, cookieSeconds))
	return entry.Redirect(to), nil
}

// suggestion is what may stand behind "m": a contact's id, as HubSpot fills it into an e-mail, and nothing else.
func suggestion(text string) string {
	if len(text) > 19 || strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return text
}

// back is where LINE sends the browser. It goes on at once, to an address that holds neither code nor state.
func (p *Pages) back(ctx context.Context, x *visit) (entry.Response, error) {
	o, err := p.Linker.Return(ctx, x.Cookie(p.name(sessionCookie)), linkage.Answer{State: x.Query.Get("state"), Code: x.Query.Get("code"), Error: x.Query.Get("error")})
	switch {
	case err != nil:
		return entry.Response{}, err
	case o == linkage.Elsewhere || o == linkage.Over:
		return p.show(x, linkage.View{Outcome: o}, ""), nil
	}
	return entry.Redirect(linkage.EndPath), nil
}

// end links if it can, and tells how it stands. A post is an address, a code, or the person's word that they have added the account as a friend.
func (p *Pages) end(ctx context.Context, x *visit, post bool) (entry.Response, error) {
	session := x.Cookie(p.name(sessionCookie))
	var form url.Values
	if post {
		var ok bool
		if form, ok = p.posted(x, session, x.Path); !ok {
			return p.page(x, http.StatusForbidden, linkage.View{Outcome: forbidden}, ""), nil
		}
	}
	var v linkage.View
	var err error
	switch {
	case form.Has("email"):
		v, err = p.Linker.Email(ctx, session, linkage.Typed{Email: form.Get("email"), Answers: answers(form)}, x.SourceIP, x.lang)
	case form.Has(fieldsMark):
		v, err = p.Linker.Details(ctx, session, answers(form))
	case form.Has("code"):
		v, err = p.Linker.Code(ctx, session, form.Get("code"))
	default:
		v, err = p.Linker.Finish(ctx, session, post)
	}
	if err != nil {
		return entry.Response{}, err
	}
	if v.To != "" {
		return entry.Redirect(v.To), nil
	}
	return p.show(x, v, p.form(x, session, x.Path)), nil
}

const (
	// fieldsMark tells that a form asked for more than the address; fieldPrefix goes before the properties' names.
	fieldsMark  = "fields"
	fieldPrefix = "f."
)

// answers are what was typed by property; nil of a form that asked for none.
func answers(form url.Values) map[string]string {
	if !form.Has(fieldsMark) {
		return nil
	}
	out := map[string]string{}
	for name, values := range form {
		if property, ok := strings.CutPrefix(name, fieldPrefix); ok {
			out[property] = values[0]
		}
	}
	return out
}

// browser names the browser, in a cookie of its own.
func (p *Pages) browser(x *visit) string {
	if c := x.Cookie(p.name(browserCookie)); len(c) == 32 {
		return c
	}
	c := base64.RawURLEncoding.EncodeToString(p.Random(24))
	x.cookies = append(x.cookies, p.cookie(browserCookie, c, cookieSeconds))
	return c
}

// form is what a form must send back: it belongs to this browser and to this address, so that no other site can answer for the person.
func (p *Pages) form(x *visit, cookie, path string) string {
	if cookie == "" {
		return ""
	}
	m := hmac.New(sha256.New, p.Key)
	m.Write([]byte("lumo linkage form\x00" + cookie + "\x00" + path))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (p *Pages) posted(x *visit, cookie, path string) (url.Values, bool) {
	form, err := url.ParseQuery(string(x.Body))
	site := x.Header.Get("Sec-Fetch-Site")
	if err != nil || cookie == "" || site != "" && site != "same-origin" && site != "none" {
		return nil, false
	}
	return form, linkage.Same(form.Get("token"), p.form(x, cookie, path))
}

// name has the prefix that keeps others from setting a cookie, where browsers allow that.
func (p *Pages) name(cookie string) string {
	if p.Secure {
		return "__Host-" + cookie
	}
	return cookie
}

// cookie comes along when LINE sends the browser back, which is a plain link: Lax is enough.
func (p *Pages) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: p.name(name), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteLaxMode}
}

// statuses of outcomes that are no success of the request.
var statuses = map[linkage.Outcome]int{
	linkage.Invalid: http.StatusNotFound, linkage.Expired: http.StatusGone, linkage.Used: http.StatusGone, linkage.Over: http.StatusGone,
	linkage.Elsewhere: http.StatusBadRequest, linkage.NotProven: http.StatusBadRequest, linkage.TooMany: http.StatusTooManyRequests, linkage.NoMoreCodes: http.StatusTooManyRequests,
	linkage.Unavailable: http.StatusServiceUnavailable,
}

func (p *Pages) show(x *visit, v linkage.View, token string) entry.Response {
	status := statuses[v.Outcome]
	if status == 0 {
		status = http.StatusOK
	}
	return p.page(x, status, v, token)
}

// shown is what the template gets.
type shown struct {
	linkage.View
	W                          Words
	Title, Text                string
	Lang, Other, Path, Request string
	Style                      template.CSS
	Token                      string
	M                          string // the suggested contact, on its way through the question
	AddFriend                  template.URL
	OpenChat                   template.URL // the chat with the word written already (LINE docs: LINE URL scheme)
}

func (p *Pages) page(x *visit, status int, v linkage.View, token string) entry.Response {
	w := dictionary(x.lang)
	s := shown{View: v, W: w, Lang: x.lang, Other: "ja", Style: sheets.Style, Token: token, Request: x.ID, Path: x.Path, M: suggestion(x.Query.Get("m"))}
	if x.lang == "ja" {
		s.Other = "en"
	}
	if x.Method == http.MethodPost || x.Path == linkage.CallbackPath {
		s.Path = "" // cannot be asked for again
	}
	said := w.Outcomes[v.Outcome]
	if s.Account == "" {
		s.Account = w.TheAccount
	}
	replace := strings.NewReplacer("{account}", s.Account, "{hint}", v.Hint, "{word}", v.Word)
	s.Title, s.Text = replace.Replace(said.Title), replace.Replace(said.Text)
	if v.Outcome == linkage.Confirm && v.Hint == "" {
		s.Title, s.Text = replace.Replace(w.Outcomes[noHint].Title), replace.Replace(w.Outcomes[noHint].Text)
	}
	if v.Outcome == linkage.AskEmail && v.NoCode {
		s.Title, s.Text = replace.Replace(w.Outcomes[noCode].Title), replace.Replace(w.Outcomes[noCode].Text)
	}
	if v.Outcome == linkage.AskCode && v.Hint == "" {
		s.Title, s.Text = replace.Replace(w.Outcomes[noAddress].Title), replace.Replace(w.Outcomes[noAddress].Text)
	}
	if v.BasicID != "" {
		s.AddFriend = template.URL("https://line.me/R/ti/p/" + url.PathEscape(v.BasicID))
		if v.Word != "" {
			s.OpenChat = template.URL("https://line.me/R/oaMessage/" + url.PathEscape(v.BasicID) + "/?" + url.PathEscape(v.Word))
		}
	}
	b, err := sheets.Render("linkage.html", s)
	if err != nil {
		return entry.Text(http.StatusInternalServerError, said.Title)
	}
	return entry.HTML(status, b)
}

// protect adds what every page needs. Nothing is loaded, nobody may frame a page, and no address goes on to another site.
func (p *Pages) protect(r entry.Response) entry.Response {
	r = sheets.Protect(r, p.Secure, p.Login)
	r.Header["Cache-Control"] = "no-store"
	r.Header["Referrer-Policy"] = "no-referrer"
	r.Header["X-Robots-Tag"] = "noindex, nofollow"
	return r
}
