package contract

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	links "lumo/functions/links/handle"
	"lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/httpapi"
	"lumo/scripts/localcloud/template"
	"lumo/shared/id"
	"lumo/shared/syncrun"
)

// heard lists what a phone shows from the account.
func (w *apiWorld) heard(channel string, u id.LineUserID) []string {
	w.t.Helper()
	log, err := w.line.ChatLog(channel, string(u))
	w.must(err)
	var out []string
	for _, e := range log {
		if e.From != "user" {
			out = append(out, string(e.Message))
		}
	}
	return out
}

// visit follows a tracked address as the links function answers it.
func (w *apiWorld) visit(address, agent string) *http.Response {
	w.t.Helper()
	system, err := template.Read("../../template.yaml", template.Local{Stack: "test", SQS: "http://sqs.test"})
	w.must(err)
	api := httpapi.New()
	for _, f := range system.Functions {
		for _, r := range f.Routes {
			if f.Code == "functions/links" {
				api.Add(r, function{links.Lambda(w.app)})
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("User-Agent", agent)
	rec := httptest.NewRecorder()
	api.ServeHTTP(rec, r)
	return rec.Result()
}

type castJSON struct {
	ID, Name, Status               string
	Recipients, Sent, Unsure, Left int
	Hold                           *struct{ Reason string }
	Estimate                       struct{ Recipients, Linked, Blocked int }
	OK                             bool
}

type resultsJSON struct {
	Opened, Clicked int
	Links           []struct{ Clicked int }
}

const phoneAgent = "Mozilla/5.0 (iPhone) Safari Line/15.12.1"

var tracked = regexp.MustCompile(`http://lumo\.test[^" ]+|https://lumo\.test[^" ]+`)

// A broadcast with a tracked link arrives on exactly those phones, a tap opens the target, and HubSpot tells of all of it.
func TestBroadcastFromDraftToLastClickDate(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	users := w.connect(ann, "Taro", "Hanako", "Jiro", "Saburo")
	channel := w.line.Channels()[0].ID
	contact := w.contact(customer, map[string]string{"firstname": "Ann", "line_user_id": string(users[0])})
	w.run(ann, syncrun.Contacts)
	tag := into[struct{ Tag struct{ ID string } }](t, ann.ok("POST", "/tags", body{"slot": 1, "name": "VIP"})).Tag.ID
	ann.ok("POST", "/friends/tags", body{"slot": 1, "users": []string{string(users[0]), string(users[1]), string(users[2])}, "add": []string{tag}})
	w.must(w.line.Block(channel, string(users[2])))
	w.index(customer)
	w.work()

	ann.ok("PUT", "/accounts/1/broadcasting", body{"tracking": true, "noWriteBack": false, "price": 3, "currency": "JPY"})
	draft := into[castJSON](t, ann.ok("POST", "/broadcasts", body{
		"slot": 1, "name": "Autumn sale", "tracking": "personal", "audience": body{"kind": "tag", "ref": tag},
		"bubbles": []body{{"kind": "text", "text": "Hi {{firstname|you}}, see https://shop.example/sale?x=1"}},
	}))
	at := "/broadcasts/1/" + draft.ID
	review := into[castJSON](t, ann.ok("POST", at+"/review", body{}))
	if !review.OK || review.Estimate.Recipients+review.Estimate.Blocked != 3 || review.Estimate.Linked != 1 {
		t.Fatalf("review %+v", review)
	}
	ann.ok("POST", at+"/preview", body{"user": string(users[0])})
	ann.ok("GET", "/broadcasts?slot=1", nil)
	ann.ok("POST", "/broadcasts/estimate", body{"slot": 1, "audience": body{"kind": "all"}})
	sent := into[castJSON](t, ann.ok("POST", at+"/confirm", body{"requestId": "confirm-1234"}))
	if sent.Status != "sending" {
		t.Fatalf("confirmed %+v", sent)
	}
	w.work()
	if got := into[castJSON](t, ann.ok("GET", at, nil)); got.Status != "sent" || got.Sent != got.Recipients || got.Left != 0 {
		t.Fatalf("sent %+v", got)
	}
	for i, want := range []int{1, 1, 0, 0} {
		if got := w.heard(channel, users[i]); len(got) != want {
			t.Fatalf("phone %d shows %v", i, got)
		}
	}
	message := w.heard(channel, users[0])[0]
	if !strings.Contains(message, "Hi Ann,") || strings.Contains(message, "shop.example") || !strings.Contains(w.heard(channel, users[1])[0], "Hi you,") {
		t.Fatalf("message %s", message)
	}
	link := tracked.FindString(message)
	if res := w.visit(link, "facebookexternalhit/1.1;line-poker/1.0"); res.StatusCode != http.StatusFound {
		t.Fatalf("the preview robot got %d", res.StatusCode)
	}
	w.work()
	if got := into[resultsJSON](t, ann.ok("GET", at+"/results", nil)); got.Opened != 1 || got.Clicked != 0 {
		t.Errorf("after the preview %+v", got)
	}
	if res := w.visit(link, phoneAgent); res.StatusCode != http.StatusFound || res.Header.Get("Location") != "https://shop.example/sale?x=1" {
		t.Fatalf("the tap leads to %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	w.visit(tracked.FindString(w.heard(channel, users[1])[0]), phoneAgent)
	for _, forged := range []string{link + "A", strings.Replace(link, "/l/", "/p/", 1), link[:len(link)-3] + "AAA", lumoHost + "/l/https%3A%2F%2Fevil.example"} {
		if res := w.visit(forged, phoneAgent); res.StatusCode != http.StatusNotFound || res.Header.Get("Location") != "" {
			t.Errorf("%s answered %d", forged, res.StatusCode)
		}
	}
	w.clock.Advance(time.Minute)
	w.must(w.app.Outbox().Kick(t.Context(), customer))
	w.work()
	if got := into[resultsJSON](t, ann.ok("GET", at+"/results", nil)); got.Opened != 2 || got.Clicked != 2 || got.Links[0].Clicked != 2 {
		t.Errorf("results %+v", got)
	}
	if got := w.value(customer, contact, "last_line_broadcast_name"); got != "Autumn sale" {
		t.Errorf("HubSpot's last broadcast is %q", got)
	}
	for _, name := range []string{"last_line_broadcast_date", "last_line_open_date", "last_line_click_date"} {
		if w.value(customer, contact, name) == "" {
			t.Errorf("%s is empty", name)
		}
	}
	w.clock.Advance(200 * 24 * time.Hour)
	if res := w.visit(link, phoneAgent); res.StatusCode != http.StatusGone {
		t.Errorf("after half a year %d", res.StatusCode)
	}
	w.noSecrets()
	if strings.Contains(w.log.String(), "shop.example") || strings.Contains(w.log.String(), "Taro") {
		t.Error("message text or personal data in the log")
	}
}

func TestBroadcastsOfOthersAndRefusals(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann, other := w.install(customer), w.install(otherHub)
	users := w.connect(ann, "Taro", "Hanako")
	text := []body{{"kind": "text", "text": "hello"}}
	draft := into[castJSON](t, ann.ok("POST", "/broadcasts", body{"slot": 1, "name": "One", "audience": body{"kind": "all"}, "bubbles": text, "requestId": "create-1234"}))
	if again := into[castJSON](t, ann.ok("POST", "/broadcasts", body{"slot": 1, "name": "One", "audience": body{"kind": "all"}, "bubbles": text, "requestId": "create-1234"})); again.ID != draft.ID {
		t.Errorf("a repeated request made %s besides %s", again.ID, draft.ID)
	}
	at := "/broadcasts/1/" + draft.ID
	refused := func(u *user, code, method, path string, b body) {
		t.Helper()
		if r := u.call(method, path, b); r.OK || r.Error.Code != code {
			t.Errorf("%s %s: %s, want %s", method, path, r.Raw, code)
		}
	}
	refused(other, "NO_SUCH_BROADCAST", "GET", at, nil)
	refused(other, "NO_SUCH_BROADCAST", "POST", at+"/confirm", body{})
	refused(ann, "NO_SUCH_ACCOUNT", "POST", "/broadcasts", body{"slot": 3, "name": "x", "audience": body{"kind": "all"}})
	refused(ann, "TRACKING_OFF", "PUT", at, body{"name": "One", "audience": body{"kind": "all"}, "tracking": "personal"})
	refused(ann, "AUDIENCE_UNUSABLE", "POST", "/broadcasts/estimate", body{"slot": 1, "audience": body{"kind": "tag", "ref": "none"}})
	refused(ann, "INVALID_TIME", "POST", at+"/confirm", body{"sendAt": w.clock.Now().Add(time.Minute).UnixMilli()})
	refused(ann, "INVALID_TEST_USERS", "POST", at+"/test", body{})
	refused(ann, "WRONG_STATUS", "POST", at+"/resume", body{"first": 1})
	ann.ok("PUT", at, body{"name": "One", "audience": body{"kind": "all"}, "bubbles": []body{{"kind": "text", "text": "{{firstname}}"}}})
	refused(ann, "BUBBLE_MERGE_FALLBACK", "POST", at+"/confirm", body{})
	ann.ok("PUT", at, body{"name": "One", "audience": body{"kind": "all"}, "bubbles": text})
	ann.ok("POST", at+"/test", body{"users": []string{string(users[1])}})
	w.must(w.quota(1))
	if held := into[castJSON](t, ann.ok("POST", at+"/confirm", body{})); held.Status != "sending" {
		t.Fatalf("%+v", held)
	}
	w.work()
	if got := into[castJSON](t, ann.ok("GET", at, nil)); got.Status != "held" || got.Hold.Reason != "quota" || got.Sent != 0 {
		t.Fatalf("%+v", got)
	}
	channel := w.line.Channels()[0].ID
	if a, b := len(w.heard(channel, users[0])), len(w.heard(channel, users[1])); a != 0 || b != 1 {
		t.Errorf("phones show %d and %d messages, want only the test", a, b)
	}
	ann.ok("POST", at+"/cancel", body{})
	ann.ok("DELETE", at, body{})
}

// Broadcasts are listed by their status.
func TestBroadcastsByStatus(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann, "Taro")
	type page struct {
		Items []castJSON
		Next  string
	}
	var sent []string
	for i := range 7 {
		w.clock.Advance(time.Second)
		b := into[castJSON](t, ann.ok("POST", "/broadcasts", body{"slot": 1, "name": strconv.Itoa(i), "audience": body{"kind": "all"}, "bubbles": []body{{"kind": "text", "text": "hello"}}}))
		if i%2 == 0 {
			ann.ok("POST", "/broadcasts/1/"+b.ID+"/confirm", body{})
			sent = append([]string{b.ID}, sent...)
		}
	}
	w.work()
	var got []string
	for cursor, pages := "", 0; ; {
		p := into[page](t, ann.ok("GET", "/broadcasts?slot=1&status=sent&limit=3"+cursor, nil))
		for _, b := range p.Items {
			got = append(got, b.ID)
		}
		if pages++; p.Next == "" {
			break
		}
		if cursor = "&cursor=" + p.Next; pages > 3 {
			t.Fatal("it never ends")
		}
	}
	if !slices.Equal(got, sent) {
		t.Errorf("%v, want %v", got, sent)
	}
	if p := into[page](t, ann.ok("GET", "/broadcasts?slot=1&status=draft", nil)); len(p.Items) != 3 || p.Next != "" {
		t.Errorf("drafts %+v", p)
	}
	if p := into[page](t, ann.ok("GET", "/broadcasts?slot=1&status=held", nil)); len(p.Items) != 0 || p.Next != "" {
		t.Errorf("held %+v", p)
	}
	ann.refused("GET", "/broadcasts?slot=1&status=lost", "", 200, "INVALID_INPUT")
}

// quota limits the account's month to as many messages.
func (w *apiWorld) quota(n int) error {
	_, err := w.line.ConfigureChannel(w.line.Channels()[0].ID, linesandbox.ChannelChange{Quota: &n})
	return err
}
