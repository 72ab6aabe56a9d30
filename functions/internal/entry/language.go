package entry

import (
	"strconv"
	"strings"
)

// Language is which of our languages the browser likes best: "ja", or "en" for everybody else.
func (r Request) Language() string {
	best, weight := "en", 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64)
		}
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if (primary == "ja" || primary == "en") && q > weight {
			best, weight = primary, q
		}
	}
	return best
}
