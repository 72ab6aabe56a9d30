package broadcast

import (
	"context"
	"errors"
	"math"

	"lumo/shared/id"
)

// Waiting lists the broadcasts of a portal that will be sent, or are being sent, earliest first. With very many, more is set and the later
// ones are left out.
func (v *Service) Waiting(ctx context.Context, p id.PortalID) (bs []Broadcast, more bool, err error) {
	all, next, err := v.Store.Due(ctx, p, math.MaxInt64)
	for _, b := range all {
		if b.Status == Scheduled || b.Status == Sending {
			bs = append(bs, b)
		}
	}
	return bs, next != 0, err
}

// PortalStarted implements portal.Watcher.
func (v *Service) PortalStarted(context.Context, id.PortalID) error { return nil }

// PortalStopped implements portal.Watcher: what was scheduled goes back to draft, so that nothing of it is sent when the app is installed again
// months later (P-158). What is being sent stands still by itself, because the portal has no channel any more (Line). Repeating it does no harm.
func (v *Service) PortalStopped(ctx context.Context, p id.PortalID) error {
	for {
		all, _, err := v.Store.Due(ctx, p, math.MaxInt64)
		if err != nil {
			return err
		}
		canceled := 0
		for _, b := range all {
			if b.Status != Scheduled {
				continue
			}
			_, err := v.Cancel(ctx, p, b.Slot, b.ID)
			if errors.Is(err, ErrStatus) || errors.Is(err, ErrUnknown) {
				continue // begun, or taken back, in this moment
			}
			if err != nil {
				return err
			}
			canceled++
		}
		if canceled == 0 {
			return nil
		}
	}
}
