package segment

import (
	"cmp"
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
	// stretched is after how many friends it is looked whether the time is up.
	stretched = 32_768
)

// walk is a pass over an account's friends in the order of their ordinals.
type walk struct {
	*bound
	service *Service
	portal  id.PortalID
	slot    id.Slot
	// visit is told of each friend, and whether its row was read to tell.
	visit func(e friendindex.Entry, v Truth, fromRow bool)
	// most rows are read; friends beyond them are reported as Open. Negative: all.
	most int
	// stop tells when the time is up; nil is never.
	stop func() bool

	open   []friendindex.Entry // wait for their rows
	failed error
	seen   int
	next   uint32 // where to go on
	over   bool   // the time is up
}

// run judges friends from an ordinal on. done is false when the time was up; next tells where to go on.
func (w *walk) run(ctx context.Context, from uint32) (done bool, err error) {
	w.next = from
	err = w.service.Index.From(ctx, w.portal, w.slot, from, func(e friendindex.Entry) bool { return w.one(ctx, e) })
	if err == nil && w.failed == nil {
		w.flush(ctx)
	}
	if w.failed != nil {
		err = w.failed
	}
	return !w.over, err
}

func (w *walk) one(ctx context.Context, e friendindex.Entry) bool {
	w.meet(e)
	w.next = e.Ordinal + 1
	w.seen++
	if v := w.eval(&subject{entry: e}); v != Open || w.most == 0 {
		w.visit(e, v, false)
	} else {
		w.most--
		w.open = append(w.open, e)
	}
	full := len(w.open) >= gathered
	if full && !w.flush(ctx) {
		return false
	}
	if w.stop != nil && (full || w.seen%cmp.Or(w.service.stretch, stretched) == 0) {
		w.over = w.stop()
	}
	return !w.over
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

// flush judges those who wait by their rows. A friend that is gone since matches nothing.
func (w *walk) flush(ctx context.Context) bool {
	es := w.open
	found := make([]Truth, len(es))
	chunks := (len(es) + rowsAtOnce - 1) / rowsAtOnce
	w.failed = work.Each(ctx, w.service.Parallel, chunks, func(ctx context.Context, n int) error {
		from := n * rowsAtOnce
		ks := make([]friend.Key, 0, rowsAtOnce)
		for _, e := range es[from:min(from+rowsAtOnce, len(es))] {
			ks = append(ks, friend.Key{Slot: w.slot, User: e.User})
		}
		rows, err := w.service.Friends.GetMany(ctx, w.portal, ks)
		for i, k := range ks {
			if row, ok := rows[k]; ok {
				// The row is the truth: the index may be a moment behind it.
				found[from+i] = w.eval(&subject{entry: friendindex.EntryOf(row), row: &row})
			}
		}
		return err
	})
	if w.failed != nil {
		return false
	}
	for i, e := range es {
		w.visit(e, found[i], true)
	}
	w.open = w.open[:0]
	return true
}
