package linesandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// lineUserID is the whole truth about LINE user ids: a function of provider and person (LINE docs: Get user IDs).
func lineUserID(provider, user string) string { return hashID("U", provider, user) }

func hashID(prefix string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	return prefix + hex.EncodeToString(sum[:16])
}

// basicID looks like 123abcde: three digits, five letters.
func basicID(channel string) string {
	sum := sha256.Sum256([]byte("basic/" + channel))
	n := binary.BigEndian.Uint64(sum[:])
	letters := make([]byte, 5)
	for i := range letters {
		letters[i] = 'a' + byte(n%26)
		n /= 26
	}
	return fmt.Sprintf("%03d%s", n%1000, letters)
}

func (s *Server) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.rnd.Uint32())
	}
	return b
}

func (s *Server) hex(n int) string { return hex.EncodeToString(s.bytes(n / 2)) }

func (s *Server) secretText(n int) string { return base64.RawURLEncoding.EncodeToString(s.bytes(n)) }

func (s *Server) uuid() string {
	b := s.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ulid spells LINE's webhookEventId: 48 bits of time, 80 of chance, 26 characters.
func (s *Server) ulid(at time.Time) string {
	out := make([]byte, 26)
	ms := uint64(at.UnixMilli())
	for i := 9; i >= 0; i-- {
		out[i] = crockford[ms&31]
		ms >>= 5
	}
	for i := 10; i < 26; i++ {
		out[i] = crockford[s.rnd.Uint32()&31]
	}
	return string(out)
}

func (s *Server) messageID() string {
	s.st.NextMessage += 1 + int64(s.rnd.Uint32N(1000))
	return strconv.FormatInt(s.st.NextMessage, 10)
}
