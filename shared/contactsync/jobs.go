package contactsync

import (
	"context"
	"errors"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// job is one contact's write: the friends (at most one per slot) whose values go into it.
type job struct {
	contact    id.ContactID
	friends    []friend.Friend
	properties map[string]string
}

func (f *Flusher) batch(ctx context.Context, s Scope, keys []friend.Key, rows map[friend.Key]friend.Friend, cause string) (Flushed, error) {
	jobs, idle, log, err := f.jobs(ctx, s, keys, rows, cause)
	if err != nil {
		return Flushed{}, err
	}
	var out Flushed
	if len(jobs) > 0 {
		if out, err = f.write(ctx, s, jobs, log, cause); err != nil {
			return out, err
		}
	}
	if err := f.store(ctx, s, idle, nil, 0, cause, nil); err != nil || len(jobs) > 0 || len(log) == 0 {
		return out, err
	}
	return out, f.Log.Append(ctx, s.Portal, cause+"/"+failure.SubjectOf(keys[0]), f.Clock.Now().UnixMilli(), log)
}

// jobs works out what each contact is owed; friends who owe nothing any more come back as idle, to be unmarked.
func (f *Flusher) jobs(ctx context.Context, s Scope, keys []friend.Key, rows map[friend.Key]friend.Friend, cause string) (jobs map[id.ContactID]*job, idle []friend.Friend, log []changelog.Record, err error) {
	jobs = map[id.ContactID]*job{}
	byContact := map[id.ContactID][]friend.Friend{}
	var contacts []id.ContactID
	for _, k := range keys {
		row, ok := rows[k]
		if !ok {
			continue
		}
		c := row.Link.Contact
		if len(byContact[c]) == 0 {
			contacts = append(contacts, c)
		}
		byContact[c] = append(byContact[c], row)
	}
	for _, c := range contacts {
		if c == 0 {
			idle = append(idle, byContact[c]...)
			continue
		}
		first, late := seated(byContact[c])
		for _, x := range late {
			if _, err := evict(ctx, f.Friends, f.Failures, f.Log, s, x, f.Clock.Now().UnixMilli(), cause); err != nil {
				return nil, nil, nil, err
			}
		}
		first, changes, err := f.unite(ctx, s, first, cause)
		if err != nil {
			return nil, nil, nil, err
		}
		log = append(log, changes...)
		j, rest, err := f.job(ctx, s, c, first, cause)
		if err != nil {
			return nil, nil, nil, err
		}
		if idle = append(idle, rest...); len(j.friends) > 0 {
			jobs[c] = j
		}
	}
	return jobs, idle, log, nil
}

// unite stores what the friends of one contact learn from each other, before it is written. Who was changed meanwhile is left to the next
// look: the marker stays.
func (f *Flusher) unite(ctx context.Context, s Scope, rows []friend.Friend, cause string) (kept []friend.Friend, log []changelog.Record, err error) {
	if len(rows) < 2 {
		return rows, nil, nil
	}
	changed, changes := together(rows, s, f.Clock.Now().UnixMilli(), cause)
	for _, row := range rows {
		next, ok := changed[row.Key]
		if !ok {
			kept = append(kept, row)
			continue
		}
		saved, err := f.Friends.Save(ctx, s.Portal, next)
		switch {
		case err == nil:
			kept, log = append(kept, saved), append(log, changes[row.Key]...)
		case !errors.Is(err, friend.ErrStale):
			return nil, nil, err
		}
	}
	return kept, log, nil
}

// job gathers what one contact is owed.
func (f *Flusher) job(ctx context.Context, s Scope, c id.ContactID, rows []friend.Friend, cause string) (j *job, idle []friend.Friend, err error) {
	j = &job{contact: c, properties: map[string]string{}}
	for _, row := range rows {
		p := PendingOf(row, s)
		if len(p.NeedHistory) > 0 {
			if row, err = f.settle(ctx, s, row, p.NeedHistory, cause); err != nil {
				return nil, nil, err
			}
			p = PendingOf(row, s)
		}
		if len(p.Properties) == 0 {
			idle = append(idle, row)
			continue
		}
		j.friends = append(j.friends, row)
		for name, v := range p.Properties {
			j.properties[name] = v
		}
	}
	return j, idle, nil
}
