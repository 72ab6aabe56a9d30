package friendindex

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// A block is one byte of format, then, compressed, column after column: what is alike lies together and compresses well. The
// columns: count, ordinals (as differences), versions, flags, contacts of the linked (as differences), beginnings of friendships (as
// differences), users (16 bytes each), names, names of tags, tags of each friend. Format 1 had no contacts, format 2 no beginnings of friendships.
const (
	format         = 3
	formatNoSince  = 2
	formatNoLinked = 1
)

var errCorrupt = errors.New("index block cannot be read")

// follows in the order of their number in the flags.
var follows = []friend.FollowStatus{friend.Unknown, friend.Following, friend.Blocked}

const (
	linkedFlag = 1 << 2
	datedFlag  = 1 << 3
)

func pack(es []Entry) ([]byte, error) {
	w := writer{}
	w.number(uint64(len(es)))
	last := uint32(0)
	for _, e := range es {
		w.number(uint64(e.Ordinal - last))
		last = e.Ordinal
	}
	for _, e := range es {
		w.number(uint64(e.Version))
	}
	for _, e := range es {
		flags := uint64(max(slices.Index(follows, e.Follow), 0))
		if e.Linked() {
			flags |= linkedFlag
		}
		if e.Dated {
			flags |= datedFlag
		}
		w.number(flags)
	}
	w.contacts(es)
	w.beginnings(es)
	for _, e := range es {
		b, err := hex.DecodeString(string(e.User[min(1, len(e.User)):]))
		if err != nil || len(b) != 16 {
			return nil, fmt.Errorf("%w: not a LINE user id", id.ErrMalformed)
		}
		w.raw.Write(b)
	}
	for _, e := range es {
		w.text(e.Name)
	}
	w.tags(es)
	return w.compressed()
}

func unpack(data []byte) ([]Entry, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if data[0] < formatNoLinked || data[0] > format {
		return nil, fmt.Errorf("%w: format %d", errCorrupt, data[0])
	}
	raw, err := expand(data[1:])
	if err != nil {
		return nil, errors.Join(errCorrupt, err)
	}
	r := &reader{raw: raw}
	es := make([]Entry, min(r.number(), BlockSize))
	last := uint32(0)
	for i := range es {
		last += uint32(r.number())
		es[i].Ordinal = last
	}
	for i := range es {
		es[i].Version = int64(r.number())
	}
	r.flags(es, data[0])
	if data[0] > formatNoSince {
		r.beginnings(es)
	}
	for i := range es {
		var u [33]byte
		u[0] = 'U'
		es[i].User = id.LineUserID(u[:1+hex.Encode(u[1:], r.bytes(16))])
	}
	for i := range es {
		es[i].Name = string(r.bytes(r.number()))
	}
	r.tags(es)
	if r.bad || len(r.raw) > 0 {
		return nil, errCorrupt
	}
	return es, nil
}

// inflaters are reused: each holds 40 KB, and a pass over a large account reads thousands of blocks.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func expand(data []byte) ([]byte, error) {
	z := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(z)
	if err := z.(flate.Resetter).Reset(bytes.NewReader(data), nil); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, 2*len(data)+bytes.MinRead))
	_, err := out.ReadFrom(z)
	return out.Bytes(), err
}

type writer struct {
	raw bytes.Buffer
	num [binary.MaxVarintLen64]byte
}

func (w *writer) number(n uint64) { w.raw.Write(w.num[:binary.PutUvarint(w.num[:], n)]) }

func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	w.raw.WriteString(s)
}

// contacts writes those of linked friends: HubSpot's ids are long, and close to each other where contacts were made together.
func (w *writer) contacts(es []Entry) {
	var last id.ContactID
	for _, e := range es {
		if e.Linked() {
			w.raw.Write(w.num[:binary.PutVarint(w.num[:], int64(e.Contact-last))])
			last = e.Contact
		}
	}
}

// beginnings are near each other where friends came one after the other. 0 is unknown.
func (w *writer) beginnings(es []Entry) {
	var last int64
	for _, e := range es {
		switch {
		case !e.Dated:
		case e.Since == 0:
			w.number(0)
		default:
			w.number(1)
			w.raw.Write(w.num[:binary.PutVarint(w.num[:], e.Since-last)])
			last = e.Since
		}
	}
}

// tags writes each tag's id once, and then numbers.
func (w *writer) tags(es []Entry) {
	at := map[string]uint64{}
	var names []string
	for _, e := range es {
		for _, t := range e.Tags {
			if _, ok := at[t]; !ok {
				at[t] = uint64(len(names))
				names = append(names, t)
			}
		}
	}
	w.number(uint64(len(names)))
	for _, t := range names {
		w.text(t)
	}
	for _, e := range es {
		w.number(uint64(len(e.Tags)))
		for _, t := range e.Tags {
			w.number(at[t])
		}
	}
}

func (w *writer) compressed() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte(format)
	z, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(w.raw.Bytes()); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}

// reader of what writer wrote; bad is set once something does not fit, and everything read afterwards is empty.
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

func (r *reader) signed() int64 {
	n, size := binary.Varint(r.raw)
	if size <= 0 {
		r.bad, r.raw = true, nil
		return 0
	}
	r.raw = r.raw[size:]
	return n
}

func (r *reader) beginnings(es []Entry) {
	var last int64
	for i := range es {
		if es[i].Dated && r.number() != 0 {
			last += r.signed()
			es[i].Since = last
		}
	}
}

// flags reads follow states and contacts.
func (r *reader) flags(es []Entry, as byte) {
	linked := make([]bool, len(es))
	for i := range es {
		flags := r.number()
		es[i].Follow, linked[i] = follows[min(int(flags&3), len(follows)-1)], flags&linkedFlag != 0
		es[i].Dated = flags&datedFlag != 0
	}
	var last id.ContactID
	for i := range es {
		switch {
		case !linked[i]:
		case as == formatNoLinked:
			es[i].Version = 0 // so that the row replaces it, whose contact nobody knows here
		default:
			last += id.ContactID(r.signed())
			es[i].Contact = last
		}
	}
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.raw)) {
		r.bad, r.raw = true, nil
		return nil
	}
	b := r.raw[:n]
	r.raw = r.raw[n:]
	return b
}

func (r *reader) tags(es []Entry) {
	names := make([]string, min(r.number(), uint64(len(r.raw))))
	for i := range names {
		names[i] = string(r.bytes(r.number()))
	}
	for i := range es {
		n := min(r.number(), uint64(len(r.raw)))
		for range n {
			t := r.number()
			if t >= uint64(len(names)) {
				r.bad = true
				return
			}
			es[i].Tags = append(es[i].Tags, names[t])
		}
	}
}
