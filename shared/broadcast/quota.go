package broadcast

import (
	"context"
	"errors"
	"maps"
	"time"

	"lumo/shared/id"
)

// Quota is what LINE says of an account's month.
type Quota struct {
	Limited bool
	Value   int64 // only when Limited
	Used    int64
}

// Reservation holds messages of one month for a broadcast that was confirmed.
type Reservation struct {
	Messages int    `dynamodbav:"n"`
	Month    string `dynamodbav:"m"`
}

// Reservations of an account, by broadcast. They are one row, written under its version, so that no two broadcasts can reserve the same
// messages.
type Reservations struct {
	By      map[string]Reservation
	Version int64
}

// ErrReservations: somebody else changed the reservations since they were read.
var ErrReservations = errors.New("reservations changed meanwhile")

// Ledger keeps reservations.
type Ledger interface {
	Load(ctx context.Context, p id.PortalID, s id.Slot) (Reservations, error)
	// Save writes under Version; ErrReservations when somebody else was first.
	Save(ctx context.Context, p id.PortalID, s id.Slot, r Reservations) error
}

// lineZone is where LINE's months begin; LINE does not say (docs/verify-live.md).
var lineZone = time.FixedZone("UTC+9", 9*3600)

// MonthOf names LINE's month of a time.
func MonthOf(t time.Time) string { return t.In(lineZone).Format("2006-01") }

// Remaining is how many messages a broadcast may still claim in a month: quota less what is used less what others reserved. ok is
// false when there is no limit.
func (r Reservations) Remaining(q Quota, month, now, except string) (n int, limited bool) {
	if !q.Limited {
		return 0, false
	}
	left := q.Value
	if month == now { // nothing of a coming month is used yet
		left -= q.Used
	}
	return int(max(left-int64(r.Reserved(month, except)), 0)), true
}

// Reserved is how many messages of a month broadcasts hold, all but one.
func (r Reservations) Reserved(month, except string) (n int) {
	for b, other := range r.By {
		if b != except && other.Month == month {
			n += other.Messages
		}
	}
	return n
}

// Reserve adds or replaces a broadcast's reservation; n 0 gives it back. Reservations of past months go.
func (r Reservations) Reserve(broadcast string, n int, month, now string) Reservations {
	by := maps.Clone(r.By)
	if by == nil {
		by = map[string]Reservation{}
	}
	maps.DeleteFunc(by, func(_ string, o Reservation) bool { return o.Month < now })
	if n > 0 {
		by[broadcast] = Reservation{n, month}
	} else {
		delete(by, broadcast)
	}
	r.By = by
	return r
}

// reserve claims n messages for a broadcast, or tells how many there are.
func reserve(ctx context.Context, l Ledger, q Quota, p id.PortalID, b Broadcast, n int, now time.Time) (remaining int, ok bool, err error) {
	month := MonthOf(now)
	if b.SendAt > now.UnixMilli() {
		month = MonthOf(time.UnixMilli(b.SendAt))
	}
	for range 10 {
		r, err := l.Load(ctx, p, b.Slot)
		if err != nil {
			return 0, false, err
		}
		left, limited := r.Remaining(q, month, MonthOf(now), b.ID)
		if limited && n > left {
			return left, false, nil
		}
		if err = l.Save(ctx, p, b.Slot, r.Reserve(b.ID, n, month, MonthOf(now))); !errors.Is(err, ErrReservations) {
			return left - n, err == nil, err
		}
	}
	return 0, false, ErrReservations
}

// release gives a reservation back.
func release(ctx context.Context, l Ledger, p id.PortalID, b Broadcast, now time.Time) error {
	for range 10 {
		r, err := l.Load(ctx, p, b.Slot)
		if err != nil {
			return err
		}
		if _, has := r.By[b.ID]; !has {
			return nil
		}
		if err = l.Save(ctx, p, b.Slot, r.Reserve(b.ID, 0, "", MonthOf(now))); !errors.Is(err, ErrReservations) {
			return err
		}
	}
	return ErrReservations
}
