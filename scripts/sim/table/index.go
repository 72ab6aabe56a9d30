package table

import (
	"cmp"
	"slices"
	"time"
)

// ref is a row's key.
type ref struct{ hash, sort string }

// index is a global index: what it shows of each row may be older than the row.
type index struct {
	keys, table schema
	shown       map[ref]Item
	parts       map[string][]Item // what is shown, by the index's hash key, in the order of the index
	pending     []pending
	latest      map[ref]time.Time // of what is pending
}

type pending struct {
	due time.Time
	at  ref
	to  Item // nil: not in the index
}

func newIndex(s, table schema) *index {
	return &index{keys: s, table: table, shown: map[ref]Item{}, parts: map[string][]Item{}, latest: map[ref]time.Time{}}
}

func (x *index) entry(it Item) Item {
	if it == nil || it[x.keys.hash] == nil || it[x.keys.sort] == nil {
		return nil
	}
	return it
}

// change takes note of a write. Updates of one row stay in order, whatever their lags.
func (x *index) change(at ref, before, after Item, due time.Time) {
	from, to := x.entry(before), x.entry(after)
	if from == nil && to == nil {
		return
	}
	if last := x.latest[at]; last.After(due) {
		due = last
	}
	x.latest[at] = due
	x.pending = append(x.pending, pending{due, at, to})
}

// items is what the index shows of one hash key at a time, in its order. The caller does not keep it.
func (x *index) items(hash string, now time.Time) []Item {
	x.pending = slices.DeleteFunc(x.pending, func(p pending) bool {
		if p.due.After(now) {
			return false
		}
		x.show(p.at, p.to)
		return true
	})
	if len(x.pending) == 0 {
		clear(x.latest)
	}
	return x.parts[hash]
}

// show replaces what the index shows of a row.
func (x *index) show(at ref, to Item) {
	if old := x.shown[at]; old != nil {
		hash := Text(old[x.keys.hash])
		if i, ok := slices.BinarySearchFunc(x.parts[hash], old, x.order); ok {
			x.parts[hash] = slices.Delete(x.parts[hash], i, i+1)
		}
		delete(x.shown, at)
	}
	if to == nil {
		return
	}
	hash := Text(to[x.keys.hash])
	i, _ := slices.BinarySearchFunc(x.parts[hash], to, x.order)
	x.parts[hash] = slices.Insert(x.parts[hash], i, to)
	x.shown[at] = to
}

// order is that of the index, with the table's key where its own is equal.
func (x *index) order(a, b Item) int { return ordering(x.keys.sort, x.table)(a, b) }

// ordering compares by an attribute, then by the table's key.
func ordering(by string, table schema) func(a, b Item) int {
	return func(a, b Item) int {
		return cmp.Or(compare(a[by], b[by]), compare(a[table.hash], b[table.hash]), compare(a[table.sort], b[table.sort]))
	}
}
