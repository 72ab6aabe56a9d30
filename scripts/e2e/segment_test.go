package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
)

type estimated struct {
	State    string
	Problems []struct{ Code, Place string }
	Estimate *struct {
		Recipients, Linked, NotLinked, Blocked, NotFriends int
		MembersAsOf                                        int64
	}
}

// members of a list as HubSpot has them.
func (c *customer) members(l int64) []int64 {
	c.t.Helper()
	all, err := outside.HubSpot.Lists(c.Portal, true)
	c.must(err)
	i := slices.IndexFunc(all, func(x hubspotsandbox.ListInfo) bool { return x.ID == l })
	return all[i].Members
}

// tap opens an address as a phone does, and tells where it leads.
func (c *customer) tap(address string) string {
	c.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, http.NoBody)
	c.must(err)
	req.Header.Set("User-Agent", "Mozilla/5.0 (iPhone) Safari Line/15.12.1")
	res, err := browser.Do(req)
	c.must(err)
	res.Body.Close()
	return res.Header.Get("Location")
}

// From an active and a static HubSpot list to phones: a segment "in list A and not in list B and tag VIP" counts what a naive look at HubSpot's
// own records counts, a broadcast with a tracked link arrives on exactly those phones, a tap opens the target, and the contacts tell of it.
func TestASegmentOfHubSpotListsReachesExactlyThosePhones(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 30, Lists: 1, Friends: 12, Linked: 10})
	active, err := outside.HubSpot.CreateList(c.Portal, "contacts", "Zeldas", hubspotsandbox.PropertyFilter("firstname", "IS_EQUAL_TO", "Zelda"))
	c.must(err)
	static, err := outside.HubSpot.CreateList(c.Portal, "contacts", "Not these", nil)
	c.must(err)
	for _, p := range c.linked[:8] {
		c.edit(p, "firstname", "Zelda", hubspotsandbox.By{})
	}
	strangers := 0
	for _, r := range c.records() {
		if r.Value("line_user_id") == "" && strangers < 3 {
			c.edit(person{contact: r.ID}, "firstname", "Zelda", hubspotsandbox.By{})
			c.must(outside.HubSpot.AddMembers(c.Portal, static, r.ID))
			strangers++
		}
	}
	c.must(outside.HubSpot.AddMembers(c.Portal, static, c.linked[2].contact, c.linked[9].contact))
	var made struct{ Tag struct{ ID string } }
	c.api("POST", "/api/v1/tags", map[string]any{"slot": 1, "name": "VIP"}, &made)
	var users []string
	for _, p := range append(slices.Clone(c.linked[:6]), c.linked[8]) {
		users = append(users, p.user)
	}
	c.api("POST", "/api/v1/friends/tags", map[string]any{"slot": 1, "users": users, "add": []string{made.Tag.ID}}, nil)
	c.api("POST", "/api/v1/sync", map[string]string{"extent": "lists"}, nil)
	c.quiet(2 * within)

	list := func(op string, l int64) map[string]any {
		return map[string]any{"any": []any{map[string]any{"type": "list", "op": op, "ref": fmt.Sprint(l)}}}
	}
	vip := map[string]any{"any": []any{map[string]any{"type": "tag", "op": "has", "ref": made.Tag.ID}}}
	tree := map[string]any{"all": []any{list("in", active), list("not_in", static), vip}}
	var kept struct{ ID, State string }
	c.api("POST", "/api/v1/segments", map[string]any{"slot": 1, "name": "VIP Zeldas", "tree": tree}, &kept)

	// What HubSpot's own records say.
	in, out := c.members(active), c.members(static)
	var meant []person
	for _, p := range c.linked {
		if slices.Contains(in, p.contact) && !slices.Contains(out, p.contact) && strings.Contains(c.hubspot(p, "line_tags"), made.Tag.ID) {
			meant = append(meant, p)
		}
	}
	if len(meant) != 5 {
		t.Fatalf("%d contacts are meant: the test is wrong", len(meant))
	}
	var e estimated
	eventually(t, within, "the lists are read, and the estimate is what HubSpot's records say", func() string {
		c.api("POST", "/api/v1/segments/estimate", map[string]any{"slot": 1, "tree": tree}, &e)
		if e.Estimate == nil || e.Estimate.Recipients != len(meant) || e.Estimate.Linked != len(meant) || e.Estimate.Blocked != 0 {
			return fmt.Sprintf("%s %v %+v", e.State, e.Problems, e.Estimate)
		}
		return ""
	})

	c.api("PUT", "/api/v1/accounts/1/broadcasting", map[string]any{"tracking": true, "noWriteBack": false, "price": 0, "currency": ""}, nil)
	words := printed.secret("the text of a broadcast to a segment", "canary 4e2a: for Zelda")
	var cast struct {
		ID, Status  string
		MembersAsOf int64
	}
	c.api("POST", "/api/v1/broadcasts", map[string]any{
		"slot": 1, "name": "To Zelda", "tracking": "personal", "audience": map[string]string{"kind": "segment", "ref": kept.ID},
		"bubbles": []map[string]string{{"kind": "text", "text": words + " https://shop.example/zelda"}},
	}, &cast)
	at := "/api/v1/broadcasts/1/" + cast.ID
	before := time.Now()
	c.api("POST", at+"/confirm", map[string]string{"requestId": "confirm-zelda"}, nil)
	eventually(t, 2*within, "the broadcast", func() string {
		if c.api("GET", at, nil, &cast); cast.Status != "sent" {
			return "it is " + cast.Status
		}
		return ""
	})
	if cast.MembersAsOf < before.Add(-time.Second).UnixMilli() {
		t.Errorf("members as of %d, confirmed at %d: the lists were not read again", cast.MembersAsOf, before.UnixMilli())
	}
	for _, p := range c.linked {
		want := 0
		if slices.Contains(meant, p) {
			want = 1
		}
		if text, n := c.lastWords(p); n != want || want == 1 && !strings.HasPrefix(text, words) {
			t.Errorf("a phone shows %d messages instead of %d", n, want)
		}
	}
	text, _ := c.lastWords(meant[0])
	if to := c.tap(trackedLink.FindString(text)); to != "https://shop.example/zelda" {
		t.Errorf("the tap leads to %q", to)
	}
	eventually(t, time.Minute, "the contacts tell of the broadcast and the tap", func() string {
		for i, p := range meant {
			if got := c.hubspot(p, "last_line_broadcast_name"); got != "To Zelda" || c.hubspot(p, "last_line_broadcast_date") == "" {
				return fmt.Sprintf("the last broadcast is %q", got)
			}
			if tapped := c.hubspot(p, "last_line_click_date") != "" && c.hubspot(p, "last_line_open_date") != ""; tapped != (i == 0) {
				return fmt.Sprintf("tapped: %v", tapped)
			}
		}
		return ""
	})
}
