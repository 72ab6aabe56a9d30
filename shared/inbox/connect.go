package inbox

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
)

// Scopes that the inbox sync needs. They are optional in HubSpot: contacts and lists sync without (P-80).
var Scopes = []string{"conversations.custom_channels.read", "conversations.custom_channels.write", "conversations.read", "conversations.write", "files.read", "files.write"}

// Refusals of Connect; their texts are for the log, pages have their own words.
var (
	ErrExpired = errors.New("HubSpot does not know this connection any more")
	ErrTaken   = errors.New("this account is connected to an inbox already")
	ErrUnknown = errors.New("this account's conversations are not connected to HubSpot's inbox")
)

// ChannelAccount is HubSpot's own row of a connection.
type ChannelAccount struct {
	ID, Inbox string
	Active    bool
}

// Staged is what HubSpot says about a connection that a user has begun.
type Staged struct {
	Inbox string
	User  int64
}

// Settings is HubSpot's side of connecting. Its errors are *fault.Fault.
type Settings interface {
	Complete(ctx context.Context, p id.PortalID, channel, token, name string, bot id.BotUserID) (Staged, error)
	ChannelAccount(ctx context.Context, p id.PortalID, channel string, bot id.BotUserID) (ChannelAccount, bool, error)
	// Authorize tells HubSpot whether the account works: agents cannot write through one that does not.
	Authorize(ctx context.Context, p id.PortalID, channel, account string, works bool) error
}

// Connector connects accounts to inboxes.
type Connector struct {
	Store    Store
	Accounts interface {
		Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error)
	}
	HubSpot Settings
	Clock   clock.Clock
}

// Choice is what a user chose on the page that HubSpot's inbox settings lead to.
type Choice struct {
	Token   string // of the connection that HubSpot has begun
	Channel string
	Slot    id.Slot
	User    int64
}

// Connect completes a connection. HubSpot makes the channel account once the browser is back there, and tells by a webhook. An account that
// HubSpot still has from before is taken up again.
func (s *Connector) Connect(ctx context.Context, p id.PortalID, in Choice) error {
	a, err := s.Accounts.Account(ctx, p, in.Slot)
	if err != nil {
		return err
	}
	if a.State != lineaccount.Active {
		return lineaccount.ErrUnknown
	}
	staged, err := s.HubSpot.Complete(ctx, p, in.Channel, in.Token, a.Name, a.Bot)
	switch {
	case fault.Is(err, fault.NotFound):
		return ErrExpired
	case fault.Is(err, fault.Exists):
		return s.adopt(ctx, p, a, in)
	case err != nil:
		return err
	}
	return s.change(ctx, p, in.Slot, func(c Connection) (Connection, error) {
		if c.State == Connected && c.Channel == in.Channel && c.Inbox == staged.Inbox {
			return c, nil // the webhook was faster
		}
		c = Connection{Portal: p, Slot: in.Slot, Version: c.Version, Bot: a.Bot, State: Waiting, Channel: in.Channel, Inbox: staged.Inbox, Name: a.Name, By: staged.User}
		return c, nil
	})
}

// adopt takes up a channel account that is there already.
func (s *Connector) adopt(ctx context.Context, p id.PortalID, a lineaccount.Account, in Choice) error {
	got, ok, err := s.HubSpot.ChannelAccount(ctx, p, in.Channel, a.Bot)
	if err != nil {
		return err
	}
	if !ok {
		return ErrTaken // by another app's channel, or an inbox that we may not see
	}
	if err := s.HubSpot.Authorize(ctx, p, in.Channel, got.ID, true); err != nil {
		return err
	}
	return s.change(ctx, p, in.Slot, func(c Connection) (Connection, error) {
		return Connection{
			Portal: p, Slot: in.Slot, Version: c.Version, Bot: a.Bot, State: Connected, Channel: in.Channel, Account: got.ID, Inbox: got.Inbox, Name: a.Name, By: in.User,
		}, nil
	})
}

// Resume goes on with a connection that is paused, or whose webhook got lost, if HubSpot has the account.
func (s *Connector) Resume(ctx context.Context, p id.PortalID, slot id.Slot) (Connection, error) {
	c, ok, err := s.Store.Connection(ctx, p, slot)
	if err != nil {
		return c, err
	}
	if !ok || c.State == Removed {
		return c, ErrUnknown
	}
	a, err := s.Accounts.Account(ctx, p, slot)
	if err == nil && a.State != lineaccount.Active {
		err = lineaccount.ErrUnknown
	}
	if err != nil {
		return c, err
	}
	got, ok, err := s.HubSpot.ChannelAccount(ctx, p, c.Channel, c.Bot)
	if err != nil {
		return c, err
	}
	if !ok {
		return c, ErrExpired
	}
	if err := s.HubSpot.Authorize(ctx, p, c.Channel, got.ID, true); err != nil {
		return c, err
	}
	return c, s.change(ctx, p, slot, func(now Connection) (Connection, error) {
		now.State, now.Account, now.Inbox, now.Code = Connected, got.ID, got.Inbox, ""
		c = now
		return now, nil
	})
}

// Remove stops the sync of one account's conversations and nothing else (P-88). The channel stays in HubSpot's settings, marked as not
// working, so that no agent writes into the void.
func (s *Connector) Remove(ctx context.Context, p id.PortalID, slot id.Slot) (Connection, error) {
	c, ok, err := s.Store.Connection(ctx, p, slot)
	if err != nil {
		return c, err
	}
	if !ok {
		return c, ErrUnknown
	}
	if c.State == Removed {
		return c, nil
	}
	if c.Account != "" {
		err := s.HubSpot.Authorize(ctx, p, c.Channel, c.Account, false)
		if err != nil && fault.ClassOf(err).Retryable() {
			return c, err
		}
	}
	return c, s.change(ctx, p, slot, func(now Connection) (Connection, error) {
		now.State, now.Code = Removed, ""
		c = now
		return now, nil
	})
}

// change writes what f makes of the row.
func (s *Connector) change(ctx context.Context, p id.PortalID, slot id.Slot, f func(Connection) (Connection, error)) error {
	for range 8 {
		was, _, err := s.Store.Connection(ctx, p, slot)
		if err != nil {
			return err
		}
		next, err := f(was)
		if err != nil || next == was {
			return err
		}
		next.At = s.Clock.Now().UnixMilli()
		if _, err = s.Store.Save(ctx, next); !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return ErrChanged
}

// Overview is a connection as Settings show it.
type Overview struct {
	Connection
	Traffic
}

// Statuses tells of all accounts that were ever connected. One that waits for HubSpot's webhook is looked for first.
func (s *Connector) Statuses(ctx context.Context, p id.PortalID) ([]Overview, error) {
	cs, err := s.Store.Connections(ctx, p)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(cs, func(a, b Connection) int { return int(a.Slot) - int(b.Slot) })
	out := make([]Overview, 0, len(cs))
	for _, c := range cs {
		if c.State == Waiting {
			if now, err := s.Resume(ctx, p, c.Slot); err == nil {
				c = now
			}
		}
		t, err := s.Store.Traffic(ctx, p, c.Slot)
		if err != nil {
			return nil, err
		}
		out = append(out, Overview{c, t})
	}
	return out, nil
}
