package compose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lumo/shared/alert"
	"lumo/shared/chain"
	"lumo/shared/contactsync"
	"lumo/shared/crm"
	"lumo/shared/directory"
	"lumo/shared/dynamo"
	"lumo/shared/erasure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/journal"
	"lumo/shared/linesync"
	"lumo/shared/linkage"
	"lumo/shared/logging"
	"lumo/shared/mail"
	"lumo/shared/mapping"
	"lumo/shared/queue"
	"lumo/shared/segment"
	"lumo/shared/syncrun"
	"lumo/shared/tag"
)

// parallel is how many rows or calls of one step are under way at once. HubSpot's pace is kept elsewhere.
func (a *App) parallel(n int) int {
	if a.Sequential {
		return 1
	}
	return n
}

// Friends, Mappings, ... are the stores of the sync.
func (a *App) Friends() dynamo.Friends         { return dynamo.Friends{Table: a.Table()} }
func (a *App) Mappings() mapping.Store         { return dynamo.Mappings{Table: a.Table()} }
func (a *App) ChangeLog() dynamo.ChangeLog     { return dynamo.ChangeLog{Table: a.Table(), Clock: a.Clock} }
func (a *App) Failures() dynamo.Failures       { return dynamo.Failures{Table: a.Table()} }
func (a *App) Invalids() dynamo.Invalids       { return dynamo.Invalids{Table: a.Table()} }
func (a *App) Messages() dynamo.Messages       { return dynamo.Messages{Table: a.Table()} }
func (a *App) Schedules() dynamo.Schedules     { return dynamo.Schedules{Table: a.Table()} }
func (a *App) crm() crm.CRM                    { return crm.CRM{Client: a.HubSpot(), App: a.Config.HubspotAppID} }
func (a *App) LineUsers() contactsync.Profiles { return lineUsers{a} }

// Lists keeps the HubSpot lists of portals.
func (a *App) Lists() *hubspotlist.Service {
	return &hubspotlist.Service{
		Source: a.crm(), Store: dynamo.Lists{Table: a.Table()}, Blobs: a.Blobs(), Dependents: &segment.Service{Store: dynamo.Segments{Table: a.Table()}},
		Clock: a.Clock, NewID: a.NewID, Log: a.Log,
	}
}

// ListJobs reads the members of lists that somebody waits for.
func (a *App) ListJobs() *hubspotlist.Jobs {
	return &hubspotlist.Jobs{Service: a.Lists(), Chain: a.Chain()}
}

// Outbox announces what HubSpot must learn.
func (a *App) Outbox() contactsync.Outbox {
	return contactsync.QueueOutbox{Gen: dynamo.Generations{Table: a.Table()}, Queue: a.Sender(), Alarm: a.Directory(), Clock: a.Clock}
}

// Chain moves runs and imports.
func (a *App) Chain() *chain.Engine {
	return &chain.Engine{Store: dynamo.Chains{Table: a.Table()}, Queue: a.Sender(), Alarm: a.Directory(), Clock: a.Clock}
}

// Scopes loads what a portal's sync works with.
func (a *App) Scopes() *contactsync.Loader {
	return &contactsync.Loader{
		Portals: dynamo.Portals{Table: a.Table()}, Accounts: dynamo.LineAccounts{Table: a.Table()}, Sets: dynamo.LineProperties{Table: a.Table()}, Mappings: a.Mappings(),
		Tags: a.tagsInUse,
	}
}

// FriendIndex is the directory of names behind the friends' search.
func (a *App) FriendIndex() *friendindex.Index {
	return &friendindex.Index{Store: dynamo.FriendIndex{Table: a.Table()}, Friends: a.Friends(), Clock: a.Clock, Jitter: a.Jitter, Parallel: a.parallel(8)}
}

// reindex brings a stretch of a portal's friends into the directory of names, account by account.
func (a *App) reindex(ctx context.Context, p id.PortalID, from syncrun.Place, until time.Time, each func(friend.Friend)) (next syncrun.Place, err error) {
	accounts, err := a.Accounts().ActiveAccounts(ctx, p) // by slot
	if err != nil {
		return from, err
	}
	for _, account := range accounts {
		switch {
		case account.Slot < from.Slot:
			continue
		case account.Slot > from.Slot:
			from = syncrun.Place{Slot: account.Slot}
		}
		if a.Clock.Now().After(until) {
			return from, nil
		}
		if from.After, err = a.FriendIndex().Rebuild(ctx, p, account.Slot, from.After, until, each); err != nil || from.After != "" {
			return from, err
		}
	}
	return syncrun.Place{}, nil
}

// Applier brings contacts into friends.
func (a *App) Applier() *contactsync.Applier {
	return &contactsync.Applier{
		Friends: a.Friends(), CRM: a.crm(), Profiles: lineUsers{a}, Invalids: a.Invalids(), Log: a.ChangeLog(), Failures: a.Failures(),
		Outbox: a.Outbox(), Index: a.FriendIndex(), Again: contactsync.AgainBy(a.Sender()), Clock: a.Clock, Parallel: a.parallel(32),
	}
}

// Events applies what HubSpot told us.
func (a *App) Events() *contactsync.Events {
	return &contactsync.Events{Applier: a.Applier(), Queue: a.Sender(), Eraser: a.Eraser(), Files: a.Depot(), Lists: a.Lists(), Creator: a.crm()}
}

// Eraser forgets contacts that were deleted for privacy.
func (a *App) Eraser() *erasure.Eraser {
	return &erasure.Eraser{Chain: a.Chain(), Log: a.ChangeLog(), Samples: a.Starter(), Failures: a.Failures(), Links: dynamo.Linkage{Table: a.Table()}, Files: a.Depot(), Clock: a.Clock, NewID: a.NewID}
}

// Flusher drains the outbox.
func (a *App) Flusher() *contactsync.Flusher {
	return &contactsync.Flusher{
		Friends: a.Friends(), CRM: a.crm(), Log: a.ChangeLog(), Failures: a.Failures(), Outbox: a.Outbox(), Clock: a.Clock, Parallel: a.parallel(8),
		Happened: a.happened(), Gone: a.gone, Again: contactsync.AgainBy(a.Sender()), Broken: func(ctx context.Context, p id.PortalID, f *fault.Fault) error { return a.broken(ctx, p, f) },
	}
}

// gone has a contact looked at that HubSpot no longer knows.
func (a *App) gone(ctx context.Context, p id.PortalID, c id.ContactID) error {
	b, err := json.Marshal(contactsync.Batch{Portal: p, Notes: []contactsync.Note{{Kind: contactsync.Gone, Contact: c, At: a.Clock.Now().UnixMilli()}}})
	if err != nil {
		return err
	}
	return a.Sender().Send(ctx, queue.HubspotEvents, queue.Message{Body: b})
}

// broken stops what HubSpot refuses for every record: a mapping or LINE property that somebody deleted (P-48).
func (a *App) broken(ctx context.Context, p id.PortalID, f *fault.Fault) error {
	for _, name := range f.Properties {
		for range 5 {
			set, err := a.Mappings().Load(ctx, p)
			if err != nil {
				return err
			}
			next, err := set.Change(name, func(m *mapping.Mapping) error { m.Status = mapping.PropertyDeleted; return nil })
			if err != nil {
				break // not a mapped property
			}
			if _, err = a.Mappings().Save(ctx, p, next); err == nil {
				break
			}
		}
	}
	accounts, err := a.Accounts().ActiveAccounts(ctx, p)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		for _, name := range f.Properties {
			if _, err := a.Properties().MarkMissing(ctx, p, account.Slot, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare makes what a first sync needs: the LINE properties of every connected account, and the default mappings (P-04, P-36). Repeating
// it changes nothing.
func (a *App) prepare(ctx context.Context, p id.PortalID) error {
	set, err := a.Mappings().Load(ctx, p)
	if err != nil {
		return err
	}
	if set.Version == 0 {
		row, err := a.Portals().Get(ctx, p)
		if err != nil {
			return err
		}
		if _, err := a.Mappings().Save(ctx, p, mapping.Default(max(row.InstalledAt.UnixMilli(), 1))); err != nil && !errors.Is(err, mapping.ErrChanged) {
			return err
		}
	}
	accounts, err := a.Accounts().ActiveAccounts(ctx, p)
	if err != nil || len(accounts) == 0 {
		return err
	}
	if _, err = a.Onboarding().EnsureProperties(ctx, p); err != nil {
		return err
	}
	if err := a.Groups().Prepare(ctx, p); err != nil {
		// The rest of the sync does without; the first group's event tries again and becomes a failed item if HubSpot refuses.
		a.Log.Warn("properties of group chats not made", logging.Portal(p), logging.Error(err))
	}
	return a.Tags().Expire(ctx, p, accounts)
}

// subscribe has HubSpot's journal tell of a portal that has an account. Repeating it changes nothing.
func (a *App) subscribe(ctx context.Context, p id.PortalID) error {
	scope, err := a.Scopes().Scope(ctx, p)
	if err != nil || len(scope.Slots) == 0 {
		return err
	}
	properties := scope.Mappings.Properties()
	properties = append(properties, scope.TagProperties()...)
	for _, name := range scope.UserIDProperties() {
		properties = append(properties, name)
	}
	if err := a.crm().Subscribe(ctx, p, properties); err != nil {
		// The journal brings changes sooner; without it the automatic runs find them.
		a.Log.Warn("journal not subscribed", logging.Error(err))
	}
	return nil
}

// Journal reads HubSpot's journal for all portals.
func (a *App) Journal() *journal.Reader {
	return &journal.Reader{
		Leases: a.Directory(), Feed: a.crm(), Queue: a.Sender(), Uninstalled: a.Portals().Uninstalled, CompareAll: a.compareAll,
		Clock: a.Clock, NewID: a.NewID, Log: a.Log,
	}
}

// compareAll makes every portal's next run a full one, after a gap in the journal.
func (a *App) compareAll(ctx context.Context) error {
	now := a.Clock.Now()
	for shard := range directory.Shards {
		portals, err := a.Directory().DuePortals(ctx, shard, now.AddDate(1, 0, 0), 10_000)
		if err != nil {
			return err
		}
		for _, p := range portals {
			if err := a.Starter().Again(ctx, p); err != nil {
				return err
			}
			if err := a.Directory().BringForward(ctx, p, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// Alerts tells people when syncing needs them.
func (a *App) Alerts() *alert.Service {
	return &alert.Service{
		Store: dynamo.Alerts{Table: a.Table()}, Mail: mailer{a}, Clock: a.Clock,
		Who: func(ctx context.Context, p id.PortalID) (alert.Recipient, error) {
			row, err := a.Portals().Get(ctx, p)
			return alert.Recipient{Emails: row.Settings.AlertEmails, Language: row.Settings.Language, Name: row.Name}, err
		},
		Dashboard: func(p id.PortalID) string {
			return fmt.Sprintf("%s/app/%s/%d", a.Config.HubspotAppURL, p, a.Config.HubspotAppID)
		},
	}
}

// mailer makes the mail client when the first mail goes out.
type mailer struct{ app *App }

func (m mailer) Send(ctx context.Context, x mail.Mail) error { return m.app.Mail().Send(ctx, x) }

// Active notes that somebody uses the portal, so that the tick looks at it every minute for a while.
func (a *App) Active(ctx context.Context, p id.PortalID) error {
	now := a.Clock.Now()
	woke, err := syncrun.Touch(ctx, a.Schedules(), p, now)
	if err != nil || !woke {
		return err
	}
	return a.Directory().BringForward(ctx, p, now.Add(time.Minute))
}

// Starter begins sync runs.
func (a *App) Starter() *syncrun.Starter {
	return &syncrun.Starter{Chain: a.Chain(), Schedule: a.Schedules(), Clock: a.Clock, NewID: a.NewID}
}

// Runner does their steps.
func (a *App) Runner() *syncrun.Runner {
	return &syncrun.Runner{
		Chain: a.Chain(), Scopes: a.Scopes(), Source: a.crm(), Applier: *a.Applier(), Friends: a.Friends(), Failures: a.Failures(), Outbox: a.Outbox(),
		Lists: a.Lists(), Schedule: a.Schedules(), Mappings: a.Mappings(), Clock: a.Clock,
		Ahead: a.parallel(40), Prepare: []func(context.Context, id.PortalID) error{a.prepare, a.subscribe}, Reindex: a.reindex, Look: a.Events().Look, WriteBack: a.Portals(), Judge: a.Alerts().Update,
	}
}

// Tick is the minute tick.
func (a *App) Tick() *syncrun.Tick {
	return &syncrun.Tick{
		Due: a.Directory(), Portals: dynamo.Portals{Table: a.Table()}, Scopes: a.Scopes(), Starter: a.Starter(), Chain: a.Chain(), Kinds: []string{linesync.ImportKind, linesync.LeaveKind, erasure.Kind, hubspotlist.JobKind, tag.WorkKind, linkage.WriteKind}, Leaving: a.Leaver().Resume, Chats: a.unsettled, Casts: a.Casts().Look,
		Friends: a.Friends(), Outbox: a.Outbox(), Queue: a.Sender(), Schedule: a.Schedules(), Clock: a.Clock, Log: a.Log, Before: a.Journal().Poll,
		Removed: a.Portals().FinishRemoval, Sweep: a.sweep, Judge: a.Alerts().Update,
		Pending: func(ctx context.Context, p id.PortalID) error { _, err := a.Portals().Complete(ctx, p); return err },
	}
}

var (
	_ contactsync.Profiles = lineUsers{}
	_ linesync.Followers   = lineUsers{}
)
