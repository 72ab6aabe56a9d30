package hubspotlist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"lumo/shared/blob"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
)

// Service keeps the lists of portals.
type Service struct {
	Source Source
	Store  Store
	Blobs  blob.Store
	// Dependents finds what uses lists; nil: nothing does.
	Dependents Dependents
	Clock      clock.Clock
	NewID      func() string
	Log        *slog.Logger
}

func (s *Service) now() int64 { return s.Clock.Now().UnixMilli() }

// tries of a write that others may have been before.
const tries = 10

// change applies f to a list's row until it is stored. f tells whether there is anything to store; the row is only as good as one try.
func (s *Service) change(ctx context.Context, p id.PortalID, l id.ListID, f func(*List) (bool, error)) (List, error) {
	for range tries {
		row, ok, err := s.Store.Load(ctx, p, l)
		if err != nil {
			return row, err
		}
		if !ok {
			return row, ErrUnknown
		}
		again, err := f(&row)
		if err != nil || !again {
			return row, err
		}
		if row, err = s.Store.Save(ctx, p, row); !errors.Is(err, ErrChanged) {
			return row, err
		}
	}
	return List{}, ErrChanged
}

// Refresh compares the index with HubSpot: new names follow, lists that are gone are marked where somebody needs them (P-53). It writes
// only what changed. rewatch has the journal watch the needed lists also when it should be doing so: an uninstallation ends that.
func (s *Service) Refresh(ctx context.Context, p id.PortalID, rewatch bool) error {
	began := s.now()
	old, err := s.Store.All(ctx, p)
	if err != nil {
		return fmt.Errorf("known lists: %w", err)
	}
	used, err := s.used(ctx, p)
	if err != nil {
		return err
	}
	known := map[id.ListID]List{}
	for _, l := range old {
		known[l.ID] = l
	}
	seen := map[id.ListID]bool{}
	for offset := 0; offset >= 0; {
		var ls []List
		if ls, offset, err = s.Source.Lists(ctx, p, offset); err != nil {
			return err
		}
		for _, l := range ls {
			if seen[l.ID] {
				continue
			}
			seen[l.ID] = true
			if err := s.meet(ctx, p, known[l.ID], l, used[l.ID] || known[l.ID].UsedUntil > began); err != nil {
				return err
			}
		}
	}
	for _, l := range old {
		if !seen[l.ID] {
			if err := s.missed(ctx, p, l, used[l.ID] || l.UsedUntil > began); err != nil {
				return err
			}
		}
	}
	return s.checked(ctx, p, began, rewatch)
}

func (s *Service) used(ctx context.Context, p id.PortalID) (map[id.ListID]bool, error) {
	if s.Dependents == nil {
		return nil, nil
	}
	ds, err := s.Dependents.Dependents(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("what uses lists: %w", err)
	}
	return needs(ds), nil
}

// meet takes over what HubSpot says of a list.
func (s *Service) meet(ctx context.Context, p id.PortalID, have, got List, used bool) error {
	if have.Version != 0 && !have.takes(got, used) {
		return nil
	}
	if have.Version == 0 {
		got.SeenAt, got.Used = s.now(), used
		_, err := s.Store.Save(ctx, p, got)
		if !errors.Is(err, ErrChanged) {
			return err
		}
	}
	var drop []string
	_, err := s.change(ctx, p, got.ID, func(row *List) (bool, error) {
		used := used || row.UsedUntil > s.now()
		if drop = nil; !row.takes(got, used) {
			return false, nil
		}
		row.Name, row.Kind, row.Size, row.Fingerprint = got.Name, got.Kind, got.Size, got.Fingerprint
		row.LastAdded, row.LastRemoved, row.DeletedAt, row.Used, row.SeenAt = got.LastAdded, got.LastRemoved, 0, used, s.now()
		drop = row.release()
		return true, nil
	})
	if err != nil {
		return err
	}
	return s.delete(ctx, p, drop...)
}

// takes tells whether the row must be written for what HubSpot says.
func (l List) takes(got List, used bool) bool {
	return l.Fingerprint != got.Fingerprint || l.Name != got.Name || l.Size != got.Size || l.Kind != got.Kind || l.DeletedAt != 0 || l.Used != used ||
		!used && !l.Selected && l.Members != nil
}

// release forgets members that nobody needs any more, and returns the objects to delete.
func (l *List) release() []string {
	if l.Needed() {
		return nil
	}
	var out []string
	if l.Members != nil {
		out = append(out, l.Members.Object)
	}
	if l.Reading != nil && l.Reading.Object != "" {
		out = append(out, l.Reading.Object)
	}
	l.Members, l.Reading, l.Wanted = nil, nil, 0
	return out
}

// missed handles a known list that the search did not bring. Pages shift while lists come and go, so HubSpot is asked by id before a list
// that somebody needs counts as deleted.
func (s *Service) missed(ctx context.Context, p id.PortalID, l List, used bool) error {
	if !used && !l.Selected {
		if err := s.Store.Remove(ctx, p, l); err != nil && !errors.Is(err, ErrChanged) {
			return err
		}
		return s.delete(ctx, p, l.release()...)
	}
	if l.DeletedAt != 0 {
		return nil
	}
	ok, err := s.Source.Exists(ctx, p, l.ID)
	switch {
	case fault.ClassOf(err) == fault.Permission: // hidden from the app: nobody knows
		s.Log.Warn("list not readable", logging.Portal(p), logging.Error(err))
		return nil
	case err != nil || ok:
		return err
	}
	return s.gone(ctx, p, l.ID)
}

// gone marks a list as deleted. Its members stay as they were, as what was known last; nobody evaluates them.
func (s *Service) gone(ctx context.Context, p id.PortalID, l id.ListID) error {
	var drop []string
	_, err := s.change(ctx, p, l, func(row *List) (bool, error) {
		if drop = nil; row.DeletedAt != 0 {
			return false, nil
		}
		if row.Reading != nil && row.Reading.Object != "" {
			drop = append(drop, row.Reading.Object)
		}
		row.DeletedAt, row.SeenAt, row.Reading, row.Wanted = s.now(), s.now(), nil, 0
		return true, nil
	})
	if err != nil {
		return err
	}
	return s.delete(ctx, p, drop...)
}

// checked remembers when the index was compared, and has the journal watch the lists that are needed. It writes nothing for a portal
// that needs none and has as many as before.
func (s *Service) checked(ctx context.Context, p id.PortalID, at int64, rewatch bool) error {
	all, err := s.Store.All(ctx, p)
	if err != nil {
		return err
	}
	var watch []id.ListID
	there := existing(all)
	for _, l := range all {
		if l.Needed() && l.DeletedAt == 0 {
			watch = append(watch, l.ID)
		}
	}
	slices.Sort(watch)
	c, err := s.Store.Checked(ctx, p)
	if err != nil || len(watch) == 0 && len(c.Watched) == 0 && c.Lists == there {
		return err
	}
	if rewatch && len(watch) > 0 || !slices.Equal(watch, c.Watched) {
		if err := s.Source.Watch(ctx, p, watch); err != nil {
			// Without the journal the fingerprints tell, a quarter of an hour later.
			s.Log.Warn("journal of lists not subscribed", logging.Portal(p), logging.Error(err))
		} else {
			c.Watched = watch
		}
	}
	c.At, c.Lists = at, there
	return s.Store.SaveChecked(ctx, p, c)
}

// delete removes objects that nothing refers to. A crash before it leaves them behind, harmlessly.
func (s *Service) delete(ctx context.Context, p id.PortalID, objects ...string) error {
	for _, o := range objects {
		if o == "" {
			continue
		}
		if err := s.Blobs.Delete(ctx, p, o); err != nil {
			return err
		}
	}
	return nil
}
