package hubspotlist

import (
	"context"
	"errors"
	"slices"
	"time"

	"lumo/shared/id"
)

// Members of a list as they are stored.
type Members struct {
	AsOf int64          // since when they are known to be right
	IDs  []id.ContactID // ascending
}

// Find returns a contact's position among them.
func (m Members) Find(c id.ContactID) (int, bool) { return slices.BinarySearch(m.IDs, c) }

// Has tells whether a contact is one of them.
func (m Members) Has(c id.ContactID) bool {
	_, ok := m.Find(c)
	return ok
}

// Members loads what is stored of a list's members. ErrDeleted, ErrUnread, ErrUnknown and ErrTooLarge say why there is nothing to evaluate,
// which is never the same as a list of nobody (P-53).
func (s *Service) Members(ctx context.Context, p id.PortalID, l id.ListID) (Members, error) {
	for range tries {
		row, ok, err := s.Store.Load(ctx, p, l)
		switch {
		case err != nil:
			return Members{}, err
		case !ok:
			return Members{}, ErrUnknown
		case row.DeletedAt != 0:
			return Members{}, ErrDeleted
		case row.Size > MaxMembers:
			return Members{}, ErrTooLarge
		case row.Members == nil:
			return Members{}, ErrUnread
		}
		m, err := s.load(ctx, p, row.Members.Object)
		if err != nil {
			return Members{}, err
		}
		if m != nil {
			c, err := s.Store.Checked(ctx, p)
			return Members{AsOf: row.MembersAsOf(c), IDs: m.ids}, err
		}
		// A newer snapshot replaced this one meanwhile; or the bucket lost it.
		if row, err = s.lost(ctx, p, row); err != nil {
			return Members{}, err
		}
	}
	return Members{}, ErrUnread
}

// lost forgets a snapshot that the bucket does not have, so that it is read anew; unless the row names another one already.
func (s *Service) lost(ctx context.Context, p id.PortalID, l List) (List, error) {
	object := l.object()
	return s.change(ctx, p, l.ID, func(row *List) (bool, error) {
		if row.object() != object {
			return false, nil
		}
		row.Members = nil
		return true, nil
	})
}

// Told takes over single changes that the journal told, within the minute. Changes may come twice, late and in any order. Lists without
// members are left alone: they are read whole.
func (s *Service) Told(ctx context.Context, p id.PortalID, cs []Change) error {
	byList := map[id.ListID][]Change{}
	var order []id.ListID
	for _, c := range cs {
		if _, ok := byList[c.List]; !ok {
			order = append(order, c.List)
		}
		byList[c.List] = append(byList[c.List], c)
	}
	for _, l := range order {
		if err := s.told(ctx, p, l, byList[l]); err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
	}
	return nil
}

func (s *Service) told(ctx context.Context, p id.PortalID, l id.ListID, cs []Change) error {
	for range tries {
		row, ok, err := s.Store.Load(ctx, p, l)
		if err != nil || !ok || row.Members == nil || row.DeletedAt != 0 {
			return err
		}
		m, err := s.load(ctx, p, row.Members.Object)
		if err != nil {
			return err
		}
		if m == nil {
			if _, err := s.lost(ctx, p, row); err != nil {
				return err
			}
			continue
		}
		if !m.apply(cs, row.Members.ReadAt, s.now()) {
			return nil
		}
		old := row.Members.Object
		next := *row.Members
		added, removed := latest(cs)
		next.Told, next.Count, next.AsOf = true, len(m.ids), max(next.AsOf, added, removed)
		next.ToldAdded, next.ToldRemoved = max(next.ToldAdded, added), max(next.ToldRemoved, removed)
		if next.Object, err = s.store(ctx, p, l, *m); err != nil {
			return err
		}
		row.Members = &next
		if _, err = s.Store.Save(ctx, p, row); err == nil {
			return s.delete(ctx, p, old)
		}
		if err := errors.Join(ignoring(err, ErrChanged), s.delete(ctx, p, next.Object)); err != nil {
			return err
		}
	}
	return ErrChanged
}

// Select has the members of a list kept, or no longer (P-51). It tells whether they are to be read now.
func (s *Service) Select(ctx context.Context, p id.PortalID, l id.ListID, on bool) (List, bool, error) {
	var drop []string
	read := false
	row, err := s.change(ctx, p, l, func(row *List) (bool, error) {
		drop, read = nil, false
		switch {
		case on && row.DeletedAt != 0:
			return false, ErrDeleted
		case on && row.Size > MaxMembers:
			return false, ErrTooLarge
		}
		read = on && row.Members == nil
		if row.Selected == on {
			return false, nil
		}
		row.Selected = on
		drop = row.release()
		if read {
			row.Wanted = s.now()
		}
		return true, nil
	})
	if err != nil {
		return row, false, err
	}
	if !on && row.DeletedAt != 0 && !row.Used {
		if err := s.Store.Remove(ctx, p, row); err != nil && !errors.Is(err, ErrChanged) {
			return row, false, err
		}
	}
	return row, read, s.delete(ctx, p, drop...)
}

// Want asks for members that are read from now on (P-52). It returns the time that their ReadAt must reach.
func (s *Service) Want(ctx context.Context, p id.PortalID, ls ...id.ListID) (int64, error) {
	now := s.now()
	for _, l := range ls {
		_, err := s.change(ctx, p, l, func(row *List) (bool, error) {
			switch {
			case row.DeletedAt != 0:
				return false, ErrDeleted
			case row.Size > MaxMembers:
				return false, ErrTooLarge
			}
			row.Wanted = now
			return true, nil
		})
		if err != nil {
			return 0, err
		}
	}
	return now, nil
}

// useFor is how long members are kept for something that is being made.
const useFor = 30 * time.Minute

// Use has the members of lists kept for a while, because something is about to rest on them. It tells whether any is to be read now.
func (s *Service) Use(ctx context.Context, p id.PortalID, ls ...id.ListID) (read bool, err error) {
	for _, l := range ls {
		_, err := s.change(ctx, p, l, func(row *List) (bool, error) {
			if row.DeletedAt != 0 || row.Size > MaxMembers {
				return false, nil // whoever rests on it is told by its state
			}
			unread := row.Members == nil
			read = read || unread
			now := s.now()
			if row.Used && row.UsedUntil > now+useFor.Milliseconds()/2 && (!unread || row.Wanted != 0) {
				return false, nil
			}
			row.Used, row.UsedUntil = true, now+useFor.Milliseconds()
			if unread {
				row.Wanted = now
			}
			return true, nil
		})
		if err != nil && !errors.Is(err, ErrUnknown) {
			return false, err
		}
	}
	return read, nil
}

// Index is all lists of a portal with what is remembered of them together.
func (s *Service) Index(ctx context.Context, p id.PortalID) ([]List, Checked, error) {
	all, err := s.Store.All(ctx, p)
	if err != nil {
		return nil, Checked{}, err
	}
	c, err := s.Store.Checked(ctx, p)
	return all, c, err
}

// Count is how many lists HubSpot had when the index was last compared. It reads the index only where nothing was counted yet.
func (s *Service) Count(ctx context.Context, p id.PortalID) (int, error) {
	c, err := s.Store.Checked(ctx, p)
	if err != nil || c.At != 0 && c.Lists != 0 {
		return c.Lists, err
	}
	all, err := s.Store.All(ctx, p) // not counted yet, or none
	return existing(all), err
}

func existing(ls []List) int {
	n := 0
	for _, l := range ls {
		if l.DeletedAt == 0 {
			n++
		}
	}
	return n
}

// UsedBy finds what uses each list.
func (s *Service) UsedBy(ctx context.Context, p id.PortalID) (map[id.ListID][]Dependent, error) {
	out := map[id.ListID][]Dependent{}
	if s.Dependents == nil {
		return out, nil
	}
	ds, err := s.Dependents.Dependents(ctx, p)
	for _, d := range ds {
		for _, l := range d.Lists {
			out[l] = append(out[l], d)
		}
	}
	return out, err
}

// Fresh brings the members of a list to what HubSpot has at since or later, as far as stop allows. done is false when it must be called
// again. Broadcasts call it when they are confirmed, and before they send (P-52).
func (s *Service) Fresh(ctx context.Context, p id.PortalID, l id.ListID, since int64, by string, stop func() bool) (done bool, err error) {
	row, err := s.change(ctx, p, l, func(row *List) (bool, error) {
		if row.DeletedAt != 0 {
			return false, ErrDeleted
		}
		used := row.Used
		row.Used = true // whoever asks uses it; the next look at the index knows better
		if row.Members != nil && row.Members.ReadAt >= since || row.Wanted >= since {
			return !used, nil
		}
		row.Wanted = since
		return true, nil
	})
	if err != nil {
		return false, err
	}
	if row.Members != nil && row.Members.ReadAt >= since {
		return true, nil
	}
	row, _, err = s.read(ctx, Task{Portal: p, By: by, Since: since, Stop: stop}, row)
	switch {
	case err != nil:
		return false, err
	case row.DeletedAt != 0:
		return false, ErrDeleted
	case row.Refused >= since:
		return false, ErrRefused
	}
	return row.Members != nil && row.Members.ReadAt >= since, nil
}
