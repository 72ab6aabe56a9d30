package hubspotsandbox

import (
	"container/heap"
	"math/bits"
)

// bitset has one bit per record, at the record's place in objects.Recs.
type bitset []uint64

func (b *bitset) set(i int, on bool) {
	w := i / 64
	for len(*b) <= w {
		if !on {
			return
		}
		*b = append(*b, 0)
	}
	if on {
		(*b)[w] |= 1 << (i % 64)
	} else {
		(*b)[w] &^= 1 << (i % 64)
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

func (b bitset) clone(words int) bitset {
	out := make(bitset, words)
	copy(out, b)
	return out
}

// and keeps the bits that are in c too.
func (b bitset) and(c bitset) {
	for i := range b {
		if i < len(c) {
			b[i] &= c[i]
		} else {
			b[i] = 0
		}
	}
}

func (b bitset) andNot(c bitset) {
	for i := range min(len(b), len(c)) {
		b[i] &^= c[i]
	}
}

func (b bitset) or(c bitset) {
	for i := range c {
		b[i] |= c[i]
	}
}

// keepRange clears every bit outside from..to-1.
func (b bitset) keepRange(from, to int) {
	for i := range b {
		lo, hi := i*64, i*64+64
		switch {
		case hi <= from || lo >= to:
			b[i] = 0
		default:
			if from > lo {
				b[i] &= ^uint64(0) << (from - lo)
			}
			if to < hi {
				b[i] &= ^uint64(0) >> (hi - to)
			}
		}
	}
}

// each calls f for every bit in ascending order until f returns false.
func (b bitset) each(f func(i int) bool) {
	for w, word := range b {
		for word != 0 {
			i := w*64 + bits.TrailingZeros64(word)
			if !f(i) {
				return
			}
			word &= word - 1
		}
	}
}

func (b bitset) eachDown(f func(i int) bool) {
	for w := len(b) - 1; w >= 0; w-- {
		word := b[w]
		for word != 0 {
			i := w*64 + 63 - bits.LeadingZeros64(word)
			if !f(i) {
				return
			}
			word &^= 1 << (i % 64)
		}
	}
}

// index is what search sees: per property the records that have a value, and the records that are not archived. It may lag behind
// the records, each by its own delay.
type index struct {
	has   []bitset
	live  bitset
	queue updates
}

// update is an index change on its way.
type update struct {
	due int64
	seq int
	ord int
	to  view
}

type updates []update

func (u updates) Len() int { return len(u) }
func (u updates) Less(i, j int) bool {
	return u[i].due < u[j].due || u[i].due == u[j].due && u[i].seq < u[j].seq
}
func (u updates) Swap(i, j int) { u[i], u[j] = u[j], u[i] }
func (u *updates) Push(x any)   { *u = append(*u, x.(update)) }
func (u *updates) Pop() any {
	old := *u
	x := old[len(old)-1]
	*u = old[:len(old)-1]
	return x
}

// changed tells the index that a record moved from one state to another; lag 0 shows it at once.
func (o *objects) changed(r *record, before view, now, lag int64, seq int) {
	ord := o.ord(r.ID)
	if lag <= 0 && r.pending == 0 {
		o.index.show(ord, before, r.live())
		return
	}
	if r.pending == 0 {
		r.shown = &before
	}
	r.pending++
	r.lastDue = max(now+lag, r.lastDue)
	heap.Push(&o.index.queue, update{r.lastDue, seq, ord, r.live()})
}

// catchUp applies the index updates that are due.
func (o *objects) catchUp(now int64) {
	for len(o.index.queue) > 0 && o.index.queue[0].due <= now {
		u := heap.Pop(&o.index.queue).(update)
		r := o.Recs[u.ord]
		o.index.show(u.ord, r.indexed(), u.to)
		r.pending--
		if r.pending == 0 {
			r.shown = nil
		} else {
			r.shown = &u.to
		}
	}
}

func (x *index) show(ord int, before, after view) {
	for _, v := range before.vers {
		x.property(v.Prop).set(ord, false)
	}
	if after.live {
		for i, v := range after.vers {
			if last := i+1 == len(after.vers) || after.vers[i+1].Prop != v.Prop; last && v.Value != "" {
				x.property(v.Prop).set(ord, true)
			}
		}
	}
	x.live.set(ord, after.live)
}

func (x *index) property(p uint16) *bitset {
	for len(x.has) <= int(p) {
		x.has = append(x.has, nil)
	}
	return &x.has[p]
}

// rebuild makes the index show the live state of every record.
func (o *objects) rebuild() {
	o.index = index{}
	for i, r := range o.Recs {
		r.shown, r.pending, r.lastDue = nil, 0, 0
		o.index.show(i, view{}, r.live())
	}
}
