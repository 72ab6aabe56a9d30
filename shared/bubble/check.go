package bubble

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Stable codes of what can be wrong.
const (
	CodeCount         = "BUBBLE_COUNT"
	CodeKind          = "BUBBLE_KIND"
	CodeEmpty         = "BUBBLE_EMPTY"
	CodeTooLong       = "BUBBLE_TOO_LONG"
	CodeText          = "BUBBLE_TEXT" // not readable as text
	CodeURL           = "BUBBLE_URL"
	CodeEmoji         = "BUBBLE_EMOJI"
	CodeSticker       = "BUBBLE_STICKER"
	CodeArea          = "BUBBLE_AREA"
	CodeCards         = "BUBBLE_CARDS"
	CodeAction        = "BUBBLE_ACTION"
	CodeJSON          = "BUBBLE_JSON"
	CodeTooLarge      = "BUBBLE_TOO_LARGE"
	CodeQuickReplies  = "BUBBLE_QUICK_REPLIES"
	CodeMergeField    = "BUBBLE_MERGE_FIELD"
	CodeMergeFallback = "BUBBLE_MERGE_FALLBACK"
	CodeMergeSyntax   = "BUBBLE_MERGE_SYNTAX"
	CodeMergeURL      = "BUBBLE_MERGE_URL"
)

// Problem is one thing that is wrong, and where: "bubbles[0].cards[1].title".
type Problem struct {
	Code    string `json:"code"`
	Place   string `json:"place"`
	Message string `json:"message"`
	Limit   int    `json:"limit,omitempty"`
}

// Problems is the error of a message that cannot be sent. It is never empty.
type Problems []Problem

func (ps Problems) Error() string {
	return fmt.Sprintf("%s at %s: %s", ps[0].Code, ps[0].Place, ps[0].Message)
}

// Check tells everything that is wrong with a message; nil when LINE will take it as far as can be known here. known tells whether a
// property may be merged; nil allows any.
func Check(bs []Bubble, known func(property string) bool) error {
	c := &checker{known: known}
	if len(bs) == 0 || len(bs) > MaxBubbles {
		c.add(CodeCount, "bubbles", MaxBubbles, "A message has 1 to %d bubbles.", MaxBubbles)
	}
	for i := range bs[:min(len(bs), MaxBubbles)] {
		c.bubble(place(i), &bs[i])
	}
	if len(c.out) == 0 {
		return nil
	}
	return c.out
}

type checker struct {
	known func(string) bool
	out   Problems
}

func (c *checker) add(code, place string, limit int, format string, args ...any) {
	c.out = append(c.out, Problem{code, place, fmt.Sprintf(format, args...), limit})
}

func (c *checker) bubble(at string, b *Bubble) {
	for _, l := range b.leaves(at) {
		c.leaf(l)
	}
	switch b.Kind {
	case Text:
		c.emojis(at, b)
	case Sticker:
		c.sticker(at+".packageId", b.PackageID)
		c.sticker(at+".stickerId", b.StickerID)
	case Image, Video:
		c.media(at+".url", b.URL)
		c.media(at+".previewUrl", b.PreviewURL)
	case Rich:
		c.rich(at, b)
	case Cards:
		c.cards(at, b.Cards)
	case Flex, Raw:
		c.contents(at, b)
	default:
		c.add(CodeKind, at+".kind", 0, "No bubble is a %.20q.", string(b.Kind))
	}
	if len(b.QuickReplies) > maxQuick {
		c.add(CodeQuickReplies, at+".quickReplies", maxQuick, "At most %d quick replies.", maxQuick)
	}
	for i := range b.QuickReplies {
		c.action(fmt.Sprintf("%s.quickReplies[%d]", at, i), b.QuickReplies[i], OpenURI, SayText, Postback)
	}
}

// leaf checks a text with its fallbacks in place; values that would not fit give way to them when it is sent.
func (c *checker) leaf(l leaf) {
	switch n := units(expand(*l.s, nil)); {
	case !utf8.ValidString(*l.s) || strings.ContainsRune(*l.s, 0):
		c.add(CodeText, l.place, 0, "This is no readable text.")
	case strings.TrimSpace(*l.s) == "" && (l.required || *l.s != ""):
		c.add(CodeEmpty, l.place, 0, "A text is missing.")
	case n > l.most:
		c.add(CodeTooLong, l.place, l.most, "%d characters; at most %d.", n, l.most)
	}
	c.merges(l.place, *l.s)
}

func (c *checker) merges(place, s string) {
	c.out = append(c.out, checkMerge(place, s, c.known)...)
	for _, e := range urlsIn(s) {
		if strings.HasPrefix(s[e.to:], "{{") {
			c.add(CodeMergeURL, place, 0, "A link cannot hold a merge field.")
		}
	}
}

func (c *checker) emojis(at string, b *Bubble) {
	if len(b.Emojis) > maxEmojis {
		c.add(CodeEmoji, at+".emojis", maxEmojis, "At most %d emojis.", maxEmojis)
	}
	us := utf16.Encode([]rune(b.Text))
	seen := map[int]bool{}
	for i, e := range b.Emojis {
		if e.Index < 0 || e.Index >= len(us) || us[e.Index] != '$' || seen[e.Index] || e.ProductID == "" || e.EmojiID == "" || inField(b.Text, e.Index) {
			c.add(CodeEmoji, fmt.Sprintf("%s.emojis[%d]", at, i), 0, "An emoji stands in place of a $ of the text, outside of merge fields and links.")
		}
		seen[e.Index] = true
	}
}

func inField(s string, index int) bool {
	for _, e := range append(expansions(s, nil), urlsIn(s)...) {
		if index >= units(s[:e.from]) && index < units(s[:e.to]) {
			return true
		}
	}
	return false
}

var stickerPattern = regexp.MustCompile(`^[0-9]{1,20}$`)

func (c *checker) sticker(place, s string) {
	if !stickerPattern.MatchString(s) {
		c.add(CodeSticker, place, 0, "The id of a sticker is a number.")
	}
}

func (c *checker) media(place, s string) { c.address(place, s, maxMedia, "https") }

func (c *checker) address(place, s string, most int, schemes ...string) {
	if strings.Contains(s, "{{") {
		c.add(CodeMergeURL, place, 0, "An address cannot hold a merge field.")
		return
	}
	u, err := url.Parse(s)
	switch {
	case s == "":
		c.add(CodeEmpty, place, 0, "An address is missing.")
	case len(s) > most:
		c.add(CodeTooLong, place, most, "At most %d characters.", most)
	case err != nil || !slices.Contains(schemes, u.Scheme) || strings.ContainsFunc(s, outsideASCII) || u.Scheme[0] == 'h' && (u.Hostname() == "" || u.User != nil):
		c.add(CodeURL, place, 0, "This must be an address that begins with %s and holds no spaces or unescaped characters.", strings.Join(schemes, ", "))
	}
}

func outsideASCII(r rune) bool { return r <= ' ' || r > '~' }

func (c *checker) rich(at string, b *Bubble) {
	c.media(at+".baseUrl", b.BaseURL)
	if b.Height < 1 || b.Height > 4*imagemapWidth {
		c.add(CodeArea, at+".height", 4*imagemapWidth, "The height of the picture is needed, for a width of %d.", imagemapWidth)
	}
	if len(b.Areas) > maxAreas || len(b.Areas) == 0 && b.Film == nil {
		c.add(CodeArea, at+".areas", maxAreas, "1 to %d areas.", maxAreas)
	}
	for i, a := range b.Areas {
		where := fmt.Sprintf("%s.areas[%d]", at, i)
		c.area(where, b.Height, a.X, a.Y, a.Width, a.Height)
		c.action(where+".action", a.Action, OpenURI, SayText)
	}
	if v := b.Film; v != nil {
		c.area(at+".video", b.Height, v.X, v.Y, v.Width, v.Height)
		c.media(at+".video.url", v.URL)
		c.media(at+".video.previewUrl", v.PreviewURL)
		if v.Link != "" {
			c.address(at+".video.link", v.Link, maxURI, "https", "http", "line", "tel")
		}
	}
}

func (c *checker) area(at string, height, x, y, w, h int) {
	if x < 0 || y < 0 || w < 1 || h < 1 || x > imagemapWidth || w > imagemapWidth-x || y > height || h > height-y {
		c.add(CodeArea, at, 0, "The area must lie within the picture.")
	}
}

func (c *checker) cards(at string, cards []Card) {
	if len(cards) == 0 || len(cards) > maxCards {
		c.add(CodeCards, at+".cards", maxCards, "1 to %d cards.", maxCards)
		return
	}
	for i, card := range cards {
		where := fmt.Sprintf("%s.cards[%d]", at, i)
		if len(card.Actions) == 0 || len(card.Actions) > maxCardActions {
			c.add(CodeCards, where+".actions", maxCardActions, "1 to %d buttons.", maxCardActions)
		}
		first := cards[0]
		if len(card.Actions) != len(first.Actions) || (card.ImageURL == "") != (first.ImageURL == "") || (card.Title == "") != (first.Title == "") {
			c.add(CodeCards, where, 0, "All cards need the same number of buttons, and a picture or a title all or none of them.")
		}
		if card.ImageURL != "" {
			c.media(where+".imageUrl", card.ImageURL)
		}
		for j, a := range card.Actions {
			c.action(fmt.Sprintf("%s.actions[%d]", where, j), a, OpenURI, SayText, Postback)
		}
	}
}

func (c *checker) action(at string, a Action, types ...ActionType) {
	if !slices.Contains(types, a.Type) {
		c.add(CodeAction, at+".type", 0, "This cannot be done here.")
		return
	}
	switch a.Type {
	case OpenURI:
		c.address(at+".uri", a.URI, maxURI, "https", "http", "line", "tel")
	case Postback:
		if a.Data == "" || units(a.Data) > maxData {
			c.add(CodeAction, at+".data", maxData, "1 to %d characters.", maxData)
		}
	}
}
