package hubspotsandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var (
	readJournal = []string{"developer.webhooks_journal.read"}
	readSubs    = []string{"developer.webhooks_journal.subscriptions.read"}
	writeSubs   = []string{"developer.webhooks_journal.subscriptions.write"}
)

var journalRoutes = slices.Concat(journalReads("journal"), journalReads("journal-local"), []route{
	{pattern: "GET /webhooks-journal/subscriptions/{v}", auth: appToken, scopes: readSubs, handle: (*Server).listSubs},
	{pattern: "POST /webhooks-journal/subscriptions/{v}", auth: appToken, scopes: writeSubs, handle: (*Server).putSub},
	{pattern: "GET /webhooks-journal/subscriptions/{v}/{id}", auth: appToken, scopes: readSubs, handle: (*Server).getSub},
	{pattern: "DELETE /webhooks-journal/subscriptions/{v}/{id}", auth: appToken, scopes: writeSubs, handle: (*Server).deleteSub},
	{pattern: "DELETE /webhooks-journal/subscriptions/{v}/portals/{portal}", auth: appToken, scopes: writeSubs, handle: (*Server).deletePortalSubs},
	{pattern: "POST /webhooks-journal/subscriptions/{v}/filters", auth: appToken, scopes: writeSubs, handle: (*Server).addFilter},
	{pattern: "GET /webhooks-journal/subscriptions/{v}/filters/{id}", auth: appToken, scopes: readSubs, handle: (*Server).getFilter},
	{pattern: "GET /webhooks-journal/subscriptions/{v}/filters/subscription/{id}", auth: appToken, scopes: readSubs, handle: (*Server).listFilters},
	{pattern: "DELETE /webhooks-journal/subscriptions/{v}/filters/{id}", auth: appToken, scopes: writeSubs, handle: (*Server).deleteFilter},
})

func journalReads(name string) []route {
	base := "GET /webhooks-journal/" + name + "/{v}"
	return []route{
		{pattern: base + "/earliest", auth: appToken, scopes: readJournal, handle: func(s *Server, c *call) reply { return s.journalOne(c, s.earliest()) }},
		{pattern: base + "/latest", auth: appToken, scopes: readJournal, handle: func(s *Server, c *call) reply { return s.journalOne(c, s.latest()) }},
		{pattern: base + "/offset/{offset}/next", auth: appToken, scopes: readJournal, handle: (*Server).journalNext},
		{pattern: base + "/batch/earliest/{n}", auth: appToken, scopes: readJournal, handle: func(s *Server, c *call) reply { return s.journalMany(c, s.earliest()) }},
		{pattern: base + "/batch/latest/{n}", auth: appToken, scopes: readJournal, handle: func(s *Server, c *call) reply { return s.journalMany(c, s.latest()) }},
		{pattern: base + "/batch/{offset}/next/{n}", auth: appToken, scopes: readJournal, handle: (*Server).journalNextMany},
		{pattern: strings.Replace(base, "GET", "POST", 1) + "/batch/read", auth: appToken, scopes: readJournal, handle: (*Server).journalRead},
	}
}

// visible are the files that hold anything of the asked portal (0 = any).
func (s *Server) visible(c *call) ([]*journalPage, int64) {
	s.publish()
	portal, _ := strconv.ParseInt(c.r.URL.Query().Get("installPortalId"), 10, 64)
	if portal == 0 {
		return s.journal.Files, 0
	}
	var out []*journalPage
	for _, f := range s.journal.Files {
		if slices.ContainsFunc(f.Events, func(e journalEvent) bool { return e.PortalID == portal }) {
			out = append(out, f)
		}
	}
	return out, portal
}

type picker func([]*journalPage, int) []*journalPage

func (s *Server) earliest() picker {
	return func(f []*journalPage, n int) []*journalPage { return f[:min(n, len(f))] }
}

func (s *Server) latest() picker {
	return func(f []*journalPage, n int) []*journalPage { return f[max(0, len(f)-n):] }
}

func (s *Server) fetched(f *journalPage, portal int64) map[string]any {
	expires := s.now().Add(fileLinkLife).UnixMilli()
	link := fmt.Sprintf("%s/_journal-files/%s?portal=%d&expires=%d", s.cfg.PublicURL, f.Offset, portal, expires)
	return map[string]any{"currentOffset": f.Offset, "expiresAt": iso(expires), "url": link + "&signature=" + s.fileSignature(f.Offset, portal, expires)}
}

func (s *Server) fileSignature(offset string, portal, expires int64) string {
	mac := hmac.New(sha256.New, []byte("journal file "+strconv.FormatUint(s.cfg.Seed, 10)))
	fmt.Fprintf(mac, "%s %d %d", offset, portal, expires)
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *Server) journalOne(c *call, pick picker) reply {
	files, portal := s.visible(c)
	if got := pick(files, 1); len(got) > 0 {
		return reply{status: 200, body: s.fetched(got[0], portal)}
	}
	return reply{status: 204}
}

func (s *Server) journalMany(c *call, pick picker) reply {
	n, err := strconv.Atoi(c.path("n"))
	if err != nil || n < 1 {
		return c.fail(400, "VALIDATION_ERROR", "count must be a positive number")
	}
	files, portal := s.visible(c)
	got := pick(files, min(n, 100))
	if len(got) == 0 {
		return reply{status: 204}
	}
	results := []any{}
	for _, f := range got {
		results = append(results, s.fetched(f, portal))
	}
	return reply{status: 200, body: map[string]any{"status": "COMPLETE", "results": results, "startedAt": iso(c.now), "completedAt": iso(c.now)}}
}

// after returns the files behind an offset; false when the offset is unknown or older than what is kept.
func (s *Server) after(c *call) (picker, bool) {
	s.publish()
	for _, f := range s.journal.Files {
		if f.Offset != c.path("offset") {
			continue
		}
		return func(files []*journalPage, n int) []*journalPage {
			var out []*journalPage
			past := false
			for _, x := range s.journal.Files {
				if past && len(out) < n && slices.Contains(files, x) {
					out = append(out, x)
				}
				past = past || x == f
			}
			return out
		}, true
	}
	return nil, false
}

func (s *Server) journalNext(c *call) reply {
	pick, ok := s.after(c)
	if !ok {
		return c.fail(404, "OBJECT_NOT_FOUND", "The offset does not exist or is older than 3 days")
	}
	return s.journalOne(c, pick)
}

func (s *Server) journalNextMany(c *call) reply {
	pick, ok := s.after(c)
	if !ok {
		return c.fail(404, "OBJECT_NOT_FOUND", "The offset does not exist or is older than 3 days")
	}
	return s.journalMany(c, pick)
}

func (s *Server) journalRead(c *call) reply {
	var in struct {
		Inputs []string `json:"inputs"`
	}
	if bad := c.decode(&in); bad != nil {
		return *bad
	}
	files, portal := s.visible(c)
	var out batchOut
	for _, f := range files {
		if slices.Contains(in.Inputs, f.Offset) {
			b, err := json.Marshal(s.fetched(f, portal))
			if err != nil {
				return c.fail(500, "INTERNAL", "cannot encode")
			}
			out.results = append(out.results, b)
		}
	}
	var missing []string
	for _, x := range in.Inputs {
		if !slices.ContainsFunc(files, func(f *journalPage) bool { return f.Offset == x }) {
			missing = append(missing, x)
		}
	}
	if len(missing) > 0 {
		out.errors = append(out.errors, newBatchError("OBJECT_NOT_FOUND", "Some offsets do not exist", map[string][]string{"ids": missing}, nil))
	}
	return out.reply(c, 200)
}

// journalFileHandler serves the presigned links: no token, but a signature and an end.
func (s *Server) journalFileHandler(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	q := r.URL.Query()
	offset := r.PathValue("offset")
	portal, _ := strconv.ParseInt(q.Get("portal"), 10, 64)
	expires, _ := strconv.ParseInt(q.Get("expires"), 10, 64)
	i := slices.IndexFunc(s.journal.Files, func(f *journalPage) bool { return f.Offset == offset })
	good := hmac.Equal([]byte(s.fileSignature(offset, portal, expires)), []byte(q.Get("signature"))) && expires > s.now().UnixMilli()
	var f journalPage
	if i >= 0 {
		f = *s.journal.Files[i]
	}
	s.appStats.count("GET journal file", 200)
	s.mu.Unlock()
	if !good || i < 0 {
		http.Error(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", http.StatusForbidden)
		return
	}
	events := f.Events
	if portal != 0 {
		events = slices.DeleteFunc(slices.Clone(events), func(e journalEvent) bool { return e.PortalID != portal })
	}
	write(w, reply{status: 200, body: map[string]any{"offset": f.Offset, "journalEvents": events, "publishedAt": iso(f.Published)}})
}
