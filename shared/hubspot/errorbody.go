package hubspot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// text is a JSON value that is a string by contract and anything in practice (correlationId, subCategory).
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
	} else if b[0] != '{' && b[0] != '[' && string(b) != "null" {
		*t = text(b)
	}
	return nil
}

func (t text) String() string { return string(t) }

// texts is a list of strings, or a single one, or something else that is ignored.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var many []text
	if json.Unmarshal(b, &many) == nil {
		for _, s := range many {
			*t = append(*t, string(s))
		}
		return nil
	}
	var one text
	if json.Unmarshal(b, &one) == nil && one != "" {
		*t = texts{string(one)}
	}
	return nil
}

type errorContext map[string]texts

// UnmarshalJSON never fails: a context of another shape is no reason to lose the rest of an error.
func (c *errorContext) UnmarshalJSON(b []byte) error {
	var m map[string]texts
	if json.Unmarshal(b, &m) == nil {
		*c = m
	}
	return nil
}

// errorBody is every shape of error that HubSpot answers, including one element of a 207's errors. Every field is optional.
type errorBody struct {
	Status        text          `json:"status"`
	Message       text          `json:"message"`
	CorrelationID text          `json:"correlationId"`
	Category      text          `json:"category"`
	SubCategory   text          `json:"subCategory"`
	Errors        []errorDetail `json:"errors"`
	Context       errorContext  `json:"context"`
	ErrorType     text          `json:"errorType"`
	PolicyName    text          `json:"policyName"`
	Error         text          `json:"error"` // OAuth
	Description   text          `json:"error_description"`
}

type errorDetail struct {
	Message     text         `json:"message"`
	Code        text         `json:"code"`
	In          text         `json:"in"`
	SubCategory text         `json:"subCategory"`
	Context     errorContext `json:"context"`
}

// invalidValue is an element of the JSON array that HubSpot pastes into the message of a refused write.
type invalidValue struct {
	Name  text `json:"name"`
	Error text `json:"error"`
}

// invalidValues parses the array embedded in the message, or in the message of a detail.
func (b errorBody) invalidValues() []invalidValue {
	messages := []string{string(b.Message)}
	for _, e := range b.Errors {
		messages = append(messages, string(e.Message))
	}
	for _, m := range messages {
		for i := strings.Index(m, "[{"); i >= 0; {
			var found []invalidValue
			if json.NewDecoder(strings.NewReader(m[i:])).Decode(&found) == nil && len(found) > 0 {
				return found
			}
			next := strings.Index(m[i+1:], "[{")
			if next < 0 {
				break
			}
			i += 1 + next
		}
	}
	return nil
}

func (b errorBody) detail(invalid []invalidValue) Detail {
	d := Detail{Category: string(b.Category), SubCategory: string(b.SubCategory), Policy: string(b.PolicyName)}
	add := func(code text) {
		if code != "" && !slices.Contains(d.Codes, string(code)) {
			d.Codes = append(d.Codes, string(code))
		}
	}
	for _, v := range invalid {
		add(v.Error)
	}
	for _, e := range b.Errors {
		add(e.Code)
		add(e.SubCategory)
		d.MissingScopes = append(d.MissingScopes, e.Context["requiredGranularScopes"]...)
		d.MissingScopes = append(d.MissingScopes, e.Context["requiredScopes"]...)
	}
	add(b.SubCategory)
	add(b.ErrorType)
	if m := existingID.FindStringSubmatch(string(b.Message)); m != nil {
		d.ExistingID = m[1]
	}
	return d
}

// HubSpot names the record that is in the way of a create in the text only ("Existing ID: 123").
var existingID = regexp.MustCompile(`(?i)existing (?:object )?id:?\s*(\d+)`)

// Keys under which details carry the names of properties.
var propertyKeys = []string{"propertyName", "propertyNames", "properties", "property", "requiredProperties", "missingProperties", "name"}

func (b errorBody) properties(invalid []invalidValue) []string {
	var names []string
	add := func(n string) {
		if propertyName.MatchString(n) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, v := range invalid {
		add(string(v.Name))
	}
	for _, c := range b.contexts() {
		for _, k := range propertyKeys {
			for _, n := range c[k] {
				add(n)
			}
		}
	}
	return names
}

// contexts are the body's own and those of its details.
func (b errorBody) contexts() []errorContext {
	all := []errorContext{b.Context}
	for _, e := range b.Errors {
		all = append(all, e.Context)
	}
	return all
}

var propertyName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

// reason is HubSpot's own explanation. Refused values are named by property and code, because the text repeats the value.
func (b errorBody) reason(invalid []invalidValue, status int) string {
	if len(invalid) > 0 {
		parts := make([]string, 0, len(invalid))
		for _, v := range invalid {
			parts = append(parts, fmt.Sprintf("%s (%s)", v.Name, v.Error))
		}
		return "Property values were not valid: " + strings.Join(parts, ", ")
	}
	m := string(b.Message)
	if m == "" {
		m = string(b.Description)
	}
	for _, e := range b.Errors {
		if s := string(e.Message); s != "" && !strings.Contains(m, s) {
			m = strings.TrimSpace(m + " " + s)
		}
	}
	if m == "" {
		m = "HubSpot answered " + strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))
	}
	return m
}

var (
	emailLike  = regexp.MustCompile(`[^\s"'<>()\[\],;:]+@[^\s"'<>()\[\],;:]+\.\pL{2,}`)
	lineIDLike = regexp.MustCompile(`\b[UCR][0-9a-f]{32}\b`)
	phoneLike  = regexp.MustCompile(`\+\d[\d ().-]{5,}\d`)
	bearerLike = regexp.MustCompile(`(?i)bearer\s+\S+`)
)

const longestReason = 400

// scrub takes out of a provider's text what must not reach a log or another person: the values we sent, addresses, numbers, tokens.
func scrub(m string, sent []string) string {
	for _, s := range sent {
		m = strings.ReplaceAll(m, s, "…")
	}
	for _, re := range []*regexp.Regexp{bearerLike, emailLike, lineIDLike, phoneLike} {
		m = re.ReplaceAllString(m, "…")
	}
	if r := []rune(m); len(r) > longestReason {
		m = string(r[:longestReason]) + "…"
	}
	return m
}

// sentValues lists what the request carried as values, longest first, so that error texts can be cleaned of them.
func sentValues(q *call) []string {
	var found []string
	add := func(s string) {
		if len(s) >= 3 {
			found = append(found, s)
		}
	}
	if q.form {
		form, _ := url.ParseQuery(string(q.body))
		for k, v := range form {
			if k != "grant_type" && k != "scope" {
				for _, s := range v {
					add(s)
				}
			}
		}
	} else if len(q.body) > 0 {
		var v any
		if json.Unmarshal(q.body, &v) == nil {
			collectValues(v, "", add)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(found)
}

// collectValues walks a request body and reports property values, filter values and the values of unique-property lookups.
func collectValues(v any, key string, add func(string)) {
	switch v := v.(type) {
	case string:
		switch key {
		case "value", "values", "highValue", "query", "lookup":
			add(v)
		}
	case []any:
		for _, e := range v {
			collectValues(e, key, add)
		}
	case map[string]any:
		_, unique := v["idProperty"]
		for k, e := range v {
			switch {
			case key == "properties":
				k = "value"
			case k == "id" && unique || k == "inputs" && unique:
				k = "lookup"
			case k == "id" && key == "lookup":
				k = "lookup"
			}
			collectValues(e, k, add)
		}
	}
}
