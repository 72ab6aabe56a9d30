package bubble

import (
	"encoding/json"
	"strings"
)

// What a person writes to one friend holds no merge fields: its braces are braces. The two functions here are Check and Messages for that.

// CheckLiteral tells everything that is wrong with a message whose texts are sent as they stand.
func CheckLiteral(bs []Bubble) error {
	plain := make([]Bubble, len(bs))
	for i, b := range bs {
		plain[i] = b.Clone()
		for _, l := range plain[i].leaves("") {
			*l.s = strings.ReplaceAll(*l.s, "{", "(") // as long as before, and no merge field
		}
	}
	return Check(plain, nil)
}

// MessagesLiteral turns bubbles into LINE's message objects, texts as they stand.
func MessagesLiteral(bs []Bubble) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(bs))
	for i, b := range bs {
		o, err := b.object()
		if err != nil {
			return nil, err
		}
		if out[i], err = encode(o); err != nil {
			return nil, err
		}
	}
	return out, nil
}
