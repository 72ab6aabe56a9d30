package linesandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// Sending: reply, push, multicast, broadcast (LINE docs: Sending messages; Messaging API reference: Message). The order of
// checks: body, messages, retry key, recipients,
// quota. A refused request has sent nothing to anybody.

type sentMessage struct {
	ID         string `json:"id"`
	QuoteToken string `json:"quoteToken,omitempty"`
}

// sendRequest holds the union of the four bodies.
type sendRequest struct {
	To         json.RawMessage   `json:"to"`
	ReplyToken string            `json:"replyToken"`
	Messages   []json.RawMessage `json:"messages"`
	Silent     bool              `json:"notificationDisabled"`
	Units      []string          `json:"customAggregationUnits"`
}

var (
	chatIDPattern = regexp.MustCompile(`^[UCR][0-9a-f]{32}$`)
	unitPattern   = regexp.MustCompile(`^[A-Za-z0-9_]{1,30}$`)
)

// readSend decodes and validates what all sends have in common.
func (c *call) readSend() (sendRequest, answer, bool) {
	var in sendRequest
	if a, bad := c.decode(&in); bad {
		return in, a, true
	}
	if a, bad := refuseMessages(in.Messages); bad {
		return in, a, true
	}
	if len(in.Units) > 1 || len(in.Units) == 1 && !unitPattern.MatchString(in.Units[0]) {
		return in, invalidProperty("customAggregationUnits"), true
	}
	return in, answer{}, false
}

func invalidProperty(name string) answer {
	return refuse(http.StatusBadRequest, "The property, "+name+", in the request body is invalid (line: -, column: -)")
}

func reply(c *call) answer {
	if c.r.Header.Get("X-Line-Retry-Key") != "" {
		return refuse(http.StatusBadRequest, "The retry key is not supported by this API") // 400 is documented, the text is not
	}
	in, a, bad := c.readSend()
	if bad {
		return a
	}
	t := c.s.st.Replies[in.ReplyToken]
	if t == nil || t.Used || t.Channel != c.ch.ID || c.s.now().After(t.Expires) {
		return refuse(http.StatusBadRequest, "Invalid reply token")
	}
	t.Used = true
	sent := c.s.newSent(in.Messages)
	if g, err := c.s.group(t.User); err == nil {
		c.s.deliverToGroup(c, g, in, sent, "reply")
		return ok(object{"sentMessages": sent})
	}
	u := c.s.st.users[t.User]
	c.s.deliverTo(c, []*User{u}, in, sent, "reply")
	return ok(object{"sentMessages": sent})
}

// openReply makes an event's token valid from this delivery: for one minute, never past 20 minutes from the event (Messaging API
// reference: Send reply message).
func (s *Server) openReply(c *channel, e *outEvent) {
	if e.ReplyToken == "" {
		return
	}
	now := s.now()
	if len(s.st.Replies)%1024 == 1023 {
		for text, t := range s.st.Replies {
			if now.Sub(t.Happened) > time.Hour {
				delete(s.st.Replies, text)
			}
		}
	}
	until := now.Add(s.assumedSeconds("reply_token_seconds"))
	if last := e.Happened.Add(20 * time.Minute); last.Before(until) {
		until = last
	}
	if t := s.st.Replies[e.ReplyToken]; t != nil {
		t.Expires = until
		return
	}
	s.st.Replies[e.ReplyToken] = &replyToken{Channel: c.ID, User: e.User, Happened: e.Happened, Expires: until}
}

func push(c *call) answer {
	in, a, bad := c.readSend()
	if bad {
		return a
	}
	var to string
	if json.Unmarshal(in.To, &to) != nil || !chatIDPattern.MatchString(to) {
		return invalidProperty("to")
	}
	return c.withRetryKey(func() answer {
		if g, err := c.s.group(to); err == nil && g.Channel == c.ch.ID {
			sent := c.s.newSent(in.Messages)
			if !c.s.deliverToGroup(c, g, in, sent, "push") {
				return refuse(http.StatusTooManyRequests, "You have reached your monthly limit.")
			}
			return ok(object{"sentMessages": sent})
		}
		u := c.s.knows(c.ch, to)
		if u == nil {
			return refuse(http.StatusBadRequest, "Failed to send messages")
		}
		if !c.s.notFlooded(c.ch, u) {
			return refuse(http.StatusTooManyRequests, "Too many messages to the same user")
		}
		sent := c.s.newSent(in.Messages)
		if !c.s.deliverTo(c, []*User{u}, in, sent, "push") {
			return refuse(http.StatusTooManyRequests, "You have reached your monthly limit.")
		}
		return ok(object{"sentMessages": sent})
	})
}

func multicast(c *call) answer {
	in, a, bad := c.readSend()
	if bad {
		return a
	}
	var to []string
	if json.Unmarshal(in.To, &to) != nil {
		return invalidProperty("to")
	}
	if len(to) == 0 || len(to) > 500 {
		return refuseDetails(errorDetail{Message: "Size must be between 1 and 500", Property: "to"})
	}
	for i, id := range to {
		if !userIDPattern.MatchString(id) {
			return invalidProperty(fmt.Sprintf("to[%d]", i))
		}
	}
	if c.s.assumes("multicast_duplicate_id", "once") {
		to = distinct(to)
	}
	return c.withRetryKey(func() answer {
		var people []*User
		for _, id := range to {
			if u := c.s.knows(c.ch, id); u != nil {
				people = append(people, u)
			} else if c.s.assumes("multicast_unknown_id", "refuse") {
				return refuse(http.StatusBadRequest, "Failed to send messages")
			}
		}
		if !c.s.deliverTo(c, people, in, c.s.newSent(in.Messages), "multicast") {
			return refuse(http.StatusTooManyRequests, "You have reached your monthly limit.")
		}
		return ok(empty)
	})
}

func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		was := seen[id]
		seen[id] = true
		return was
	})
}

func broadcast(c *call) answer {
	in, a, bad := c.readSend()
	if bad {
		return a
	}
	return c.withRetryKey(func() answer {
		var people []*User
		for _, r := range c.ch.Relations {
			if r.State == Friended {
				people = append(people, c.s.st.users[r.User])
			}
		}
		if !c.s.deliverTo(c, people, in, c.s.newSent(in.Messages), "broadcast") {
			return refuse(http.StatusTooManyRequests, "You have reached your monthly limit.")
		}
		return ok(empty)
	})
}

func (s *Server) newSent(messages []json.RawMessage) []sentMessage {
	out := make([]sentMessage, len(messages))
	for i, m := range messages {
		out[i].ID = s.messageID()
		if quotable[messageType(m)] || messageType(m) == "textV2" || messageType(m) == "template" {
			out[i].QuoteToken = s.secretText(48)
		}
	}
	return out
}

// deliverTo puts the messages into each reachable person's chat and counts them. It returns false, having sent nothing, when the
// month's quota does not suffice; replies are free (LINE docs: Sending messages, Pricing).
func (s *Server) deliverTo(c *call, people []*User, in sendRequest, sent []sentMessage, via string) bool {
	var reached []*relation
	for _, u := range people {
		r := c.ch.byUser[u.ID]
		if via == "reply" && r != nil && r.State != Blocked && !u.Deleted || s.reachable(u, r) {
			reached = append(reached, r)
		}
	}
	month := s.month()
	if via != "reply" {
		if c.ch.Quota != nil && c.ch.Usage[month]+len(reached) > *c.ch.Quota {
			return false
		}
		c.ch.Usage[month] += len(reached)
	}
	c.ch.Sent[via+" "+s.day(s.now())] += len(reached)
	now := s.now()
	for i, m := range in.Messages {
		entry := ChatEntry{
			ID: sent[i].ID, From: "account", At: now, Type: messageType(m), Text: readable(m), Message: m, Via: via,
			RequestID: c.requestID, Silent: in.Silent,
		}
		for _, r := range reached {
			own := entry
			s.appendLog(r, &own)
		}
	}
	return true
}

// notFlooded applies the undisclosed limit on messages to one person, when the switch names one.
func (s *Server) notFlooded(c *channel, u *User) bool {
	limit := int(s.assumedNumber("same_user_per_second"))
	r := c.byUser[u.ID]
	if limit == 0 || r == nil || len(r.Log) < limit {
		return true
	}
	recent := 0
	for _, e := range slices.Backward(r.Log) {
		if s.now().Sub(e.At) >= time.Second {
			break
		}
		if e.From == "account" {
			recent++
		}
	}
	return recent < limit
}
