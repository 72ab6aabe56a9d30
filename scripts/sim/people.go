package sim

import (
	"context"
	"fmt"
	"time"

	hs "lumo/scripts/hubspotsandbox"
	ls "lumo/scripts/linesandbox"
	"lumo/shared/compose"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
)

// tenant is a HubSpot portal with its LINE Official Accounts.
type tenant struct {
	id        id.PortalID
	canary    string // part of every value that its people type
	channels  []*channel
	companies []int64
	mappings  []mapping.Mapping
	deleted   []int64
	erased    []int64 // for privacy
	removed   bool    // uninstalled for good
	crm       bool    // another system has its property
}

func (t *tenant) hub() int64 { return int64(t.id) }

type channel struct {
	ls.Channel
	slot    id.Slot
	idField string // of contacts: the LINE User ID of this slot
}

// person has a LINE account; each provider knows it under another id.
type person struct {
	ref  string
	name string
}

func (w *World) userID(c *channel, p *person) id.LineUserID {
	u, err := w.line.LineUserID(c.ID, p.ref)
	if err != nil {
		w.fail("LINE user id of %s: %v", p.ref, err)
	}
	return id.LineUserID(u)
}

// Fields that are mapped besides the first and last name. jobtitle, city and vip_rank have no webhook: the journal brings them, or a run.
var extraFields = []mapping.Mapping{
	{Property: "phone", Label: "Phone Number", Type: "string", FieldType: "phonenumber"},
	{Property: "jobtitle", Label: "Job Title", Type: "string", FieldType: "text"},
	{Property: "city", Label: "City", Type: "string", FieldType: "text"},
	{Property: "vip_rank", Label: "VIP rank", Type: "number", FieldType: "number"},
	{Property: mapping.Company, Label: "Company name", Type: "string", FieldType: "text", Rule: register.HubSpotAlways},
}

var rules = []register.Rule{register.NewestWins, register.NewestWins, register.LumoAlways, register.HubSpotAlways, register.HubSpotElseLumo}

// populate makes people, portals and accounts; install and connect are done as people do them, but in fair weather.
func (w *World) populate() {
	size := w.options.Size
	for i := range size.People {
		name := w.canaries.Plant("display name")
		p := w.line.CreateUser(ls.UserSpec{Name: name})
		w.people = append(w.people, &person{ref: p.ID, name: name})
		_ = i
	}
	for i := range size.Portals {
		t := &tenant{id: id.PortalID(101 + 101*i)}
		t.canary = w.canaries.Plant(fmt.Sprintf("value of portal %d", t.id))
		w.portals = append(w.portals, t)
		w.openPortal(t)
		provider := w.line.CreateProvider(fmt.Sprintf("Provider %d", i+1))
		accounts := size.Accounts
		if i > 0 {
			accounts = 1
		}
		for n := range accounts {
			w.openAccount(t, provider.ID, id.Slot(n+1))
		}
		from := w.rng.IntN(len(w.people))
		for i, n := range w.everyContact(t) { // the first sync finds most of them linked, a few to the same person
			if p := w.people[(from+i)%len(w.people)]; w.rng.IntN(4) > 0 {
				if w.rng.IntN(4) == 0 {
					p = w.somebody()
				}
				a := w.account(t)
				w.edit(t, n, a.idField, string(w.userID(a, p)))
			}
		}
	}
}

func (w *World) openPortal(t *tenant) {
	w.hubspot.AddPortal(t.hub(), hs.PortalOptions{MergeKeepsPrimary: w.rng.IntN(3) == 0})
	w.check(w.hubspot.DefineProperty(t.hub(), "contacts", hs.Definition{Name: "vip_rank", Type: "number", FieldType: "number"}))
	for i := range 2 {
		n, err := w.hubspot.Create(t.hub(), "companies", map[string]string{"name": fmt.Sprintf("%s company %d", t.canary, i)}, hs.By{})
		w.check(err)
		t.companies = append(t.companies, n)
	}
	for range w.options.Size.Contacts {
		w.newContact(t, nil)
	}
	w.check(w.hubspot.SetSearch(t.hub(), hs.SearchSettings{MaxLag: w.weather.lag.Milliseconds()}))
	if w.weather.journal == "refused" {
		_, err := w.hubspot.AddFault(hs.Fault{Path: "^/webhooks-journal/", Kind: hs.FaultStatus, Status: 403})
		w.check(err)
	}
	w.setUp("install", func(ctx context.Context, a *compose.App) error {
		code, err := w.hubspot.Code(t.hub(), redirectURL)
		if err != nil {
			return err
		}
		if _, err := a.Portals().Install(ctx, code, redirectURL); err != nil {
			return err
		}
		minutes := portal.MinSyncInterval
		if _, err := a.Portals().ChangeSettings(ctx, t.id, portal.Actor{}, portal.Patch{SyncIntervalMinutes: &minutes}); err != nil {
			return err
		}
		set := mapping.Default(w.now.UnixMilli())
		for _, m := range extraFields {
			if m.Rule == "" {
				m.Rule = rules[w.rng.IntN(len(rules))]
			}
			m.AddedAt = w.now.UnixMilli()
			if set, err = set.Add(m); err != nil {
				return err
			}
		}
		t.mappings = set.Mappings
		_, err = a.Mappings().Save(ctx, t.id, set)
		return err
	})
}

func (w *World) openAccount(t *tenant, provider string, slot id.Slot) {
	spec := ls.ChannelSpec{Provider: provider, Name: fmt.Sprintf("Account %d of %d", slot, t.id), Verified: true, Redelivery: true, Secret: ""}
	c, err := w.line.CreateChannel(spec)
	w.check(err)
	w.canaries.Add("channel secret", c.Secret)
	ch := &channel{Channel: c, slot: slot}
	d, _ := lineproperty.Define(lineproperty.UserID, slot, "")
	ch.idField = d.Name
	t.channels = append(t.channels, ch)
	for _, p := range w.people {
		w.canaries.Add("LINE user id", string(w.userID(ch, p)))
		if w.rng.IntN(4) > 0 {
			w.check(w.line.Follow(c.ID, p.ref))
		}
	}
	w.setUp("connect", func(ctx context.Context, a *compose.App) error {
		o, err := a.Onboarding().Connect(ctx, t.id, portal.Actor{}, lineaccount.Input{ChannelID: c.ID, ChannelSecret: c.Secret})
		if err == nil && !o.Connected {
			return fmt.Errorf("account not connected: %+v", o.Lines)
		}
		return err
	})
	w.check(w.line.SetWebhookSettings(c.ID, w.weather.line2))
}

// newContact is a contact as somebody types it.
func (w *World) newContact(t *tenant, more map[string]string) {
	values := map[string]string{"firstname": w.value(t, "firstname"), "lastname": w.value(t, "lastname")}
	for k, v := range more {
		values[k] = v
	}
	n, err := w.hubspot.Create(t.hub(), "contacts", values, hs.By{})
	if err == nil && w.rng.IntN(2) == 0 {
		w.check(w.hubspot.SetCompany(t.hub(), n, t.companies[w.rng.IntN(len(t.companies))], true, hs.By{}))
	}
}

// value draws what somebody types into a field; seldom nothing.
func (w *World) value(t *tenant, property string) string {
	n := w.rng.IntN(6)
	switch {
	case n == 0 && property != "lastname":
		return ""
	case property == "vip_rank":
		return []string{"1", "2", "2.0", "10", "3.50"}[w.rng.IntN(5)]
	case property == "phone":
		return []string{"+81 90-1234-5678", "+819012345678", "+81 3 0000 1111", "+1 (202) 555-0100"}[w.rng.IntN(4)]
	}
	return fmt.Sprintf("%s %d", t.canary, n)
}

// setUp performs and waits; it must succeed.
func (w *World) setUp(what string, work func(context.Context, *compose.App) error) {
	storm := w.weather.storm
	w.weather.storm = false
	over := false
	w.perform("oauth", what, work, func(err error) {
		over = true
		if err != nil {
			w.fail("%s: %v", what, err)
		}
	})
	for end := w.now.Add(10 * time.Minute); !over && w.broken == "" && w.failure == nil && w.step(end); {
		w.pollAll()
	}
	w.weather.storm = storm
}

// check is for acts in the sandboxes that cannot fail.
func (w *World) check(err error) {
	if err != nil {
		w.fail("set-up: %v", err)
	}
}
