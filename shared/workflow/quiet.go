package workflow

import (
	"errors"
	"time"
)

// Quiet are the hours in which nobody is to be disturbed, in minutes of the portal's day. From equal to To means none; From after To spans
// midnight.
type Quiet struct {
	From int `json:"from" dynamodbav:"f"`
	To   int `json:"to" dynamodbav:"t"`
}

// DefaultQuiet holds until somebody chooses: 21:00 to 8:00.
var DefaultQuiet = Quiet{From: 21 * 60, To: 8 * 60}

// ErrQuiet refuses hours that are none.
var ErrQuiet = errors.New("quiet hours are times of a day")

// Check tells whether the hours can be kept.
func (q Quiet) Check() error {
	if q.From < 0 || q.To < 0 || q.From >= 24*60 || q.To >= 24*60 {
		return ErrQuiet
	}
	return nil
}

// Until is when the quiet hours end that hold at a time; ok is false when none do. The end is a time of the wall clock, so that a change to
// summer time moves it with people's mornings.
func (q Quiet) Until(at time.Time, zone *time.Location) (end time.Time, ok bool) {
	local := at.In(zone)
	minute := local.Hour()*60 + local.Minute()
	day := local.Day()
	switch {
	case q.From == q.To:
		return time.Time{}, false
	case q.From < q.To:
		ok = minute >= q.From && minute < q.To
	case minute >= q.From:
		ok, day = true, day+1
	default:
		ok = minute < q.To
	}
	if !ok {
		return time.Time{}, false
	}
	return time.Date(local.Year(), local.Month(), day, q.To/60, q.To%60, 0, 0, zone), true
}
