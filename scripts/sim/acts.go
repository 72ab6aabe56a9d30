package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	hs "lumo/scripts/hubspotsandbox"
	"lumo/shared/chain"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/id"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/syncrun"
)

// act is something that people do. What the sandboxes refuse did not happen.
type act struct {
	name   string
	weight int
	do     func(*World)
	// named acts are done only where Options.Only asks for them: whoever adds them to the others moves what all seeds draw.
	named bool
}

var acts = []act{
	{name: "hubspot-edit", weight: 12, do: (*World).editInHubSpot},
	{name: "lumo-edit", weight: 14, do: (*World).editInLumo},
	{name: "race", weight: 10, do: (*World).race},
	{name: "workflow", weight: 4, do: (*World).workflow},
	{name: "edit-and-sync", weight: 4, do: (*World).editAndSync},
	{name: "lumo-edits", weight: 4, do: (*World).editManyInLumo},
	{name: "link", weight: 10, do: (*World).nameUser},
	{name: "unlink", weight: 2, do: (*World).clearUser},
	{name: "part", weight: 2, do: (*World).part},
	{name: "wrong-id", weight: 2, do: (*World).nameNobody},
	{name: "hubspot-line-edit", weight: 2, do: (*World).editLineProperty},
	{name: "create", weight: 3, do: (*World).createContact},
	{name: "merge", weight: 3, do: (*World).merge},
	{name: "delete", weight: 2, do: (*World).deleteContact},
	{name: "restore", weight: 1, do: (*World).restoreContact},
	{name: "purge", weight: 1, do: (*World).purgeContact},
	{name: "company", weight: 4, do: (*World).changeCompany},
	{name: "rename-company", weight: 2, do: (*World).renameCompany},
	{name: "follow", weight: 8, do: (*World).toggleFollow},
	{name: "message", weight: 8, do: (*World).sendMessage},
	{name: "answer", weight: 8, do: (*World).writeToFriend},
	{name: "rename", weight: 4, do: (*World).renamePerson},
	{name: "import", weight: 2, do: (*World).importFriends},
	{name: "stop-import", weight: 1, do: (*World).stopImport},
	{name: "list", weight: 5, do: (*World).changeList},
	{name: "tag", weight: 8, do: (*World).changeTag},
	{name: "run", weight: 4, do: (*World).startRun},
	{name: "expire-token", weight: 2, do: (*World).expireToken},
	{name: "uninstall", weight: 1, do: (*World).uninstall},
	{name: "link-by-property", weight: 6, do: (*World).linkByProperty},
	{name: "make-link", weight: 4, do: (*World).makeLink},
	{name: "segment", weight: 6, do: (*World).writeToSegment, named: true},
}

func (w *World) act() {
	var from []act
	total := 0
	for _, a := range acts {
		if w.options.Only == nil && !a.named || slices.Contains(w.options.Only, a.name) {
			from, total = append(from, a), total+a.weight
		}
	}
	n := w.rng.IntN(total)
	for _, a := range from {
		if n -= a.weight; n < 0 {
			w.trace("act %s", a.name)
			a.do(w)
			return
		}
	}
}

// -- picking ----------------------------------------------------------------------------------------------------------

func (w *World) tenant() *tenant {
	if len(w.portals) > 1 && w.rng.IntN(4) == 0 {
		return w.portals[1+w.rng.IntN(len(w.portals)-1)]
	}
	return w.portals[0]
}

func (w *World) contact(t *tenant) (hs.Record, bool) {
	all, err := w.hubspot.Records(t.hub(), "contacts")
	w.check(err)
	if len(all) == 0 {
		return hs.Record{}, false
	}
	return all[w.rng.IntN(len(all))], true
}

func (w *World) account(t *tenant) *channel { return t.channels[w.rng.IntN(len(t.channels))] }

func (w *World) somebody() *person { return w.people[w.rng.IntN(len(w.people))] }

// field draws a mapped property that people edit.
func (w *World) field(t *tenant) mapping.Mapping {
	for {
		if m := t.mappings[w.rng.IntN(len(t.mappings))]; m.Property != mapping.Company {
			return m
		}
	}
}

// linked draws a contact that names a user, with the friend it names; preferably one.
func (w *World) linked(t *tenant) (hs.Record, friend.Key, bool) {
	all, err := w.hubspot.Records(t.hub(), "contacts")
	w.check(err)
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, c := range w.shuffled(t.channels) {
		for _, r := range all {
			if u, err := id.ParseLineUser(r.Value(c.idField)); err == nil {
				return r, friend.Key{Slot: c.slot, User: u}, true
			}
		}
	}
	return hs.Record{}, friend.Key{}, false
}

func (w *World) shuffled(cs []*channel) []*channel {
	cs = slices.Clone(cs)
	w.rng.Shuffle(len(cs), func(i, j int) { cs[i], cs[j] = cs[j], cs[i] })
	return cs
}

// -- HubSpot ----------------------------------------------------------------------------------------------------------

func (w *World) edit(t *tenant, contact int64, property, value string) {
	err := w.hubspot.Edit(t.hub(), "contacts", contact, map[string]string{property: value}, hs.By{})
	w.trace("HubSpot: %d/%d %s=%q %v", t.id, contact, property, value, err == nil)
}

func (w *World) editInHubSpot() {
	t := w.tenant()
	if c, ok := w.contact(t); ok {
		m := w.field(t)
		w.edit(t, c.ID, m.Property, w.value(t, m.Property))
	}
}

func (w *World) nameUser() {
	t := w.tenant()
	c, ok := w.contact(t)
	if !ok {
		return
	}
	a, p := w.account(t), w.somebody()
	w.edit(t, c.ID, a.idField, string(w.userID(a, p)))
}

func (w *World) clearUser() {
	t := w.tenant()
	if c, _, ok := w.linked(t); ok {
		w.edit(t, c.ID, w.account(t).idField, "")
	}
}

func (w *World) nameNobody() {
	t := w.tenant()
	if c, ok := w.contact(t); ok {
		bad := []string{"not an id", "U" + fmt.Sprintf("%032x", w.rng.Uint32())}
		w.edit(t, c.ID, w.account(t).idField, bad[w.rng.IntN(2)])
	}
}

func (w *World) editLineProperty() {
	t := w.tenant()
	c, k, ok := w.linked(t)
	if !ok {
		return
	}
	suffix := ""
	if k.Slot > 1 {
		suffix = "_" + k.Slot.String()
	}
	if w.rng.IntN(2) == 0 {
		w.edit(t, c.ID, "line_display_name"+suffix, t.canary+" nickname")
	} else {
		w.edit(t, c.ID, "line_follow_status"+suffix, []string{"following", "blocked", "unknown", ""}[w.rng.IntN(4)])
	}
}

func (w *World) createContact() {
	t := w.tenant()
	more := map[string]string{}
	if a := w.account(t); w.rng.IntN(2) == 0 {
		more[a.idField] = string(w.userID(a, w.somebody()))
	}
	w.newContact(t, more)
}

func (w *World) merge() {
	t := w.tenant()
	a, ok := w.contact(t)
	b, fine := w.contact(t)
	if !ok || !fine || a.ID == b.ID {
		return
	}
	n, err := w.hubspot.Merge(t.hub(), "contacts", a.ID, b.ID, hs.By{})
	w.trace("HubSpot: %d merge %d+%d=%d %v", t.id, a.ID, b.ID, n, err == nil)
}

func (w *World) deleteContact() {
	t := w.tenant()
	if c, ok := w.contact(t); ok {
		w.check(w.hubspot.Delete(t.hub(), "contacts", c.ID, hs.By{}))
		t.deleted = append(t.deleted, c.ID)
		w.trace("HubSpot: %d delete %d", t.id, c.ID)
	}
}

func (w *World) restoreContact() {
	t := w.tenant()
	if n := len(t.deleted); n > 0 {
		c := t.deleted[n-1]
		t.deleted = t.deleted[:n-1]
		err := w.hubspot.Restore(t.hub(), "contacts", c, hs.By{})
		w.trace("HubSpot: %d restore %d %v", t.id, c, err == nil)
	}
}

func (w *World) purgeContact() {
	t := w.tenant()
	if c, ok := w.contact(t); ok {
		w.check(w.hubspot.Purge(t.hub(), "contacts", c.ID, hs.By{}))
		t.erased = append(t.erased, c.ID)
		w.trace("HubSpot: %d purge %d", t.id, c.ID)
	}
}

func (w *World) changeCompany() {
	t := w.tenant()
	c, ok := w.contact(t)
	if !ok {
		return
	}
	if c.PrimaryID != 0 && w.rng.IntN(3) == 0 {
		w.check(w.hubspot.RemoveCompany(t.hub(), c.ID, c.PrimaryID, hs.By{}))
		w.trace("HubSpot: %d/%d leaves its company", t.id, c.ID)
		return
	}
	to := t.companies[w.rng.IntN(len(t.companies))]
	w.check(w.hubspot.SetCompany(t.hub(), c.ID, to, true, hs.By{}))
	w.trace("HubSpot: %d/%d joins %d", t.id, c.ID, to)
}

func (w *World) renameCompany() {
	t := w.tenant()
	c := t.companies[w.rng.IntN(len(t.companies))]
	w.check(w.hubspot.Edit(t.hub(), "companies", c, map[string]string{"name": fmt.Sprintf("%s company %d", t.canary, w.rng.IntN(100))}, hs.By{}))
	w.trace("HubSpot: %d renames company %d", t.id, c)
}

func (w *World) expireToken() {
	if w.rng.IntN(3) == 0 {
		w.hubspot.ExpireAccessTokens(0)
		return
	}
	w.hubspot.ExpireAccessTokens(w.tenant().hub())
}

// uninstall happens to the last portal, and only if there is another one.
func (w *World) uninstall() {
	t := w.portals[len(w.portals)-1]
	if len(w.portals) == 1 || t.removed {
		return
	}
	t.removed = true
	w.check(w.hubspot.Uninstall(t.hub()))
	w.trace("HubSpot: %d uninstalls", t.id)
}

// -- LINE -------------------------------------------------------------------------------------------------------------

func (w *World) toggleFollow() {
	a, p := w.account(w.tenant()), w.somebody()
	w.lineActs++
	for _, try := range []func(channelID, ref string) error{w.line.Follow, w.line.Block, w.line.Unblock} {
		if try(a.ID, p.ref) == nil {
			return
		}
	}
}

func (w *World) sendMessage() {
	a, p := w.account(w.tenant()), w.somebody()
	w.lineActs++
	_, err := w.line.SendText(a.ID, p.ref, w.canaries.Plant("message text"))
	w.trace("LINE: %s writes to %s %v", p.ref, a.ID, err == nil)
}

func (w *World) renamePerson() {
	p := w.somebody()
	w.lineActs++
	if w.rng.IntN(3) == 0 {
		w.check(w.line.ChangePicture(p.ref))
		return
	}
	p.name = w.canaries.Plant("display name")
	w.check(w.line.Rename(p.ref, p.name))
}

// -- Lumo -------------------------------------------------------------------------------------------------------------

// press is a person who wants something done: the button is pressed again until it is done or refused.
func (w *World) press(what string, refused []error, work func(context.Context, *compose.App) error, then func()) {
	w.insist(what, refused, work, func(err error) {
		if err == nil {
			then()
		}
	})
}

// insist is press for who wants to know of the refusal, too.
func (w *World) insist(what string, refused []error, work func(context.Context, *compose.App) error, then func(error)) {
	w.pending++
	w.perform("app-api", what, work, func(err error) {
		w.pending--
		for _, r := range refused {
			if errors.Is(err, r) {
				w.trace("refused: %s", what)
				then(err)
				return
			}
		}
		if err == nil {
			then(nil)
			return
		}
		w.lastTrouble = fmt.Sprintf("%s: %v", what, err)
		w.pending++
		w.at(w.now.Add(w.weather.between(3*time.Second, 30*time.Second)), func() { w.pending--; w.insist(what, refused, work, then) })
	})
}

var editRefusals = []error{
	friendcard.ErrUnknown, friendcard.ErrNotMapped, friendcard.ErrOneWay, friendcard.ErrHubSpot, friendcard.ErrPaused, friendcard.ErrValue, contactsync.ErrNotConnected,
}

// editFriend edits a field of a friend in Lumo.
func (w *World) editFriend(t *tenant, k friend.Key, property, value string) {
	e := friendcard.Edit{Key: k, Values: map[string]string{property: value}, At: w.now, Seed: fmt.Sprintf("edit-%d", w.steps)}
	w.press(fmt.Sprintf("edit %d %d/%s %s=%q", t.id, k.Slot, k.User, property, value), editRefusals, func(ctx context.Context, a *compose.App) error {
		_, _, err := w.editor(a).Apply(ctx, t.id, e)
		return err
	}, func() { w.journal.edited(t.id, k, property, value, e.At.UnixMilli()) })
}

// editor is composed as functions/app-api does.
func (w *World) editor(a *compose.App) *friendcard.Editor {
	return &friendcard.Editor{Friends: a.Friends(), Scopes: a.Scopes(), Log: a.ChangeLog(), Outbox: w.options.Plant.outbox(a)}
}

func (w *World) editInLumo() {
	t := w.tenant()
	_, k, ok := w.linked(t)
	if !ok || w.rng.IntN(8) == 0 { // also friends that are linked to nobody
		a := w.account(t)
		k = friend.Key{Slot: a.slot, User: w.userID(a, w.somebody())}
	}
	m := w.field(t)
	w.editFriend(t, k, m.Property, w.value(t, m.Property))
}

// race: both sides edit one field within a few seconds.
func (w *World) race() {
	t := w.tenant()
	c, k, ok := w.linked(t)
	if !ok {
		return
	}
	m := w.field(t)
	apart := time.Duration(w.rng.IntN(5000)-2500) * time.Millisecond
	first, second := w.value(t, m.Property), w.value(t, m.Property)
	inHubSpot := func() { w.edit(t, c.ID, m.Property, first) }
	inLumo := func() { w.editFriend(t, k, m.Property, second) }
	if apart < 0 {
		inHubSpot, inLumo = inLumo, inHubSpot
	}
	inHubSpot()
	w.at(w.now.Add(apart.Abs()), inLumo)
}

func (w *World) importFriends() {
	t := w.tenant()
	a := w.account(t)
	w.press("import", []error{chain.ErrBusy, contactsync.ErrNotConnected}, func(ctx context.Context, app *compose.App) error {
		_, err := app.Importer().Start(ctx, t.id, a.slot, "somebody")
		return err
	}, func() {})
}

func (w *World) stopImport() {
	t := w.tenant()
	w.press("stop import", nil, func(ctx context.Context, app *compose.App) error { return app.Importer().Stop(ctx, t.id) }, func() {})
}

func (w *World) startRun() {
	t := w.tenant()
	req := syncrun.Request{Trigger: syncrun.Manual, Extent: syncrun.All, Actor: "somebody"}
	kind := w.rng.IntN(5)
	if kind == 0 || kind == 4 {
		if !w.compares {
			return
		}
	}
	switch kind {
	case 0:
		req.Extent = syncrun.Contacts
	case 1:
		req.DryRun = true
	case 2:
		if c, ok := w.contact(t); ok {
			req.Extent, req.Contact = syncrun.One, id.ContactID(c.ID)
		}
	case 3:
		req.Extent = syncrun.Lists
	}
	w.run(t, req)
}

func (w *World) run(t *tenant, req syncrun.Request) {
	w.press(fmt.Sprintf("run %s", req.Extent), []error{chain.ErrBusy, syncrun.ErrCooldown, contactsync.ErrNotConnected, portal.ErrUnknown}, func(ctx context.Context, app *compose.App) error {
		_, err := app.Starter().Start(ctx, t.id, req)
		return err
	}, func() {})
}
