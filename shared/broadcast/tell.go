package broadcast

import (
	"context"

	"lumo/shared/chain"
	"lumo/shared/friend"
)

// tell lets HubSpot know of the broadcast, for friends who are linked to a contact (P-130). Friends' rows carry it to the outbox, which
// writes 100 contacts a call at HubSpot's pace.
func (s *Sender) tell(ctx context.Context, step *chain.Step, b Broadcast, st state) (chain.Next, error) {
	p := step.Row.Portal
	if err := s.release(ctx, p, b); err != nil {
		return chain.Next{}, err
	}
	set, err := s.Settings.Settings(ctx, p, b.Slot)
	if err != nil {
		return chain.Next{}, err
	}
	if set.NoWriteBack || b.Frozen == nil {
		return s.told(ctx, step, b, st)
	}
	roll, err := openRoll(ctx, s.Blobs, p, b.Frozen.Blob, st.Told)
	if err != nil {
		return chain.Next{}, err
	}
	defer roll.Close()
	reached := b.Progress.Reached()
	for end := min(b.Frozen.Serve(), b.Progress.Next); st.Told < end; {
		if near(ctx, s.Clock) {
			return chain.Next{State: st}, s.Tell.Kick(ctx, p)
		}
		to, err := roll.take(min(ChunkSize, end-st.Told))
		if err != nil {
			return chain.Next{}, err
		}
		ks := make([]friend.Key, 0, len(to))
		for i, u := range to {
			if reached(st.Told + i) {
				ks = append(ks, friend.Key{Slot: b.Slot, User: u})
			}
		}
		if err := s.Tell.Tell(ctx, p, ks, b.Name, b.StartedAt); err != nil {
			return chain.Next{}, err
		}
		st.Told += len(to)
		if st.Told < end {
			if err := step.Save(ctx, st); err != nil {
				return chain.Next{}, err
			}
		}
	}
	if err := s.Tell.Kick(ctx, p); err != nil {
		return chain.Next{}, err
	}
	return s.told(ctx, step, b, st)
}

func (s *Sender) told(ctx context.Context, step *chain.Step, b Broadcast, st state) (chain.Next, error) {
	if _, err := s.Store.Save(ctx, step.Row.Portal, b.Told(s.Clock.Now())); err != nil {
		return chain.Next{}, err
	}
	return chain.Next{State: st, Done: true}, nil
}
