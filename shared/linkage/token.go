// Package linkage lets a person show that their LINE and a HubSpot contact are one (P-20 to P-34): links that are sent to contacts, the way
// through LINE Login, and what each way ends in. Nothing is linked here: a proof goes to the contact sync, which knows the rules of P-31.
package linkage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"lumo/shared/id"
)

// Refusals of a token.
var (
	ErrForged  = errors.New("this link was not made by Lumo, or was changed")
	ErrExpired = errors.New("this link is too old")
)

// Use keeps tokens of one kind from passing as another.
type Use byte

const (
	// Invite is what a contact gets: part of a linking address.
	Invite Use = 'i'
	// Session is a browser on its way through a linking; a cookie.
	Session Use = 's'
	// State is what LINE Login hands back.
	State Use = 't'
	// Personal is what a friend gets in the chat: part of an address that leads to the form.
	Personal Use = 'p'
)

const (
	version  = 1
	secret   = 16 // random bytes, 128 bits (P-21)
	macSize  = 16
	maxToken = 120
)

// Signer makes and reads tokens. They name the portal, hold 128 random bits and a signature, and mean nothing to who reads them: what a token
// is for lies in the table, under its hash. The signature keeps guesses away from the table.
type Signer struct{ Key []byte }

func (s Signer) mac(u Use, body []byte) []byte {
	m := hmac.New(sha256.New, s.Key)
	m.Write([]byte("lumo linkage\x00"))
	m.Write([]byte{byte(u)})
	m.Write(body)
	return m.Sum(nil)[:macSize]
}

// Sign makes a token of about 60 characters that are safe in addresses, properties and cookies.
func (s Signer) Sign(u Use, p id.PortalID, expires time.Time, random []byte) string {
	b := []byte{version}
	b = binary.AppendUvarint(b, uint64(p))
	b = binary.AppendUvarint(b, uint64(expires.Unix()/60))
	b = append(b, random[:secret]...)
	return base64.RawURLEncoding.EncodeToString(append(b, s.mac(u, b)...))
}

// named are the random bits of a token that is made again instead of being kept. Who lacks the key cannot guess them.
func (s Signer) named(p id.PortalID, seed string) []byte {
	m := hmac.New(sha256.New, s.Key)
	m.Write([]byte("lumo linkage\x00named\x00" + p.String() + "\x00" + seed))
	return m.Sum(nil)[:secret]
}

// Read believes nothing of a token before its signature fits (compared in constant time).
func (s Signer) Read(u Use, text string, now time.Time) (id.PortalID, error) {
	if len(text) > maxToken || len(s.Key) == 0 {
		return 0, ErrForged
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < 1+2+secret+macSize {
		return 0, ErrForged
	}
	body := raw[:len(raw)-macSize]
	if !hmac.Equal(s.mac(u, body), raw[len(body):]) || body[0] != version {
		return 0, ErrForged
	}
	portal, n := binary.Uvarint(body[1:])
	if n <= 0 {
		return 0, ErrForged
	}
	expires, m := binary.Uvarint(body[1+n:])
	if m <= 0 || len(body) != 1+n+m+secret || portal == 0 || portal > 1<<62 {
		return 0, ErrForged
	}
	if uint64(now.Unix()/60) >= expires {
		return id.PortalID(portal), ErrExpired
	}
	return id.PortalID(portal), nil
}

// Hash is under which a token is stored, so that who reads the table cannot use it.
func Hash(token string) string {
	sum := sha256.Sum256([]byte("lumo linkage\x00" + token))
	return hex.EncodeToString(sum[:])
}

// Same compares texts in constant time.
func Same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// Mask shows as much of an address as its owner needs to recognise it (P-22): i•••@example.com. "" when it is no address.
func Mask(email string) string {
	name, domain, ok := strings.Cut(strings.TrimSpace(email), "@")
	if !ok || name == "" || domain == "" || strings.Contains(domain, "@") {
		return ""
	}
	_, n := utf8.DecodeRuneInString(name)
	return name[:n] + "•••@" + domain
}
