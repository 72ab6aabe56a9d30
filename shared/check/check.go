// Package check is one pass or fail line of the set-up wizard and of the settings page (P-07): a stable code, an outcome, and a
// title and hint in both languages. Packages that check something return Lines; pages print them.
package check

// Outcome of one line.
type Outcome string

const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	// Warn does not stop anything, but a feature will be missing.
	Warn Outcome = "warn"
	// Skipped: not looked at, because an earlier line failed.
	Skipped Outcome = "skipped"
)

// Code is stable: support pages and tests refer to it.
type Code string

// Line is one result. Detail is the provider's own reason or a value to show (a URL, a scope); never a secret.
type Line struct {
	Code    Code    `json:"code" dynamodbav:"code"`
	Outcome Outcome `json:"outcome" dynamodbav:"outcome"`
	Detail  string  `json:"detail,omitempty" dynamodbav:"detail,omitempty"`
}

// OK tells whether no line failed.
func OK(lines []Line) bool {
	for _, l := range lines {
		if l.Outcome == Fail {
			return false
		}
	}
	return true
}

// Text is a sentence in the languages that we speak.
type Text struct {
	En string `json:"en"`
	Ja string `json:"ja"`
}

// In picks a language; anything but "ja" is English.
func (t Text) In(lang string) string {
	if lang == "ja" {
		return t.Ja
	}
	return t.En
}

// Words are the fixed texts of a code: what was checked, and what to do when it did not pass.
type Words struct {
	Title Text `json:"title"`
	Hint  Text `json:"hint"`
}
