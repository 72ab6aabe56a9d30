package handle

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"lumo/functions/internal/entry"
	"lumo/shared/access"
	"lumo/shared/broadcast"
	"lumo/shared/bubble"
	"lumo/shared/chat"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/inbox"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/linkage"
	"lumo/shared/logging"
	"lumo/shared/mapping"
	"lumo/shared/messagetemplate"
	"lumo/shared/onboarding"
	"lumo/shared/once"
	"lumo/shared/portal"
	"lumo/shared/redrive"
	"lumo/shared/segment"
	"lumo/shared/syncdata"
	"lumo/shared/syncrun"
	"lumo/shared/tag"
)

// problem is why a request was not done: a stable code for machines, a sentence for people. What is expected to happen is answered
// with HTTP 200, because HubSpot's proxy wraps everything else.
type problem struct {
	status        int
	Code          string
	Message       string
	Field         string
	CorrelationID string
}

func (p *problem) Error() string { return p.Code }

// MarshalJSON writes the envelope.
func (p *problem) MarshalJSON() ([]byte, error) {
	type body struct {
		Code          string `json:"code"`
		Message       string `json:"message"`
		Field         string `json:"field,omitempty"`
		CorrelationID string `json:"correlationId,omitempty"`
	}
	return json.Marshal(struct {
		OK    bool `json:"ok"`
		Error body `json:"error"`
	}{false, body{p.Code, p.Message, p.Field, p.CorrelationID}})
}

func invalid(field, message string) *problem {
	return &problem{status: http.StatusOK, Code: "INVALID_INPUT", Message: message, Field: field}
}

func missing(what string) *problem {
	return &problem{status: http.StatusOK, Code: "NOT_FOUND", Message: "There is no such " + what + "."}
}

// refusals of the domain: their codes are part of the contract, their texts are meant for people.
var refusals = []struct {
	err         error
	code, field string
}{
	{access.ErrDenied, "PERMISSION_DENIED", ""},
	{once.ErrRunning, "REQUEST_RUNNING", ""},
	{once.ErrOther, "REQUEST_ID_REUSED", "requestId"},
	{contactsync.ErrNotConnected, "NOT_CONNECTED", ""},
	{onboarding.ErrNotConnected, "NOT_CONNECTED", ""},
	{syncrun.ErrPreviewFirst, "PREVIEW_FIRST", ""},
	{mapping.ErrExists, "ALREADY_MAPPED", "property"},
	{mapping.ErrUnknown, "NOT_MAPPED", "property"},
	{mapping.ErrTooMany, "TOO_MANY_MAPPINGS", "property"},
	{mapping.ErrRule, "UNKNOWN_RULE", "rule"},
	{mapping.ErrNotMappable, "NOT_MAPPABLE", "property"},
	{syncdata.ErrOwn, "OWN_PROPERTY", "property"},
	{syncdata.ErrGone, "NO_SUCH_PROPERTY", "property"},
	{syncdata.ErrRuleFixed, "RULE_FIXED", "rule"},
	{syncdata.ErrChoices, "CHOICES_UNKNOWN", "property"},
	{syncdata.ErrNothing, "NOTHING_TO_CHANGE", ""},
	{friendcard.ErrUnknown, "NO_SUCH_FRIEND", ""},
	{friendcard.ErrNotMapped, "NOT_MAPPED", ""},
	{friendcard.ErrOneWay, "FIELD_ONE_WAY", ""},
	{friendcard.ErrHubSpot, "FIELD_HUBSPOT_ALWAYS", ""},
	{friendcard.ErrPaused, "FIELD_PAUSED", ""},
	{friendcard.ErrValue, "INVALID_VALUE", ""},
	{friendcard.ErrTooLong, "VALUE_TOO_LONG", "values"},
	{friendcard.ErrManyFields, "TOO_MANY_FIELDS", "values"},
	{friendcard.ErrOtherContact, "FRIEND_UNLINKED", "contact"},
	{chat.ErrNoFriend, "NO_SUCH_FRIEND", ""},
	{chat.ErrNoGroup, "NO_SUCH_GROUP", ""},
	{chat.ErrGroupLeft, "GROUP_LEFT", ""},
	{chat.ErrGroupLinking, "LINKING_IN_GROUP", "text"},
	{chat.ErrBlocked, "FRIEND_BLOCKED", ""},
	{chat.ErrUnlinked, "FRIEND_UNLINKED", "contact"},
	{chat.ErrUnverified, "FRIEND_UNVERIFIED", ""},
	{chat.ErrAccount, "ACCOUNT_DISCONNECTED", "slot"},
	{chat.ErrReused, "REQUEST_ID_REUSED", "requestId"},
	{chat.ErrFinal, "MESSAGE_FINAL", ""},
	{chat.ErrNoMessage, "NO_SUCH_MESSAGE", "message"},
	{chat.ErrChanged, "CHANGED_MEANWHILE", ""},
	{inbox.ErrUnknown, "INBOX_NOT_CONNECTED", "slot"},
	{inbox.ErrExpired, inbox.CodeChannelGone, "slot"},
	{tag.ErrName, "INVALID_NAME", "name"},
	{tag.ErrTaken, "NAME_TAKEN", "name"},
	{tag.ErrUnknown, "NO_SUCH_TAG", "tag"},
	{tag.ErrTooMany, "TOO_MANY_TAGS", ""},
	{tag.ErrNoAccount, "NO_SUCH_ACCOUNT", "slot"},
	{tag.ErrExpired, "TAG_EXPIRED", "tag"},
	{tag.ErrSameAccount, "SAME_ACCOUNT", "to"},
	{tag.ErrManyFriends, "TOO_MANY_FRIENDS", "users"},
	{broadcast.ErrUnknown, "NO_SUCH_BROADCAST", ""},
	{broadcast.ErrStatus, "WRONG_STATUS", ""},
	{broadcast.ErrName, "INVALID_NAME", "name"},
	{broadcast.ErrAudience, "AUDIENCE_UNUSABLE", "audience"},
	{broadcast.ErrPreparing, "AUDIENCE_PREPARING", "audience"},
	{broadcast.ErrNobody, "AUDIENCE_EMPTY", "audience"},
	{broadcast.ErrSchedule, "INVALID_TIME", "sendAt"},
	{broadcast.ErrTestUsers, "INVALID_TEST_USERS", "users"},
	{broadcast.ErrTooLarge, "BUBBLES_TOO_LARGE", "bubbles"},
	{broadcast.ErrNoAccount, "NO_SUCH_ACCOUNT", "slot"},
	{broadcast.ErrChoice, "INVALID_CHOICE", ""},
	{broadcast.ErrTracking, "TRACKING_OFF", "tracking"},
	{broadcast.ErrReview, "REVIEW_FAILED", "bubbles"},
	{broadcast.ErrReservations, "CHANGED_MEANWHILE", ""},
	{broadcast.ErrChanged, "CHANGED_MEANWHILE", ""},
	{segment.ErrUnknown, "NO_SUCH_SEGMENT", "segment"},
	{segment.ErrName, "INVALID_NAME", "name"},
	{segment.ErrTooMany, "TOO_MANY_SEGMENTS", ""},
	{segment.ErrInUse, "SEGMENT_IN_USE", ""},
	{segment.ErrNoTarget, "NO_SUCH_ACCOUNT", "slot"},
	{segment.ErrChanged, "CHANGED_MEANWHILE", ""},
	{messagetemplate.ErrUnknown, "NO_SUCH_TEMPLATE", "template"},
	{messagetemplate.ErrName, "INVALID_NAME", "name"},
	{messagetemplate.ErrTooLarge, "BUBBLES_TOO_LARGE", "bubbles"},
	{messagetemplate.ErrTooMany, "TOO_MANY_TEMPLATES", ""},
	{messagetemplate.ErrNoAccount, "NO_SUCH_ACCOUNT", "slot"},
	{messagetemplate.ErrChanged, "CHANGED_MEANWHILE", ""},
	{redrive.ErrUnknown, "NO_SUCH_FAILURE", ""},
	{redrive.ErrLost, "CANNOT_RETRY", ""},
	{lineaccount.ErrUnknown, "NO_SUCH_ACCOUNT", "slot"},
	{lineaccount.ErrLogin, "LOGIN_CHANNEL_REFUSED", "channelId"},
	{linkage.ErrNoLogin, "NO_LOGIN_CHANNEL", "slot"},
	{linkage.ErrBusy, "LINKS_RUNNING", "list"},
	{linkage.ErrNoProperty, "NO_LINK_PROPERTY", "slot"},
	{linkage.ErrNoConflict, "NO_SUCH_CONFLICT", "contact"},
	{linkage.ErrNoUndo, "UNDO_TOO_LATE", "choice"},
	{linkage.ErrNoFriend, "NO_SUCH_FRIEND", ""},
	{linkage.ErrNoContact, "NO_SUCH_CONTACT", "contact"},
	{lineaccount.ErrForward, "FORWARD_REFUSED", "url"},
	{friendindex.ErrCursor, "INVALID_INPUT", "cursor"},
	{hubspotlist.ErrUnknown, "NO_SUCH_LIST", "list"},
	{hubspotlist.ErrDeleted, "LIST_DELETED", "list"},
	{hubspotlist.ErrTooLarge, "LIST_TOO_LARGE", "list"},
	{hubspotlist.ErrChanged, "CHANGED_MEANWHILE", ""},
	{friend.ErrStale, "CHANGED_MEANWHILE", ""},
	{friendindex.ErrChanged, "CHANGED_MEANWHILE", ""},
	{mapping.ErrChanged, "CHANGED_MEANWHILE", ""},
	{tag.ErrChanged, "CHANGED_MEANWHILE", ""},
	{portal.ErrChanged, "CHANGED_MEANWHILE", ""},
	{lineaccount.ErrChanged, "CHANGED_MEANWHILE", ""},
	{lineproperty.ErrChanged, "CHANGED_MEANWHILE", ""},
	{lineproperty.ErrBusy, "CHANGED_MEANWHILE", ""},
}

// explain turns any error into what the caller may see. Only what nobody expected is logged and answered with 500, whose text stays in
// the log under the correlation id.
func (h *Handler) explain(ctx context.Context, req entry.Request, err error) *problem {
	if p := expected(err); p != nil {
		return p
	}
	h.Log.LogAttrs(ctx, slog.LevelError, "request failed", logging.Request(req.ID), logging.Error(err))
	return &problem{
		status: http.StatusInternalServerError, Code: "INTERNAL", CorrelationID: req.ID,
		Message: "Lumo could not do this. Try again; if it keeps failing, contact support with this number.",
	}
}

func expected(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var field *friendcard.FieldError
	if errors.As(err, &field) {
		if p := refusal(field.Err); p != nil {
			p.Field = field.Property
			return p
		}
	}
	var bubbles bubble.Problems
	if errors.As(err, &bubbles) {
		return &problem{status: http.StatusOK, Code: bubbles[0].Code, Message: bubbles[0].Message, Field: bubbles[0].Place}
	}
	var setting *portal.SettingError
	if errors.As(err, &setting) {
		return invalid(setting.Field, setting.Error())
	}
	if p := refusal(err); p != nil {
		return p
	}
	var conditions segment.Problems
	if errors.As(err, &conditions) {
		return &problem{status: http.StatusOK, Code: conditions[0].Code, Message: conditions[0].Message, Field: conditions[0].Place}
	}
	var f *fault.Fault
	if errors.As(err, &f) && f.Class != fault.Misconfigured {
		return provider(f)
	}
	return nil
}

func refusal(err error) *problem {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return &problem{status: http.StatusOK, Code: r.code, Message: err.Error(), Field: r.field}
		}
	}
	return nil
}

// provider tells why HubSpot or LINE did not do something, with the provider's own reason.
func provider(f *fault.Fault) *problem {
	p := &problem{status: http.StatusOK, Code: "PROVIDER_REFUSED", Message: f.Message, CorrelationID: f.CorrelationID}
	switch {
	case f.Class == fault.Revoked || f.Class == fault.Unauthorized && f.Provider == "hubspot":
		p.Code, p.Message = "RECONNECT_HUBSPOT", "HubSpot no longer accepts Lumo's authorization. Reconnect HubSpot on Settings."
	case f.Class == fault.Permission:
		p.Code = "PERMISSION_NEEDED"
	case f.Class.Retryable():
		p.Code, p.Message = "PROVIDER_UNAVAILABLE", "HubSpot or LINE cannot be reached at the moment. Try again in a minute."
	}
	return p
}
