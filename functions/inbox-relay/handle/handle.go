// Package handle takes notes of conversations and of group chats in their order. After a failure nothing of the same conversation goes on.
package handle

import (
	"context"
	"encoding/json"
	"errors"

	"golang.org/x/sync/errgroup"

	"lumo/functions/internal/entry"
	"lumo/shared/compose"
	"lumo/shared/groupchat"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/queue"
)

// Deps is what the function works with.
type Deps struct {
	Relay  *inbox.Relay
	Groups *groupchat.Service
	// Runs tells whether the portal is connected to HubSpot.
	Runs    func(ctx context.Context, p id.PortalID) (bool, error)
	Release func(context.Context)
	// Parallel is how many conversations of a batch are carried on at once; 1 is one after the other.
	Parallel int
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	d := Deps{Relay: a.Relay(), Groups: a.Groups(), Runs: a.Running, Release: a.Release, Parallel: conversations}
	if a.Sequential {
		d.Parallel = 1
	}
	return d
}

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{Queues: map[queue.Queue]entry.BatchHandler{queue.Inbox: d.notes}, Release: d.Release}
}

// conversations of one batch that are carried on at once: as many as a batch has messages.
const conversations = 10

// notes carries the conversations of a batch on side by side, each in its order.
func (d Deps) notes(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	groups := map[string][]int{}
	var names []string
	for i, r := range batch {
		if groups[r.Group] == nil {
			names = append(names, r.Group)
		}
		groups[r.Group] = append(groups[r.Group], i)
	}
	errs := make([]error, len(batch))
	panics := make(chan any, len(names))
	var all errgroup.Group
	all.SetLimit(max(d.Parallel, 1))
	for _, name := range names {
		all.Go(func() error {
			defer func() {
				if v := recover(); v != nil {
					panics <- v
				}
			}()
			d.conversation(ctx, batch, groups[name], errs)
			return nil
		})
	}
	_ = all.Wait()
	if len(panics) > 0 {
		panic(<-panics) // as if one had come after the other: nothing of the batch counts as done
	}
	for i, r := range batch {
		if errs[i] != nil {
			failed = append(failed, r.ID)
		}
	}
	return failed, errors.Join(errs...)
}

var errBehind = errors.New("behind a message that failed")

// conversation handles some records of a batch in their order. After a failure all others have failed, too.
func (d Deps) conversation(ctx context.Context, batch []entry.Record, of []int, errs []error) {
	for n, i := range of {
		if errs[i] = d.one(ctx, batch[i]); errs[i] == nil {
			continue
		}
		for _, later := range of[n+1:] {
			errs[later] = errBehind
		}
		return
	}
}

func (d Deps) one(ctx context.Context, r entry.Record) error {
	if g, ok := groupchat.NoteOf(r.Body); ok {
		return d.Groups.Handle(ctx, g)
	}
	var n inbox.Note
	if err := json.Unmarshal(r.Body, &n); err != nil || n.Portal <= 0 {
		return errors.New("message is no note of a conversation")
	}
	runs, err := d.Runs(ctx, n.Portal)
	if err != nil || !runs {
		return err
	}
	return d.Relay.Handle(ctx, n)
}
