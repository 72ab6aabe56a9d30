package hubspotlist

import (
	"context"
	"errors"
	"slices"
	"time"

	"lumo/shared/blob"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
)

const (
	// checkpointPages is after how many pages what was read so far is kept, so that a crash repeats no more.
	checkpointPages = 40
	// abandoned: a reader that was silent for so long is dead; another takes over where it was.
	abandoned = 90 * time.Second
)

// Task is one look at the members of a portal's lists.
type Task struct {
	Portal id.PortalID
	// By names the run or job; it goes on with what it began in an earlier step.
	By    string
	Since int64 // when it began: lists read later are not read again
	// Thorough reads again what only the journal told.
	Thorough bool
	// Wanted reads only what somebody asked for.
	Wanted bool
	Stop   func() bool
}

// Compared is what came of it.
type Compared struct {
	Lists   int // whose members were compared: found unchanged by their fingerprint, or read
	Changed int // whose members are others than before
	Kept    int // that are needed at all
}

// Compare reads the members of lists that changed. done is false when the time is up or another reader is at work: call it again.
func (s *Service) Compare(ctx context.Context, t Task) (out Compared, done bool, err error) {
	all, err := s.Store.All(ctx, t.Portal)
	if err != nil {
		return out, false, err
	}
	done = true
	for _, l := range all {
		if l.due(t.Since, t.Thorough) && (!t.Wanted || l.Members == nil || l.Wanted > l.Members.ReadAt) {
			var ok bool
			if l, ok, err = s.read(ctx, t, l); err != nil {
				return out, false, err
			}
			done = done && ok
		} else if l, err = s.confirm(ctx, t.Portal, l); err != nil {
			return out, false, err
		}
		out.count(l, t.Since)
	}
	return out, done, nil
}

func (c *Compared) count(l List, since int64) {
	if !l.Needed() || l.DeletedAt != 0 {
		return
	}
	c.Kept++
	if l.Members == nil || !l.settled() && l.Members.ReadAt < since {
		return
	}
	c.Lists++
	if l.Members.ReadAt >= since && l.Members.Added+l.Members.Removed > 0 {
		c.Changed++
	}
}

// confirm writes down that members fit the index although their fingerprint is an older one: the journal told the difference.
func (s *Service) confirm(ctx context.Context, p id.PortalID, l List) (List, error) {
	if !l.Needed() || l.DeletedAt != 0 || l.Members == nil || l.Members.Fingerprint == l.Fingerprint || !l.settled() {
		return l, nil
	}
	got, err := s.change(ctx, p, l.ID, func(row *List) (bool, error) {
		if row.Members == nil || row.Members.Fingerprint == row.Fingerprint || !row.settled() {
			return false, nil
		}
		row.Members.Fingerprint = row.Fingerprint
		return true, nil
	})
	if errors.Is(err, ErrUnknown) {
		return l, nil
	}
	return got, err
}

// read brings the members of one list. ok is false when it must be gone on with.
func (s *Service) read(ctx context.Context, t Task, l List) (List, bool, error) {
	l, mine, err := s.begin(ctx, t, l)
	if err != nil || !mine {
		return l, !l.due(t.Since, t.Thorough), err
	}
	soFar, err := s.load(ctx, t.Portal, l.Reading.Object)
	if err != nil {
		return l, false, err
	}
	after := l.Reading.After
	if l.Reading.Object != "" && soFar == nil { // the bucket lost it: from the beginning
		after = ""
	}
	ids := soFar.list()
	for pages := 1; ; pages++ {
		if t.Stop() {
			if pages == 1 {
				return l, false, nil
			}
			l, _, err = s.keep(ctx, t, l, ids, after)
			return l, false, err
		}
		page, next, err := s.Source.Members(ctx, t.Portal, l.ID, after)
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			return s.vanished(ctx, t.Portal, l)
		case fault.ClassOf(err) == fault.Permission:
			s.Log.Warn("members of a list not readable", logging.Portal(t.Portal), logging.Error(err))
			return s.refused(ctx, t.Portal, l)
		case err != nil:
			return l, false, err
		}
		ids = append(ids, page...)
		if next == "" || next == after {
			return s.finish(ctx, t, l, ordered(ids))
		}
		if after = next; pages%checkpointPages == 0 {
			var still bool
			if l, still, err = s.keep(ctx, t, l, ids, after); err != nil || !still {
				return l, false, err
			}
		}
	}
}

func (s *Service) vanished(ctx context.Context, p id.PortalID, l List) (List, bool, error) {
	if err := s.gone(ctx, p, l.ID); err != nil && !errors.Is(err, ErrUnknown) {
		return l, false, err
	}
	l.DeletedAt = s.now()
	return l, true, nil
}

func (s *Service) refused(ctx context.Context, p id.PortalID, l List) (List, bool, error) {
	object := l.Reading.Object
	row, err := s.change(ctx, p, l.ID, func(row *List) (bool, error) {
		row.Refused, row.Reading, row.Wanted = s.now(), nil, 0
		return true, nil
	})
	return row, true, errors.Join(err, s.delete(ctx, p, object))
}

// begin takes the reading of a list, or goes on with it. mine is false while somebody else is at it, or when nothing is to be read any more.
func (s *Service) begin(ctx context.Context, t Task, l List) (List, bool, error) {
	mine := false
	var drop string
	row, err := s.change(ctx, t.Portal, l.ID, func(row *List) (bool, error) {
		mine, drop = false, ""
		if !row.due(t.Since, t.Thorough) {
			return false, nil
		}
		now := s.now()
		r := row.Reading
		if r != nil && r.By != t.By && now-r.Beat < abandoned.Milliseconds() {
			return false, nil
		}
		mine = true
		if r != nil && (r.By == t.By || r.StartedAt >= max(t.Since, row.Wanted)) {
			r.By, r.Beat = t.By, now
			return true, nil
		}
		if r != nil {
			drop = r.Object
		}
		row.Reading = &Reading{By: t.By, Beat: now, StartedAt: now, Fingerprint: row.Fingerprint, LastAdded: row.LastAdded, LastRemoved: row.LastRemoved, Size: row.Size}
		return true, nil
	})
	if errors.Is(err, ErrUnknown) {
		return List{ID: l.ID}, false, nil
	}
	if err != nil {
		return row, false, err
	}
	return row, mine, s.delete(ctx, t.Portal, drop)
}

// keep stores what was read so far. still is false when somebody else took over.
func (s *Service) keep(ctx context.Context, t Task, l List, ids []id.ContactID, after string) (List, bool, error) {
	object, err := s.store(ctx, t.Portal, l.ID, members{ids: ordered(ids)})
	if err != nil {
		return l, false, err
	}
	was := *l.Reading
	still := false
	row, err := s.change(ctx, t.Portal, l.ID, func(row *List) (bool, error) {
		still = row.Reading != nil && *row.Reading == was
		if !still {
			return false, nil
		}
		row.Reading.After, row.Reading.Object, row.Reading.Count, row.Reading.Beat = after, object, len(ids), s.now()
		return true, nil
	})
	if err != nil || !still {
		return row, false, errors.Join(err, s.delete(ctx, t.Portal, object))
	}
	return row, true, s.delete(ctx, t.Portal, was.Object)
}

// finish makes what was read the members of the list.
func (s *Service) finish(ctx context.Context, t Task, l List, ids []id.ContactID) (List, bool, error) {
	was := *l.Reading
	for range tries {
		before, err := s.load(ctx, t.Portal, l.object())
		if err != nil {
			return l, false, err
		}
		next := members{ids: ids}
		told := s.carry(&next, before, was.StartedAt)
		snap := Snapshot{Count: len(next.ids), ReadAt: was.StartedAt, AsOf: was.StartedAt, Tried: was.Fingerprint, Told: told}
		snap.Added, snap.Removed = diff(before.list(), next.ids)
		snap.Fingerprint = was.accepts(len(ids), l.Members, snap.Added+snap.Removed == 0)
		snap.ToldAdded, snap.ToldRemoved = latest(next.recent)
		snap.ToldAdded, snap.ToldRemoved = max(snap.ToldAdded, was.LastAdded), max(snap.ToldRemoved, was.LastRemoved)
		if snap.Object, err = s.store(ctx, t.Portal, l.ID, next); err != nil {
			return l, false, err
		}
		old := []string{l.object(), was.Object}
		row := l
		row.Members, row.Reading, row.Refused, row.SeenAt = &snap, nil, 0, s.now()
		saved, err := s.Store.Save(ctx, t.Portal, row)
		if err == nil {
			return saved, true, s.delete(ctx, t.Portal, old...)
		}
		if err := errors.Join(ignoring(err, ErrChanged), s.delete(ctx, t.Portal, snap.Object)); err != nil {
			return l, false, err
		}
		var ok bool
		if l, ok, err = s.Store.Load(ctx, t.Portal, l.ID); err != nil {
			return l, false, err
		}
		if !ok || l.Reading == nil || *l.Reading != was { // somebody else took over, or nobody needs it any more
			return l, false, nil
		}
	}
	return l, false, ErrChanged
}

// carry applies to freshly read members what the journal told since the read began.
func (s *Service) carry(next *members, before *members, began int64) (told bool) {
	if before == nil || len(before.recent) == 0 {
		return false
	}
	next.ids = slices.Clone(next.ids)
	return next.apply(before.recent, began, s.now())
}

func (l List) object() string {
	if l.Members == nil {
		return ""
	}
	return l.Members.Object
}

func ignoring(err, known error) error {
	if errors.Is(err, known) {
		return nil
	}
	return err
}

// load reads a stored object; nil when there is none, or none that can be read: members are read anew then.
func (s *Service) load(ctx context.Context, p id.PortalID, object string) (*members, error) {
	if object == "" {
		return nil, nil
	}
	b, err := blob.GetBytes(ctx, s.Blobs, p, object)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := unpack(b)
	if err != nil {
		s.Log.Error("list snapshot", logging.Portal(p), logging.Error(err))
		return nil, nil
	}
	return &m, nil
}

func (m *members) list() []id.ContactID {
	if m == nil {
		return nil
	}
	return m.ids
}

// store writes an object under a name of its own: whoever reads or writes another one is not disturbed.
func (s *Service) store(ctx context.Context, p id.PortalID, l id.ListID, m members) (string, error) {
	name := "lists/" + string(l) + "/" + s.NewID()
	return name, blob.PutBytes(ctx, s.Blobs, p, name, "application/octet-stream", m.pack())
}
