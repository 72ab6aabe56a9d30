package linesandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// validateMessages serves /validate/{reply|push|multicast|narrowcast|broadcast}: checks, sends nothing (Messaging API reference).
func validateMessages(c *call) answer {
	switch c.params["kind"] {
	case "reply", "push", "multicast", "narrowcast", "broadcast":
	default:
		return refuse(http.StatusNotFound, "Not found")
	}
	var in struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if a, bad := c.decode(&in); bad {
		return a
	}
	if a, bad := refuseMessages(in.Messages); bad {
		return a
	}
	return ok(empty)
}

func refuseDetails(details ...errorDetail) answer {
	plural := "s"
	if len(details) == 1 {
		plural = ""
	}
	return answer{status: http.StatusBadRequest, body: errorBody{
		Message: fmt.Sprintf("The request body has %d error%s", len(details), plural), Details: details,
	}}
}

// refuseMessages checks the message objects of a send (Messaging API reference: Message objects; LINE docs: Text character count).
func refuseMessages(messages []json.RawMessage) (answer, bool) {
	if len(messages) < 1 || len(messages) > 5 {
		return refuseDetails(errorDetail{Message: "Size must be between 1 and 5", Property: "messages"}), true
	}
	check := &checker{}
	for i, raw := range messages {
		at := fmt.Sprintf("messages[%d]", i)
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil || m == nil {
			return invalidProperty(at), true
		}
		check.message(at, m, len(raw))
	}
	if check.wrong != "" {
		return invalidProperty(check.wrong), true
	}
	if len(check.details) > 0 {
		return refuseDetails(check.details...), true
	}
	return answer{}, false
}

func messageType(raw json.RawMessage) string {
	var m struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(raw, &m) // checked before
	return m.Type
}

// readable is what a person would read of a message in a list of chats.
func readable(raw json.RawMessage) string {
	var m struct {
		Type, Text, AltText, Title, FileName, PackageID, StickerID string
	}
	_ = json.Unmarshal(raw, &m) // checked before
	switch {
	case m.Text != "":
		return m.Text
	case m.AltText != "":
		return m.AltText
	case m.Type == "sticker":
		return "[Sticker " + m.PackageID + "/" + m.StickerID + "]"
	}
	return strings.TrimSpace("[" + m.Type + "] " + m.Title + m.FileName)
}
