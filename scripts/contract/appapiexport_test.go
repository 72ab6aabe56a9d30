package contract

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lumo/shared/syncrun"
)

type pieceJSON struct {
	Name, Text string
	Rows       int
	Next       string
}

// fetch asks for a piece of an export as a browser does: without HubSpot.
func (w *apiWorld) fetch(ticket, cursor string) (int, reply) {
	w.t.Helper()
	content, err := json.Marshal(body{"ticket": ticket, "cursor": cursor})
	w.must(err)
	rec := httptest.NewRecorder()
	w.http.ServeHTTP(rec, httptest.NewRequest("POST", "/api/download", strings.NewReader(string(content))))
	out := reply{Status: rec.Code, Raw: rec.Body.Bytes()}
	if err := json.Unmarshal(out.Raw, &out); err != nil {
		w.t.Fatalf("%d %s", rec.Code, out.Raw)
	}
	return rec.Code, out
}

// save fetches a whole export as the page does.
func (w *apiWorld) save(ticket string) (name string, rows [][]string, pieces int) {
	w.t.Helper()
	var text strings.Builder
	for cursor := ""; ; {
		_, r := w.fetch(ticket, cursor)
		if !r.OK {
			w.t.Fatalf("piece %d: %s", pieces, r.Raw)
		}
		p := into[pieceJSON](w.t, r)
		text.WriteString(p.Text)
		if pieces++; p.Next == "" {
			if !strings.HasPrefix(text.String(), "\ufeff") || strings.Count(text.String(), "\ufeff") != 1 {
				w.t.Errorf("a file without a byte order mark: %.40q", text.String())
			}
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text.String(), "\ufeff"))).ReadAll()
			w.must(err)
			return p.Name, rows, pieces
		}
		cursor = p.Next
	}
}

func (u *user) export(b body) (url, ticket string) {
	u.w.t.Helper()
	link := into[struct {
		URL       string `json:"url"`
		ExpiresAt int64  `json:"expiresAt"`
	}](u.w.t, u.ok("POST", "/exports", b))
	if want := u.w.clock.Now().Add(10 * time.Minute).UnixMilli(); link.ExpiresAt != want {
		u.w.t.Errorf("expires at %d, want %d", link.ExpiresAt, want)
	}
	url, ticket, _ = strings.Cut(link.URL, "#")
	return url, ticket
}

// TestAPIExports covers every kind, whole and in the file's own words; names that a spreadsheet would run become text.
func TestAPIExports(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	names := []string{"=HYPERLINK(\"https://evil.example\")", "花子 🌸, \"quoted\"", "@sum", "-5"}
	for i := range 56 {
		names = append(names, fmt.Sprintf("Friend %02d", i))
	}
	users := w.connect(ann, names...)
	w.contact(customer, map[string]string{"firstname": "+cmd|' /C calc'!A0", "line_user_id": string(users[0])})
	w.run(ann, syncrun.Contacts)

	url, ticket := ann.export(body{"what": "friends", "filter": body{"slot": "1"}, "language": "ja"})
	if url != lumoHost+"/api/download?lang=ja" {
		t.Errorf("address %s", url)
	}
	name, rows, pieces := w.save(ticket)
	if !strings.HasPrefix(name, "lumo-friends-") || len(rows) != 61 || pieces < 2 || rows[0][2] != "LINE表示名" {
		t.Fatalf("%s: %d rows in %d pieces, %v", name, len(rows), pieces, rows[0])
	}
	seen := map[string][]string{}
	for _, r := range rows[1:] {
		seen[r[2]] = r
	}
	linked := seen["'"+names[0]]
	if linked == nil || seen["'@sum"] == nil || seen["-5"] == nil || seen[names[1]] == nil || linked[7] != "linked" || linked[12] != "'+cmd|' /C calc'!A0" {
		t.Errorf("rows %v", rows)
	}
	_, ticket = ann.export(body{"what": "friends", "filter": body{"slot": "1", "search": "花子"}})
	if _, rows, _ := w.save(ticket); len(rows) != 2 || rows[0][2] != "LINE display name" || rows[1][2] != names[1] {
		t.Errorf("a search %v", rows)
	}
	for what, least := range map[string]int{"changes": 2, "runs": 2, "failures": 1} {
		_, ticket := ann.export(body{"what": what})
		if _, rows, _ := w.save(ticket); len(rows) < least || !strings.HasSuffix(rows[0][0], ")") && what != "failures" {
			t.Errorf("%s: %v", what, rows)
		}
	}
	if r := ann.ok("GET", "/audit", nil); strings.Count(string(r.Raw), `"data_exported"`) != 5 {
		t.Errorf("audit %s", r.Raw)
	}
	ann.refused("POST", "/exports", `{"what":"secrets"}`, 200, "INVALID_INPUT")
	ann.refused("POST", "/exports", `{"what":"friends","filter":{"slot":"9"}}`, 200, "NO_SUCH_ACCOUNT")
	ann.refused("POST", "/exports", `{"what":"changes","filter":{"contact":"x"}}`, 200, "INVALID_INPUT")
}

// TestAPIExportBelongsToOnePortalForAShortTime: a ticket that was changed, is too old, or was written elsewhere opens nothing, and a
// cursor serves the export it came from.
func TestAPIExportBelongsToOnePortalForAShortTime(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, eve := w.install(customer), w.install(otherHub)
	eve.id, eve.email = 666, "eve@other.example"
	names := make([]string, 60)
	for i := range names {
		names[i] = fmt.Sprintf("Canary %02d", i)
	}
	w.connect(ann, names...)
	_, ticket := ann.export(body{"what": "friends", "filter": body{"slot": "1"}})
	_, runs := ann.export(body{"what": "runs"})
	_, first := w.fetch(ticket, "")
	cursor := into[pieceJSON](t, first).Next
	if cursor == "" {
		t.Fatal("one piece only")
	}

	payload, mark, _ := strings.Cut(ticket, ".")
	plain, err := base64.RawURLEncoding.DecodeString(payload)
	w.must(err)
	foreign := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"p":`+eve.portal.String(), `"p":`+ann.portal.String(), 1)))
	_, eves := eve.export(body{"what": "runs"})
	evesPayload, evesMark, _ := strings.Cut(eves, ".")
	for name, bad := range map[string]string{
		"nothing": "", "no mark": payload, "another's mark": payload + "." + evesMark, "another's payload": evesPayload + "." + mark, "changed": "A" + ticket[1:],
		"cut": ticket[:len(ticket)-3], "a portal put in": foreign + "." + evesMark, "rubbish": "%%%.%%%",
	} {
		if status, r := w.fetch(bad, ""); status != 401 || r.OK || r.Error.Code != "UNAUTHORIZED" || strings.Contains(string(r.Raw), "Canary") {
			t.Errorf("%s: %d %s", name, status, r.Raw)
		}
	}
	if _, r := w.fetch(runs, cursor); r.OK {
		t.Errorf("a cursor of another export: %s", r.Raw)
	}
	if _, r := w.fetch(eves, cursor); r.OK {
		t.Errorf("a cursor of another portal: %s", r.Raw)
	}
	w.clock.Advance(11 * time.Minute)
	if _, r := w.fetch(ticket, ""); r.OK || r.Error.Code != "EXPORT_EXPIRED" {
		t.Errorf("an old ticket: %s", r.Raw)
	}
	if _, r := w.fetch(ticket, cursor); !r.OK {
		t.Errorf("what was begun in time: %s", r.Raw)
	}
	w.clock.Advance(3 * time.Hour)
	if _, r := w.fetch(ticket, cursor); r.OK || r.Error.Code != "EXPORT_EXPIRED" {
		t.Errorf("hours later: %s", r.Raw)
	}
}

// TestAPIDownloadPage loads nothing from anywhere and runs no script but its own.
func TestAPIDownloadPage(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for lang, title := range map[string]string{"en": "Download from Lumo", "ja": "Lumoからダウンロード", "xx": "Download from Lumo"} {
		rec := httptest.NewRecorder()
		w.http.ServeHTTP(rec, httptest.NewRequest("GET", "/api/download?lang="+lang, nil))
		page, csp := rec.Body.String(), rec.Header().Get("Content-Security-Policy")
		if rec.Code != 200 || !strings.Contains(page, "<h1>"+title) || strings.Contains(page, "{{") || strings.Contains(page, "src=") {
			t.Errorf("%s: %d %s", lang, rec.Code, page)
		}
		if !strings.HasPrefix(csp, "default-src 'none'; connect-src 'self'; script-src 'sha256-") || rec.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", lang, rec.Header())
		}
	}
}
