package segment

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/work"
)

const (
	// gathered is how many friends whose rows must be read are gathered before they are; rowsAtOnce are asked for with one call.
	gathered   = 3200
	rowsAtOnce = 100
)

// walk judges every friend of an account. visit is called in the order of ordinals or near it. Of the friends whose rows must be read, so many
// are at most; the others are reported as Open. most < 0 means all.
func (s *Service) walk(ctx context.Context, p id.PortalID, slot id.Slot, b *bound, most int, visit func(e friendindex.Entry, v Truth, fromRow bool)) error {
	var open []friendindex.Entry
	var failed error
	flush := func() bool {
		if failed = s.rows(ctx, p, slot, b, open, visit); failed != nil {
			return false
		}
		open = open[:0]
		return true
	}
	err := s.Index.Each(ctx, p, slot, func(e friendindex.Entry) bool {
		b.meet(e)
		v := b.eval(&subject{entry: e})
		if v != Open || most == 0 {
			visit(e, v, false)
			return true
		}
		most--
		open = append(open, e)
		return len(open) < gathered || flush()
	})
	if err == nil && failed == nil {
		flush()
	}
	if failed != nil {
		return failed
	}
	return err
}

// meet notes that a member of a list is a friend.
func (b *bound) meet(e friendindex.Entry) {
	if !e.Linked() {
		return
	}
	for _, l := range b.lists {
		if i, ok := l.Find(e.Contact); ok {
			l.met.add(uint32(i))
		}
	}
}

// rows judges friends by their rows. A friend that is gone since matches nothing.
func (s *Service) rows(ctx context.Context, p id.PortalID, slot id.Slot, b *bound, es []friendindex.Entry, visit func(e friendindex.Entry, v Truth, fromRow bool)) error {
	found := make([]Truth, len(es))
	chunks := (len(es) + rowsAtOnce - 1) / rowsAtOnce
	err := work.Each(ctx, s.Parallel, chunks, func(ctx context.Context, n int) error {
		from := n * rowsAtOnce
		ks := make([]friend.Key, 0, rowsAtOnce)
		for _, e := range es[from:min(from+rowsAtOnce, len(es))] {
			ks = append(ks, friend.Key{Slot: slot, User: e.User})
		}
		rows, err := s.Friends.GetMany(ctx, p, ks)
		for i, k := range ks {
			if row, ok := rows[k]; ok {
				// The row is the truth: the index may be a moment behind it.
				found[from+i] = b.eval(&subject{entry: friendindex.EntryOf(row), row: &row})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, e := range es {
		visit(e, found[i], true)
	}
	return nil
}
