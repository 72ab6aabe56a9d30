package e2e_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

// knock sends a request as it is and returns status and body.
func knock(t *testing.T, method, path string, body []byte, headers map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, outside.Front+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func stamp(age time.Duration) string { return strconv.FormatInt(time.Now().Add(-age).UnixMilli(), 10) }

func signed(secret, path string, body []byte, at string) map[string]string {
	return hubspotsandbox.Sign(secret, http.MethodPost, outside.Front+path, body, at)
}

// a door is a request that must be refused, or accepted without any effect.
type door struct {
	name    string
	method  string
	path    string
	body    []byte
	headers map[string]string
	status  int
}

func TestClosedDoors(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 8, Lists: 1, Friends: 8, Linked: 6})
	c.mapProperty("phone")
	c.afterWindow()
	before := c.everything()
	for _, d := range append(append(c.hubspotDoors(), c.lineDoors()...), c.apiDoors()...) {
		status, body := knock(t, d.method, d.path, d.body, d.headers)
		if status != d.status {
			t.Errorf("%s: %d %.200s, want %d", d.name, status, body, d.status)
		}
		if status/100 != 2 && !json.Valid([]byte(body)) {
			t.Errorf("%s: the refusal is no JSON: %.200s", d.name, body)
		}
		if strings.Contains(body, "panic") || strings.Contains(body, ".go:") || strings.Contains(body, outside.Secret) {
			t.Errorf("%s: the refusal tells too much: %.300s", d.name, body)
		}
	}
	c.idle()
	after := c.everything()
	for i := range max(len(after), len(before)) {
		if i >= len(after) || i >= len(before) || after[i] != before[i] {
			t.Fatalf("something changed: %s\nbefore: %s", after[min(i, len(after)-1)], before[min(i, len(before)-1)])
		}
	}
}

// idle waits until the queues hold nothing of this customer, so that whatever was accepted had its effect. Other customers' tests go on beside.
// Alarms for later do not count.
func (c *customer) idle() {
	c.t.Helper()
	own := regexp.MustCompile(fmt.Sprintf(`\b(%d|%s)\b`, c.Portal, c.account.Bot))
	eventually(c.t, within, "queues without the customer", func() string {
		for _, q := range cloud.Holding(own) {
			if !strings.Contains(q, "Wakeups") {
				return q
			}
		}
		return ""
	})
}

// everything is what both sides show of this customer. How exactly Lumo knows the time of a value may change by looking.
func (c *customer) everything() (out []string) {
	c.t.Helper()
	for _, r := range c.records() {
		b, err := json.Marshal(r.Values)
		if err != nil {
			c.t.Fatal(err)
		}
		out = append(out, fmt.Sprint(r.ID, string(b)))
	}
	for _, p := range c.linked {
		var f struct {
			Name, Picture, Follow string
			Link                  json.RawMessage
			Failed, Pending       bool
			LastMessageAt         *int64
			Fields                []struct{ Property, Value string }
		}
		c.api("GET", "/api/v1/friends/1/"+p.user, nil, &f)
		out = append(out, fmt.Sprintf("%+v", f))
	}
	for _, path := range []string{"/api/v1/mappings", "/api/v1/failures", "/api/v1/accounts", "/api/v1/settings", "/api/v1/friends"} {
		var b json.RawMessage
		c.api("GET", path, nil, &b)
		out = append(out, string(b))
	}
	return append(out, fmt.Sprint(c.changes(), " changes, ", len(c.updates(0)), " updates"))
}

func (c *customer) event(kind, property string) []byte {
	b, err := json.Marshal([]map[string]any{{
		"eventId": 1, "subscriptionId": 2, "portalId": c.Portal, "appId": c.AppID, "occurredAt": time.Now().UnixMilli(), "subscriptionType": kind,
		"attemptNumber": 0, "objectId": c.linked[0].contact, "objectTypeId": "0-1", "propertyName": property,
		"propertyValue": printed.secret("a value in a HubSpot event", "canary-event-41d0"),
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c *customer) hubspotDoors() []door {
	const path = "/hubspot/webhooks"
	good := c.event("object.propertyChange", "phone")
	fresh := stamp(0)
	large := append(bytes.Repeat([]byte(" "), 10<<20), good...)
	broken := bytes.Replace(good, []byte("canary-event"), []byte("canary-event\xff\xfe"), 1)
	stripped := signed(outside.Secret, path, good, fresh)
	delete(stripped, "X-HubSpot-Request-Timestamp")
	all := []door{
		{"no signature", "POST", path, good, nil, 401},
		{"another secret", "POST", path, good, signed("another secret", path, good, fresh), 401},
		{"another body", "POST", path, append(bytes.Clone(good), ' '), signed(outside.Secret, path, good, fresh), 401},
		{"another address", "POST", path, good, signed(outside.Secret, "/line/webhooks/x", good, fresh), 401},
		{"too old", "POST", path, good, signed(outside.Secret, path, good, stamp(6*time.Minute)), 401},
		{"from the future", "POST", path, good, signed(outside.Secret, path, good, stamp(-6*time.Minute)), 401},
		{"no timestamp", "POST", path, good, stripped, 401},
		{"10 MB", "POST", path, large, signed(outside.Secret, path, large, fresh), 413},
		{"10 MB unsigned", "POST", path, large, nil, 413},
		{"no JSON", "POST", path, []byte("{"), signed(outside.Secret, path, []byte("{"), fresh), 400},
		{"invalid UTF-8", "POST", path, broken, signed(outside.Secret, path, broken, fresh), 200}, // what can be read of it counts
		{"no such method", "GET", path, nil, nil, 404},
	}
	for _, kind := range []string{"object.teleport", "deal.propertyChange", "contact.propertyChange.extra", "", "object.propertyChange.phone\u0000"} {
		body := c.event(kind, "phone")
		all = append(all, door{"unknown type " + strconv.Quote(kind), "POST", path, body, signed(outside.Secret, path, body, fresh), 200})
	}
	for range 3 { // the same request again and again: the contact is read, nothing changes
		all = append(all, door{"replay", "POST", path, good, signed(outside.Secret, path, good, fresh), 200})
	}
	return all
}

func (c *customer) lineDoors() []door {
	path := "/line/webhooks/" + c.account.Bot
	canary := printed.secret("a text in a LINE event", "canary-line-77aa")
	body := func(kind, user string) []byte {
		return fmt.Appendf(nil, `{"destination":%q,"events":[{"type":%q,"webhookEventId":"01HZ%d","timestamp":%d,"mode":"active","source":{"type":"user","userId":%q},"deliveryContext":{"isRedelivery":false},"message":{"id":"1","type":"text","text":%q}}]}`,
			c.account.Bot, kind, time.Now().UnixNano(), time.Now().UnixMilli(), user, canary)
	}
	sign := func(secret string, b []byte) map[string]string {
		return map[string]string{"X-Line-Signature": linesandbox.Sign(secret, b)}
	}
	good := body("unfollow", c.linked[0].user)
	large := append(bytes.Repeat([]byte(" "), 10<<20), good...)
	broken := append(bytes.Clone(good[:len(good)-1]), "\xff}"...)
	elsewhere := bytes.Replace(good, []byte(c.account.Bot), []byte("U00000000000000000000000000000000"), 1)
	all := []door{
		{"LINE: no signature", "POST", path, good, nil, 401},
		{"LINE: another secret", "POST", path, good, sign("0123456789abcdef0123456789abcdef", good), 401},
		{"LINE: another body", "POST", path, append(bytes.Clone(good), ' '), sign(c.account.Secret, good), 401},
		{"LINE: unknown account", "POST", "/line/webhooks/U00000000000000000000000000000000", good, sign(c.account.Secret, good), 404},
		{"LINE: no account", "POST", "/line/webhooks/..%2f..", good, sign(c.account.Secret, good), 404},
		{"LINE: for another account", "POST", path, elsewhere, sign(c.account.Secret, elsewhere), 400},
		{"LINE: 10 MB", "POST", path, large, sign(c.account.Secret, large), 413},
		{"LINE: no JSON", "POST", path, []byte(`{"events":`), sign(c.account.Secret, []byte(`{"events":`)), 400},
		{"LINE: invalid UTF-8", "POST", path, broken, sign(c.account.Secret, broken), 400},
	}
	for _, b := range [][]byte{body("teleport", c.linked[0].user), body("unfollow", "nobody"), []byte(`{"events":[{}]}`), []byte(`{"events":[null,7,"x",{"type":{}}]}`), []byte(`{"destination":"` + c.account.Bot + `","events":[]}`)} {
		all = append(all, door{fmt.Sprintf("LINE: strange event %.60s", b), "POST", path, b, sign(c.account.Secret, b), 200})
	}
	return all
}

func (c *customer) apiDoors() []door {
	path := "/api/v1/friends/1/" + c.linked[0].user + "/fields"
	body := []byte(`{"values":{"phone":"` + printed.secret("a value in a refused edit", "+81355550199") + `"}}`)
	who := func(portal, app any) string {
		return "?" + query("userId", "71", "portalId", fmt.Sprint(portal), "userEmail", "x@example.com", "appId", fmt.Sprint(app))
	}
	sign := func(secret, path string, body []byte, at string) map[string]string {
		mac := hmac.New(sha256.New, []byte(secret))
		io.WriteString(mac, http.MethodPatch+outside.Front+path)
		mac.Write(body)
		io.WriteString(mac, at)
		return map[string]string{"X-HubSpot-Signature-v3": base64.StdEncoding.EncodeToString(mac.Sum(nil)), "X-HubSpot-Request-Timestamp": at}
	}
	refused := func(name, path string, body []byte, headers map[string]string, status int) door {
		return door{"API: " + name, http.MethodPatch, path, body, headers, status}
	}
	mine := path + who(c.Portal, c.AppID)
	twice := mine + "&portalId=1"
	upper := mine + "&PORTALID=1"
	broken := []byte("{\"values\":{\"phone\":\"\xff\xfe\"}}")
	large := append(bytes.Repeat([]byte(" "), 10<<20), body...)
	medium := append(bytes.Repeat([]byte(" "), 2<<20), body...)
	now := stamp(0)
	v1 := hubspotsandbox.Sign(outside.Secret, http.MethodPatch, outside.Front+mine, body, now)
	delete(v1, "X-HubSpot-Signature-v3")
	return []door{
		refused("no signature", mine, body, nil, 401),
		refused("another secret", mine, body, sign("x", mine, body, now), 401),
		refused("an old form of signature", mine, body, v1, 401),
		refused("another body", mine, append(bytes.Clone(body), ' '), sign(outside.Secret, mine, body, now), 401),
		refused("another portal than was signed", path+who(c.Portal+1, c.AppID), body, sign(outside.Secret, mine, body, now), 401),
		refused("too old", mine, body, sign(outside.Secret, mine, body, stamp(6*time.Minute)), 401),
		refused("another app", path+who(c.Portal, 1), body, sign(outside.Secret, path+who(c.Portal, 1), body, now), 401),
		refused("a portal without Lumo", path+who(987654, c.AppID), body, sign(outside.Secret, path+who(987654, c.AppID), body, now), 401),
		refused("two portals", twice, body, sign(outside.Secret, twice, body, now), 401),
		refused("two portals in other letters", upper, body, sign(outside.Secret, upper, body, now), 401),
		refused("no caller", path, body, sign(outside.Secret, path, body, now), 401),
		refused("2 MB", mine, medium, sign(outside.Secret, mine, medium, now), 413),
		refused("10 MB", mine, large, sign(outside.Secret, mine, large, now), 413),
		refused("invalid UTF-8", mine, broken, sign(outside.Secret, mine, broken, now), 200), // {"ok":false}: hubspot.fetch hides other statuses
		refused("no such route", "/api/v1/nothing"+who(c.Portal, c.AppID), body, sign(outside.Secret, "/api/v1/nothing"+who(c.Portal, c.AppID), body, now), 404),
	}
}

// Two customers with the same record ids: nobody sees or changes what is the other's.
func TestTwoPortalsNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	size := demo.Size{Contacts: 8, Lists: 1, Friends: 7, Linked: 5}
	a, b := newCustomer(t, size), newCustomer(t, size)
	if a.linked[0].contact != b.linked[0].contact {
		t.Fatalf("the contacts have different ids: %d, %d", a.linked[0].contact, b.linked[0].contact)
	}
	canary := "Kanaria " + strconv.FormatInt(b.Portal, 10)
	b.edit(b.linked[0], "firstname", canary, hubspotsandbox.By{})
	eventually(t, within, "B's own edit reaches B", func() string { return b.agrees(b.linked[0], "firstname", canary) })
	if got := a.lumo(a.linked[0], "firstname"); got == canary {
		t.Error("B's edit changed A's friend")
	}
	for _, path := range []string{
		"/status", "/runs", "/changes", "/changes/export", "/failures", "/mappings", "/friends", "/accounts", "/tags", "/settings", "/audit", "/lists",
		"/contacts/" + strconv.FormatInt(a.linked[0].contact, 10),
	} {
		var answer json.RawMessage
		a.api("GET", "/api/v1"+path, nil, &answer)
		for _, secret := range []string{canary, b.linked[0].user, b.account.ID, b.account.Bot, strconv.FormatInt(b.Portal, 10)} {
			if bytes.Contains(answer, []byte(secret)) {
				t.Errorf("A reads %q at %s", secret, path)
			}
		}
	}
	theirs := "/api/v1/friends/1/" + b.linked[0].user
	if _, code := a.refused("GET", theirs, nil); code != "NO_SUCH_FRIEND" {
		t.Errorf("A asks for B's friend: %s", code)
	}
	if _, code := a.refused("PATCH", theirs+"/fields", map[string]any{"values": map[string]string{"firstname": "stolen"}}); code != "NO_SUCH_FRIEND" {
		t.Errorf("A edits B's friend: %s", code)
	}
	// Even with the right channel secret the account stays B's.
	var got struct {
		Connected bool                             `json:"connected"`
		Checks    []struct{ Code, Outcome string } `json:"checks"`
	}
	a.api("POST", "/api/v1/accounts", map[string]string{"channelId": b.account.ID, "channelSecret": b.account.Secret}, &got)
	if got.Connected {
		t.Error("A connected B's LINE account")
	}
	if err := outside.Line.Block(b.account.ID, b.linked[1].user); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "B hears of B's friend", func() string {
		if got := b.friend(b.linked[1]).Follow; got != "blocked" {
			return got
		}
		return ""
	})
	for _, w := range outside.HubSpot.Writes(a.Portal, 0) {
		for name, v := range w.Properties {
			if strings.Contains(v, canary) || strings.HasPrefix(name, "line_user_id") && v == b.linked[0].user {
				t.Errorf("B's %s was written to A", name)
			}
		}
	}
}
