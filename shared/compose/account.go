package compose

import (
	"context"
	"sync"

	"lumo/shared/dynamo"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
)

// accounts are the services of packages lineaccount and lineproperty.
type accounts struct {
	accounts   func() *lineaccount.Service
	properties func() *lineproperty.Service
}

func newAccounts(a *App) accounts {
	var s accounts
	s.accounts = sync.OnceValue(func() *lineaccount.Service {
		return &lineaccount.Service{
			Store: dynamo.LineAccounts{Table: a.Table()}, Bots: a.Directory(), Line: lineChannels{a}, Sealer: a.Sealer(), Clock: a.Clock,
			NewID: a.NewID, PublicURL: a.Config.PublicURL, Dev: a.Config.Stage == "dev",
		}
	})
	s.properties = sync.OnceValue(func() *lineproperty.Service {
		return &lineproperty.Service{Store: dynamo.LineProperties{Table: a.Table()}, CRM: properties{a}, Clock: a.Clock, NewID: a.NewID}
	})
	return s
}

// Accounts are the portals' LINE Official Accounts.
func (a *App) Accounts() *lineaccount.Service { return a.accounts.accounts() }

// Properties are the LINE properties in HubSpot.
func (a *App) Properties() *lineproperty.Service { return a.accounts.properties() }

// Channel opens an account's Messaging API channel.
func (a *App) Channel(ctx context.Context, account lineaccount.Account) (*line.ChannelClient, error) {
	secret, err := a.Accounts().Secret(ctx, account)
	if err != nil {
		return nil, err
	}
	return a.Line().Channel(line.Channel{ID: account.ChannelID, Secret: secret}), nil
}

// lineChannels is lineaccount.Line over the LINE client.
type lineChannels struct{ app *App }

var _ lineaccount.Line = lineChannels{}

func (l lineChannels) Channel(channelID, secret string) lineaccount.Channel {
	return lineChannel{l.app.Line().Channel(line.Channel{ID: channelID, Secret: secret})}
}

type lineChannel struct{ client *line.ChannelClient }

func (c lineChannel) BotInfo(ctx context.Context) (lineaccount.Bot, error) {
	b, err := c.client.BotInfo(ctx)
	return lineaccount.Bot{ID: b.User, BasicID: b.BasicID, Name: b.Name, PictureURL: b.PictureURL, Chat: b.ChatOn}, err
}

func (c lineChannel) Webhook(ctx context.Context) (lineaccount.Webhook, error) {
	w, err := c.client.Webhook(ctx)
	return lineaccount.Webhook{URL: w.URL, Active: w.Active}, err
}

func (c lineChannel) SetWebhook(ctx context.Context, url string) error {
	return c.client.SetWebhook(ctx, url)
}

func (c lineChannel) TestWebhook(ctx context.Context, url string) (lineaccount.WebhookTest, error) {
	t, err := c.client.TestWebhook(ctx, url)
	return lineaccount.WebhookTest{OK: t.Success, Reason: t.Reason}, err
}

func (c lineChannel) ReadFollowers(ctx context.Context) error {
	_, _, err := c.client.Followers(ctx, "")
	return err
}

// properties is lineproperty.CRM over the HubSpot client.
type properties struct{ app *App }

var _ lineproperty.CRM = properties{}

func (c properties) at(p id.PortalID) *hubspot.Portal { return c.app.HubSpot().Portal(p) }

func (c properties) Properties(ctx context.Context, p id.PortalID, archived bool) ([]lineproperty.Property, error) {
	all, err := c.at(p).Properties(ctx, hubspot.Contacts, archived)
	if err != nil {
		return nil, err
	}
	out := make([]lineproperty.Property, len(all))
	for i, h := range all {
		out[i] = fromHubSpot(h)
	}
	return out, nil
}

func (c properties) Property(ctx context.Context, p id.PortalID, name string) (lineproperty.Property, error) {
	h, err := c.at(p).Property(ctx, hubspot.Contacts, name)
	return fromHubSpot(h), err
}

func (c properties) Create(ctx context.Context, p id.PortalID, props []lineproperty.Property) ([]lineproperty.Refusal, error) {
	in := make([]hubspot.Property, len(props))
	for i, d := range props {
		in[i] = hubspot.Property{
			Name: d.Name, Label: d.Label, Description: d.Description, Group: d.Group, Type: d.Type, FieldType: d.FieldType, Unique: d.Unique,
			Hidden: d.Hidden, Options: toHubSpot(d.Options),
		}
	}
	o, err := c.at(p).CreateProperties(ctx, hubspot.Contacts, in)
	if err != nil {
		return nil, err
	}
	var out []lineproperty.Refusal
	for _, name := range o.Existed {
		out = append(out, lineproperty.Refusal{Name: name, Err: existed(name)})
	}
	for _, f := range o.Failed {
		out = append(out, lineproperty.Refusal{Name: f.Name, Err: f.Fault})
	}
	return out, nil
}

func (c properties) SetOptions(ctx context.Context, p id.PortalID, name string, options []lineproperty.Option) error {
	return c.at(p).UpdateProperty(ctx, hubspot.Contacts, name, hubspot.PropertyPatch{Options: toHubSpot(options)})
}

func (c properties) Groups(ctx context.Context, p id.PortalID) ([]lineproperty.Group, error) {
	all, err := c.at(p).Groups(ctx, hubspot.Contacts)
	if err != nil {
		return nil, err
	}
	out := make([]lineproperty.Group, len(all))
	for i, g := range all {
		out[i] = lineproperty.Group{Name: g.Name, Label: g.Label}
	}
	return out, nil
}

func (c properties) CreateGroup(ctx context.Context, p id.PortalID, g lineproperty.Group) error {
	return c.at(p).CreateGroup(ctx, hubspot.Contacts, hubspot.Group{Name: g.Name, Label: g.Label})
}
