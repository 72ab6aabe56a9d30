package linesandbox

import (
	"net/http"
	"time"
)

var japan = time.FixedZone("UTC+9", 9*60*60)

// month names the quota's month; LINE's daily numbers use UTC+9 and so, presumably, does the month (LINE docs: Pricing).
func (s *Server) month() string {
	if s.assumes("quota_month", "utc") {
		return s.now().Format("200601")
	}
	return s.now().In(japan).Format("200601")
}

func (s *Server) day(t time.Time) string { return t.In(japan).Format("20060102") }

func quota(c *call) answer {
	if c.ch.Quota == nil {
		return ok(object{"type": "none"})
	}
	return ok(object{"type": "limited", "value": *c.ch.Quota})
}

func consumption(c *call) answer { return ok(object{"totalUsage": c.ch.Usage[c.s.month()]}) }

// followerCount is ready the day after (LINE docs: Insight, "Get number of followers"). The sandbox keeps no past, so every day shows what is
// now; people who deleted their LINE account still count, as they do at LINE.
func followerCount(c *call) answer {
	date := c.r.URL.Query().Get("date")
	if _, err := time.ParseInLocation("20060102", date, japan); err != nil || len(date) != 8 {
		return refuse(http.StatusBadRequest, "The value for the 'date' parameter is invalid")
	}
	if date >= c.s.day(c.s.now()) {
		return ok(object{"status": "unready"})
	}
	ever, blocks := 0, 0
	for _, r := range c.ch.Relations {
		switch r.State {
		case Friended:
			ever++
		case Blocked:
			ever++
			blocks++
		}
	}
	return ok(object{"status": "ready", "followers": ever, "targetedReaches": ever - blocks, "blocks": blocks})
}

// deliveryCount is ready the day after (LINE docs: Pricing).
func deliveryCount(c *call) answer {
	kind := c.params["kind"]
	if kind == "pnp" {
		return refuse(http.StatusNotImplemented, "The LINE sandbox does not implement notification messages yet.")
	}
	if kind != "reply" && kind != "push" && kind != "multicast" && kind != "broadcast" {
		return refuse(http.StatusNotFound, "Not found")
	}
	date := c.r.URL.Query().Get("date")
	if _, err := time.ParseInLocation("20060102", date, japan); err != nil || len(date) != 8 {
		return refuse(http.StatusBadRequest, "The value for the 'date' parameter is invalid")
	}
	if date >= c.s.day(c.s.now()) {
		return ok(object{"status": "unready"})
	}
	return ok(object{"status": "ready", "success": c.ch.Sent[kind+" "+date]})
}
