package segment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lumo/shared/friend"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/tracking"
)

// bound is a tree with everything that it rests on, ready to judge friends.
type bound struct {
	plan
	lists map[id.ListID]*membership
	asOf  int64 // of the oldest of the lists
	tree  Tree
}

// membership is a list, and which of its members a friend was met of.
type membership struct {
	hubspotlist.Members
	met set // by position
}

// bind loads what a tree rests on. Problems are an error: a condition whose ground is gone is neither true nor false.
func (s *Service) bind(ctx context.Context, p id.PortalID, slot id.Slot, t Tree) (*bound, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	g, err := s.ground(ctx, p, slot, t)
	if err != nil {
		return nil, err
	}
	if ps := g.problems(t); len(ps) > 0 {
		return nil, ps
	}
	zone, err := s.Zone(ctx, p)
	if err != nil {
		return nil, err
	}
	b := &bound{lists: map[id.ListID]*membership{}, tree: t}
	for _, l := range t.Lists() {
		m, err := s.Lists.Members(ctx, p, l)
		if err != nil {
			return nil, s.gone(t, l, err)
		}
		b.lists[l] = &membership{Members: m}
		if b.asOf == 0 || m.AsOf < b.asOf {
			b.asOf = m.AsOf
		}
	}
	known := map[string]func(*subject) bool{}
	for _, group := range t.All {
		var tests []test
		for _, c := range group.Any {
			one, err := s.test(ctx, p, b, g, c, s.Clock.Now().In(zone), known)
			if err != nil {
				return nil, err
			}
			if c.OrUnknown {
				one = orUnknown(one)
			}
			tests = append(tests, one)
		}
		b.plan = append(b.plan, costly{tests, group.cost()})
	}
	slices.SortStableFunc(b.plan, func(x, y costly) int { return x.cost - y.cost })
	return b, nil
}

// cost orders groups, so that what is cheap to tell is told first: a search in a list of a million takes longer than a look at the tags.
func (g Group) cost() int {
	most := 0
	for _, c := range g.Any {
		switch c.Type {
		case Broadcast:
			most = max(most, 1)
		case List:
			most = max(most, 2)
		case Property, LastMessage:
			most = max(most, 3)
		}
	}
	return most
}

// gone explains a list that became unusable since the index was looked at.
func (s *Service) gone(t Tree, l id.ListID, err error) error {
	code := CodeList
	switch {
	case errors.Is(err, hubspotlist.ErrUnread):
		code = CodeReading
	case errors.Is(err, hubspotlist.ErrRefused), errors.Is(err, hubspotlist.ErrTooLarge):
		code = CodeUnreadable
	case !errors.Is(err, hubspotlist.ErrDeleted) && !errors.Is(err, hubspotlist.ErrUnknown):
		return err
	}
	k := &checker{}
	for i, group := range t.All {
		for j, c := range group.Any {
			if c.Type == List && c.Ref == string(l) {
				k.add(code, place(i, j)+".ref", "%s.", err)
			}
		}
	}
	return k.out
}

func (s *Service) test(ctx context.Context, p id.PortalID, b *bound, g ground, c Condition, now time.Time, known map[string]func(*subject) bool) (test, error) {
	switch c.Type {
	case Tag:
		return func(x *subject) Truth { return truth(slices.Contains(x.entry.Tags, c.Ref) == (c.Op == Has)) }, nil
	case Follow:
		return follow(c), nil
	case Linked:
		return linked(c), nil
	case FriendSince:
		return dated(c, now, func(x *subject) (int64, bool) { return x.entry.Since, x.entry.Dated }), nil
	case LastMessage:
		return dated(c, now, func(x *subject) (int64, bool) {
			if x.row == nil {
				return 0, false
			}
			return x.row.LastMessage, true
		}), nil
	case Property:
		m, _ := g.mappings.Find(c.Ref)
		return property(c, m, now), nil
	case List:
		return member(c, b.lists[id.ListID(c.Ref)]), nil
	case Broadcast:
		has, err := s.reached(ctx, p, g.casts[c.Ref], c.Op, known)
		return func(x *subject) Truth {
			return truth(has(x) == (c.Op == Received || c.Op == Opened || c.Op == Clicked))
		}, err
	}
	return nil, fmt.Errorf("segment condition of type %q", c.Type) // refused by Check
}

func follow(c Condition) test {
	var any []friend.FollowStatus
	for _, v := range c.Values {
		any = append(any, friend.FollowStatus(v))
	}
	return func(x *subject) Truth {
		is := x.entry.Follow
		known := is == friend.Following || is == friend.Blocked
		switch c.Op {
		case Known:
			return truth(known)
		case Unknown:
			return truth(!known)
		}
		if !known {
			return Doubt
		}
		return truth(slices.Contains(any, is) == (c.Op == Is))
	}
}

func linked(c Condition) test {
	return func(x *subject) Truth {
		switch {
		case c.Op == Yes:
			return truth(x.entry.Linked())
		case c.Op == No:
			return truth(!x.entry.Linked())
		case !x.entry.Linked():
			return False
		case x.row == nil:
			return Open
		}
		return truth(slices.Contains(c.Values, string(x.row.Link.Method)))
	}
}

// dated judges a moment; of tells it, if it can without the row.
func dated(c Condition, now time.Time, of func(*subject) (at int64, ok bool)) test {
	var judge func(time.Time) Truth
	if c.Op != Known && c.Op != Unknown {
		judge = moments(c, now)
	}
	return func(x *subject) Truth {
		at, ok := of(x)
		switch {
		case !ok:
			return Open
		case judge == nil:
			return truth((at != 0) == (c.Op == Known))
		case at == 0:
			return Doubt
		}
		return judge(time.UnixMilli(at))
	}
}

// property judges the value that the mapping's rule decides, as the card shows it. Of a friend without a contact it is unknown.
func property(c Condition, m mapping.Mapping, now time.Time) test {
	var judge comparing
	if c.Op != Known && c.Op != Unknown {
		judge = compare(c, m, now)
	}
	return func(x *subject) Truth {
		value := ""
		switch {
		case !x.entry.Linked():
		case x.row == nil:
			return Open
		default:
			value = m.Decide(x.row.Fields[m.Property]).Value
		}
		switch {
		case judge == nil:
			return truth((value != "") == (c.Op == Known))
		case value == "":
			return Doubt
		}
		return judge(value)
	}
}

// member asks a list for the friend's contact. Nobody knows of a friend without one.
func member(c Condition, list *membership) test {
	return func(x *subject) Truth {
		if !x.entry.Linked() {
			return Doubt
		}
		return truth(list.Has(x.entry.Contact) == (c.Op == In))
	}
}

// marks of an opening or a click, by what the condition asks.
func mark(o Op) string {
	if o == Opened || o == NotOpened {
		return tracking.Opened
	}
	return tracking.Clicked
}
