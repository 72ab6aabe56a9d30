package handle

import (
	"lumo/shared/access"
	"lumo/shared/compose"
	"lumo/shared/dynamo"
	"lumo/shared/friendcard"
	"lumo/shared/linkage"
	"lumo/shared/once"
	"lumo/shared/redrive"
	"lumo/shared/syncdata"
	"lumo/shared/syncrun"
)

// FromApp takes what the API needs from the real services.
func FromApp(a *compose.App) Deps {
	c, table := a.Config, a.Table()
	index := a.FriendIndex()
	return Deps{
		Secrets: c.HubspotSecrets(), AppID: c.HubspotAppID, PublicURL: c.PublicURL, Clock: a.Clock, Log: a.Log, Release: a.Release,
		Portals: a.Portals(), Access: access.Everyone{}, Once: &once.Guard{Store: dynamo.Onces{Table: table}, Clock: a.Clock, NewID: a.NewID},
		Runs: a.Starter(), Alerts: dynamo.Alerts{Table: table}, Changes: a.ChangeLog(), Failures: a.Failures(), Mappings: a.Mappings(), Lists: a.ListJobs(),
		Friends: a.Friends(), Messages: a.Messages(), Files: a.InboxFiles(), Chat: a.Chat(), Onboarding: a.Onboarding(), Accounts: a.Accounts(), Properties: a.Properties(), Imports: a.Importer(),
		Logins: a.LoginChecks(), Links: a.LinkMaker(), Forms: a.LinkForms(), Judge: &linkage.Judge{Friends: a.Friends(), Queue: a.Sender()}, LinkWriter: a.LinkWriter(),
		Index: index, Tags: a.Tags(), Broadcasts: a.Broadcasts(), Templates: a.Templates(), Workflows: dynamo.Workflows{Table: table}, Taps: a.Taps(), Segments: a.Segments(), Inboxes: a.InboxConnector(), Groups: a.Groups(),
		Redrive: &redrive.Service{
			Failures: a.Failures(), Friends: a.Friends(), Invalids: a.Invalids(), Scopes: a.Scopes(), Outbox: a.Outbox(), Queue: a.Sender(),
			Sealer: a.Sealer(), Clock: a.Clock, Chat: a.Chat(),
		},
		SyncData: &syncdata.Service{
			Mappings: a.Mappings(), Choices: dynamo.Choices{Table: table}, Catalog: a.Properties().CRM, Accounts: a.Accounts(), Sets: dynamo.LineProperties{Table: table}, Runs: a.Starter(),
			Agenda: a.Directory(), Audit: a.Portals(), Clock: a.Clock,
		},
		Gate:     &syncrun.Gate{Runs: a.Starter(), Portals: a.Portals(), Outbox: a.Outbox()},
		Unlinker: &friendcard.Unlinker{Friends: a.Friends(), Queue: a.Sender()},
		Editor:   &friendcard.Editor{Friends: a.Friends(), Scopes: a.Scopes(), Log: a.ChangeLog(), Outbox: a.Outbox()},
	}
}
