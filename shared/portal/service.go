package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
)

// HubSpot is what the tenant's life needs of HubSpot. Errors are *fault.Fault.
type HubSpot interface {
	Exchange(ctx context.Context, code, redirectURI string) (Grant, error)
	Refresh(ctx context.Context, refresh string) (Grant, error)
	// Introspect takes an access or a refresh token; hint names which: "access_token" or "refresh_token".
	Introspect(ctx context.Context, token, hint string) (Identity, error)
	Details(ctx context.Context, p id.PortalID) (Details, error)
	Uninstall(ctx context.Context, p id.PortalID) error
	Revoke(ctx context.Context, refresh string) error
	// Unsubscribe ends the portal's journal subscriptions.
	Unsubscribe(ctx context.Context, p id.PortalID) error
}

// Watcher is told when a portal starts or stops. It is told again after a crash, so it must not mind repetition.
type Watcher interface {
	PortalStarted(ctx context.Context, p id.PortalID) error
	PortalStopped(ctx context.Context, p id.PortalID) error
}

// Agenda makes the minute tick look at a portal soon (directory.Due has more).
type Agenda interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// Service is the tenant's life: installed, settings changed, removed.
type Service struct {
	Store    Store
	HubSpot  HubSpot
	Tokens   *Tokens
	Watchers []Watcher
	Agenda   Agenda // optional
	Clock    clock.Clock
	NewID    func() string
	// NewLogKey makes the key of a portal's name in the log; nil leaves portals without.
	NewLogKey func() string
	// AppID is our app; a grant for another one is refused. 0 does not check.
	AppID int64
}

// tries bounds how often a change that somebody else overtook is decided anew.
const tries = 5

// retryAfter is how soon the tick repeats what HubSpot could not answer.
const retryAfter = time.Minute

// Get returns the portal, or ErrUnknown.
func (s *Service) Get(ctx context.Context, p id.PortalID) (Portal, error) {
	return s.Store.Load(ctx, p)
}

// Installation is the result of Install.
type Installation struct {
	Portal Portal
	// Restored: the portal was known before; whatever it had is back (P-05).
	Restored bool
}

// Install exchanges an authorization code and creates or restores the tenant. The grant is stored before anything else is tried, since
// a code works once; a portal whose details could not be read stays Pending and is completed by Complete.
func (s *Service) Install(ctx context.Context, code, redirectURI string) (Installation, error) {
	now := s.Clock.Now()
	g, err := s.HubSpot.Exchange(ctx, code, redirectURI)
	if err != nil {
		return Installation{}, err
	}
	if g.Portal <= 0 {
		return Installation{}, misconfigured("HUBSPOT_GRANT_WITHOUT_PORTAL", "the grant names no portal")
	}
	who, err := s.identify(ctx, g)
	if err != nil {
		return Installation{}, err
	}
	token, err := s.Tokens.seal(ctx, g, now)
	if err != nil {
		return Installation{}, err
	}
	restored := false
	err = s.change(ctx, g.Portal, func(old *Portal) (Commit, error) {
		restored = old != nil
		p, entry := install(old, g, who, now)
		entry.ID = s.NewID()
		if p.LogKey == "" && s.NewLogKey != nil {
			p.LogKey = s.NewLogKey()
		}
		return Commit{Portal: p, Token: token, Log: []Entry{entry}}, nil
	})
	if err != nil {
		return Installation{}, fmt.Errorf("store grant: %w", err)
	}
	s.Tokens.forget(g.Portal)
	p, err := s.Complete(ctx, g.Portal)
	return Installation{p, restored}, err
}

// identify checks the grant against HubSpot's own description of it. A failure to ask is no reason to lose the grant.
func (s *Service) identify(ctx context.Context, g Grant) (Identity, error) {
	who, err := s.HubSpot.Introspect(ctx, g.Access, "access_token")
	if err != nil {
		if fault.ClassOf(err).Retryable() {
			return Identity{}, nil
		}
		return Identity{}, err
	}
	if !who.Active || who.Portal != g.Portal || (s.AppID != 0 && who.AppID != 0 && who.AppID != s.AppID) {
		return Identity{}, misconfigured("HUBSPOT_GRANT_MISMATCH", "the grant is not what HubSpot says it is")
	}
	return who, nil
}

// Complete does what an installation does after the grant is stored. It is safe to repeat. When HubSpot cannot answer now, the portal
// stays Pending and on the agenda, which is no error for the user.
func (s *Service) Complete(ctx context.Context, p id.PortalID) (Portal, error) {
	now, err := s.Store.Load(ctx, p)
	if err != nil || now.State != Pending {
		return now, err
	}
	d, err := s.HubSpot.Details(ctx, p)
	switch {
	case err == nil || fault.Is(err, fault.Permission):
	case fault.ClassOf(err).Retryable():
		return now, s.later(ctx, p, s.Clock.Now().Add(retryAfter))
	default:
		return now, fmt.Errorf("read account details: %w", err)
	}
	for _, w := range s.Watchers {
		if err := w.PortalStarted(ctx, p); err != nil {
			return now, fmt.Errorf("start portal: %w", err)
		}
	}
	err = s.change(ctx, p, func(old *Portal) (Commit, error) {
		if old == nil || old.State != Pending {
			return Commit{}, errNothing
		}
		return Commit{Portal: complete(*old, d)}, nil
	})
	if err == nil {
		err = s.later(ctx, p, s.Clock.Now()) // a portal that comes back goes on at once
	}
	if err != nil {
		return now, err
	}
	return s.Store.Load(ctx, p)
}

func (s *Service) later(ctx context.Context, p id.PortalID, t time.Time) error {
	if s.Agenda == nil {
		return nil
	}
	return s.Agenda.BringForward(ctx, p, t)
}

// ChangeSettings applies a patch and logs every change. It returns the portal as it is afterwards.
func (s *Service) ChangeSettings(ctx context.Context, p id.PortalID, by Actor, patch Patch) (Portal, error) {
	err := s.change(ctx, p, func(old *Portal) (Commit, error) {
		if old == nil {
			return Commit{}, ErrUnknown
		}
		after, err := old.Settings.Apply(patch)
		if err != nil {
			return Commit{}, err
		}
		if after.TagsTwoWay && !old.Settings.TagsTwoWay {
			after.TagsTwoWaySince = s.Clock.Now().UnixMilli()
		}
		changes := Diff(old.Settings, after)
		if len(changes) == 0 {
			return Commit{}, errNothing
		}
		next := *old
		next.Settings = after
		return Commit{Portal: next, Log: []Entry{{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: SettingsChanged, Changes: changes}}}, nil
	})
	if err != nil {
		return Portal{}, err
	}
	return s.Store.Load(ctx, p)
}

// Log reads the audit log, newest first.
func (s *Service) Log(ctx context.Context, p id.PortalID, after string, limit int) ([]Entry, string, error) {
	return s.Store.Log(ctx, p, after, limit)
}

// Note writes a line into the audit log for other packages' changes.
func (s *Service) Note(ctx context.Context, p id.PortalID, by Actor, a Action, subject string, changes ...Change) error {
	return s.Store.Append(ctx, p, Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: a, Subject: subject, Changes: changes})
}

var errNothing = errors.New("nothing to change")

// change reads, decides and commits, again if somebody else was faster. decide gets nil for an unknown portal; errNothing ends well.
func (s *Service) change(ctx context.Context, p id.PortalID, decide func(*Portal) (Commit, error)) error {
	var last error
	for range tries {
		old, err := s.Store.Load(ctx, p)
		before := &old
		if errors.Is(err, ErrUnknown) {
			before = nil
		} else if err != nil {
			return err
		}
		c, err := decide(before)
		if errors.Is(err, errNothing) {
			return nil
		}
		if err != nil {
			return err
		}
		if last = s.Store.Commit(ctx, c); !errors.Is(last, ErrChanged) {
			return last
		}
	}
	return last
}

func misconfigured(code, message string) error {
	return &fault.Fault{Provider: "hubspot", Class: fault.Misconfigured, Certainty: fault.NothingHappened, Code: code, Message: message}
}
