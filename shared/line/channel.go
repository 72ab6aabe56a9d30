package line

import (
	"context"
	"net/http"
	"time"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"lumo/shared/fault"
	"lumo/shared/id"
)

// Bot is how an Official Account shows itself.
type Bot struct {
	User       id.BotUserID // the "destination" of its webhooks
	BasicID    string       // begins with @
	PremiumID  string
	Name       string
	PictureURL string
	// ChatOn: staff may answer in LINE's own manager; those answers never reach us.
	ChatOn bool
}

// BotInfo tells who the channel is.
func (c *ChannelClient) BotInfo(ctx context.Context) (Bot, error) {
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.BotInfoResponse, error) {
		return a.GetBotInfoWithHttpInfo()
	})
	if err != nil {
		return Bot{}, err
	}
	user, err := id.ParseBotUser(r.UserId)
	if err != nil {
		return Bot{}, unreadable(err)
	}
	return Bot{
		User: user, BasicID: r.BasicId, PremiumID: r.PremiumId, Name: r.DisplayName, PictureURL: r.PictureUrl,
		ChatOn: r.ChatMode == messaging_api.BotInfoResponseCHAT_MODE_CHAT,
	}, nil
}

// Webhook is the channel's one webhook address.
type Webhook struct {
	URL string // empty when none is set
	// Active is the switch "Use webhook" in LINE's console; no call can turn it on.
	Active bool
}

// Webhook reads the setting. No address set is an answer, not an error.
func (c *ChannelClient) Webhook(ctx context.Context) (Webhook, error) {
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.GetWebhookEndpointResponse, error) {
		return a.GetWebhookEndpointWithHttpInfo()
	})
	if fault.Is(err, fault.NotFound) {
		return Webhook{}, nil
	}
	if err != nil {
		return Webhook{}, err
	}
	return Webhook{URL: r.Endpoint, Active: r.Active}, nil
}

// SetWebhook changes the address; LINE may take a minute to use it. Whatever used the old address loses its events.
func (c *ChannelClient) SetWebhook(ctx context.Context, url string) error {
	_, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, struct{}, error) {
		return a.SetWebhookEndpointWithHttpInfo(&messaging_api.SetWebhookEndpointRequest{Endpoint: url})
	})
	return err
}

// WebhookTest is what LINE saw when it called an address.
type WebhookTest struct {
	Success bool
	At      time.Time
	Status  int
	Reason  string // OK, COULD_NOT_CONNECT, REQUEST_TIMEOUT, ERROR_STATUS_CODE, UNCLASSIFIED
	Detail  string
}

// TestWebhook lets LINE call url, or the address that is set when url is empty. LINE allows 60 tests an hour.
func (c *ChannelClient) TestWebhook(ctx context.Context, url string) (WebhookTest, error) {
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.TestWebhookEndpointResponse, error) {
		return a.TestWebhookEndpointWithHttpInfo(&messaging_api.TestWebhookEndpointRequest{Endpoint: url})
	})
	if err != nil {
		return WebhookTest{}, err
	}
	return WebhookTest{Success: r.Success, At: r.Timestamp, Status: int(r.StatusCode), Reason: r.Reason, Detail: r.Detail}, nil
}

// Profile is what a user shows to the account. It changes without any event.
type Profile struct {
	User          id.LineUserID
	Name          string
	PictureURL    string // may stop working at any time
	StatusMessage string
	Language      string // BCP 47; empty when the user did not agree to share it
}

// Profile asks LINE about a user. NotFound means: never a friend, blocked us, left LINE, or an id of another provider; LINE does not
// tell which. Calls are paced per channel (Config.ProfileRate).
func (c *ChannelClient) Profile(ctx context.Context, u id.LineUserID) (Profile, error) {
	if err := checkUser(u); err != nil {
		return Profile{}, err
	}
	if err := c.state.profile.wait(ctx, c.client.clock); err != nil {
		return Profile{}, notSent(err)
	}
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.UserProfileResponse, error) {
		return a.GetProfileWithHttpInfo(string(u))
	})
	if err != nil {
		return Profile{}, err
	}
	if r.UserId != string(u) {
		return Profile{}, unreadable(nil)
	}
	return Profile{User: u, Name: r.DisplayName, PictureURL: r.PictureUrl, StatusMessage: r.StatusMessage, Language: r.Language}, nil
}

// followersPage is the most LINE gives at once. It is always sent: the SDK would send 0 otherwise.
const followersPage = 1000

// Followers reads one page of friends who have not blocked the account; next is empty at the end and lives 24 hours (CodeCursor
// after that). Permission means that the account is not verified.
func (c *ChannelClient) Followers(ctx context.Context, start string) (ids []id.LineUserID, next string, err error) {
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.GetFollowersResponse, error) {
		return a.GetFollowersWithHttpInfo(start, followersPage)
	})
	if err != nil {
		return nil, "", err
	}
	for _, s := range r.UserIds {
		u, err := id.ParseLineUser(s)
		if err != nil {
			return nil, "", unreadable(err)
		}
		ids = append(ids, u)
	}
	return ids, r.Next, nil
}

// Quota is how many messages the account may send this month.
type Quota struct {
	Limited bool
	Value   int64 // only when Limited
}

func (c *ChannelClient) Quota(ctx context.Context) (Quota, error) {
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.MessageQuotaResponse, error) {
		return a.GetMessageQuotaWithHttpInfo()
	})
	if err != nil {
		return Quota{}, err
	}
	switch r.Type {
	case messaging_api.QuotaType_LIMITED:
		return Quota{Limited: true, Value: r.Value}, nil
	case messaging_api.QuotaType_NONE:
		return Quota{}, nil
	}
	return Quota{}, unreadable(nil)
}

// Consumption is about how many messages were sent this month, LINE's own tools included.
func (c *ChannelClient) Consumption(ctx context.Context) (int64, error) {
	r, err := call(ctx, c, func(a *messaging_api.MessagingApiAPI) (*http.Response, *messaging_api.QuotaConsumptionResponse, error) {
		return a.GetMessageQuotaConsumptionWithHttpInfo()
	})
	if err != nil {
		return 0, err
	}
	return r.TotalUsage, nil
}

// unreadable is the Fault of a success that makes no sense.
func unreadable(err error) *fault.Fault {
	f := interpret(reply{status: http.StatusOK, header: http.Header{}})
	f.Err = err
	return f
}
