package hubspotsandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones on machines without a database
)

// User is a person of a portal; every user is an owner too.
type User struct {
	ID      int64  `json:"id"`
	OwnerID int64  `json:"ownerId"`
	Email   string `json:"email"`
	First   string `json:"firstName"`
	Last    string `json:"lastName"`
}

func defaultUsers(portal int64) []User {
	at := func(name string) string { return fmt.Sprintf("%s@portal-%d.example.com", name, portal) }
	return []User{{1, 9001, at("aiko"), "Aiko", "Tanaka"}, {2, 9002, at("ben"), "Ben", "Carter"}, {3, 9003, at("mei"), "美", "佐藤"}}
}

func (p *portal) email(user int64) string {
	for _, u := range p.Users {
		if u.ID == user {
			return u.Email
		}
	}
	return ""
}

var accountRoutes = []route{
	{pattern: "GET /account-info/{v}/details", scopes: []string{"oauth"}, handle: (*Server).accountInfo},
	{pattern: "GET /crm/owners/{v}", scopes: []string{"crm.objects.owners.read"}, handle: (*Server).owners},
	{pattern: "GET /crm/owners/{v}/{id}", scopes: []string{"crm.objects.owners.read"}, handle: (*Server).owner},
}

func (s *Server) uiDomain() string {
	if u, err := url.Parse(s.cfg.PublicURL); err == nil && u.Host != "" {
		return u.Host
	}
	return "app.hubspot.com"
}

func (s *Server) accountInfo(c *call) reply {
	p := c.portal
	zone, err := time.LoadLocation(p.Options.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	_, off := time.UnixMilli(c.now).In(zone).Zone()
	return reply{status: 200, body: map[string]any{"portalId": p.ID, "accountType": p.Options.AccountType, "timeZone": p.Options.TimeZone,
		"utcOffset": fmt.Sprintf("%+03d:%02d", off/3600, abs(off)%3600/60), "utcOffsetMilliseconds": off * 1000, "uiDomain": s.uiDomain(),
		"dataHostingLocation": "na1", "companyCurrency": p.Options.Currency, "additionalCurrencies": []string{}}}
}

func abs(n int) int { return max(n, -n) }

func (p *portal) ownerBody(u User) map[string]any {
	return map[string]any{"id": strconv.FormatInt(u.OwnerID, 10), "type": "PERSON", "email": u.Email, "firstName": u.First, "lastName": u.Last,
		"userId": u.ID, "userIdIncludingInactive": u.ID, "createdAt": iso(p.Created), "updatedAt": iso(p.Created), "archived": false, "teams": []any{}}
}

func (s *Server) owners(c *call) reply {
	q := c.r.URL.Query()
	limit, bad := c.limit(100, 500)
	if bad != nil {
		return *bad
	}
	users := slices.Clone(c.portal.Users)
	slices.SortFunc(users, func(a, b User) int { return int(a.OwnerID - b.OwnerID) })
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	results, more := []any{}, int64(0)
	for _, u := range users {
		if q.Get("archived") == "true" || u.OwnerID <= after || q.Get("email") != "" && !strings.EqualFold(q.Get("email"), u.Email) {
			continue
		}
		if len(results) == limit {
			more = u.OwnerID - 1
			break
		}
		results = append(results, c.portal.ownerBody(u))
	}
	out := map[string]any{"results": results}
	if more != 0 {
		out["paging"] = nextPage(strconv.FormatInt(more, 10), "")
	}
	return reply{status: 200, body: out}
}

func (s *Server) owner(c *call) reply {
	for _, u := range c.portal.Users {
		id := u.OwnerID
		if c.r.URL.Query().Get("idProperty") == "userId" {
			id = u.ID
		}
		if strconv.FormatInt(id, 10) == c.path("id") {
			return reply{status: 200, body: c.portal.ownerBody(u)}
		}
	}
	return c.notFound()
}

func nextPage(after, link string) map[string]any {
	next := map[string]any{"after": after}
	if link != "" {
		next["link"] = link
	}
	return map[string]any{"next": next}
}

// limit reads ?limit; too large a page is an error.
func (c *call) limit(def, most int) (int, *reply) {
	v := c.r.URL.Query().Get("limit")
	if v == "" {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		r := c.fail(400, "VALIDATION_ERROR", fmt.Sprintf("limit must be a number from 1 to %d", most))
		return 0, &r
	}
	return n, nil
}

// names reads a repeated or comma separated parameter.
func (c *call) names(key string) []string {
	var out []string
	for _, v := range c.r.URL.Query()[key] {
		for _, n := range strings.Split(v, ",") {
			if n = strings.TrimSpace(n); n != "" {
				out = append(out, n)
			}
		}
	}
	return out
}
