// Package bubble is what a LINE message is made of: up to five bubbles, written by a person in Lumo, checked before anything is sent, and
// turned into LINE's own message objects. Everything here is pure. Facts and limits come from LINE's Messaging API reference, "Message
// objects" and "Action objects".
package bubble

import "encoding/json"

// Kind of a bubble.
type Kind string

const (
	Text    Kind = "text"
	Sticker Kind = "sticker"
	Image   Kind = "image"
	Video   Kind = "video"
	Rich    Kind = "rich" // an imagemap: one large picture with areas to tap, or with a video in it
	Cards   Kind = "card" // a template carousel
	Flex    Kind = "flex"
	Raw     Kind = "json" // a message object as it stands in LINE's documentation
)

// MaxBubbles of one message.
const MaxBubbles = 5

// Bubble is one of them. Each kind uses the fields of its own group; the others stay empty.
type Bubble struct {
	Kind Kind `json:"kind"`

	// Text, with LINE's own emoji standing where it has a "$".
	Text   string  `json:"text,omitempty"`
	Emojis []Emoji `json:"emojis,omitempty"`

	PackageID string `json:"packageId,omitempty"`
	StickerID string `json:"stickerId,omitempty"`

	// Image and video.
	URL        string `json:"url,omitempty"`
	PreviewURL string `json:"previewUrl,omitempty"`

	// AltText is what notifications and the list of chats show of a rich message, a card or a Flex message.
	AltText string `json:"altText,omitempty"`

	// Rich message: LINE asks BaseURL + "/1040", "/700", "/460", "/300" and "/240". The picture is 1,040 wide and Height high.
	BaseURL string     `json:"baseUrl,omitempty"`
	Height  int        `json:"height,omitempty"`
	Areas   []Area     `json:"areas,omitempty"`
	Film    *RichVideo `json:"video,omitempty"`

	Cards []Card `json:"cards,omitempty"`

	// Contents of a Flex message, or the whole message object of a Raw one. Passed on byte for byte, but for merge fields and links.
	Contents json.RawMessage `json:"contents,omitempty"`

	// QuickReplies are shown below the last bubble only, until one is used.
	QuickReplies []Action `json:"quickReplies,omitempty"`
}

// Emoji is one of LINE's own, in place of the "$" at Index, counted in UTF-16 units.
type Emoji struct {
	Index     int    `json:"index"`
	ProductID string `json:"productId"`
	EmojiID   string `json:"emojiId"`
}

// Area of a rich message that reacts to a tap. Its action is a link or a text that the person says.
type Area struct {
	X      int    `json:"x"`
	Y      int    `json:"y"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Action Action `json:"action"`
}

// RichVideo plays within a rich message. Link is offered when it ends.
type RichVideo struct {
	URL        string `json:"url"`
	PreviewURL string `json:"previewUrl"`
	X          int    `json:"x"`
	Y          int    `json:"y"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Link       string `json:"link,omitempty"`
	Label      string `json:"label,omitempty"`
}

// Card is one column of a carousel.
type Card struct {
	ImageURL string   `json:"imageUrl,omitempty"`
	Title    string   `json:"title,omitempty"`
	Text     string   `json:"text"`
	Actions  []Action `json:"actions"`
}

// ActionType is what a tap does.
type ActionType string

const (
	OpenURI  ActionType = "uri"
	SayText  ActionType = "message"
	Postback ActionType = "postback"
)

// Action of a button, an area or a quick reply.
type Action struct {
	Type        ActionType `json:"type"`
	Label       string     `json:"label,omitempty"`
	URI         string     `json:"uri,omitempty"`
	Text        string     `json:"text,omitempty"`
	Data        string     `json:"data,omitempty"`
	DisplayText string     `json:"displayText,omitempty"`
}

// OfText is a message of one text.
func OfText(s string) []Bubble { return []Bubble{{Kind: Text, Text: s}} }

// OfImage is a message of one image.
func OfImage(url, preview string) []Bubble {
	return []Bubble{{Kind: Image, URL: url, PreviewURL: preview}}
}

// Clone copies what is shared by reference.
func (b Bubble) Clone() Bubble {
	b.Emojis = append([]Emoji(nil), b.Emojis...)
	b.Areas = append([]Area(nil), b.Areas...)
	b.QuickReplies = append([]Action(nil), b.QuickReplies...)
	if b.Film != nil {
		film := *b.Film
		b.Film = &film
	}
	b.Cards = append([]Card(nil), b.Cards...)
	for i := range b.Cards {
		b.Cards[i].Actions = append([]Action(nil), b.Cards[i].Actions...)
	}
	return b
}

// Summary is one line that tells what a message holds, for conversations and lists. It shows merge fields as their fallbacks.
func Summary(bs []Bubble) string {
	for _, b := range bs {
		switch {
		case b.Kind == Text:
			return expand(b.Text, nil)
		case b.AltText != "":
			return expand(b.AltText, nil)
		}
	}
	if len(bs) > 0 {
		return "[" + string(bs[0].Kind) + "]"
	}
	return ""
}
