package bench

import (
	"context"
	"fmt"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/register"
)

// writesAllowed is how many contacts a second HubSpot lets an app update: 110 calls in 10 s for 100 contacts each.
const writesAllowed = 1100

// linkedFriend is the n-th user after everything was in sync: HubSpot holds what the sandbox's contact holds.
func (w *world) linkedFriend(n int, s contactsync.Scope) (friend.Friend, error) {
	f, err := w.known(n)
	if err != nil {
		return f, err
	}
	f.Fields = map[string]register.Register{}
	r, err := w.hub.Record(hub, "contacts", w.contacts[n])
	if err != nil {
		return f, err
	}
	at := r.Updated.UnixMilli()
	f.ClaimBy(id.ContactID(w.contacts[n]), friend.Proof{Method: friend.ImportedID, At: start.UnixMilli(), Actor: "bench"})
	for _, m := range s.Mappings.Flowing() {
		v, set := r.Values[m.Property]
		if set {
			f.Fields[m.Property], _ = register.Register{}.ObserveValue(&v, at, func(s string) string { return s })
		}
	}
	f.Shown, f.ShownAsOf = map[string]string{}, at
	for key, v := range contactsync.Project(f) {
		f.Shown[string(key)] = v
	}
	return f, nil
}

// drain flushes until nothing is left, one invocation of the function after the other.
func (w *world) drain(ctx context.Context, f *contactsync.Flusher) (contactsync.Flushed, error) {
	var total contactsync.Flushed
	for n := 0; ; n++ {
		var out contactsync.Flushed
		err := w.delivered(func() (err error) { out, err = w.flush(ctx, f, n); return err })
		total.Contacts, total.Fields, total.Failed = total.Contacts+out.Contacts, total.Fields+out.Fields, total.Failed+out.Failed
		if err != nil || !out.More {
			return total, err
		}
		w.sent.Take(queue.Flush)
	}
}

func (w *world) flush(ctx context.Context, f *contactsync.Flusher, n int) (contactsync.Flushed, error) {
	ctx, end := w.invocation(ctx)
	defer end()
	s, err := w.app.Scopes().Scope(ctx, hub)
	if err != nil {
		return contactsync.Flushed{}, err
	}
	return f.Drain(ctx, s, fmt.Sprintf("flush/%d", n))
}

func measureWriteBack(ctx context.Context, r *run) ([]Figure, error) {
	w, err := r.world(ctx, setup{contacts: r.Size, latency: hubspotsandbox.Latency{Millis: 150}})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	s, err := w.app.Scopes().Scope(ctx, hub)
	if err != nil {
		return nil, err
	}
	store := newKeeper()
	now := w.clock.Now().UnixMilli()
	for n := range w.users {
		f, err := w.linkedFriend(n, s)
		if err != nil {
			return nil, err
		}
		for _, property := range []string{"firstname", "lastname", "phone"} {
			m, _ := s.Mappings.Find(property)
			f, _ = contactsync.EditField(f, s, m, fmt.Sprintf("+8190%08d", n), now, "edit")
		}
		store.put(f)
	}
	f := w.app.Flusher()
	f.Friends = store
	out, err := w.drain(ctx, f)
	if err != nil {
		return nil, err
	}
	calls := w.calls.all()
	took := calls[len(calls)-1].at.Sub(calls[0].at)
	limited := 0
	for _, c := range calls {
		if c.status == 429 {
			limited++
		}
	}
	rate := 100 * float64(len(calls)-1) / took.Seconds()
	r.say("write-back: %d contacts, %d fields in %.1f s, %.0f/s; calls %v, highest in 10 s %d; longest pauses %v", out.Contacts, out.Fields, took.Seconds(), rate, kinds(calls), highest(calls, 10*time.Second), pauses(calls, 8))
	return []Figure{
		atLeast("writeback_share_of_api", rate/writesAllowed, "share", 0.95),
		atMost("writeback_429", float64(limited)/float64(len(calls)), "share of calls", 0.005),
	}, nil
}
