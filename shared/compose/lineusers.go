package compose

import (
	"context"
	"errors"

	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/linesync"
	"lumo/shared/portal"
)

// LineEvents applies what LINE told us.
func (a *App) LineEvents() *linesync.Service {
	return &linesync.Service{
		Friends: a.Friends(), Profiles: lineUsers{a}, Invalids: a.Invalids(), Messages: a.Messages(), Index: a.FriendIndex(), Outbox: a.Outbox(), Queue: a.Sender(), Clock: a.Clock,
		Parallel: a.parallel(16),
	}
}

// Sweeper looks for changed names and pictures.
func (a *App) Sweeper() *linesync.Sweeper {
	return &linesync.Sweeper{
		Friends: a.Friends(), Profiles: lineUsers{a}, Sweeps: dynamo.Sweeps{Table: a.Table()}, Index: a.FriendIndex(), Outbox: a.Outbox(), Clock: a.Clock, Parallel: a.parallel(16),
	}
}

// Sweep covers one stretch of a portal's friends.
func (a *App) Sweep(ctx context.Context, p id.PortalID) error {
	scope, err := a.Scopes().Scope(ctx, p)
	if errors.Is(err, contactsync.ErrNotConnected) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.sweep(ctx, scope)
}

// sweep looks for what LINE does not tell by itself.
func (a *App) sweep(ctx context.Context, scope contactsync.Scope) error {
	return errors.Join(a.Sweeper().Sweep(ctx, scope), a.Groups().Look(ctx, scope.Portal))
}

// Importer imports existing friends.
func (a *App) Importer() *linesync.Importer {
	return &linesync.Importer{
		Chain: a.Chain(), Friends: a.Friends(), Profiles: lineUsers{a}, Followers: lineUsers{a}, Index: a.FriendIndex(), Outbox: a.Outbox(), Clock: a.Clock, NewID: a.NewID, Parallel: a.parallel(16),
		Want: a.wantContacts,
	}
}

// wantContacts asks for contacts of imported friends, where the portal wants those of everybody (P-29).
func (a *App) wantContacts(ctx context.Context, p id.PortalID, fs []friend.Friend) error {
	scope, err := a.Scopes().Scope(ctx, p)
	if errors.Is(err, contactsync.ErrNotConnected) {
		return nil
	}
	if err != nil {
		return err
	}
	var ks []friend.Key
	for _, f := range fs {
		if scope.Wants(f, portal.Always) {
			ks = append(ks, f.Key)
		}
	}
	return contactsync.Want(ctx, a.Sender(), p, ks, a.Clock.Now().UnixMilli())
}

// Leaver tells HubSpot of disconnected accounts.
func (a *App) Leaver() *linesync.Leaver {
	return &linesync.Leaver{
		Chain: a.Chain(), Accounts: a.Accounts(), Friends: a.Friends(), Index: a.FriendIndex(), Outbox: a.Outbox(), Clock: a.Clock, NewID: a.NewID, Parallel: a.parallel(16),
	}
}

// lineUsers asks LINE about users of an account.
type lineUsers struct{ app *App }

func (l lineUsers) channel(ctx context.Context, p id.PortalID, s id.Slot) (*line.ChannelClient, error) {
	account, err := l.app.Accounts().Store.Account(ctx, p, s)
	if err != nil {
		return nil, err
	}
	return l.app.Channel(ctx, account)
}

func (l lineUsers) Profile(ctx context.Context, p id.PortalID, k friend.Key) (friend.Profile, bool, error) {
	c, err := l.channel(ctx, p, k.Slot)
	if err != nil {
		return friend.Profile{}, false, err
	}
	prof, err := c.Profile(ctx, k.User)
	if fault.Is(err, fault.NotFound) {
		return friend.Profile{}, false, nil
	}
	return friend.Profile{Name: prof.Name, Picture: prof.PictureURL, Language: prof.Language}, err == nil, err
}

func (l lineUsers) Followers(ctx context.Context, p id.PortalID, s id.Slot, start string) ([]id.LineUserID, string, error) {
	c, err := l.channel(ctx, p, s)
	if err != nil {
		return nil, "", err
	}
	return c.Followers(ctx, start)
}

func (l lineUsers) Reach(ctx context.Context, p id.PortalID, s id.Slot) (*linesync.Reach, error) {
	c, err := l.channel(ctx, p, s)
	if err != nil {
		return nil, err
	}
	r, ok, err := c.Reach(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return &linesync.Reach{Friends: r.Followers - r.Blocks, Day: r.Day.UnixMilli()}, nil
}
