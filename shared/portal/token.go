package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/seal"
)

const (
	// A token is renewed when a fifth of its life, or five minutes, is left; never at more than half of its life.
	refreshLeft = 5 * time.Minute
	// leaseFor is longer than a refresh may take with all its repeats, so that a live holder is not overtaken.
	leaseFor    = 45 * time.Second
	refreshTime = 30 * time.Second
	// confirmAfter is the pause before a "revoked" is believed (P-159).
	confirmAfter = time.Minute
	// maxRefusals refresh attempts, and no more, are made on a grant that looks revoked.
	maxRefusals = 2
	// usableFor is the least life of a token that is handed out.
	usableFor = 15 * time.Second
	// renewPause: a token this young that is refused is not the reason for the refusal.
	renewPause        = 10 * time.Second
	waitFor           = 10 * time.Second
	waitStep          = 250 * time.Millisecond
	cacheAfterFailure = 30 * time.Second
)

// codeUncertain marks the minute between the first and the second refusal.
const codeUncertain = "HUBSPOT_GRANT_UNCERTAIN"

// Refresher renews grants.
type Refresher interface {
	Refresh(ctx context.Context, refresh string) (Grant, error)
}

// Tokens hands out access tokens. It implements hubspot.TokenSource.
type Tokens struct {
	Store   Store
	HubSpot Refresher
	Sealer  seal.Sealer
	Clock   clock.Clock
	NewID   func() string
	Log     *slog.Logger

	mu    sync.Mutex
	cache map[id.PortalID]cached
}

type cached struct {
	token string
	until time.Time
}

// AccessToken returns a token that works for at least some seconds, or a fault: Revoked when the portal has no grant.
func (s *Tokens) AccessToken(ctx context.Context, p id.PortalID) (string, error) {
	s.mu.Lock()
	c, ok := s.cache[p]
	s.mu.Unlock()
	if ok && s.Clock.Now().Before(c.until) {
		return c.token, nil
	}
	return s.obtain(ctx, p, "")
}

// Refused is called when HubSpot answered 401 to token: the next one, or a fault.
func (s *Tokens) Refused(ctx context.Context, p id.PortalID, token string) (string, error) {
	s.mu.Lock()
	if s.cache[p].token == token {
		delete(s.cache, p)
	}
	s.mu.Unlock()
	return s.obtain(ctx, p, token)
}

func (s *Tokens) forget(p id.PortalID) {
	s.mu.Lock()
	delete(s.cache, p)
	s.mu.Unlock()
}

func (s *Tokens) keep(p id.PortalID, token string, until time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cache == nil {
		s.cache = map[id.PortalID]cached{}
	}
	s.cache[p] = cached{token, until}
	return token
}

// renewAt is when a token should be replaced.
func renewAt(t Token) time.Time {
	life := t.Expires.Sub(t.Obtained)
	return t.Expires.Add(-max(life/5, min(refreshLeft, life/2)))
}

// obtain looks at the stored grant until there is an answer. refused is a token that must not be returned.
func (s *Tokens) obtain(ctx context.Context, p id.PortalID, refused string) (string, error) {
	deadline := s.Clock.Now().Add(waitFor)
	for {
		t, err := s.Store.Token(ctx, p)
		if err != nil {
			return "", fmt.Errorf("read grant: %w", err)
		}
		if t == nil {
			return "", revoked("HUBSPOT_NOT_CONNECTED", "this portal is not connected")
		}
		access, err := s.open(ctx, p, t.Access)
		if err != nil {
			return "", err
		}
		now := s.Clock.Now()
		usable := access != "" && access != refused && t.Expires.Sub(now) > usableFor
		if usable && now.Before(renewAt(*t)) {
			return s.keep(p, access, renewAt(*t)), nil
		}
		if held := t.LeasedTil.After(now); held || !usable && refused != "" && access == refused && now.Sub(t.Obtained) < renewPause {
			if usable {
				return access, nil
			}
			if !held || !now.Before(deadline) {
				return "", unavailable("HUBSPOT_TOKEN_BUSY", "a new token is being fetched", renewPause)
			}
			if err := s.Clock.Sleep(ctx, waitStep); err != nil {
				return "", err
			}
			continue
		}
		if wait := t.RefusedAt.Add(confirmAfter).Sub(now); t.Refusals > 0 && wait > 0 {
			if usable {
				return access, nil
			}
			return "", unavailable(codeUncertain, "HubSpot refused the connection once; asking again soon", wait)
		}
		if refused != "" && access == refused {
			t.Access = "" // nobody else shall try it either
		}
		fresh, err := s.refresh(ctx, p, *t)
		switch {
		case err == nil:
			return fresh, nil
		case errors.Is(err, ErrChanged) && now.Before(deadline):
			continue
		case usable && !fault.Is(err, fault.Revoked):
			return s.keep(p, access, now.Add(min(cacheAfterFailure, t.Expires.Sub(now)-usableFor))), nil
		}
		return "", err
	}
}

// refresh takes the lease, asks HubSpot, and stores what it says. ErrChanged means that somebody else was faster.
func (s *Tokens) refresh(ctx context.Context, p id.PortalID, t Token) (string, error) {
	start := s.Clock.Now()
	t.LeasedBy, t.LeasedTil = s.NewID(), start.Add(leaseFor)
	if err := s.Store.SaveToken(ctx, p, t); err != nil {
		return "", err
	}
	t.Version++
	refresh, err := s.open(ctx, p, t.Refresh)
	if err != nil {
		return "", err
	}
	call, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	g, err := s.HubSpot.Refresh(call, refresh)
	// From here on the result must be stored, whatever becomes of the caller.
	ctx = context.WithoutCancel(ctx)
	t.LeasedBy, t.LeasedTil = "", time.Time{}
	if err == nil && g.Portal != 0 && g.Portal != p {
		err = misconfigured("HUBSPOT_GRANT_MISMATCH", "a refresh answered for another portal")
	}
	if err != nil {
		return "", s.failed(ctx, p, t, err)
	}
	if g.Refresh == "" {
		g.Refresh = refresh
	}
	g.Portal = p
	next, err := s.seal(ctx, g, start)
	if err != nil {
		return "", err
	}
	next.Version = t.Version
	if err := s.Store.SaveToken(ctx, p, *next); err != nil {
		return "", err
	}
	return s.keep(p, g.Access, renewAt(*next)), nil
}

// failed gives the lease back and decides what the failure means. Only HubSpot's own "revoked", twice, ends a portal: our wrong
// secret or an unknown answer never does.
func (s *Tokens) failed(ctx context.Context, p id.PortalID, t Token, err error) error {
	if !fault.Is(err, fault.Revoked) {
		s.logger().LogAttrs(ctx, slog.LevelError, "token refresh failed", logging.Portal(p), logging.Error(err), logging.Metric(logging.RefreshFailures, 1))
		return errors.Join(err, s.Store.SaveToken(ctx, p, t))
	}
	t.Refusals++
	t.RefusedAt = s.Clock.Now()
	if t.Refusals < maxRefusals {
		if saved := s.Store.SaveToken(ctx, p, t); saved != nil {
			return saved
		}
		return unavailable(codeUncertain, "HubSpot refused the connection once; asking again soon", confirmAfter)
	}
	if stopped := s.giveUp(ctx, p, t.Version); stopped != nil {
		return stopped
	}
	s.logger().LogAttrs(ctx, slog.LevelWarn, "portal lost its grant", logging.Portal(p))
	return err
}

// giveUp destroys a refused grant. A portal that is removed stays removed.
func (s *Tokens) giveUp(ctx context.Context, p id.PortalID, version int64) error {
	now, err := s.Store.Load(ctx, p)
	if err != nil {
		return err
	}
	c := Commit{Portal: now, Drop: true, TokenVersion: version}
	if now.State != Removed {
		c.Portal.State, c.Portal.Reason = Reconnect, ReasonGrantRefused
		c.Log = []Entry{{ID: s.NewID(), At: s.Clock.Now(), Action: GrantRefused}}
	}
	s.forget(p)
	return s.Store.Commit(ctx, c)
}

func (s *Tokens) seal(ctx context.Context, g Grant, obtained time.Time) (*Token, error) {
	access, err := s.Sealer.Seal(ctx, g.Portal, []byte(g.Access))
	if err != nil {
		return nil, fmt.Errorf("seal access token: %w", err)
	}
	refresh, err := s.Sealer.Seal(ctx, g.Portal, []byte(g.Refresh))
	if err != nil {
		return nil, fmt.Errorf("seal refresh token: %w", err)
	}
	return &Token{Access: access, Refresh: refresh, Obtained: obtained, Expires: obtained.Add(g.ExpiresIn), Version: obtained.UnixMilli()}, nil
}

func (s *Tokens) open(ctx context.Context, p id.PortalID, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	b, err := s.Sealer.Open(ctx, p, sealed)
	if err != nil {
		return "", fmt.Errorf("open token: %w", err)
	}
	return string(b), nil
}

func (s *Tokens) logger() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

func revoked(code, message string) error {
	return &fault.Fault{Provider: "hubspot", Class: fault.Revoked, Certainty: fault.NothingHappened, Code: code, Message: message}
}

func unavailable(code, message string, after time.Duration) error {
	return &fault.Fault{Provider: "hubspot", Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: code, Message: message, RetryAfter: after}
}
