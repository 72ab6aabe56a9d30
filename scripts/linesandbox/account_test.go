package linesandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
)

func TestStatelessTokenLives900Seconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Advance(899 * time.Second)
	w.want(w.call("GET", "/v2/bot/info", ""), 200)
	w.clock.Advance(time.Second)
	r := w.want(w.call("GET", "/v2/bot/info", ""), 401)
	if !strings.HasPrefix(r.text("message"), "Authentication failed due to the following reason: ") {
		t.Errorf("401 text: %s", r.body)
	}
}

func TestTokenNeedsTheRightSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := w.form("/oauth2/v3/token", "grant_type", "client_credentials", "client_id", w.channel.ID, "client_secret", strings.Repeat("0", 32))
	w.want(wrong, 400)
	if wrong.text("error") != "invalid_request" || wrong.text("error_description") != "Invalid 'client_credentials'." {
		t.Errorf("error: %s", wrong.body)
	}
	again, err := w.ReissueSecret(w.channel.ID)
	w.must(err)
	w.want(w.form("/oauth2/v3/token", "grant_type", "client_credentials", "client_id", w.channel.ID, "client_secret", w.channel.Secret), 400)
	w.stateless(again)
}

func TestEveryAnswerCarriesARequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	for _, r := range []reply{
		w.call("GET", "/v2/bot/info", ""), w.call("GET", "/v2/bot/nothing", ""), w.callAs("", "GET", "/v2/bot/info", ""),
		w.call("GET", "/v2/bot/richmenu/list", ""), w.call("DELETE", "/v2/bot/info", ""),
	} {
		id := r.header.Get("X-Line-Request-Id")
		if id == "" || seen[id] {
			t.Errorf("answer %d has request id %q", r.status, id)
		}
		seen[id] = true
	}
}

func TestPathsAreExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, status := range map[string]int{
		"/v2/bot/info": 200, "/v2/bot/info/": 404, "/v2//bot/info": 404, "/api/v2/bot/info": 200, "/data/v2/bot/info": 404, "/access/v2/bot/info": 404,
		"/v2/bot/message/1/content": 404, "/api/v2/bot/message/1/content": 404, "/v2/bot/richmenu/list": 501, "/v2/bot/insight/demographic": 501,
		"/v2/bot/room/R1/members/count": 501,
	} {
		if r := w.call("GET", path, ""); r.status != status {
			t.Errorf("%s: %d, want %d", path, r.status, status)
		}
	}
	if r := w.call("POST", "/v2/bot/info", "{}"); r.status != http.StatusMethodNotAllowed {
		t.Errorf("POST on a GET path: %d", r.status)
	}
}

func TestWebhookEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantMessage(w.call("GET", "/v2/bot/channel/webhook/endpoint", ""), 404, "Webhook endpoint not found")
	w.wantMessage(w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"ftp://x"}`), 400, "Invalid webhook endpoint URL")
	w.listen()
	r := w.want(w.call("GET", "/v2/bot/channel/webhook/endpoint", ""), 200)
	if r.text("endpoint") != webhookURL {
		t.Errorf("endpoint: %s", r.body)
	}
	off := false
	_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{UseWebhook: &off})
	w.must(err)
	if r := w.call("GET", "/v2/bot/channel/webhook/endpoint", ""); !strings.Contains(string(r.body), `"active":false`) {
		t.Errorf("switched off: %s", r.body)
	}
	w.must(w.Assume("http_webhooks", "off"))
	w.want(w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"http://127.0.0.1:3000/x"}`), 400)
	w.must(w.Assume("http_webhooks", "on"))
	w.want(w.call("PUT", "/v2/bot/channel/webhook/endpoint", `{"endpoint":"http://127.0.0.1:3000/x"}`), 200)
}

func TestWebhookTestTellsWhatHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	for _, c := range []struct {
		status int
		during func()
		reason string
	}{
		{200, nil, "OK"},
		{500, nil, "ERROR_STATUS_CODE"},
		{200, func() { w.clock.Advance(3 * time.Second) }, "REQUEST_TIMEOUT"},
		{200, func() { panic(http.ErrAbortHandler) }, "COULD_NOT_CONNECT"},
	} {
		w.app.status, w.app.during = c.status, c.during
		r := w.want(w.call("POST", "/v2/bot/channel/webhook/test", "{}"), 200)
		if r.text("reason") != c.reason {
			t.Errorf("reason %s, want %s", r.body, c.reason)
		}
	}
	last := w.app.posts[0]
	if len(last.events) != 0 || last.signature != linesandbox.Sign(w.channel.Secret, last.body) {
		t.Errorf("test webhook %s signed %s", last.body, last.signature)
	}
	w.app.status, w.app.during = 200, nil
	for range 56 {
		w.want(w.call("POST", "/v2/bot/channel/webhook/test", ""), 200)
	}
	w.wantMessage(w.call("POST", "/v2/bot/channel/webhook/test", ""), 429, "The API rate limit has been exceeded. Try again later.")
	w.clock.Advance(time.Minute)
	w.want(w.call("POST", "/v2/bot/channel/webhook/test", ""), 200)
}

func TestUserIDsBelongToTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, other := w.channel.Provider, w.CreateProvider("Other")
	sister := w.create(linesandbox.ChannelSpec{Provider: p, Name: "Sister"})
	stranger := w.create(linesandbox.ChannelSpec{Provider: other.ID})
	u := w.CreateUser(linesandbox.UserSpec{Name: "高橋 葵🌸"})
	for _, c := range []linesandbox.Channel{w.channel, sister, stranger} {
		w.must(w.Follow(c.ID, u.ID))
	}
	id := func(c linesandbox.Channel) string {
		id, err := w.LineUserID(c.ID, u.ID)
		w.must(err)
		return id
	}
	if id(w.channel) != id(sister) || id(w.channel) == id(stranger) {
		t.Fatalf("ids %s %s %s", id(w.channel), id(sister), id(stranger))
	}
	w.want(w.callAs(w.stateless(sister), "GET", "/v2/bot/profile/"+id(w.channel), ""), 200)
	w.wantMessage(w.callAs(w.stateless(stranger), "GET", "/v2/bot/profile/"+id(w.channel), ""), 404, "Not found")
}

func TestProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	path := "/v2/bot/profile/" + f.LineUserID
	before := w.want(w.call("GET", path, ""), 200)
	w.must(w.Rename(f.User, "新しい名前 🎌"))
	w.must(w.ChangePicture(f.User))
	after := w.want(w.call("GET", path, ""), 200)
	if after.text("displayName") != "新しい名前 🎌" || after.text("pictureUrl") == before.text("pictureUrl") {
		t.Errorf("profile after: %s", after.body)
	}
	picture := strings.TrimPrefix(before.text("pictureUrl"), linesandbox.PictureOrigin)
	if picture != "" {
		w.want(w.call("GET", picture, ""), 404)
	}
	w.want(w.call("GET", strings.TrimPrefix(after.text("pictureUrl"), linesandbox.PictureOrigin), ""), 200)

	w.must(w.Block(w.channel.ID, f.User))
	w.want(w.call("GET", path, ""), 404)
	w.must(w.Unblock(w.channel.ID, f.User))
	w.want(w.call("GET", path, ""), 200)
	w.must(w.DeleteAccount(f.User))
	w.want(w.call("GET", path, ""), 404)

	writer := w.CreateUser(linesandbox.UserSpec{})
	id, err := w.LineUserID(w.channel.ID, writer.ID)
	w.must(err)
	w.want(w.call("GET", "/v2/bot/profile/"+id, ""), 404)
	_, err = w.SendText(w.channel.ID, writer.ID, "hello")
	w.must(err)
	w.want(w.call("GET", "/v2/bot/profile/"+id, ""), 200)
	w.wantMessage(w.call("GET", "/v2/bot/profile/Uxyz", ""), 400, "The value for the 'userId' parameter is invalid")
}

func TestFollowersPageThroughAllFriends(t *testing.T) {
	t.Parallel()
	for _, short := range []string{"off", "on"} {
		w := newWorld(t)
		w.must(w.Assume("short_follower_pages", short))
		all := w.friends(2345)
		w.must(w.Block(w.channel.ID, all[3].User))
		w.must(w.DeleteAccount(all[4].User))
		seen, calls, start := map[string]bool{}, 0, ""
		for {
			r := w.want(w.call("GET", "/v2/bot/followers/ids?limit=1000&start="+start, ""), 200)
			var page struct {
				UserIDs []string
				Next    string
			}
			r.into(t, &page)
			calls++
			for _, id := range page.UserIDs {
				if seen[id] {
					t.Fatalf("%s twice", id)
				}
				seen[id] = true
			}
			if start = page.Next; start == "" {
				break
			}
		}
		if len(seen) != 2343 || short == "off" && calls != 3 {
			t.Errorf("short pages %s: %d ids in %d calls", short, len(seen), calls)
		}
	}
}

func TestFollowersRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.friends(400)
	var page struct {
		UserIDs []string
		Next    string
	}
	w.want(w.call("GET", "/v2/bot/followers/ids", ""), 200).into(t, &page)
	if len(page.UserIDs) != 300 {
		t.Errorf("default page has %d", len(page.UserIDs))
	}
	w.wantMessage(w.call("GET", "/v2/bot/followers/ids?start=abc", ""), 400, "Invalid start param")
	w.want(w.call("GET", "/v2/bot/followers/ids?limit=1001", ""), 400)
	w.clock.Advance(25 * time.Hour)
	w.token = w.stateless(w.channel)
	w.wantMessage(w.call("GET", "/v2/bot/followers/ids?start="+page.Next, ""), 400, "Invalid start param")
	plain := w.create(linesandbox.ChannelSpec{Provider: w.channel.Provider})
	w.wantMessage(w.callAs(w.stateless(plain), "GET", "/v2/bot/followers/ids", ""), 403, "Access to this API is not available for your account")
}

func TestFollowersAreCountedTheDayAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.friends(10)
	w.must(w.Block(w.channel.ID, all[3].User))
	day := func(ago int) string {
		return w.clock.Now().AddDate(0, 0, -ago).In(time.FixedZone("", 9*60*60)).Format("20060102")
	}
	var counted struct {
		Status            string
		Followers, Blocks int
	}
	w.want(w.call("GET", "/v2/bot/insight/followers?date="+day(1), ""), 200).into(t, &counted)
	if counted.Status != "ready" || counted.Followers != 10 || counted.Blocks != 1 {
		t.Errorf("yesterday: %+v", counted)
	}
	w.want(w.call("GET", "/v2/bot/insight/followers?date="+day(0), ""), 200).into(t, &counted)
	if counted.Status != "unready" {
		t.Errorf("today: %+v", counted)
	}
	w.want(w.call("GET", "/v2/bot/insight/followers", ""), 400)
}

func TestRateLimitIsPerChannelAndEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Assume("rate_scale", "0.005")) // 10 per second
	other := w.stateless(w.create(linesandbox.ChannelSpec{Provider: w.channel.Provider}))
	for range 10 {
		w.want(w.call("GET", "/v2/bot/info", ""), 200)
	}
	r := w.want(w.call("GET", "/v2/bot/info", ""), 429)
	if r.header.Get("Retry-After") != "" {
		t.Error("LINE documents no Retry-After")
	}
	w.want(w.callAs(other, "GET", "/v2/bot/info", ""), 200)
	w.want(w.call("GET", "/v2/bot/message/quota", ""), 200)
	w.clock.Advance(100 * time.Millisecond)
	w.want(w.call("GET", "/v2/bot/info", ""), 200)
	w.want(w.call("GET", "/v2/bot/info", ""), 429)
	for _, e := range w.Stats().Endpoints {
		if e.Endpoint == "GET /v2/bot/info" && e.Channel == w.channel.ID && (e.PeakSecond != 13 || e.Statuses["429"] != 2) {
			t.Errorf("statistics: %+v", e)
		}
	}
}

func TestPeopleFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	a, b := newWorld(t), newWorld(t)
	if x, y := fmt.Sprint(a.friends(50)), fmt.Sprint(b.friends(50)); x != y {
		t.Error("the same seed made different people")
	}
	if a.channel.Secret != b.channel.Secret || len(a.channel.Secret) != 32 {
		t.Error("the same seed made different secrets")
	}
}
