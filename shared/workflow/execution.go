package workflow

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"lumo/shared/friend"
)

// Status is the output by which workflows branch (P-108).
type Status string

const (
	Open             Status = "" // nothing is decided yet
	Sent             Status = "sent"
	Done             Status = "done" // tags, links
	SkippedUnlinked  Status = "skipped_unlinked"
	SkippedBlocked   Status = "skipped_blocked"
	SkippedNoConsent Status = "skipped_no_consent"
	HeldQuota        Status = "held_quota"
	Failed           Status = "failed"

	// Of linking a friend.
	Linked        Status = "linked"
	AlreadyLinked Status = "already_linked"
	InConflict    Status = "conflict"
	NotFound      Status = "not_found"
	SkippedParted Status = "skipped_unlinked_by_hand"
)

// Reasons beside a status. Workflows branch on them, too, so they never change.
const (
	ReasonFields      = "MALFORMED_FIELDS"
	ReasonObject      = "NOT_A_CONTACT"
	ReasonOff         = "INTEGRATION_OFF"
	ReasonPermission  = "PERMISSION_NEEDED"
	ReasonAccount     = "ACCOUNT_DISCONNECTED"
	ReasonTemplate    = "TEMPLATE_DELETED"
	ReasonTag         = "TAG_DELETED"
	ReasonFull        = "TOO_MANY_TAGS"
	ReasonEmpty       = "NO_MESSAGE"
	ReasonUnlinked    = "NOT_LINKED"
	ReasonBlocked     = "FRIEND_BLOCKED"
	ReasonConsent     = "NO_CONSENT"
	ReasonQuota       = "LINE_QUOTA_USED_UP"
	ReasonLate        = "NOT_SENT_IN_TIME"
	ReasonUnknown     = "OUTCOME_UNKNOWN"
	ReasonUnavailable = "INTERNAL"

	ReasonNoLogin      = "NO_LOGIN_CHANNEL"
	ReasonGone         = "CONTACT_GONE"
	ReasonNoUser       = "NO_LINE_USER_ID"
	ReasonBadUser      = "LINE_ID_MALFORMED"
	ReasonStranger     = "LINE_ID_NOT_VALID"
	ReasonFriendTaken  = "FRIEND_LINKED_ELSEWHERE"
	ReasonContactTaken = "CONTACT_LINKED_ELSEWHERE"
	ReasonParted       = "UNLINKED_BY_PERSON"
)

const (
	// patience is how long HubSpot is asked to wait for a step, and nightly for one that may wait for the end of quiet hours.
	patience = time.Hour
	nightly  = 25 * time.Hour
	// margin before the end of the wait is when the answer must be given, whatever it is.
	margin = 5 * time.Minute
	// heldFor is how long a message waits for quota after the workflow was told that it is held.
	heldFor = 72 * time.Hour
	// heldPause between looks at the quota.
	heldPause = time.Hour
	// maxUnknown is how often HubSpot may say that it does not know a callback: it may not have read our "wait" yet.
	maxUnknown = 3
	// maxRings bounds the calls that one execution stands for.
	maxRings = 20
)

// Ring is a call of HubSpot that waits, or waited, for the answer.
type Ring struct {
	Callback string `json:"c" dynamodbav:"c"`
	At       int64  `json:"t" dynamodbav:"t"`
	Told     bool   `json:"d,omitempty" dynamodbav:"d,omitempty"`
}

// Execution is one execution of a step, whatever number of calls HubSpot makes for it.
type Execution struct {
	ID   string
	Call Call
	// Target is the friend, chosen once: a repetition never goes to another phone.
	Target    *friend.Key
	Status    Status
	Reason    string
	RequestID string // LINE's
	// TellingAt is when HubSpot was first told (Unix ms), 0 before. A call that came later is another execution.
	TellingAt int64
	Rings     []Ring
	Unknown   int   // times that HubSpot did not know a callback
	Tries     int   // of telling
	HeldUntil int64 // the message waits for quota until then; 0 when it does not
	Due       int64 // when the tick goes on with it; 0 when nothing is left
	Version   int64
}

// ExecutionID is made of the first call: the same call again makes the same one.
func ExecutionID(c Call) string {
	sum := sha256.Sum256([]byte(c.Portal.String() + "|" + c.Callback))
	return "wf-" + hex.EncodeToString(sum[:16])
}

// NewExecution is the first call's.
func NewExecution(c Call) Execution {
	return Execution{ID: ExecutionID(c), Call: c, Rings: []Ring{{Callback: c.Callback, At: c.At}}}
}

// Wait is how long HubSpot is asked to wait for a call.
func Wait(inputs map[string]string) time.Duration {
	if inputs[InputQuietHours] == Respect {
		return nightly
	}
	return patience
}

// Deadline is when an answer must be given.
func (e Execution) Deadline() time.Time {
	return time.UnixMilli(e.Call.At).Add(Wait(e.Call.Inputs) - margin)
}

// Same tells whether another call of the same step and record is a repetition. Where HubSpot names the enrolment it always is; else while the
// former has no answer, since HubSpot cannot have meant a new execution then.
func (e Execution) Same(c Call) bool {
	return e.Call.Step == c.Step && (c.Exact || e.TellingAt == 0 || c.At <= e.TellingAt) && len(e.Rings) < maxRings
}

// Heard adds a call to those that wait. The same delivery again changes nothing; the same call made again by HubSpot is answered again.
func (e Execution) Heard(c Call) (next Execution, changed bool) {
	e.Rings = slices.Clone(e.Rings)
	for i, r := range e.Rings {
		if r.Callback == c.Callback {
			if c.At <= r.At {
				return e, false
			}
			e.Rings[i] = Ring{Callback: c.Callback, At: c.At}
			return e, true
		}
	}
	e.Rings = append(e.Rings, Ring{Callback: c.Callback, At: c.At})
	return e, true
}

// Waiting lists the callbacks that have no answer yet.
func (e Execution) Waiting() []string {
	var out []string
	for _, r := range e.Rings {
		if !r.Told {
			out = append(out, r.Callback)
		}
	}
	return out
}

// Decided settles it.
func (e Execution) Decided(s Status, reason string, at time.Time) Execution {
	e.Status, e.Reason = s, reason
	if s == HeldQuota && e.HeldUntil == 0 {
		e.HeldUntil = at.Add(heldFor).UnixMilli()
	}
	return e
}

// Later leaves it to the tick. Nothing is put off beyond the deadline.
func (e Execution) Later(to time.Time) Execution {
	if d := e.Deadline(); e.Status == Open && to.After(d) {
		to = d
	}
	e.Due = to.UnixMilli()
	return e
}

// Told notes that HubSpot has the answer to some callbacks, or will never take it.
func (e Execution) Told(callbacks []string, at time.Time) Execution {
	e.Rings = slices.Clone(e.Rings)
	for i, r := range e.Rings {
		e.Rings[i].Told = r.Told || slices.Contains(callbacks, r.Callback)
	}
	e.Unknown, e.Tries = 0, 0
	return e.settle(at)
}

// settle says when there is something to do next. What people wrote and what HubSpot told of the contact is not kept any longer than needed: a
// held message is kept by package chat.
func (e Execution) settle(at time.Time) Execution {
	e.Due, e.Call.Properties = 0, nil
	e.Call.Inputs = maps.Clone(e.Call.Inputs)
	maps.DeleteFunc(e.Call.Inputs, func(name, _ string) bool { return strings.HasPrefix(name, InputText) || name == InputUser })
	if e.Status != Open && len(e.Waiting()) > 0 { // somebody rang meanwhile
		e.Due = at.UnixMilli()
		return e
	}
	if e.HeldUntil > at.UnixMilli() {
		e.Due = min(at.Add(heldPause).UnixMilli(), e.HeldUntil)
	}
	return e
}

// Outputs is what the workflow gets.
func (e Execution) Outputs() map[string]string {
	out := Answer(e.Status, e.Reason)
	out["line_request_id"] = e.RequestID
	if e.Status == SkippedUnlinked && e.Call.Inputs[InputUnlinked] == Fail {
		out["status"], out[StateField] = string(Failed), StateFailed
	}
	return out
}

// HubSpot's own output field, and its values that matter here. An execution that failed still answers SUCCESS: only then can later steps use
// the outputs and branch on them (docs/verify-live.md); the words of the execution rules tell people that it failed.
const (
	StateField   = "hs_execution_state"
	StateSuccess = "SUCCESS"
	StateFailed  = "FAIL_CONTINUE"
	StateWait    = "BLOCK"
	ExpiryField  = "hs_expiration_duration"
)

// Answer is a set of outputs without a message behind it.
func Answer(s Status, reason string) map[string]string {
	return map[string]string{"status": string(s), "reason": reason, "line_request_id": "", StateField: StateSuccess}
}
