package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// set is the allowed values of a field, sorted.
type set []int

func (s set) has(n int) bool { _, ok := slices.BinarySearch(s, n); return ok }

// dayRule decides about one day.
type dayRule func(time.Time) bool

type cron struct {
	minutes, hours, months, years set
	day                           dayRule
	location                      *time.Location
}

const firstYear, lastYear = 1970, 2199

var (
	monthNames = []string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func parseCron(s string, location *time.Location) (Schedule, error) {
	f := strings.Fields(s)
	if len(f) != 6 {
		return nil, fmt.Errorf("cron takes six fields: minutes, hours, day of month, month, day of week, year")
	}
	c := cron{location: location}
	var err error
	for _, field := range []struct {
		name      string
		text      string
		low, high int
		names     []string
		into      *set
	}{
		{"minutes", f[0], 0, 59, nil, &c.minutes},
		{"hours", f[1], 0, 23, nil, &c.hours},
		{"month", f[3], 1, 12, monthNames, &c.months},
		{"year", f[5], firstYear, lastYear, nil, &c.years},
	} {
		if *field.into, err = parseSet(field.text, field.low, field.high, field.names); err != nil {
			return nil, fmt.Errorf("%s: %w", field.name, err)
		}
	}
	switch {
	case (f[2] == "?") == (f[4] == "?"):
		err = fmt.Errorf("exactly one of day of month and day of week must be ?")
	case f[4] == "?":
		c.day, err = parseDayOfMonth(f[2])
	default:
		c.day, err = parseDayOfWeek(f[4])
	}
	return c, err
}

// parseSet reads *, a, a-b, a/n, a-b/n, */n and lists of them.
func parseSet(text string, low, high int, names []string) (set, error) {
	var out set
	for part := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(part, "/")
		n := 1
		var err error
		if stepped {
			if n, err = strconv.Atoi(step); err != nil || n < 1 {
				return nil, fmt.Errorf("%q has no positive step", part)
			}
		}
		from, to, ranged := strings.Cut(span, "-")
		a, b := low, high
		if span != "*" {
			if a, err = value(from, low, high, names); err != nil {
				return nil, err
			}
			switch {
			case ranged:
				if b, err = value(to, low, high, names); err != nil {
					return nil, err
				}
			case !stepped:
				b = a
			}
		}
		if a > b {
			return nil, fmt.Errorf("%q runs backwards", part)
		}
		for v := a; v <= b; v += n {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func value(s string, low, high int, names []string) (int, error) {
	if i := slices.Index(names, strings.ToUpper(s)); i > 0 {
		return i, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%q is not between %d and %d", s, low, high)
	}
	return n, nil
}

func lastOf(t time.Time) int { return t.AddDate(0, 1, -t.Day()).Day() }

// parseDayOfMonth reads L (the last day), nW (the weekday nearest to the n-th, within the month), LW, or a set.
func parseDayOfMonth(text string) (dayRule, error) {
	switch {
	case text == "L":
		return func(t time.Time) bool { return t.Day() == lastOf(t) }, nil
	case text == "LW":
		return func(t time.Time) bool { return t.Day() == nearestWeekday(t, lastOf(t)) }, nil
	case strings.HasSuffix(text, "W"):
		n, err := value(strings.TrimSuffix(text, "W"), 1, 31, nil)
		if err != nil {
			return nil, fmt.Errorf("day of month: %w", err)
		}
		return func(t time.Time) bool { return n <= lastOf(t) && t.Day() == nearestWeekday(t, n) }, nil
	}
	s, err := parseSet(text, 1, 31, nil)
	if err != nil {
		return nil, fmt.Errorf("day of month: %w", err)
	}
	return func(t time.Time) bool { return s.has(t.Day()) }, nil
}

// nearestWeekday to day n of t's month; it does not leave the month.
func nearestWeekday(t time.Time, n int) int {
	switch t.AddDate(0, 0, n-t.Day()).Weekday() {
	case time.Saturday:
		if n == 1 {
			return 3
		}
		return n - 1
	case time.Sunday:
		if n == lastOf(t) {
			return n - 2
		}
		return n + 1
	}
	return n
}

// parseDayOfWeek reads n#k (the k-th of the month), nL (the last of the month), L (Saturday), or a set; Sunday is 1.
func parseDayOfWeek(text string) (dayRule, error) {
	number := func(t time.Time) int { return int(t.Weekday()) + 1 }
	if day, nth, ok := strings.Cut(text, "#"); ok {
		d, err := value(day, 1, 7, dayNames)
		if err != nil {
			return nil, fmt.Errorf("day of week: %w", err)
		}
		k, err := value(nth, 1, 5, nil)
		if err != nil {
			return nil, fmt.Errorf("day of week: %w", err)
		}
		return func(t time.Time) bool { return number(t) == d && (t.Day()-1)/7+1 == k }, nil
	}
	if text == "L" {
		text = "7"
	}
	if day, ok := strings.CutSuffix(text, "L"); ok {
		d, err := value(day, 1, 7, dayNames)
		if err != nil {
			return nil, fmt.Errorf("day of week: %w", err)
		}
		return func(t time.Time) bool { return number(t) == d && t.Day()+7 > lastOf(t) }, nil
	}
	s, err := parseSet(text, 1, 7, dayNames)
	if err != nil {
		return nil, fmt.Errorf("day of week: %w", err)
	}
	return func(t time.Time) bool { return s.has(number(t)) }, nil
}

// Next walks day by day. A local time that a clock change skips does not exist and is left out; one that it repeats comes once.
func (c cron) Next(after time.Time) (time.Time, bool) {
	from := after.In(c.location)
	day := time.Date(from.Year(), from.Month(), from.Day(), 12, 0, 0, 0, time.UTC) // noon UTC: a calendar date without clock changes
	for ; day.Year() <= c.years[len(c.years)-1]; day = day.AddDate(0, 0, 1) {
		if !c.years.has(day.Year()) || !c.months.has(int(day.Month())) || !c.day(day) {
			continue
		}
		for _, h := range c.hours {
			for _, m := range c.minutes {
				t := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, c.location)
				if t.After(after) && t.Hour() == h && t.Minute() == m {
					return t, true
				}
			}
		}
	}
	return time.Time{}, false
}
