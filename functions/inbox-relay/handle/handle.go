// Package handle takes notes of conversations and of group chats in their order. After a failure nothing of the same conversation goes on.
package handle

import (
	"context"
	"encoding/json"
	"errors"

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
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{Relay: a.Relay(), Groups: a.Groups(), Runs: a.Running, Release: a.Release}
}

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{Queues: map[queue.Queue]entry.BatchHandler{queue.Inbox: d.notes}, Release: d.Release}
}

func (d Deps) notes(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	stopped := map[string]bool{}
	for _, r := range batch {
		if stopped[r.Group] {
			failed = append(failed, r.ID)
			continue
		}
		if nerr := d.one(ctx, r); nerr != nil {
			stopped[r.Group] = true
			failed, err = append(failed, r.ID), errors.Join(err, nerr)
		}
	}
	return failed, err
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
