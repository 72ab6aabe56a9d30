package segment

import (
	"context"
	"math"
	"time"

	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
)

// Estimate counts a segment as it is now (P-122, P-123).
type Estimate struct {
	Recipients int `json:"recipients"` // who match and did not block the account
	Linked     int `json:"linked"`     // of them
	NotLinked  int `json:"notLinked"`  // of them
	Blocked    int `json:"blocked"`    // who match and are left out
	// NotFriends are contacts of the lists that the segment asks for who meet its conditions on lists, and whom no friend of this account is
	// linked to: nobody can write to them.
	NotFriends int `json:"notFriends"`
	// Unknown are friends left out because nobody knows something about them.
	Unknown int `json:"unknown"`
	Friends int `json:"friends"` // all that were looked at
	// Approximate: somebody waits, so that not all rows, or not even all friends, were looked at; the numbers are extrapolated.
	Approximate bool  `json:"approximate"`
	MembersAsOf int64 `json:"membersAsOf,omitempty"`
	AsOf        int64 `json:"asOf"`
}

const (
	// liveRows is how many friends' rows a live estimate reads: 20 MB of them take two or three seconds.
	liveRows = 20_000
	// liveFor is how long it looks at friends; the API answers within 15 s.
	liveFor = 7 * time.Second
)

// Estimate counts a tree, kept or not. Lists that are not read yet are from now on; until then the answer are Problems that pass.
func (s *Service) Estimate(ctx context.Context, p id.PortalID, slot id.Slot, t Tree) (Estimate, error) {
	if err := t.Check(); err != nil {
		return Estimate{}, err
	}
	if err := s.account(ctx, p, slot); err != nil {
		return Estimate{}, err
	}
	ps, err := s.Problems(ctx, p, slot, t)
	if err != nil {
		return Estimate{}, err
	}
	for _, x := range ps {
		if x.Code == CodeReading {
			if err := s.Lists.Use(ctx, p, t.Lists()...); err != nil {
				return Estimate{}, err
			}
			break
		}
	}
	if len(ps) > 0 {
		return Estimate{}, ps
	}
	e, _, err := s.count(ctx, p, slot, t)
	return e, err
}

// count also returns who certainly matches.
func (s *Service) count(ctx context.Context, p id.PortalID, slot id.Slot, t Tree) (Estimate, *set, error) {
	who := &set{}
	b, err := s.bind(ctx, p, slot, t)
	if err != nil {
		return Estimate{}, who, err
	}
	e := Estimate{MembersAsOf: b.asOf, AsOf: s.Clock.Now().UnixMilli()}
	var open int
	var sure, read tally
	until := s.Clock.Now().Add(liveFor)
	w := &walk{bound: b, service: s, portal: p, slot: slot, most: liveRows, stop: func() bool { return s.Clock.Now().After(until) }, visit: func(f friendindex.Entry, v Truth, fromRow bool) {
		e.Friends++
		switch {
		case v == Open:
			open++
		case fromRow:
			read.add(f, v)
		default:
			sure.add(f, v)
		}
		if v == True {
			who.add(f.Ordinal)
		}
	}}
	part, err := w.part(ctx)
	if err != nil {
		return e, who, err
	}
	if e.Approximate = open > 0 || part != 1; open > 0 {
		read = read.times(1 + float64(open)/float64(read.friends))
	}
	sure.plus(read)
	sure = sure.times(part)
	e.Linked, e.NotLinked, e.Blocked, e.Unknown = sure.linked, sure.notLinked, sure.blocked, sure.unknown
	e.Recipients, e.NotFriends = e.Linked+e.NotLinked, b.strangers(part)
	return e, who, nil
}

// part judges friends, and tells how many times as many there are as it came to.
func (w *walk) part(ctx context.Context) (float64, error) {
	done, err := w.run(ctx, 0)
	if err != nil || done {
		return 1, err
	}
	end, err := w.service.Index.End(ctx, w.portal, w.slot)
	return max(1, float64(end)/float64(w.next)), err
}

// tally counts what was judged.
type tally struct{ friends, linked, notLinked, blocked, unknown int }

func (t *tally) add(f friendindex.Entry, v Truth) {
	t.friends++
	switch {
	case v == Doubt:
		t.unknown++
	case v != True:
	case f.Follow == friend.Blocked:
		t.blocked++
	case f.Linked():
		t.linked++
	default:
		t.notLinked++
	}
}

func (t *tally) plus(o tally) {
	t.friends, t.linked, t.notLinked = t.friends+o.friends, t.linked+o.linked, t.notLinked+o.notLinked
	t.blocked, t.unknown = t.blocked+o.blocked, t.unknown+o.unknown
}

func (t tally) times(x float64) tally {
	n := func(i int) int { return int(math.Round(float64(i) * x)) }
	return tally{n(t.friends), n(t.linked), n(t.notLinked), n(t.blocked), n(t.unknown)}
}

// strangers counts contacts without a friend: of the lists that the tree asks for, those who meet its conditions on lists, whatever the
// other conditions would say of them. part is how many times as many friends there are as were looked at.
func (b *bound) strangers(part float64) int {
	var order []id.ListID
	b.tree.each(func(c Condition) {
		if c.Type == List && c.Op == In {
			order = append(order, id.ListID(c.Ref))
		}
	})
	asked, met := 0, 0
	for i, l := range order {
		for at, contact := range b.lists[l].IDs {
			if b.in(order[:i], contact) || !b.might(contact) {
				continue
			}
			if asked++; b.lists[l].met.has(uint32(at)) {
				met++
			}
		}
	}
	return max(0, asked-int(math.Round(float64(met)*part)))
}

func (b *bound) in(lists []id.ListID, c id.ContactID) bool {
	for _, l := range lists {
		if b.lists[l].Has(c) {
			return true
		}
	}
	return false
}

// might tells whether a contact without a friend meets the conditions on lists.
func (b *bound) might(c id.ContactID) bool {
	for _, group := range b.tree.All {
		some := false
		for _, x := range group.Any {
			some = some || x.Type != List || b.lists[id.ListID(x.Ref)].Has(c) == (x.Op == In)
		}
		if !some {
			return false
		}
	}
	return true
}
