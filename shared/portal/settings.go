package portal

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ContactPolicy says when a contact is created for a friend who has none (P-29).
type ContactPolicy string

const (
	WhenLinked   ContactPolicy = "when_linked"
	WhenMessaged ContactPolicy = "when_messaged"
	Always       ContactPolicy = "always"
)

// Bounds of SyncIntervalMinutes. A day is the most, because the nightly compare is daily anyway.
const (
	MinSyncInterval = 5
	MaxSyncInterval = 24 * 60
	maxAlertEmails  = 10
)

// Settings are the customer's choices.
type Settings struct {
	ContactPolicy ContactPolicy `json:"contactPolicy" dynamodbav:"contactPolicy"`
	// NameFromLine puts the LINE display name into the first name of contacts that we create (P-30).
	NameFromLine bool `json:"nameFromLine" dynamodbav:"nameFromLine"`
	// TagsTwoWay lets HubSpot edit LINE tags (P-46).
	TagsTwoWay bool `json:"tagsTwoWay" dynamodbav:"tagsTwoWay"`
	// TagsTwoWaySince is when it was switched on (Unix ms): edits of before were reverted and stay so.
	TagsTwoWaySince int64 `json:"-" dynamodbav:"tagsTwoWaySince,omitempty"`
	// MethodC links contacts whose LINE User ID was filled in by hand, API or import (P-26).
	MethodC bool `json:"methodC" dynamodbav:"methodC"`
	// MessageTexts also writes the last received and sent message to the contact: personal data, so off at first (P-43).
	MessageTexts bool `json:"messageTexts" dynamodbav:"messageTexts"`
	// GroupChats shows LINE group chats as companies (P-95).
	GroupChats bool `json:"groupChats" dynamodbav:"groupChats"`
	// SyncIntervalMinutes is the pace of the reconcile behind the webhooks (P-61).
	SyncIntervalMinutes int `json:"syncIntervalMinutes" dynamodbav:"syncIntervalMinutes"`
	// TimeZone is an IANA name; empty follows HubSpot (P-74).
	TimeZone string `json:"timeZone" dynamodbav:"timeZone"`
	// AlertEmails are told when syncs keep failing (P-75); empty tells nobody.
	AlertEmails []string `json:"alertEmails" dynamodbav:"alertEmails"`
	// Language of e-mails and of texts that we write into HubSpot: "en" or "ja".
	Language string `json:"language" dynamodbav:"language"`
}

// Defaults are the settings of a new portal.
func Defaults() Settings {
	return Settings{ContactPolicy: WhenLinked, MethodC: true, SyncIntervalMinutes: 15, Language: "en"}
}

// ErrSetting is wrapped by every refusal of a setting.
var ErrSetting = errors.New("setting refused")

// SettingError names the field, so that a form can point at it.
type SettingError struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

func (e *SettingError) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Reason) }
func (e *SettingError) Unwrap() error { return ErrSetting }

// Validate returns the first thing wrong, as a *SettingError.
func (s Settings) Validate() error {
	switch {
	case s.ContactPolicy != WhenLinked && s.ContactPolicy != WhenMessaged && s.ContactPolicy != Always:
		return &SettingError{"contactPolicy", "must be when_linked, when_messaged or always"}
	case s.SyncIntervalMinutes < MinSyncInterval || s.SyncIntervalMinutes > MaxSyncInterval:
		return &SettingError{"syncIntervalMinutes", fmt.Sprintf("must be %d to %d", MinSyncInterval, MaxSyncInterval)}
	case s.Language != "en" && s.Language != "ja":
		return &SettingError{"language", "must be en or ja"}
	case len(s.AlertEmails) > maxAlertEmails:
		return &SettingError{"alertEmails", fmt.Sprintf("must be at most %d", maxAlertEmails)}
	}
	if s.TimeZone != "" {
		// "Local" is this machine's zone, not a name.
		if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
			return &SettingError{"timeZone", "must be an IANA time zone such as Asia/Tokyo"}
		}
	}
	for _, e := range s.AlertEmails {
		if a, err := mail.ParseAddress(e); err != nil || a.Address != e {
			return &SettingError{"alertEmails", "must be plain e-mail addresses"}
		}
	}
	return nil
}

// Change is one setting before and after.
type Change struct {
	Field string `json:"field" dynamodbav:"field"`
	Old   string `json:"old" dynamodbav:"old"`
	New   string `json:"new" dynamodbav:"new"`
}

// Diff lists what differs, in the order of the fields.
func Diff(before, after Settings) []Change {
	var out []Change
	add := func(field, o, n string) {
		if o != n {
			out = append(out, Change{field, o, n})
		}
	}
	add("contactPolicy", string(before.ContactPolicy), string(after.ContactPolicy))
	add("nameFromLine", strconv.FormatBool(before.NameFromLine), strconv.FormatBool(after.NameFromLine))
	add("tagsTwoWay", strconv.FormatBool(before.TagsTwoWay), strconv.FormatBool(after.TagsTwoWay))
	add("methodC", strconv.FormatBool(before.MethodC), strconv.FormatBool(after.MethodC))
	add("messageTexts", strconv.FormatBool(before.MessageTexts), strconv.FormatBool(after.MessageTexts))
	add("groupChats", strconv.FormatBool(before.GroupChats), strconv.FormatBool(after.GroupChats))
	add("syncIntervalMinutes", strconv.Itoa(before.SyncIntervalMinutes), strconv.Itoa(after.SyncIntervalMinutes))
	add("timeZone", before.TimeZone, after.TimeZone)
	add("alertEmails", strings.Join(before.AlertEmails, ", "), strings.Join(after.AlertEmails, ", "))
	add("language", before.Language, after.Language)
	return out
}

// Patch changes some settings; nil leaves a field as it is.
type Patch struct {
	ContactPolicy       *ContactPolicy `json:"contactPolicy"`
	NameFromLine        *bool          `json:"nameFromLine"`
	TagsTwoWay          *bool          `json:"tagsTwoWay"`
	MethodC             *bool          `json:"methodC"`
	MessageTexts        *bool          `json:"messageTexts"`
	GroupChats          *bool          `json:"groupChats"`
	SyncIntervalMinutes *int           `json:"syncIntervalMinutes"`
	TimeZone            *string        `json:"timeZone"`
	AlertEmails         *[]string      `json:"alertEmails"`
	Language            *string        `json:"language"`
}

// Apply returns the settings with the patch, validated.
func (s Settings) Apply(p Patch) (Settings, error) {
	s.AlertEmails = slices.Clone(s.AlertEmails)
	set(&s.ContactPolicy, p.ContactPolicy)
	set(&s.NameFromLine, p.NameFromLine)
	set(&s.TagsTwoWay, p.TagsTwoWay)
	set(&s.MethodC, p.MethodC)
	set(&s.MessageTexts, p.MessageTexts)
	set(&s.GroupChats, p.GroupChats)
	set(&s.SyncIntervalMinutes, p.SyncIntervalMinutes)
	set(&s.TimeZone, p.TimeZone)
	set(&s.AlertEmails, p.AlertEmails)
	set(&s.Language, p.Language)
	return s, s.Validate()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
