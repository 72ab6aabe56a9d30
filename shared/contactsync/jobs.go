package contactsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"

	"lumo/shared/changelog"
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
	if err := f.ended(ctx, s, keys, rows); err != nil {
		return Flushed{}, err
	}
	jobs, idle, log, err := f.jobs(ctx, s, keys, rows, cause)
	if err != nil {
		return Flushed{}, err
	}
	var out Flushed
	if len(jobs) > 0 {
		out, err = f.write(ctx, s, jobs, log, cause)
	} else {
		err = f.tell(ctx, s, log, cause)
	}
	if err != nil {
		return out, err
	}
	return out, f.store(ctx, s, idle, nil, 0, cause)
}

// tell appends records to the change log. Their content names the item: the same told again takes its own place, and nothing else's.
func (f *Flusher) tell(ctx context.Context, s Scope, log []changelog.Record, cause string) error {
	if len(log) == 0 {
		return nil
	}
	slices.SortFunc(log, compareRecords)
	h := fnv.New64a()
	if err := json.NewEncoder(h).Encode(log); err != nil {
		return err
	}
	return f.Log.Append(ctx, s.Portal, fmt.Sprintf("%s/%x", cause, h.Sum64()), f.Clock.Now().UnixMilli(), log)
}

// told explains what this flush decided about a friend. It is read off the row, so that a repetition after a crash finds it, too.
func told(row friend.Friend, s Scope, cause string) []changelog.Record {
	var log []changelog.Record
	for _, m := range s.Mappings.Flowing() {
		if r := row.Fields[m.Property]; r.Why.Cause == cause && r.Why.At != 0 {
			log = append(log, record(row, row.Link.Contact, m, r))
		}
	}
	return log
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
			u := usher{f.Friends, f.Failures, f.Log, f.Again}
			if _, err := u.evict(ctx, s, x, f.Clock.Now().UnixMilli(), cause); err != nil {
				return nil, nil, nil, err
			}
		}
		first, err := f.unite(ctx, s, first, cause)
		if err != nil {
			return nil, nil, nil, err
		}
		j, rest, err := f.job(ctx, s, c, first, cause)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, row := range slices.Concat(j.friends, rest) {
			log = append(log, told(row, s, cause)...)
		}
		if idle = append(idle, rest...); len(j.friends) > 0 {
			jobs[c] = j
		}
	}
	return jobs, idle, log, nil
}

// unite stores what the friends of one contact learn from each other, before it is written; told explains it. Who was changed meanwhile is left to the next
// look: the marker stays.
func (f *Flusher) unite(ctx context.Context, s Scope, rows []friend.Friend, cause string) (kept []friend.Friend, err error) {
	if len(rows) < 2 {
		return rows, nil
	}
	changed := together(rows, s, f.Clock.Now().UnixMilli(), cause)
	for _, row := range rows {
		next, ok := changed[row.Key]
		if !ok {
			kept = append(kept, row)
			continue
		}
		saved, err := f.Friends.Save(ctx, s.Portal, next)
		switch {
		case err == nil:
			kept = append(kept, saved)
		case !errors.Is(err, friend.ErrStale):
			return nil, err
		}
	}
	return kept, nil
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
