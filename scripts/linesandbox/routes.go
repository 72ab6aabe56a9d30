package linesandbox

import (
	"net/http"
	"strings"
	"time"
)

// hostName is one of LINE's hosts; on this server they are told apart by an optional path prefix.
type hostName string

const (
	anyHost    hostName = ""
	apiHost    hostName = "api"    // api.line.me
	dataHost   hostName = "data"   // api-data.line.me
	accessHost hostName = "access" // access.line.me
)

type authKind int

const (
	channelAuth authKind = iota // Authorization: Bearer <channel access token>
	loginAuth                   // Authorization: Bearer <user access token>
	noAuth
)

// route is one official endpoint. Without a handler it answers 501.
type route struct {
	method, path string
	host         hostName
	auth         authKind
	limit        rate
	content      string // required content type, if any
	logged       bool   // keep the body in the call log
	handle       func(*call) answer

	parts []string
}

// rate is a token bucket: n requests per period, up to n at once (Messaging API reference: Rate limits).
type rate struct {
	n   int
	per time.Duration
}

var (
	general   = rate{2000, time.Second}
	perHour60 = rate{60, time.Hour}
)

const (
	jsonBody = "application/json"
	formBody = "application/x-www-form-urlencoded"
)

// bodyNeeded is false for the only JSON call whose body may be left out: the test of the registered webhook.
func (r *route) bodyNeeded() bool { return r.path != "/v2/bot/channel/webhook/test" }

func officialRoutes() []route {
	all := []route{
		{method: "POST", path: "/oauth2/v3/token", auth: noAuth, content: formBody, handle: issueStateless},
		{method: "POST", path: "/oauth2/v2.1/token", auth: noAuth, content: formBody, handle: issueJWTOrLogin},
		{method: "GET", path: "/oauth2/v2.1/tokens/kid", auth: noAuth, handle: listKeyIDs},
		{method: "GET", path: "/oauth2/v2.1/verify", auth: noAuth, handle: verifyAccessToken},
		{method: "POST", path: "/oauth2/v2.1/verify", auth: noAuth, content: formBody, handle: verifyIDToken},
		{method: "POST", path: "/oauth2/v2.1/revoke", auth: noAuth, content: formBody, handle: revokeToken},
		{method: "POST", path: "/v2/oauth/accessToken", auth: noAuth, content: formBody, limit: rate{370, time.Second}, handle: issueShortLived},
		{method: "POST", path: "/v2/oauth/verify", auth: noAuth, content: formBody, handle: verifyShortLived},
		{method: "POST", path: "/v2/oauth/revoke", auth: noAuth, content: formBody, handle: revokeShortLived},

		{method: "GET", path: "/oauth2/v2.1/certs", auth: noAuth, handle: certs},
		{method: "GET", path: "/oauth2/v2.1/userinfo", auth: loginAuth, handle: userInfo},
		{method: "POST", path: "/oauth2/v2.1/userinfo", auth: loginAuth, handle: userInfo},
		{method: "GET", path: "/v2/profile", auth: loginAuth, handle: loginProfile},
		{method: "GET", path: "/friendship/v1/status", auth: loginAuth, handle: friendship},
		{method: "POST", path: "/user/v1/deauthorize", content: jsonBody, handle: deauthorize},
		{method: "GET", path: "/oauth2/v2.1/authorize", host: accessHost, auth: noAuth, handle: authorizePage},
		{method: "POST", path: "/oauth2/v2.1/authorize", host: accessHost, auth: noAuth, content: formBody, handle: authorizeDecision},
		{method: "GET", path: "/.well-known/openid-configuration", host: accessHost, auth: noAuth, handle: discovery},
		{method: "GET", path: "/dialog/bot/accountLink", host: accessHost, auth: noAuth, handle: accountLinkPage},
		{method: "POST", path: "/dialog/bot/accountLink", host: accessHost, auth: noAuth, content: formBody, handle: accountLinkDecision},

		{method: "GET", path: "/v2/bot/info", handle: botInfo},
		{method: "PUT", path: "/v2/bot/channel/webhook/endpoint", content: jsonBody, limit: rate{1000, time.Minute}, handle: setWebhook},
		{method: "GET", path: "/v2/bot/channel/webhook/endpoint", limit: rate{1000, time.Minute}, handle: getWebhook},
		{method: "POST", path: "/v2/bot/channel/webhook/test", content: jsonBody, limit: perHour60, handle: testWebhook},
		{method: "GET", path: "/v2/bot/profile/{userId}", handle: profile},
		{method: "POST", path: "/v2/bot/user/{userId}/linkToken", handle: issueLinkToken},
		{method: "GET", path: "/v2/bot/followers/ids", handle: followers},
		{method: "GET", path: "/v2/bot/insight/followers", limit: perHour60, handle: followerCount},
		{method: "GET", path: "/v2/bot/group/{groupId}/summary", handle: groupSummary},
		{method: "GET", path: "/v2/bot/group/{groupId}/members/count", handle: groupCount},
		{method: "GET", path: "/v2/bot/group/{groupId}/members/ids", handle: groupMembers},
		{method: "GET", path: "/v2/bot/group/{groupId}/member/{userId}", handle: groupMember},
		{method: "POST", path: "/v2/bot/group/{groupId}/leave", handle: leaveGroup},

		{method: "POST", path: "/v2/bot/message/reply", content: jsonBody, logged: true, handle: reply},
		{method: "POST", path: "/v2/bot/message/push", content: jsonBody, logged: true, handle: push},
		{method: "POST", path: "/v2/bot/message/multicast", content: jsonBody, logged: true, limit: rate{200, time.Second}, handle: multicast},
		{method: "POST", path: "/v2/bot/message/broadcast", content: jsonBody, logged: true, limit: perHour60, handle: broadcast},
		{method: "POST", path: "/v2/bot/message/validate/{kind}", content: jsonBody, handle: validateMessages},
		{method: "GET", path: "/v2/bot/message/quota", handle: quota},
		{method: "GET", path: "/v2/bot/message/quota/consumption", handle: consumption},
		{method: "GET", path: "/v2/bot/message/delivery/{kind}", handle: deliveryCount},
		{method: "POST", path: "/v2/bot/chat/loading/start", content: jsonBody, limit: rate{100, time.Second}, handle: loading},
		{method: "POST", path: "/v2/bot/chat/markAsRead", content: jsonBody, handle: markAsRead},

		{method: "GET", path: "/v2/bot/message/{messageId}/content", host: dataHost, handle: messageContent},
		{method: "GET", path: "/v2/bot/message/{messageId}/content/preview", host: dataHost, handle: contentPreview},
		{method: "GET", path: "/v2/bot/message/{messageId}/content/transcoding", host: dataHost, handle: transcoding},
	}
	all = append(all, laterRoutes()...)
	for i := range all {
		r := &all[i]
		if r.host == anyHost {
			r.host = apiHost
		}
		if r.limit.n == 0 {
			r.limit = general
		}
		r.parts = strings.Split(r.path, "/")
	}
	return all
}

// laterRoutes are official endpoints that answer 501: an app that calls them learns so at once, never by a silent 200.
func laterRoutes() []route {
	list := map[string][]string{
		"GET": {
			"/v2/bot/message/progress/narrowcast", "/v2/bot/message/delivery/pnp", "/v2/bot/message/aggregation/info", "/v2/bot/message/aggregation/list",
			"/v2/bot/room/{roomId}/member/{userId}", "/v2/bot/room/{roomId}/members/ids",
			"/v2/bot/room/{roomId}/members/count", "/v2/bot/richmenu/{richMenuId}", "/v2/bot/richmenu/list", "/v2/bot/richmenu/alias/{richMenuAliasId}",
			"/v2/bot/richmenu/alias/list", "/v2/bot/richmenu/progress/batch", "/v2/bot/user/all/richmenu", "/v2/bot/user/{userId}/richmenu",
			"/v2/bot/membership/subscription/{userId}", "/v2/bot/membership/list", "/v2/bot/membership/{membershipId}/users/ids",
			"/v2/bot/coupon", "/v2/bot/coupon/{couponId}", "/v2/bot/insight/demographic", "/v2/bot/insight/message/delivery",
			"/v2/bot/insight/message/event", "/v2/bot/insight/message/event/aggregation",
			"/v2/bot/insight/richmenu/{richMenuId}/summary", "/v2/bot/insight/richmenu/{richMenuId}/daily",
			"/v2/bot/audienceGroup/{audienceGroupId}", "/v2/bot/audienceGroup/list", "/v2/bot/audienceGroup/shared/{audienceGroupId}",
			"/v2/bot/audienceGroup/shared/list", "/liff/v1/apps", "/v2/bot/list",
		},
		"POST": {
			"/v2/bot/message/narrowcast", "/v2/bot/message/markAsRead", "/bot/pnp/push", "/v2/bot/message/pnp/templated/push",
			"/v2/bot/room/{roomId}/leave", "/v2/bot/richmenu", "/v2/bot/richmenu/validate", "/v2/bot/richmenu/alias",
			"/v2/bot/richmenu/alias/{richMenuAliasId}", "/v2/bot/richmenu/bulk/link", "/v2/bot/richmenu/bulk/unlink", "/v2/bot/richmenu/batch",
			"/v2/bot/richmenu/validate/batch", "/v2/bot/user/all/richmenu/{richMenuId}", "/v2/bot/user/{userId}/richmenu/{richMenuId}",
			"/v2/bot/coupon", "/v2/bot/audienceGroup/upload", "/v2/bot/audienceGroup/click",
			"/v2/bot/audienceGroup/imp", "/liff/v1/apps", "/v2/bot/chat/control/acquire", "/v2/bot/chat/control/release", "/v2/bot/channel/detach",
		},
		"PUT": {
			"/v2/bot/audienceGroup/upload", "/v2/bot/audienceGroup/{audienceGroupId}/updateDescription", "/v2/bot/coupon/{couponId}/close",
			"/liff/v1/apps/{liffId}",
		},
		"DELETE": {
			"/v2/bot/richmenu/{richMenuId}", "/v2/bot/richmenu/alias/{richMenuAliasId}", "/v2/bot/user/all/richmenu", "/v2/bot/user/{userId}/richmenu",
			"/v2/bot/audienceGroup/{audienceGroupId}", "/liff/v1/apps/{liffId}",
		},
	}
	var out []route
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		for _, path := range list[method] {
			out = append(out, route{method: method, path: path})
		}
	}
	return append(out,
		route{method: "GET", path: "/v2/bot/richmenu/{richMenuId}/content", host: dataHost},
		route{method: "POST", path: "/v2/bot/richmenu/{richMenuId}/content", host: dataHost},
		route{method: "POST", path: "/v2/bot/audienceGroup/upload/byFile", host: dataHost},
		route{method: "PUT", path: "/v2/bot/audienceGroup/upload/byFile", host: dataHost},
	)
}

// find matches a path exactly: no trailing slash, no double slash, nothing cleaned (LINE news of August 2026 on request paths). A
// literal segment wins over
// a parameter. other tells that the path exists with another method.
func (s *Server) find(method string, host hostName, path string) (found *route, params map[string]string, other bool) {
	parts := strings.Split(path, "/")
	best := -1
	for i := range s.routes {
		r := &s.routes[i]
		if host != anyHost && host != r.host || len(r.parts) != len(parts) {
			continue
		}
		literal, matched := r.match(parts)
		if !matched {
			continue
		}
		if r.method != method {
			other = true
			continue
		}
		if literal > best {
			best, found = literal, r
		}
	}
	if found == nil {
		return nil, nil, other
	}
	params = map[string]string{}
	for i, p := range found.parts {
		if strings.HasPrefix(p, "{") {
			params[strings.Trim(p, "{}")] = parts[i]
		}
	}
	return found, params, false
}

func (r *route) match(parts []string) (literal int, ok bool) {
	for i, p := range r.parts {
		switch {
		case strings.HasPrefix(p, "{"):
			if parts[i] == "" {
				return 0, false
			}
		case p != parts[i]:
			return 0, false
		default:
			literal++
		}
	}
	return literal, true
}

// Endpoint is an official method and path template.
type Endpoint struct {
	Method, Path string
	Implemented  bool
}

// Endpoints lists what the server knows of LINE's API, so that a test can compare it with the official specs.
func Endpoints() []Endpoint {
	var out []Endpoint
	for _, r := range officialRoutes() {
		out = append(out, Endpoint{Method: r.method, Path: r.path, Implemented: r.handle != nil})
	}
	return out
}

// authenticate resolves the bearer token. Wrong, expired, revoked and foreign tokens all look the same (Messaging API reference:
// Status codes).
func (c *call) authenticate() (answer, bool) {
	if c.route.auth == noAuth {
		return answer{}, false
	}
	const opening = "Authentication failed due to the following reason: "
	const advice = "Confirm that the access token in the authorization header is valid."
	text, isBearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !isBearer || text == "" {
		return refuse(http.StatusUnauthorized, opening+"missing or invalid authorization header. "+advice), true
	}
	t := c.s.validToken(text)
	if t == nil || (t.Kind == userToken) != (c.route.auth == loginAuth) {
		return refuse(http.StatusUnauthorized, opening+"invalid token. "+advice), true
	}
	c.token, c.ch = t, c.s.st.channels[t.Channel]
	if c.route.auth == channelAuth && c.ch.Kind != MessagingChannel && strings.HasPrefix(c.route.path, "/v2/bot/") {
		return refuse(http.StatusForbidden, "Access to this API is not available for your account"), true
	}
	return answer{}, false
}
