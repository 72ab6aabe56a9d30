package linesandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// checker collects what is wrong with message objects. LINE has two error shapes: a list of details for lengths and missing
// values, and a single "property … is invalid" for what cannot be read at all (Messaging API reference: Error responses).
type checker struct {
	details []errorDetail
	wrong   string // first unreadable property
}

func (k *checker) bad(property, format string, args ...any) {
	k.details = append(k.details, errorDetail{Message: fmt.Sprintf(format, args...), Property: property})
}

func (k *checker) unreadable(property string) {
	if k.wrong == "" {
		k.wrong = property
	}
}

// utf16Length is how LINE counts text (Messaging API reference: Message objects; LINE docs: Text character count).
func utf16Length(s string) int { return len(utf16.Encode([]rune(s))) }

// text requires a string property of 1 to most UTF-16 units.
func (k *checker) text(at string, m map[string]any, name string, most int) string {
	return k.sized(at, m, name, most, true, utf16Length)
}

// label is text counted as people see it.
func (k *checker) label(at string, m map[string]any, name string, most int, required bool) string {
	return k.sized(at, m, name, most, required, graphemes)
}

func (k *checker) sized(at string, m map[string]any, name string, most int, required bool, length func(string) int) string {
	v, present := m[name]
	if !present || v == nil {
		if required {
			k.bad(at+"."+name, "May not be empty")
		}
		return ""
	}
	s, isString := v.(string)
	switch {
	case !isString:
		k.unreadable(at + "." + name)
	case s == "" && required:
		k.bad(at+"."+name, "May not be empty")
	case length(s) > most:
		k.bad(at+"."+name, "Length must be between 0 and %d", most)
	}
	return s
}

func (k *checker) url(at string, m map[string]any, name string, most int, required bool, schemes ...string) {
	v, present := m[name]
	if !present && !required {
		return
	}
	s, isString := v.(string)
	if present && !isString {
		k.unreadable(at + "." + name)
		return
	}
	u, err := url.Parse(s)
	switch {
	case s == "":
		k.bad(at+"."+name, "May not be empty")
	case len(s) > most:
		k.bad(at+"."+name, "Length must be between 0 and %d", most)
	case err != nil || !slices.Contains(schemes, strings.ToLower(u.Scheme)):
		k.bad(at+"."+name, "invalid uri scheme")
	}
}

// list returns a property's objects and checks their number.
func (k *checker) list(at string, m map[string]any, name string, least, most int) []map[string]any {
	v, present := m[name]
	if !present && least == 0 {
		return nil
	}
	items, isList := v.([]any)
	if present && !isList {
		k.unreadable(at + "." + name)
		return nil
	}
	if len(items) < least || len(items) > most {
		k.bad(at+"."+name, "Size must be between %d and %d", least, most)
	}
	var out []map[string]any
	for i, item := range items {
		o, isObject := item.(map[string]any)
		if !isObject {
			k.unreadable(fmt.Sprintf("%s.%s[%d]", at, name, i))
		}
		out = append(out, o)
	}
	return out
}

func (k *checker) message(at string, m map[string]any, size int) {
	kind, _ := m["type"].(string)
	switch kind {
	case "text":
		k.emojis(at, m, k.text(at, m, "text", 5000))
	case "textV2":
		k.text(at, m, "text", 5000)
		if subs, isObject := m["substitution"].(map[string]any); isObject && len(subs) > 100 {
			k.bad(at+".substitution", "Size must be between 0 and 100")
		}
	case "sticker":
		k.text(at, m, "packageId", 20)
		k.text(at, m, "stickerId", 20)
	case "image":
		k.url(at, m, "originalContentUrl", 2000, true, "https")
		k.url(at, m, "previewImageUrl", 2000, true, "https")
	case "video":
		k.url(at, m, "originalContentUrl", 2000, true, "https")
		k.url(at, m, "previewImageUrl", 2000, true, "https")
		k.sized(at, m, "trackingId", 100, false, utf16Length)
	case "audio":
		k.url(at, m, "originalContentUrl", 2000, true, "https")
		if n, isNumber := m["duration"].(float64); !isNumber || n < 1 {
			k.bad(at+".duration", "must be greater than or equal to 1")
		}
	case "location":
		k.text(at, m, "title", 100)
		k.text(at, m, "address", 100)
		for _, name := range []string{"latitude", "longitude"} {
			if _, isNumber := m[name].(float64); !isNumber {
				k.bad(at+"."+name, "May not be null")
			}
		}
	case "imagemap":
		k.imagemap(at, m)
	case "template":
		k.text(at, m, "altText", 1500)
		k.template(at, m)
	case "flex":
		k.text(at, m, "altText", 1500)
		k.flex(at, m)
	case "coupon":
		k.text(at, m, "couponId", 100)
		k.sized(at, m, "deliveryTag", 30, false, utf16Length)
	default:
		k.unreadable(at + ".type")
		return
	}
	k.extras(at, m)
}

// emojis must stand on a $ of the text (Messaging API reference: Message objects; LINE docs: Text character count).
func (k *checker) emojis(at string, m map[string]any, text string) {
	units := utf16.Encode([]rune(text))
	for i, e := range k.list(at, m, "emojis", 0, 20) {
		index, isNumber := e["index"].(float64)
		if !isNumber || index < 0 || int(index) >= len(units) || units[int(index)] != '$' {
			k.bad(fmt.Sprintf("%s.emojis[%d].index", at, i), "The index of emoji is invalid")
		}
	}
}

// extras are allowed on every message object.
func (k *checker) extras(at string, m map[string]any) {
	if sender, isObject := m["sender"].(map[string]any); isObject {
		name := k.sized(at+".sender", sender, "name", 20, false, graphemes)
		if strings.Contains(strings.ToUpper(name), "LINE") {
			k.bad(at+".sender.name", "The name contains a word that cannot be used")
		}
		k.url(at+".sender", sender, "iconUrl", 2000, false, "https")
	}
	quick, isObject := m["quickReply"].(map[string]any)
	if !isObject {
		return
	}
	for i, item := range k.list(at+".quickReply", quick, "items", 1, 13) {
		where := fmt.Sprintf("%s.quickReply.items[%d]", at, i)
		k.url(where, item, "imageUrl", 2000, false, "https")
		action, isObject := item["action"].(map[string]any)
		if !isObject {
			k.bad(where+".action", "May not be null")
			continue
		}
		k.action(where+".action", action, actionRules{label: 20, labelNeeded: true, quick: true})
	}
}

func (k *checker) imagemap(at string, m map[string]any) {
	k.text(at, m, "altText", 1500)
	k.url(at, m, "baseUrl", 2000, true, "https")
	size, isObject := m["baseSize"].(map[string]any)
	if width, isNumber := size["width"].(float64); !isObject || !isNumber || width != 1040 {
		k.bad(at+".baseSize.width", "must be 1040")
	}
	for i, action := range k.list(at, m, "actions", 0, 50) {
		where := fmt.Sprintf("%s.actions[%d]", at, i)
		switch action["type"] {
		case "uri":
			k.url(where, action, "linkUri", 1000, true, "http", "https", "line", "tel")
		case "message":
			k.text(where, action, "text", 400)
		case "clipboard":
			k.text(where, action, "clipboardText", 1000)
		default:
			k.unreadable(where + ".type")
		}
	}
}

// template rules; a text has less room beside an image or a title.
func (k *checker) template(at string, m map[string]any) {
	t, isObject := m["template"].(map[string]any)
	if !isObject {
		k.bad(at+".template", "May not be null")
		return
	}
	at += ".template"
	rules := actionRules{label: 20, labelNeeded: true}
	switch t["type"] {
	case "buttons":
		k.card(at, t, 160, 1, 4, rules)
	case "confirm":
		k.label(at, t, "text", 240, true)
		k.actions(at, t, 2, 2, rules)
	case "carousel":
		columns := k.list(at, t, "columns", 1, 10)
		for i, column := range columns {
			where := fmt.Sprintf("%s.columns[%d]", at, i)
			k.card(where, column, 120, 1, 3, rules)
			if len(anyList(column["actions"])) != len(anyList(columns[0]["actions"])) {
				k.bad(where+".actions", "The number of actions must be the same in all columns")
			}
		}
	case "image_carousel":
		for i, column := range k.list(at, t, "columns", 1, 10) {
			where := fmt.Sprintf("%s.columns[%d]", at, i)
			k.url(where, column, "imageUrl", 2000, true, "https")
			if action, isObject := column["action"].(map[string]any); isObject {
				k.action(where+".action", action, actionRules{label: 12})
			} else {
				k.bad(where+".action", "May not be null")
			}
		}
	default:
		k.unreadable(at + ".type")
	}
}

func anyList(v any) []any {
	list, _ := v.([]any)
	return list
}

func (k *checker) card(at string, m map[string]any, textMost, least, most int, rules actionRules) {
	title, _ := m["title"].(string)
	if _, pictured := m["thumbnailImageUrl"]; pictured || title != "" {
		textMost = 60
	}
	k.label(at, m, "title", 40, false)
	k.label(at, m, "text", textMost, true)
	k.url(at, m, "thumbnailImageUrl", 2000, false, "https")
	k.actions(at, m, least, most, rules)
}

func (k *checker) actions(at string, m map[string]any, least, most int, rules actionRules) {
	for i, action := range k.list(at, m, "actions", least, most) {
		k.action(fmt.Sprintf("%s.actions[%d]", at, i), action, rules)
	}
}

type actionRules struct {
	label       int
	labelNeeded bool
	quick       bool
}

func (k *checker) action(at string, a map[string]any, rules actionRules) {
	k.label(at, a, "label", rules.label, rules.labelNeeded)
	switch a["type"] {
	case "postback":
		k.text(at, a, "data", 300)
		k.label(at, a, "displayText", 300, false)
		if a["displayText"] != nil && a["text"] != nil {
			k.bad(at, "displayText and text cannot be used together")
		}
	case "message":
		k.label(at, a, "text", 300, true)
	case "uri":
		k.url(at, a, "uri", 1000, true, "http", "https", "line", "tel")
	case "datetimepicker":
		k.text(at, a, "data", 300)
		if !slices.Contains([]any{"date", "time", "datetime"}, a["mode"]) {
			k.unreadable(at + ".mode")
		}
	case "clipboard":
		k.text(at, a, "clipboardText", 1000)
	case "camera", "cameraRoll", "location":
		if !rules.quick {
			k.bad(at+".type", "this action can only be used in quick replies")
		}
	default:
		k.unreadable(at + ".type")
	}
}

const (
	bubbleLimit   = 30 << 10
	carouselLimit = 50 << 10
)

func (k *checker) flex(at string, m map[string]any) {
	contents, isObject := m["contents"].(map[string]any)
	at += ".contents"
	if !isObject {
		k.bad(at, "May not be null")
		return
	}
	switch contents["type"] {
	case "bubble":
		k.bubble(at, contents)
	case "carousel":
		if jsonSize(contents) > carouselLimit {
			k.bad(at, "The size of the carousel must be at most 50 KB")
		}
		for i, bubble := range k.list(at, contents, "contents", 1, 12) {
			k.bubble(fmt.Sprintf("%s.contents[%d]", at, i), bubble)
		}
	default:
		k.unreadable(at + ".type")
	}
}

func (k *checker) bubble(at string, b map[string]any) {
	if jsonSize(b) > bubbleLimit {
		k.bad(at, "The size of the bubble must be at most 30 KB")
	}
	k.flexActions(at, b)
}

// flexActions finds the actions of a bubble wherever they are.
func (k *checker) flexActions(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if action, isObject := v["action"].(map[string]any); isObject {
			k.action(at+".action", action, actionRules{label: 40})
		}
		for _, name := range []string{"header", "hero", "body", "footer", "contents"} {
			if part, present := v[name]; present {
				k.flexActions(at+"."+name, part)
			}
		}
	case []any:
		for i, item := range v {
			k.flexActions(fmt.Sprintf("%s[%d]", at, i), item)
		}
	}
}

func jsonSize(v any) int {
	raw, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(raw)
}

// graphemes counts characters as people see them, near enough: marks, skin tones and joined emoji belong to the one before, two
// regional letters are a flag.
func graphemes(s string) int {
	n, flagOpen, joined := 0, false, false
	for _, r := range s {
		switch {
		case r == 0x200D: // zero-width joiner: the next one belongs here too
			joined = true
			continue
		case joined, unicode.Is(unicode.M, r), r >= 0x1F3FB && r <= 0x1F3FF:
		case r >= 0x1F1E6 && r <= 0x1F1FF && flagOpen:
			flagOpen = false
			continue
		default:
			n++
		}
		joined, flagOpen = false, r >= 0x1F1E6 && r <= 0x1F1FF
	}
	return n
}
