package line

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"lumo/shared/id"
	"lumo/shared/linkage"
)

// LinkToken makes a token for LINE's account link page: ten minutes, once, for this friend only (Messaging API reference: Issue link token).
func (c *ChannelClient) LinkToken(ctx context.Context, u id.LineUserID) (string, error) {
	if err := checkUser(u); err != nil {
		return "", err
	}
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.IssueLinkTokenResponse, error) {
		return a.IssueLinkTokenWithHttpInfo(string(u))
	})
	if err != nil {
		return "", err
	}
	if r.LinkToken == "" {
		return "", unreadable(nil)
	}
	return r.LinkToken, nil
}

// LinkAddress is LINE's account link page; access is LINE_ACCESS_URL.
func LinkAddress(access, token, nonce string) string {
	return strings.TrimRight(access, "/") + "/dialog/bot/accountLink?" + url.Values{"linkToken": {token}, "nonce": {nonce}}.Encode()
}

// LinkEvent tells whether an event is about a linking: LINE's word on a nonce, or a friend who asks for the link by a button or by the account's
// word.
func LinkEvent(e Event, word string) (linkage.Heard, bool) {
	h := linkage.Heard{Event: e.ID, User: e.User}
	if e.Timestamp.IsZero() {
		return h, false
	}
	h.At = e.Timestamp.UnixMilli()
	if e.Active {
		h.ReplyToken = e.ReplyToken
	}
	if e.Type == AccountLinkEvent {
		if e.Link == nil || e.Link.Nonce == "" {
			return h, false
		}
		h.Nonce, h.OK = e.Link.Nonce, e.Link.Result == "ok"
		return h, true
	}
	return h, e.Source == FromUser && e.User != "" && (AskedByButton(e) || e.Type == MessageEvent && e.Message != nil && e.Message.Type == TextMessage && linkage.Asks(e.Message.Text, word))
}

// AskedByButton tells whether somebody tapped a button that asks for the linking link.
func AskedByButton(e Event) bool {
	return e.Type == PostbackEvent && e.Postback != nil && e.Postback.Data == linkage.AskPostback
}

// WithoutReply is the event without its reply token, for whoever must not answer it.
func WithoutReply(raw json.RawMessage) json.RawMessage {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &fields) != nil {
		return raw
	}
	delete(fields, "replyToken")
	out, err := json.Marshal(fields)
	if err != nil {
		return raw
	}
	return out
}
