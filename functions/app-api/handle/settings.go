package handle

import (
	"context"
	"errors"
	"log/slog"

	"lumo/shared/access"
	"lumo/shared/broadcast"
	"lumo/shared/fault"
	"lumo/shared/lineaccount"
	"lumo/shared/logging"
	"lumo/shared/portal"
)

type settingsView struct {
	Settings portal.Settings        `json:"settings"`
	Portal   portalView             `json:"portal"`
	Checks   []lineView             `json:"checks"`
	May      map[access.Action]bool `json:"may"`
}

type portalView struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	State       portal.State `json:"state"`
	Reason      *string      `json:"reason"`
	TimeZone    string       `json:"timeZone"`
	UIDomain    string       `json:"uiDomain"`
	InstalledBy *string      `json:"installedBy"`
	InstalledAt *int64       `json:"installedAt"`
}

func (c *call) settings(ctx context.Context, p portal.Portal) (any, error) {
	may, err := c.allowed(ctx)
	if err != nil {
		return nil, err
	}
	if p.Settings.AlertEmails == nil {
		p.Settings.AlertEmails = []string{}
	}
	return settingsView{p.Settings, portalView{
		ID: p.ID.String(), Name: p.Name, State: p.State, Reason: some(p.Reason), TimeZone: p.Zone().String(), UIDomain: p.UIDomain,
		InstalledBy: some(p.InstalledBy.Email), InstalledAt: moment(p.InstalledAt),
	}, checkViews(p.Checks()), may}, nil
}

func getSettings(ctx context.Context, c *call) (any, error) { return c.settings(ctx, c.at) }

type changeSettings struct {
	request
	portal.Patch
}

func patchSettings(ctx context.Context, c *call) (any, error) {
	in, err := read[changeSettings](c)
	if err != nil {
		return nil, err
	}
	p, err := c.Portals.ChangeSettings(ctx, c.portal(), c.who, in.Patch)
	if err != nil {
		return nil, err
	}
	if p.State.Runs() && p.Settings.MessageTexts != c.at.Settings.MessageTexts {
		// The setting is stored; properties that HubSpot cannot make now are made by the next full run.
		if _, err := c.Onboarding.EnsureProperties(ctx, c.portal()); err != nil {
			if fault.ClassOf(err) == "" {
				return nil, err
			}
			c.Log.LogAttrs(ctx, slog.LevelWarn, "properties not made yet", logging.Portal(c.portal()), logging.Error(err))
		}
	}
	return c.settings(ctx, p)
}

type auditRow struct {
	ID      string          `json:"id"`
	At      int64           `json:"at"`
	UserID  *int64          `json:"userId"`
	Email   *string         `json:"email"`
	Action  portal.Action   `json:"action"`
	Subject *string         `json:"subject"`
	Changes []portal.Change `json:"changes"`
}

func getAudit(ctx context.Context, c *call) (any, error) {
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	es, next, err := c.Portals.Log(ctx, c.portal(), after, limit)
	if err != nil {
		return nil, err
	}
	return rows(es, func(e portal.Entry) auditRow {
		return auditRow{e.ID, e.At.UnixMilli(), at(e.Actor.UserID), some(e.Actor.Email), e.Action, some(e.Subject), append([]portal.Change{}, e.Changes...)}
	}, c.next(next)), nil
}

// farewell is what somebody should know before the integration is removed (P-158). Nothing is deleted in HubSpot (P-157).
type farewell struct {
	State    portal.State  `json:"state"`
	Accounts []accountName `json:"accounts"`
	Friends  int           `json:"friends"`
	Mappings int           `json:"mappings"`
	// Unsent counts friends of whom HubSpot has not learnt everything yet, up to a thousand for each account.
	Unsent int `json:"unsent"`
	// Broadcasts that are scheduled go back to draft, those that are being sent stand still.
	Broadcasts []farewellCast `json:"broadcasts"`
	// Inboxes are the accounts whose conversations are shown in HubSpot's inbox; that stops.
	Inboxes  []farewellInbox `json:"inboxes"`
	Failures int             `json:"failures"`
	Done     bool            `json:"done"`
}

// markersSeen bounds the count of what HubSpot must still learn.
const markersSeen = 1000

type farewellCast struct {
	Slot   int              `json:"slot"`
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	Status broadcast.Status `json:"status"`
	SendAt *int64           `json:"sendAt"`
}

type farewellInbox struct {
	Slot int    `json:"slot"`
	Name string `json:"name"`
}

func getDisconnect(ctx context.Context, c *call) (any, error) { return c.farewell(ctx, false) }

func (c *call) farewell(ctx context.Context, done bool) (farewell, error) {
	accounts, err := c.Accounts.Accounts(ctx, c.portal())
	if err != nil {
		return farewell{}, err
	}
	n, err := c.counters(ctx, accounts)
	if err != nil {
		return farewell{}, err
	}
	out := farewell{State: c.at.State, Accounts: []accountName{}, Broadcasts: []farewellCast{}, Inboxes: []farewellInbox{}, Friends: n.Friends, Mappings: n.Mappings, Failures: n.Failures, Done: done}
	for _, a := range accounts {
		if a.State != lineaccount.Active {
			continue
		}
		out.Accounts = append(out.Accounts, accountName{int(a.Slot), a.Name, some(a.PictureURL), a.State})
		ms, err := c.Friends.Markers(ctx, c.portal(), a.Slot, markersSeen)
		if err != nil {
			return out, err
		}
		out.Unsent += len(ms)
	}
	bs, _, err := c.Broadcasts.Waiting(ctx, c.portal())
	for _, b := range bs {
		out.Broadcasts = append(out.Broadcasts, farewellCast{int(b.Slot), b.ID, b.Name, b.Status, at(b.SendAt)})
	}
	if err != nil {
		return out, err
	}
	inboxes, err := c.Inboxes.Statuses(ctx, c.portal())
	for _, i := range inboxes {
		if i.Works() {
			out.Inboxes = append(out.Inboxes, farewellInbox{int(i.Slot), i.Name})
		}
	}
	return out, err
}

type disconnect struct {
	request
	Confirm bool `json:"confirm"`
}

// postDisconnect removes the integration. Without a confirmation it only says what that would mean.
func postDisconnect(ctx context.Context, c *call) (any, error) {
	in, err := read[disconnect](c)
	if err != nil {
		return nil, err
	}
	if !in.Confirm {
		return c.farewell(ctx, false)
	}
	before, err := c.farewell(ctx, true)
	if err != nil {
		return nil, err
	}
	// Unfinished means that it is stopped here and that the minute tick says goodbye to HubSpot.
	if err := c.Onboarding.Disconnect(ctx, c.portal(), c.who); err != nil && !errors.Is(err, portal.ErrUnfinished) {
		return nil, err
	}
	before.State = portal.Removed
	return before, nil
}
