package linesandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/line/line-bot-sdk-go/v8/linebot/channel_access_token"
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"
	"github.com/line/line-bot-sdk-go/v8/linebot/webhook"
)

// Ensure that LINE's own Go SDK, which nobody here wrote, works with the sandbox unchanged: calls, errors, webhooks.
func TestOfficialSDK(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.listen()
	f := w.friends(3)[0]
	tokens, err := channel_access_token.NewChannelAccessTokenAPI(channel_access_token.WithHTTPClient(w.api), channel_access_token.WithEndpoint("http://line.test/api"))
	w.must(err)
	token, err := tokens.IssueStatelessChannelTokenByClientSecret(w.channel.ID, w.channel.Secret)
	w.must(err)
	api, err := messaging_api.NewMessagingApiAPI(token.AccessToken, messaging_api.WithHTTPClient(w.api), messaging_api.WithEndpoint("http://line.test/api"))
	w.must(err)
	blob, err := messaging_api.NewMessagingApiBlobAPI(token.AccessToken, messaging_api.WithBlobHTTPClient(w.api), messaging_api.WithBlobEndpoint("http://line.test/data"))
	w.must(err)

	info, err := api.GetBotInfo()
	w.must(err)
	if info.UserId != w.channel.BotUserID {
		t.Errorf("bot info %+v", info)
	}
	ids, err := api.GetFollowers("", 1000)
	w.must(err)
	profile, err := api.GetProfile(ids.UserIds[0])
	w.must(err)
	if len(ids.UserIds) != 3 || profile.DisplayName != f.Name {
		t.Errorf("followers %v, profile %+v", ids.UserIds, profile)
	}
	message := &messaging_api.PushMessageRequest{To: f.LineUserID, Messages: []messaging_api.MessageInterface{messaging_api.TextMessage{Text: "<こんにちは> & 😀"}}}
	if _, err := api.PushMessage(message, key1); err != nil {
		t.Fatal(err)
	}
	res, _, err := api.PushMessageWithHttpInfo(message, key1)
	if err == nil || res == nil || res.StatusCode != http.StatusConflict || res.Header.Get("X-Line-Accepted-Request-Id") == "" {
		t.Errorf("second push: %v", err)
	}
	if got := w.texts(f.User); len(got) != 1 || got[0] != "<こんにちは> & 😀" {
		t.Errorf("chat %q", got)
	}

	id, err := w.SendImage(w.channel.ID, f.User, []byte("\xff\xd8\xff"))
	w.must(err)
	content, err := blob.GetMessageContent(id)
	w.must(err)
	if data, err := io.ReadAll(content.Body); err != nil || string(data) != "\xff\xd8\xff" {
		t.Errorf("content %q %v", data, err)
	}
	w.must(w.Block(w.channel.ID, f.User))
	w.clock.Advance(0)
	wantSDKEvents(t, w, func(e webhook.EventInterface) bool {
		m, isMessage := e.(webhook.MessageEvent)
		if !isMessage {
			return false
		}
		image, isImage := m.Message.(webhook.ImageMessageContent)
		return isImage && image.Id == id && m.Source.(webhook.UserSource).UserId == f.LineUserID
	}, func(e webhook.EventInterface) bool {
		_, isUnfollow := e.(webhook.UnfollowEvent)
		return isUnfollow
	})
}

func wantSDKEvents(t *testing.T, w *world, want ...func(webhook.EventInterface) bool) {
	t.Helper()
	var got []webhook.EventInterface
	for _, p := range w.app.posts {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(p.body))
		r.Header.Set("x-line-signature", p.signature)
		in, err := webhook.ParseRequest(w.channel.Secret, r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, in.Events...)
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i, fits := range want {
		if !fits(got[i]) {
			t.Errorf("event %d: %#v", i, got[i])
		}
	}
}
