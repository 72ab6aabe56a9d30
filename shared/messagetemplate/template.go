// Package messagetemplate keeps messages that are written once and sent many times: by workflows, as the start of a broadcast, from a
// contact's card ("auto send messages"). A template is complete when it is kept, because nobody looks at it again before it is sent.
package messagetemplate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"lumo/shared/bubble"
	"lumo/shared/id"
	"lumo/shared/portal"
)

const (
	// MaxName is in characters.
	MaxName = 100
	// MaxPerAccount bounds what lists and HubSpot's options have to go through.
	MaxPerAccount = 500
	// MaxContent is the most that bubbles weigh as JSON: one row holds them.
	MaxContent = 200_000
)

// Refusals. Their texts are shown to users.
var (
	ErrUnknown   = errors.New("there is no such message template")
	ErrName      = errors.New("a name has 1 to 100 characters")
	ErrTooLarge  = errors.New("the bubbles are too large")
	ErrTooMany   = errors.New("an account has at most 500 message templates; delete some first")
	ErrChanged   = errors.New("somebody changed this message template meanwhile")
	ErrNoAccount = errors.New("this LINE Official Account is not connected")
)

// Template is a kept message of one account.
type Template struct {
	ID        string
	Slot      id.Slot
	Name      string
	Summary   string // one line of what it says
	Bubbles   []bubble.Bubble
	CreatedAt int64 // Unix ms
	CreatedBy portal.Actor
	UpdatedAt int64
	UpdatedBy portal.Actor
	Version   int64
}

// Use is a workflow that sent a template, as far as Lumo saw: HubSpot does not tell which workflows would.
type Use struct {
	Workflow string `json:"workflow" dynamodbav:"w"`
	LastAt   int64  `json:"lastAt" dynamodbav:"t"` // to the hour
}

// Store keeps templates of portals.
type Store interface {
	// Get returns ErrUnknown when there is none.
	Get(ctx context.Context, p id.PortalID, s id.Slot, template string) (Template, error)
	// Save writes under Version (0: it must not exist); ErrChanged otherwise.
	Save(ctx context.Context, p id.PortalID, t Template) (Template, error)
	// Delete of nothing is no error.
	Delete(ctx context.Context, p id.PortalID, s id.Slot, template string) error
	// All lists an account's templates, newest first, without their bubbles.
	All(ctx context.Context, p id.PortalID, s id.Slot) ([]Template, error)
	// Used notes a use; UsedBy lists them.
	Used(ctx context.Context, p id.PortalID, s id.Slot, template string, u Use) error
	UsedBy(ctx context.Context, p id.PortalID, s id.Slot, template string) ([]Use, error)
}

// NewID names a template so that ids sort by time; the same time and seed give the same id, so that a repeated request makes one.
func NewID(at time.Time, seed string) string {
	sum := sha256.Sum256([]byte("template " + seed))
	u, err := ulid.New(ulid.Timestamp(at), bytes.NewReader(sum[:]))
	if err != nil { // a time beyond the year 10889
		return ulid.ULID(sum[:16]).String()
	}
	return u.String()
}

// Match tells whether a template answers to what a person typed; nothing typed matches all.
func (t Template) Match(typed string) bool {
	typed = strings.ToLower(strings.TrimSpace(typed))
	return typed == "" || strings.Contains(strings.ToLower(t.Name), typed) || strings.Contains(strings.ToLower(t.Summary), typed)
}

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return "", ErrName
	}
	return name, nil
}

// summaryLength is in characters: what a select box shows.
const summaryLength = 80

func summary(bs []bubble.Bubble) string {
	line := strings.Join(strings.Fields(bubble.Summary(bs)), " ")
	if r := []rune(line); len(r) > summaryLength {
		return string(r[:summaryLength-1]) + "…"
	}
	return line
}
