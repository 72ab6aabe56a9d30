package tracking

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// BlockSize is how many friends one row of marks covers: a bit each.
const BlockSize = 2048

// Marks are the bits of one block.
type Marks [BlockSize / 8]byte

func (m *Marks) set(n uint32) bool {
	i, bit := n%BlockSize/8, byte(1)<<(n%8)
	fresh := m[i]&bit == 0
	m[i] |= bit
	return fresh
}

// Count is how many are marked.
func (m Marks) Count() int {
	n := 0
	for _, b := range m {
		n += bits.OnesCount8(b)
	}
	return n
}

// Each visits the marked ordinals of a block.
func (m Marks) Each(block uint32, visit func(uint32)) {
	for i, b := range m {
		for j := range 8 {
			if b&(1<<j) != 0 {
				visit(block*BlockSize + uint32(i*8+j))
			}
		}
	}
}

// Store keeps what was counted of broadcasts.
type Store interface {
	// Mark adds marks to a block under a name, and returns how many are new.
	Mark(ctx context.Context, p id.PortalID, broadcast, name string, block uint32, m Marks) (fresh int, err error)
	// Add adds to counters.
	Add(ctx context.Context, p id.PortalID, broadcast string, counts map[string]int) error
	// Marked visits all blocks of all names.
	Marked(ctx context.Context, p id.PortalID, broadcast string, visit func(name string, block uint32, m Marks)) error
	Counters(ctx context.Context, p id.PortalID, broadcast string) (map[string]int, error)
}

// Users finds who an ordinal is.
type Users interface {
	Users(ctx context.Context, p id.PortalID, s id.Slot, ordinals []uint32) (map[uint32]id.LineUserID, error)
}

// Switch tells whether an account still wants to track.
type Switch interface {
	Tracks(ctx context.Context, p id.PortalID, s id.Slot) (bool, error)
}

// Counter counts events in batches.
type Counter struct {
	Store  Store
	Users  Users
	Switch Switch
	Notes  *Notes
}

// Names under which marks are kept; a link has "click." and its number.
const (
	Opened  = "open"
	Clicked = "click"
)

func clickOf(target int) string { return Clicked + "." + strconv.Itoa(target) }

type place struct {
	name  string
	block uint32
}

// Apply counts events of one account. An event that comes twice is counted once where it is personal; shared taps may be counted
// again when a batch is repeated.
func (c *Counter) Apply(ctx context.Context, p id.PortalID, s id.Slot, es []Event) error {
	on, err := c.Switch.Tracks(ctx, p, s)
	if err != nil || !on {
		return err
	}
	if err := c.note(ctx, p, s, es); err != nil {
		return err
	}
	byCast := map[string][]Event{}
	for _, e := range es {
		byCast[e.Broadcast] = append(byCast[e.Broadcast], e)
	}
	for _, name := range slices.Sorted(maps.Keys(byCast)) {
		if err := c.broadcast(ctx, p, name, byCast[name]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Counter) broadcast(ctx context.Context, p id.PortalID, name string, es []Event) error {
	marks, counts := map[place]*Marks{}, map[string]int{}
	hours := map[string]int64{}
	put := func(name string, n uint32, at int64) {
		k := place{name, n / BlockSize}
		if marks[k] == nil {
			marks[k] = &Marks{}
		}
		marks[k].set(n)
		hours[name] = max(hours[name], at)
	}
	for _, e := range es {
		if !e.Personal {
			counts["taps."+strconv.Itoa(e.Target)]++
			counts[hour("tap", e.At)]++
			continue
		}
		put(Opened, e.Ordinal, e.At) // who clicks has opened
		if e.Kind == Click {
			put(Clicked, e.Ordinal, e.At)
			put(clickOf(e.Target), e.Ordinal, e.At)
		}
	}
	keys := slices.SortedFunc(maps.Keys(marks), func(a, b place) int {
		if a.name != b.name {
			return strings.Compare(a.name, b.name)
		}
		return int(a.block) - int(b.block)
	})
	for _, k := range keys {
		fresh, err := c.Store.Mark(ctx, p, name, k.name, k.block, *marks[k])
		if err != nil {
			return err
		}
		if fresh > 0 && (k.name == Opened || k.name == Clicked) {
			counts[hour(k.name, hours[k.name])] += fresh
		}
	}
	if len(counts) == 0 {
		return nil
	}
	return c.Store.Add(ctx, p, name, counts)
}

// hour names the counter of an hour, for charts.
func hour(what string, at int64) string { return fmt.Sprintf("%s@%d", what, at/3_600_000) }

// note lets friends' rows, and so HubSpot, know of their last open and click.
func (c *Counter) note(ctx context.Context, p id.PortalID, s id.Slot, es []Event) error {
	last := map[uint32]Seen{}
	for _, e := range es {
		if !e.Personal {
			continue
		}
		v := last[e.Ordinal]
		v.Opened = max(v.Opened, e.At)
		if e.Kind == Click {
			v.Clicked = max(v.Clicked, e.At)
		}
		last[e.Ordinal] = v
	}
	if len(last) == 0 {
		return nil
	}
	users, err := c.Users.Users(ctx, p, s, slices.Sorted(maps.Keys(last)))
	if err != nil {
		return err
	}
	seen := map[friend.Key]Seen{}
	for n, u := range users {
		seen[friend.Key{Slot: s, User: u}] = last[n]
	}
	return c.Notes.Saw(ctx, p, seen)
}

// Hour is one point of a chart.
type Hour struct {
	At      int64 `json:"at"` // Unix ms
	Opened  int   `json:"opened"`
	Clicked int   `json:"clicked"`
	Taps    int   `json:"taps"`
}

// LinkResult is what became of one link.
type LinkResult struct {
	URL     string `json:"url"`
	Clicked int    `json:"clicked"` // friends, in personal messages
	Taps    int    `json:"taps"`    // of a shared link
}

// Result sums up what was measured of a broadcast.
type Result struct {
	Opened  int          `json:"opened"` // probably
	Clicked int          `json:"clicked"`
	Taps    int          `json:"taps"`
	Links   []LinkResult `json:"links"`
	Hours   []Hour       `json:"hours"`
}

// Read sums up.
func (c *Counter) Read(ctx context.Context, p id.PortalID, broadcast string, links []string) (Result, error) {
	r := Result{Links: make([]LinkResult, len(links)), Hours: []Hour{}}
	for i, u := range links {
		r.Links[i].URL = u
	}
	err := c.Store.Marked(ctx, p, broadcast, func(name string, _ uint32, m Marks) {
		switch n, isLink := strings.CutPrefix(name, Clicked+"."); {
		case name == Opened:
			r.Opened += m.Count()
		case name == Clicked:
			r.Clicked += m.Count()
		case isLink:
			if i, err := strconv.Atoi(n); err == nil && i < len(links) {
				r.Links[i].Clicked += m.Count()
			}
		}
	})
	if err != nil {
		return r, err
	}
	counts, err := c.Store.Counters(ctx, p, broadcast)
	r.count(counts)
	return r, err
}

func (r *Result) count(counts map[string]int) {
	hours := map[int64]*Hour{}
	for name, n := range counts {
		if link, ok := strings.CutPrefix(name, "taps."); ok {
			if i, err := strconv.Atoi(link); err == nil && i < len(r.Links) {
				r.Links[i].Taps += n
				r.Taps += n
			}
			continue
		}
		what, at, _ := strings.Cut(name, "@")
		h, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			continue
		}
		if hours[h] == nil {
			hours[h] = &Hour{At: h * 3_600_000}
		}
		switch what {
		case Opened:
			hours[h].Opened += n
		case Clicked:
			hours[h].Clicked += n
		case "tap":
			hours[h].Taps += n
		}
	}
	for _, h := range slices.Sorted(maps.Keys(hours)) {
		r.Hours = append(r.Hours, *hours[h])
	}
}
