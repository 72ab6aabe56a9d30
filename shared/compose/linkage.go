package compose

import (
	"context"
	"encoding/json"
	"errors"

	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/linkage"
	"lumo/shared/portal"
)

// Linkage takes people from a link to a proof.
func (a *App) Linkage() *linkage.Desk {
	return &linkage.Desk{
		Talk: linkTalk{a}, Signer: a.linkSigner(), Store: dynamo.Linkage{Table: a.Table()}, Rates: dynamo.Rates{Directory: a.Directory()}, Accounts: linkAccounts{a}, Line: a.login(),
		Profiles: lineUsers{a}, People: a.crm(), Forms: a.LinkForms(), Mail: a.Mail(), Friends: a.Friends(), Queue: a.Sender(), Clock: a.Clock, Random: a.Random, Log: a.Log, Origin: a.Config.PublicURL,
	}
}

// LinkReception answers in the chat, and links whom LINE has confirmed.
func (a *App) LinkReception() *linkage.Reception {
	return &linkage.Reception{
		Signer: a.linkSigner(), Store: dynamo.Linkage{Table: a.Table()}, Accounts: linkAccounts{a}, Friends: a.Friends(), Talk: linkTalk{a}, Messages: a.Messages(),
		Queue: a.Sender(), Clock: a.Clock, Log: a.Log, Origin: a.Config.PublicURL,
	}
}

// LinkWord is the word that asks an account for a linking link; "" where there is none.
func (a *App) LinkWord(ctx context.Context, p id.PortalID, s id.Slot) (string, error) {
	account, err := a.Accounts().Store.Account(ctx, p, s)
	if errors.Is(err, lineaccount.ErrUnknown) {
		return "", nil
	}
	return account.Linking.Word, err
}

// linkTalk is linkage.Talk over the LINE client.
type linkTalk struct{ app *App }

var _ linkage.Talk = linkTalk{}

func (l linkTalk) LinkToken(ctx context.Context, p id.PortalID, k friend.Key) (string, error) {
	c, err := pusher(l).channel(ctx, p, k)
	if err != nil {
		return "", err
	}
	return c.LinkToken(ctx, k.User)
}

func (l linkTalk) LinkAddress(token, nonce string) string {
	return line.LinkAddress(l.app.Config.LineAccessURL, token, nonce)
}

func (l linkTalk) Reply(ctx context.Context, p id.PortalID, k friend.Key, replyToken string, messages []json.RawMessage) (string, error) {
	sent, err := pusher(l).Reply(ctx, p, k, replyToken, messages)
	return sent.LineID, err
}

// LinkForms keep what the linking form asks for.
func (a *App) LinkForms() linkage.Forms { return dynamo.LinkForms{Table: a.Table()} }

// LinkMaker makes links for contacts.
func (a *App) LinkMaker() *linkage.Maker {
	return &linkage.Maker{
		Signer: a.linkSigner(), Store: dynamo.Linkage{Table: a.Table()}, Contacts: a.crm(), Clock: a.Clock, Random: a.Random, Origin: a.Config.PublicURL,
	}
}

// LinkWriter gives the contacts of lists their tokens.
func (a *App) LinkWriter() *linkage.Writer {
	return &linkage.Writer{
		Chain: a.Chain(), Maker: a.LinkMaker(), Members: a.crm(), CRM: a.crm(), Sets: dynamo.LineProperties{Table: a.Table()}, Clock: a.Clock, NewID: a.NewID,
	}
}

func (a *App) linkSigner() linkage.Signer {
	return linkage.Signer{Key: []byte(a.Config.LinkSigningKey.Reveal())}
}

func (a *App) login() line.Login {
	return line.Login{Client: a.Line(), Access: a.Config.LineAccessURL}
}

// LoginChecks asks LINE about Login channels.
func (a *App) LoginChecks() lineaccount.LoginChecker { return loginChecks{a} }

type loginChecks struct{ app *App }

func (l loginChecks) CheckLogin(ctx context.Context, channelID, secret string) (bool, error) {
	return l.app.login().CheckLogin(ctx, linkage.Login{Channel: channelID, Secret: secret}, l.app.Config.PublicURL+linkage.CallbackPath)
}

// linkAccounts is linkage.Accounts over portals and accounts.
type linkAccounts struct{ app *App }

func (l linkAccounts) Account(ctx context.Context, p id.PortalID, s id.Slot) (linkage.Account, error) {
	row, err := l.app.Portals().Get(ctx, p)
	if errors.Is(err, portal.ErrUnknown) || err == nil && !row.State.Runs() {
		return linkage.Account{}, linkage.ErrUnknown
	}
	if err != nil {
		return linkage.Account{}, err
	}
	account, err := l.app.Accounts().Store.Account(ctx, p, s)
	if errors.Is(err, lineaccount.ErrUnknown) || err == nil && account.State != lineaccount.Active {
		return linkage.Account{}, linkage.ErrUnknown
	}
	if err != nil {
		return linkage.Account{}, err
	}
	out := linkage.Account{Name: account.Name, BasicID: account.BasicID, Word: account.Linking.Word, Unverified: account.Linking.Unverified, PlainIDs: account.Linking.PlainIDs}
	if account.Login.ID != "" {
		secret, err := l.app.Accounts().LoginSecret(ctx, account)
		if err != nil {
			return linkage.Account{}, err
		}
		out.Login = linkage.Login{Channel: account.Login.ID, Secret: secret, Email: account.Login.Email}
	}
	return out, nil
}
