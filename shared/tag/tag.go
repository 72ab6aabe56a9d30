// Package tag is the labels that people put on friends: each belongs to one Official Account for ever (P-136), has a name that is unique
// there, and stands as an option in the HubSpot property "LINE tag" (P-43).
package tag

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

// Tag is one label. Times are Unix ms.
type Tag struct {
	ID        string       `json:"id"`
	Slot      id.Slot      `json:"slot"`
	Name      string       `json:"name"`
	CreatedAt int64        `json:"createdAt"`
	CreatedBy portal.Actor `json:"createdBy"`
	UpdatedAt int64        `json:"updatedAt"`
	// State of a tag that is not in use; what follows is known of such ones only.
	State     State        `json:"state,omitempty"`
	DeletedAt int64        `json:"deletedAt,omitempty"`
	DeletedBy portal.Actor `json:"deletedBy,omitzero"`
	// WorkSince is when the state was taken, while friends' rows must still follow it; 0 when they do. WalkedAt is when the last walk over
	// them began that came to an end.
	WorkSince int64 `json:"-"`
	WalkedAt  int64 `json:"-"`
	// Friends is how many have the tag, or had it when it was deleted, as the last walk counted.
	Friends int `json:"friends,omitempty"`
	// From is the tag of another account that is being copied.
	From    Source `json:"from,omitzero"`
	Version int64  `json:"-"`
}

// Source is the tag that a copy is made of.
type Source struct {
	Slot id.Slot `json:"slot,omitempty" dynamodbav:"s,omitempty"`
	ID   string  `json:"id,omitempty" dynamodbav:"i,omitempty"`
}

// State of a tag that is not in use. Nobody can give such a tag, and no broadcast or segment finds it: half of its friends are not its friends.
type State string

const (
	// Deleted: friends lost it and remember so; it can be restored (P-137).
	Deleted State = "deleted"
	// Restoring: those friends are getting it back.
	Restoring State = "restoring"
	// Copying: the people who have the tag that it is a copy of are getting it (P-136).
	Copying State = "copying"
	// Purged: nobody remembers it any more. The row stays, so that HubSpot's option stays hidden and keeps its name.
	Purged State = "purged"
)

const (
	// MaxName is the longest name, in characters.
	MaxName = 100
	// MaxTags of one account: as many as HubSpot's property can offer as options.
	MaxTags = lineproperty.MaxTagOptions
	// MaxFriends that one call may tag.
	MaxFriends = 100
	// MaxPerFriend keeps a friend's row and HubSpot's value small.
	MaxPerFriend = 100
	// KeptFor is how long a deleted tag can be restored.
	KeptFor = 30 * 24 * time.Hour
)

// Named refusals; their texts are shown to users.
var (
	ErrName        = fmt.Errorf("a tag name has 1 to %d characters", MaxName)
	ErrTaken       = errors.New("another tag of this account has that name")
	ErrUnknown     = errors.New("this account has no such tag")
	ErrTooMany     = fmt.Errorf("an account can have at most %d tags", MaxTags)
	ErrTooManyOn   = fmt.Errorf("a friend can have at most %d tags", MaxPerFriend)
	ErrNoAccount   = errors.New("this LINE account is not connected")
	ErrExpired     = errors.New("this tag was deleted more than 30 days ago and cannot be restored")
	ErrSameAccount = errors.New("choose another account to copy the tag to")
	ErrManyFriends = fmt.Errorf("at most %d friends at a time", MaxFriends)
)

// CleanName trims a name and refuses what nobody could see or read.
func CleanName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", ErrName
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) && r != joiner })
	visible := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r) })
	if !visible || utf8.RuneCountInString(s) > MaxName {
		return "", ErrName
	}
	return s, nil
}

// joiner holds composed emoji together.
const joiner = '\u200d'

// NameKey is the same for names that people would call the same: width, case and repeated spaces do not count.
func NameKey(name string) string {
	folded := norm.NFKC.String(strings.ToLower(norm.NFKC.String(name)))
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(folded), " ")))
	return hex.EncodeToString(sum[:])
}

var letters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// idFrom makes a short id of a random seed; the n-th differs from the others. The same seed gives the same id, so that a repeated
// request finds the tag that it made.
func idFrom(seed string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "tag %d %s", n, seed))
	return letters.EncodeToString(sum[:5])
}
