package bench

import (
	"context"
	"fmt"

	"lumo/scripts/hubspotsandbox"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/mapping"
	"lumo/shared/syncrun"
)

// stale counts the contacts whose friend is not linked to them, or differs from what HubSpot holds now in a mapped field, or (where writing
// is allowed) in a LINE property.
func (w *world) stale(ctx context.Context) (int, error) {
	s, err := w.app.Scopes().Scope(ctx, hub)
	if err != nil {
		return 0, err
	}
	records, err := w.hub.Records(hub, "contacts")
	if err != nil {
		return 0, err
	}
	companies, err := w.companyNames()
	if err != nil {
		return 0, err
	}
	rows := make(map[string]friend.Friend, len(records))
	for after := ""; ; {
		fs, next, err := w.app.Friends().Page(ctx, hub, slot, after, 500)
		if err != nil {
			return 0, err
		}
		for _, f := range fs {
			rows[string(f.User)] = f
		}
		if after = next; after == "" {
			break
		}
	}
	n := 0
	for _, r := range records {
		why := differs(rows[r.Value("line_user_id")], r, s, companies, !w.held)
		if why == "" {
			continue
		}
		if n++; n == 1 {
			w.example = fmt.Sprintf("contact %d: %s", r.ID, why)
		}
	}
	return n, nil
}

func (w *world) companyNames() (map[int64]string, error) {
	out := map[int64]string{}
	if w.companies == 0 {
		return out, nil
	}
	all, err := w.hub.Records(hub, "companies")
	for _, c := range all {
		out[c.ID] = c.Value("name")
	}
	return out, err
}

// differs says in what a friend and its contact do not agree, "" when they do.
func differs(f friend.Friend, r hubspotsandbox.Record, s contactsync.Scope, companies map[int64]string, written bool) string {
	if f.Link.State != friend.Linked || int64(f.Link.Contact) != r.ID {
		return fmt.Sprintf("its friend is linked to %d", f.Link.Contact)
	}
	for _, m := range s.Mappings.Flowing() {
		want, canon := r.Value(m.Property), mapping.Canonical(m)
		if m.Property == mapping.Company {
			want = companies[r.PrimaryID]
		}
		o := m.Decide(f.Fields[m.Property])
		if o.WriteHubSpot && !written {
			continue
		}
		if got := o.Value; canon(got) != canon(want) {
			return fmt.Sprintf("%s is %q in HubSpot and %q here", m.Property, want, got)
		}
	}
	for key, want := range contactsync.Project(f) {
		if !written {
			break
		}
		p, ok := s.Names[slot][key]
		canon := mapping.Canonical(mapping.Mapping{Type: p.Type, FieldType: p.FieldType})
		if ok && canon(r.Value(p.Name)) != canon(want) {
			return fmt.Sprintf("%s is %q in HubSpot and should be %q", p.Name, r.Value(p.Name), want)
		}
	}
	return ""
}

// whole runs a sync to its end: reading, write-back, settling.
func (w *world) whole(ctx context.Context, q syncrun.Request) (syncrun.Run, error) {
	run, _, err := w.start(ctx, w.app.Runner(), q)
	if err != nil {
		return run, err
	}
	if _, err := w.drain(ctx, w.app.Flusher()); err != nil {
		return run, err
	}
	if err := w.finish(ctx); err != nil {
		return run, err
	}
	end, _, err := w.app.Starter().Find(ctx, hub, run.ID)
	if err == nil && end.Status != syncrun.Complete {
		err = fmt.Errorf("%w: %s %s %s", errOver, end.Status, end.Code, end.Error)
	}
	return end, err
}
