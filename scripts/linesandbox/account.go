package linesandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Account endpoints: bot info, webhook settings, profiles, followers (Messaging API reference: Webhook settings, LINE Official Account, Users).

func botInfo(c *call) answer {
	o := object{
		"userId": c.ch.BotUserID, "basicId": c.ch.BasicID, "displayName": c.ch.Name,
		"pictureUrl": pictureAddress(c.ch.ID, 1),
		"chatMode":   "bot", "markAsReadMode": "auto",
	}
	if c.ch.ChatOn {
		o["chatMode"], o["markAsReadMode"] = "chat", "manual"
	}
	return ok(o)
}

func (s *Server) goodWebhookURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || len(text) > 500 {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && s.assumes("http_webhooks", "on")
}

func setWebhook(c *call) answer {
	var in struct {
		Endpoint string `json:"endpoint"`
	}
	if a, bad := c.decode(&in); bad {
		return a
	}
	if !c.s.goodWebhookURL(in.Endpoint) {
		return refuse(http.StatusBadRequest, "Invalid webhook endpoint URL")
	}
	c.ch.OldWebhook, c.ch.WebhookFrom = in.Endpoint, c.s.now()
	if delay := c.s.assumedSeconds("webhook_url_delay_seconds"); delay > 0 {
		c.ch.OldWebhook, c.ch.WebhookFrom = c.ch.Webhook, c.ch.WebhookFrom.Add(delay)
	}
	c.ch.Webhook = in.Endpoint
	return ok(empty)
}

func getWebhook(c *call) answer {
	if c.ch.Webhook == "" {
		return refuse(http.StatusNotFound, "Webhook endpoint not found")
	}
	return ok(object{"endpoint": c.ch.Webhook, "active": c.ch.UseWebhook})
}

func testWebhook(c *call) answer {
	var in struct {
		Endpoint string `json:"endpoint"`
	}
	if a, bad := c.decode(&in); bad {
		return a
	}
	if in.Endpoint == "" {
		in.Endpoint = c.s.webhookURL(c.ch)
	}
	if in.Endpoint == "" {
		return refuse(http.StatusNotFound, "Webhook endpoint not found")
	}
	if !c.s.goodWebhookURL(in.Endpoint) {
		return refuse(http.StatusBadRequest, "Invalid webhook endpoint URL")
	}
	at := c.s.now()
	if !c.ch.UseWebhook && c.s.assumes("webhook_test_needs_switch", "on") {
		return ok(testResult(at, postAnswer{reason: "UNCLASSIFIED", detail: "Use webhook is off"}))
	}
	body, err := c.s.envelope(c.ch, nil)
	if err != nil {
		return refuse(http.StatusInternalServerError, "not encoded")
	}
	signature := Sign(c.ch.Secret, body)
	var got postAnswer
	c.unlocked(func() { got = c.s.post(in.Endpoint, body, signature) })
	c.ch.Deliveries = keepLast(append(c.ch.Deliveries, WebhookDelivery{
		At: at, URL: in.Endpoint, Events: []string{}, Types: []string{}, Status: got.status, Reason: got.reason, Detail: got.detail,
		TookMS: got.took.Milliseconds(), Body: string(body), Signature: signature,
	}), 500)
	return ok(testResult(at, got))
}

func testResult(at time.Time, got postAnswer) object {
	return object{
		"success": got.reason == "OK", "timestamp": at.Format("2006-01-02T15:04:05.000000Z"), "statusCode": got.status,
		"reason": got.reason, "detail": got.detail,
	}
}

var userIDPattern = regexp.MustCompile(`^U[0-9a-f]{32}$`)

func profile(c *call) answer {
	id := c.params["userId"]
	if !userIDPattern.MatchString(id) {
		return refuse(http.StatusBadRequest, "The value for the 'userId' parameter is invalid")
	}
	u := c.s.knows(c.ch, id)
	if u == nil || !c.s.profileVisible(c.ch, u) {
		return refuse(http.StatusNotFound, "Not found")
	}
	o := object{"userId": id, "displayName": u.Name}
	o.put("pictureUrl", c.s.pictureURL(u))
	o.put("statusMessage", u.StatusMessage)
	o.put("language", u.Language)
	return ok(o)
}

// profileVisible: friends, and people who wrote without being one, unless they block the account, left LINE or did not consent.
func (s *Server) profileVisible(c *channel, u *User) bool {
	r := c.byUser[u.ID]
	if r == nil || u.Deleted || !u.Consent {
		return false
	}
	return r.State == Friended || r.State == Stranger && !r.LastWrote.IsZero() && s.assumes("profile_of_writer", "on")
}

func (s *Server) pictureURL(u *User) string {
	if u.Picture == 0 {
		return ""
	}
	return pictureAddress(u.ID, u.Picture)
}

// PictureOrigin is where LINE keeps pictures. The sandbox names the same origin, since apps may show pictures from there only, and serves
// their paths itself: whoever shows them replaces the origin.
const PictureOrigin = "https://profile.line-scdn.net"

func pictureAddress(owner string, version int) string {
	return fmt.Sprintf("%s/_sandbox/pictures/%s/%d.png", PictureOrigin, owner, version)
}

const (
	followersDefault = 300
	followersMax     = 1000
	followersToken   = 24 * time.Hour
)

func followers(c *call) answer {
	if !c.ch.Verified {
		return refuse(http.StatusForbidden, "Access to this API is not available for your account")
	}
	limit := followersDefault
	if text := c.r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > followersMax {
			return refuse(http.StatusBadRequest, "The value for the 'limit' parameter is invalid")
		}
		limit = n
	}
	from, valid := c.s.readPageToken(c.ch, c.r.URL.Query().Get("start"))
	if !valid {
		return refuse(http.StatusBadRequest, "Invalid start param")
	}
	if limit > 1 && c.s.assumes("short_follower_pages", "on") {
		limit -= c.s.rnd.IntN(limit/2 + 1)
	}
	ids := []string{}
	for i := from; i < len(c.ch.Relations); i++ {
		r := c.ch.Relations[i]
		if u := c.s.st.users[r.User]; r.State != Friended || u.Deleted || !u.Consent {
			continue
		}
		if len(ids) == limit {
			return ok(object{"userIds": ids, "next": c.s.pageToken(c.ch, i)})
		}
		ids = append(ids, lineUserID(c.ch.Provider, r.User))
	}
	return ok(object{"userIds": ids})
}

// pageToken is opaque to the app: place, moment and channel under a check word.
func (s *Server) pageToken(c *channel, at int) string {
	text := fmt.Sprintf("%d.%d", at, s.now().UnixMilli())
	return base64.RawURLEncoding.EncodeToString([]byte(text + "." + Sign(c.Secret, []byte("page "+text))))
}

func (s *Server) readPageToken(c *channel, token string) (int, bool) {
	if token == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	parts := strings.SplitN(string(raw), ".", 3)
	if len(parts) != 3 || Sign(c.Secret, []byte("page "+parts[0]+"."+parts[1])) != parts[2] {
		return 0, false
	}
	at, err := strconv.Atoi(parts[0])
	ms, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || err2 != nil || s.now().Sub(time.UnixMilli(ms)) > followersToken {
		return 0, false
	}
	return at, true
}
