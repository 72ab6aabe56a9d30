package broadcast

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// cast is the sending of one broadcast within one step.
type cast struct {
	*Sender
	p      id.PortalID
	b      Broadcast
	ch     Channel
	values func(friend.Friend) bubble.Values
	equal  Message // when everybody gets the same
	valid  bool    // LINE was asked and takes the messages
	calls  int     // left for finding whom LINE refuses
}

// send serves the audience from where it stands until the time of the step is over.
func (s *Sender) send(ctx context.Context, step *chain.Step, b Broadcast, st state) (chain.Next, error) {
	c, err := s.cast(ctx, step.Row.Portal, b)
	if errors.Is(err, ErrNoAccount) {
		return s.stand(ctx, step.Row.Portal, b, st, Hold{Reason: NoAccount})
	}
	if err != nil {
		return chain.Next{}, err
	}
	roll, err := openRoll(ctx, s.Blobs, c.p, b.Frozen.Blob, st.Progress.Next)
	if err != nil {
		return chain.Next{}, err
	}
	defer roll.Close()
	end := b.Frozen.Serve()
	queue := c.ahead(ctx, roll, end)
	defer queue.stop()
	for st.Progress.Next < end {
		if near(ctx, s.Clock) {
			return chain.Next{State: st}, nil
		}
		to, err := queue.take()
		if err != nil {
			return chain.Next{}, err
		}
		o, err := c.chunk(ctx, &st.Progress, to)
		if err != nil {
			return chain.Next{}, err
		}
		switch o.verdict {
		case halted:
			return s.stand(ctx, c.p, b, c.unsettled(st, o), c.hold(ctx, b, st, o.err))
		case again:
			return later(c.unsettled(st, o)), nil
		}
		st.Idle = 0
		if st.Progress.Next < end {
			if err := step.Save(ctx, st); err != nil {
				return chain.Next{}, err
			}
		}
	}
	return s.finish(ctx, c.p, b, st)
}

func (s *Sender) cast(ctx context.Context, p id.PortalID, b Broadcast) (*cast, error) {
	ch, err := s.Line.Channel(ctx, p, b.Slot)
	if err != nil {
		return nil, err
	}
	c := &cast{Sender: s, p: p, b: b, ch: ch}
	if b.Personalised() {
		c.values, err = s.Values.Values(ctx, p, b.Slot)
		return c, err
	}
	c.equal, err = c.message(friend.Friend{}, nil)
	return c, err
}

// message is what a friend gets. values nil is for everybody.
func (c *cast) message(f friend.Friend, values bubble.Values) (Message, error) {
	bs := c.b.Bubbles
	sent := time.UnixMilli(c.b.StartedAt) // not the present: a repetition must send the same
	if len(c.b.Links) > 0 {
		var who *uint32
		if c.b.Tracking == Personal {
			who = &f.Ordinal
		}
		bs = bubble.MapLinks(bs, func(u string) string {
			return c.Links.Link(c.p, c.b.Slot, c.b.ID, slices.Index(c.b.Links, u), who, sent)
		})
	}
	if len(c.b.Pictures) > 0 {
		bs = bubble.MapPictures(bs, func(u string) string {
			return c.Links.Picture(c.p, c.b.Slot, c.b.ID, slices.Index(c.b.Pictures, u), f.Ordinal, sent)
		})
	}
	ms, err := bubble.Messages(bs, values)
	return Message{Messages: ms, Silent: c.b.Silent, Unit: c.b.ID}, err
}

// chunk settles up to 500 recipients, all or none of them where everybody gets the same.
func (c *cast) chunk(ctx context.Context, at *Progress, to part) (outcome, error) {
	span := Span{at.Next, at.Next + len(to.users)}
	if at.Since != 0 && c.Clock.Now().Sub(time.UnixMilli(at.Since)) > keyLife {
		c.doubt(at, span)
		return outcome{}, nil
	}
	var o outcome
	if c.values != nil {
		var err error
		if o, err = c.pushes(ctx, at, to); err != nil {
			return o, err
		}
	} else {
		c.calls = maxSearch
		o = c.multicast(ctx, span, to.users)
	}
	if c.values != nil || o.verdict == settled {
		at.count(o)
	}
	if o.verdict == settled {
		at.Next, at.Done, at.Since = span.To, nil, c.Clock.Now().UnixMilli()
	}
	return o, nil
}

func (p *Progress) count(o outcome) {
	p.Sent += o.sent
	p.Missed = p.Missed.With(o.missed...)
	for code, n := range o.refused {
		if p.Refused == nil {
			p.Refused = map[string]int{}
		}
		p.Refused[code] += n
	}
}

// doubt leaves those of a span to a person who were not settled while LINE still knew their retry keys.
func (c *cast) doubt(at *Progress, span Span) {
	for n := span.From; n < span.To; n++ {
		if at.done(n - span.From) {
			continue
		}
		if last := len(at.Unsure) - 1; last >= 0 && at.Unsure[last].To == n {
			at.Unsure[last].To = n + 1
		} else {
			at.Unsure = append(at.Unsure, Span{n, n + 1})
		}
	}
	at.Next, at.Done, at.Since = span.To, nil, c.Clock.Now().UnixMilli()
}

func (p *Progress) done(i int) bool { return i/8 < len(p.Done) && p.Done[i/8]&(1<<(i%8)) != 0 }

func (p *Progress) mark(i int) {
	for i/8 >= len(p.Done) {
		p.Done = append(p.Done, 0)
	}
	p.Done[i/8] |= 1 << (i % 8)
}

// unsettled keeps the time since which the outcome is open, if any of it is in doubt.
func (c *cast) unsettled(st state, o outcome) state {
	switch {
	case o.doubt:
	case o.verdict == halted:
		st.Progress.Since = 0
	default:
		st.Progress.Since = c.Clock.Now().UnixMilli()
	}
	return st
}

// hold adds the numbers to a hold for lack of quota.
func (c *cast) hold(ctx context.Context, b Broadcast, st state, err error) Hold {
	h := holdOf(err)
	if h.Reason != NoQuota {
		return h
	}
	h.Need = b.Frozen.Serve() - st.Progress.Next
	if q, err := c.ch.Quota(ctx); err == nil && q.Limited {
		h.Remaining = int(max(q.Value-q.Used, 0))
	}
	return h
}

// maxSearch bounds the calls made to find whom of a chunk LINE refuses.
const maxSearch = 64

// multicast sends the same to all of them. LINE takes all or none, so where it refuses for somebody's sake, halves are tried.
func (c *cast) multicast(ctx context.Context, span Span, to []id.LineUserID) outcome {
	key := spanKey(c.p, c.b.ID, span)
	o := call(ctx, c.Clock, func() error { return c.ch.Multicast(ctx, key, to, c.equal) })
	if o.verdict == settled {
		o.sent = len(to)
	}
	if o.verdict != refused {
		return o
	}
	if !c.valid {
		switch err := c.ch.Validate(ctx, c.equal.Messages); {
		case refusedByLine(err):
			return outcome{verdict: halted, err: err}
		case err != nil:
			return outcome{verdict: again, err: err}
		}
		c.valid = true
	}
	if c.calls -= 2; len(to) == 1 || c.calls < 0 {
		return outcome{verdict: settled, refused: map[string]int{codeOf(o.err): len(to)}, missed: []Span{span}}
	}
	half := len(to) / 2
	sum := c.multicast(ctx, Span{span.From, span.From + half}, to[:half])
	if sum.verdict != settled {
		return sum
	}
	sum.add(c.multicast(ctx, Span{span.From + half, span.To}, to[half:]))
	return sum
}

// pushes sends each of them an own message, several at once, and marks whom it settled. Those left keep their keys.
func (c *cast) pushes(ctx context.Context, at *Progress, to part) (outcome, error) {
	var mu sync.Mutex
	sum := outcome{verdict: settled, refused: map[string]int{}}
	err := work.Each(ctx, c.Parallel, len(to.users), func(ctx context.Context, i int) error {
		mu.Lock()
		skip := at.done(i) || sum.verdict == halted
		mu.Unlock()
		if skip {
			return nil
		}
		u := to.users[i]
		o, err := c.push(ctx, u, to.rows[friend.Key{Slot: c.b.Slot, User: u}])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		switch o.verdict {
		case settled:
			sum.sent++
			at.mark(i)
		case refused:
			sum.refused[codeOf(o.err)]++
			sum.missed = append(sum.missed, Span{at.Next + i, at.Next + i + 1})
			at.mark(i)
		default:
			sum.verdict, sum.err, sum.doubt = max(sum.verdict, o.verdict), o.err, sum.doubt || o.doubt
		}
		return nil
	})
	return sum, err
}

func (c *cast) push(ctx context.Context, u id.LineUserID, f friend.Friend) (outcome, error) {
	m, err := c.message(f, c.values(f))
	if err != nil {
		return outcome{}, err
	}
	return call(ctx, c.Clock, func() error { return c.ch.Push(ctx, pushKey(c.p, c.b.ID, u), u, m) }), nil
}

// finish ends the sending. HubSpot is told in the steps that follow.
func (s *Sender) finish(ctx context.Context, p id.PortalID, b Broadcast, st state) (chain.Next, error) {
	b, err := b.Finish(st.Progress, s.Clock.Now())
	if err != nil {
		return chain.Next{}, err
	}
	if b, err = s.Store.Save(ctx, p, b); err != nil {
		return chain.Next{}, err
	}
	st.Phase = telling
	return chain.Next{State: st}, s.release(ctx, p, b)
}
