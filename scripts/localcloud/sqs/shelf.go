package sqs

import (
	"container/heap"
	"slices"
	"sort"
	"time"
)

// line is the shelf of a standard queue: a heap by visibility, then arrival. A message in flight or delayed is simply one whose
// time has not come.
type line []*message

func (l line) Len() int           { return len(l) }
func (l line) Less(i, j int) bool { return before(l[i], l[j]) }
func (l line) Swap(i, j int)      { l[i], l[j] = l[j], l[i]; l[i].index, l[j].index = i, j }
func (l *line) Push(x any)        { m := x.(*message); m.index = len(*l); *l = append(*l, m) }
func (l *line) Pop() any {
	last := len(*l) - 1
	m := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return m
}

func before(a, b *message) bool {
	return a.Visible.Before(b.Visible) || a.Visible.Equal(b.Visible) && a.Key < b.Key
}

func (l *line) add(m *message)    { heap.Push(l, m) }
func (l *line) remove(m *message) { heap.Remove(l, m.index) }
func (l *line) moved(m *message)  { heap.Fix(l, m.index) }

func (l *line) ready(now time.Time, n int) []*message {
	var out []*message
	for len(out) < n && len(*l) > 0 && !(*l)[0].Visible.After(now) {
		out = append(out, heap.Pop(l).(*message))
	}
	for _, m := range out {
		heap.Push(l, m)
	}
	return out
}

func (l *line) next() (time.Time, bool) {
	if len(*l) == 0 {
		return time.Time{}, false
	}
	return (*l)[0].Visible, true
}

// groups is the shelf of a FIFO queue: a heap of message groups by the time at which each can deliver.
type groups struct {
	heap  groupHeap
	named map[string]*group
}

// group holds its messages in the order of arrival. While any of them is in flight none is delivered.
type group struct {
	name     string
	messages []*message
	flown    map[*message]bool // received at least once: only these can be in flight
	at       time.Time
	index    int
}

func newGroups() *groups { return &groups{named: map[string]*group{}} }

// settle recomputes when the group can deliver: when its first message is visible and nothing is in flight.
func (g *group) settle() {
	g.at = g.messages[0].Visible
	for m := range g.flown {
		if m.Visible.After(g.at) {
			g.at = m.Visible
		}
	}
}

func (g *group) find(m *message) (int, bool) {
	i := sort.Search(len(g.messages), func(i int) bool { return g.messages[i].Key >= m.Key })
	return i, i < len(g.messages) && g.messages[i] == m
}

func (gs *groups) add(m *message) {
	g := gs.named[m.Group]
	if g == nil {
		g = &group{name: m.Group, flown: map[*message]bool{}}
		gs.named[m.Group] = g
	}
	i, _ := g.find(m)
	g.messages = slices.Insert(g.messages, i, m)
	if m.Receipt != "" {
		g.flown[m] = true
	}
	g.settle()
	if len(g.messages) == 1 {
		heap.Push(&gs.heap, g)
	} else {
		heap.Fix(&gs.heap, g.index)
	}
}

func (gs *groups) remove(m *message) {
	g := gs.named[m.Group]
	if i, ok := g.find(m); ok {
		g.messages = slices.Delete(g.messages, i, i+1)
	}
	delete(g.flown, m)
	if len(g.messages) == 0 {
		heap.Remove(&gs.heap, g.index)
		delete(gs.named, g.name)
		return
	}
	g.settle()
	heap.Fix(&gs.heap, g.index)
}

func (gs *groups) moved(m *message) {
	g := gs.named[m.Group]
	if m.Receipt != "" {
		g.flown[m] = true
	}
	g.settle()
	heap.Fix(&gs.heap, g.index)
}

// ready fills from one group before it goes on to the next, as SQS does.
func (gs *groups) ready(now time.Time, n int) []*message {
	var out []*message
	var looked []*group
	for len(out) < n && len(gs.heap) > 0 && !gs.heap[0].at.After(now) {
		g := heap.Pop(&gs.heap).(*group)
		looked = append(looked, g)
		for _, m := range g.messages {
			if len(out) == n || m.Visible.After(now) {
				break
			}
			out = append(out, m)
		}
	}
	for _, g := range looked {
		heap.Push(&gs.heap, g)
	}
	return out
}

func (gs *groups) next() (time.Time, bool) {
	if len(gs.heap) == 0 {
		return time.Time{}, false
	}
	return gs.heap[0].at, true
}

type groupHeap []*group

func (h groupHeap) Len() int { return len(h) }
func (h groupHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return a.at.Before(b.at) || a.at.Equal(b.at) && a.messages[0].Key < b.messages[0].Key
}
func (h groupHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i]; h[i].index, h[j].index = i, j }
func (h *groupHeap) Push(x any)   { g := x.(*group); g.index = len(*h); *h = append(*h, g) }
func (h *groupHeap) Pop() any {
	last := len(*h) - 1
	g := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return g
}

// dedupWindow remembers deduplication ids for five minutes from the first send, whatever becomes of the message.
type dedupWindow struct {
	entries map[string]sent
	order   []string // by expiry
}

type sent struct {
	ID    string
	Key   uint64
	Until time.Time
}

const dedupInterval = 5 * time.Minute

func (d *dedupWindow) add(id string, s sent) {
	if d.entries == nil {
		d.entries = map[string]sent{}
	}
	d.entries[id] = s
	d.order = append(d.order, id)
}

func (d *dedupWindow) find(id string, now time.Time) (sent, bool) {
	for len(d.order) > 0 && !d.entries[d.order[0]].Until.After(now) {
		delete(d.entries, d.order[0])
		d.order = d.order[1:]
	}
	s, ok := d.entries[id]
	return s, ok
}
