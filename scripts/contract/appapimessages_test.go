package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/linesync"
	"lumo/shared/syncrun"
)

// messageJSON is a message as the API shows it.
type messageJSON struct {
	ID, Direction, Type, Text, Status, Code, Reason, By, Image string
	Cost                                                       *int
	At                                                         int64
	Retry                                                      bool
}

// chatWorld is a contact linked to a friend of an account.
type chatWorld struct {
	*apiWorld
	ann     *user
	contact id.ContactID
	friend  id.LineUserID
	channel linesandbox.Channel
	path    string
}

func newChatWorld(t *testing.T) *chatWorld {
	t.Helper()
	w := &chatWorld{apiWorld: newAPIWorld(t)}
	w.ann = w.install(customer)
	w.friend = w.connect(w.ann, "Aiko")[0]
	w.channel = w.line.Channels()[0]
	w.contact = w.apiWorld.contact(customer, map[string]string{"line_user_id": string(w.friend)})
	w.run(w.ann, syncrun.Contacts)
	w.work()
	w.path = "/friends/1/" + string(w.friend) + "/messages"
	return w
}

func (w *chatWorld) text(requestID, text string) body {
	return body{"requestId": requestID, "contact": w.contact.String(), "text": text}
}

func (w *chatWorld) message(r reply) messageJSON {
	w.t.Helper()
	return into[struct{ Message messageJSON }](w.t, r).Message
}

// phone is what the friend's phone shows from the account.
func (w *chatWorld) phone() (out []string) {
	w.t.Helper()
	log, err := w.line.ChatLog(w.channel.ID, string(w.friend))
	w.must(err)
	for _, e := range log {
		if e.From == "account" {
			out = append(out, e.Text)
		}
	}
	return out
}

func (w *chatWorld) fault(f linesandbox.Fault) {
	w.t.Helper()
	f.Path = "/v2/bot/message/push"
	_, err := w.line.AddFault(f)
	w.must(err)
}

// write is a message of the friend, as it comes through LINE's webhook.
func (w *chatWorld) write(text string) {
	w.t.Helper()
	scope, err := w.app.Scopes().Scope(w.t.Context(), customer)
	w.must(err)
	w.must(w.app.LineEvents().Handle(w.t.Context(), scope, 1, []linesync.Event{{
		Kind: linesync.Message, User: w.friend, At: w.clock.Now().UnixMilli(), MessageID: "46123096684206489", Type: string(line.TextMessage), Text: text,
	}}))
	w.work()
}

func TestAPISendsAMessageOnce(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	w.write("Are you open?")
	if v := w.value(customer, w.contact, "line_needs_reply"); v != "true" {
		t.Errorf("line_needs_reply is %q", v)
	}
	w.clock.Advance(time.Minute)
	got := w.message(w.ann.ok("POST", w.path, w.text("request-0001", "Yes, until {{eight}} 🌸")))
	if got.ID != "request-0001" || got.Direction != "out" || got.Status != "sent" || got.Cost == nil || *got.Cost != 1 || got.By != w.ann.email || got.Retry {
		t.Errorf("%+v", got)
	}
	if phone := w.phone(); len(phone) != 1 || phone[0] != "Yes, until {{eight}} 🌸" {
		t.Errorf("phone %q", phone)
	}
	w.work()
	w.clock.Advance(31 * time.Second)
	w.work()
	if v := w.value(customer, w.contact, "line_needs_reply"); v != "false" {
		t.Errorf("line_needs_reply is %q after the answer", v)
	}

	bob := &user{w.apiWorld, customer, apiUser + 1, "bob@acme.example"}
	for _, u := range []*user{w.ann, bob} { // the id is the friend's, whoever repeats it
		if again := w.message(u.ok("POST", w.path, w.text("request-0001", "Yes, until {{eight}} 🌸"))); again.At != got.At || again.By != w.ann.email || again.Status != "sent" {
			t.Errorf("%+v", again)
		}
	}
	w.ann.refused("POST", w.path, `{"requestId":"request-0001","text":"something else"}`, 200, "REQUEST_ID_REUSED")
	image := w.message(w.ann.ok("POST", w.path, body{"requestId": "request-0002", "image": body{"url": "https://shop.example/a.png"}}))
	if image.Type != "image" || image.Image != "https://shop.example/a.png" || image.Status != "sent" {
		t.Errorf("%+v", image)
	}
	if n := len(w.phone()); n != 2 {
		t.Errorf("%d messages on the phone", n)
	}

	var pages [][]messageJSON
	for cursor := ""; ; {
		page := into[struct {
			Items []messageJSON
			Next  string
		}](t, w.ann.ok("GET", w.path+"?limit=2"+cursor, nil))
		pages = append(pages, page.Items)
		if page.Next == "" {
			break
		}
		cursor = "&cursor=" + page.Next
	}
	if len(pages) != 2 || len(pages[0]) != 2 || len(pages[1]) != 1 || pages[0][0].ID != "request-0002" || pages[1][0].Text != "Are you open?" || pages[1][0].Status != "" {
		t.Errorf("pages %+v", pages)
	}
	card := into[struct {
		Friends []struct{ Messages []messageJSON }
	}](t, w.ann.ok("GET", "/contacts/"+w.contact.String(), nil))
	if len(card.Friends) != 1 || len(card.Friends[0].Messages) != 3 || card.Friends[0].Messages[1].Status != "sent" {
		t.Errorf("card %+v", card)
	}
	if v := w.line.Violations(); len(v) != 0 {
		t.Errorf("LINE would not like: %+v", v)
	}
	for _, s := range []string{"until {{eight}}", "Are you open", "shop.example/a.png", string(w.friend)} {
		if strings.Contains(w.log.String(), s) {
			t.Errorf("a log holds %q", s)
		}
	}
}

// TestAPIRepeatedAtOnce: HubSpot's proxy repeats a request while the first is still under way.
func TestAPIRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	content := fmt.Appendf(nil, `{"requestId":"request-0001","contact":%q,"text":"hello"}`, w.contact)
	answers := make([]reply, 6)
	requests := make([]*http.Request, len(answers))
	for i := range requests {
		requests[i] = w.ann.request("POST", w.path, content)
	}
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() { answers[i] = w.send(requests[i], content, true) })
	}
	all.Wait()
	for _, r := range answers {
		if m := w.message(r); !r.OK || m.Status != "sent" && m.Status != "sending" {
			t.Errorf("%d %s", r.Status, r.Raw)
		}
	}
	if phone := w.phone(); len(phone) != 1 {
		t.Errorf("phone %q", phone)
	}
}

func TestAPITellsWhatLineDidWithAMessage(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	resume := func() {
		t.Helper()
		w.clock.Advance(time.Minute)
		_, err := w.app.Chat().Resume(t.Context(), customer, true)
		w.must(err)
	}
	last := func(requestID string) messageJSON {
		t.Helper()
		for _, m := range into[struct{ Items []messageJSON }](t, w.ann.ok("GET", w.path, nil)).Items {
			if m.ID == requestID {
				return m
			}
		}
		t.Fatalf("%s is not in the conversation", requestID)
		return messageJSON{}
	}

	// LINE takes it, and the line is cut before it can say so.
	w.fault(linesandbox.Fault{Kind: linesandbox.FaultCutAfter, Count: 1})
	if m := w.message(w.ann.ok("POST", w.path, w.text("request-cut", "cut"))); m.Status != "sending" {
		t.Errorf("%+v", m)
	}
	resume()
	if m := last("request-cut"); m.Status != "sent" || len(w.phone()) != 1 {
		t.Errorf("%+v, phone %q", m, w.phone())
	}

	// LINE is broken for a while, and nothing went out.
	w.fault(linesandbox.Fault{Kind: linesandbox.FaultStatus, Status: 500, Count: 2})
	w.ann.ok("POST", w.path, w.text("request-500", "500"))
	resume()
	if m := last("request-500"); m.Status != "sending" {
		t.Errorf("%+v", m)
	}
	resume()
	if m := last("request-500"); m.Status != "sent" || len(w.phone()) != 2 {
		t.Errorf("%+v, phone %q", m, w.phone())
	}

	// The month's messages are used up; somebody buys more and presses Retry.
	none, many := 0, 100
	_, err := w.line.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Quota: &none})
	w.must(err)
	if m := w.message(w.ann.ok("POST", w.path, w.text("request-quota", "quota"))); m.Status != "failed" || m.Code != "LINE_QUOTA_USED_UP" || !m.Retry || m.Cost != nil {
		t.Errorf("%+v", m)
	}
	type items struct {
		Items []struct{ ID, Kind, Code, ContactID, User string }
	}
	failed := func() items { t.Helper(); return into[items](t, w.ann.ok("GET", "/failures?kind=message", nil)) }
	its := failed().Items
	if len(its) != 1 || its[0].Kind != "message" || its[0].Code != "LINE_QUOTA_USED_UP" || its[0].ContactID != w.contact.String() || its[0].User != string(w.friend) {
		t.Fatalf("failed items %+v", its)
	}
	again := "/failures/" + url.PathEscape(its[0].ID) + "/retry"
	w.ann.ok("POST", again, body{}) // in vain
	if len(failed().Items) != 1 || len(w.phone()) != 2 {
		t.Errorf("failed items %+v, phone %q", failed(), w.phone())
	}
	_, err = w.line.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Quota: &many})
	w.must(err)
	w.ann.ok("POST", again, body{})
	w.ann.refused("POST", again, `{}`, 200, "NO_SUCH_FAILURE")
	if len(failed().Items) != 0 {
		t.Errorf("failed items %+v", failed())
	}
	for range 2 {
		if m := w.message(w.ann.ok("POST", w.path+"/request-quota/retry", body{})); m.Status != "sent" || len(w.phone()) != 3 {
			t.Errorf("%+v, phone %q", m, w.phone())
		}
	}

	// LINE refuses the message itself.
	w.fault(linesandbox.Fault{Kind: linesandbox.FaultStatus, Status: 400, Count: 1})
	if m := w.message(w.ann.ok("POST", w.path, w.text("request-400", "400"))); m.Status != "failed" || m.Code != "LINE_REFUSED" || m.Reason == "" || m.Retry {
		t.Errorf("%+v", m)
	}
	w.ann.refused("POST", w.path+"/request-400/retry", `{}`, 200, "MESSAGE_FINAL")
	w.ann.refused("POST", w.path+"/request-none/retry", `{}`, 200, "NO_SUCH_MESSAGE")
	if v := w.line.Violations(); len(v) != 0 {
		t.Errorf("LINE would not like: %+v", v)
	}
}

func TestAPISendsToNobodyWhoMustNotGetIt(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	for content, field := range map[string]string{
		`{"text":"x"}`: "requestId", `{"requestId":"request-0001"}`: "text", `{"requestId":"request-0001","text":" "}`: "text",
		`{"requestId":"request-0001","text":"x","image":{"url":"https://a.example/a.png"}}`:          "text",
		`{"requestId":"request-0001","image":{"url":"http://a.example/a.png"}}`:                      "image.url",
		`{"requestId":"request-0001","image":{"url":"https://a.example/a.png","preview":"ftp://a"}}`: "image.preview",
		`{"requestId":"request-0001","contact":"x","text":"x"}`:                                      "contact",
		`{"requestId":"request-0001","text":"` + strings.Repeat("😀", 2501) + `"}`:                    "text",
	} {
		if r := w.ann.refused("POST", w.path, content, 200, "INVALID_INPUT"); r.Error.Field != field {
			t.Errorf("%.60s: field %q", content, r.Error.Field)
		}
	}
	w.ann.refused("POST", w.path, `{"requestId":"request-0001","contact":"999","text":"x"}`, 200, "FRIEND_UNLINKED")
	w.ann.refused("POST", "/friends/1/U"+strings.Repeat("0", 32)+"/messages", `{"requestId":"request-0001","text":"x"}`, 200, "NO_SUCH_FRIEND")
	w.ann.refused("GET", "/friends/1/U"+strings.Repeat("0", 32)+"/messages", "", 200, "NO_SUCH_FRIEND")
	w.ann.refused("POST", "/friends/2/"+string(w.friend)+"/messages", `{"requestId":"request-0001","text":"x"}`, 200, "ACCOUNT_DISCONNECTED")

	scope, err := w.app.Scopes().Scope(t.Context(), customer)
	w.must(err)
	unfollow := linesync.Event{Kind: linesync.Unfollow, User: w.friend, At: w.clock.Now().UnixMilli() + 1}
	w.must(w.app.LineEvents().Handle(t.Context(), scope, 1, []linesync.Event{unfollow}))
	if f, _, err := w.app.Friends().Get(t.Context(), customer, friend.Key{Slot: 1, User: w.friend}); err != nil || f.Follow != friend.Blocked {
		t.Fatalf("%+v, %v", f, err)
	}
	w.ann.refused("POST", w.path, `{"requestId":"request-0001","text":"x"}`, 200, "FRIEND_BLOCKED")
	w.ann.ok("POST", "/accounts/1/disconnect", nil)
	w.ann.refused("POST", w.path, `{"requestId":"request-0001","text":"x"}`, 200, "ACCOUNT_DISCONNECTED")
	w.ann.ok("POST", "/disconnect", body{"confirm": true})
	w.ann.refused("POST", w.path, `{"requestId":"request-0001","text":"x"}`, 200, "NOT_CONNECTED")
	if phone := w.phone(); len(phone) != 0 {
		t.Errorf("phone %q", phone)
	}
}
