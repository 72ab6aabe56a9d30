package broadcast

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"

	"lumo/shared/blob"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// Selection is an audience turned into a test of friends.
type Selection struct {
	// Match says whether a friend belongs to it; nil means everybody.
	Match func(friendindex.Entry) bool
	// MembersAsOf is the age of the oldest list membership that it rests on, Unix ms; 0 without lists (P-52).
	MembersAsOf int64
	// Counted is the estimate, where selecting has counted already.
	Counted *Estimate
}

// Freshness is how old list memberships may be (P-52). The zero value takes them as they are stored, and is for looking only: of very large
// accounts the selection may be a part, with its numbers extrapolated.
type Freshness struct {
	Since int64       // read at this time, Unix ms, or later
	By    string      // who reads: it goes on with what it began
	Stop  func() bool // when it is time to hand over: ErrPreparing asks to call again
}

// Selector makes selections. It answers ErrAudience for what is gone or needs attention: such an audience is never taken as empty or as
// everybody (P-53); and ErrPreparing while what it rests on is still being read.
type Selector interface {
	Select(ctx context.Context, p id.PortalID, s id.Slot, a Audience, f Freshness) (Selection, error)
}

// Index is the directory of an account's friends.
type Index interface {
	Each(ctx context.Context, p id.PortalID, s id.Slot, visit func(friendindex.Entry) bool) error
}

// Estimate counts an audience as it is now (P-122, P-123).
type Estimate struct {
	Recipients  int   `json:"recipients"`
	Blocked     int   `json:"blocked"`    // of the audience, and left out
	Linked      int   `json:"linked"`     // recipients who are linked to a contact
	NotFriends  int   `json:"notFriends"` // contacts whom the audience asks for and no friend is linked to
	Approximate bool  `json:"approximate,omitempty"`
	MembersAsOf int64 `json:"membersAsOf,omitempty"`
}

// nobody tells that certainly nobody gets it. What was extrapolated may hold somebody: freezing finds out.
func (e Estimate) nobody() bool { return e.Recipients == 0 && !e.Approximate }

// estimate counts without holding anything in memory.
func estimate(ctx context.Context, x Index, p id.PortalID, s id.Slot, sel Selection) (Estimate, error) {
	if sel.Counted != nil {
		return *sel.Counted, nil
	}
	e := Estimate{MembersAsOf: sel.MembersAsOf}
	err := x.Each(ctx, p, s, func(f friendindex.Entry) bool {
		switch {
		case sel.Match != nil && !sel.Match(f):
		case f.Follow == friend.Blocked:
			e.Blocked++
		default:
			e.Recipients++
			if f.Linked() {
				e.Linked++
			}
		}
		return true
	})
	return e, err
}

// set of ordinals, a bit each.
type set struct{ bits []uint64 }

func (s *set) add(n uint32) {
	for int(n/64) >= len(s.bits) {
		s.bits = append(s.bits, make([]uint64, max(len(s.bits), 16))...)
	}
	s.bits[n/64] |= 1 << (n % 64)
}

func (s *set) has(n uint32) bool { return int(n/64) < len(s.bits) && s.bits[n/64]&(1<<(n%64)) != 0 }

const userSize = 16

// roll is a frozen audience in memory: users packed, and their ordinals.
type roll struct {
	users    []byte
	ordinals []uint32
}

func (r *roll) add(e friendindex.Entry) {
	b, err := hex.DecodeString(string(e.User[1:]))
	if err != nil || len(b) != userSize {
		return
	}
	r.users = append(r.users, b...)
	r.ordinals = append(r.ordinals, e.Ordinal)
}

func (r *roll) len() int { return len(r.ordinals) }

// gather collects who gets it now: everybody of the selection who has not blocked the account. Of friends whom only a contact named nobody
// ever said that they follow, but LINE knew them; to those who do not it delivers nothing, and counts nothing (LINE docs: Sending messages).
func gather(ctx context.Context, x Index, p id.PortalID, s id.Slot, sel Selection, among *set) (*roll, error) {
	r := &roll{}
	err := x.Each(ctx, p, s, func(f friendindex.Entry) bool {
		if f.Follow != friend.Blocked && (sel.Match == nil || sel.Match(f)) && (among == nil || among.has(f.Ordinal)) {
			r.add(f)
		}
		return true
	})
	return r, err
}

// arrange puts it into the order in which it is served. Ordinals rise with time, so the oldest friends come first as it is.
func (r *roll) arrange(o Order, seed string) {
	swap := func(i, j int) {
		var u [userSize]byte
		copy(u[:], r.users[i*userSize:])
		copy(r.users[i*userSize:], r.users[j*userSize:(j+1)*userSize])
		copy(r.users[j*userSize:], u[:])
		r.ordinals[i], r.ordinals[j] = r.ordinals[j], r.ordinals[i]
	}
	switch o {
	case Newest:
		for i, j := 0, r.len()-1; i < j; i, j = i+1, j-1 {
			swap(i, j)
		}
	case Random:
		h := fnv.New64a()
		h.Write([]byte(seed))
		rand.New(rand.NewPCG(h.Sum64(), 0)).Shuffle(r.len(), swap) // the same every time for one broadcast
	}
}

// pack: the users in the order of sending, 16 bytes each; then their ordinals, sorted, as differences.
func (r *roll) pack() []byte {
	sorted := slices.Clone(r.ordinals)
	slices.Sort(sorted)
	out := r.users
	last := uint32(0)
	for _, n := range sorted {
		out = binary.AppendUvarint(out, uint64(n-last))
		last = n
	}
	return out
}

const rollType = "application/octet-stream"

func putRoll(ctx context.Context, bs blob.Store, p id.PortalID, name string, r *roll) error {
	return bs.Put(ctx, p, name, rollType, bytes.NewReader(r.pack()))
}

var errRoll = errors.New("frozen audience cannot be read")

// reader reads a frozen audience on from one recipient.
type reader struct {
	src  io.ReadCloser
	buf  *bufio.Reader
	next int
}

func openRoll(ctx context.Context, bs blob.Store, p id.PortalID, name string, from int) (*reader, error) {
	src, err := bs.Get(ctx, p, name)
	if err != nil {
		return nil, fmt.Errorf("frozen audience: %w", err)
	}
	buf := bufio.NewReaderSize(src, ChunkSize*userSize)
	if _, err := buf.Discard(from * userSize); err != nil {
		return nil, errors.Join(errRoll, err, src.Close())
	}
	return &reader{src, buf, from}, nil
}

func (r *reader) Close() error { return r.src.Close() }

// take returns the next n.
func (r *reader) take(n int) ([]id.LineUserID, error) {
	out := make([]id.LineUserID, n)
	var raw [userSize]byte
	for i := range out {
		if _, err := io.ReadFull(r.buf, raw[:]); err != nil {
			return nil, errors.Join(errRoll, err)
		}
		out[i] = id.LineUserID("U" + hex.EncodeToString(raw[:]))
	}
	r.next += n
	return out, nil
}

// Recipients reads the first n of a frozen audience in the order of sending.
func Recipients(ctx context.Context, bs blob.Store, p id.PortalID, f Frozen, n int, visit func(id.LineUserID)) error {
	r, err := openRoll(ctx, bs, p, f.Blob, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	for n = min(n, f.Count); n > 0; {
		us, err := r.take(min(n, ChunkSize))
		if err != nil {
			return err
		}
		for _, u := range us {
			visit(u)
		}
		n -= len(us)
	}
	return nil
}

// Ordinals reads the ordinals of a frozen audience of count people, ascending.
func Ordinals(ctx context.Context, bs blob.Store, p id.PortalID, f Frozen, visit func(uint32)) error {
	r, err := openRoll(ctx, bs, p, f.Blob, f.Count)
	if err != nil {
		return err
	}
	defer r.Close()
	n := uint64(0)
	for range f.Count {
		d, err := binary.ReadUvarint(r.buf)
		if err != nil {
			return errors.Join(errRoll, err)
		}
		n += d
		visit(uint32(n))
	}
	return nil
}
