package contactsync

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lumo/shared/appevent"
	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
	"lumo/shared/register"
	"lumo/shared/work"
)

// batchSize is HubSpot's limit of one batch update.
const batchSize = 100

// Flusher drains the outbox of one portal: it reads markers, writes to HubSpot in batches and clears each marker only if the row is
// still the one whose values were written.
type Flusher struct {
	Friends  friend.Store
	CRM      CRM
	Log      changelog.Log
	Failures failure.Store
	Outbox   Outbox
	Clock    clock.Clock
	Parallel int // batches in flight; 1 in the simulation
	// Gone is told of contacts that HubSpot no longer has, so that their links are followed or ended.
	Gone func(ctx context.Context, p id.PortalID, c id.ContactID) error
	// Again looks after contacts that claimed a friend whose link ended. Optional.
	Again Again
	// Happened is told what HubSpot has just learned of friends, for the timelines of their contacts. Optional; nothing depends on it.
	Happened func(ctx context.Context, p id.PortalID, es []appevent.Event)
	// Broken is told of properties that HubSpot refuses for every record (deleted, retyped, no permission).
	Broken func(ctx context.Context, p id.PortalID, f *fault.Fault) error
}

// Flushed sums up one drain.
type Flushed struct {
	Contacts int // written
	Fields   int // property values written
	Failed   int
	Waiting  int   // markers that are not due yet
	NextDue  int64 // the earliest of them
	More     bool  // the deadline came first; flush again
}

// Drain writes everything that is due. It returns early when the context's deadline comes near, and an error only when HubSpot or the
// table failed in a way that waiting may cure; every marker is then still there.
func (f *Flusher) Drain(ctx context.Context, s Scope, cause string) (Flushed, error) {
	var out Flushed
	if err := f.Outbox.NextGeneration(ctx, s.Portal); err != nil || s.WriteBack == portal.Held {
		return out, err // the markers wait for the confirmation
	}
	var last []friend.Key
	before := -1
	for {
		due, waiting, err := f.look(ctx, s, 0)
		if err != nil {
			return out, err
		}
		out.Waiting, out.NextDue = waiting.n, waiting.next
		if len(due) == 0 {
			break
		}
		if f.near(ctx) {
			out.More = true
			return out, f.Outbox.Kick(ctx, s.Portal)
		}
		if slices.Equal(due, last) && out.Contacts == before {
			// Nothing moves (a contact that cannot be read now, a row that others keep changing): look again later instead of spinning.
			return out, f.Outbox.KickAt(ctx, s.Portal, f.Clock.Now().UnixMilli()+friend.CoalesceMillis)
		}
		last, before = due, out.Contacts
		if err := f.stream(ctx, s, due, cause, &out); err != nil {
			return out, err
		}
		// What was marked from here on is announced under a new generation, so the last look cannot miss it.
		if err := f.Outbox.NextGeneration(ctx, s.Portal); err != nil {
			return out, err
		}
	}
	if out.Waiting > 0 {
		return out, f.Outbox.KickAt(ctx, s.Portal, out.NextDue)
	}
	return out, nil
}

// near tells whether too little time is left for another round of batches.
func (f *Flusher) near(ctx context.Context) bool {
	d, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && d.Sub(f.Clock.Now()) < 15*time.Second
}

type waits struct {
	n    int
	next int64
}

// look lists the markers that are due, at most a round's worth more than those under way, and how many wait.
func (f *Flusher) look(ctx context.Context, s Scope, underWay int) ([]friend.Key, waits, error) {
	limit := batchSize*max(f.Parallel, 1)*2 + underWay
	now := f.Clock.Now().UnixMilli()
	var due []friend.Key
	var w waits
	for _, slot := range s.Outboxes() {
		ms, err := f.Friends.Markers(ctx, s.Portal, slot, limit)
		if err != nil {
			return nil, w, err
		}
		for _, m := range ms {
			if m.Due <= now {
				due = append(due, m.Key)
				continue
			}
			w.n++
			if w.next == 0 || m.Due < w.next {
				w.next = m.Due
			}
		}
	}
	return due, w, nil
}

// stream writes what is due, in batches of 100 contacts. While there are whole batches more, they follow without a pause: HubSpot's pace
// would be lost for ever. What is marked again meanwhile is left to the next look.
func (f *Flusher) stream(ctx context.Context, s Scope, due []friend.Key, cause string, out *Flushed) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(f.Parallel, 1))
	taken := map[friend.Key]bool{}
	for len(due) > 0 && ctx.Err() == nil {
		rows, err := f.Friends.GetMany(ctx, s.Portal, due)
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		for keys := range slices.Chunk(due, batchSize) {
			for _, k := range keys {
				taken[k] = true
			}
			do := func() error {
				got, err := f.batch(ctx, s, keys, rows, cause)
				mu.Lock()
				defer mu.Unlock()
				out.Contacts, out.Fields, out.Failed = out.Contacts+got.Contacts, out.Fields+got.Fields, out.Failed+got.Failed
				return err
			}
			if f.Parallel > 1 {
				g.Go(do)
			} else if err := do(); err != nil {
				return err
			}
		}
		if due, err = f.following(ctx, s, taken); err != nil {
			return errors.Join(err, g.Wait())
		}
	}
	return g.Wait()
}

// following lists whole batches that are due besides those taken.
func (f *Flusher) following(ctx context.Context, s Scope, taken map[friend.Key]bool) ([]friend.Key, error) {
	if f.Parallel <= 1 || f.near(ctx) {
		return nil, nil
	}
	due, _, err := f.look(ctx, s, f.Parallel*batchSize)
	due = slices.DeleteFunc(due, func(k friend.Key) bool { return taken[k] })
	return due[:len(due)-len(due)%batchSize], err
}

// settle reads the histories without which an edit cannot be decided, and stores the outcome; told explains it.
func (f *Flusher) settle(ctx context.Context, s Scope, row friend.Friend, props []string, cause string) (friend.Friend, error) {
	cs, _, err := f.CRM.Contacts(ctx, s.Portal, []id.ContactID{row.Link.Contact}, s.Read(), append(props, s.TagProperties()...), Event)
	if err != nil || len(cs) == 0 || cs[0].ID != row.Link.Contact {
		return row, err
	}
	o := Observe(row, cs[0], s, f.Clock.Now().UnixMilli(), cause)
	if !o.Changed || len(o.NeedHistory) > 0 {
		return row, nil
	}
	saved, err := f.Friends.Save(ctx, s.Portal, o.Friend)
	if errors.Is(err, friend.ErrStale) {
		return row, nil // its marker stays; the next look sees the newer row
	}
	return saved, err
}

// write sends one batch and stores what came of it.
func (f *Flusher) write(ctx context.Context, s Scope, jobs map[id.ContactID]*job, log []changelog.Record, cause string) (Flushed, error) {
	ids := make([]id.ContactID, 0, len(jobs))
	for c := range jobs {
		ids = append(ids, c)
	}
	slices.Sort(ids)
	in := make([]Update, len(ids))
	for i, c := range ids {
		in[i] = Update{c, jobs[c].properties}
	}
	done, refused, err := f.CRM.Update(ctx, s.Portal, in, Event)
	var out Flushed
	if serr := f.accepted(ctx, s, jobs, done, log, cause, &out); serr != nil {
		return out, serr
	}
	if err != nil {
		return out, err
	}
	for _, r := range refused {
		if err := f.refused(ctx, s, jobs[r.Contact], r.Err, cause, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// accepted explains what HubSpot took, and what else there is in log, and then notes it on the friends. The other way round a crash between
// the two would lose the explanation: a row that was noted owes nothing, so nobody looks at it again.
func (f *Flusher) accepted(ctx context.Context, s Scope, jobs map[id.ContactID]*job, done []Updated, log []changelog.Record, cause string, out *Flushed) error {
	done = slices.DeleteFunc(slices.Clone(done), func(u Updated) bool { return jobs[u.Contact] == nil })
	for _, u := range done {
		j := jobs[u.Contact]
		for _, row := range j.friends {
			_, changes := Wrote(row, s, j.properties, u.UpdatedAt, f.Clock.Now().UnixMilli(), cause)
			log = append(log, changes...)
		}
	}
	if err := f.tell(ctx, s, log, cause); err != nil {
		return err
	}
	f.happened(ctx, s, jobs, done)
	var mu sync.Mutex
	return work.Each(ctx, f.Parallel, len(done), func(ctx context.Context, i int) error {
		j := jobs[done[i].Contact]
		if err := f.store(ctx, s, j.friends, j.properties, done[i].UpdatedAt, cause); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		out.Contacts++
		out.Fields += len(j.properties)
		return nil
	})
}

// happened is told before the rows are noted: a repetition after a crash tells the same again.
func (f *Flusher) happened(ctx context.Context, s Scope, jobs map[id.ContactID]*job, done []Updated) {
	if f.Happened == nil {
		return
	}
	var es []appevent.Event
	for _, u := range done {
		j := jobs[u.Contact]
		for _, row := range j.friends {
			es = append(es, appevent.Of(s.Portal, row, func(k lineproperty.Key) (string, bool) {
				p, known := s.Names[row.Slot][k]
				v, ok := j.properties[p.Name]
				return v, known && ok
			})...)
		}
	}
	if len(es) > 0 {
		f.Happened(ctx, s.Portal, es)
	}
}

// store notes on each friend what HubSpot holds now, and clears the marker if nothing else is owed.
func (f *Flusher) store(ctx context.Context, s Scope, rows []friend.Friend, written map[string]string, updatedAt int64, cause string) error {
	for _, row := range rows {
		for attempt := range 8 {
			next, changes := Wrote(row, s, written, updatedAt, f.Clock.Now().UnixMilli(), cause)
			healed := next.Failed && len(written) > 0
			if healed {
				next.Failed = false
			}
			_, err := f.Friends.Save(ctx, s.Portal, next)
			if err == nil && healed {
				err = f.Failures.Remove(ctx, s.Portal, failure.Item{Kind: failure.WriteBack, Subject: failure.SubjectOf(row.Key)}.ID())
			}
			if err == nil && attempt > 0 { // what it means for another row than the one that was told
				err = f.tell(ctx, s, slices.DeleteFunc(changes, func(r changelog.Record) bool { return r.To != register.Lumo }), cause)
			}
			if err == nil {
				break
			}
			if !errors.Is(err, friend.ErrStale) {
				return err
			}
			fresh, ok, err := f.Friends.Get(ctx, s.Portal, row.Key)
			if err != nil {
				return err
			}
			if !ok || fresh.Link.Contact != row.Link.Contact {
				break
			}
			row = fresh
		}
	}
	return nil
}
