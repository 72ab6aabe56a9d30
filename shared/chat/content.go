package chat

import (
	"encoding/json"

	"lumo/shared/bubble"
	"lumo/shared/once"
)

// Types of what people send.
const (
	Text  = "text"
	Image = "image"
	// Made is what a machine sends: LINE's objects, made already.
	Made = "message"
)

// Content of a message: one text, or one picture at public addresses, or LINE's own objects with a text that describes them. Texts are sent
// as they stand, without merge fields.
type Content struct {
	Type           string
	Text           string
	Image, Preview string
	// Made objects are kept as they are, so that a repetition sends the same under the same retry key.
	Made string
	// Rest follows in the same send.
	Rest []Content
}

// OfObjects are up to five of LINE's message objects, checked by whoever made them.
func OfObjects(objects []json.RawMessage, summary string) (Content, error) {
	raw, err := json.Marshal(objects)
	return Content{Type: Made, Text: summary, Made: string(raw)}, err
}

func (c Content) made() (out []json.RawMessage, err error) {
	return out, json.Unmarshal([]byte(c.Made), &out)
}

// OfText is a text.
func OfText(s string) Content { return Content{Type: Text, Text: s} }

// OfImage is a picture; without a preview of its own it is its own preview.
func OfImage(url, preview string) Content {
	if preview == "" {
		preview = url
	}
	return Content{Type: Image, Image: url, Preview: preview}
}

func (c Content) bubbles() []bubble.Bubble {
	var out []bubble.Bubble
	if c.Type == Image {
		out = bubble.OfImage(c.Image, c.Preview)
	} else {
		out = bubble.OfText(c.Text)
	}
	for _, more := range c.Rest {
		out = append(out, more.bubbles()...)
	}
	return out
}

// Check returns bubble.Problems of what LINE would not take.
func (c Content) Check() error {
	if c.Type != Made {
		return bubble.CheckLiteral(c.bubbles())
	}
	if all, err := c.made(); err != nil || len(all) == 0 || len(all) > bubble.MaxBubbles {
		return bubble.Problems{{Code: bubble.CodeCount, Place: "bubbles", Message: "A message has 1 to 5 bubbles.", Limit: bubble.MaxBubbles}}
	}
	return nil
}

// Objects are LINE's message objects of it, always the same bytes for the same content.
func (c Content) Objects() ([]json.RawMessage, error) {
	if c.Type == Made {
		return c.made()
	}
	return bubble.MessagesLiteral(c.bubbles())
}

// Fingerprint tells contents apart.
func (c Content) Fingerprint() string {
	parts := []string{c.Type, c.Text, c.Image, c.Preview + c.Made}
	for _, more := range c.Rest {
		parts = append(parts, more.Fingerprint())
	}
	return once.Fingerprint(parts...)
}

func (i Intent) content() Content {
	return Content{Type: i.Type, Text: i.Text, Image: i.Image, Preview: i.Preview, Made: i.Made, Rest: i.Rest}
}
