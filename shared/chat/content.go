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
)

// Content of a message: one text, or one picture at public addresses. Texts are sent as they stand, without merge fields.
type Content struct {
	Type           string
	Text           string
	Image, Preview string
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
	if c.Type == Image {
		return bubble.OfImage(c.Image, c.Preview)
	}
	return bubble.OfText(c.Text)
}

// Check returns bubble.Problems of what LINE would not take.
func (c Content) Check() error { return bubble.CheckLiteral(c.bubbles()) }

// Objects are LINE's message objects of it, always the same bytes for the same content.
func (c Content) Objects() ([]json.RawMessage, error) { return bubble.MessagesLiteral(c.bubbles()) }

// Fingerprint tells contents apart.
func (c Content) Fingerprint() string { return once.Fingerprint(c.Type, c.Text, c.Image, c.Preview) }

func (i Intent) content() Content {
	return Content{Type: i.Type, Text: i.Text, Image: i.Image, Preview: i.Preview}
}
