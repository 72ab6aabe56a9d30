// Package friendindex is the compact directory of an account's friends by name: DynamoDB cannot search within texts. Friends lie in
// blocks by their ordinals, each one small compressed item, so that a search over a whole account reads about 50 bytes for each friend
// instead of the row. The rows stay the truth: entries carry the row's version, so that telling the index late, twice or out of order
// does no harm, and Rebuild makes it anew from the rows.
package friendindex

import (
	"context"
	"errors"
	"maps"
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
	// rebuildPage is how many rows Rebuild reads at a time, rebuildStretch how many it gathers: some 10 MB.
	rebuildPage    = 1000
	rebuildStretch = 32_768
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
	Contact id.ContactID // the linked contact, so that one pass over the index joins friends with HubSpot lists; 0 where there is none
	Tags    []string
	Since   int64 // when the friendship began, Unix ms; 0 where nobody knows. Means something only if Dated
	Dated   bool  // false for entries of before Since was kept
	Version int64 // of the row that it was taken from
}

// Linked tells that the friend has a contact.
func (e Entry) Linked() bool { return e.Contact != 0 }

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
	e := Entry{Ordinal: f.Ordinal, User: f.User, Name: clip(f.Name, maxName), Follow: f.Follow, Contact: f.Link.Contact, Since: f.FriendSince, Dated: true, Version: f.Version}
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
	return e.User == o.User && e.Name == o.Name && e.Follow == o.Follow && e.Contact == o.Contact && e.Since == o.Since && e.Dated == o.Dated && slices.Equal(e.Tags, o.Tags)
}

// Ensure brings the index up to the rows given, as they were stored. Rows of which the index knows a later version change nothing.
// Call it with all the rows of a batch at once: each block is written once.
func (x *Index) Ensure(ctx context.Context, p id.PortalID, s id.Slot, fs []friend.Friend) error {
	var es entries
	es.add(s, fs)
	return x.write(ctx, p, s, es)
}

// entries by their block.
type entries struct {
	blocks map[uint32][]Entry
	count  int
}

func (es *entries) add(s id.Slot, fs []friend.Friend) {
	if es.blocks == nil {
		es.blocks = map[uint32][]Entry{}
	}
	for _, f := range fs {
		if _, err := id.ParseLineUser(string(f.User)); err != nil || f.Slot != s || f.Version == 0 {
			continue
		}
		n := f.Ordinal / BlockSize
		es.blocks[n] = append(es.blocks[n], EntryOf(f))
		es.count++
	}
}

func (x *Index) write(ctx context.Context, p id.PortalID, s id.Slot, es entries) error {
	blocks := slices.Sorted(maps.Keys(es.blocks))
	return work.Each(ctx, x.Parallel, len(blocks), func(ctx context.Context, i int) error {
		return x.block(ctx, p, s, blocks[i], es.blocks[blocks[i]])
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
		case e.Version > out[i].Version || e.Version == out[i].Version && !out[i].Dated:
			changed = changed || !e.same(out[i])
			out[i] = e
		}
	}
	return out, changed
}

// Rebuild brings a stretch of the rows into the index, from the cursor of an earlier call ("" is the beginning), and returns where to go
// on; "" means done. Rows come in no particular order, so that even a few of them lie in every block: the stretch is gathered before the
// blocks are written, which keeps the writes near one for each block and stretch. It reads no further page once until has passed. each, if
// given, sees every row.
func (x *Index) Rebuild(ctx context.Context, p id.PortalID, s id.Slot, after string, until time.Time, each func(friend.Friend)) (next string, err error) {
	var gathered entries
	for next = after; ; {
		fs, more, err := x.Friends.Page(ctx, p, s, next, rebuildPage)
		if err != nil {
			return after, err
		}
		if gathered.add(s, fs); each != nil {
			for _, f := range fs {
				each(f)
			}
		}
		if next = more; next == "" || gathered.count >= rebuildStretch || x.Clock.Now().After(until) {
			break
		}
	}
	return next, x.write(ctx, p, s, gathered)
}
