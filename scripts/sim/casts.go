package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/broadcast"
	"lumo/shared/bubble"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/portal"
	"lumo/shared/segment"
)

// cast is a broadcast to a segment that somebody confirmed, or tried to.
type cast struct {
	t    *tenant
	a    *channel
	id   string
	text string
}

var errConditions = errors.New("the segment cannot be kept")

var castRefusals = []error{
	errConditions, segment.ErrNoTarget, segment.ErrUnknown, segment.ErrTooMany, broadcast.ErrAudience, broadcast.ErrNobody, broadcast.ErrStatus, broadcast.ErrNoAccount,
	broadcast.ErrSchedule, broadcast.ErrUnknown, contactsync.ErrNotConnected,
}

// writeToSegment makes a segment of those in a HubSpot list, or not in it, and confirms a broadcast to it: at once or for later. Lists change,
// come and go meanwhile.
func (w *World) writeToSegment() {
	t := w.tenant()
	all, err := w.hubspot.Lists(t.hub(), false)
	w.check(err)
	if len(all) == 0 {
		w.createList(t, 0)
		return
	}
	name := fmt.Sprintf("cast-%d", len(w.casts))
	c := &cast{t: t, a: w.account(t), id: broadcast.NewID(w.now, name), text: w.canaries.Plant("message text")}
	w.casts = append(w.casts, c)
	in := segment.Condition{Type: segment.List, Op: segment.In, Ref: fmt.Sprint(all[w.rng.IntN(len(all))].ID), OrUnknown: w.rng.IntN(3) == 0}
	if w.rng.IntN(4) == 0 {
		in.Op = segment.NotIn
	}
	n := segment.New{Slot: c.a.slot, Name: name, At: w.now, Seed: name, Tree: segment.Tree{All: []segment.Group{{Any: []segment.Condition{in}}}}}
	sendAt := int64(0)
	if w.rng.IntN(2) == 0 {
		sendAt = w.now.Add(time.Duration(20+w.rng.IntN(30)) * time.Minute).UnixMilli()
	}
	w.press("broadcast "+name, castRefusals, func(ctx context.Context, a *compose.App) error { return c.send(ctx, a, n, sendAt) }, func() {})
}

// send does what functions/app-api does for a connected portal; a person who got no answer does all of it again.
func (c *cast) send(ctx context.Context, a *compose.App, n segment.New, sendAt int64) error {
	p, err := a.Portals().Get(ctx, c.t.id)
	if err != nil {
		return err
	}
	if !p.State.Runs() {
		return contactsync.ErrNotConnected
	}
	g, err := a.Segments().Create(ctx, c.t.id, n)
	var problems segment.Problems
	if errors.As(err, &problems) {
		return errConditions
	}
	if err != nil {
		return err
	}
	_, err = a.Broadcasts().Create(ctx, c.t.id, broadcast.New{ID: c.id, Slot: c.a.slot, At: n.At, Content: broadcast.Content{
		Name: n.Name, Bubbles: bubble.OfText(c.text), Audience: broadcast.Audience{Kind: broadcast.Segment, Ref: g.ID},
	}})
	if err != nil {
		return err
	}
	_, err = a.Broadcasts().Confirm(ctx, c.t.id, c.a.slot, c.id, portal.Actor{UserID: 1}, sendAt)
	return err
}

// checkCasts compares broadcasts with the phones: nobody got one twice, not more got it than Lumo says, and each came to an end that people see.
func (w *World) checkCasts() {
	for _, c := range w.casts {
		b, err := dynamo.Broadcasts{Table: w.rows()}.Get(context.Background(), c.t.id, c.a.slot, c.id)
		if err != nil && !errors.Is(err, broadcast.ErrUnknown) {
			w.check(err)
		}
		got := 0
		for _, p := range w.people {
			log, err := w.line.ChatLog(c.a.ID, string(w.userID(c.a, p)))
			if err != nil {
				continue // no friend of this account
			}
			n := 0
			for _, e := range log {
				if e.From == "account" && e.Text == c.text {
					n++
				}
			}
			if got += n; n > 1 {
				w.violate("I2", "%s of portal %d came %d times to one phone", c.id, c.t.id, n)
			}
		}
		w.evaluate("I2")
		switch {
		case got > b.Progress.Sent+b.Progress.UnsureCount():
			w.violate("I2", "%s of portal %d is on %d phones, Lumo counts %d: %s", c.id, c.t.id, got, b.Progress.Sent, b.Status)
		case b.Status == broadcast.Sending && !c.t.removed, b.Status == broadcast.Scheduled && b.SendAt < w.now.Add(-10*time.Minute).UnixMilli() && !c.t.removed:
			w.violate("I1", "%s of portal %d does not end: %s, to be sent at %d", c.id, c.t.id, b.Status, b.SendAt)
		}
	}
}
