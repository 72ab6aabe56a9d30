package tag

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// page does one page of friends and returns where the next begins.
func (s *Service) page(ctx context.Context, p id.PortalID, w *walk) (next string, err error) {
	rows, next, err := s.Friends.Page(ctx, p, w.Slot, w.After, walkPage)
	if err != nil {
		return "", err
	}
	if w.Copy != (copying{}) {
		return next, s.copyPage(ctx, p, w.Copy, rows)
	}
	// The tags are read with each page: one that is restored meanwhile must not be taken from anybody any more.
	aside, err := s.Store.Aside(ctx, p, w.Slot)
	if err != nil {
		return "", err
	}
	now := s.Clock.Now().UnixMilli()
	rows, err = s.rewrite(ctx, p, rows, func(f *friend.Friend) (bool, bool) {
		changed := Settle(f, aside, now)
		return changed, changed || slices.ContainsFunc(aside, func(t Tag) bool { return t.holds(*f) })
	})
	if err != nil {
		return "", err
	}
	if w.Count == nil {
		w.Count = map[string]int{}
	}
	for _, f := range rows {
		for _, t := range aside {
			if t.holds(f) {
				w.Count[t.ID]++
			}
		}
	}
	return next, nil
}

// holds tells that a friend had a deleted tag, or has one that is being restored.
func (t Tag) holds(f friend.Friend) bool {
	return t.State == Deleted && f.HasShelved(t.ID) || t.State == Restoring && f.HasTag(t.ID)
}

// change is what is to become of a friend: whether that changed it, and whether the index must know it, which a repeated step tells again.
type change func(*friend.Friend) (changed, tell bool)

// rewrite stores a change of friends of one account and tells index and outbox. It returns the rows as they are then.
func (s *Service) rewrite(ctx context.Context, p id.PortalID, rows []friend.Friend, do change) ([]friend.Friend, error) {
	var mu sync.Mutex
	var saved []friend.Friend
	out := slices.Clone(rows)
	err := work.Each(ctx, s.Parallel, len(rows), func(ctx context.Context, i int) error {
		f, tell, err := s.rewriteOne(ctx, p, rows[i], do)
		if out[i] = f; tell {
			mu.Lock()
			defer mu.Unlock()
			saved = append(saved, f)
		}
		return err
	})
	if err != nil || len(rows) == 0 {
		return out, err
	}
	return out, s.tell(ctx, p, rows[0].Slot, saved)
}

func (s *Service) rewriteOne(ctx context.Context, p id.PortalID, f friend.Friend, do change) (row friend.Friend, tell bool, err error) {
	for range tries {
		before := slices.Clone(f.Tags)
		f = f.Clone()
		changed, tell := do(&f)
		if !changed {
			return f, tell, nil
		}
		if f.Link.State == friend.Linked && !slices.Equal(before, f.Tags) {
			f.MarkDirty(s.Clock.Now().UnixMilli())
		}
		saved, err := s.Friends.Save(ctx, p, f)
		if err == nil || !errors.Is(err, friend.ErrStale) {
			return saved, err == nil, err
		}
		var ok bool
		if f, ok, err = s.Friends.Get(ctx, p, f.Key); err != nil || !ok {
			return f, false, err
		}
	}
	return f, false, friend.ErrStale
}

// copyPage gives a copy to the people among these friends of the other account.
func (s *Service) copyPage(ctx context.Context, p id.PortalID, t copying, rows []friend.Friend) error {
	wanted := map[friend.Key]id.ContactID{} // 0: the same LINE User ID
	var contacts []id.ContactID
	for _, f := range rows {
		if !f.HasTag(t.From.ID) {
			continue
		}
		wanted[friend.Key{Slot: t.To.Slot, User: f.User}] = 0
		if f.Link.State == friend.Linked {
			contacts = append(contacts, f.Link.Contact)
		}
	}
	linked, err := s.Friends.ByContacts(ctx, p, contacts)
	if err != nil {
		return err
	}
	for c, ks := range linked {
		for _, k := range ks {
			if _, ok := wanted[k]; !ok && k.Slot == t.To.Slot {
				wanted[k] = c
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(wanted), func(a, b friend.Key) int { return compareUsers(a.User, b.User) })
	have, err := s.Friends.GetMany(ctx, p, keys)
	if err != nil {
		return err
	}
	var to []friend.Friend
	for _, k := range keys {
		if f, ok := have[k]; ok {
			to = append(to, f)
		}
	}
	_, err = s.rewrite(ctx, p, to, func(f *friend.Friend) (bool, bool) {
		c := wanted[f.Key]
		if c != 0 && (f.Link.State != friend.Linked || f.Link.Contact != c) || len(f.Tags) >= MaxPerFriend {
			return false, false
		}
		return f.SetTag(t.To.ID, true), true
	})
	return err
}

func compareUsers(a, b id.LineUserID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
