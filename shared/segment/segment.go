// Package segment is a named choice of an account's friends by conditions (P-120 to P-123): AND groups of OR over tags, follow state, the
// link, mapped HubSpot properties, HubSpot lists, broadcasts and dates. Logic has three values: what is not known of a friend matches
// neither "is" nor "is not", unless the condition says so. A segment that rests on something that is gone needs attention: it is
// neither empty nor everybody, and nothing is sent to it (P-53).
package segment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// Segment is one of an account's. Times are Unix ms.
type Segment struct {
	ID        string
	Slot      id.Slot
	Name      string
	Tree      Tree
	CreatedAt int64
	CreatedBy portal.Actor
	UpdatedAt int64
	UpdatedBy portal.Actor
	Version   int64
}

const (
	// MaxName of a segment, in characters.
	MaxName = 100
	// MaxSegments of one account: lists of all of them are read on every look at the HubSpot lists.
	MaxSegments = 300
)

// Named refusals; their texts are shown to users.
var (
	ErrUnknown  = errors.New("there is no such segment")
	ErrChanged  = errors.New("the segment was changed meanwhile: load it again")
	ErrName     = errors.New("a segment's name has 1 to 100 characters")
	ErrTooMany  = errors.New("an account can have at most 300 segments")
	ErrInUse    = errors.New("a broadcast that is not over uses this segment")
	ErrNoTarget = errors.New("this LINE account is not connected")
)

// Store keeps the segments of portals.
type Store interface {
	// All lists an account's segments, in the order of their ids, which is that of their making.
	All(ctx context.Context, p id.PortalID, s id.Slot) ([]Segment, error)
	// Every lists those of all accounts of the portal.
	Every(ctx context.Context, p id.PortalID) ([]Segment, error)
	Get(ctx context.Context, p id.PortalID, s id.Slot, segment string) (Segment, bool, error)
	// Save writes under Version (0: it must not exist) and returns it with the next; ErrChanged when somebody else was first.
	Save(ctx context.Context, p id.PortalID, s Segment) (Segment, error)
	// Delete removes it under its Version.
	Delete(ctx context.Context, p id.PortalID, s Segment) error
}

// NewID names a segment. The same time and seed give the same id: a repeated request makes one segment.
func NewID(at time.Time, seed string) string {
	sum := sha256.Sum256([]byte("segment " + seed))
	u, err := ulid.New(ulid.Timestamp(at), bytes.NewReader(sum[:]))
	if err != nil { // a time beyond the year 10889
		return ulid.ULID(sum[:16]).String()
	}
	return u.String()
}

// CleanName trims a name and refuses what nobody could read.
func CleanName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxName || strings.ContainsFunc(s, unicode.IsControl) {
		return "", ErrName
	}
	return s, nil
}
