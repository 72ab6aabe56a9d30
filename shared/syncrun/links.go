package syncrun

import (
	"encoding/base64"
	"encoding/binary"
	"errors"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// links sums up linked friends: how many there are and the sum of their contacts' ids, by a hash of the contact. A full read sums up whom it
// met, in less than a kilobyte of its row; against the sum of all rows that tells whether somebody is missing, and, unless many are, who.
type links [64]struct {
	n   uint32 // both wrap around
	sum uint64
}

// cellOf spreads ids that follow one another.
func cellOf(c id.ContactID) int {
	x := uint64(c) * 0x9e3779b97f4a7c15
	return int(x >> 58)
}

func (l *links) add(c id.ContactID, friends int) {
	at := &l[cellOf(c)]
	at.n += uint32(friends)
	at.sum += uint64(c) * uint64(friends)
}

// less is what is in l and not in o.
func (l links) less(o links) links {
	for i := range l {
		l[i].n -= o[i].n
		l[i].sum -= o[i].sum
	}
	return l
}

// meant lists the friends whom a difference may be about. One contact too many, or too few, is told exactly; where more come together,
// everybody of their cell may be meant.
func (l links) meant(fs []friend.Friend) []friend.Key {
	var out []friend.Key
	for _, f := range fs {
		if c := f.Link.Contact; c != 0 && l.means(c) {
			out = append(out, f.Key)
		}
	}
	return out
}

func (l links) means(c id.ContactID) bool {
	at := cellOf(c)
	d := l[at]
	switch one, none := id.ContactID(d.sum), id.ContactID(-d.sum); {
	case d.n == 0 && d.sum == 0:
		return false
	case d.n == 1 && cellOf(one) == at:
		return c == one
	case d.n == ^uint32(0) && cellOf(none) == at: // it was met, and then its link ended
		return false
	}
	return true
}

// MarshalText implements encoding.TextMarshaler.
func (l links) MarshalText() ([]byte, error) {
	var b []byte
	for _, c := range l {
		b = binary.LittleEndian.AppendUint32(b, c.n)
		b = binary.LittleEndian.AppendUint64(b, c.sum)
	}
	return base64.RawStdEncoding.AppendEncode(nil, b), nil
}

var errLinks = errors.New("no sum of links")

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *links) UnmarshalText(text []byte) error {
	b, err := base64.RawStdEncoding.AppendDecode(nil, text)
	if err != nil || len(b) != 12*len(l) {
		return errLinks
	}
	for i := range l {
		l[i].n, l[i].sum = binary.LittleEndian.Uint32(b[12*i:]), binary.LittleEndian.Uint64(b[12*i+4:])
	}
	return nil
}
