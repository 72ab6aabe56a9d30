package line

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lumo/shared/fault"
)

// Codes of faults. They are stored and shown, so they never change.
const (
	CodeNoReply        = "LINE_NO_REPLY"         // network failure or time-out
	CodeUnreadable     = "LINE_UNREADABLE_REPLY" // success status, but no answer that makes sense
	CodeRefusedHere    = "LINE_BAD_REQUEST_HERE" // we did not even send it
	CodeInvalid        = "LINE_INVALID"
	CodeReplyToken     = "LINE_REPLY_TOKEN" // used, expired or wrong; after an unknown outcome it means that the reply was accepted
	CodeRecipient      = "LINE_UNKNOWN_RECIPIENT"
	CodeCursor         = "LINE_CURSOR" // the followers list must be read from the start again
	CodeToken          = "LINE_TOKEN_REFUSED"
	CodeCredentials    = "LINE_CREDENTIALS_REFUSED"
	CodeNotAvailable   = "LINE_NOT_AVAILABLE" // plan or kind of account
	CodeNotFound       = "LINE_NOT_FOUND"
	CodeGone           = "LINE_CONTENT_GONE"
	CodeAlreadySent    = "LINE_ALREADY_SENT"
	CodeRate           = "LINE_RATE_LIMIT"
	CodeMonthlyLimit   = "LINE_MONTHLY_LIMIT"
	CodePreparing      = "LINE_CONTENT_PREPARING"
	CodeUnavailable    = "LINE_UNAVAILABLE"
	CodeUnexpected     = "LINE_UNEXPECTED_REPLY"
	headerRequest      = "X-Line-Request-Id"
	headerAccepted     = "X-Line-Accepted-Request-Id"
	ratePause          = time.Second // LINE documents no Retry-After
	preparingPause     = 5 * time.Second
	longestMessageText = 500
)

// reply is an answer of LINE, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// errorBody is both shapes of LINE's errors: the Messaging API's and OAuth's.
type errorBody struct {
	Message string `json:"message"`
	Details []struct {
		Message  string `json:"message"`
		Property string `json:"property"`
	} `json:"details"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (b errorBody) text() string {
	if b.Error != "" {
		return strings.TrimSpace(b.Error + " " + b.Description)
	}
	s := b.Message
	for _, d := range b.Details {
		s += " " + d.Property + ": " + d.Message + "."
	}
	return strings.TrimSpace(s)
}

// interpret turns every reply that is not the expected success into a Fault. Statuses decide; texts only where LINE leaves nothing
// else (429, and the kinds of 400), and there loosely, because LINE changes its texts.
func interpret(r reply) *fault.Fault {
	var b errorBody
	_ = json.Unmarshal(r.body, &b)
	text := b.text()
	f := &fault.Fault{
		Provider: "line", Status: r.status, Message: clip(text), CorrelationID: r.header.Get(headerRequest), Certainty: fault.NothingHappened,
	}
	if f.Message == "" {
		f.Message = "LINE answered with status " + strconv.Itoa(r.status)
	}
	lower := strings.ToLower(text)
	switch s := r.status; {
	case s == 400:
		f.Class, f.Code = badRequest(lower)
	case s == 401:
		f.Class, f.Code = fault.Unauthorized, CodeToken
	case s == 403:
		f.Class, f.Code = fault.Permission, CodeNotAvailable
	case s == 404:
		f.Class, f.Code = fault.NotFound, CodeNotFound
	case s == 409:
		f.Class, f.Code, f.Certainty = fault.Exists, CodeAlreadySent, fault.Happened
		if accepted := r.header.Get(headerAccepted); accepted != "" {
			f.CorrelationID = accepted
		}
	case s == 410:
		f.Class, f.Code = fault.NotFound, CodeGone
	case s == 429 && strings.Contains(lower, "month"):
		f.Class, f.Code = fault.Quota, CodeMonthlyLimit
	case s == 429:
		f.Class, f.Code, f.RetryAfter = fault.Limited, CodeRate, retryAfter(r.header, ratePause)
	case s >= 500:
		f.Class, f.Code, f.Certainty = fault.Unavailable, CodeUnavailable, fault.Unknown
		f.RetryAfter = retryAfter(r.header, 0)
	case s >= 400:
		f.Class, f.Code = fault.Invalid, CodeInvalid
	case s >= 200 && s < 300:
		f.Class, f.Code, f.Certainty, f.Message = fault.Unavailable, CodeUnreadable, fault.Happened, "LINE's answer could not be read"
	default: // a redirect: some proxy in between
		f.Class, f.Code, f.Certainty = fault.Unavailable, CodeUnexpected, fault.Unknown
	}
	return f
}

func badRequest(lower string) (fault.Class, string) {
	switch {
	case strings.Contains(lower, "reply token"):
		return fault.Invalid, CodeReplyToken
	case strings.Contains(lower, "failed to send messages"):
		return fault.Invalid, CodeRecipient
	case strings.Contains(lower, "start param"):
		return fault.Invalid, CodeCursor
	}
	return fault.Invalid, CodeInvalid
}

// interpretToken is interpret for the token endpoint: a 4xx there means that ID and secret are wrong, or were reissued by the
// channel's owner, which nothing but the owner can repair.
func interpretToken(r reply) *fault.Fault {
	f := interpret(r)
	switch r.status {
	case 400, 401, 403, 404:
		f.Class, f.Code = fault.Revoked, CodeCredentials
	}
	return f
}

// noReply is the Fault of a call without an answer. Only a connection that was never made proves that nothing happened.
func noReply(err error) *fault.Fault {
	f := &fault.Fault{
		Provider: "line", Class: fault.Unavailable, Code: CodeNoReply, Message: "LINE did not answer", Certainty: fault.Unknown, Err: err,
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		f.Certainty = fault.NothingHappened
	}
	return f
}

// notSent is the Fault of a call that ended before it went out.
func notSent(err error) *fault.Fault {
	f := noReply(err)
	f.Certainty = fault.NothingHappened
	f.Message = "The call to LINE was not made in time"
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		f.Class, f.Code, f.Message = fault.Misconfigured, CodeRefusedHere, "The call to LINE could not be made"
	}
	return f
}

// refusedHere is the Fault of a call that would be wrong to make.
func refusedHere(why string, err error) *fault.Fault {
	return &fault.Fault{
		Provider: "line", Class: fault.Invalid, Code: CodeRefusedHere, Message: why, Certainty: fault.NothingHappened, Err: err,
	}
}

func retryAfter(h http.Header, otherwise time.Duration) time.Duration {
	if n, err := strconv.Atoi(h.Get("Retry-After")); err == nil && n >= 0 && n <= 3600 {
		return time.Duration(n) * time.Second
	}
	return otherwise
}

func clip(s string) string {
	if len(s) <= longestMessageText {
		return s
	}
	return strings.ToValidUTF8(s[:longestMessageText], "") + "…"
}
