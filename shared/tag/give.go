package tag

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/portal"
	"lumo/shared/work"
)

// Bulk gives tags to friends of one account and takes others away.
type Bulk struct {
	Slot        id.Slot
	Users       []id.LineUserID
	Add, Remove []string // tag ids
	By          portal.Actor
	At          time.Time
}

// Changed says what became of each friend.
type Changed struct {
	Changed   int
	Unchanged int
	Missing   []id.LineUserID // users who are no friends of the account
	Full      []id.LineUserID // friends who have MaxPerFriend tags
}

// Give changes the tags of friends. HubSpot offers every tag before a friend gets one, since a value that is no option is refused. Linked
// friends are marked, so that HubSpot learns of it. Repeating a call does no harm.
func (s *Service) Give(ctx context.Context, p id.PortalID, b Bulk) (Changed, error) {
	if len(b.Users) > MaxFriends {
		return Changed{}, ErrManyFriends
	}
	account, err := s.account(ctx, p, b.Slot)
	if err != nil {
		return Changed{}, err
	}
	names, err := s.names(ctx, p, b)
	if err != nil {
		return Changed{}, err
	}
	if len(b.Add) > 0 {
		if err := s.publish(ctx, p, account); err != nil {
			return Changed{}, err
		}
	}
	users := slices.Compact(slices.Sorted(slices.Values(b.Users)))
	g := giving{s: s, portal: p, bulk: b}
	if err := work.Each(ctx, s.Parallel, len(users), func(ctx context.Context, i int) error { return g.one(ctx, users[i]) }); err != nil {
		return g.out, err
	}
	if err := s.tell(ctx, p, b.Slot, g.rows); err != nil {
		return g.out, err
	}
	slices.Sort(g.out.Missing)
	slices.Sort(g.out.Full)
	if g.out.Changed == 0 {
		return g.out, nil
	}
	if err := s.Store.Forget(ctx, p, b.Slot); err != nil {
		return g.out, err
	}
	return g.out, s.Audit.Note(ctx, p, b.By, Given, strconv.Itoa(g.out.Changed)+" friends", names...)
}

// names checks that the tags exist, and describes the change for the audit log. Tags to be removed may be unknown.
func (s *Service) names(ctx context.Context, p id.PortalID, b Bulk) ([]portal.Change, error) {
	all, err := s.Store.All(ctx, p, b.Slot)
	if err != nil {
		return nil, err
	}
	name := map[string]string{}
	for _, t := range all {
		name[t.ID] = t.Name
	}
	var out []portal.Change
	for _, t := range b.Add {
		if name[t] == "" {
			return nil, ErrUnknown
		}
		out = append(out, portal.Change{Field: "tag", New: name[t]})
	}
	for _, t := range b.Remove {
		out = append(out, portal.Change{Field: "tag", Old: name[t]})
	}
	return out, nil
}

// tell the index and the outbox. Both are repeated when the request is.
func (s *Service) tell(ctx context.Context, p id.PortalID, slot id.Slot, rows []friend.Friend) error {
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b friend.Friend) int { return int(a.Ordinal) - int(b.Ordinal) })
	if err := s.Index.Ensure(ctx, p, slot, rows); err != nil {
		return err
	}
	if slices.ContainsFunc(rows, func(f friend.Friend) bool { return f.Due != 0 }) {
		return s.Outbox.Kick(ctx, p)
	}
	return nil
}

// giving is one call at work.
type giving struct {
	s      *Service
	portal id.PortalID
	bulk   Bulk
	mu     sync.Mutex
	out    Changed
	rows   []friend.Friend
}

func (g *giving) one(ctx context.Context, u id.LineUserID) error {
	k := friend.Key{Slot: g.bulk.Slot, User: u}
	for range tries {
		f, ok, err := g.s.Friends.Get(ctx, g.portal, k)
		if err != nil {
			return err
		}
		if !ok {
			g.note(func() { g.out.Missing = append(g.out.Missing, u) })
			return nil
		}
		changed := retag(&f, g.bulk)
		if len(f.Tags) > MaxPerFriend {
			g.note(func() { g.out.Full = append(g.out.Full, u) })
			return nil
		}
		if !changed {
			g.note(func() { g.out.Unchanged++; g.rows = append(g.rows, f) })
			return nil
		}
		if f.Link.State == friend.Linked {
			f.MarkDirty(g.s.Clock.Now().UnixMilli())
		}
		f, err = g.s.Friends.Save(ctx, g.portal, f)
		if err == nil {
			g.note(func() { g.out.Changed++; g.rows = append(g.rows, f) })
			return nil
		}
		if !errors.Is(err, friend.ErrStale) {
			return err
		}
	}
	return friend.ErrStale
}

func (g *giving) note(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func retag(f *friend.Friend, b Bulk) bool {
	changed := false
	for _, t := range b.Add {
		changed = f.SetTag(t, true) || changed
	}
	for _, t := range b.Remove {
		changed = f.SetTag(t, false) || changed
	}
	return changed
}
