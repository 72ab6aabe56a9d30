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

// Message is one message. Text is personal data: it never reaches a log.
type Message struct {
	ID        string     `json:"id" dynamodbav:"i"` // LINE's message id
	Friend    friend.Key `json:"friend" dynamodbav:"-"`
	Direction Direction  `json:"direction" dynamodbav:"d"`
	Type      string     `json:"type" dynamodbav:"ty"` // text, image, sticker, ...
	Text      string     `json:"text,omitempty" dynamodbav:"tx,omitempty"`
	At        int64      `json:"at" dynamodbav:"t"` // Unix ms
	// Unsent: the user took it back; the text is gone then.
	Unsent bool `json:"unsent,omitempty" dynamodbav:"u,omitempty"`
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
