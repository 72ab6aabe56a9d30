package bubble

import (
	"encoding/json"
	"fmt"
)

// Limits of LINE, in UTF-16 units or pieces.
const (
	maxText        = 5000
	maxAlt         = 1500
	maxEmojis      = 20
	maxMedia       = 2000 // length of an address of a picture or video
	maxURI         = 1000
	maxData        = 300
	maxSaid        = 300
	maxAreaText    = 400
	maxAreas       = 50
	maxCards       = 10
	maxCardActions = 3
	maxTitle       = 40
	maxCardText    = 120
	maxPictured    = 60 // text of a card with a picture or a title
	maxLabel       = 20
	maxAreaLabel   = 50
	maxFilmLabel   = 30
	maxQuick       = 13
	maxBubbleJSON  = 30 << 10
	maxJSON        = 50 << 10
	maxFlexBubbles = 12
	imagemapWidth  = 1040
)

// leaf is one text that people wrote and that may hold merge fields.
type leaf struct {
	place    string
	s        *string
	most     int
	required bool
}

// leaves lists them; at is where the bubble stands.
func (b *Bubble) leaves(at string) []leaf {
	var out []leaf
	add := func(place string, s *string, most int, required bool) {
		out = append(out, leaf{at + place, s, most, required})
	}
	switch b.Kind {
	case Text:
		add(".text", &b.Text, maxText, true)
	case Rich, Cards, Flex:
		add(".altText", &b.AltText, maxAlt, true)
	}
	if b.Kind == Rich {
		for i := range b.Areas {
			out = append(out, b.Areas[i].Action.leaves(fmt.Sprintf("%s.areas[%d].action", at, i), maxAreaText, maxAreaLabel, false)...)
		}
		if b.Film != nil && b.Film.Link != "" {
			add(".video.label", &b.Film.Label, maxFilmLabel, true)
		}
	}
	if b.Kind == Cards {
		for i := range b.Cards {
			c, where := &b.Cards[i], fmt.Sprintf(".cards[%d]", i)
			most := maxCardText
			if c.Title != "" || c.ImageURL != "" {
				most = maxPictured
			}
			add(where+".title", &c.Title, maxTitle, false)
			add(where+".text", &c.Text, most, true)
			for j := range c.Actions {
				out = append(out, c.Actions[j].leaves(fmt.Sprintf("%s%s.actions[%d]", at, where, j), maxSaid, maxLabel, true)...)
			}
		}
	}
	for i := range b.QuickReplies {
		out = append(out, b.QuickReplies[i].leaves(fmt.Sprintf("%s.quickReplies[%d]", at, i), maxSaid, maxLabel, true)...)
	}
	return out
}

func (a *Action) leaves(at string, said, label int, labelled bool) []leaf {
	out := []leaf{{at + ".label", &a.Label, label, labelled}}
	switch a.Type {
	case SayText:
		out = append(out, leaf{at + ".text", &a.Text, said, true})
	case Postback:
		out = append(out, leaf{at + ".displayText", &a.DisplayText, maxSaid, false})
	}
	return out
}

// place of a bubble in the API.
func place(i int) string { return fmt.Sprintf("bubbles[%d]", i) }

// eachText calls f with every text that a person sees or says, JSON included.
func eachText(bs []Bubble, f func(place, s string)) {
	for i := range bs {
		for _, l := range bs[i].leaves(place(i)) {
			f(l.place, *l.s)
		}
		if len(bs[i].Contents) > 0 && json.Valid(bs[i].Contents) {
			mapStrings(bs[i].Contents, func(_, s string) string {
				f(place(i)+".contents", s)
				return s
			})
		}
	}
}

// mapStrings changes the string values of valid JSON and leaves every other byte as it is. f gets the nearest key before the value.
func mapStrings(raw json.RawMessage, f func(key, s string) string) json.RawMessage {
	out := make([]byte, 0, len(raw))
	key, kept := "", 0
	for i := 0; i < len(raw); i++ {
		if raw[i] != '"' {
			continue
		}
		end := i + 1
		for end < len(raw) && raw[end] != '"' {
			if raw[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(raw) {
			return raw
		}
		var s string
		if err := json.Unmarshal(raw[i:end+1], &s); err != nil {
			return raw
		}
		if isKey(raw[end+1:]) {
			key = s
		} else if to := f(key, s); to != s {
			b, err := encode(to)
			if err != nil {
				return raw
			}
			out = append(append(out, raw[kept:i]...), b...)
			kept = end + 1
		}
		i = end
	}
	if kept == 0 {
		return raw
	}
	return append(out, raw[kept:]...)
}

func isKey(rest []byte) bool {
	for _, c := range rest {
		switch c {
		case ' ', '\t', '\n', '\r':
			continue
		}
		return c == ':'
	}
	return false
}
