package tracking

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/work"
)

// Notes keeps on friends' rows what the four "Last ..." properties show (P-130). Only linked friends have them: of others HubSpot
// could not be told, and their rows would only grow.
type Notes struct {
	Friends  friend.Store
	Outbox   contactsync.Outbox
	Clock    clock.Clock
	Parallel int
}

// Seen is when a friend was last seen to open and to click.
type Seen struct{ Opened, Clicked int64 }

// Tell notes that friends got a broadcast. It does not ask for a flush: Kick does, once for many.
func (n *Notes) Tell(ctx context.Context, p id.PortalID, ks []friend.Key, name string, at int64) error {
	rows, err := n.Friends.GetMany(ctx, p, ks)
	if err != nil {
		return err
	}
	_, err = n.each(ctx, p, ks, rows, func(f *friend.Friend) bool {
		if at < f.LastCastAt || at == f.LastCastAt && name == f.LastCast {
			return false
		}
		f.LastCast, f.LastCastAt = name, at
		return true
	})
	return err
}

// Kick asks for a flush.
func (n *Notes) Kick(ctx context.Context, p id.PortalID) error { return n.Outbox.Kick(ctx, p) }

// Saw notes opens and clicks.
func (n *Notes) Saw(ctx context.Context, p id.PortalID, seen map[friend.Key]Seen) error {
	ks := make([]friend.Key, 0, len(seen))
	for k := range seen {
		ks = append(ks, k)
	}
	slices.SortFunc(ks, func(a, b friend.Key) int {
		if a.User < b.User {
			return -1
		}
		return 1
	})
	rows, err := n.Friends.GetMany(ctx, p, ks)
	if err != nil {
		return err
	}
	changed, err := n.each(ctx, p, ks, rows, func(f *friend.Friend) bool {
		v := seen[f.Key]
		if v.Opened <= f.LastOpen && v.Clicked <= f.LastClick {
			return false
		}
		f.LastOpen, f.LastClick = max(f.LastOpen, v.Opened), max(f.LastClick, v.Clicked)
		return true
	})
	if err != nil || !changed {
		return err
	}
	return n.Kick(ctx, p)
}

func (n *Notes) each(ctx context.Context, p id.PortalID, ks []friend.Key, rows map[friend.Key]friend.Friend, change func(*friend.Friend) bool) (bool, error) {
	done := make([]bool, len(ks))
	err := work.Each(ctx, n.Parallel, len(ks), func(ctx context.Context, i int) error {
		f, ok := rows[ks[i]]
		var err error
		for range 8 {
			if !ok || f.Link.State != friend.Linked {
				return nil
			}
			next := f.Clone()
			if !change(&next) {
				done[i] = done[i] || f.Due != 0 // noted by an earlier try that may not have asked for a flush
				return nil
			}
			next.MarkDirty(n.Clock.Now().UnixMilli())
			if _, err = n.Friends.Save(ctx, p, next); !errors.Is(err, friend.ErrStale) {
				done[i] = err == nil
				return err
			}
			if f, ok, err = n.Friends.Get(ctx, p, ks[i]); err != nil {
				return err
			}
		}
		return friend.ErrStale
	})
	return slices.Contains(done, true), err
}
