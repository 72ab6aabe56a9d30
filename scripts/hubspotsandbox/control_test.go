package hubspotsandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func (b *bench) control(method, path, body string) answer {
	b.t.Helper()
	req, err := http.NewRequest(method, "http://hubspot.test/_sandbox"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

func TestControlByHTTP(t *testing.T) {
	b := newBench(t)
	b.want(200, b.control("PUT", "/portals/1003", `{"name":"Third"}`))
	a := b.want(200, b.control("POST", "/portals/1003/seed", `{"contacts":3,"companies":1,"property":"line_user_id","values":["U1"]}`))
	if len(a.at("contacts").([]any)) != 3 {
		t.Error(a.text)
	}
	tok := b.want(200, b.control("POST", "/portals/1003/install", "")).at("accessToken").(string)
	b.want(200, b.callAs(tok, "GET", contactsPath, nil))
	b.want(200, b.control("PATCH", "/portals/1003/records/contacts/501", `{"values":{"firstname":"X"},"by":{"userId":2}}`))
	if a = b.want(400, b.control("PATCH", "/portals/1003/records/contacts/501", `{"values":{"nosuch":"X"}}`)); !strings.Contains(a.text, "does not exist") {
		t.Error(a.text)
	}
	a = b.want(200, b.control("GET", "/portals/1003/records/contacts/501", ""))
	if a.at("values.firstname") != "X" || a.at("history.firstname.0.sourceId") != "userId:2" || a.at("values.line_user_id") != "U1" {
		t.Error(a.text)
	}
	b.want(404, b.control("GET", "/portals/1003/records/contacts/1", ""))
	b.want(200, b.control("PUT", "/portals/1003/companies-of/501/701?primary=true", ""))
	b.want(200, b.control("POST", "/portals/1003/records/contacts/bulk", `{"ids":[501,502],"values":{"city":"Tokyo"}}`))
	b.want(200, b.control("POST", "/portals/1003/records/contacts/merge", `{"primary":501,"other":502}`))
	list := b.want(200, b.control("POST", "/portals/1003/lists", `{"name":"L"}`)).at("id")
	if list != 11.0 {
		t.Error(list)
	}
	b.want(200, b.control("POST", "/portals/1003/lists/11/add", `{"ids":[503]}`))
	b.want(200, b.control("POST", "/faults", `{"kind":"status","status":500,"portal":1003,"count":1}`))
	b.want(500, b.callAs(tok, "GET", contactsPath, nil))
	b.want(200, b.callAs(tok, "PATCH", contactsPath+"/503", props("firstname", "By app")))
	a = b.control("GET", "/writes?portal=1003", "")
	if !strings.Contains(a.text, `"changed":["firstname"]`) || !strings.Contains(a.text, "By app") {
		t.Error(a.text)
	}
	a = b.want(200, b.control("GET", "/stats?portal=1003", ""))
	if a.at("peak10s") != 3.0 || a.at("statuses.500") != 1.0 {
		t.Error(a.text)
	}
	for _, x := range [][2]string{{"/webhooks", `{"shuffle":true}`}, {"/clock", `{"skewMs":5}`}, {"/latency", `{"millis":1}`}, {"/journal", `{"journalDelayMs":5}`}, {"/oauth", `{"rotateRefreshTokens":true}`},
		{"/portals/1003/rules", `[{"object":"contacts","property":"phone","onCreate":true}]`}, {"/portals/1003/search", `{"minLagMs":1,"maxLagMs":2}`}, {"/portals/1003/limits", `{"general":5,"search":1}`}} {
		b.want(200, b.control("PUT", x[0], x[1]))
	}
	b.want(400, b.control("PUT", "/clock", `{"skew":5}`))
	b.want(200, b.control("POST", "/portals/1003/uninstall", ""))
	b.want(401, b.callAs(tok, "GET", contactsPath, nil))
	b.want(200, b.control("POST", "/reset", ""))
	if len(b.s.Portals()) != 0 {
		t.Error("reset left something")
	}
}

func TestPagesForPeople(t *testing.T) {
	b := newBench(t)
	if _, _, err := b.s.Seed(portalA, SeedOptions{Contacts: 60, Companies: 2}); err != nil {
		t.Fatal(err)
	}
	submit := func(path string, pairs ...string) *url.URL {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		u, err := url.Parse(b.want(303, b.post(path, v)).header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	to := submit("/ui/1001/contacts/new", "p:firstname", "<b>Eve</b>", "p:email", "eve@example.com")
	page := b.want(200, b.get(to.Path))
	if strings.Contains(page.text, "<b>Eve") || !strings.Contains(page.text, "&lt;b&gt;Eve") {
		t.Error("values must be escaped")
	}
	submit(to.Path+"/edit", "p:firstname", "Eva", "o:firstname", "<b>Eve</b>", "p:email", "eve@example.com", "o:email", "eve@example.com", "name", "jobtitle", "value", "Boss")
	submit(to.Path+"/company", "company", "701", "do", "primary")
	page = b.want(200, b.get(to.Path))
	for _, want := range []string{"Eva", "Boss", "userId:1", "primary"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the record page lacks %q", want)
		}
	}
	if bad := submit(to.Path+"/edit", "p:email", "no address", "o:email", ""); bad.Query().Get("flash") == "" {
		t.Error("a refused edit must say so")
	}
	merged := submit("/ui/1001/contacts/merge", "id", "501", "id", "502")
	if !strings.HasSuffix(merged.Path, "/562") {
		t.Error(merged)
	}
	submit("/ui/1001/lists/new", "name", "Bosses", "object", "contacts", "property", "jobtitle", "value", "Boss")
	submit("/ui/1001/lists/new", "name", "By hand", "object", "contacts")
	submit("/ui/1001/lists/12/do", "do", "add", "ids", "503, 504")
	submit(to.Path+"/do", "do", "delete")
	submit(to.Path+"/do", "do", "restore")
	b.clock.Advance(1_000_000_000)
	for _, path := range []string{"/ui", "/ui/1001/contacts?q=person", "/ui/1001/companies", "/ui/1001/lists", "/ui/1001/lists/11", "/ui/1001/lists/12", "/ui/1001/app", "/ui/log", "/ui/log?portal=1001", "/contacts/1001/record/0-2/701", "/ui/style.css"} {
		b.want(200, b.get(path))
	}
	for _, path := range []string{"/ui/9/contacts", "/contacts/1001/record/0-1/1", "/ui/1001/lists/99", "/ui/1001/nothing"} {
		b.want(404, b.get(path))
	}
	submit("/ui/1001/uninstall")
	if _, in := b.s.Installed(portalA); in {
		t.Error("still installed")
	}
	if u := submit("/ui/user", "user", "2", "back", "//evil.test"); u.Host != "" {
		t.Error("open redirect")
	}
}
