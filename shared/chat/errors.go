package chat

import (
	"errors"

	"lumo/shared/fault"
)

// Refusals before anything is stored, and of Retry. Their texts are shown to users.
var (
	ErrNoFriend = errors.New("this account has no such friend")
	ErrBlocked  = errors.New("this friend blocked the account, so LINE delivers nothing")
	// ErrUnlinked: the contact on whose card it was written is not this friend's (any more).
	ErrUnlinked = errors.New("this friend is not linked to this contact")
	// ErrUnverified: the id was only ever typed by somebody; LINE forbids sending to ids that may not exist.
	ErrUnverified = errors.New("LINE has not confirmed this LINE User ID")
	ErrAccount    = errors.New("this LINE Official Account is disconnected")
	ErrNoGroup    = errors.New("this account knows no such group chat")
	ErrGroupLeft  = errors.New("the LINE account is not in this group any more")
	// ErrGroupLinking: whoever opens a linking address would be linked, and in a group that may be anybody (P-100).
	ErrGroupLinking = errors.New("a linking address must not be sent to a group")
	// ErrReused: the id of a message stands for one content.
	ErrReused = errors.New("this message id was used for another message")
	ErrFinal  = errors.New("this message cannot be sent again; write a new one")
	// ErrNoMessage: nobody wrote that message.
	ErrNoMessage = errors.New("there is no such message")
)

// Codes of messages that were not sent. They are stored and shown, so they never change; screens explain them.
const (
	CodeBlocked     = "FRIEND_BLOCKED"
	CodeUnverified  = "FRIEND_UNVERIFIED"
	CodeAccount     = "ACCOUNT_DISCONNECTED"
	CodeNoFriend    = "NO_SUCH_FRIEND"
	CodeNoGroup     = "NO_SUCH_GROUP"
	CodeGroupLeft   = "GROUP_LEFT"
	CodeLinking     = "LINKING_IN_GROUP"
	CodeStopped     = "INTEGRATION_OFF" // Lumo was disconnected or uninstalled meanwhile
	CodeKeyOver     = "OUTCOME_UNKNOWN" // LINE never told, and no longer recognizes a repetition
	CodeQuota       = "LINE_QUOTA_USED_UP"
	CodeRecipient   = "LINE_UNKNOWN_RECIPIENT"
	CodeRefused     = "LINE_REFUSED" // Reason has LINE's own words
	CodeCredentials = "LINE_CREDENTIALS_REFUSED"
	CodeUnavailable = "NOT_SENT_IN_TIME"
	CodeInternal    = "INTERNAL"
)

// finalCodes are refusals that trying again cannot change.
var finalCodes = map[string]bool{CodeRefused: true, CodeRecipient: true, CodeNoFriend: true, CodeNoGroup: true, CodeLinking: true}

// codeOf makes an error a code and, for LINE's own words, a text.
func codeOf(err error) (code, text string) {
	for _, r := range []struct {
		err  error
		code string
	}{
		{ErrBlocked, CodeBlocked}, {ErrUnverified, CodeUnverified}, {ErrAccount, CodeAccount}, {ErrNoFriend, CodeNoFriend},
		{ErrNoGroup, CodeNoGroup}, {ErrGroupLeft, CodeGroupLeft}, {ErrGroupLinking, CodeLinking},
	} {
		if errors.Is(err, r.err) {
			return r.code, ""
		}
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		return CodeInternal, ""
	}
	switch f.Class {
	case fault.Quota:
		return CodeQuota, ""
	case fault.Revoked, fault.Unauthorized:
		return CodeCredentials, ""
	case fault.Limited, fault.Unavailable, fault.Migrating:
		return CodeUnavailable, ""
	case fault.Misconfigured:
		return CodeInternal, ""
	}
	if f.Code == CodeRecipient {
		return CodeRecipient, ""
	}
	return CodeRefused, f.Message
}
