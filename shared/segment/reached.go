package segment

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"

	"lumo/shared/broadcast"
	"lumo/shared/id"
	"lumo/shared/tracking"
)

// reached makes the test of who got a broadcast, opened it or clicked in it. known holds what was loaded for another condition.
func (s *Service) reached(ctx context.Context, p id.PortalID, b broadcast.Broadcast, op Op, known map[string]func(*subject) bool) (func(*subject) bool, error) {
	what := "received"
	if op != Received && op != NotReceived {
		what = mark(op)
	}
	if have, ok := known[b.ID+what]; ok {
		return have, nil
	}
	var (
		has func(*subject) bool
		err error
	)
	if what == "received" {
		has, err = s.received(ctx, p, b)
	} else {
		has, err = s.marked(ctx, p, b.ID, what)
	}
	known[b.ID+what] = has
	return has, err
}

func (s *Service) marked(ctx context.Context, p id.PortalID, name, what string) (func(*subject) bool, error) {
	var who set
	err := s.Marks.Marked(ctx, p, name, func(mark string, block uint32, m tracking.Marks) {
		if mark == what {
			m.Each(block, who.add)
		}
	})
	return func(x *subject) bool { return who.has(x.entry.Ordinal) }, err
}

// received tells for whom LINE took the broadcast: neither those whom it refused one by one nor those of whom nobody knows.
func (s *Service) received(ctx context.Context, p id.PortalID, b broadcast.Broadcast) (func(*subject) bool, error) {
	switch sent := b.Progress.Next; {
	case b.Frozen == nil || sent == 0:
		return func(*subject) bool { return false }, nil
	case sent == b.Frozen.Count && len(b.Progress.Unsure) == 0 && len(b.Progress.Missed) == 0:
		var who set
		err := broadcast.Ordinals(ctx, s.Blobs, p, *b.Frozen, who.add)
		return func(x *subject) bool { return who.has(x.entry.Ordinal) }, err
	}
	// Only a part: the object holds them in the order of sending, by their LINE ids.
	var who [][16]byte
	at, reached := 0, b.Progress.Reached()
	err := broadcast.Recipients(ctx, s.Blobs, p, *b.Frozen, b.Progress.Next, func(u id.LineUserID) {
		if reached(at) {
			who = append(who, packed(u))
		}
		at++
	})
	order := func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(who, order)
	return func(x *subject) bool {
		_, ok := slices.BinarySearchFunc(who, packed(x.entry.User), order)
		return ok
	}, err
}

// packed is a LINE user id as half of its letters.
func packed(u id.LineUserID) (out [16]byte) {
	if len(u) == 33 {
		_, _ = hex.Decode(out[:], []byte(u[1:])) // an id of ours
	}
	return out
}
