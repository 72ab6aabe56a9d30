package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/compose"
	"lumo/shared/dynamo"
	"lumo/shared/hubspot"
)

const (
	holders = 8
	// general is HubSpot's limit of calls in any span of 10 s.
	general = 110
	window  = 10 * time.Second
	// backWithin is how long the share of a killed process may be lost.
	backWithin = 20 * time.Second
	// renewals is a span in which every lease is renewed three times.
	renewals = 56 * time.Second
)

// holder is one function process: its own client and limiter, and a way to the table that ends when it is killed.
type holder struct {
	app  *compose.App
	dead atomic.Bool
	stop context.CancelFunc
	wg   sync.WaitGroup
}

var errKilled = errors.New("the process was killed")

// mortal is the table as a process sees it; only what a limiter and a token need.
type mortal struct {
	dynamo.API
	h *holder
}

func (m mortal) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if m.h.dead.Load() {
		return nil, errKilled
	}
	return m.API.GetItem(ctx, in, o...)
}

func (m mortal) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if m.h.dead.Load() {
		return nil, errKilled
	}
	return m.API.UpdateItem(ctx, in, o...)
}

// holder starts a process that calls HubSpot as often as it may.
func (w *world) holder(ctx context.Context) *holder {
	h := &holder{}
	p := w.app.Parts
	p.DynamoDB = func() dynamo.API { return mortal{w.table, h} }
	h.app = compose.New(p)
	ctx, h.stop = context.WithCancel(ctx)
	id := fmt.Sprint(w.contacts[0])
	for range 6 {
		h.wg.Go(func() {
			for ctx.Err() == nil && !h.dead.Load() {
				_, _, _ = h.app.HubSpot().Portal(hub).BatchRead(ctx, hubspot.Contacts, []string{id}, "", hubspot.Read{})
			}
		})
	}
	return h
}

// kill ends the process without a word to anybody.
func (h *holder) kill() {
	h.dead.Store(true)
	h.stop()
}

func measureLimiter(ctx context.Context, r *run) ([]Figure, error) {
	w, err := r.world(ctx, setup{contacts: 1, latency: hubspotsandbox.Latency{Millis: 100, Jitter: 300}, file: true})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	var all []*holder
	for range holders {
		all = append(all, w.holder(ctx))
	}
	defer func() {
		for _, h := range all {
			h.stop()
			h.wg.Wait()
			h.app.Release(context.WithoutCancel(ctx))
		}
	}()
	span := min(max(time.Duration(r.Size)*renewals/FullSize, 2*time.Second), renewals)
	if err := sleep(ctx, min(span/4, window)); err != nil { // until all know each other
		return nil, err
	}
	from, writes := w.clock.Now(), w.table.of("pace")
	if err := sleep(ctx, span); err != nil {
		return nil, err
	}
	until := w.clock.Now()
	writes = w.table.of("pace") - writes
	calls := w.calls.all()
	n := countBetween(calls, from, until)
	used := float64(n) / (until.Sub(from).Seconds() * general / window.Seconds())
	most := highest(calls, window)
	r.say("limiter: %d calls in %.1f s, highest in 10 s %d (HubSpot says %d), %d writes", n, until.Sub(from).Seconds(), most, w.hub.Stats(hub).Peak10s, writes)
	out := []Figure{
		atMost("limiter_highest_10s", float64(max(most, w.hub.Stats(hub).Peak10s)), "calls", general),
		atLeast("limiter_share_of_budget", used, "share", 0.9),
		atMost("limiter_writes_per_call", float64(writes)/float64(n), "writes per call", 1.0/20),
	}
	if span < renewals/10 {
		return out, nil
	}
	back, err := w.backAfterKill(ctx, all[:holders/2])
	return append(out, atMost("limiter_killed_share_back", back.Seconds(), "s", backWithin.Seconds())), err
}

// backAfterKill kills half of the processes and measures how long it takes until the others use the whole pace.
func (w *world) backAfterKill(ctx context.Context, victims []*holder) (time.Duration, error) {
	killed := w.clock.Now()
	for _, h := range victims {
		h.kill()
	}
	const look = 3 * time.Second
	if err := sleep(ctx, backWithin+2*look); err != nil {
		return 0, err
	}
	calls := w.calls.all()
	full := int(0.95 * 105 * look.Seconds() / window.Seconds())
	for d := time.Duration(0); d < backWithin+look; d += 100 * time.Millisecond {
		if countBetween(calls, killed.Add(d), killed.Add(d+look)) >= full && d > time.Second {
			return d, nil
		}
	}
	return backWithin + look, nil
}

func countBetween(calls []arrival, from, until time.Time) int {
	n := 0
	for _, c := range calls {
		if !c.at.Before(from) && c.at.Before(until) {
			n++
		}
	}
	return n
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
