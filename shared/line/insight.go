package line

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// japan is where LINE's days begin, whatever the account's country.
var japan = time.FixedZone("UTC+9", 9*60*60)

// Reach is how many friends an account had at the end of a day.
type Reach struct {
	Day time.Time // its beginning
	// Followers ever added the account; the number never falls. Blocks are those among them who block it now.
	Followers, Blocks int64
}

// insight is read by hand: the SDK makes a number that LINE withholds a zero.
type insight struct {
	Status    string `json:"status"`
	Followers *int64 `json:"followers"`
	Blocks    *int64 `json:"blocks"`
}

// Reach asks for the newest day that LINE has counted, yesterday or the day before; ok is false where it has counted neither or does not
// tell. LINE allows 60 questions an hour.
func (c *ChannelClient) Reach(ctx context.Context) (r Reach, ok bool, err error) {
	y, m, d := c.client.clock.Now().In(japan).Date()
	for ago := 1; ago <= 2 && !ok && err == nil; ago++ {
		r, ok, err = c.reach(ctx, time.Date(y, m, d-ago, 0, 0, 0, 0, japan))
	}
	return r, ok, err
}

func (c *ChannelClient) reach(ctx context.Context, day time.Time) (Reach, bool, error) {
	got, err := authorized(ctx, c, func(token string) (insight, error) {
		r, err := c.client.do(ctx, request{
			method: http.MethodGet, url: c.client.api + "/v2/bot/insight/followers?" + url.Values{"date": {day.Format("20060102")}}.Encode(), token: token,
		})
		var out insight
		if err != nil {
			return out, err
		}
		if r.status != http.StatusOK {
			return out, interpret(r)
		}
		if err := json.Unmarshal(r.body, &out); err != nil {
			return out, unreadable(err)
		}
		return out, nil
	})
	if err != nil || got.Status != "ready" || got.Followers == nil || got.Blocks == nil {
		return Reach{}, false, err
	}
	return Reach{Day: day, Followers: *got.Followers, Blocks: *got.Blocks}, true, nil
}
