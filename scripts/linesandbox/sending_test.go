package linesandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/scripts/linesandbox"
)

const (
	key1 = "123e4567-e89b-12d3-a456-426614174000"
	key2 = "223e4567-e89b-12d3-a456-426614174000"
)

func textTo(to, text string) string {
	return jsonText(map[string]any{"to": to, "messages": []any{map[string]any{"type": "text", "text": text}}})
}

func textToAll(to []string, text string) string {
	return jsonText(map[string]any{"to": to, "messages": []any{map[string]any{"type": "text", "text": text}}})
}

func (w *world) used() int {
	var c struct{ TotalUsage int }
	w.want(w.call("GET", "/v2/bot/message/quota/consumption", ""), 200).into(w.t, &c)
	return c.TotalUsage
}

func TestPushArrives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(2)
	r := w.want(w.call("POST", "/v2/bot/message/push", jsonText(map[string]any{"to": f[0].LineUserID, "messages": []any{
		map[string]any{"type": "text", "text": "一"}, map[string]any{"type": "sticker", "packageId": "1", "stickerId": "2"},
		map[string]any{"type": "audio", "originalContentUrl": "https://x.example/a.m4a", "duration": 1000},
	}})), 200)
	var out struct {
		SentMessages []struct{ ID, QuoteToken string }
	}
	r.into(t, &out)
	if len(out.SentMessages) != 3 || out.SentMessages[0].ID >= out.SentMessages[1].ID || out.SentMessages[0].QuoteToken == "" || out.SentMessages[2].QuoteToken != "" {
		t.Errorf("sentMessages %s", r.body)
	}
	if got := w.texts(f[0].User); !slices.Equal(got, []string{"一", "[Sticker 1/2]", "[audio]"}) {
		t.Errorf("chat %q", got)
	}
	if len(w.texts(f[1].User)) != 0 || w.used() != 1 {
		t.Error("somebody else got it, or it was counted per message")
	}
}

func TestPushOutcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(2)
	stranger := w.CreateUser(linesandbox.UserSpec{})
	id, err := w.LineUserID(w.channel.ID, stranger.ID)
	w.must(err)
	w.wantMessage(w.call("POST", "/v2/bot/message/push", textTo("nobody", "x")), 400, "The property, to, in the request body is invalid (line: -, column: -)")
	w.wantMessage(w.call("POST", "/v2/bot/message/push", textTo("U"+strings.Repeat("0", 32), "x")), 400, "Failed to send messages")
	w.want(w.call("POST", "/v2/bot/message/push", textTo(id, "to a stranger")), 200)
	w.must(w.Block(w.channel.ID, f[0].User))
	w.want(w.call("POST", "/v2/bot/message/push", textTo(f[0].LineUserID, "to a blocker")), 200)
	w.must(w.DeleteAccount(f[1].User))
	w.want(w.call("POST", "/v2/bot/message/push", textTo(f[1].LineUserID, "to the departed")), 200)
	if w.used() != 0 {
		t.Error("counted what nobody got")
	}
	_, err = w.SendText(w.channel.ID, stranger.ID, "who are you?")
	w.must(err)
	w.clock.Advance(7 * 24 * time.Hour)
	w.token = w.stateless(w.channel)
	w.want(w.call("POST", "/v2/bot/message/push", textTo(id, "within seven days")), 200)
	w.clock.Advance(time.Millisecond)
	w.want(w.call("POST", "/v2/bot/message/push", textTo(id, "too late")), 200)
	if got := w.texts(stranger.ID); !slices.Equal(got, []string{"within seven days"}) || w.used() != 1 {
		t.Errorf("chat %q, used %d", got, w.used())
	}
}

func TestRetryKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	body := textTo(f.LineUserID, "once")
	first := w.want(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 200)
	again := w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1)
	w.wantMessage(again, 409, "The retry key is already accepted")
	if again.header.Get("X-Line-Accepted-Request-Id") != first.header.Get("X-Line-Request-Id") {
		t.Error("accepted request id is not the first request's")
	}
	var a, b struct{ SentMessages []struct{ ID string } }
	first.into(t, &a)
	again.into(t, &b)
	if len(b.SentMessages) != 1 || a.SentMessages[0].ID != b.SentMessages[0].ID {
		t.Errorf("sentMessages of the 409: %s", again.body)
	}
	if got := w.texts(f.User); len(got) != 1 || len(w.Violations()) != 0 {
		t.Errorf("chat %q, violations %v", got, w.Violations())
	}

	w.want(w.call("POST", "/v2/bot/message/push", textTo(f.LineUserID, "other words"), "X-Line-Retry-Key", key1), 409)
	if v := w.Violations(); len(v) != 1 {
		t.Errorf("another body under the same key was not noted: %v", v)
	}
	w.clock.Advance(24 * time.Hour)
	w.token = w.stateless(w.channel)
	w.want(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 200)
	if got := w.texts(f.User); len(got) != 2 {
		t.Errorf("after a day the key is new: %q", got)
	}
	w.want(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", "not-a-uuid"), 400)
}

func TestARefusedRequestLeavesItsKeyUsable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	none := 0
	_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Quota: &none})
	w.must(err)
	body := textTo(f.LineUserID, "x")
	w.wantMessage(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 429, "You have reached your monthly limit.")
	some := 10
	_, err = w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Quota: &some})
	w.must(err)
	_, err = w.AddFault(linesandbox.Fault{Kind: linesandbox.FaultStatus, Count: 1})
	w.must(err)
	w.want(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 500)
	w.want(w.call("POST", "/v2/bot/message/push", body, "X-Line-Retry-Key", key1), 200)
}

func TestScopeOfARetryKeyIsASwitch(t *testing.T) {
	t.Parallel()
	for scope, status := range map[string]int{"channel": 409, "endpoint": 200} {
		w := newWorld(t)
		f := w.friends(1)[0]
		w.must(w.Assume("retry_key_scope", scope))
		w.want(w.call("POST", "/v2/bot/message/push", textTo(f.LineUserID, "x"), "X-Line-Retry-Key", key1), 200)
		w.want(w.call("POST", "/v2/bot/message/multicast", textToAll([]string{f.LineUserID}, "x"), "X-Line-Retry-Key", key1), status)
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(1)[0]
	ask := func() string {
		_, err := w.SendText(w.channel.ID, f.User, "?")
		w.must(err)
		w.clock.Advance(0)
		events := w.app.events()
		return events[len(events)-1].ReplyToken
	}
	body := func(token string) string {
		return jsonText(map[string]any{"replyToken": token, "messages": []any{map[string]any{"type": "text", "text": "!"}}})
	}
	token := ask()
	w.want(w.call("POST", "/v2/bot/message/reply", body(token), "X-Line-Retry-Key", key1), 400)
	w.want(w.call("POST", "/v2/bot/message/reply", body(token)), 200)
	w.wantMessage(w.call("POST", "/v2/bot/message/reply", body(token)), 400, "Invalid reply token")
	late := ask()
	w.clock.Advance(60*time.Second + time.Millisecond)
	w.wantMessage(w.call("POST", "/v2/bot/message/reply", body(late)), 400, "Invalid reply token")
	other := w.create(linesandbox.ChannelSpec{Provider: w.channel.Provider})
	w.wantMessage(w.callAs(w.stateless(other), "POST", "/v2/bot/message/reply", body(ask())), 400, "Invalid reply token")
	if len(w.texts(f.User)) != 1 || w.used() != 0 {
		t.Error("replies are free and arrive once")
	}
}

// Ensure that a redelivery gives the token another minute, but never past twenty from the event.
func TestReplyAfterRedelivery(t *testing.T) {
	t.Parallel()
	for delay, status := range map[string]int{"300": 200, "1170": 200, "1201": 400} {
		w := newWorld(t)
		w.listen()
		on := true
		_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Redelivery: &on})
		w.must(err)
		w.must(w.Assume("redelivery_delays_seconds", delay))
		w.app.status = 500
		w.must(w.SendPostback(w.channel.ID, w.friends(1)[0].User, "x"))
		w.clock.Advance(0)
		w.app.status = 200
		next, _ := w.clock.Next()
		w.clock.Advance(next.Sub(w.clock.Now()))
		w.clock.Advance(29 * time.Second)
		w.token = w.stateless(w.channel)
		token := w.app.events()[1].ReplyToken
		w.want(w.call("POST", "/v2/bot/message/reply", jsonText(map[string]any{"replyToken": token, "messages": []any{map[string]any{"type": "text", "text": "!"}}})), status)
	}
}

func TestMulticast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(500)
	ids := []string{}
	for _, one := range f {
		ids = append(ids, one.LineUserID)
	}
	w.must(w.Block(w.channel.ID, f[0].User))
	r := w.want(w.call("POST", "/v2/bot/message/multicast", textToAll(ids, "to all"), "X-Line-Retry-Key", key1), 200)
	if string(r.body) != "{}" || w.used() != 499 || len(w.texts(f[0].User)) != 0 || len(w.texts(f[499].User)) != 1 {
		t.Errorf("multicast: %s, used %d", r.body, w.used())
	}
	w.want(w.call("POST", "/v2/bot/message/multicast", textToAll(ids, "to all"), "X-Line-Retry-Key", key1), 409)
	w.want(w.call("POST", "/v2/bot/message/multicast", textToAll(append(ids, ids[0]), "501")), 400)
	w.wantMessage(w.call("POST", "/v2/bot/message/multicast", textToAll([]string{ids[1], "x"}, "x")), 400, "The property, to[1], in the request body is invalid (line: -, column: -)")
	unknown := []string{ids[1], ids[1], "U" + strings.Repeat("0", 32)}
	w.want(w.call("POST", "/v2/bot/message/multicast", textToAll(unknown, "skipped")), 200)
	if len(w.texts(f[1].User)) != 2 {
		t.Error("a person named twice gets it once")
	}
	w.must(w.Assume("multicast_unknown_id", "refuse"))
	w.want(w.call("POST", "/v2/bot/message/multicast", textToAll(unknown, "refused")), 400)
}

func TestQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(4)
	r := w.want(w.call("GET", "/v2/bot/message/quota", ""), 200)
	if string(r.body) != `{"type":"none"}` {
		t.Errorf("no limit: %s", r.body)
	}
	three := 3
	_, err := w.ConfigureChannel(w.channel.ID, linesandbox.ChannelChange{Quota: &three})
	w.must(err)
	if r := w.call("GET", "/v2/bot/message/quota", ""); !strings.Contains(string(r.body), `"value":3`) {
		t.Errorf("limit: %s", r.body)
	}
	ids := []string{f[0].LineUserID, f[1].LineUserID, f[2].LineUserID, f[3].LineUserID}
	w.wantMessage(w.call("POST", "/v2/bot/message/multicast", textToAll(ids, "four")), 429, "You have reached your monthly limit.")
	if w.used() != 0 || len(w.texts(f[0].User)) != 0 {
		t.Error("a refused request sent something")
	}
	w.want(w.call("POST", "/v2/bot/message/multicast", textToAll(ids[:3], "three")), 200)
	w.want(w.call("POST", "/v2/bot/message/push", textTo(ids[0], "one more")), 429)
	w.clock.Advance(time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC).Sub(w.clock.Now()))
	w.token = w.stateless(w.channel)
	if w.used() != 0 {
		t.Error("the month begins at midnight in Japan")
	}
	w.want(w.call("POST", "/v2/bot/message/push", textTo(ids[0], "a new month")), 200)
}

func TestBroadcastAndDeliveryCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(10)
	w.must(w.Block(w.channel.ID, f[9].User))
	w.want(w.call("POST", "/v2/bot/message/broadcast", `{"messages":[{"type":"text","text":"all"}]}`), 200)
	if w.used() != 9 {
		t.Errorf("used %d", w.used())
	}
	if r := w.call("GET", "/v2/bot/message/delivery/broadcast?date=20261120", ""); r.text("status") != "unready" {
		t.Errorf("today: %s", r.body)
	}
	w.clock.Advance(24 * time.Hour)
	w.token = w.stateless(w.channel)
	if r := w.call("GET", "/v2/bot/message/delivery/broadcast?date=20261120", ""); !strings.Contains(string(r.body), `"success":9`) {
		t.Errorf("next day: %s", r.body)
	}
}

func TestTooManyToOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.Assume("same_user_per_second", "2"))
	f := w.friends(1)[0]
	for i, status := range []int{200, 200, 429} {
		w.want(w.call("POST", "/v2/bot/message/push", textTo(f.LineUserID, fmt.Sprint(i))), status)
	}
	w.clock.Advance(time.Second)
	w.want(w.call("POST", "/v2/bot/message/push", textTo(f.LineUserID, "later")), 200)
}

func TestContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	image, err := w.SendImage(w.channel.ID, f.User, []byte("\xff\xd8\xff picture"))
	w.must(err)
	r := w.want(w.call("GET", "/v2/bot/message/"+image+"/content", ""), 200)
	if string(r.body) != "\xff\xd8\xff picture" || r.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("content %q %v", r.body, r.header)
	}
	w.want(w.call("GET", "/data/v2/bot/message/"+image+"/content/preview", ""), 200)
	video, err := w.SendMedia(w.channel.ID, f.User, linesandbox.Media{Kind: "video", Data: []byte("film")})
	w.must(err)
	w.want(w.call("GET", "/v2/bot/message/"+video+"/content", ""), 202)
	if r := w.call("GET", "/v2/bot/message/"+video+"/content/transcoding", ""); r.text("status") != "processing" {
		t.Errorf("transcoding: %s", r.body)
	}
	w.clock.Advance(2 * time.Second)
	w.want(w.call("GET", "/v2/bot/message/"+video+"/content", ""), 200)
	w.must(w.Unsend(w.channel.ID, f.User, image))
	w.wantMessage(w.call("GET", "/v2/bot/message/"+image+"/content", ""), 410, "The content is gone")
	text, err := w.SendText(w.channel.ID, f.User, "no content")
	w.must(err)
	w.wantMessage(w.call("GET", "/v2/bot/message/"+text+"/content", ""), 404, "not found")
	other := w.create(linesandbox.ChannelSpec{Provider: w.channel.Provider})
	w.want(w.callAs(w.stateless(other), "GET", "/v2/bot/message/"+video+"/content", ""), 404)
}
