package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Records are written by hand: a page of 200 costs tens of microseconds this way, which keeps the sandbox out of benchmarks.

func quote(s string) string { return string(appendString(nil, s)) }

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r < 0x20:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendTime(b []byte, ms int64) []byte {
	b = append(b, '"')
	b = append(b, iso(ms)...)
	return append(b, '"')
}

// selection is what a reader asked to see of a record.
type selection struct {
	names   []string
	history []string
}

// selectFor removes repeated names. Names without a property, or with an archived one, are simply absent from answers.
func (o *objects) selectFor(names, history []string, always ...string) selection {
	if len(names) == 0 {
		names = o.kind.Defaults
	}
	pick := func(lists ...[]string) []string {
		var out []string
		seen := map[string]bool{}
		for _, l := range lists {
			for _, n := range l {
				if !seen[n] && o.prop(n) != nil {
					seen[n] = true
					out = append(out, n)
				}
			}
		}
		return out
	}
	sel := selection{names: pick(names, always)}
	if len(history) > 0 {
		sel.history = pick(history)
	}
	return sel
}

// value is what a property shows in a view: computed ones come from the record itself.
func (s *Server) value(p *portal, o *objects, r *record, v view, prop *property) (string, bool) {
	switch prop.Name {
	case "hs_object_id":
		return strconv.FormatInt(r.ID, 10), true
	case "createdate":
		return iso(r.Created), true
	case o.kind.Modified:
		return iso(v.updated), true
	case "associatedcompanyid":
		if c := p.Links.primary(r.ID); o.kind == contactKind && c != 0 {
			return strconv.FormatInt(c, 10), true
		}
		return "", false
	case "hs_email_domain":
		return emailDomain(o, v)
	case "hs_searchable_calculated_phone_number":
		if n, _ := current(v.vers, o.byName["phone"]); n != "" {
			return searchablePhone(n), true
		}
		return "", false
	}
	return current(v.vers, prop.idx)
}

func emailDomain(o *objects, v view) (string, bool) {
	e, _ := current(v.vers, o.byName["email"])
	for i := range len(e) {
		if e[i] == '@' {
			return e[i+1:], true
		}
	}
	return "", false
}

// appendRecord writes one record; extra is further members, each with a leading comma.
func (s *Server) appendRecord(b []byte, p *portal, o *objects, r *record, v view, sel selection, extra string) []byte {
	b = append(b, `{"id":"`...)
	b = strconv.AppendInt(b, r.ID, 10)
	b = append(b, `","properties":{`...)
	for i, name := range sel.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		if val, set := s.value(p, o, r, v, o.Props[o.byName[name]]); set {
			b = appendString(b, val)
		} else {
			b = append(b, "null"...)
		}
	}
	b = append(b, '}')
	if len(sel.history) > 0 {
		b = append(b, `,"propertiesWithHistory":{`...)
		for i, name := range sel.history {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, name)
			b = append(b, ':')
			b = s.appendHistory(b, p, o, r, v, o.Props[o.byName[name]])
		}
		b = append(b, '}')
	}
	b = append(b, `,"createdAt":`...)
	b = appendTime(b, r.Created)
	b = append(b, `,"updatedAt":`...)
	b = appendTime(b, v.updated)
	b = append(b, `,"archived":`...)
	b = strconv.AppendBool(b, r.Archived != 0)
	if r.Archived != 0 {
		b = append(b, `,"archivedAt":`...)
		b = appendTime(b, r.Archived)
	}
	b = append(b, fmt.Sprintf(`,"url":"%s/contacts/%d/record/%s/%d"`, s.cfg.PublicURL, p.ID, o.kind.TypeID, r.ID)...)
	b = append(b, extra...)
	return append(b, '}')
}

// appendHistory writes the newest entries first.
func (s *Server) appendHistory(b []byte, p *portal, o *objects, r *record, v view, prop *property) []byte {
	b = append(b, '[')
	h := run(v.vers, prop.idx)
	if len(h) == 0 {
		if val, set := s.value(p, o, r, v, prop); set {
			at := r.Created
			if prop.Name == o.kind.Modified {
				at = v.updated
			}
			b = append(b, `{"value":`...)
			b = appendString(b, val)
			b = append(b, `,"timestamp":`...)
			b = appendTime(b, at)
			b = append(b, `,"sourceType":"CALCULATED"}`...)
		}
		return append(b, ']')
	}
	for i := len(h) - 1; i >= max(0, len(h)-o.kind.Keep); i-- {
		if i < len(h)-1 {
			b = append(b, ',')
		}
		src := s.sources.List[h[i].Src]
		b = append(b, `{"value":`...)
		b = appendString(b, h[i].Value)
		b = append(b, `,"timestamp":`...)
		b = appendTime(b, h[i].At)
		b = append(b, `,"sourceType":`...)
		b = appendString(b, src.Type)
		if src.ID != "" {
			b = append(b, `,"sourceId":`...)
			b = appendString(b, src.ID)
		}
		if n, ok := userOf(src); ok {
			b = append(b, `,"updatedByUserId":`...)
			b = strconv.AppendInt(b, n, 10)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func userOf(s Source) (int64, bool) {
	if len(s.ID) < 8 || s.ID[:7] != "userId:" {
		return 0, false
	}
	n, err := strconv.ParseInt(s.ID[7:], 10, 64)
	return n, err == nil
}

// text lets a JSON member be a string, number, boolean or null, as HubSpot's property values may be.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		err := json.Unmarshal(b, &s)
		*t = text(s)
		return err
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		return fmt.Errorf("cannot deserialize value of type String from %c", b[0])
	case string(b) == "null":
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

type texts map[string]text

func (t texts) plain() map[string]string {
	out := make(map[string]string, len(t))
	for k, v := range t {
		out[k] = string(v)
	}
	return out
}
