package segment

import (
	"slices"
	"strings"
	"time"

	"lumo/shared/friendindex"
	"lumo/shared/mapping"
)

// comparing judges a value that is there; Doubt when it cannot be read as what it should be.
type comparing func(value string) Truth

// compare makes the comparison of a property's condition. now and its zone decide what a day is.
func compare(c Condition, m mapping.Mapping, now time.Time) comparing {
	canon := mapping.Canonical(m)
	switch KindOf(m) {
	case Number:
		return numbers(c)
	case Day:
		return days(c, now, func(v string) (time.Time, bool) {
			t, err := time.ParseInLocation(time.DateOnly, canon(v), now.Location())
			return t, err == nil
		})
	case Moment:
		return days(c, now, func(v string) (time.Time, bool) {
			t, err := time.Parse("2006-01-02T15:04:05.000Z", canon(v))
			return t, err == nil
		})
	case Choice:
		return texts(c, func(v string) []string { return []string{fold(canon(v))} })
	case Choices:
		return texts(c, func(v string) []string {
			var out []string
			for s := range strings.SplitSeq(canon(v), ";") {
				out = append(out, fold(s))
			}
			return out
		})
	}
	return texts(c, func(v string) []string { return []string{fold(v)} })
}

// fold compares as people read: case, width and space around do not count.
func fold(s string) string { return strings.TrimSpace(friendindex.Fold(s)) }

func texts(c Condition, read func(string) []string) comparing {
	var want []string
	for _, v := range c.Values {
		want = append(want, fold(v))
	}
	has := func(parts []string, fits func(have, want string) bool) Truth {
		return truth(slices.ContainsFunc(parts, func(p string) bool { return slices.ContainsFunc(want, func(w string) bool { return fits(p, w) }) }))
	}
	same := func(have, want string) bool { return have == want }
	return func(v string) Truth {
		parts := read(v)
		switch c.Op {
		case Is:
			return has(parts, same)
		case IsNot:
			return has(parts, same).unless()
		case Contains:
			return has(parts, strings.Contains)
		case NotContains:
			return has(parts, strings.Contains).unless()
		}
		return Doubt
	}
}

func numbers(c Condition) comparing {
	want := make([]float64, len(c.Values))
	for i, v := range c.Values {
		want[i], _ = parseNumber(v)
	}
	return func(v string) Truth {
		n, ok := parseNumber(v)
		if !ok {
			return Doubt
		}
		switch c.Op {
		case Is:
			return truth(slices.Contains(want, n))
		case IsNot:
			return truth(!slices.Contains(want, n))
		case Above:
			return truth(n > want[0])
		case Below:
			return truth(n < want[0])
		case Between:
			return truth(want[0] <= n && n <= want[1])
		}
		return Doubt
	}
}

// days compares moments by the days of the account's zone.
func days(c Condition, now time.Time, read func(string) (time.Time, bool)) comparing {
	judge := moments(c, now)
	return func(v string) Truth {
		t, ok := read(v)
		if !ok {
			return Doubt
		}
		return judge(t)
	}
}

func moments(c Condition, now time.Time) func(time.Time) Truth {
	day := func(i int) time.Time {
		t, _ := time.ParseInLocation(time.DateOnly, c.Values[i], now.Location())
		return t
	}
	within := func(from, to time.Time) func(time.Time) Truth {
		return func(t time.Time) Truth { return truth(!t.Before(from) && t.Before(to)) }
	}
	switch c.Op {
	case Is:
		var each []func(time.Time) Truth
		for i := range c.Values {
			each = append(each, within(day(i), day(i).AddDate(0, 0, 1)))
		}
		return func(t time.Time) Truth {
			return truth(slices.ContainsFunc(each, func(f func(time.Time) Truth) bool { return f(t) == True }))
		}
	case Above:
		from := day(0).AddDate(0, 0, 1)
		return func(t time.Time) Truth { return truth(!t.Before(from)) }
	case Below:
		to := day(0)
		return func(t time.Time) Truth { return truth(t.Before(to)) }
	case Between:
		return within(day(0), day(1).AddDate(0, 0, 1))
	case LastDays:
		// Today and the days before it, so that the answer is the same all day.
		y, m, d := now.Date()
		today := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
		return within(today.AddDate(0, 0, 1-c.Days), today.AddDate(0, 0, 1))
	}
	return func(time.Time) Truth { return Doubt }
}
