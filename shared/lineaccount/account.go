// Package lineaccount is a LINE Official Account within one portal: connecting and disconnecting it, its permanent slot, what the
// connection checks found, and where its webhook events are forwarded.
package lineaccount

import (
	"time"

	"lumo/shared/check"
	"lumo/shared/id"
)

// State of an account.
type State string

const (
	Active State = "active"
	// Disconnected: the slot stays this account's for ever; its properties stay in HubSpot (P-160).
	Disconnected State = "disconnected"
)

// Verified tells whether LINE lets us read the list of followers: only verified and premium accounts may (P-142).
type Verified string

const (
	VerifiedUnknown Verified = "unknown"
	VerifiedYes     Verified = "yes"
	VerifiedNo      Verified = "no"
)

// Account is one Official Account of a portal.
type Account struct {
	Portal     id.PortalID
	Slot       id.Slot
	Bot        id.BotUserID
	Name       string
	BasicID    string // "@..."
	PictureURL string
	ChannelID  string
	Secret     string `json:"-"` // sealed
	State      State
	// Login is the LINE Login channel of the same provider; empty until somebody sets it up.
	Login    LoginChannel
	Linking  Linking
	Verified Verified
	// PreviousWebhook is the URL that got this account's events before we took over; empty when there was none (P-09).
	PreviousWebhook string
	Checks          []check.Line // of the last connection or test
	CheckedAt       time.Time
	Forwards        []Forward
	ConnectedAt     time.Time
	DisconnectedAt  time.Time
	// Leaving: HubSpot must still learn that nobody knows any more who follows the account (P-160).
	Leaving bool
	// Version counts changes of this row.
	Version int64
}

// Forward is another tool that receives a copy of every webhook of the account (P-09).
type Forward struct {
	ID      string    `json:"id" dynamodbav:"id"`
	URL     string    `json:"url" dynamodbav:"url"`
	AddedAt time.Time `json:"addedAt" dynamodbav:"addedAt"`
}

// ForwardResult is how the last deliveries to a forward went.
type ForwardResult struct {
	ForwardID string    `json:"forwardId" dynamodbav:"forwardId"`
	At        time.Time `json:"at" dynamodbav:"at"`
	Status    int       `json:"status" dynamodbav:"status"` // HTTP status, 0 without a reply
	Code      string    `json:"code" dynamodbav:"code"`     // "OK" or why not: "STATUS", "TIMEOUT", "CONNECT", "REFUSED_ADDRESS"
	// Failures in a row; 0 after a success.
	Failures int `json:"failures" dynamodbav:"failures"`
}
