package segment

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"lumo/shared/broadcast"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/mapping"
)

// The reference interpreter: one friend at a time, everything looked up in plain maps, days compared as texts. It shares nothing with the
// evaluator but the shape of trees.

// answer of a condition; nil is that nobody knows.
type answer *bool

func sure(b bool) answer { return &b }

// naive tells whether a friend matches, and whether it is in doubt.
func (w *world) naive(f friend.Friend, t Tree) (match, doubt bool) {
	match = true
	for _, g := range t.All {
		some, known := false, true
		for _, c := range g.Any {
			a := w.condition(f, c)
			if a == nil && c.OrUnknown {
				a = sure(true)
			}
			some = some || a != nil && *a
			known = known && a != nil
		}
		if !some && known {
			return false, false
		}
		doubt = doubt || !some
		match = match && some
	}
	return match, doubt
}

func (w *world) condition(f friend.Friend, c Condition) answer {
	linked := f.Link.Contact != 0
	switch c.Type {
	case Tag:
		return sure(slices.Contains(f.Tags, c.Ref) == (c.Op == Has))
	case Follow:
		known := f.Follow == friend.Following || f.Follow == friend.Blocked
		switch {
		case c.Op == Known || c.Op == Unknown:
			return sure(known == (c.Op == Known))
		case !known:
			return nil
		}
		return sure(slices.Contains(c.Values, string(f.Follow)) == (c.Op == Is))
	case Linked:
		if c.Op == By {
			return sure(linked && slices.Contains(c.Values, string(f.Link.Method)))
		}
		return sure(linked == (c.Op == Yes))
	case FriendSince:
		return w.date(c, f.FriendSince)
	case LastMessage:
		return w.date(c, f.LastMessage)
	case Property:
		if !linked {
			return w.value(c, "")
		}
		return w.value(c, w.held(f, c.Ref))
	case List:
		if !linked {
			return nil
		}
		return sure(w.lists[id.ListID(c.Ref)][f.Link.Contact] == (c.Op == In))
	case Broadcast:
		return w.cast(f, c)
	}
	panic("no such type")
}

// held is what HubSpot was seen to hold: nobody edits anything in Lumo in this world.
func (w *world) held(f friend.Friend, property string) string {
	return f.Fields[property].HubSpot.Value
}

func (w *world) date(c Condition, at int64) answer {
	if c.Op == Known || c.Op == Unknown {
		return sure((at != 0) == (c.Op == Known))
	}
	if at == 0 {
		return nil
	}
	return w.day(c, time.UnixMilli(at).In(w.zone).Format(time.DateOnly))
}

func (w *world) day(c Condition, day string) answer {
	today := w.now.In(w.zone)
	switch c.Op {
	case Is:
		return sure(slices.Contains(c.Values, day))
	case Above:
		return sure(day > c.Values[0])
	case Below:
		return sure(day < c.Values[0])
	case Between:
		return sure(c.Values[0] <= day && day <= c.Values[1])
	case LastDays:
		for i := range c.Days {
			y, m, d := today.Date()
			if time.Date(y, m, d-i, 12, 0, 0, 0, time.UTC).Format(time.DateOnly) == day {
				return sure(true)
			}
		}
		return sure(false)
	}
	panic("no such comparison")
}

func (w *world) value(c Condition, value string) answer {
	if c.Op == Known || c.Op == Unknown {
		return sure((value != "") == (c.Op == Known))
	}
	if value == "" {
		return nil
	}
	m, _ := w.mappings.Find(c.Ref)
	switch KindOf(m) {
	case Number:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil
		}
		var want []float64
		for _, v := range c.Values {
			x, _ := strconv.ParseFloat(v, 64)
			want = append(want, x)
		}
		switch c.Op {
		case Is, IsNot:
			return sure(slices.Contains(want, n) == (c.Op == Is))
		case Above:
			return sure(n > want[0])
		case Below:
			return sure(n < want[0])
		}
		return sure(want[0] <= n && n <= want[1])
	case Day:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return nil
		}
		return w.day(c, value)
	case Moment:
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return nil
		}
		return w.day(c, t.In(w.zone).Format(time.DateOnly))
	}
	return text(c, m, strings.ToLower(value))
}

func text(c Condition, m mapping.Mapping, value string) answer {
	parts := []string{value}
	if KindOf(m) == Choices {
		parts = strings.Split(value, ";")
	}
	some := false
	for _, p := range parts {
		for _, v := range c.Values {
			v = strings.ToLower(v)
			some = some || p == v || (c.Op == Contains || c.Op == NotContains) && strings.Contains(p, v)
		}
	}
	if c.Op == IsNot || c.Op == NotContains {
		return sure(!some)
	}
	return sure(some)
}

func (w *world) cast(f friend.Friend, c Condition) answer {
	b := w.casts[c.Ref]
	place := slices.Index(w.sentTo[c.Ref], f.Ordinal)
	not := append(b.Progress.Missed.Spans(), b.Progress.Unsure...)
	received := place >= 0 && place < b.Progress.Next && !slices.ContainsFunc(not, func(s broadcast.Span) bool { return s.From <= place && place < s.To })
	switch c.Op {
	case Received, NotReceived:
		return sure(received == (c.Op == Received))
	case Opened, NotOpened:
		return sure(w.opened[c.Ref][f.Ordinal] == (c.Op == Opened))
	}
	return sure(w.clicked[c.Ref][f.Ordinal] == (c.Op == Clicked))
}

// strangers counts contacts that nobody can write to.
func (w *world) strangers(t Tree) int {
	n := 0
	for c := id.ContactID(1); c <= 60; c++ {
		asked := false
		t.each(func(x Condition) {
			asked = asked || x.Type == List && x.Op == In && w.lists[id.ListID(x.Ref)][c]
		})
		friends := slices.ContainsFunc(w.friends, func(f friend.Friend) bool { return f.Link.Contact == c })
		meets := !slices.ContainsFunc(t.All, func(g Group) bool {
			return !slices.ContainsFunc(g.Any, func(x Condition) bool {
				return x.Type != List || w.lists[id.ListID(x.Ref)][c] == (x.Op == In)
			})
		})
		if asked && !friends && meets {
			n++
		}
	}
	return n
}
