package hubspotsandbox

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// propertyError is HubSpot's reason for refusing one value.
type propertyError struct {
	Name    string
	Code    string
	Message string
}

const maxText = 65_536

var emailPattern = regexp.MustCompile(`^[^@\s<>(),;:\\"]+@[^@\s.]+(\.[^@\s.]+)+$`)

// normalise turns what was sent into what HubSpot keeps: e-mail addresses in lower case, numbers and times in one spelling, options
// without repetition. before is the present value, which a leading ";" appends to.
func (p *property) normalise(in, before string) (string, *propertyError) {
	v := strings.TrimSpace(in)
	if v == "" {
		return "", nil
	}
	refuse := func(code, format string, args ...any) (string, *propertyError) {
		return "", &propertyError{p.Name, code, fmt.Sprintf(format, args...)}
	}
	switch p.Type {
	case "enumeration":
		return p.choose(v, before)
	case "bool":
		if b := strings.ToLower(v); b == "true" || b == "false" {
			return b, nil
		}
		return refuse("INVALID_BOOLEAN", "%s was not a valid boolean.", v)
	case "number":
		if n, ok := number(v); ok {
			return n, nil
		}
		return refuse("INVALID_LONG", "%s was not a valid number.", v)
	case "date":
		if d, ok := day(v); ok {
			return d, nil
		}
		return refuse("INVALID_DATE", "%s is not at midnight UTC or not a date.", v)
	case "datetime":
		if t, ok := instant(v); ok {
			return iso(t), nil
		}
		return refuse("INVALID_DATE", "%s was not a valid date-time.", v)
	}
	if utf8.RuneCountInString(v) > maxText {
		return refuse("PROPERTY_VALUE_TOO_LONG", "The value is longer than %d characters.", maxText)
	}
	switch {
	case p.Name == "email":
		v = strings.ToLower(v)
		if !emailPattern.MatchString(v) {
			return refuse("INVALID_EMAIL", "Email address %s is invalid", v)
		}
	case p.FieldType == "phonenumber":
		v = phone(v)
	}
	return v, nil
}

func (p *property) choose(v, before string) (string, *propertyError) {
	if p.Name == "hubspot_owner_id" {
		return v, nil
	}
	parts := []string{v}
	if p.multi() {
		if strings.HasPrefix(v, ";") {
			v = before + v
		}
		parts = strings.Split(v, ";")
	}
	var out []string
	for _, s := range parts {
		s = strings.TrimSpace(s)
		if s == "" || slices.Contains(out, s) {
			continue
		}
		if p.FieldType == "booleancheckbox" {
			s = strings.ToLower(s)
		}
		if !slices.ContainsFunc(p.Options, func(o Option) bool { return o.Value == s }) {
			allowed := make([]string, len(p.Options))
			for i, o := range p.Options {
				allowed[i] = o.Value
			}
			return "", &propertyError{p.Name, "INVALID_OPTION", fmt.Sprintf("%s was not one of the allowed options: [%s]", s, strings.Join(allowed, ", "))}
		}
		out = append(out, s)
	}
	return strings.Join(out, ";"), nil
}

var numberPattern = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$`)

// number spells a decimal without exponent, plus sign and needless zeros.
func number(v string) (string, bool) {
	if !numberPattern.MatchString(v) {
		return "", false
	}
	r, ok := new(big.Rat).SetString(v)
	if !ok {
		return "", false
	}
	s := r.FloatString(20)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "" || s == "-" || s == "-0" {
		return "0", true
	}
	return s, true
}

func day(v string) (string, bool) {
	if t, err := time.Parse("2006-01-02", v); err == nil {
		return t.Format("2006-01-02"), true
	}
	ms, ok := instant(v)
	if !ok || ms%86_400_000 != 0 {
		return "", false
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02"), true
}

// instant reads ISO 8601 or milliseconds.
func instant(v string) (int64, bool) {
	if ms, err := strconv.ParseInt(v, 10, 64); err == nil {
		return ms, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

// phone keeps what a person typed, except that an international number loses its punctuation.
func phone(v string) string {
	if !strings.HasPrefix(v, "+") {
		return v
	}
	out := []byte{'+'}
	for _, c := range v[1:] {
		switch {
		case c >= '0' && c <= '9':
			out = append(out, byte(c))
		case strings.ContainsRune(" -.()/\u3000", c):
		default:
			return v
		}
	}
	return string(out)
}

// searchablePhone is what hs_searchable_calculated_phone_number holds: digits without the country code.
func searchablePhone(v string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, v)
	if strings.HasPrefix(v, "+81") {
		return strings.TrimPrefix(digits, "81")
	}
	if strings.HasPrefix(v, "+1") {
		return strings.TrimPrefix(digits, "1")
	}
	return strings.TrimPrefix(digits, "0")
}

// fold is the key under which a unique value is compared.
func (p *property) fold(v string) string {
	if p.Name == "email" {
		return strings.ToLower(v)
	}
	return v
}
