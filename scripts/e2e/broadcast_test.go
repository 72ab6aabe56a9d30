package e2e_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
)

var trackedLink = regexp.MustCompile(`http://[^\s"]+/l/[^\s"]+`)

// lastWords is the newest message of the account on the friend's phone, and how many there are.
func (c *customer) lastWords(p person) (string, int) {
	c.t.Helper()
	log, err := outside.Line.ChatLog(c.account.ID, p.user)
	c.must(err)
	last, n := "", 0
	for _, e := range log {
		if e.From == "account" {
			last, n = e.Text, n+1
		}
	}
	return last, n
}

// Somebody broadcasts to the friends with a tag: exactly those phones show it, once; a tap opens the target; and the contact tells of all of it.
func TestABroadcastReachesExactlyThosePhones(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 8, Lists: 1, Friends: 6, Linked: 5})
	var made struct{ Tag struct{ ID string } }
	c.api("POST", "/api/v1/tags", map[string]any{"slot": 1, "name": "VIP"}, &made)
	chosen, others := c.linked[:3], c.linked[3:]
	var users []string
	for _, p := range chosen {
		users = append(users, p.user)
	}
	c.api("POST", "/api/v1/friends/tags", map[string]any{"slot": 1, "users": users, "add": []string{made.Tag.ID}}, nil)
	c.api("PUT", "/api/v1/accounts/1/broadcasting", map[string]any{"tracking": true, "noWriteBack": false, "price": 0, "currency": ""}, nil)

	words := printed.secret("the text of a broadcast", "canary 7b1c: autumn is here")
	var cast struct{ ID, Status string }
	c.api("POST", "/api/v1/broadcasts", map[string]any{
		"slot": 1, "name": "Autumn", "tracking": "personal", "audience": map[string]string{"kind": "tag", "ref": made.Tag.ID},
		"bubbles": []map[string]string{{"kind": "text", "text": words + " https://shop.example/autumn"}},
	}, &cast)
	at := "/api/v1/broadcasts/1/" + cast.ID
	c.api("POST", at+"/confirm", map[string]string{"requestId": "confirm-autumn"}, nil)
	eventually(t, 2*within, "the broadcast", func() string {
		if c.api("GET", at, nil, &cast); cast.Status != "sent" {
			return "it is " + cast.Status
		}
		return ""
	})
	for _, p := range chosen {
		if text, n := c.lastWords(p); n != 1 || !strings.HasPrefix(text, words) {
			t.Errorf("a phone shows %d messages, the last %q", n, text)
		}
	}
	for _, p := range others {
		if _, n := c.lastWords(p); n != 0 {
			t.Errorf("a phone that was not meant shows %d messages", n)
		}
	}

	text, _ := c.lastWords(chosen[0])
	link := trackedLink.FindString(text)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for address, want := range map[string]int{link: http.StatusFound, link + "x": http.StatusNotFound} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		c.must(err)
		req.Header.Set("User-Agent", "Mozilla/5.0 (iPhone) Safari Line/15.12.1")
		res, err := browser.Do(req)
		c.must(err)
		res.Body.Close()
		if to := res.Header.Get("Location"); res.StatusCode != want || want == http.StatusFound && to != "https://shop.example/autumn" {
			t.Errorf("%s answered %d %s", address, res.StatusCode, to)
		}
	}
	eventually(t, time.Minute, "the contact tells of the broadcast and the tap", func() string {
		if got := c.hubspot(chosen[0], "last_line_broadcast_name"); got != "Autumn" {
			return fmt.Sprintf("the last broadcast is %q", got)
		}
		for _, name := range []string{"last_line_broadcast_date", "last_line_open_date", "last_line_click_date"} {
			if c.hubspot(chosen[0], name) == "" {
				return name + " is empty"
			}
		}
		return ""
	})
	var results struct{ Opened, Clicked int }
	if c.api("GET", at+"/results", nil, &results); results.Opened != 1 || results.Clicked != 1 {
		t.Errorf("results %+v", results)
	}
}
