package linkage

import (
	"context"
	"errors"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Life of a link from its making on (P-21).
const Life = 90 * 24 * time.Hour

// Refusals of a redemption.
var (
	ErrUnknown = errors.New("this link is not known")
	ErrUsed    = errors.New("somebody else has used this link")
	// ErrChanged: somebody else changed the row after it was read.
	ErrChanged = errors.New("changed meanwhile")
)

// Invitation is a link made for one contact. Times are Unix ms.
type Invitation struct {
	Hash    string // of its token
	Portal  id.PortalID
	Contact id.ContactID
	Slot    id.Slot
	Method  friend.Method
	// Hint is the contact's masked address; "" where nobody is asked about it (P-22).
	Hint   string
	By     string // who made it
	MadeAt int64
	Ends   int64
	// UsedBy is the one LINE user whom the link has linked.
	UsedBy id.LineUserID
	UsedAt int64
	// DeclinedAt is when somebody last answered that the address is not theirs.
	DeclinedAt int64
	// For is the friend who asked for a personal link in the chat; such a link names no contact, and proves nothing by itself.
	For id.LineUserID
}

// Proof is what a redeemed invitation proves. It is the same however often the redemption is repeated.
func (i Invitation) Proof() friend.Proof {
	return friend.Proof{Method: i.Method, Proof: "link:" + i.Hash[:12], Actor: "person", At: i.UsedAt}
}

// Attempt is one browser's way from a link to a proof.
type Attempt struct {
	Hash       string // of the session token in the browser's cookie
	Portal     id.PortalID
	Invitation string // its hash; "" of a form
	Slot       id.Slot
	// StateHash, Nonce and Verifier belong to the way through LINE Login; StateHash is "" once LINE has sent the browser back.
	StateHash, Nonce, Verifier string
	Ends                       int64
	// User is who logged in. Friendly is what LINE said of the friendship with the account of the Login channel.
	User     id.LineUserID
	Friendly Friendship
	// Waited: the person was asked to add the account as a friend before.
	Waited  bool
	Outcome Outcome
	// Email that LINE has verified, until the form has looked for its contact.
	Email string
	// Of a form: the masked address that was typed, whose contact that is (0: nobody's), the code's hash and until when it works, how many
	// codes were sent and how often the last one was tried.
	Hint         string
	Contact      id.ContactID
	CodeHash     string
	CodeEnds     int64
	Codes, Tries int
	// Answers to the form's fields by property, until they are handed on.
	Answers map[string]string
	// Chat: it began with a personal link. User is then whom LINE is to recognise at the end, and Crossing the hash of the nonce that went there.
	Chat     bool
	Crossing string
	// Suggested is the contact that the form's address named, which proves nothing (P-21).
	Suggested id.ContactID
	Version   int64
}

// Crossing is a contact who is proven, and LINE's account link page has yet to tell which friend that is. It belongs to one visit.
type Crossing struct {
	Hash    string // of the nonce
	Portal  id.PortalID
	Friend  friend.Key // for whom LINE made the link token
	Contact id.ContactID
	Method  friend.Method
	Proof   string
	Answers map[string]string
	// Ends is until when LINE must have seen the person, Unix ms.
	Ends int64
	// Event is the webhook event that burned the nonce, Outcome what it came to; "" until then.
	Event   string
	Outcome Outcome
}

// Friendship of a person with the Official Account that belongs to the Login channel.
type Friendship string

const (
	Friends    Friendship = "friends"
	NotFriends Friendship = "not_friends"
	// NoAccount: no Official Account belongs to the Login channel.
	NoAccount Friendship = "no_account"
)

// Store keeps invitations and attempts, each under its portal. Reads are strongly consistent.
type Store interface {
	// AddInvitation keeps a new one; ErrChanged where it is there already.
	AddInvitation(ctx context.Context, i Invitation) error
	Invitation(ctx context.Context, p id.PortalID, hash string) (Invitation, bool, error)
	// Redeem gives the invitation to the first user who asks, and to nobody else ever: ErrUsed. The same user gets it again, as it was. ErrUnknown,
	// ErrExpired.
	Redeem(ctx context.Context, p id.PortalID, hash string, u id.LineUserID, now int64) (Invitation, error)
	Declined(ctx context.Context, p id.PortalID, hash string, now int64) error
	Attempt(ctx context.Context, p id.PortalID, hash string) (Attempt, bool, error)
	// SaveAttempt writes it under its version (0: new); ErrChanged.
	SaveAttempt(ctx context.Context, a Attempt) (Attempt, error)
	// AddCrossing keeps a new one; ErrChanged where it is there already.
	AddCrossing(ctx context.Context, c Crossing) error
	Crossing(ctx context.Context, p id.PortalID, hash string) (Crossing, bool, error)
	// Burn gives the crossing to the first event that asks, and to no other ever: ErrUsed. The same event gets it again. ErrUnknown.
	Burn(ctx context.Context, p id.PortalID, hash, event string) (Crossing, error)
	// Crossed remembers what it came to, and forgets the answers.
	Crossed(ctx context.Context, p id.PortalID, hash string, o Outcome) error
}

// Rates count failures of one origin, such as guesses of tokens and codes.
type Rates interface {
	// Count is how many there were in the running window; it adds n of them.
	Count(ctx context.Context, kind, who string, n int, window time.Duration, now time.Time) (int, error)
}
