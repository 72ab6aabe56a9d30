package hubspotlist

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"lumo/shared/id"
)

// Change is one membership change that the journal told.
type Change struct {
	List    id.ListID    `json:"l"`
	Contact id.ContactID `json:"c"`
	Removed bool         `json:"x,omitempty"`
	At      int64        `json:"t"`
}

// members of a list: ids in order, and the latest changes that were told, by which later ones are judged.
type members struct {
	ids    []id.ContactID
	recent []Change // by contact, one each
}

// What is remembered of told changes. A message comes again after minutes, not hours.
const (
	recentFor = 6 * time.Hour
	maxRecent = 20_000
)

// ordered makes an ordered set of what HubSpot listed.
func ordered(ids []id.ContactID) []id.ContactID {
	if !slices.IsSorted(ids) {
		slices.Sort(ids)
	}
	return slices.Compact(ids)
}

// apply takes over told changes: for each contact the latest counts, whatever order they come in. from is when the members were read:
// what happened before is in them. It tells whether anything is new.
func (m *members) apply(cs []Change, from, now int64) bool {
	news := map[id.ContactID]Change{}
	for _, c := range cs {
		if old, ok := news[c.Contact]; ok && old.At > c.At || c.At < from-skew.Milliseconds() {
			continue
		}
		news[c.Contact] = c
	}
	for _, old := range m.recent {
		if c, ok := news[old.Contact]; ok && c.At <= old.At {
			delete(news, old.Contact)
		}
	}
	if len(news) == 0 {
		return false
	}
	m.recent = slices.DeleteFunc(m.recent, func(c Change) bool {
		_, replaced := news[c.Contact]
		return replaced || c.At < now-recentFor.Milliseconds()
	})
	var add []id.ContactID
	drop := map[id.ContactID]bool{}
	for _, c := range news {
		m.recent = append(m.recent, c)
		if c.Removed {
			drop[c.Contact] = true
		} else {
			add = append(add, c.Contact)
		}
	}
	m.trim()
	m.ids = slices.DeleteFunc(m.ids, func(c id.ContactID) bool { return drop[c] })
	m.ids = ordered(append(m.ids, add...))
	return true
}

// trim forgets the oldest told changes beyond what is kept.
func (m *members) trim() {
	if over := len(m.recent) - maxRecent; over > 0 {
		slices.SortFunc(m.recent, func(a, b Change) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Contact, b.Contact)) })
		m.recent = slices.Delete(m.recent, 0, over)
	}
	slices.SortFunc(m.recent, func(a, b Change) int { return cmp.Compare(a.Contact, b.Contact) })
}

// latest times of changes, added and removed.
func latest(cs []Change) (added, removed int64) {
	for _, c := range cs {
		if c.Removed {
			removed = max(removed, c.At)
		} else {
			added = max(added, c.At)
		}
	}
	return added, removed
}

// diff counts what came and what went, in one pass over both.
func diff(before, after []id.ContactID) (added, removed int) {
	for len(before) > 0 && len(after) > 0 {
		switch {
		case before[0] == after[0]:
			before, after = before[1:], after[1:]
		case before[0] < after[0]:
			removed, before = removed+1, before[1:]
		default:
			added, after = added+1, after[1:]
		}
	}
	return added + len(after), removed + len(before)
}

// A snapshot is one byte of format, the number of ids, the differences between them, the number of recent changes, and these. HubSpot
// gives ids in ascending order, so that differences are one to four bytes (docs/bench.md).
const format = 1

var errCorrupt = errors.New("list snapshot cannot be read")

func (m members) pack() []byte {
	out := make([]byte, 1, 16+3*len(m.ids)+12*len(m.recent))
	out[0] = format
	out = binary.AppendUvarint(out, uint64(len(m.ids)))
	last := id.ContactID(0)
	for _, c := range m.ids {
		out = binary.AppendUvarint(out, uint64(c-last))
		last = c
	}
	out = binary.AppendUvarint(out, uint64(len(m.recent)))
	last = 0
	for _, c := range m.recent {
		flag := uint64(0)
		if c.Removed {
			flag = 1
		}
		out = binary.AppendUvarint(out, uint64(c.Contact-last))
		out = binary.AppendUvarint(out, uint64(c.At)<<1|flag)
		last = c.Contact
	}
	return out
}

func unpack(b []byte) (members, error) {
	if len(b) == 0 || b[0] != format {
		return members{}, errCorrupt
	}
	r := reader{raw: b[1:]}
	var m members
	if n := r.number(); n <= uint64(len(r.raw)) {
		m.ids = make([]id.ContactID, n)
	} else {
		return m, errCorrupt
	}
	last := id.ContactID(0)
	for i := range m.ids {
		last += id.ContactID(r.number())
		m.ids[i] = last
	}
	n := r.number()
	if n > uint64(len(r.raw)) {
		return members{}, errCorrupt
	}
	last = 0
	for range n {
		last += id.ContactID(r.number())
		at := r.number()
		m.recent = append(m.recent, Change{Contact: last, At: int64(at >> 1), Removed: at&1 == 1})
	}
	if r.bad || len(r.raw) > 0 {
		return members{}, errCorrupt
	}
	return m, nil
}

type reader struct {
	raw []byte
	bad bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.raw)
	if size <= 0 {
		r.bad, r.raw = true, nil
		return 0
	}
	r.raw = r.raw[size:]
	return n
}
