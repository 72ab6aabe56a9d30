package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/check"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/portal"
)

// LineAccounts implements lineaccount.Store. At P#<portal>#line lie the rows "account#<slot>" and "forward#<slot>#<id>".
type LineAccounts struct{ Table *Table }

var _ lineaccount.Store = LineAccounts{}

type accountItem struct {
	Slot            id.Slot               `dynamodbav:"slot"`
	Bot             id.BotUserID          `dynamodbav:"bot"`
	Name            string                `dynamodbav:"name,omitempty"`
	BasicID         string                `dynamodbav:"basic,omitempty"`
	PictureURL      string                `dynamodbav:"picture,omitempty"`
	ChannelID       string                `dynamodbav:"channel,omitempty"`
	Secret          string                `dynamodbav:"secret,omitempty"`
	LoginChannel    string                `dynamodbav:"login,omitempty"`
	LoginSecret     string                `dynamodbav:"loginSecret,omitempty"`
	LoginEmail      bool                  `dynamodbav:"loginEmail,omitempty"`
	LinkWord        string                `dynamodbav:"linkWord,omitempty"`
	LinkUnverified  bool                  `dynamodbav:"linkUnverified,omitempty"`
	LinkPlainIDs    bool                  `dynamodbav:"linkPlain,omitempty"`
	State           lineaccount.State     `dynamodbav:"state"`
	Verified        lineaccount.Verified  `dynamodbav:"verified,omitempty"`
	PreviousWebhook string                `dynamodbav:"before,omitempty"`
	Checks          []check.Line          `dynamodbav:"checks,omitempty"`
	CheckedAt       int64                 `dynamodbav:"checked,omitempty"`
	Forwards        []lineaccount.Forward `dynamodbav:"forwards,omitempty"`
	ConnectedAt     int64                 `dynamodbav:"at,omitempty"`
	DisconnectedAt  int64                 `dynamodbav:"left,omitempty"`
	Leaving         bool                  `dynamodbav:"leaving,omitempty"`
	Version         int64                 `dynamodbav:"v"`
}

func (it accountItem) account(p id.PortalID) lineaccount.Account {
	return lineaccount.Account{
		Portal: p, Slot: it.Slot, Bot: it.Bot, Name: it.Name, BasicID: it.BasicID, PictureURL: it.PictureURL, ChannelID: it.ChannelID,
		Secret: it.Secret, Login: lineaccount.LoginChannel{ID: it.LoginChannel, Secret: it.LoginSecret, Email: it.LoginEmail},
		Linking: lineaccount.Linking{Word: it.LinkWord, Unverified: it.LinkUnverified, PlainIDs: it.LinkPlainIDs}, State: it.State, Verified: it.Verified, PreviousWebhook: it.PreviousWebhook, Checks: it.Checks,
		CheckedAt: moment(it.CheckedAt), Forwards: it.Forwards, ConnectedAt: moment(it.ConnectedAt),
		DisconnectedAt: moment(it.DisconnectedAt), Leaving: it.Leaving, Version: it.Version,
	}
}

func itemOfAccount(a lineaccount.Account) accountItem {
	return accountItem{
		Slot: a.Slot, Bot: a.Bot, Name: a.Name, BasicID: a.BasicID, PictureURL: a.PictureURL, ChannelID: a.ChannelID, Secret: a.Secret,
		LoginChannel: a.Login.ID, LoginSecret: a.Login.Secret, LoginEmail: a.Login.Email,
		LinkWord: a.Linking.Word, LinkUnverified: a.Linking.Unverified, LinkPlainIDs: a.Linking.PlainIDs,
		State: a.State, Verified: a.Verified, PreviousWebhook: a.PreviousWebhook, Checks: a.Checks, CheckedAt: millis(a.CheckedAt),
		Forwards: a.Forwards, ConnectedAt: millis(a.ConnectedAt), DisconnectedAt: millis(a.DisconnectedAt), Leaving: a.Leaving, Version: a.Version,
	}
}

const accountPrefix = "account#"

func (s LineAccounts) at(p id.PortalID) partition { return s.Table.Portal(p).in("line") }

// slotKey has two digits, so that slots sort as numbers.
func slotKey(prefix string, n id.Slot) string { return fmt.Sprintf("%s%02d", prefix, int(n)) }

// Accounts implements lineaccount.Store. There are at most id.MaxSlot, which fit into one page.
func (s LineAccounts) Accounts(ctx context.Context, p id.PortalID) ([]lineaccount.Account, error) {
	pg, err := s.at(p).query(ctx, query{prefix: accountPrefix})
	if err != nil {
		return nil, err
	}
	out := make([]lineaccount.Account, 0, len(pg.Items))
	for _, m := range pg.Items {
		var it accountItem
		if err := attributevalue.UnmarshalMap(m, &it); err != nil {
			return nil, err
		}
		out = append(out, it.account(p))
	}
	return out, nil
}

// Account implements lineaccount.Store.
func (s LineAccounts) Account(ctx context.Context, p id.PortalID, n id.Slot) (lineaccount.Account, error) {
	var it accountItem
	found, err := s.at(p).get(ctx, slotKey(accountPrefix, n), &it)
	if err != nil {
		return lineaccount.Account{}, err
	}
	if !found {
		return lineaccount.Account{}, lineaccount.ErrUnknown
	}
	return it.account(p), nil
}

// Save implements lineaccount.Store.
func (s LineAccounts) Save(ctx context.Context, a lineaccount.Account, log ...portal.Entry) (lineaccount.Account, error) {
	it := itemOfAccount(a)
	it.Version++
	err := s.Table.saveWithLog(ctx, a.Portal, s.at(a.Portal), slotKey(accountPrefix, a.Slot), it, a.Version, log)
	if errors.Is(err, ErrChanged) {
		return lineaccount.Account{}, lineaccount.ErrChanged
	}
	a.Version++
	return a, err
}

// saveWithLog writes a versioned row and lines of the portal's audit log together.
func (t *Table) saveWithLog(ctx context.Context, p id.PortalID, at partition, sk string, v any, version int64, log []portal.Entry) error {
	if len(log) == 0 {
		return at.put(ctx, sk, v, versioned(version))
	}
	row, err := at.putting(sk, v, versioned(version))
	if err != nil {
		return err
	}
	items := []types.TransactWriteItem{row}
	for _, e := range log {
		line, err := logging(Portals{t}.at(p), e)
		if err != nil {
			return err
		}
		items = append(items, line)
	}
	return t.transact(ctx, items...)
}

// Results implements lineaccount.Store.
func (s LineAccounts) Results(ctx context.Context, p id.PortalID, n id.Slot) ([]lineaccount.ForwardResult, error) {
	pg, err := s.at(p).query(ctx, query{prefix: slotKey("forward#", n) + "#"})
	if err != nil {
		return nil, err
	}
	var out []lineaccount.ForwardResult
	return out, attributevalue.UnmarshalListOfMaps(pg.Items, &out)
}

// SaveResult implements lineaccount.Store.
func (s LineAccounts) SaveResult(ctx context.Context, p id.PortalID, n id.Slot, r lineaccount.ForwardResult) error {
	return s.at(p).put(ctx, slotKey("forward#", n)+"#"+r.ForwardID, r, nil)
}
