package lineaccount

import (
	"context"
	"errors"
	"fmt"

	"lumo/shared/check"
	"lumo/shared/directory"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// Accounts lists the portal's accounts by slot, disconnected ones too.
func (s *Service) Accounts(ctx context.Context, p id.PortalID) ([]Account, error) {
	return s.Store.Accounts(ctx, p)
}

// ActiveAccounts lists those that are connected.
func (s *Service) ActiveAccounts(ctx context.Context, p id.PortalID) ([]Account, error) {
	all, err := s.Store.Accounts(ctx, p)
	if err != nil {
		return nil, err
	}
	active := all[:0]
	for _, a := range all {
		if a.State == Active {
			active = append(active, a)
		}
	}
	return active, nil
}

// Secret opens the channel secret of a connected account, for signatures and tokens.
func (s *Service) Secret(ctx context.Context, a Account) (string, error) {
	if a.State != Active {
		return "", fmt.Errorf("%w: slot %d is disconnected", ErrUnknown, a.Slot)
	}
	return s.open(ctx, a)
}

// ByBot finds the connected account that a webhook is meant for; ErrUnknown when there is none. The bot id of a webhook is only a
// claim until its signature was checked with the account's secret.
func (s *Service) ByBot(ctx context.Context, b id.BotUserID) (Account, error) {
	p, err := s.Bots.PortalOfBot(ctx, b)
	if err != nil {
		return Account{}, err
	}
	if p == 0 {
		return Account{}, ErrUnknown
	}
	all, err := s.ActiveAccounts(ctx, p)
	if err != nil {
		return Account{}, err
	}
	for _, a := range all {
		if a.Bot == b {
			return a, nil
		}
	}
	return Account{}, ErrUnknown
}

// Disconnect ends an account's connection (P-160): its slot stays frozen, its webhook address and its properties stay as they are, our
// copy of the channel secret is destroyed, and another portal may connect it.
func (s *Service) Disconnect(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot) (Account, error) {
	a, err := s.change(ctx, p, slot, func(a Account) (Account, *portal.Entry, error) {
		if a.State == Disconnected {
			return a, nil, nil
		}
		return s.disconnected(a), &portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: portal.LineRemoved, Subject: a.Name,
			Changes: []portal.Change{{Field: "slot", Old: slot.String()}}}, nil
	})
	if err != nil {
		return Account{}, err
	}
	return a, s.Bots.ReleaseBot(ctx, a.Bot, p)
}

func (s *Service) disconnected(a Account) Account {
	a.State, a.Secret, a.Login, a.Linking, a.Checks = Disconnected, "", LoginChannel{}, Linking{}, nil
	a.DisconnectedAt, a.Leaving = s.Clock.Now(), true
	return a
}

// Left notes that HubSpot was told of a disconnected account's friends.
func (s *Service) Left(ctx context.Context, p id.PortalID, slot id.Slot) error {
	for range tries {
		a, err := s.Store.Account(ctx, p, slot)
		if err != nil || !a.Leaving {
			return err
		}
		a.Leaving = false
		if _, err = s.Store.Save(ctx, a); !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return ErrChanged
}

// PortalStopped implements portal.Watcher: the bots of a portal that is gone may go elsewhere. The accounts stay as they are.
func (s *Service) PortalStopped(ctx context.Context, p id.PortalID) error {
	all, err := s.Store.Accounts(ctx, p)
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := s.Bots.ReleaseBot(ctx, a.Bot, p); err != nil {
			return err
		}
	}
	return nil
}

// PortalStarted implements portal.Watcher: a portal that came back takes its bots again; what another portal took meanwhile is
// disconnected here.
func (s *Service) PortalStarted(ctx context.Context, p id.PortalID) error {
	all, err := s.ActiveAccounts(ctx, p)
	if err != nil {
		return err
	}
	for _, a := range all {
		err := s.Bots.ClaimBot(ctx, a.Bot, p)
		if err == nil {
			continue
		}
		if !errors.Is(err, directory.ErrClaimed) {
			return err
		}
		_, err = s.change(ctx, p, a.Slot, func(a Account) (Account, *portal.Entry, error) {
			a = s.disconnected(a)
			a.Checks, a.CheckedAt = []check.Line{{Code: Taken, Outcome: check.Fail}}, s.Clock.Now()
			return a, &portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Action: portal.LineRemoved, Subject: a.Name}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// change reads, decides and saves, again if somebody else was faster. A nil entry means that nothing changed.
func (s *Service) change(ctx context.Context, p id.PortalID, slot id.Slot, decide func(Account) (Account, *portal.Entry, error)) (Account, error) {
	for range tries {
		a, err := s.Store.Account(ctx, p, slot)
		if err != nil {
			return Account{}, err
		}
		next, entry, err := decide(a)
		if err != nil || entry == nil {
			return a, err
		}
		saved, err := s.Store.Save(ctx, next, *entry)
		if !errors.Is(err, ErrChanged) {
			return saved, err
		}
	}
	return Account{}, ErrChanged
}
