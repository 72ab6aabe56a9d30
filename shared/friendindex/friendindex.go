// Package friendindex is the compact directory of an account's friends by name: DynamoDB cannot search within texts. Friends lie in
// blocks by their ordinals, each one small compressed item, so that a search over a whole account reads about 50 bytes for each friend
// instead of the row. The rows stay the truth: entries carry the row's version, so that telling the index late, twice or out of order
// does no harm, and Rebuild makes it anew from the rows.
package friendindex

import (
	"context"
	"errors"
	"slices"
	"time"

	"lumo/shared/clock"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

const (
	// BlockSize is the number of ordinals of one block. A change writes a whole block, which is paid by the kilobyte: 128 entries are
	// about 6 KB. Larger blocks would hardly make searches cheaper, since reads are paid by the kilobyte too.
	BlockSize = 128
	// rebuildPage is how many rows Rebuild reads at a time.
	rebuildPage = 1000
	// maxName and maxTags bound an entry, so that a block of the longest ones still fits an item.
	maxName = 64
	maxTags = 100
)

// Entry is what the index knows of a friend.
type Entry struct {
	Ordinal uint32
	User    id.LineUserID
	Name    string
	Follow  friend.FollowStatus
	Linked  bool
	Tags    []string
	Version int64 // of the row that it was taken from
}

// ErrChanged: somebody else wrote the block since it was read.
var ErrChanged = errors.New("index block changed meanwhile")

// Block is a stored block. Version 0 means that there is none yet.
type Block struct {
	Data    []byte
	Version int64
}

// Store keeps the blocks of accounts.
type Store interface {
	// End is one more than the highest ordinal that the account ever gave.
	End(ctx context.Context, p id.PortalID, s id.Slot) (uint32, error)
	// Load reads one block, strongly consistent.
	Load(ctx context.Context, p id.PortalID, s id.Slot, n uint32) (Block, error)
	// LoadMany reads those of the blocks that exist.
	LoadMany(ctx context.Context, p id.PortalID, s id.Slot, ns []uint32) (map[uint32]Block, error)
	// Save writes under the block's Version; ErrChanged when somebody else was first.
	Save(ctx context.Context, p id.PortalID, s id.Slot, n uint32, b Block) error
}

// Index is the service.
type Index struct {
	Store    Store
	Friends  friend.Store
	Clock    clock.Clock
	Jitter   func() float64 // in [0,1); spreads writers of the same block. nil: none
	Parallel int            // blocks written at once; 1 in the simulation
}

// EntryOf is the part of a friend that the index holds.
func EntryOf(f friend.Friend) Entry {
	e := Entry{Ordinal: f.Ordinal, User: f.User, Name: clip(f.Name, maxName), Follow: f.Follow, Linked: f.Link.Contact != 0, Version: f.Version}
	e.Tags = f.Tags[:min(len(f.Tags), maxTags):min(len(f.Tags), maxTags)]
	return e
}

func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n++; n > runes {
			return s[:i]
		}
	}
	return s
}

// Differs tells whether the index must be told of a change of a friend.
func Differs(before, after friend.Friend) bool { return !EntryOf(before).same(EntryOf(after)) }

// same tells whether an entry need not be written; the version alone is no reason.
func (e Entry) same(o Entry) bool {
	return e.User == o.User && e.Name == o.Name && e.Follow == o.Follow && e.Linked == o.Linked && slices.Equal(e.Tags, o.Tags)
}

// Ensure brings the index up to the rows given, as they were stored. Rows of which the index knows a later version change nothing.
// Call it with all the rows of a batch at once: each block is written once.
func (x *Index) Ensure(ctx context.Context, p id.PortalID, s id.Slot, fs []friend.Friend) error {
	byBlock := map[uint32][]Entry{}
	var blocks []uint32
	for _, f := range fs {
		if _, err := id.ParseLineUser(string(f.User)); err != nil || f.Slot != s || f.Version == 0 {
			continue
		}
		n := f.Ordinal / BlockSize
		if _, ok := byBlock[n]; !ok {
			blocks = append(blocks, n)
		}
		byBlock[n] = append(byBlock[n], EntryOf(f))
	}
	slices.Sort(blocks)
	return work.Each(ctx, x.Parallel, len(blocks), func(ctx context.Context, i int) error {
		return x.block(ctx, p, s, blocks[i], byBlock[blocks[i]])
	})
}

// tries of one block; new friends of an account all fall into its last block, so that its writers meet often.
const tries = 20

func (x *Index) block(ctx context.Context, p id.PortalID, s id.Slot, n uint32, in []Entry) error {
	for try := range tries {
		b, err := x.Store.Load(ctx, p, s, n)
		if err != nil {
			return err
		}
		have, err := unpack(b.Data)
		if err != nil {
			return err
		}
		merged, changed := merge(have, in)
		if !changed {
			return nil
		}
		if b.Data, err = pack(merged); err != nil {
			return err
		}
		if err = x.Store.Save(ctx, p, s, n, b); !errors.Is(err, ErrChanged) {
			return err
		}
		if err := x.wait(ctx, try); err != nil {
			return err
		}
	}
	return ErrChanged
}

func (x *Index) wait(ctx context.Context, try int) error {
	d := 20 * time.Millisecond << min(try, 4)
	if x.Jitter != nil {
		d = time.Duration(float64(d) * (0.5 + x.Jitter()))
	}
	return x.Clock.Sleep(ctx, d)
}

// merge takes over entries of later rows. Both lists and the result are sorted by ordinal.
func merge(have, in []Entry) (out []Entry, changed bool) {
	out = slices.Clone(have)
	for _, e := range in {
		i, ok := slices.BinarySearchFunc(out, e.Ordinal, func(o Entry, n uint32) int { return int(o.Ordinal) - int(n) })
		switch {
		case !ok:
			out, changed = slices.Insert(out, i, e), true
		case e.Version > out[i].Version:
			changed = changed || !e.same(out[i])
			out[i] = e
		}
	}
	return out, changed
}

// Rebuild makes the index agree with the rows, a page of rows at a time, from the cursor of an earlier call ("" is the beginning).
// It returns where to go on when the context's end comes near; "" means done.
func (x *Index) Rebuild(ctx context.Context, p id.PortalID, s id.Slot, after string) (next string, err error) {
	for {
		fs, next, err := x.Friends.Page(ctx, p, s, after, rebuildPage)
		if err != nil {
			return after, err
		}
		if err := x.Ensure(ctx, p, s, fs); err != nil {
			return after, err
		}
		if next == "" {
			return "", nil
		}
		if after = next; near(ctx) {
			return after, nil
		}
	}
}

// near tells whether too little time is left for another page.
func near(ctx context.Context) bool {
	d, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(d) < 10*time.Second
}
