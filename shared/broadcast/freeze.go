package broadcast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/fault"
	"lumo/shared/id"
)

// freeze writes down who gets it and claims the quota, before anything is sent.
func (s *Sender) freeze(ctx context.Context, p id.PortalID, b Broadcast, st state) (chain.Next, error) {
	now := s.Clock.Now()
	ch, err := s.Line.Channel(ctx, p, b.Slot)
	if errors.Is(err, ErrNoAccount) {
		return s.stand(ctx, p, b, st, Hold{Reason: NoAccount})
	}
	if err != nil {
		return chain.Next{}, err
	}
	quota, err := ch.Quota(ctx)
	if v, _ := judge(err); v == halted || v == refused {
		return s.stand(ctx, p, b, st, holdOf(err))
	}
	if err != nil {
		return later(st), nil
	}
	if st.Fresh == 0 {
		st.Fresh = freshness(b, now)
	}
	if b, err = s.frozen(ctx, p, b, now, st.Fresh); errors.Is(err, ErrAudience) || errors.Is(err, ErrNobody) || errors.Is(err, ErrPreparing) && st.Idle >= patience {
		return s.stand(ctx, p, b, st, Hold{Reason: NoAudience, Code: problemOf(err), Message: err.Error()})
	} else if errors.Is(err, ErrPreparing) && s.Clock.Now().Sub(now) >= readingFor {
		return chain.Next{State: st}, nil // it was at work all the time, not waiting
	} else if errors.Is(err, ErrPreparing) {
		return later(st), nil
	} else if err != nil {
		return chain.Next{}, err
	}
	need := b.Frozen.Serve() - st.Progress.Next
	left, ok, err := reserve(ctx, s.Ledger, quota, p, b, need, now)
	if err != nil {
		return chain.Next{}, err
	}
	if !ok {
		return s.stand(ctx, p, b, st, Hold{Reason: NoQuota, Need: need, Remaining: left})
	}
	if b, err = s.track(ctx, p, b); err != nil {
		return chain.Next{}, err
	}
	return s.ready(ctx, p, b, st, now)
}

// ready stores the frozen broadcast; a scheduled one waits for its time, any other begins.
func (s *Sender) ready(ctx context.Context, p id.PortalID, b Broadcast, st state, now time.Time) (chain.Next, error) {
	waits := b.Status == Scheduled
	if waits {
		b = b.Waits(now)
		if err := s.Alarm.BringForward(ctx, p, time.UnixMilli(b.SendAt)); err != nil {
			return chain.Next{}, err
		}
	} else if b.StartedAt == 0 {
		b.StartedAt = now.UnixMilli()
	}
	if _, err := s.Store.Save(ctx, p, b); err != nil {
		return chain.Next{}, err
	}
	st.Phase, st.Idle = sending, 0
	if st.Progress.Since == 0 {
		st.Progress.Since = now.UnixMilli()
	}
	return chain.Next{State: st, Done: waits}, nil
}

// later repeats the step after a while.
func later(st state) chain.Next {
	st.Idle++
	return chain.Next{State: st, Delay: wait(st.Idle)}
}

const (
	// patience is how many steps wait for an audience that is being prepared, two hours or so, before a person is told.
	patience = 30
	// readingFor is how long one step reads list memberships.
	readingFor = 30 * time.Second
)

// freshness: members of lists are read again when a person confirms, and when sending begins if they are older than FreshFor (P-52).
func freshness(b Broadcast, now time.Time) int64 {
	if b.Frozen == nil {
		return b.ConfirmedAt
	}
	return now.Add(-FreshFor).UnixMilli()
}

// problemOf is the stable code of what is wrong with an audience.
func problemOf(err error) string {
	var coded interface{ ProblemCode() string }
	if errors.As(err, &coded) {
		return coded.ProblemCode()
	}
	return ""
}

// frozen makes the audience's object, or makes it again before the first message when it is old or is to be served in another order.
// The second time it only loses: those who left the audience or blocked the account since. Nobody gets in whom the person who
// confirmed did not count.
func (s *Sender) frozen(ctx context.Context, p id.PortalID, b Broadcast, now time.Time, fresh int64) (Broadcast, error) {
	name := fmt.Sprintf("broadcasts/%s/audience-%d", b.ID, b.Attempt)
	was := b.Frozen
	if was != nil && (b.Progress.Next > 0 || len(b.Progress.Done) > 0 || was.Blob == name || was.Order == Oldest && now.UnixMilli()-was.AsOf < FreshFor.Milliseconds()) {
		return b, nil
	}
	until := now.Add(readingFor)
	sel, err := s.Selector.Select(ctx, p, b.Slot, b.Audience, Freshness{Since: fresh, By: chainID(b), Stop: func() bool { return s.Clock.Now().After(until) }})
	if err != nil {
		return b, err
	}
	next := Frozen{Blob: name, AsOf: now.UnixMilli(), MembersAsOf: sel.MembersAsOf}
	var among *set
	if was != nil {
		among = &set{}
		if err := Ordinals(ctx, s.Blobs, p, *was, among.add); err != nil {
			return b, err
		}
		next.Limit, next.Order = was.Limit, was.Order
	}
	r, err := gather(ctx, s.Index, p, b.Slot, sel, among)
	if err != nil {
		return b, err
	}
	if next.Count = r.len(); next.Count == 0 {
		return b, ErrNobody
	}
	r.arrange(next.Order, b.ID)
	if err := putRoll(ctx, s.Blobs, p, name, r); err != nil {
		return b, err
	}
	b = b.Clone()
	b.Frozen = &next
	return b, nil
}

// track notes where links lead, if they are tracked.
func (s *Sender) track(ctx context.Context, p id.PortalID, b Broadcast) (Broadcast, error) {
	if b.Tracking == Untracked || b.Links != nil || b.Pictures != nil {
		return b, nil
	}
	set, err := s.Settings.Settings(ctx, p, b.Slot)
	if err != nil || !set.Tracking {
		return b, err
	}
	b.Links = bubble.Links(b.Bubbles)
	if b.Tracking == Personal {
		b.Pictures = bubble.Pictures(b.Bubbles)
	}
	return b, nil
}

// refusedByLine tells whether LINE would refuse the message whoever gets it.
func refusedByLine(err error) bool { return fault.Is(err, fault.Invalid) }
