package linkage

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lumo/shared/id"
)

// P-24: besides the address, the form asks for contact properties that the company has chosen. What friends answer is written to HubSpot when
// they are linked.

// FieldType is how an answer is asked for and checked.
type FieldType string

const (
	TextField   FieldType = "text"
	EmailField  FieldType = "email"
	PhoneField  FieldType = "phone"
	ChoiceField FieldType = "choice"
)

const (
	// MaxFields of a form: it is filled in on a phone.
	MaxFields = 10
	// MaxAnswer and MaxLabel in characters, MaxOptions of one field.
	MaxAnswer  = 200
	MaxLabel   = 100
	MaxOptions = 100
)

// Field is one contact property that the form asks for.
type Field struct {
	Property string    `json:"property" dynamodbav:"p"`
	Type     FieldType `json:"type" dynamodbav:"t"`
	LabelEn  string    `json:"labelEn" dynamodbav:"e"`
	LabelJa  string    `json:"labelJa" dynamodbav:"j"`
	Required bool      `json:"required" dynamodbav:"r,omitempty"`
	// Options of a ChoiceField, as HubSpot had them when the form was saved.
	Options []Option `json:"options" dynamodbav:"o,omitempty"`
}

// Option is one answer of a ChoiceField.
type Option struct {
	Value string `json:"value" dynamodbav:"v"`
	Label string `json:"label" dynamodbav:"l"`
}

// Label is what the field is called in a language; the other one stands in for a missing one.
func (f Field) Label(language string) string {
	if language == "ja" && f.LabelJa != "" || f.LabelEn == "" {
		return f.LabelJa
	}
	return f.LabelEn
}

// Forms keep what each portal's form asks for; nothing where nobody chose.
type Forms interface {
	Fields(ctx context.Context, p id.PortalID) ([]Field, error)
	SaveFields(ctx context.Context, p id.PortalID, fs []Field) error
}

// ErrField is wrapped by every refusal of a form's fields.
var ErrField = errors.New("this form field cannot be used")

// FieldError names the field by its property.
type FieldError struct {
	Property, Reason string
}

func (e *FieldError) Error() string { return e.Property + ": " + e.Reason }
func (e *FieldError) Unwrap() error { return ErrField }

// emailProperty is asked for by the form itself.
const emailProperty = "email"

// CheckFields returns the first thing wrong with a form, as a *FieldError. What HubSpot knows of the properties is checked by whoever saves it.
func CheckFields(fs []Field) error {
	if len(fs) > MaxFields {
		return &FieldError{fs[MaxFields].Property, fmt.Sprintf("a form asks for at most %d properties", MaxFields)}
	}
	seen := map[string]bool{}
	for _, f := range fs {
		if reason := f.wrong(); reason != "" {
			return &FieldError{f.Property, reason}
		}
		if seen[f.Property] {
			return &FieldError{f.Property, "this property is asked for twice"}
		}
		seen[f.Property] = true
	}
	return nil
}

func (f Field) wrong() string {
	switch {
	case f.Property == emailProperty:
		return "the form asks for the e-mail address already"
	case !slices.Contains([]FieldType{TextField, EmailField, PhoneField, ChoiceField}, f.Type):
		return "the type must be text, email, phone or choice"
	case strings.TrimSpace(f.LabelEn) == "" && strings.TrimSpace(f.LabelJa) == "":
		return "it needs a label in one language at least"
	case !shown(f.LabelEn, MaxLabel) || !shown(f.LabelJa, MaxLabel):
		return fmt.Sprintf("a label is one line of at most %d characters", MaxLabel)
	case f.Type == ChoiceField && len(f.Options) == 0:
		return "HubSpot has no options for this property"
	case len(f.Options) > MaxOptions:
		return fmt.Sprintf("a choice has at most %d options", MaxOptions)
	}
	return ""
}

// shown tells whether a text is one line of so many characters.
func shown(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

var (
	// phoneShape is what people write as a telephone number; phoneDigits of it are digits (E.164 allows 15).
	phoneShape                     = regexp.MustCompile(`^\+?[0-9() .-]{1,30}$`)
	minPhoneDigits, maxPhoneDigits = 6, 15
	// narrow are the wide forms that Japanese keyboards write into numbers.
	narrow = strings.NewReplacer("０", "0", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9",
		"＋", "+", "－", "-", "ー", "-", "−", "-", "‐", "-", "（", "(", "）", ")", "\u3000", " ")
)

// Read is an answer as it goes to HubSpot, and whether it will do. An empty one will, unless it is required.
func (f Field) Read(typed string) (string, bool) {
	v := strings.TrimSpace(typed)
	if v == "" {
		return "", !f.Required
	}
	if !shown(v, MaxAnswer) {
		return v, false
	}
	switch f.Type {
	case EmailField:
		a, err := mail.ParseAddress(v)
		return v, err == nil && a.Address == v
	case PhoneField:
		v = strings.TrimSpace(narrow.Replace(v))
		n := 0
		for _, r := range v {
			if r >= '0' && r <= '9' {
				n++
			}
		}
		return v, phoneShape.MatchString(v) && n >= minPhoneDigits && n <= maxPhoneDigits
	case ChoiceField:
		return v, slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v })
	}
	return v, true
}

// Asked is a field as a page shows it.
type Asked struct {
	Field
	Value string // typed before
	Bad   bool
}

// readAnswers checks what was typed, by property. What nobody asked for is left out.
func readAnswers(fs []Field, typed map[string]string) (answers map[string]string, asked []Asked, ok bool) {
	answers, ok = map[string]string{}, true
	for _, f := range fs {
		v, good := f.Read(typed[f.Property])
		asked = append(asked, Asked{f, typed[f.Property], !good})
		if ok = ok && good; good && v != "" {
			answers[f.Property] = v
		}
	}
	return answers, asked, ok
}
