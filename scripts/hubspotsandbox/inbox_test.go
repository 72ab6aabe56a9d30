package hubspotsandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// channel is the app's side of channel webhooks.
func (a appSide) channel(r *http.Request) (*http.Response, error) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	status := 200
	if a.b.refuse > 0 {
		a.b.refuse, status = a.b.refuse-1, 500
	} else {
		a.b.told = append(a.b.told, body)
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}}, nil
}

const channels = "/conversations/custom-channels/2026-09"

// connected defines the channel and connects an account, the way an app does.
func (b *bench) connected(bot string) (channel, account string) {
	b.t.Helper()
	key := "?hapikey=developer-key&appId=7654321"
	a := b.call("POST", channels+key, map[string]any{"name": "LINE", "webhookUrl": "https://lumo.test/hubspot/channel", "channelAccountConnectionRedirectUrl": "https://lumo.test/setup/inbox",
		"capabilities": map[string]any{"threadingModel": "INTEGRATION_THREAD_ID", "richText": []string{}, "allowInlineImages": false, "maxFileAttachmentCount": 4}})
	if a.status != 201 {
		b.t.Fatal(a.text)
	}
	channel = a.json["id"].(string)
	ids := b.s.Channels()
	to, err := b.s.BeginConnection(portalA, ids[0], 4001, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	u, _ := url.Parse(to)
	token := u.Query().Get("accountToken")
	a = b.call("PATCH", channels+"/"+channel+"/channel-account-staging-tokens/"+token, map[string]any{"accountName": "Shop", "deliveryIdentifier": Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", bot}})
	if a.status != 200 || a.json["inboxId"] != float64(4001) {
		b.t.Fatal(a.text)
	}
	x, err := b.s.FinishConnection(portalA, token)
	if err != nil {
		b.t.Fatal(err)
	}
	return channel, fmt.Sprint(x.ID)
}

func incoming(account, id, text string, at time.Time) map[string]any {
	return map[string]any{
		"channelAccountId": account, "messageDirection": "INCOMING", "text": text, "timestamp": at.Format("2006-01-02T15:04:05.000Z"), "integrationThreadId": "line:bot:Uaiko",
		"integrationIdempotencyId": id, "attachments": []any{},
		"senders":    []any{map[string]any{"name": "Aiko", "deliveryIdentifier": Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", "Uaiko"}}},
		"recipients": []any{map[string]any{"deliveryIdentifier": Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", "bot"}}},
	}
}

func TestAConversationThroughACustomChannel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	channel, account := b.connected("bot")
	b.s.DeliverWebhooks()
	if len(b.told) != 1 || b.told[0]["type"] != "CHANNEL_ACCOUNT_CREATED" || b.told[0]["channelAccountId"] != account {
		t.Fatalf("told %v", b.told)
	}
	messages := channels + "/" + channel + "/messages"
	later, first := b.call("POST", messages, incoming(account, "2", "second", start.Add(time.Minute))), b.call("POST", messages, incoming(account, "1", "first", start))
	again := b.call("POST", messages, incoming(account, "1", "first", start))
	if first.status != 201 || later.status != 201 || again.json["id"] != first.json["id"] {
		t.Fatal(first.text, later.text, again.text)
	}
	threads, err := b.s.Threads(portalA)
	if err != nil || len(threads) != 1 || len(threads[0].Messages) != 2 || threads[0].Messages[0].Text != "first" {
		t.Fatalf("%+v, %v", threads, err)
	}
	contact, err := b.s.Create(portalA, "contacts", map[string]string{"firstname": "Aiko"}, By{})
	if err != nil {
		t.Fatal(err)
	}
	linked := incoming(account, "3", "third", start.Add(2*time.Minute))
	linked["associateWithContactId"] = contact
	b.call("POST", messages, linked)
	b.told, b.refuse = nil, 1
	id, err := b.s.Reply(portalA, threads[0].ID, 1, "answer")
	if err != nil {
		t.Fatal(err)
	}
	b.s.DeliverWebhooks()
	if b.s.DeliverWebhooks(); len(b.told) != 1 {
		t.Fatalf("told %v", b.told)
	}
	m := b.told[0]["message"].(map[string]any)
	to := m["recipients"].([]any)[0].(map[string]any)
	if b.told[0]["type"] != "OUTGOING_CHANNEL_MESSAGE_CREATED" || m["id"] != id || m["text"] != "answer" || to["actorId"] != fmt.Sprint("V-", contact) {
		t.Errorf("told %v", b.told[0])
	}
	if a := b.call("PATCH", messages+"/"+id, map[string]any{"statusType": "FAILED", "errorMessage": "blocked"}); a.status != 200 {
		t.Error(a.text)
	}
	if a := b.call("POST", "/conversations/conversations/2026-09/threads/"+fmt.Sprint(threads[0].ID)+"/messages", map[string]any{"type": "COMMENT", "text": "note", "attachments": []any{}}); a.status != 201 {
		t.Error(a.text)
	}
	if a := b.call("GET", "/conversations/conversations/2026-09/threads/"+fmt.Sprint(threads[0].ID)+"/messages", nil); a.status != 200 || len(a.json["results"].([]any)) != 5 {
		t.Error(a.text)
	}
	if a := b.call("GET", "/conversations/conversations/2026-09/actors/A-1", nil); a.status != 200 || a.json["type"] != "AGENT" {
		t.Error(a.text)
	}
	n := b.accountID(account)
	if err := b.s.RemoveChannelAccount(portalA, n); err != nil {
		t.Fatal(err)
	}
	if a := b.call("POST", messages, incoming(account, "4", "late", start)); a.status != 404 {
		t.Error(a.text)
	}
}

func (b *bench) accountID(account string) int64 {
	all, err := b.s.ChannelAccounts(portalA)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, a := range all {
		if fmt.Sprint(a.ID) == account {
			return a.ID
		}
	}
	return 0
}

func TestAChannelIsRefusedToOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	channel, account := b.connected("bot")
	key := "?hapikey=wrong&appId=7654321"
	if a := b.call("GET", channels+key, nil); a.status != 401 {
		t.Error("a wrong key:", a.text)
	}
	if a := b.call("POST", channels+"?hapikey=developer-key&appId=7654321", map[string]any{"name": "x", "capabilities": map[string]any{"threadingModel": true}}); a.status != 400 {
		t.Error("a capability of a wrong kind:", a.text)
	}
	if a := b.call("PATCH", channels+"/"+channel+"?hapikey=developer-key&appId=7654321", map[string]any{"name": "LINE 2"}); a.status != 200 || a.json["name"] != "LINE 2" {
		t.Error(a.text)
	}
	if a := b.call("POST", channels+"/99/messages", incoming(account, "1", "x", start)); a.status != 404 {
		t.Error("another app's channel:", a.text)
	}
	if a := b.call("POST", channels+"/"+channel+"/messages", incoming(account, "1", "", start)); a.status != 400 {
		t.Error("an empty text:", a.text)
	}
	to, err := b.s.BeginConnection(portalA, b.s.Channels()[0], 4002, 1)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	if a := b.call("PATCH", channels+"/"+channel+"/channel-account-staging-tokens/"+u.Query().Get("accountToken"), map[string]any{"accountName": "Shop", "deliveryIdentifier": Identifier{"CHANNEL_SPECIFIC_OPAQUE_ID", "bot"}}); a.status != 409 {
		t.Error("connected twice:", a.text)
	}
}

// upload posts a file as a client does.
func (b *bench) upload(name, mimeType string, data []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("options", `{"access":"PRIVATE","ttl":"P1Y"}`)
	_ = w.WriteField("folderPath", "/line")
	part, err := w.CreatePart(map[string][]string{"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {mimeType}})
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write(data)
	_ = w.Close()
	r := httptest.NewRequest("POST", "/files/2026-09/files", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+b.token)
	rec := httptest.NewRecorder()
	b.api.ServeHTTP(rec, r)
	out := answer{status: rec.Code, text: rec.Body.String()}
	_ = json.Unmarshal(rec.Body.Bytes(), &out.json)
	return out
}

func TestFilesAreKeptAndSigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.upload("1.png", "image/png", []byte("picture"))
	if a.status != 201 || a.json["type"] != "IMG" {
		t.Fatal(a.text)
	}
	id := a.json["id"].(string)
	signed := b.call("GET", "/files/2026-09/files/"+id+"/signed-url?expirationSeconds=60", nil)
	if signed.status != 200 {
		t.Fatal(signed.text)
	}
	fetch := func(link string) int {
		u, _ := url.Parse(link)
		rec := httptest.NewRecorder()
		b.s.ServeHTTP(rec, httptest.NewRequest("GET", u.RequestURI(), nil))
		return rec.Code
	}
	link := signed.json["url"].(string)
	if got := fetch(link); got != 200 {
		t.Errorf("the signed link: %d", got)
	}
	if got := fetch(a.json["url"].(string)); got != 404 {
		t.Errorf("a private file's own link: %d", got)
	}
	b.clock.Advance(2 * time.Minute)
	if got := fetch(link); got != 404 {
		t.Errorf("the link after its end: %d", got)
	}
	b.want(204, b.call("DELETE", "/files/2026-09/files/"+id+"/gdpr-delete", nil))
	b.want(404, b.call("DELETE", "/files/2026-09/files/"+id+"/gdpr-delete", nil))
	if a := b.upload("empty.png", "image/png", nil); a.status != 400 {
		t.Error("an empty file:", a.text)
	}
}

func TestPagesOfTheInbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	channel, account := b.connected("bot")
	b.call("POST", channels+"/"+channel+"/messages", incoming(account, "1", "Do you have <umbrellas>?", start))
	threads, err := b.s.Threads(portalA)
	if err != nil {
		t.Fatal(err)
	}
	thread := fmt.Sprint("/ui/1001/inbox/", threads[0].ID)
	show := func(path, want string) {
		t.Helper()
		rec := httptest.NewRecorder()
		b.s.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s shows no %q: %d %s", path, want, rec.Code, rec.Body)
		}
	}
	show("/ui/1001/inbox", "Aiko")
	show("/ui/1001/inbox/settings", "Connect LINE")
	show(thread, "&lt;umbrellas&gt;")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("text", "We do.")
	part, _ := w.CreateFormFile("file", "shelf.png")
	_, _ = part.Write([]byte("picture"))
	_ = w.Close()
	r := httptest.NewRequest("POST", thread+"/reply", &form)
	r.Header.Set("Content-Type", w.FormDataContentType())
	rec := httptest.NewRecorder()
	b.s.ServeHTTP(rec, r)
	if rec.Code != 303 || rec.Header().Get("Location") != thread {
		t.Fatalf("%d %s", rec.Code, rec.Header().Get("Location"))
	}
	show(thread, "We do.")
	show(thread, "shelf.png")
}
