package bubble

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A merge field is written {{field|fallback}}. The fallback is mandatory (P-131), so that nobody is ever greeted with nothing.
var (
	mergePattern = regexp.MustCompile(`\{\{([^{}|]*)(\|[^{}]*)?\}\}`)
	fieldPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`)
)

// Names of fields of the friend itself; any other field is the internal name of a mapped HubSpot property.
const (
	FieldName = "line.name"
	// fieldPrefix marks the friend's own fields.
	fieldPrefix = "line."
)

// OwnFields of a friend that a message may use.
func OwnFields() []string { return []string{FieldName} }

// maxMerged is the longest value that is merged, in UTF-16 units: a longer one is no name, and its fallback says more.
const maxMerged = 300

// Values tells the value of a field, or false when the friend has none.
type Values func(field string) (string, bool)

type edit struct {
	from, to int // bytes
	with     string
}

// expansions lists what merge fields of s become.
func expansions(s string, values Values) []edit {
	if !strings.Contains(s, "{{") {
		return nil
	}
	var out []edit
	for _, m := range mergePattern.FindAllStringSubmatchIndex(s, -1) {
		field, with := strings.TrimSpace(s[m[2]:m[3]]), ""
		if m[4] >= 0 {
			with = strings.TrimSpace(s[m[4]+1 : m[5]])
		}
		if values != nil {
			if v, ok := values(field); ok && usable(v) {
				with = v
			}
		}
		out = append(out, edit{m[0], m[1], with})
	}
	return out
}

func usable(v string) bool {
	return strings.TrimSpace(v) != "" && utf8.ValidString(v) && units(v) <= maxMerged
}

func splice(s string, es []edit) string {
	if len(es) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, e := range es {
		b.WriteString(s[at:e.from])
		b.WriteString(e.with)
		at = e.to
	}
	b.WriteString(s[at:])
	return b.String()
}

func expand(s string, values Values) string { return splice(s, expansions(s, values)) }

// fit expands s; where the values make it too long for its place, all fields of it take their fallbacks.
func fit(s string, most int, values Values) []edit {
	es := expansions(s, values)
	if len(es) > 0 && units(splice(s, es)) > most {
		return expansions(s, nil)
	}
	return es
}

// moved gives the emojis their places after edits of the text.
func moved(emojis []Emoji, s string, es []edit) []Emoji {
	out := slices.Clone(emojis)
	for i, e := range emojis {
		for _, d := range es {
			if units(s[:d.to]) <= e.Index {
				out[i].Index += units(d.with) - units(s[d.from:d.to])
			}
		}
	}
	return out
}

func (b *Bubble) merge(values Values) {
	for _, l := range b.leaves("") {
		es := fit(*l.s, l.most, values)
		if l.s == &b.Text && len(b.Emojis) > 0 {
			b.Emojis = moved(b.Emojis, b.Text, es)
		}
		*l.s = splice(*l.s, es)
	}
	if len(b.Contents) > 0 {
		b.Contents = mapStrings(b.Contents, func(_, s string) string { return expand(s, values) })
	}
}

// Fields lists the merge fields in use, each once.
func Fields(bs []Bubble) []string {
	var out []string
	eachText(bs, func(_, s string) {
		for _, m := range mergePattern.FindAllStringSubmatch(s, -1) {
			if f := strings.TrimSpace(m[1]); !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	})
	slices.Sort(out)
	return out
}

// Personal tells whether the message differs from person to person.
func Personal(bs []Bubble) bool { return len(Fields(bs)) > 0 }

// checkMerge tells what is wrong with the merge fields of one text. known is nil when any property may be used.
func checkMerge(place, s string, known func(string) bool) []Problem {
	var out []Problem
	rest := s
	for _, m := range mergePattern.FindAllStringSubmatch(s, -1) {
		field, fallback := strings.TrimSpace(m[1]), strings.TrimSpace(strings.TrimPrefix(m[2], "|"))
		own := slices.Contains(OwnFields(), field)
		switch {
		case !fieldPattern.MatchString(field) || strings.HasPrefix(field, fieldPrefix) && !own, known != nil && !own && !known(field):
			out = append(out, Problem{Code: CodeMergeField, Place: place, Message: fmt.Sprintf("%.60q is no field of a friend and no mapped property.", field)})
		case fallback == "":
			out = append(out, Problem{Code: CodeMergeFallback, Place: place, Message: fmt.Sprintf("{{%s}} needs a fallback: {{%s|text}}.", field, field)})
		}
	}
	rest = mergePattern.ReplaceAllLiteralString(rest, "")
	if strings.Contains(rest, "{{") {
		out = append(out, Problem{Code: CodeMergeSyntax, Place: place, Message: "A merge field is written {{field|fallback}}."})
	}
	return out
}

// units counts as LINE counts texts: in UTF-16 code units. Titles and labels LINE counts in what people see as characters, which are
// never more, so a text that fits by this count always fits.
func units(s string) int {
	n := 0
	for _, r := range s {
		if l := utf16.RuneLen(r); l > 0 {
			n += l
		} else {
			n++
		}
	}
	return n
}
