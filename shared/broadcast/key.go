package broadcast

import (
	"crypto/sha1"
	"fmt"
	"strconv"

	"lumo/shared/id"
)

// namespace of retry keys; it never changes, or a resumed send would go out again.
var namespace = [16]byte{0x6c, 0x75, 0x6d, 0x6f, 0x2d, 0x62, 0x72, 0x6f, 0x61, 0x64, 0x63, 0x61, 0x73, 0x74, 0x2d, 0x31}

// Key is the retry key of a call, a UUIDv5 of what it sends to whom. It is derived, not stored, so that it is known before the call and
// after any crash (LINE docs: Retry failed API requests).
func Key(parts ...string) string {
	h := sha1.New() // UUIDv5 is defined with SHA-1 (RFC 9562, 5.5); nothing secret depends on it
	h.Write(namespace[:])
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// spanKey is the key of a multicast. The attempt is no part of it: whoever resumes must meet the same key.
func spanKey(p id.PortalID, broadcast string, s Span) string {
	return Key("multicast", p.String(), broadcast, strconv.Itoa(s.From), strconv.Itoa(s.To))
}

func pushKey(p id.PortalID, broadcast string, u id.LineUserID) string {
	return Key("push", p.String(), broadcast, string(u))
}
