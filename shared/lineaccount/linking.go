package lineaccount

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// MaxLinkWord is how long the word may be, in characters.
const MaxLinkWord = 30

// ErrLinkWord: the word cannot be one that a person writes.
var ErrLinkWord = errors.New("the word is one line of at most 30 characters")

// Linking is what people may do to link themselves. The zero value is the safe one.
type Linking struct {
	// Word, written to the account, asks for a linking link; "" where none does.
	Word string
	// Unverified links by an address that was typed, without a code (P-25).
	Unverified bool
	// PlainIDs lets the form's address suggest a contact by its id (P-21).
	PlainIDs bool
}

// SetLinking changes how people may link themselves with an account. ErrLinkWord.
func (s *Service) SetLinking(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, to Linking) (Account, error) {
	to.Word = strings.TrimSpace(to.Word)
	if !utf8.ValidString(to.Word) || utf8.RuneCountInString(to.Word) > MaxLinkWord || strings.ContainsFunc(to.Word, unicode.IsControl) {
		return Account{}, ErrLinkWord
	}
	return s.change(ctx, p, slot, func(a Account) (Account, *portal.Entry, error) {
		if a.State != Active {
			return a, nil, ErrUnknown
		}
		before := a.Linking
		a.Linking = to
		return a, &portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: portal.LineLinkingChanged, Subject: a.Name,
			Changes: []portal.Change{
				{Field: "linkWord", Old: before.Word, New: to.Word},
				{Field: "linkUnverified", Old: strconv.FormatBool(before.Unverified), New: strconv.FormatBool(to.Unverified)},
				{Field: "linkPlainIds", Old: strconv.FormatBool(before.PlainIDs), New: strconv.FormatBool(to.PlainIDs)},
			}}, nil
	})
}
