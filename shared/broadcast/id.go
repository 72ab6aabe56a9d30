package broadcast

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/oklog/ulid/v2"
)

// NewID names a broadcast so that ids sort by time. The same time and seed give the same id: a repeated request makes one broadcast.
func NewID(at time.Time, seed string) string {
	sum := sha256.Sum256([]byte("broadcast " + seed))
	u, err := ulid.New(ulid.Timestamp(at), bytes.NewReader(sum[:]))
	if err != nil { // a time beyond the year 10889
		return ulid.ULID(sum[:16]).String()
	}
	return u.String()
}
