// Package tracking counts taps on links and looks at pictures of broadcasts. Every address carries a signed token that names the portal,
// the broadcast, the target's number and, in a personal message, the friend; the target itself is what was stored when the broadcast was
// sent, so no token leads elsewhere. An "open" is only probable: LINE tells nobody who read what (P-117).
package tracking

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"lumo/shared/id"
)

// Life of a token from the broadcast's sending on.
const Life = 180 * 24 * time.Hour

// Refusals of a token.
var (
	ErrForged  = errors.New("this link was not made by Lumo")
	ErrExpired = errors.New("this link is too old")
)

// Token is what an address knows. It holds no LINE user id: the ordinal is a number of ours.
type Token struct {
	Portal    id.PortalID
	Slot      id.Slot
	Broadcast string
	Target    int
	Picture   bool // of a picture, not of a link
	// Ordinal of the friend whose message it was, in a personal one.
	Ordinal  uint32
	Personal bool
	Expires  int64 // Unix hours
}

const (
	version  = 1
	macSize  = 16
	maxToken = 200
	// flags
	isPicture  = 1
	isPersonal = 2
)

// Signer makes and reads tokens.
type Signer struct{ Key []byte }

func (s Signer) mac(body []byte) []byte {
	m := hmac.New(sha256.New, s.Key)
	m.Write([]byte("lumo link\x00"))
	m.Write(body)
	return m.Sum(nil)[:macSize]
}

// Sign writes a token as URL-safe text, about 70 characters.
func (s Signer) Sign(t Token) string {
	flags := byte(0)
	if t.Picture {
		flags |= isPicture
	}
	if t.Personal {
		flags |= isPersonal
	}
	b := []byte{version, flags}
	b = binary.AppendUvarint(b, uint64(t.Portal))
	b = binary.AppendUvarint(b, uint64(t.Slot))
	b = binary.AppendUvarint(b, uint64(t.Target))
	b = binary.AppendUvarint(b, uint64(t.Expires))
	if t.Personal {
		b = binary.AppendUvarint(b, uint64(t.Ordinal))
	}
	b = append(b, t.Broadcast...)
	return base64.RawURLEncoding.EncodeToString(append(b, s.mac(b)...))
}

// Read verifies a token before it believes anything of it.
func (s Signer) Read(text string, now time.Time) (Token, error) {
	if len(text) > maxToken || len(s.Key) == 0 {
		return Token{}, ErrForged
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < macSize+2 {
		return Token{}, ErrForged
	}
	body := raw[:len(raw)-macSize]
	if !hmac.Equal(s.mac(body), raw[len(body):]) || body[0] != version {
		return Token{}, ErrForged
	}
	t, ok := parse(body)
	if !ok {
		return Token{}, ErrForged
	}
	if now.Unix()/3600 >= t.Expires {
		return Token{}, ErrExpired
	}
	return t, nil
}

func parse(body []byte) (Token, bool) {
	t := Token{Picture: body[1]&isPicture != 0, Personal: body[1]&isPersonal != 0}
	rest := body[2:]
	ok := true
	number := func(most uint64) uint64 {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > most {
			ok, rest = false, nil
			return 0
		}
		rest = rest[size:]
		return n
	}
	t.Portal = id.PortalID(number(1 << 62))
	t.Slot = id.Slot(number(uint64(id.MaxSlot)))
	t.Target = int(number(1 << 16))
	t.Expires = int64(number(1 << 40))
	if t.Personal {
		t.Ordinal = uint32(number(1<<32 - 1))
	}
	t.Broadcast = string(rest)
	return t, ok && t.Portal > 0 && t.Slot > 0 && t.Broadcast != ""
}

// Links makes a broadcast's addresses (broadcast.Links).
type Links struct {
	Signer Signer
	Origin string // PUBLIC_URL
}

// Paths of the two kinds of address.
const (
	LinkPath    = "/l/"
	PicturePath = "/p/"
)

func expires(sent time.Time) int64 { return sent.Add(Life).Unix() / 3600 }

// Link implements broadcast.Links.
func (l Links) Link(p id.PortalID, s id.Slot, broadcast string, n int, ordinal *uint32, sent time.Time) string {
	t := Token{Portal: p, Slot: s, Broadcast: broadcast, Target: n, Expires: expires(sent)}
	if ordinal != nil {
		t.Personal, t.Ordinal = true, *ordinal
	}
	return l.Origin + LinkPath + l.Signer.Sign(t)
}

// Picture implements broadcast.Links.
func (l Links) Picture(p id.PortalID, s id.Slot, broadcast string, n int, ordinal uint32, sent time.Time) string {
	return l.Origin + PicturePath + l.Signer.Sign(Token{Portal: p, Slot: s, Broadcast: broadcast, Target: n, Expires: expires(sent), Picture: true, Personal: true, Ordinal: ordinal})
}
