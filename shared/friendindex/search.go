package friendindex

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"lumo/shared/friend"
	"lumo/shared/id"
)

const (
	// MaxPage is the most that one search returns.
	MaxPage = 50
	// blocksAtOnce are fetched with one call; blocksPerSearch bound the work of one search.
	blocksAtOnce    = 100
	blocksPerSearch = 1600
)

// ErrCursor: that is no cursor of ours.
var ErrCursor = errors.New("malformed page cursor")

// Filter narrows a search; zero fields let everything pass.
type Filter struct {
	Follow friend.FollowStatus
	Linked *bool
	Tag    string
}

func (f Filter) match(e Entry) bool {
	return (f.Follow == "" || f.Follow == e.Follow) && (f.Linked == nil || *f.Linked == e.Linked()) && (f.Tag == "" || slices.Contains(e.Tags, f.Tag))
}

// Page is a stretch of results by ordinal. It may hold fewer than were asked for although Next says that there is more: a search stops
// after so many blocks, and Next goes on there.
type Page struct {
	Entries []Entry
	Next    string
}

// Fold is the form in which names are compared: half and full width, upper and lower case, composed and decomposed are the same.
func Fold(s string) string { return norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))) }

// Search lists friends whose name contains the query, in the order of their ordinals. An empty query finds everybody; a LINE user id
// finds that user.
func (x *Index) Search(ctx context.Context, p id.PortalID, s id.Slot, query string, f Filter, cursor string, limit int) (Page, error) {
	from, err := parseCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	limit = max(min(limit, MaxPage), 1)
	match := matcher(query)
	var out Page
	end, err := x.scan(ctx, p, s, from, blocksPerSearch, func(e Entry) bool {
		if e.Ordinal < from || !f.match(e) || !match(e) {
			return true
		}
		if len(out.Entries) == limit {
			out.Next = strconv.FormatUint(uint64(e.Ordinal), 10)
			return false
		}
		out.Entries = append(out.Entries, e)
		return true
	})
	if err == nil && out.Next == "" && end != 0 {
		out.Next = strconv.FormatUint(uint64(end), 10)
	}
	return out, err
}

func matcher(query string) func(Entry) bool {
	query = strings.TrimSpace(query)
	if query == "" {
		return func(Entry) bool { return true }
	}
	if u, err := id.ParseLineUser(query); err == nil {
		return func(e Entry) bool { return e.User == u }
	}
	want := Fold(query)
	return func(e Entry) bool { return strings.Contains(Fold(e.Name), want) }
}

func parseCursor(s string) (uint32, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, ErrCursor
	}
	return uint32(n), nil
}

// scan visits entries by ordinal, from the block of from, until visit says no. After so many blocks it stops and returns the ordinal
// to go on at; 0 is the end.
func (x *Index) scan(ctx context.Context, p id.PortalID, s id.Slot, from uint32, blocks int, visit func(Entry) bool) (next uint32, err error) {
	return x.pass(ctx, p, s, from, blocks, false, visit)
}

// pass is scan; ahead reads the next blocks while those before are visited. Whoever may stop soon does not pay for blocks that nobody needs.
func (x *Index) pass(ctx context.Context, p id.PortalID, s id.Slot, from uint32, blocks int, ahead bool, visit func(Entry) bool) (next uint32, err error) {
	end, err := x.Store.End(ctx, p, s)
	if err != nil {
		return 0, err
	}
	last := (uint64(end) + BlockSize - 1) / BlockSize
	first := uint64(from / BlockSize)
	stop := min(last, first+uint64(blocks))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead = ahead && x.Parallel > 1
	var coming *batch
	for n := first; n < stop; n += blocksAtOnce {
		now := coming
		if now == nil {
			now = x.load(ctx, p, s, n, stop, false)
		}
		if err := now.wait(); err != nil {
			return 0, err
		}
		if coming = nil; ahead && n+blocksAtOnce < stop {
			coming = x.load(ctx, p, s, n+blocksAtOnce, stop, true)
		}
		for _, m := range now.ns {
			es, err := unpack(now.blocks[m].Data)
			if err != nil {
				return 0, err
			}
			for _, e := range es {
				if !visit(e) {
					return 0, nil
				}
			}
		}
	}
	if stop < last {
		return uint32(stop * BlockSize), nil
	}
	return 0, nil
}

// batch is a stretch of blocks that is being read.
type batch struct {
	ns     []uint32
	blocks map[uint32]Block
	err    error
	done   chan struct{}
}

func (b *batch) wait() error {
	<-b.done
	return b.err
}

// load reads the blocks from n on, in the background if it may.
func (x *Index) load(ctx context.Context, p id.PortalID, s id.Slot, n, stop uint64, background bool) *batch {
	b := &batch{done: make(chan struct{})}
	for m := n; m < min(stop, n+blocksAtOnce); m++ {
		b.ns = append(b.ns, uint32(m))
	}
	read := func() {
		defer close(b.done)
		b.blocks, b.err = x.Store.LoadMany(ctx, p, s, b.ns)
	}
	if background {
		go read()
	} else {
		read()
	}
	return b
}

// From visits the entries of an account by ordinal from one on, a few blocks in memory at a time, until visit says no.
func (x *Index) From(ctx context.Context, p id.PortalID, s id.Slot, from uint32, visit func(Entry) bool) error {
	_, err := x.pass(ctx, p, s, from, math.MaxInt32, true, func(e Entry) bool { return e.Ordinal < from || visit(e) })
	return err
}

// End is one more than the highest ordinal that the account ever gave.
func (x *Index) End(ctx context.Context, p id.PortalID, s id.Slot) (uint32, error) {
	return x.Store.End(ctx, p, s)
}

// Each visits all entries of an account by ordinal, a few blocks in memory at a time, until visit says no.
func (x *Index) Each(ctx context.Context, p id.PortalID, s id.Slot, visit func(Entry) bool) error {
	return x.From(ctx, p, s, 0, visit)
}

// Users tells who has the ordinals given; those of nobody are left out.
func (x *Index) Users(ctx context.Context, p id.PortalID, s id.Slot, ordinals []uint32) (map[uint32]id.LineUserID, error) {
	wanted := map[uint32]bool{}
	var ns []uint32
	for _, o := range ordinals {
		wanted[o] = true
		if n := o / BlockSize; !slices.Contains(ns, n) {
			ns = append(ns, n)
		}
	}
	blocks, err := x.Store.LoadMany(ctx, p, s, ns)
	if err != nil {
		return nil, err
	}
	out := map[uint32]id.LineUserID{}
	for _, n := range ns {
		es, err := unpack(blocks[n].Data)
		if err != nil {
			return nil, err
		}
		for _, e := range es {
			if wanted[e.Ordinal] {
				out[e.Ordinal] = e.User
			}
		}
	}
	return out, nil
}

// Counts are numbers of an account's friends.
type Counts struct {
	Friends, Following, Blocked, Linked int
	Tags                                map[string]int
	// Whole is false when the account is too large to be counted at once; the numbers are then of its first friends only.
	Whole bool
}

// Count counts an account of up to 200,000 friends.
func (x *Index) Count(ctx context.Context, p id.PortalID, s id.Slot) (Counts, error) {
	c := Counts{Tags: map[string]int{}}
	next, err := x.scan(ctx, p, s, 0, blocksPerSearch, func(e Entry) bool {
		c.Friends++
		switch e.Follow {
		case friend.Following:
			c.Following++
		case friend.Blocked:
			c.Blocked++
		}
		if e.Linked() {
			c.Linked++
		}
		for _, t := range e.Tags {
			c.Tags[t]++
		}
		return true
	})
	c.Whole = next == 0
	return c, err
}
