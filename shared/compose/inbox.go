package compose

import (
	"context"
	"errors"
	"strconv"

	"lumo/shared/chat"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/inbox"
	"lumo/shared/line"
	"lumo/shared/pace"
	"lumo/shared/portal"
	"lumo/shared/queue"
)

// Inboxes keeps what HubSpot's inbox is connected to.
func (a *App) Inboxes() dynamo.Inboxes { return dynamo.Inboxes{Table: a.Table()} }

// Relay carries conversations between LINE and HubSpot's inbox.
func (a *App) Relay() *inbox.Relay {
	return &inbox.Relay{
		Store: a.Inboxes(), Friends: a.Friends(), Profiles: lineUsers{a}, Accounts: dynamo.LineAccounts{Table: a.Table()}, HubSpot: conversations{a}, Content: contents{a}, Depot: a.Depot(),
		Chat: a.InboxChat(), Failures: a.Failures(), Sealer: a.Sealer(), Clock: a.Clock, Parse: line.InboxEvent,
	}
}

// Running tells whether a portal is connected to HubSpot.
func (a *App) Running(ctx context.Context, p id.PortalID) (bool, error) {
	row, err := dynamo.Portals{Table: a.Table()}.Load(ctx, p)
	if errors.Is(err, portal.ErrUnknown) {
		return false, nil
	}
	return err == nil && row.State.Runs(), err
}

// InboxChat sends what agents write. What was not sent is told in the thread, where they write it again, and so is no failed item.
func (a *App) InboxChat() inbox.Chat {
	s := a.Chat()
	s.Failures = nil
	return storedChat{s, dynamo.Chats{Table: a.Table()}}
}

type storedChat struct {
	*chat.Service
	store chat.Store
}

func (c storedChat) Load(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (chat.Intent, bool, error) {
	return c.store.Load(ctx, p, k, messageID)
}

// tellInbox has a message that was written in Lumo shown in HubSpot's inbox, too (P-83).
func (a *App) tellInbox(ctx context.Context, p id.PortalID, i chat.Intent) error {
	if inbox.FromAgent(i.ID) {
		return nil
	}
	if _, group := i.Friend.Group(); group {
		return nil // groups have no conversation in the inbox
	}
	c, ok, err := a.Inboxes().Connection(ctx, p, i.Friend.Slot)
	if err != nil || !ok || !c.Works() {
		return err
	}
	n := inbox.Note{Portal: p, Account: c.Account, User: i.Friend.User, Slot: c.Slot, ID: "written " + i.ID, At: a.Clock.Now().UnixMilli(), Written: i.ID}
	m, err := n.Message("")
	if err != nil {
		return err
	}
	return a.Sender().Send(ctx, queue.Inbox, m)
}

// conversations is inbox.HubSpot over the HubSpot client.
type conversations struct{ app *App }

var _ inbox.HubSpot = conversations{}

// at is where message traffic is told from other work: all that conversations ask of HubSpot, and nothing else, counts as such. Somebody waits
// for each of these calls, and it is the only one its invocation has for the portal (pace.Message).
func (c conversations) at(p id.PortalID) *hubspot.Portal {
	return c.app.HubSpot().Portal(p).In(pace.Message)
}

func (c conversations) Publish(ctx context.Context, p id.PortalID, m inbox.Message) (inbox.Mark, error) {
	person := hubspot.ChannelParticipant{Identifier: hubspot.Opaque(string(m.User)), Name: m.UserName}
	bot := hubspot.ChannelParticipant{Identifier: hubspot.Opaque(string(m.Bot)), Name: m.BotName}
	out := hubspot.ChannelMessage{
		Account: m.Account, Direction: "OUTGOING", Text: m.Text, Timestamp: m.At.UTC().Format("2006-01-02T15:04:05.000Z"), Thread: m.Thread, Key: m.Key, Contact: int64(m.Contact),
		Senders: []hubspot.ChannelParticipant{bot}, Recipients: []hubspot.ChannelParticipant{person},
	}
	if m.Incoming {
		out.Direction, out.Senders, out.Recipients = "INCOMING", out.Recipients, out.Senders
	}
	for _, f := range m.Files {
		out.Attachments = append(out.Attachments, hubspot.FileAttachment{Type: "FILE", File: f})
	}
	if l := m.Place; l != nil {
		out.Attachments = append(out.Attachments, hubspot.LocationAttachment{Type: "LOCATION", Latitude: l.Latitude, Longitude: l.Longitude, Name: l.Title, Address: l.Address, URL: inbox.MapLink(*l)})
	}
	got, err := c.at(p).PublishMessage(ctx, m.Channel, out)
	return inbox.Mark{Message: got.ID, Thread: got.Thread}, err
}

func (c conversations) SetStatus(ctx context.Context, p id.PortalID, channel, message string, s inbox.Status, reason string) error {
	return c.at(p).SetMessageStatus(ctx, channel, message, string(s), reason)
}

func (c conversations) Comment(ctx context.Context, p id.PortalID, thread, text string) error {
	return c.at(p).CommentOnThread(ctx, thread, text)
}

func (c conversations) Upload(ctx context.Context, p id.PortalID, f inbox.Upload) (string, error) {
	return c.at(p).UploadFile(ctx, hubspot.Upload{Name: f.Name, Folder: f.Folder, Type: f.Type, Body: f.Body})
}

func (c conversations) Erase(ctx context.Context, p id.PortalID, fileID string) error {
	return c.at(p).EraseFile(ctx, fileID)
}

func (c conversations) File(ctx context.Context, p id.PortalID, fileID string, seconds int) (inbox.Signed, error) {
	s, err := c.at(p).SignedURL(ctx, fileID, seconds)
	return inbox.Signed{URL: s.URL, Name: s.Name, Extension: s.Extension, Size: s.Size}, err
}

// contents opens what users sent to an account.
type contents struct{ app *App }

var _ inbox.Content = contents{}

func (c contents) Open(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (inbox.Held, error) {
	channel, err := pusher(c).channel(ctx, p, k)
	if err != nil {
		return inbox.Held{}, err
	}
	held, err := channel.Content(ctx, messageID)
	return inbox.Held{Body: held.Body, Type: held.Type, Size: held.Size}, err
}

// InboxFiles tells where files that friends sent can be opened.
func (a *App) InboxFiles() *inbox.Library {
	return &inbox.Library{Store: a.Inboxes(), Depot: a.Depot(), HubSpot: conversations{a}, Clock: a.Clock}
}

// InboxConnector connects accounts to HubSpot's inbox.
func (a *App) InboxConnector() *inbox.Connector {
	return &inbox.Connector{Store: a.Inboxes(), Accounts: dynamo.LineAccounts{Table: a.Table()}, HubSpot: channels{a}, Clock: a.Clock}
}

// channels is inbox.Settings over the HubSpot client.
type channels struct{ app *App }

var _ inbox.Settings = channels{}

func (c channels) at(p id.PortalID) *hubspot.Portal {
	return c.app.HubSpot().Portal(p).At(pace.Interactive)
}

func (c channels) Complete(ctx context.Context, p id.PortalID, channel, token, name string, bot id.BotUserID) (inbox.Staged, error) {
	s, err := c.at(p).CompleteConnection(ctx, channel, token, name, hubspot.Opaque(string(bot)))
	return inbox.Staged{Inbox: strconv.FormatInt(s.Inbox, 10), User: s.User}, err
}

func (c channels) ChannelAccount(ctx context.Context, p id.PortalID, channel string, bot id.BotUserID) (inbox.ChannelAccount, bool, error) {
	all, err := c.at(p).ChannelAccounts(ctx, channel, string(bot))
	for _, a := range all {
		if !a.Archived && a.Identifier.Value == string(bot) {
			return inbox.ChannelAccount{ID: a.ID, Inbox: a.Inbox, Active: a.Active}, true, nil
		}
	}
	return inbox.ChannelAccount{}, false, err
}

func (c channels) Authorize(ctx context.Context, p id.PortalID, channel, account string, works bool) error {
	return c.at(p).AuthorizeAccount(ctx, channel, account, works)
}
