package httpapi

import (
	"net/url"
	"strings"
)

type route struct {
	pattern []segment // nil for the default route
	method  string
	key     string
	invoker Invoker
}

type segment struct {
	text string // literal, or the name of a variable
	kind segmentKind
}

// The order of kinds is that of precedence.
type segmentKind int

const (
	literal segmentKind = iota
	variable
	greedy
)

func parsePattern(path string) []segment {
	if path == "$default" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	out := make([]segment, len(parts))
	for i, p := range parts {
		name, open := strings.CutPrefix(p, "{")
		name, closed := strings.CutSuffix(name, "}")
		switch {
		case open && closed && strings.HasSuffix(name, "+"):
			out[i] = segment{text: strings.TrimSuffix(name, "+"), kind: greedy}
		case open && closed:
			out[i] = segment{text: name, kind: variable}
		default:
			out[i] = segment{text: p, kind: literal}
		}
	}
	return out
}

// match picks the most specific route: literals before variables before a greedy variable, a named method before ANY, the default
// route last. Variables are percent-decoded.
func (a *API) match(method, escapedPath string) (*route, map[string]string) {
	var best *route
	var found map[string]string
	for i := range a.routes {
		r := &a.routes[i]
		if r.method != "ANY" && r.method != method {
			continue
		}
		parameters, ok := r.accepts(escapedPath)
		if ok && (best == nil || r.before(best)) {
			best, found = r, parameters
		}
	}
	return best, found
}

func (r *route) accepts(escapedPath string) (map[string]string, bool) {
	if r.pattern == nil {
		return nil, true
	}
	parts := strings.Split(strings.TrimPrefix(escapedPath, "/"), "/")
	parameters := map[string]string{}
	for i, s := range r.pattern {
		if i >= len(parts) {
			return nil, false
		}
		value := parts[i]
		if s.kind == greedy {
			value = strings.Join(parts[i:], "/")
		}
		decoded, err := url.PathUnescape(value)
		if err != nil {
			return nil, false
		}
		switch {
		case s.kind == literal && s.text != decoded, s.kind != literal && decoded == "":
			return nil, false
		case s.kind == variable:
			parameters[s.text] = decoded
		case s.kind == greedy:
			parameters[s.text] = decoded
			return parameters, true
		}
	}
	return parameters, len(parts) == len(r.pattern)
}

func (r *route) before(other *route) bool {
	if (r.pattern == nil) != (other.pattern == nil) {
		return r.pattern != nil
	}
	for i := range min(len(r.pattern), len(other.pattern)) {
		if a, b := r.pattern[i].kind, other.pattern[i].kind; a != b {
			return a < b
		}
	}
	if len(r.pattern) != len(other.pattern) { // one of them is greedy earlier than the other
		return len(r.pattern) > len(other.pattern)
	}
	return r.method != "ANY" && other.method == "ANY"
}
