package linesandbox_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"lumo/scripts/linesandbox"
)

// Ensure that everything needed to play a whole story works over HTTP alone.
func TestControlAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	control := func(method, path, body string) reply { return w.callAs("", method, "/_sandbox/"+path, body) }
	p := w.want(control("POST", "providers", `{"name":"会社"}`), 200).text("id")
	made := w.want(control("POST", "channels", `{"provider":"`+p+`","name":"店","verified":true,"quota":100,"redelivery":true}`), 200)
	var c linesandbox.Channel
	made.into(t, &c)
	if len(c.Secret) != 32 || c.BotUserID == "" || *c.Quota != 100 || !c.Redelivery {
		t.Fatalf("channel %+v", c)
	}
	var friends []linesandbox.Friend
	w.want(control("POST", "channels/"+c.ID+"/friends", `{"count":3,"quiet":true}`), 200).into(t, &friends)
	chat := "chats/" + c.ID + "/" + friends[0].LineUserID + "/"
	w.want(control("POST", chat+"block", ""), 200)
	w.want(control("POST", chat+"block", ""), 409)
	w.want(control("POST", chat+"unblock", ""), 200)
	id := w.want(control("POST", chat+"text", `{"text":"hi"}`), 200).text("messageId")
	for act, body := range map[string]string{
		"sticker": `{"packageId":"1","stickerId":"2"}`, "image": `{}`, "postback": `{"data":"x"}`, "location": `{"title":"t","latitude":1,"longitude":2}`,
		"media": `{"media":{"kind":"file","fileName":"a.pdf","data":"AAAA"}}`,
	} {
		w.want(control("POST", chat+act, body), 200)
	}
	w.want(control("POST", chat+"unsend", `{"messageId":"`+id+`"}`), 200)
	w.want(control("POST", chat+"dance", ""), 404)
	var log []linesandbox.ChatEntry
	w.want(control("GET", strings.TrimSuffix(chat, "/"), ""), 200).into(t, &log)
	if len(log) != 5 || !log[0].Unsent {
		t.Errorf("chat %+v", log)
	}
	if r := w.want(control("POST", "users/"+friends[0].User+"/rename", `{"name":"新"}`), 200); r.text("name") != "新" {
		t.Errorf("rename %s", r.body)
	}
	w.want(control("PATCH", "channels/"+c.ID, `{"verified":false,"quota":-1}`), 200)
	w.want(control("PUT", "channels/"+c.ID+"/webhook-settings", `{"duplicate":0.5}`), 200)
	if set, err := w.WebhookSettings(c.ID); err != nil || set.Duplicate != 0.5 || set.BatchMax != 10 {
		t.Errorf("settings %+v %v", set, err)
	}
	w.want(control("POST", "faults", `{"path":"/x","kind":"cut_after","count":2}`), 200)
	w.want(control("POST", "faults", `{"kind":"?"}`), 404)
	w.want(control("DELETE", "faults", ""), 200)
	w.want(control("PUT", "assumptions", `{"quota_month":"utc"}`), 200)
	w.want(control("PUT", "assumptions", `{"quota_month":"moon"}`), 409)
	w.want(control("POST", "clock", `{"skewMs":5000}`), 200)
	for _, path := range []string{"channels", "channels/" + c.ID + "/webhooks", "users", "stats", "calls", "violations", "assumptions", "clock", "faults"} {
		w.want(control("GET", path, ""), 200)
	}
	w.want(control("GET", "channels/1/friends", ""), 404)
	w.want(control("POST", "channels", `{`), 400)
	w.want(control("POST", "reset", ""), 200)
}

// Ensure that the pages show the world and their forms act on it.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(70)
	u := w.CreateUser(linesandbox.UserSpec{Name: `<script>alert("x")</script>`})
	w.must(w.Follow(w.channel.ID, u.ID))
	phone := "/_sandbox/phone/" + w.channel.ID + "/" + u.ID
	get := func(path string) string { return string(w.want(w.callAs("", "GET", path, ""), 200).body) }
	post := func(act string, pairs ...string) reply {
		return w.form("/_sandbox/do/"+act, append([]string{"channel", w.channel.ID, "user", u.ID}, pairs...)...)
	}
	if page := get("/_sandbox/"); !strings.Contains(page, w.channel.ID) || !strings.Contains(page, w.channel.Secret) {
		t.Error("the start page must show what an app needs to connect")
	}
	if page := get("/_sandbox/account/" + w.channel.ID + "?page=1"); !strings.Contains(page, "&lt;script&gt;") || strings.Contains(page, "<script>alert") {
		t.Error("a name was not escaped, or the second page is missing")
	}
	if page := get("/_sandbox/account/" + w.channel.ID + "?name=" + f[5].LineUserID); !strings.Contains(page, f[5].User) || strings.Contains(page, f[6].User) {
		t.Error("search by LINE user id")
	}
	for act, pairs := range map[string][]string{
		"block": nil, "sticker": nil, "picture": nil, "rename": {"name", "新しい"}, "person": {"name", "Zoe"}, "friends": {"count", "2"}, "postback": {"value", "d"},
	} {
		if act == "block" {
			continue
		}
		w.want(post(act, pairs...), 303)
	}
	w.want(post("block"), 303)
	if page := get(phone); !strings.Contains(page, "You have blocked this account") {
		t.Error("the phone does not show the block")
	}
	w.want(post("unblock"), 303)
	w.want(w.call("POST", "/v2/bot/message/push", textTo(mustID(w, u.ID), "see <b>https://x.example</b>")), 200)
	flex := `{"to":"` + mustID(w, u.ID) + `","messages":[{"type":"flex","altText":"alt","contents":{"type":"bubble","body":{"type":"box","layout":"vertical","contents":[{"type":"text","text":"Flex words"},{"type":"button","action":{"type":"postback","label":"Tap me","data":"d1"}}]}}},{"type":"template","altText":"t","template":{"type":"confirm","text":"Sure?","actions":[{"type":"message","label":"Yes","text":"yes"},{"type":"uri","label":"No","uri":"https://x.example"}]}},{"type":"text","text":"q","quickReply":{"items":[{"type":"action","action":{"type":"message","label":"Quick","text":"quick"}}]}}]}`
	w.want(w.call("POST", "/v2/bot/message/push", flex), 200)
	for _, words := range []string{`see &lt;b&gt;<a href="https://x.example" target="_blank" rel="noopener">https://x.example</a>&lt;/b&gt;`, "Flex words", "Tap me", "Sure?", "Quick"} {
		if !strings.Contains(get(phone+"/chat"), words) {
			t.Errorf("the chat lacks %q", words)
		}
	}
	for _, c := range [][]string{{"fault", "kind", "slow"}, {"webhooks", "duplicate", "50"}, {"switches", "quota", "5", "verified", "on"}, {"assume", "name", "quota_month", "value", "utc"}, {"redeliver"}} {
		w.want(post(c[0], c[1:]...), 303)
	}
	w.ClearFaults()
	get("/_sandbox/trouble")
	get("/_sandbox/style.css")
	w.want(post("nonsense"), 404)
	w.want(w.callAs("", "GET", "/_sandbox/phone/"+w.channel.ID+"/nobody", ""), 404)
}

func mustID(w *world, user string) string {
	w.t.Helper()
	id, err := w.LineUserID(w.channel.ID, user)
	w.must(err)
	return id
}

func TestSendingAFileFromThePhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.friends(1)[0]
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	w.must(form.WriteField("channel", w.channel.ID))
	w.must(form.WriteField("user", f.User))
	file, err := form.CreatePart(map[string][]string{"Content-Disposition": {`form-data; name="file"; filename="a.png"`}, "Content-Type": {"image/png"}})
	w.must(err)
	_, err = file.Write([]byte("\x89PNG"))
	w.must(err)
	w.must(form.Close())
	req, err := http.NewRequest("POST", "http://line.test/_sandbox/do/write", &b)
	w.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	w.want(w.send(req), 303)
	log, err := w.ChatLog(w.channel.ID, f.User)
	w.must(err)
	if len(log) != 1 || log[0].Type != "image" {
		t.Fatalf("chat %+v", log)
	}
	if r := w.want(w.callAs("", "GET", "/_sandbox/contents/"+log[0].ID, ""), 200); string(r.body) != "\x89PNG" {
		t.Errorf("content %q", r.body)
	}
}

// Ensure that a foreign web page cannot act through a browser that has the sandbox open.
func TestForeignPagesCannotAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.callAs("", "POST", "/_sandbox/reset", "", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	w.want(r, 403)
	if len(w.Channels()) == 0 {
		t.Error("reset by a stranger")
	}
}
