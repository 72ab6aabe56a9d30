package line

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
)

func TestInterpret(t *testing.T) {
	t.Parallel()
	const no, maybe, yes = fault.NothingHappened, fault.Unknown, fault.Happened
	for _, c := range []struct {
		status    int
		body      string
		class     fault.Class
		certainty fault.Certainty
		code      string
		message   string
	}{
		{
			400, `{"message":"The request body has 1 error(s)","details":[{"message":"May not be empty","property":"messages[0].text"}]}`,
			fault.Invalid, no, CodeInvalid, "The request body has 1 error(s) messages[0].text: May not be empty.",
		},
		{400, `{"message":"Invalid reply token"}`, fault.Invalid, no, CodeReplyToken, "Invalid reply token"},
		{400, `{"message":"Failed to send messages"}`, fault.Invalid, no, CodeRecipient, "Failed to send messages"},
		{400, `{"message":"Invalid start param"}`, fault.Invalid, no, CodeCursor, "Invalid start param"},
		{401, `{"message":"Authentication failed due to the following reason: x"}`, fault.Unauthorized, no, CodeToken, "Authentication failed due to the following reason: x"},
		{403, `{"message":"Access to this API is not available for your account"}`, fault.Permission, no, CodeNotAvailable, "Access to this API is not available for your account"},
		{404, `{"message":"Not found"}`, fault.NotFound, no, CodeNotFound, "Not found"},
		{409, `{"message":"The retry key is already accepted"}`, fault.Exists, yes, CodeAlreadySent, "The retry key is already accepted"},
		{410, `{"message":"The content is gone"}`, fault.NotFound, no, CodeGone, "The content is gone"},
		{413, ``, fault.Invalid, no, CodeInvalid, "LINE answered with status 413"},
		{415, `{"message":"The content type, X, is not supported"}`, fault.Invalid, no, CodeInvalid, "The content type, X, is not supported"},
		{429, `{"message":"The API rate limit has been exceeded. Try again later."}`, fault.Limited, no, CodeRate, "The API rate limit has been exceeded. Try again later."},
		{429, `{"message":"You have reached your monthly limit."}`, fault.Quota, no, CodeMonthlyLimit, "You have reached your monthly limit."},
		{429, `{"message":"Your MONTHLY quota is used up"}`, fault.Quota, no, CodeMonthlyLimit, "Your MONTHLY quota is used up"},
		{429, ``, fault.Limited, no, CodeRate, "LINE answered with status 429"},
		{500, `{"message":"Internal"}`, fault.Unavailable, maybe, CodeUnavailable, "Internal"},
		{503, `<html>`, fault.Unavailable, maybe, CodeUnavailable, "LINE answered with status 503"},
		{302, ``, fault.Unavailable, maybe, CodeUnexpected, "LINE answered with status 302"},
		{200, `nonsense`, fault.Unavailable, yes, CodeUnreadable, "LINE's answer could not be read"},
	} {
		f := interpret(reply{c.status, http.Header{"X-Line-Request-Id": {"r-1"}}, []byte(c.body)})
		if f.Class != c.class || f.Certainty != c.certainty || f.Code != c.code || f.Message != c.message ||
			f.CorrelationID != "r-1" || f.Provider != "line" || f.Status != c.status {
			t.Errorf("%d %s: %+v", c.status, c.body, f)
		}
	}
}

func TestInterpretPauses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		header string
		want   time.Duration
	}{
		{429, "", time.Second}, {429, "7", 7 * time.Second}, {429, "soon", time.Second}, {429, "-1", time.Second}, {503, "", 0}, {503, "3", 3 * time.Second},
	} {
		f := interpret(reply{status: c.status, header: http.Header{"Retry-After": {c.header}}})
		if f.RetryAfter != c.want {
			t.Errorf("%d %q: %v", c.status, c.header, f.RetryAfter)
		}
	}
}

func TestInterpretAcceptedID(t *testing.T) {
	t.Parallel()
	f := interpret(reply{status: 409, header: http.Header{"X-Line-Request-Id": {"now"}, "X-Line-Accepted-Request-Id": {"then"}}})
	if f.CorrelationID != "then" {
		t.Error(f.CorrelationID)
	}
}

func TestLongMessagesAreClipped(t *testing.T) {
	t.Parallel()
	f := interpret(reply{status: 400, header: http.Header{}, body: []byte(`{"message":"` + strings.Repeat("あ", 400) + `"}`)})
	if len(f.Message) > longestMessageText+4 || !strings.HasSuffix(f.Message, "あ…") {
		t.Error(f.Message)
	}
}

func TestTokenEndpointFaults(t *testing.T) {
	t.Parallel()
	for status, class := range map[int]fault.Class{400: fault.Revoked, 401: fault.Revoked, 404: fault.Revoked, 429: fault.Limited, 500: fault.Unavailable} {
		if f := interpretToken(reply{status: status, header: http.Header{}}); f.Class != class {
			t.Errorf("%d: %v", status, f.Class)
		}
	}
}
