// Package handle feeds the contact sync from its three queues: what HubSpot told us, what LINE told us, and flushes of the outbox.
package handle

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"lumo/functions/internal/entry"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/linesync"
	"lumo/shared/linkage"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
)

// Deps is what the function works with.
type Deps struct {
	Scopes syncrun.Scopes
	// LineScopes also know portals that HubSpot refuses at the moment: what LINE tells once is not told again.
	LineScopes syncrun.Scopes
	Events     *contactsync.Events
	Flusher    *contactsync.Flusher
	Line       *linesync.Service
	Reception  *linkage.Reception
	// Word is the account's word that asks for a linking link.
	Word func(ctx context.Context, p id.PortalID, s id.Slot) (string, error)
	// Active is told that a portal is in use.
	Active  func(ctx context.Context, p id.PortalID) error
	Release func(context.Context)
}

// FromApp takes what is needed from the composition root.
func FromApp(a *compose.App) Deps {
	return Deps{Scopes: a.Scopes(), LineScopes: contactsync.Standing{Loader: a.Scopes()}, Events: a.Events(), Flusher: a.Flusher(), Line: a.LineEvents(), Reception: a.LinkReception(), Word: a.LinkWord, Active: a.Active, Release: a.Release}
}

// New makes the handlers.
func New(d Deps) entry.Handlers {
	return entry.Handlers{
		Queues:  map[queue.Queue]entry.BatchHandler{queue.HubspotEvents: d.hubspot, queue.LineEvents: d.line, queue.Flush: d.flush},
		Release: d.Release,
	}
}

// hubspot applies notes, one portal at a time: a portal that fails keeps only its own messages.
func (d Deps) hubspot(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	type work struct {
		notes []contactsync.Note
		ids   []string
	}
	portals := map[id.PortalID]*work{}
	for _, r := range batch {
		var b contactsync.Batch
		if jerr := json.Unmarshal(r.Body, &b); jerr != nil || b.Portal <= 0 {
			failed, err = append(failed, r.ID), errors.Join(err, errors.New("message is no batch of notes"))
			continue
		}
		w := portals[b.Portal]
		if w == nil {
			w = &work{}
			portals[b.Portal] = w
		}
		w.notes, w.ids = append(w.notes, b.Notes...), append(w.ids, r.ID)
	}
	for _, p := range sorted(portals) {
		w := portals[p]
		scope, serr := d.Scopes.Scope(ctx, p)
		if errors.Is(serr, contactsync.ErrNotConnected) {
			continue
		}
		if serr == nil {
			serr = d.Events.Handle(ctx, scope, w.notes, "event/"+w.ids[0])
		}
		if serr != nil {
			failed, err = append(failed, w.ids...), errors.Join(err, serr)
		}
	}
	return failed, err
}

// line applies events, one account at a time.
func (d Deps) line(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	type account struct {
		portal id.PortalID
		slot   id.Slot
	}
	type work struct {
		events  []linesync.Event
		linking []json.RawMessage
		ids     []string
	}
	accounts := map[account]*work{}
	var order []account
	for _, r := range batch {
		var e linesync.Envelope
		if jerr := json.Unmarshal(r.Body, &e); jerr != nil || e.Portal <= 0 {
			failed, err = append(failed, r.ID), errors.Join(err, errors.New("message is no envelope of LINE events"))
			continue
		}
		k := account{e.Portal, e.Slot}
		w := accounts[k]
		if w == nil {
			w = &work{}
			accounts[k], order = w, append(order, k)
		}
		for _, raw := range e.Events {
			if ev, ok := line.SyncEvent(line.ParseEvent(raw)); ok {
				w.events = append(w.events, ev)
			}
		}
		w.linking, w.ids = append(w.linking, e.Linking...), append(w.ids, r.ID)
	}
	for _, k := range order {
		scope, serr := d.LineScopes.Scope(ctx, k.portal)
		if errors.Is(serr, contactsync.ErrNotConnected) || serr == nil && !slices.Contains(scope.Slots, k.slot) {
			continue
		}
		if serr == nil {
			if serr = d.Line.Handle(ctx, scope, k.slot, accounts[k].events); serr == nil {
				serr = errors.Join(d.linking(ctx, k.portal, k.slot, accounts[k].linking), d.Active(ctx, k.portal))
			}
		}
		if serr != nil {
			failed, err = append(failed, accounts[k].ids...), errors.Join(err, serr)
		}
	}
	return failed, err
}

// linking answers who asked for a link, and links whom LINE confirmed.
func (d Deps) linking(ctx context.Context, p id.PortalID, s id.Slot, raws []json.RawMessage) error {
	if len(raws) == 0 {
		return nil
	}
	word, err := d.Word(ctx, p, s)
	if err != nil {
		return err
	}
	var events []linkage.Heard
	for _, raw := range raws {
		if h, ok := line.LinkEvent(line.ParseEvent(raw), word); ok {
			events = append(events, h)
		}
	}
	return d.Reception.Handle(ctx, p, s, events)
}

// flush drains the outbox of one portal.
func (d Deps) flush(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	for _, r := range batch {
		var m contactsync.FlushMessage
		if jerr := json.Unmarshal(r.Body, &m); jerr != nil || m.Portal <= 0 {
			failed, err = append(failed, r.ID), errors.Join(err, errors.New("message is no flush"))
			continue
		}
		scope, ferr := d.Scopes.Scope(ctx, m.Portal)
		if errors.Is(ferr, contactsync.ErrNotConnected) {
			continue
		}
		if ferr == nil {
			_, ferr = d.Flusher.Drain(ctx, scope, "flush/"+r.ID)
		}
		if ferr != nil {
			failed, err = append(failed, r.ID), errors.Join(err, ferr)
		}
	}
	return failed, err
}

func sorted[V any](m map[id.PortalID]V) []id.PortalID {
	out := make([]id.PortalID, 0, len(m))
	for p := range m {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}
