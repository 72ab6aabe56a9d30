package bubble

import (
	"regexp"
	"slices"
	"strings"
)

// urlPattern finds addresses in texts: what LINE's apps make tappable. It stops at brackets of merge fields and at anything but ASCII,
// because Japanese texts go on without a space.
var urlPattern = regexp.MustCompile("https?://[^\\s<>\"{}|\\\\^`\\x{7f}-\\x{10ffff}]+")

// trailing characters belong to the sentence, not to the address.
const trailing = ".,;:!?'\")]"

func urlsIn(s string) []edit {
	if !strings.Contains(s, "://") {
		return nil
	}
	var out []edit
	for _, m := range urlPattern.FindAllStringIndex(s, -1) {
		u := strings.TrimRight(s[m[0]:m[1]], trailing)
		if strings.Count(u, "(") > strings.Count(u, ")") && m[0]+len(u) < m[1] && s[m[0]+len(u)] == ')' {
			u += ")"
		}
		if len(u) > len("https://") {
			out = append(out, edit{m[0], m[0] + len(u), u})
		}
	}
	return out
}

// web tells whether an address opens a page, which can be tracked; tel: and line: cannot.
func web(u string) bool { return strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") }

// uriKeys hold an address in LINE's JSON.
func uriKey(k string) bool { return k == "uri" || k == "linkUri" || k == "desktop" }

// MapLinks returns the bubbles with every web link that a person can tap replaced.
func MapLinks(bs []Bubble, to func(url string) string) []Bubble {
	out := make([]Bubble, len(bs))
	for i, b := range bs {
		b = b.Clone()
		b.mapLinks(to)
		out[i] = b
	}
	return out
}

func (b *Bubble) mapLinks(to func(string) string) {
	if b.Kind == Text {
		es := urlsIn(b.Text)
		for i := range es {
			es[i].with = to(es[i].with)
		}
		b.Emojis = moved(b.Emojis, b.Text, es)
		b.Text = splice(b.Text, es)
	}
	for _, u := range b.uris() {
		if web(*u) {
			*u = to(*u)
		}
	}
	if len(b.Contents) > 0 {
		text := b.Kind == Raw && b.rawText()
		b.Contents = mapStrings(b.Contents, func(key, s string) string {
			if uriKey(key) && web(s) {
				return to(s)
			}
			if text && key == "text" {
				es := urlsIn(s)
				for i := range es {
					es[i].with = to(es[i].with)
				}
				return splice(s, es)
			}
			return s
		})
	}
}

// uris lists the addresses behind taps.
func (b *Bubble) uris() []*string {
	var out []*string
	action := func(a *Action) {
		if a.Type == OpenURI {
			out = append(out, &a.URI)
		}
	}
	for i := range b.Areas {
		action(&b.Areas[i].Action)
	}
	if b.Film != nil && b.Film.Link != "" {
		out = append(out, &b.Film.Link)
	}
	for i := range b.Cards {
		for j := range b.Cards[i].Actions {
			action(&b.Cards[i].Actions[j])
		}
	}
	for i := range b.QuickReplies {
		action(&b.QuickReplies[i])
	}
	return out
}

// Links lists the web links of a message, each once, in order.
func Links(bs []Bubble) []string {
	var out []string
	MapLinks(bs, func(u string) string {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
		return u
	})
	return out
}

// MapPictures returns the bubbles with those pictures replaced that every phone asks for itself when it shows them: the picture of a
// rich message and the first of a card. Pictures in Flex messages stay, because their JSON is the author's.
func MapPictures(bs []Bubble, to func(url string) string) []Bubble {
	out := make([]Bubble, len(bs))
	for i, b := range bs {
		b = b.Clone()
		switch {
		case b.Kind == Rich:
			b.BaseURL = to(b.BaseURL)
		case b.Kind == Cards && len(b.Cards) > 0 && b.Cards[0].ImageURL != "":
			b.Cards[0].ImageURL = to(b.Cards[0].ImageURL)
		}
		out[i] = b
	}
	return out
}

// Pictures lists what MapPictures replaces, each once.
func Pictures(bs []Bubble) []string {
	var out []string
	MapPictures(bs, func(u string) string {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
		return u
	})
	return out
}
