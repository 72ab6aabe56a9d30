package mapping

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/shared/register"
)

// Canonical returns the form in which two values of a property mean the same. HubSpot normalises what it stores (e-mail case, dates,
// numbers, order of checkbox options); comparing raw texts would see changes where there are none and write for ever.
// Source: HubSpot object guide, "values"; docs/hubspot-oddities.md.
func Canonical(m Mapping) register.Canon {
	switch {
	case m.Property == "email":
		return func(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
	case m.FieldType == "phonenumber" || m.Property == "phone" || m.Type == "phone_number":
		return phone
	case m.Type == "number":
		return number
	case m.Type == "bool" || m.FieldType == "booleancheckbox":
		return func(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
	case m.Type == "date":
		return func(s string) string { return moment(s, time.DateOnly) }
	case m.Type == "datetime":
		return func(s string) string { return moment(s, "2006-01-02T15:04:05.000Z") }
	case m.Type == "enumeration" && m.FieldType == "checkbox":
		return options
	default:
		return strings.TrimSpace
	}
}

// phone drops what people put between digits; a leading + stays.
func phone(s string) string {
	var b strings.Builder
	for i, r := range strings.TrimSpace(s) {
		if r >= '0' && r <= '9' || r == '+' && i == 0 || r == 'x' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func number(s string) string {
	s = strings.TrimSpace(s)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// moment reads ISO 8601 or Unix ms and prints UTC.
func moment(s, layout string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC().Format(layout)
	}
	for _, l := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC().Format(layout)
		}
	}
	return s
}

func options(s string) string {
	var parts []string
	for p := range strings.SplitSeq(s, ";") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ";")
}
