package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/pace"
)

// Pace keeps the lease rows of the rate limiter: one item per portal and kind, P#<portal>#pace / <kind>. Every lease is a top-level
// attribute l_<holder>, so that a holder writes its own without reading, without a condition and without disturbing others. The lease of
// message traffic is one attribute with a number, on which its writes are conditional.
type Pace struct {
	table *Table
	clock clock.Clock
}

// NewPace implements pace.Store on the table.
func NewPace(t *Table, c clock.Clock) *Pace { return &Pace{t, c} }

const (
	leasePrefix  = "l_"
	attrStop     = "stop"
	attrLevel    = "level"
	attrLevelAt  = "levelAt"
	attrMessages = "messages"
	attrCounted  = "counted"
	paceRowLives = 24 * time.Hour
)

func (s *Pace) part(p id.PortalID) partition { return s.table.Portal(p).in("pace") }

// Read implements pace.Store.
func (s *Pace) Read(ctx context.Context, p id.PortalID, k pace.Kind) (pace.Row, error) {
	var m map[string]any
	if _, err := s.part(p).get(ctx, string(k), &m); err != nil {
		return pace.Row{}, err
	}
	return paceRow(m)
}

// Write implements pace.Store with one unconditional update.
func (s *Pace) Write(ctx context.Context, p id.PortalID, k pace.Kind, c pace.Change) (pace.Row, error) {
	up := expression.Set(expression.Name(leasePrefix+c.Holder), expression.Value(leaseText(c.Lease))).
		Set(expression.Name(attrTTL), expression.Value(s.clock.Now().Add(paceRowLives).Unix()))
	for _, h := range slices.Compact(slices.Sorted(slices.Values(c.Forget))) {
		if h != c.Holder {
			up = up.Remove(expression.Name(leasePrefix + h))
		}
	}
	var m map[string]any
	if err := s.part(p).update(ctx, string(k), up, nil, &m); err != nil {
		return pace.Row{}, fmt.Errorf("write lease: %w", err)
	}
	return paceRow(m)
}

// Stop implements pace.Store. An earlier stop than the row's leaves it alone.
func (s *Pace) Stop(ctx context.Context, p id.PortalID, k pace.Kind, st pace.Stop) (pace.Row, error) {
	stop := expression.Name(attrStop)
	cond := stop.AttributeNotExists().Or(stop.LessThan(expression.Value(st.Until.UnixMilli())))
	up := expression.Set(stop, expression.Value(st.Until.UnixMilli())).
		Set(expression.Name(attrLevel), expression.Value(st.Level)).
		Set(expression.Name(attrLevelAt), expression.Value(st.LevelAt.UnixMilli())).
		Set(expression.Name(attrTTL), expression.Value(st.Until.Add(paceRowLives).Unix()))
	var m map[string]any
	err := s.part(p).update(ctx, string(k), up, &cond, &m)
	if errors.Is(err, ErrChanged) {
		return s.Read(ctx, p, k)
	}
	if err != nil {
		return pace.Row{}, fmt.Errorf("write stop: %w", err)
	}
	return paceRow(m)
}

// Count implements pace.Store.
func (s *Pace) Count(ctx context.Context, p id.PortalID, was int64, to pace.Messages) (pace.Row, bool, error) {
	counted := expression.Name(attrCounted)
	cond := counted.Equal(expression.Value(was))
	if was == 0 {
		cond = counted.AttributeNotExists()
	}
	up := expression.Set(counted, expression.Value(to.N)).
		Set(expression.Name(attrMessages), expression.Value(messagesText(to))).
		Set(expression.Name(attrTTL), expression.Value(s.clock.Now().Add(paceRowLives).Unix()))
	var m map[string]any
	err := s.part(p).update(ctx, string(pace.General), up, &cond, &m)
	if errors.Is(err, ErrChanged) {
		row, err := s.Read(ctx, p, pace.General)
		return row, false, err
	}
	if err != nil {
		return pace.Row{}, false, fmt.Errorf("count messages: %w", err)
	}
	row, err := paceRow(m)
	return row, true, err
}

// messagesText is gen/want/old/at/until/start/since/debt/load, times in microseconds; nothing where there is no lease.
func messagesText(m pace.Messages) string {
	if m.Want == 0 {
		return ""
	}
	start := int64(0)
	if !m.Start.IsZero() {
		start = m.Start.UnixMicro()
	}
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return fmt.Sprintf("%d/%d/%d/%d/%d/%d/%d/%s/%s", m.Gen, m.Want, m.Old, m.At.UnixMicro(), m.Until.UnixMicro(), start, m.Since.UnixMicro(), float(m.Debt), float(m.Load))
}

func parseMessages(n int64, s string) (pace.Messages, error) {
	m := pace.Messages{N: n}
	if s == "" {
		return m, nil
	}
	var at, until, start, since int64
	_, err := fmt.Sscanf(s, "%d/%d/%d/%d/%d/%d/%d/%g/%g", &m.Gen, &m.Want, &m.Old, &at, &until, &start, &since, &m.Debt, &m.Load)
	if err != nil {
		return pace.Messages{}, fmt.Errorf("messages %q: %w", s, err)
	}
	m.At, m.Until, m.Since = time.UnixMicro(at), time.UnixMicro(until), time.UnixMicro(since)
	if start != 0 {
		m.Start = time.UnixMicro(start)
	}
	return m, nil
}

// leaseText is want/old/at/until in milliseconds: short, because every holder reads every lease about once a second.
func leaseText(l pace.Lease) string {
	return fmt.Sprintf("%d/%d/%d/%d", l.Want, l.Old, l.At.UnixMilli(), l.Until.UnixMilli())
}

func parseLease(s string) (pace.Lease, error) {
	parts := strings.Split(s, "/")
	n := make([]int64, len(parts))
	for i, p := range parts {
		v, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return pace.Lease{}, fmt.Errorf("lease %q: %w", s, err)
		}
		n[i] = v
	}
	if len(n) != 4 {
		return pace.Lease{}, fmt.Errorf("lease %q has %d parts", s, len(n))
	}
	return pace.Lease{Want: int(n[0]), Old: int(n[1]), At: time.UnixMilli(n[2]), Until: time.UnixMilli(n[3])}, nil
}

func paceRow(m map[string]any) (pace.Row, error) {
	row := pace.Row{Leases: map[string]pace.Lease{}}
	for name, v := range m {
		h, ok := strings.CutPrefix(name, leasePrefix)
		if !ok {
			continue
		}
		text, _ := v.(string)
		l, err := parseLease(text)
		if err != nil {
			return pace.Row{}, err
		}
		row.Leases[h] = l
	}
	if ms, ok := m[attrStop].(float64); ok {
		row.Stop = time.UnixMilli(int64(ms))
	}
	if n, ok := m[attrLevel].(float64); ok {
		row.Level = int(n)
	}
	if ms, ok := m[attrLevelAt].(float64); ok {
		row.LevelAt = time.UnixMilli(int64(ms))
	}
	n, _ := m[attrCounted].(float64)
	text, _ := m[attrMessages].(string)
	var err error
	row.Messages, err = parseMessages(int64(n), text)
	return row, err
}
