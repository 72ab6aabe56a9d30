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
	keys    schema
	shown   map[ref]Item // key attributes only
	pending []pending
}

type pending struct {
	due time.Time
	at  ref
	to  Item // nil: not in the index
}

func newIndex(s schema) *index { return &index{keys: s, shown: map[ref]Item{}} }

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
	for _, p := range x.pending {
		if p.at == at && p.due.After(due) {
			due = p.due
		}
	}
	x.pending = append(x.pending, pending{due, at, to})
}

// items is what the index shows at a time, ordered by key.
func (x *index) items(now time.Time) []Item {
	x.pending = slices.DeleteFunc(x.pending, func(p pending) bool {
		if p.due.After(now) {
			return false
		}
		if p.to == nil {
			delete(x.shown, p.at)
		} else {
			x.shown[p.at] = p.to
		}
		return true
	})
	refs := make([]ref, 0, len(x.shown))
	for r := range x.shown {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, func(a, b ref) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.sort, b.sort)) })
	out := make([]Item, len(refs))
	for i, r := range refs {
		out[i] = x.shown[r]
	}
	return out
}
