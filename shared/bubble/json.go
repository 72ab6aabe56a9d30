package bubble

import (
	"encoding/json"
	"fmt"
)

// contents checks JSON that people bring along: its sizes, its shape as far as tracking and merging look at it. LINE's validate endpoint
// judges the rest.
func (c *checker) contents(at string, b *Bubble) {
	at += ".contents"
	if len(b.Contents) > maxJSON {
		c.add(CodeTooLarge, at, maxJSON, "At most %d KB.", maxJSON>>10)
		return
	}
	var head struct {
		Type     string            `json:"type"`
		Contents []json.RawMessage `json:"contents"`
	}
	var object map[string]json.RawMessage
	if !json.Valid(b.Contents) || json.Unmarshal(b.Contents, &object) != nil || json.Unmarshal(object["type"], &head.Type) != nil || head.Type == "" {
		c.add(CodeJSON, at, 0, "This must be a JSON object with a type.")
		return
	}
	if b.Kind == Flex {
		c.flex(at, head.Type, b.Contents, object["contents"])
	}
	mapStrings(b.Contents, func(key, s string) string {
		if uriKey(key) {
			if len(mergePattern.FindString(s)) > 0 {
				c.add(CodeMergeURL, at, 0, "A link cannot hold a merge field.")
			}
			return s
		}
		c.merges(at, s)
		return s
	})
}

func (c *checker) flex(at, kind string, whole, contents json.RawMessage) {
	switch kind {
	case "bubble":
		if len(whole) > maxBubbleJSON {
			c.add(CodeTooLarge, at, maxBubbleJSON, "A Flex bubble has at most %d KB.", maxBubbleJSON>>10)
		}
	case "carousel":
		var bubbles []json.RawMessage
		if json.Unmarshal(contents, &bubbles) != nil || len(bubbles) == 0 || len(bubbles) > maxFlexBubbles {
			c.add(CodeJSON, at+".contents", maxFlexBubbles, "A Flex carousel has 1 to %d bubbles.", maxFlexBubbles)
		}
		for i, b := range bubbles {
			if len(b) > maxBubbleJSON {
				c.add(CodeTooLarge, fmt.Sprintf("%s.contents[%d]", at, i), maxBubbleJSON, "A Flex bubble has at most %d KB.", maxBubbleJSON>>10)
			}
		}
	default:
		c.add(CodeJSON, at+".type", 0, "A Flex message holds a bubble or a carousel.")
	}
}

// rawText tells whether a raw message object is a text, whose addresses LINE makes tappable.
func (b *Bubble) rawText() bool {
	var head struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(b.Contents, &head) == nil && (head.Type == "text" || head.Type == "textV2")
}
