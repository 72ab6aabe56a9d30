// Package message is what was said between a friend and an Official Account, kept for the contact's card and the conversation view.
package message

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Direction of a message.
type Direction string

const (
	In  Direction = "in"
	Out Direction = "out"
)

// Status of a message that was written here.
type Status string

const (
	Sending Status = "sending" // not settled yet
	Sent    Status = "sent"    // LINE accepted it
	Failed  Status = "failed"  // certainly not sent
	// Unclear: nobody knows, and nothing is tried by itself any more. A person decides.
	Unclear Status = "unclear"
)

// Message is one message. Text is personal data: it never reaches a log.
type Message struct {
	ID        string     `json:"id" dynamodbav:"i"` // LINE's message id; of one that was written here, the client's
	Friend    friend.Key `json:"friend" dynamodbav:"-"`
	Direction Direction  `json:"direction" dynamodbav:"d"`
	Type      string     `json:"type" dynamodbav:"ty"` // text, image, sticker, ...
	Text      string     `json:"text,omitempty" dynamodbav:"tx,omitempty"`
	At        int64      `json:"at" dynamodbav:"t"` // Unix ms
	// Unsent: the user took it back; the text is gone then.
	Unsent bool `json:"unsent,omitempty" dynamodbav:"u,omitempty"`

	// The rest is of messages that were written here.

	Image   string `json:"image,omitempty" dynamodbav:"im,omitempty"` // public address of the picture
	Preview string `json:"preview,omitempty" dynamodbav:"pv,omitempty"`
	Status  Status `json:"status,omitempty" dynamodbav:"st,omitempty"`
	// Code says why it is not sent; Reason is LINE's own word on it.
	Code          string `json:"code,omitempty" dynamodbav:"co,omitempty"`
	Reason        string `json:"reason,omitempty" dynamodbav:"re,omitempty"`
	CorrelationID string `json:"correlationId,omitempty" dynamodbav:"ci,omitempty"` // LINE's request id
	// By and ByUser are the HubSpot user who wrote it.
	By     string `json:"by,omitempty" dynamodbav:"by,omitempty"`
	ByUser int64  `json:"byUser,omitempty" dynamodbav:"bu,omitempty"`
	// Cost is how many messages of the account's quota it took (P-85).
	Cost   int    `json:"cost,omitempty" dynamodbav:"qu,omitempty"`
	LineID string `json:"lineId,omitempty" dynamodbav:"li,omitempty"` // LINE's message id
	SentAt int64  `json:"sentAt,omitempty" dynamodbav:"sa,omitempty"` // Unix ms, when LINE was known to have it
	// RetryUntil is until when LINE recognizes a repetition, Unix ms.
	RetryUntil int64 `json:"retryUntil,omitempty" dynamodbav:"ru,omitempty"`
}

// Store keeps messages of a portal for 400 days.
type Store interface {
	// Put is idempotent: the same message again changes nothing, and never brings back one that was unsent.
	Put(ctx context.Context, p id.PortalID, m Message) error
	// Unsend erases the text, also when the message itself comes later.
	Unsend(ctx context.Context, p id.PortalID, k friend.Key, messageID string, at int64) error
	// Last lists a friend's messages, newest first.
	Last(ctx context.Context, p id.PortalID, k friend.Key, after string, limit int) (ms []Message, next string, err error)
}
