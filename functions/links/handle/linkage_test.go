package handle

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lumo/functions/internal/entry"
	"lumo/shared/linkage"
	"lumo/shared/logging"
	"lumo/shared/logging/logtest"
)

// desk is a Linker that does as it is told.
type desk struct {
	view     linkage.View
	returned linkage.Outcome
	err      error
	did      []string
	typed    map[string]string
}

func (d *desk) Look(context.Context, string, string) (linkage.View, error) { return d.view, d.err }

func (d *desk) Begin(_ context.Context, _, _, _, suggested string) (linkage.View, string, string, error) {
	d.did = append(d.did, "begin"+suggested)
	return d.view, "https://access.line.me/oauth2/v2.1/authorize?state=S", "session-1", d.err
}

func (d *desk) Decline(context.Context, string, string) (linkage.View, error) {
	d.did = append(d.did, "decline")
	v := d.view
	v.Outcome = linkage.Declined
	return v, d.err
}

func (d *desk) Return(_ context.Context, session string, a linkage.Answer) (linkage.Outcome, error) {
	d.did = append(d.did, "return "+session+" "+a.State+" "+a.Code+" "+a.Error)
	return d.returned, d.err
}

func (d *desk) Finish(_ context.Context, session string, again bool) (linkage.View, error) {
	d.did = append(d.did, "finish "+session)
	return d.view, d.err
}

func (d *desk) Email(_ context.Context, session string, typed linkage.Typed, _, language string) (linkage.View, error) {
	d.did = append(d.did, "email "+session+" "+typed.Email+" "+language)
	d.typed = typed.Answers
	v := d.view
	v.Outcome = linkage.AskCode
	return v, d.err
}

func (d *desk) Details(_ context.Context, session string, typed map[string]string) (linkage.View, error) {
	d.did, d.typed = append(d.did, "details "+session), typed
	return d.view, d.err
}

func (d *desk) Code(_ context.Context, session, typed string) (linkage.View, error) {
	d.did = append(d.did, "code "+session+" "+typed)
	v := d.view
	v.Outcome = linkage.Linked
	return v, d.err
}

const token = "AQfJ-canary-token_0123456789"

func newPages() (*Pages, *desk) {
	d := &desk{view: linkage.View{Outcome: linkage.Confirm, Account: "Shop <b>", BasicID: "@shop", Hint: "i•••@example.com"}}
	return &Pages{Linker: d, Key: []byte("key"), Random: func(n int) []byte { return bytes.Repeat([]byte{7}, n) }, Log: logging.Discard(), Origin: "https://lumo.example", Secure: true, Login: "https://access.line.me"}, d
}

// browser keeps cookies.
type browser struct {
	t       *testing.T
	pages   *Pages
	cookies map[string]string
	header  http.Header
}

func open(t *testing.T, p *Pages) *browser {
	return &browser{t, p, map[string]string{}, http.Header{}}
}

func (b *browser) ask(method, path, query, body string) entry.Response {
	b.t.Helper()
	h := b.header.Clone()
	for name, value := range b.cookies {
		h.Add("Cookie", name+"="+value)
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.pages.HTTP(b.t.Context(), entry.Request{Method: method, Path: path, RawQuery: query, Query: q, Header: h, Body: []byte(body), SourceIP: "10.0.0.1", ID: "req-1"})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range res.Cookies {
		b.cookies[c.Name] = c.Value
	}
	return res
}

var hidden = regexp.MustCompile(`name="token" value="([^"]+)"`)

// form reads what a page's form sends.
func form(t *testing.T, res entry.Response, answer string) string {
	t.Helper()
	m := hidden.FindSubmatch(res.Body)
	if m == nil {
		t.Fatalf("no form: %s", res.Body)
	}
	return url.Values{"token": {string(m[1])}, "answer": {answer}}.Encode()
}

func TestTheWayThroughThePages(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	b := open(t, p)
	question := b.ask("GET", "/k/"+token, "", "")
	if question.Status != 200 || !bytes.Contains(question.Body, []byte("i•••@example.com")) || !bytes.Contains(question.Body, []byte("Shop &lt;b&gt;")) || len(d.did) != 0 {
		t.Fatalf("%d %s; did %v", question.Status, question.Body, d.did)
	}
	yes := b.ask("POST", "/k/"+token, "", form(t, question, "yes"))
	if yes.Status != http.StatusSeeOther || !strings.HasPrefix(yes.Header["Location"], "https://access.line.me/") || b.cookies["__Host-lumo-ks"] != "session-1" {
		t.Fatalf("%d %v", yes.Status, yes.Header)
	}
	back := b.ask("GET", "/k/callback", "code=C&state=S", "")
	if back.Status != http.StatusSeeOther || back.Header["Location"] != "/k/end" || d.did[1] != "return session-1 S C " {
		t.Fatalf("%d %v; did %v", back.Status, back.Header, d.did)
	}
	d.view.Outcome = linkage.Linked
	if end := b.ask("GET", "/k/end", "", ""); end.Status != 200 || !bytes.Contains(end.Body, []byte(`id="linked"`)) {
		t.Errorf("%d %s", end.Status, end.Body)
	}
	d.view.Outcome = linkage.AddFriend
	wait := b.ask("GET", "/k/end", "", "")
	if !bytes.Contains(wait.Body, []byte(`href="https://line.me/R/ti/p/@shop"`)) {
		t.Errorf("no way to add the account: %s", wait.Body)
	}
	if again := b.ask("POST", "/k/end", "", form(t, wait, "added")); again.Status != 200 {
		t.Errorf("going on: %d", again.Status)
	}
}

func TestAChosenLanguageStaysToTheEnd(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	b := open(t, p)
	b.header.Set("Accept-Language", "en")
	page := b.ask(http.MethodGet, linkage.Path+token, "lang=ja", "")
	b.ask(http.MethodPost, linkage.Path+token, "", form(t, page, "yes"))
	b.ask(http.MethodGet, linkage.CallbackPath, "state=S&code=C", "")
	d.view.Outcome = linkage.Linked
	if end := b.ask(http.MethodGet, linkage.EndPath, "", ""); !bytes.Contains(end.Body, []byte(`<html lang="ja">`)) {
		t.Errorf("the end is in another language: %s", end.Body)
	}
	d.view.Outcome = linkage.AskEmail
	page = b.ask(http.MethodGet, linkage.EndPath, "lang=en", "")
	if !bytes.Contains(page.Body, []byte(`<html lang="en">`)) {
		t.Errorf("the other language was not taken: %s", page.Body)
	}
	b.ask(http.MethodPost, linkage.EndPath, "", form(t, page, "")+"&email=a@example.com")
	if last := d.did[len(d.did)-1]; last != "email session-1 a@example.com en" {
		t.Errorf("the code's mail: %s", last)
	}
}

func TestWithoutAnAddressTheQuestionNamesNone(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	d.view.Hint = ""
	if res := open(t, p).ask("GET", "/k/"+token, "", ""); !bytes.Contains(res.Body, []byte("which of its customers")) || bytes.Contains(res.Body, []byte("this address")) {
		t.Errorf("%s", res.Body)
	}
}

func TestTheFormAsksForAnAddressAndACode(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	d.view.Outcome = linkage.AskEmail
	b := open(t, p)
	b.cookies["__Host-lumo-ks"] = "session-1"
	ask := b.ask("GET", "/k/end", "", "")
	code := b.ask("POST", "/k/end", "", form(t, ask, "")+"&email=a%40b.example")
	if !bytes.Contains(code.Body, []byte(`autocomplete="one-time-code"`)) {
		t.Fatalf("%d %s", code.Status, code.Body)
	}
	done := b.ask("POST", "/k/end", "", form(t, code, "")+"&code=012345")
	if want := "email session-1 a@b.example en"; d.did[1] != want || d.did[2] != "code session-1 012345" || !bytes.Contains(done.Body, []byte(`id="linked"`)) {
		t.Errorf("did %q", d.did)
	}
}

func TestEveryOutcomeHasItsPageInBothLanguages(t *testing.T) {
	t.Parallel()
	outcomes := []linkage.Outcome{
		linkage.Confirm, linkage.Invalid, linkage.Expired, linkage.Used, linkage.Declined, linkage.Denied, linkage.Elsewhere, linkage.Over, linkage.NotProven,
		linkage.AddFriend, linkage.OtherProvider, linkage.InConflict, linkage.Linked, linkage.AlreadyLinked, linkage.Unavailable, linkage.TooMany, trouble, forbidden,
		linkage.AskEmail, linkage.BadEmail, linkage.BadAnswers, linkage.AskDetails, linkage.AskCode, linkage.WrongCode, linkage.NoMoreCodes,
		linkage.InChat, linkage.AtLine, linkage.Noted,
	}
	for _, o := range outcomes {
		for _, lang := range []string{"en", "ja"} {
			p, d := newPages()
			d.view.Outcome = o
			b := open(t, p)
			b.header.Set("Accept-Language", lang)
			res := b.ask("GET", "/k/"+token, "", "")
			text := string(res.Body)
			said := dictionary(lang).Outcomes[o]
			if said.Title == "" || said.Text == "" || !strings.Contains(text, `<html lang="`+lang+`"`) || !strings.Contains(text, `id="`+string(o)+`"`) || strings.Contains(text, "{account}") || strings.Contains(text, "{hint}") || strings.Contains(text, "{word}") {
				t.Errorf("%s in %s: %s", o, lang, text)
			}
			if len(text) > 8<<10 {
				t.Errorf("%s in %s weighs %d bytes", o, lang, len(text))
			}
		}
	}
	if len(english.Outcomes) != len(japanese.Outcomes) || len(english.Outcomes) != len(outcomes)+3 {
		t.Errorf("%d, %d words for %d outcomes", len(english.Outcomes), len(japanese.Outcomes), len(outcomes))
	}
}

// The tests below are named after the rules of OWASP ASVS 5.0 (V3 web frontend security, V14 data protection, V16 logging).

func TestASVS_3_5_1_FormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(b *browser, body, path *string){
		"no token":             func(_ *browser, body, _ *string) { *body = "answer=yes" },
		"another token":        func(_ *browser, body, _ *string) { *body = "answer=yes&token=" + strings.Repeat("A", 43) },
		"another link's token": func(_ *browser, _, path *string) { *path += "x" },
		"another browser's": func(b *browser, _, _ *string) {
			b.cookies["__Host-lumo-k"] = strings.Repeat("x", 32)
		},
		"no cookie":           func(b *browser, _, _ *string) { clear(b.cookies) },
		"told by the browser": func(b *browser, _, _ *string) { b.header.Set("Sec-Fetch-Site", "cross-site") },
		"no form at all":      func(_ *browser, body, _ *string) { *body = "%zz" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, d := newPages()
			b := open(t, p)
			path := "/k/" + token
			body := form(t, b.ask("GET", path, "", ""), "yes")
			change(b, &body, &path)
			if res := b.ask("POST", path, "", body); res.Status != http.StatusForbidden || len(d.did) != 0 {
				t.Errorf("answered %d, did %v", res.Status, d.did)
			}
			if res := b.ask("POST", "/k/end", "", body); res.Status != http.StatusForbidden || len(d.did) != 0 {
				t.Errorf("the end answered %d, did %v", res.Status, d.did)
			}
		})
	}
}

func TestASVS_3_3_1_CookiesAreSecureAndHostOnly(t *testing.T) {
	t.Parallel()
	p, _ := newPages()
	b := open(t, p)
	question := b.ask("GET", "/k/"+token, "", "")
	yes := b.ask("POST", "/k/"+token, "", form(t, question, "yes"))
	for _, c := range append(question.Cookies, yes.Cookies...) {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 {
			t.Errorf("cookie %+v", c)
		}
	}
}

func TestASVS_3_4_PagesCannotBeFramedScriptedOrStored(t *testing.T) {
	t.Parallel()
	p, _ := newPages()
	b := open(t, p)
	question := b.ask("GET", "/k/"+token, "", "")
	for name, res := range map[string]entry.Response{
		"question": question, "yes": b.ask("POST", "/k/"+token, "", form(t, question, "yes")), "back": b.ask("GET", "/k/callback", "code=C&state=S", ""),
		"end": b.ask("GET", "/k/end", "", ""), "refusal": b.ask("POST", "/k/end", "", ""), "method": b.ask("DELETE", "/k/end", "", ""),
	} {
		for header, want := range map[string]string{
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000",
			"Cross-Origin-Opener-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow",
		} {
			if got := res.Header[header]; got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		csp := res.Header["Content-Security-Policy"]
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self' https://access.line.me"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", name, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || bytes.Contains(res.Body, []byte("<script")) {
			t.Errorf("%s may run scripts", name)
		}
	}
}

func TestASVS_14_2_1_NeitherCodeNorTokenStaysInAnAddress(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	b := open(t, p)
	b.ask("POST", "/k/"+token, "", form(t, b.ask("GET", "/k/"+token, "", ""), "yes"))
	back := b.ask("GET", "/k/callback", "code=C&state=S", "")
	d.view.Outcome = linkage.Linked
	end := b.ask("GET", "/k/end", "", "")
	if back.Header["Location"] != "/k/end" || bytes.Contains(end.Body, []byte(token)) || bytes.Contains(end.Body, []byte("session-1")) {
		t.Errorf("%v %s", back.Header, end.Body)
	}
}

func TestASVS_16_2_5_NoTokenInALog(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	out := &logtest.Buffer{}
	p.Log = logging.New(out, slog.LevelInfo)
	d.err = errors.New("the table is down")
	b := open(t, p)
	b.cookies["__Host-lumo-ks"] = "canary-session"
	for _, res := range []entry.Response{
		b.ask("GET", "/k/"+token, "", ""), b.ask("GET", "/k/callback", "code=canary-code&state=canary-state", ""), b.ask("GET", "/k/end", "", ""),
	} {
		if res.Status != http.StatusServiceUnavailable || !bytes.Contains(res.Body, []byte("req-1")) {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	}
	if log := string(out.Bytes()); log == "" || strings.Contains(log, "canary") {
		t.Errorf("logged %s", log)
	}
}

func TestTheFormAsksForMore(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	d.view.Outcome = linkage.AskEmail
	d.view.Asks = []linkage.Asked{
		{Field: linkage.Field{Property: "city", Type: linkage.TextField, LabelEn: "City <i>", LabelJa: "市区町村", Required: true}, Value: `"><b>`, Bad: true},
		{Field: linkage.Field{Property: "size", Type: linkage.ChoiceField, LabelEn: "Size", Options: []linkage.Option{{Value: "s", Label: "Small"}, {Value: "l", Label: "Large"}}}, Value: "l"},
		{Field: linkage.Field{Property: "phone", Type: linkage.PhoneField, LabelEn: "Phone"}},
	}
	b := open(t, p)
	b.cookies["__Host-lumo-ks"] = "session-1"
	ask := b.ask("GET", "/k/end", "", "")
	for _, want := range []string{
		`<label for="f0">City &lt;i&gt;</label>`, `name="f.city" type="text" maxlength="200" value="&#34;&gt;&lt;b&gt;" required aria-invalid="true" aria-describedby="w0"`,
		`<option value="l" selected>Large</option>`, `<small>(optional)</small>`, `name="f.phone" type="tel"`,
	} {
		if !bytes.Contains(ask.Body, []byte(want)) {
			t.Errorf("lacks %s: %s", want, ask.Body)
		}
	}
	b.ask("POST", "/k/end", "", form(t, ask, "")+"&fields=1&email=a%40b.example&f.city=Kyoto&f.size=s&other=x")
	if len(d.typed) != 2 || d.typed["city"] != "Kyoto" || d.typed["size"] != "s" {
		t.Errorf("typed %v", d.typed)
	}
	b.ask("POST", "/k/end", "", form(t, ask, "")+"&email=a%40b.example")
	if d.typed != nil {
		t.Errorf("a new code: %v", d.typed)
	}
	d.view.Outcome = linkage.AskDetails
	if ask = b.ask("GET", "/k/end", "", ""); bytes.Contains(ask.Body, []byte(`name="email"`)) {
		t.Errorf("asks for the address, too: %s", ask.Body)
	}
	b.ask("POST", "/k/end", "", form(t, ask, "")+"&fields=1&f.city=Nara")
	if last := d.did[len(d.did)-1]; last != "details session-1" || d.typed["city"] != "Nara" {
		t.Errorf("%s %v", last, d.typed)
	}
}

func TestTheLastPageOfAChatLinkIsLINEs(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	b := open(t, p)
	b.cookies["__Host-lumo-ks"] = "session-1"
	d.view.Outcome = linkage.AskCode
	code := b.ask("GET", "/k/end", "", "")
	d.view = linkage.View{Outcome: linkage.AtLine, To: "https://access.line.me/dialog/bot/accountLink?linkToken=t&nonce=n"}
	res := b.ask("POST", "/k/end", "", form(t, code, "")+"&code=012345")
	if res.Status != http.StatusSeeOther || res.Header["Location"] != d.view.To {
		t.Errorf("%d %v", res.Status, res.Header)
	}
}

func TestALinkOfAnAccountWithoutLoginOpensTheChat(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	d.view = linkage.View{Outcome: linkage.InChat, Account: "Shop", BasicID: "@shop", Word: "連携 する"}
	b := open(t, p)
	text := string(b.ask("GET", "/k/"+token, "", "").Body)
	if !strings.Contains(text, `href="https://line.me/R/oaMessage/@shop/?%E9%80%A3%E6%90%BA%20%E3%81%99%E3%82%8B"`) || !strings.Contains(text, "連携 する") {
		t.Error(text)
	}
	d.view = linkage.View{Outcome: linkage.Confirm, Chat: true}
	if text := string(b.ask("GET", "/k/"+token, "", "").Body); strings.Contains(text, "log in with LINE") {
		t.Error("tells of a login that does not come")
	}
}

func TestAPlainIDGoesThroughTheQuestion(t *testing.T) {
	t.Parallel()
	for m, want := range map[string]string{"501": "begin501", "5x1": "begin", "12345678901234567890": "begin", "": "begin"} {
		p, d := newPages()
		d.view.Outcome = linkage.Confirm
		b := open(t, p)
		res := b.ask("GET", "/k/"+token, "m="+m, "")
		text := string(res.Body)
		posted := form(t, res, "yes")
		if want != "begin" {
			if !strings.Contains(text, `name="m" value="`+m+`"`) || !strings.Contains(text, "&amp;m="+m+`"`) {
				t.Errorf("m=%s: %s", m, text)
			}
			posted += "&m=" + m
		} else if strings.Contains(text, `name="m"`) {
			t.Errorf("m=%s is in the page", m)
		}
		if b.ask("POST", "/k/"+token, "", posted); len(d.did) != 1 || d.did[0] != want {
			t.Errorf("m=%s: did %q", m, d.did)
		}
	}
}
