package line

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"lumo/shared/fault"
	"lumo/shared/linkage"
)

// Login is LINE Login v2.1 (LINE Login v2.1 API reference). Its channels are not those of the Messaging API.
type Login struct {
	Client *Client
	// Access is LINE_ACCESS_URL, where people log in.
	Access string
}

var _ linkage.Line = Login{}

// AuthorizeURL is LINE's login page. bot_prompt=aggressive asks to add the account as a friend on a page of its own; it has an effect only
// where an account belongs to the channel.
func (l Login) AuthorizeURL(c linkage.Challenge) string {
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.Channel}, "redirect_uri": {c.Redirect}, "state": {c.State}, "scope": {"openid profile"},
		"nonce": {c.Nonce}, "bot_prompt": {"aggressive"}, "code_challenge": {c.CodeChallenge}, "code_challenge_method": {"S256"},
	}
	if c.Email {
		q.Set("scope", "openid profile email") // refused for channels without LINE's permission
	}
	if c.Language == "ja" {
		q.Set("ui_locales", "ja-JP")
	} else {
		q.Set("ui_locales", "en-US")
	}
	return strings.TrimRight(l.Access, "/") + "/oauth2/v2.1/authorize?" + q.Encode()
}

// Exchange takes LINE's code, once.
func (l Login) Exchange(ctx context.Context, ch linkage.Login, code, redirect, verifier string) (linkage.Tokens, error) {
	r, err := l.token(ctx, ch, code, redirect, verifier)
	if err != nil {
		return linkage.Tokens{}, err
	}
	var out struct {
		Access string `json:"access_token"`
		ID     string `json:"id_token"`
	}
	if r.status != http.StatusOK {
		return linkage.Tokens{}, interpret(r)
	}
	if json.Unmarshal(r.body, &out) != nil || out.Access == "" || out.ID == "" {
		f := interpret(r)
		f.Code, f.Class = CodeUnreadable, fault.Invalid
		return linkage.Tokens{}, f
	}
	return linkage.Tokens{ID: out.ID, Access: out.Access}, nil
}

func (l Login) token(ctx context.Context, ch linkage.Login, code, redirect, verifier string) (reply, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "client_id": {ch.Channel}, "client_secret": {ch.Secret},
		"code_verifier": {verifier},
	}
	return l.Client.do(ctx, request{
		method: http.MethodPost, url: l.Client.api + "/oauth2/v2.1/token", contentType: "application/x-www-form-urlencoded", body: strings.NewReader(form.Encode()),
	})
}

// CheckLogin tells whether channel ID and secret belong together: LINE looks at them before it looks at a code, and this code is none.
// false with a nil error means that they do not.
func (l Login) CheckLogin(ctx context.Context, ch linkage.Login, redirect string) (bool, error) {
	r, err := l.token(ctx, ch, "lumo-check", redirect, strings.Repeat("lumo-check-", 4))
	if err != nil {
		return false, err
	}
	var b errorBody
	_ = json.Unmarshal(r.body, &b)
	switch {
	case b.Error == "invalid_grant":
		return true, nil
	case b.Error == "invalid_client" || r.status == http.StatusUnauthorized:
		return false, nil
	}
	return false, interpret(r)
}

// Friendship tells whether the person is a friend of the account that belongs to the channel.
func (l Login) Friendship(ctx context.Context, access string) (linkage.Friendship, error) {
	r, err := l.Client.do(ctx, request{method: http.MethodGet, url: l.Client.api + "/friendship/v1/status", token: access})
	if err != nil {
		return "", err
	}
	var out struct {
		Flag *bool `json:"friendFlag"`
	}
	switch {
	case r.status == http.StatusBadRequest || r.status == http.StatusNotFound:
		return linkage.NoAccount, nil
	case r.status != http.StatusOK || json.Unmarshal(r.body, &out) != nil || out.Flag == nil:
		return "", interpret(r)
	case *out.Flag:
		return linkage.Friends, nil
	}
	return linkage.NotFriends, nil
}

// Keys are LINE's public keys, for the id tokens of LIFF pages.
func (l Login) Keys(ctx context.Context) ([]linkage.Key, error) {
	r, err := l.Client.do(ctx, request{method: http.MethodGet, url: l.Client.api + "/oauth2/v2.1/certs"})
	if err != nil {
		return nil, err
	}
	var out struct {
		Keys []linkage.Key `json:"keys"`
	}
	if r.status != http.StatusOK || json.Unmarshal(r.body, &out) != nil {
		return nil, interpret(r)
	}
	return out.Keys, nil
}
