package broadcast

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lumo/shared/bubble"
	"lumo/shared/portal"
)

// The life of a broadcast. Each function is one arrow; what is not here is refused:
//
//	draft -> scheduled | sending           Confirm
//	scheduled -> draft                     Cancel
//	scheduled -> sending                   Begin, at its time
//	scheduled, sending -> held             StandStill
//	held -> sending                        Resume
//	held -> canceled | partly sent         Cancel
//	sending -> sent | partly sent          Finish

// retry is when the tick looks again at a broadcast that somebody should be working on.
const retry = time.Minute

// Confirm freezes what will be sent: from now on only cancelling changes it. sendAt 0 means at once.
func (b Broadcast) Confirm(by portal.Actor, sendAt int64, now time.Time) (Broadcast, error) {
	if b.Status != Draft {
		return b, ErrStatus
	}
	if sendAt != 0 {
		if at := time.UnixMilli(sendAt); at.Before(now.Add(Lead)) || at.After(now.Add(MaxAhead)) {
			return b, ErrSchedule
		}
	}
	b = b.Clone()
	b.Status, b.SendAt, b.ConfirmedAt, b.ConfirmedBy = Sending, sendAt, now.UnixMilli(), by
	if sendAt != 0 {
		b.Status = Scheduled
	}
	b.Frozen, b.Hold, b.Progress = nil, nil, Progress{}
	b.Attempt++
	b.Due = now.Add(retry).UnixMilli()
	return b.touched(now), nil
}

// Cancel takes a scheduled broadcast back to draft, and ends a held one. What was sent stays sent.
func (b Broadcast) Cancel(now time.Time) (Broadcast, error) {
	b = b.Clone()
	switch {
	case b.Status == Scheduled:
		b.Status, b.Frozen, b.Links, b.Pictures = Draft, nil, nil, nil
	case b.Status == Held && b.Progress.Next == 0:
		b.Status, b.EndedAt = Canceled, now.UnixMilli()
	case b.Status == Held:
		b.Status, b.EndedAt = PartlySent, now.UnixMilli()
	default:
		return b, ErrStatus
	}
	b.Attempt++ // whatever works on it is fenced off
	b.Hold, b.Due = nil, 0
	return b.touched(now), nil
}

// Waits notes that audience and quota are settled and nothing happens until the time has come.
func (b Broadcast) Waits(now time.Time) Broadcast {
	b.Due = b.SendAt
	return b.touched(now)
}

// Begin starts sending a scheduled broadcast whose time has come.
func (b Broadcast) Begin(now time.Time) (Broadcast, error) {
	if b.Status != Scheduled || now.UnixMilli() < b.SendAt {
		return b, ErrStatus
	}
	b.Status = Sending
	b.Attempt++
	b.Due = now.Add(retry).UnixMilli()
	return b.touched(now), nil
}

// StandStill holds it, with what was done so far.
func (b Broadcast) StandStill(h Hold, p Progress, now time.Time) (Broadcast, error) {
	if b.Status != Sending && b.Status != Scheduled {
		return b, ErrStatus
	}
	b = b.Clone()
	b.Status, b.Hold, b.Progress, b.Due = Held, &h, p.clone(), 0
	return b.touched(now), nil
}

// Choice is what a person does about a hold (P-128).
type Choice struct {
	// First serves only so many more; 0 means everybody who is left, when there is room again.
	First int
	Order Order
}

// Resume goes on with a held broadcast.
func (b Broadcast) Resume(c Choice, now time.Time) (Broadcast, error) {
	if b.Status != Held {
		return b, ErrStatus
	}
	orders := c.Order == Oldest || c.Order == Newest || c.Order == Random
	if c.First < 0 || !orders || c.Order != Oldest && (c.First == 0 || b.Progress.Next > 0) {
		return b, ErrChoice // the order can only be chosen before the first message
	}
	b = b.Clone()
	if b.Frozen != nil {
		b.Frozen.Limit = 0
		if c.First > 0 {
			b.Frozen.Limit = b.Progress.Next + c.First
		}
		if b.Progress.Next == 0 {
			b.Frozen.Order = c.Order
		}
	}
	b.Status, b.Hold = Sending, nil
	b.Attempt++
	b.Due = now.Add(retry).UnixMilli()
	return b.touched(now), nil
}

// Finish ends it. Partly sent means that somebody of the confirmed audience did not certainly get it.
func (b Broadcast) Finish(p Progress, now time.Time) (Broadcast, error) {
	if b.Status != Sending {
		return b, ErrStatus
	}
	b = b.Clone()
	b.Status, b.Progress, b.EndedAt = Sent, p.clone(), now.UnixMilli() // Due stays until HubSpot was told
	if b.Frozen == nil || p.Sent < b.Frozen.Count {
		b.Status = PartlySent
	}
	return b.touched(now), nil
}

// Told notes that the work behind it is over.
func (b Broadcast) Told(now time.Time) Broadcast {
	b.Due = 0
	return b.touched(now)
}

// Settle closes the doubt about recipients of whom nobody knows whether they got it: as sent, or as not sent.
func (b Broadcast) Settle(sent bool, now time.Time) (Broadcast, error) {
	n := b.Progress.UnsureCount()
	if b.Status != PartlySent || n == 0 {
		return b, ErrStatus
	}
	b = b.Clone()
	unsure := b.Progress.Unsure
	b.Progress.Unsure = nil
	if sent {
		b.Progress.Sent += n
		if b.Frozen != nil && b.Progress.Sent >= b.Frozen.Count {
			b.Status = Sent
		}
	} else {
		b.Progress.Refused[CodeGivenUp] += n
		b.Progress.Missed = b.Progress.Missed.With(unsure...)
	}
	return b.touched(now), nil
}

// CodeGivenUp counts recipients whom a person wrote off.
const CodeGivenUp = "GIVEN_UP"

func (b Broadcast) touched(now time.Time) Broadcast {
	b.UpdatedAt = now.UnixMilli()
	return b
}

// Content is what a person may edit of a draft.
type Content struct {
	Name     string
	Bubbles  []bubble.Bubble
	Silent   bool
	Tracking Tracking
	Audience Audience
	Test     []string
}

// Check refuses what cannot even be kept; bubbles may still be incomplete in a draft.
func (c Content) Check() error {
	name := strings.TrimSpace(c.Name)
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxName || strings.ContainsFunc(name, unicode.IsControl) {
		return ErrName
	}
	ref := c.Audience.Ref
	ok := c.Audience.Kind == Everyone && ref == "" || (c.Audience.Kind == WithTag || c.Audience.Kind == Segment) && ref != "" && len(ref) <= 64
	switch {
	case !ok:
		return ErrAudience
	case len(c.Bubbles) > bubble.MaxBubbles:
		return bubble.Check(c.Bubbles, nil)
	case c.Tracking != Untracked && c.Tracking != Shared && c.Tracking != Personal:
		return ErrChoice
	case len(c.Test) > MaxTestUsers:
		return ErrTestUsers
	}
	return nil
}
