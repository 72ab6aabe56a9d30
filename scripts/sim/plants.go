package sim

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	contacthandle "lumo/functions/contact-sync/handle"
	listhandle "lumo/functions/list-sync/handle"
	"lumo/shared/chain"
	"lumo/shared/chat"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
)

// Plant is a bug that is put around the code under test, to prove that the checks find it.
type Plant string

const (
	Nothing Plant = ""
	// NoEcho: our own writes come back as if somebody else had made them.
	NoEcho Plant = "no echo rule"
	// ClaimFirst: the marker is cleared before HubSpot has accepted the values.
	ClaimFirst Plant = "claim before effect"
	// ConstantFlush: the flush's dedup id carries no generation.
	ConstantFlush Plant = "constant flush id"
	// NewestSeen: the next run begins at the newest change that this one saw, not at its own start.
	NewestSeen Plant = "newest-seen bookmark"
	// Unfenced: a chain's row is written without its condition.
	Unfenced Plant = "un-fenced step"
	// FreshKeys: each attempt to send a message goes out under a retry key of its own.
	FreshKeys Plant = "fresh retry keys"
	// LostFlushes is no bug: every flush message is lost but those of the minute tick, the net below, which must do all the work.
	LostFlushes Plant = "lost flush messages"
)

// Plants are the bugs that must be found.
var Plants = []Plant{NoEcho, ClaimFirst, ConstantFlush, NewestSeen, Unfenced, FreshKeys}

func (p Plant) contactSync(a *compose.App, d *contacthandle.Deps) {
	p.applier(a, d.Events.Applier)
	d.Flusher.Outbox = p.outbox(a)
	d.Line.Outbox = p.outbox(a)
	switch p {
	case NoEcho:
		d.Flusher.CRM = noEcho{d.Flusher.CRM}
	case ClaimFirst:
		d.Flusher.CRM = claimFirst{d.Flusher.CRM, a.Friends()}
	}
}

func (p Plant) applier(a *compose.App, x *contactsync.Applier) {
	x.Outbox = p.outbox(a)
	if p == NoEcho {
		x.CRM = noEcho{x.CRM}
	}
}

func (p Plant) listSync(a *compose.App, d *listhandle.Deps, seen *newestSeen) {
	p.applier(a, &d.Runs.Applier)
	d.Runs.Outbox, d.Outbox = p.outbox(a), p.outbox(a)
	tick := a.Tick()
	if p != LostFlushes {
		tick.Outbox = p.outbox(a)
	}
	if p == FreshKeys {
		tick.Chats = p.chat(a).Resume
	}
	d.Tick = tick.Run
	switch p {
	case NewestSeen:
		d.Runs.Source = watching{d.Runs.Source, seen}
		d.Runs.Schedule = bookmarking{d.Runs.Schedule, seen}
	case Unfenced:
		loose := &chain.Engine{Store: unfenced{d.Chain.Store}, Queue: d.Chain.Queue, Clock: d.Chain.Clock}
		d.Chain, d.Runs.Chain, d.Imports.Chain, tick.Chain = loose, loose, loose, loose
	}
}

// outbox announces markers.
func (p Plant) outbox(a *compose.App) contactsync.Outbox {
	o := a.Outbox()
	q, ok := o.(contactsync.QueueOutbox)
	if !ok {
		return o
	}
	switch p {
	case ConstantFlush:
		q.Gen = constant{q.Gen}
		return q
	case LostFlushes:
		q.Queue = losing{q.Queue}
		return q
	}
	return o
}

// chat sends messages.
func (p Plant) chat(a *compose.App) *chat.Service {
	s := a.Chat()
	if p == FreshKeys {
		s.Line = freshKeys{s.Line, s.NewKey}
	}
	return s
}

// -- fresh retry keys -------------------------------------------------------------------------------------------------

type freshKeys struct {
	chat.Line
	key func() string
}

func (f freshKeys) Push(ctx context.Context, p id.PortalID, k friend.Key, _ string, messages []json.RawMessage) (chat.Accepted, error) {
	return f.Line.Push(ctx, p, k, f.key(), messages)
}

// -- no echo rule -----------------------------------------------------------------------------------------------------

type noEcho struct{ contactsync.CRM }

func (n noEcho) Contacts(ctx context.Context, p id.PortalID, ids []id.ContactID, properties, history []string, u contactsync.Urgency) ([]contactsync.Contact, []id.ContactID, error) {
	found, missing, err := n.CRM.Contacts(ctx, p, ids, properties, history, u)
	for _, c := range found {
		for _, entries := range c.History {
			for i := range entries {
				entries[i].Ours = false
			}
		}
	}
	return found, missing, err
}

// -- claim before effect ----------------------------------------------------------------------------------------------

type claimFirst struct {
	contactsync.CRM
	friends friend.Store
}

func (c claimFirst) Update(ctx context.Context, p id.PortalID, in []contactsync.Update, u contactsync.Urgency) ([]contactsync.Updated, []contactsync.Refused, error) {
	for _, x := range in {
		ks, err := c.friends.ByContact(ctx, p, x.Contact)
		if err != nil {
			return nil, nil, err
		}
		for _, k := range ks {
			f, ok, err := c.friends.Get(ctx, p, k)
			if err != nil || !ok {
				return nil, nil, err
			}
			f.Due = 0
			if _, err := c.friends.Save(ctx, p, f); err != nil && !errors.Is(err, friend.ErrStale) {
				return nil, nil, err
			}
		}
	}
	return c.CRM.Update(ctx, p, in, u)
}

// -- constant flush id ------------------------------------------------------------------------------------------------

type constant struct{ contactsync.Generations }

func (c constant) Generation(ctx context.Context, p id.PortalID) (int64, bool, error) {
	_, armed, err := c.Generations.Generation(ctx, p)
	return 1, armed, err
}

type losing struct{ queue.Sender }

func (l losing) Send(ctx context.Context, q queue.Queue, ms ...queue.Message) error {
	if q == queue.Flush {
		return nil
	}
	return l.Sender.Send(ctx, q, ms...)
}

// -- newest-seen bookmark ---------------------------------------------------------------------------------------------

// newestSeen is the newest change of each portal that any run of it saw; the bug would keep it in the run's cursors.
type newestSeen struct{ at map[id.PortalID]int64 }

func (n *newestSeen) see(p id.PortalID, cs []contactsync.Contact) {
	if n.at == nil {
		n.at = map[id.PortalID]int64{}
	}
	for _, c := range cs {
		n.at[p] = max(n.at[p], c.UpdatedAt)
	}
}

type watching struct {
	syncrun.Source
	seen *newestSeen
}

func (x watching) Search(ctx context.Context, p id.PortalID, s syncrun.Search, properties []string) (syncrun.Page, error) {
	pg, err := x.Source.Search(ctx, p, s, properties)
	x.seen.see(p, pg.Contacts)
	return pg, err
}

type bookmarking struct {
	syncrun.ScheduleStore
	seen *newestSeen
}

// Save puts the bookmark where the next run begins exactly at the newest change seen: two minutes are taken off every bookmark.
func (b bookmarking) Save(ctx context.Context, p id.PortalID, s syncrun.Schedule) error {
	if newest := b.seen.at[p]; newest > 0 {
		s.Before = newest + (2 * time.Minute).Milliseconds()
	}
	return b.ScheduleStore.Save(ctx, p, s)
}

// -- un-fenced step ---------------------------------------------------------------------------------------------------

type unfenced struct{ chain.Store }

func (u unfenced) Save(ctx context.Context, r chain.Row) (chain.Row, error) {
	now, ok, err := u.Store.Load(ctx, r.Portal, r.Kind, r.ID)
	if err != nil {
		return r, err
	}
	if ok {
		r.Version = now.Version
	}
	return u.Store.Save(ctx, r)
}
