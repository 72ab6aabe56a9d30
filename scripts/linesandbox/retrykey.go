package linesandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"time"
)

// keyUse is an accepted retry key (LINE docs: Retry failed API requests). Refused requests leave no trace, so their key stays usable.
type keyUse struct {
	At        time.Time     `json:"at"`
	Endpoint  string        `json:"endpoint"`
	BodyHash  string        `json:"bodyHash"`
	RequestID string        `json:"requestId"`
	Sent      []sentMessage `json:"sent,omitempty"` // push only
}

const retryKeyLife = 24 * time.Hour

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// withRetryKey runs send at most once per key: a key accepted within 24 hours answers 409 with the first request's id.
func (c *call) withRetryKey(send func() answer) answer {
	values, present := c.r.Header["X-Line-Retry-Key"]
	key := c.r.Header.Get("X-Line-Retry-Key")
	if key == "" {
		if present && len(values) > 0 {
			c.s.cfg.Log.Warn("empty X-Line-Retry-Key: this send cannot be retried safely", "endpoint", c.route.path, "requestId", c.requestID)
			if c.s.assumes("empty_retry_key", "refuse") {
				return refuse(http.StatusBadRequest, "Invalid retry key")
			}
		}
		return send()
	}
	if !uuidPattern.MatchString(key) {
		return refuse(http.StatusBadRequest, "Invalid retry key")
	}
	scope := key
	if c.s.assumes("retry_key_scope", "endpoint") {
		scope = c.route.path + " " + key
	}
	sum := sha256.Sum256(c.body)
	hash := hex.EncodeToString(sum[:])
	if used := c.ch.RetryKeys[scope]; used != nil && c.s.now().Sub(used.At) < retryKeyLife {
		if used.BodyHash != hash || used.Endpoint != c.route.path {
			c.s.violate("retry key with another body", "key "+key+" of "+used.Endpoint+" came again on "+c.route.path+" with different content", c.requestID)
		}
		return answer{
			status: http.StatusConflict, body: errorBody{Message: "The retry key is already accepted", SentMessages: used.Sent},
			header: http.Header{"X-Line-Accepted-Request-Id": {used.RequestID}},
		}
	}
	a := send()
	if a.status >= 200 && a.status < 300 {
		c.sweepKeys()
		use := &keyUse{At: c.s.now(), Endpoint: c.route.path, BodyHash: hash, RequestID: c.requestID}
		if o, isObject := a.body.(object); isObject {
			use.Sent, _ = o["sentMessages"].([]sentMessage)
		}
		c.ch.RetryKeys[scope] = use
	}
	return a
}

func (c *call) sweepKeys() {
	if len(c.ch.RetryKeys)%1024 != 1023 {
		return
	}
	for key, use := range c.ch.RetryKeys {
		if c.s.now().Sub(use.At) >= retryKeyLife {
			delete(c.ch.RetryKeys, key)
		}
	}
}
