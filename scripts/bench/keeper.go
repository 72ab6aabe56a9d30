package bench

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// keeper is a friend.Store in memory. It costs next to nothing, so that what is measured is the way between the store and HubSpot.
type keeper struct {
	friend.Store
	mu    sync.Mutex
	rows  map[friend.Key]friend.Friend
	due   map[friend.Key]int64
	saved int
}

func newKeeper() *keeper {
	return &keeper{rows: map[friend.Key]friend.Friend{}, due: map[friend.Key]int64{}}
}

// put sets a row without asking for its version.
func (s *keeper) put(f friend.Friend) {
	s.rows[f.Key] = f
	if delete(s.due, f.Key); f.Due != 0 {
		s.due[f.Key] = f.Due
	}
}

// Get implements friend.Store.
func (s *keeper) Get(_ context.Context, _ id.PortalID, k friend.Key) (friend.Friend, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.rows[k]
	return f.Clone(), ok, nil
}

// GetMany implements friend.Store.
func (s *keeper) GetMany(_ context.Context, _ id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[friend.Key]friend.Friend, len(ks))
	for _, k := range ks {
		if f, ok := s.rows[k]; ok {
			out[k] = f.Clone()
		}
	}
	return out, nil
}

// ByContact implements friend.Store. Nobody asks for it often.
func (s *keeper) ByContact(_ context.Context, _ id.PortalID, c id.ContactID) ([]friend.Key, error) {
	return nil, nil
}

// Save implements friend.Store.
func (s *keeper) Save(_ context.Context, _ id.PortalID, f friend.Friend) (friend.Friend, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[f.Key].Version != f.Version {
		return f, friend.ErrStale
	}
	f.Version++
	s.saved++
	s.put(f.Clone())
	return f, nil
}

// Markers implements friend.Store.
func (s *keeper) Markers(_ context.Context, _ id.PortalID, slot id.Slot, limit int) ([]friend.Marker, error) {
	s.mu.Lock()
	var all []friend.Marker
	for k, d := range s.due {
		if k.Slot == slot {
			all = append(all, friend.Marker{Key: k, Due: d})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b friend.Marker) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Key.User, b.Key.User))
	})
	return all[:min(limit, len(all))], nil
}
