package linesandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Assumption is a point on which LINE's documents are silent or unclear, or on which the sandbox differs on purpose. Each is a
// switch, so that an app can be tested under either answer. Mark: D documented, T third party, I inferred, U unknown.
type Assumption struct {
	Name    string   `json:"name"`
	Value   string   `json:"value"`
	Default string   `json:"default"`
	Choices []string `json:"choices,omitempty"` // empty: a number
	Mark    string   `json:"mark"`
	Text    string   `json:"text"`
}

var onOff = []string{"on", "off"}

var assumptions = []Assumption{
	{Name: "http_webhooks", Default: "on", Choices: onOff, Mark: "D",
		Text: "A webhook URL may start with http://. LINE accepts https only; a laptop has no certificate."},
	{Name: "webhook_url_delay_seconds", Default: "0", Mark: "D",
		Text: "A changed webhook URL takes effect after this time. LINE: up to 60 s."},
	{Name: "redelivery_delays_seconds", Default: "10,60,300", Mark: "U",
		Text: "Pauses before the redeliveries of a failed webhook (only with redelivery switched on). LINE does not tell their number or intervals."},
	{Name: "reply_token_seconds", Default: "60", Mark: "D",
		Text: "Life of a reply token from each delivery of its webhook, never past 20 minutes from the event."},
	{Name: "retry_key_scope", Default: "channel", Choices: []string{"channel", "endpoint"}, Mark: "U",
		Text: "Whether the same retry key on push and on multicast is the same request."},
	{Name: "empty_retry_key", Default: "absent", Choices: []string{"absent", "refuse"}, Mark: "U",
		Text: "An empty X-Line-Retry-Key header (the Go SDK sends one) counts as none, or is refused with 400."},
	{Name: "multicast_unknown_id", Default: "skip", Choices: []string{"skip", "refuse"}, Mark: "U",
		Text: "A well-formed id that the provider does not know: skipped with 200, or 400 for the whole request. LINE's reference says both."},
	{Name: "multicast_duplicate_id", Default: "once", Choices: []string{"once", "twice"}, Mark: "U",
		Text: "The same person named twice in one multicast gets it once or twice."},
	{Name: "quota_month", Default: "utc+9", Choices: []string{"utc+9", "utc"}, Mark: "U",
		Text: "Where the month of the message quota begins."},
	{Name: "short_follower_pages", Default: "off", Choices: onOff, Mark: "D",
		Text: "Follower pages may hold fewer ids than asked although there is a next page."},
	{Name: "old_pictures_die", Default: "on", Choices: onOff, Mark: "I",
		Text: "The address of a profile picture answers 404 once the person has another."},
	{Name: "transcoding_seconds", Default: "2", Mark: "D", Text: "Time for which the content of a video or audio message answers 202."},
	{Name: "verify_accepts_stateless", Default: "off", Choices: onOff, Mark: "U",
		Text: "Whether GET /oauth2/v2.1/verify knows stateless tokens."},
	{Name: "rate_scale", Default: "1", Mark: "I",
		Text: "Factor on all rate limits. Token endpoints are assumed to have the general 2,000 per second."},
	{Name: "same_user_per_second", Default: "0", Mark: "D",
		Text: "More messages per second than this to one person answer 429 (0: no such limit). LINE has one and does not tell the number."},
	{Name: "webhook_test_needs_switch", Default: "off", Choices: onOff, Mark: "I",
		Text: "Whether the webhook test fails while \"Use webhook\" is off."},
	{Name: "profile_of_writer", Default: "on", Choices: onOff, Mark: "D",
		Text: "A person who wrote without being a friend has a readable profile."},
}

// Assumptions lists all switches with their present values. GET /_sandbox/assumptions shows the same.
func (s *Server) Assumptions() []Assumption {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(assumptions)
	for i := range out {
		out[i].Value = s.assumed(out[i].Name)
	}
	return out
}

// Assume sets one switch.
func (s *Server) Assume(name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(assumptions, func(a Assumption) bool { return a.Name == name })
	if i < 0 {
		return fmt.Errorf("assumption %q: %w", name, ErrUnknown)
	}
	a := assumptions[i]
	if len(a.Choices) > 0 && !slices.Contains(a.Choices, value) {
		return fmt.Errorf("assumption %s is one of %s: %w", name, strings.Join(a.Choices, ", "), ErrNotPossible)
	}
	if len(a.Choices) == 0 {
		for part := range strings.SplitSeq(value, ",") {
			if n, err := strconv.ParseFloat(part, 64); err != nil || n < 0 {
				return fmt.Errorf("assumption %s: %q is no number: %w", name, part, ErrNotPossible)
			}
		}
	}
	s.st.Assumed[name] = value
	s.changes++
	return nil
}

func (s *Server) assumed(name string) string {
	if v, ok := s.st.Assumed[name]; ok {
		return v
	}
	for _, a := range assumptions {
		if a.Name == name {
			return a.Default
		}
	}
	return ""
}

func (s *Server) assumes(name, value string) bool { return s.assumed(name) == value }

func (s *Server) assumedNumber(name string) float64 {
	n, _ := strconv.ParseFloat(s.assumed(name), 64) // checked by Assume
	return n
}

func (s *Server) assumedSeconds(name string) time.Duration {
	return time.Duration(s.assumedNumber(name) * float64(time.Second))
}

func (s *Server) redeliveryDelays() []time.Duration {
	var out []time.Duration
	for part := range strings.SplitSeq(s.assumed("redelivery_delays_seconds"), ",") {
		n, _ := strconv.ParseFloat(part, 64) // checked by Assume
		out = append(out, time.Duration(n*float64(time.Second)))
	}
	return out
}

func (s *Server) violate(rule, detail, requestID string) {
	const keep = 1000
	if len(s.st.Violations) < keep {
		s.st.Violations = append(s.st.Violations, Violation{At: s.now(), Rule: rule, Detail: detail, RequestID: requestID})
	}
}

// Violations lists what the app must never do and did. Tests require an empty list.
func (s *Server) Violations() []Violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.st.Violations)
}
