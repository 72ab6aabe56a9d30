package handle

import "lumo/functions/internal/entry"

// Words are all sentences of the pages. A new one must be given in both languages, or the test of this file fails.
type Words struct {
	OtherLanguage, Request string

	StartTitle, StartText, StartButton, StartNeeds, StartNeedHubSpot, StartNeedLine, StartAfter string

	SetupTitle, HubSpotHeading, LineHeading, NoAccounts, ReconnectText, Reconnect string
	Slot, BasicID, ChannelIDShort, StateActive, StateDisconnected                 string
	CheckAgain, DisconnectAccount, DisconnectAccountText, DisconnectAccountButton string
	Adopted, AdoptedInstead, UseExisting                                          string

	ConnectHeading, ConnectText, ChannelID, ChannelIDHelp, ChannelSecret, ChannelSecretHelp string
	KeepPrevious, KeepPreviousHelp, ConnectButton, ConnectFailed, Full                      string

	DoneHeading, DoneText, Dashboard string

	RemoveHeading, RemoveText, RemoveKept, RemoveConfirm, RemoveButton string
	RemovedTitle, RemovedText                                          string

	PropertyTitle, PropertyText, PropertyLabel, PropertyNone, PropertyButton, PropertyRefused, Back string

	InboxTitle, InboxText, InboxAccount, InboxButton, InboxNoAccount, InboxTaken, InboxScopes, InboxBadLink string

	Pass, Warn, Fail, Skipped string

	ExpiredTitle, ExpiredText, RefusedTitle, RefusedText, BadLinkTitle, BadLinkText string
	BusyTitle, BusyText, TroubleTitle, TroubleText, NotFoundTitle, NotFoundText     string
	TryAgain, ToStart                                                               string
}

// Dictionary is the page's words in a language; anything but "ja" is English.
func Dictionary(lang string) Words {
	if lang == "ja" {
		return japanese
	}
	return english
}

func (x *exchange) words() Words { return Dictionary(x.lang) }

// language follows the person's choice, else the browser's order of preference.
func language(r entry.Request) string {
	if c := r.Cookie(languageCookie); c == "en" || c == "ja" {
		return c
	}
	return r.Language()
}
