package broadcast

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// part is a chunk of the audience, with the rows of those in it where everybody gets an own message.
type part struct {
	users []id.LineUserID
	rows  map[friend.Key]friend.Friend
}

// ahead reads the next chunk while one is being sent: LINE need not wait for the table. With Parallel 1 it reads each when it is asked for,
// in the same order every time.
type ahead struct {
	*cast
	ctx    context.Context
	cancel context.CancelFunc
	roll   *reader
	end    int
	coming chan read // nil: nothing is under way
}

type read struct {
	part part
	err  error
}

func (c *cast) ahead(ctx context.Context, roll *reader, end int) *ahead {
	a := &ahead{cast: c, roll: roll, end: end}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// take returns the next chunk and begins to read the one after it.
func (a *ahead) take() (part, error) {
	var r read
	if a.coming != nil {
		r = <-a.coming
		a.coming = nil
	} else {
		r.part, r.err = a.read()
	}
	if r.err == nil && a.values != nil && a.Parallel > 1 && a.roll.next < a.end {
		coming := make(chan read, 1)
		a.coming = coming
		go func() {
			var r read
			r.part, r.err = a.read()
			coming <- r
		}()
	}
	return r.part, r.err
}

func (a *ahead) read() (part, error) {
	us, err := a.roll.take(min(ChunkSize, a.end-a.roll.next))
	if err != nil || a.values == nil {
		return part{users: us}, err
	}
	ks := make([]friend.Key, len(us))
	for i, u := range us {
		ks[i] = friend.Key{Slot: a.b.Slot, User: u}
	}
	rows, err := a.Friends.GetMany(a.ctx, a.p, ks)
	return part{us, rows}, err
}

// stop ends what is under way; the roll belongs to its caller again.
func (a *ahead) stop() {
	a.cancel()
	if a.coming != nil {
		<-a.coming
		a.coming = nil
	}
}
