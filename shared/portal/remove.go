package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
)

// Reasons of a portal that does not run.
const (
	ReasonDisconnected = "DISCONNECTED"
	ReasonUninstalled  = "UNINSTALLED"
	ReasonGrantRefused = "GRANT_REFUSED"
)

// ErrUnfinished: the portal is stopped, but HubSpot could not be told yet; the tick goes on with FinishRemoval.
var ErrUnfinished = errors.New("disconnected here, HubSpot is told later")

// Disconnect removes the integration from our side (P-155 to P-158): stop, uninstall, revoke, end subscriptions, destroy the tokens.
// Data is kept on both sides. Pressing it again finishes what was left.
func (s *Service) Disconnect(ctx context.Context, p id.PortalID, by Actor) error {
	if err := s.stop(ctx, p, by, Disconnected, ReasonDisconnected, false); err != nil {
		return err
	}
	return s.FinishRemoval(ctx, p)
}

// FinishRemoval says goodbye to HubSpot for a removed portal that still holds its grant. For any other portal it does nothing.
func (s *Service) FinishRemoval(ctx context.Context, p id.PortalID) error {
	now, err := s.Store.Load(ctx, p)
	if err != nil || now.State != Removed {
		return err
	}
	t, err := s.Store.Token(ctx, p)
	if err != nil || t == nil {
		return err
	}
	if err := s.farewell(ctx, p, t); err != nil {
		if later := s.later(ctx, p, s.Clock.Now().Add(retryAfter)); later != nil {
			return errors.Join(err, later)
		}
		return fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	s.Tokens.forget(p)
	return s.change(ctx, p, func(old *Portal) (Commit, error) {
		if old == nil || old.State != Removed {
			return Commit{}, errNothing
		}
		return Commit{Portal: *old, Drop: true, TokenVersion: t.Version}, nil
	})
}

// farewell is the order of hubspot-platform.md 9.4. A grant that HubSpot no longer knows needs no goodbye.
func (s *Service) farewell(ctx context.Context, p id.PortalID, t *Token) error {
	if err := s.HubSpot.Uninstall(ctx, p); err != nil && !gone(err) {
		return fmt.Errorf("uninstall: %w", err)
	}
	refresh, err := s.Tokens.Sealer.Open(ctx, p, t.Refresh)
	if err != nil {
		return fmt.Errorf("open refresh token: %w", err)
	}
	if err := s.HubSpot.Revoke(ctx, string(refresh)); err != nil && !gone(err) {
		return fmt.Errorf("revoke: %w", err)
	}
	if err := s.HubSpot.Unsubscribe(ctx, p); err != nil && !gone(err) {
		return fmt.Errorf("end subscriptions: %w", err)
	}
	return nil
}

// gone tells that there is nothing left to say goodbye to.
func gone(err error) bool {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return false
	}
	switch f.Class {
	case fault.Revoked, fault.Unauthorized, fault.NotFound, fault.Invalid:
		return true
	}
	return f.Code == codeUncertain
}

// Uninstalled handles HubSpot's lifecycle event (P-159). An event of before the last installation, or one that HubSpot itself
// contradicts because the app was installed again meanwhile, changes nothing.
func (s *Service) Uninstalled(ctx context.Context, p id.PortalID, at time.Time) error {
	now, err := s.Store.Load(ctx, p)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if at.Before(now.InstalledAt) {
		return nil
	}
	t, err := s.Store.Token(ctx, p)
	if err != nil {
		return err
	}
	if t != nil {
		refresh, err := s.Tokens.Sealer.Open(ctx, p, t.Refresh)
		if err != nil {
			return fmt.Errorf("open refresh token: %w", err)
		}
		who, err := s.HubSpot.Introspect(ctx, string(refresh), "refresh_token")
		if err != nil && !gone(err) {
			return fmt.Errorf("ask whether the grant lives: %w", err)
		}
		if err == nil && who.Active {
			return nil
		}
	}
	if err := s.stop(ctx, p, Actor{}, Uninstalled, ReasonUninstalled, true); err != nil {
		return err
	}
	if err := s.HubSpot.Unsubscribe(ctx, p); err != nil && !gone(err) {
		return fmt.Errorf("end subscriptions: %w", err)
	}
	return nil
}

// stop marks the portal removed and tells the watchers, again if it was removed already.
func (s *Service) stop(ctx context.Context, p id.PortalID, by Actor, a Action, reason string, drop bool) error {
	err := s.change(ctx, p, func(old *Portal) (Commit, error) {
		if old == nil {
			return Commit{}, ErrUnknown
		}
		if old.State == Removed && !drop {
			return Commit{}, errNothing
		}
		next := *old
		var log []Entry
		if old.State != Removed {
			next.State, next.Reason, next.RemovedAt = Removed, reason, s.Clock.Now()
			log = []Entry{{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: a}}
		}
		return Commit{Portal: next, Drop: drop, Log: log}, nil
	})
	if err != nil {
		return err
	}
	if drop {
		s.Tokens.forget(p)
	}
	for _, w := range s.Watchers {
		if err := w.PortalStopped(ctx, p); err != nil {
			return fmt.Errorf("stop portal: %w", err)
		}
	}
	return nil
}
