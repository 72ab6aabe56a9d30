package lineaccount

import (
	"context"
	"errors"
	"strconv"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// ErrLogin: LINE does not take the Login channel's ID and secret.
var ErrLogin = errors.New("LINE refused the channel ID and secret; take both from the LINE Login channel, not from the Messaging API channel")

// ErrLoginInput: they cannot be right.
var ErrLoginInput = errors.New("the channel ID is a number and the channel secret is 32 letters and digits")

// LoginChannel is the LINE Login channel that tells who a person is. It must belong to the account's provider: user ids are per provider.
type LoginChannel struct {
	ID     string
	Secret string `json:"-"` // sealed
	// Email: LINE has permitted the channel to ask for verified addresses (OpenID Connect, "Email address permission").
	Email bool
}

// LoginChecker asks LINE whether a Login channel's ID and secret belong together.
type LoginChecker interface {
	CheckLogin(ctx context.Context, channelID, secret string) (bool, error)
}

// SetLogin gives an account its LINE Login channel, or takes it away (an empty id). Without a secret the channel that is there keeps its own.
func (s *Service) SetLogin(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, channelID, secret string, email bool, line LoginChecker) (Account, error) {
	var sealed string
	keep := channelID != "" && secret == ""
	if channelID != "" && !keep {
		if !channelPattern.MatchString(channelID) || !secretPattern.MatchString(secret) {
			return Account{}, ErrLoginInput
		}
		ok, err := line.CheckLogin(ctx, channelID, secret)
		if err != nil {
			return Account{}, err
		}
		if !ok {
			return Account{}, ErrLogin
		}
		if sealed, err = s.Sealer.Seal(ctx, p, []byte(secret)); err != nil {
			return Account{}, err
		}
	}
	return s.change(ctx, p, slot, func(a Account) (Account, *portal.Entry, error) {
		if a.State != Active {
			return a, nil, ErrUnknown
		}
		before := a.Login
		if keep {
			if before.ID != channelID {
				return a, nil, ErrLoginInput
			}
			sealed = before.Secret
		}
		a.Login = LoginChannel{ID: channelID, Secret: sealed, Email: email && channelID != ""}
		return a, &portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: portal.LineLoginChanged, Subject: a.Name,
			Changes: []portal.Change{
				{Field: "loginChannel", Old: before.ID, New: channelID},
				{Field: "loginEmail", Old: strconv.FormatBool(before.Email), New: strconv.FormatBool(a.Login.Email)},
			}}, nil
	})
}

// LoginSecret opens the secret of an account's LINE Login channel.
func (s *Service) LoginSecret(ctx context.Context, a Account) (string, error) {
	b, err := s.Sealer.Open(ctx, a.Portal, a.Login.Secret)
	return string(b), err
}
