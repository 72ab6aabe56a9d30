package linesandbox

import (
	"encoding/json"
	"net/http"
)

// loading shows the "typing" animation; one-to-one chats only (Messaging API reference).
func loading(c *call) answer {
	var in struct {
		ChatID  string `json:"chatId"`
		Seconds *int   `json:"loadingSeconds"`
	}
	if a, bad := c.decode(&in); bad {
		return a
	}
	if !userIDPattern.MatchString(in.ChatID) {
		return invalidProperty("chatId")
	}
	if in.Seconds != nil && (*in.Seconds < 5 || *in.Seconds > 60 || *in.Seconds%5 != 0) {
		return invalidProperty("loadingSeconds")
	}
	return answer{status: http.StatusAccepted, body: empty}
}

// markAsRead accepts a token of a message that this account received.
func markAsRead(c *call) answer {
	var in struct {
		Token string `json:"markAsReadToken"`
	}
	if a, bad := c.decode(&in); bad {
		return a
	}
	for _, r := range c.ch.Relations {
		for _, e := range r.Log {
			var m struct {
				Token string `json:"markAsReadToken"`
			}
			if e.From == "user" && json.Unmarshal(e.Message, &m) == nil && m.Token != "" && m.Token == in.Token {
				return ok(empty)
			}
		}
	}
	return refuse(http.StatusBadRequest, "Invalid markAsReadToken. The token must be used by the bot that received it.")
}
