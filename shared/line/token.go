package line

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"lumo/shared/fault"
)

// tokenCache holds the stateless token of one channel. The lock is held while a token is fetched, so that concurrent calls share it.
type tokenCache struct {
	mu             sync.Mutex
	value          string
	renew, expires time.Time
}

// token returns a token that is not the refused one. Stateless tokens live 15 minutes and cannot be revoked or counted out; they are
// renewed after 12, and the old one still serves while LINE cannot be reached.
func (c *ChannelClient) token(ctx context.Context, refused string) (string, error) {
	t := &c.state.token
	t.mu.Lock()
	defer t.mu.Unlock()
	now := c.client.clock.Now()
	if refused != "" && t.value == refused {
		t.value = ""
	}
	if t.value != "" && now.Before(t.renew) {
		return t.value, nil
	}
	value, life, err := c.issue(ctx)
	if err != nil {
		if fault.Is(err, fault.Revoked) {
			t.value = ""
		}
		if t.value != "" && now.Before(t.expires) {
			return t.value, nil
		}
		return "", err
	}
	t.value, t.renew, t.expires = value, now.Add(life*4/5), now.Add(life)
	return value, nil
}

// issue asks for a stateless token (POST /oauth2/v3/token).
func (c *ChannelClient) issue(ctx context.Context) (string, time.Duration, error) {
	if c.channel.ID == "" || c.channel.Secret == "" {
		return "", 0, refusedHere("The channel has no ID or no secret.", nil)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.channel.ID}, "client_secret": {c.channel.Secret}}
	r, err := c.client.do(ctx, request{
		method: http.MethodPost, url: c.client.api + "/oauth2/v3/token",
		contentType: "application/x-www-form-urlencoded", body: strings.NewReader(form.Encode()),
	})
	if err != nil {
		return "", 0, err
	}
	var out struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if r.status != http.StatusOK {
		return "", 0, interpretToken(r)
	}
	if err := json.Unmarshal(r.body, &out); err != nil || out.AccessToken == "" || out.ExpiresIn <= 0 {
		return "", 0, interpret(r)
	}
	return out.AccessToken, time.Duration(out.ExpiresIn) * time.Second, nil
}
