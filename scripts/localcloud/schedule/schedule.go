// Package schedule evaluates the schedule expressions of EventBridge: rate(), cron() with its six fields, and at(). The rules are those
// of "Schedule types" in the EventBridge Scheduler user guide; they differ from Unix cron: the year comes last, Sunday is 1, and one of
// the two day fields must be "?".
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Schedule knows the times at which something is due.
type Schedule interface {
	// Next is the first time after t, or false when there is none any more.
	Next(t time.Time) (time.Time, bool)
}

// Parse reads an expression. The time zone "" is UTC.
func Parse(expression, zone string) (Schedule, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", expression, err)
	}
	kind, rest, ok := strings.Cut(expression, "(")
	inner, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("schedule %q: rate(...), cron(...) or at(...) is expected", expression)
	}
	var s Schedule
	switch kind {
	case "rate":
		s, err = parseRate(inner)
	case "cron":
		s, err = parseCron(inner, location)
	case "at":
		s, err = parseAt(inner, location)
	default:
		err = fmt.Errorf("%s(...) is not understood", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", expression, err)
	}
	return s, nil
}

type rate time.Duration

func parseRate(s string) (Schedule, error) {
	value, unit, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("the rate must be a positive whole number")
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	d, ok := units[strings.TrimSuffix(unit, "s")]
	if !ok || (n == 1) == strings.HasSuffix(unit, "s") {
		return nil, fmt.Errorf("the unit must be minute, hour or day, in the plural for more than one")
	}
	return rate(time.Duration(n) * d), nil
}

func (r rate) Next(t time.Time) (time.Time, bool) { return t.Add(time.Duration(r)), true }

type at time.Time

func parseAt(s string, location *time.Location) (Schedule, error) {
	t, err := time.ParseInLocation("2006-01-02T15:04:05", s, location)
	if err != nil {
		return nil, fmt.Errorf("the time must look like 2006-01-02T15:04:05")
	}
	return at(t), nil
}

func (a at) Next(t time.Time) (time.Time, bool) { return time.Time(a), time.Time(a).After(t) }
