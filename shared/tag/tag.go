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
	Version   int64        `json:"-"`
}

const (
	// MaxName is the longest name, in characters.
	MaxName = 100
	// MaxTags of one account: as many as HubSpot's property can offer as options.
	MaxTags = lineproperty.MaxTagOptions
	// MaxFriends that one call may tag.
	MaxFriends = 100
	// MaxPerFriend keeps a friend's row and HubSpot's value small.
	MaxPerFriend = 100
)

// Named refusals; their texts are shown to users.
var (
	ErrName        = fmt.Errorf("a tag name has 1 to %d characters", MaxName)
	ErrTaken       = errors.New("another tag of this account has that name")
	ErrUnknown     = errors.New("this account has no such tag")
	ErrTooMany     = fmt.Errorf("an account can have at most %d tags", MaxTags)
	ErrTooManyOn   = fmt.Errorf("a friend can have at most %d tags", MaxPerFriend)
	ErrNoAccount   = errors.New("this LINE account is not connected")
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
