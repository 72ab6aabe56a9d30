package bench

import (
	"context"
	"fmt"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/chain"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/syncrun"
	"lumo/shared/work"
)

// writers is how many writes are under way at once in the measurement of the table itself.
const writers = 48

// tableOf: the stand-in is slow, so that among other measurements a fifth of the size must do; alone, this one takes all.
const tableOf = 5

// measureTable imports into the DynamoDB stand-in, writes back what the import owes HubSpot, and compares once more.
func measureTable(ctx context.Context, r *run) ([]Figure, error) {
	const reply = 150 * time.Millisecond
	size := r.Size
	if !r.alone {
		size /= tableOf
	}
	size = max(size, 200)
	w, err := r.world(ctx, setup{contacts: size, companies: max(size/10, 20), latency: hubspotsandbox.Latency{Millis: reply.Milliseconds()}, file: true})
	if err != nil {
		return nil, err
	}
	defer w.Close()
	spare := min(max(size, 200), 5000)
	if err := w.storeKnown(ctx, spare); err != nil {
		return nil, err
	}
	before, err := w.updates(ctx, 0, spare/2)
	if err != nil {
		return nil, err
	}
	w.table.reset()
	w.calls.reset()
	run, took, err := w.reading(ctx, w.app.Runner())
	if err != nil {
		return nil, err
	}
	imported := w.tally()
	after, err := w.updates(ctx, spare/2, spare)
	if err != nil {
		return nil, err
	}
	updates := 2 / (1/before + 1/after)
	rate, ceiling := float64(run.Counts.Read)/took.Seconds(), min(allowed(reply), updates)
	r.say("table: %d contacts in %.1f s, %.0f/s; the table takes %.0f conditional updates/s (%.0f before, %.0f after)", run.Counts.Read, took.Seconds(), rate, updates, before, after)
	out := []Figure{atLeast("import_into_table_share", rate/ceiling, "share", 0.5)}
	w.table.reset()
	more, err := w.writes(ctx, imported)
	return append(out, more...), err
}

// storeKnown stores what Lumo knows of the users, and as many more that HubSpot does not know.
func (w *world) storeKnown(ctx context.Context, spare int) error {
	for i := range spare {
		w.users = append(w.users, user(len(w.contacts)+i))
	}
	return work.Each(ctx, writers, len(w.users), func(ctx context.Context, n int) error {
		f, err := w.known(n)
		if err != nil {
			return err
		}
		f.Version = 0
		_, err = w.app.Friends().Save(ctx, hub, f)
		return err
	})
}

// updates makes of spare friends what an import makes of friends, one conditional update each, and returns how many a second there are.
func (w *world) updates(ctx context.Context, from, to int) (float64, error) {
	s, err := w.app.Scopes().Scope(ctx, hub)
	if err != nil {
		return 0, err
	}
	rows := make([]friend.Friend, 0, to-from)
	for n := from; n < to; n++ {
		f, err := w.linkedFriend(n, s)
		if err != nil {
			return 0, err
		}
		f.User, f.Company = w.users[len(w.contacts)+n], id.CompanyID(n+1)
		f.Link.Contact += 1_000_000_000
		f.MarkDirty(w.clock.Now().UnixMilli())
		rows = append(rows, f)
	}
	began := time.Now()
	err = work.Each(ctx, writers, len(rows), func(ctx context.Context, i int) error {
		_, err := w.app.Friends().Save(ctx, hub, rows[i])
		return err
	})
	took := time.Since(began)
	for _, f := range rows { // out of the way of what follows: a run looks at every linked friend whose contact HubSpot does not list
		f.Version, f.Due, f.Link = f.Version+1, 0, friend.Link{}
		if err == nil {
			_, err = w.app.Friends().Save(ctx, hub, f)
		}
	}
	return float64(len(rows)) / took.Seconds(), err
}

// tally is what was written to the table since the last reset.
type tally struct {
	contacts, book, units float64 // items of contacts, items of bookkeeping (runs, cursors, pace, flush), write units
}

func (w *world) tally() tally {
	t := tally{contacts: float64(w.table.of("F") + w.table.of("LOG") + w.table.of("FX")), units: w.table.consumed()}
	t.book = float64(w.table.total()) - t.contacts
	w.run.say("written: %v", w.table.kinds())
	w.table.reset()
	return t
}

// writes measures the items written per contact by the import, the write-back and a second run that finds everything as it was.
func (w *world) writes(ctx context.Context, imported tally) ([]Figure, error) {
	n := float64(len(w.contacts))
	began := time.Now()
	flushed, err := w.drain(ctx, w.app.Flusher())
	if err != nil {
		return nil, err
	}
	w.run.say("write-back: %.1f s", time.Since(began).Seconds())
	back := w.tally()
	if flushed.Contacts < len(w.contacts) {
		return nil, fmt.Errorf("the write-back wrote %d of %d contacts", flushed.Contacts, len(w.contacts))
	}
	var again tally
	for range 2 { // the first compare after a write-back proves what it wrote; then nothing is left to note
		if err := w.finish(ctx); err != nil {
			return nil, err
		}
		w.table.reset()
		w.calls.reset()
		run, took, err := w.reading(ctx, w.app.Runner())
		if err != nil {
			return nil, err
		}
		w.run.say("another run: %.1f s, %+v", took.Seconds(), run.Counts)
		again = w.tally()
	}
	var out []Figure
	for _, x := range []struct {
		name string
		t    tally
		n    float64
		bar  float64
	}{{"import", imported, n, 1.2}, {"writeback", back, float64(flushed.Contacts), 1.1}, {"resync_unchanged", again, n, 0}} {
		total := (x.t.contacts + x.t.book) / x.n
		if x.bar == 0 { // what a run notes of itself does not grow with what it finds
			total = x.t.contacts / x.n
		}
		out = append(out, atMost("table_"+x.name+"_items", total, "items per contact", x.bar),
			info("table_"+x.name+"_bookkeeping", x.t.book/x.n, "items per contact"), info("table_"+x.name+"_units", x.t.units/x.n, "write units per contact"))
	}
	return out, nil
}

// finish carries the run to its end.
func (w *world) finish(ctx context.Context) error {
	r := w.app.Runner()
	for range 100 {
		row, running, err := w.app.Chain().Store.Running(ctx, hub, syncrun.Kind)
		if err != nil || !running {
			return err
		}
		if err := w.step(ctx, r, chain.Message{Portal: hub, Kind: syncrun.Kind, ID: row.ID, Step: row.Step}); err != nil {
			return err
		}
		w.sent.Take(queue.SyncSteps)
		w.sent.Take(queue.Wakeups)
	}
	return errOver
}
