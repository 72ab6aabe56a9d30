package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	hs "lumo/scripts/hubspotsandbox"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/syncrun"
)

// calm ends all trouble. What HubSpot's plan does not allow stays forbidden.
func (w *World) calm() {
	w.trace("the weather clears")
	w.weather.storm = false
	for _, f := range w.hubspot.Faults() {
		if f.Status != 403 {
			w.hubspot.RemoveFault(f.ID)
		}
	}
	w.line.ClearFaults()
	w.hubspot.SetFlows(hs.FlowSettings{RetryMs: 1000})
	w.hubspot.SetWebhooks(hs.WebhookSettings{DelayMs: 50, BatchSize: 100})
	for _, t := range w.portals {
		for _, c := range t.channels {
			s, err := w.line.WebhookSettings(c.ID)
			w.check(err)
			s.Drop, s.LoseAnswer, s.Duplicate, s.JitterMS = 0, 0, 0, 0
			w.check(w.line.SetWebhookSettings(c.ID, s))
		}
	}
}

// unseen is what people do while nothing of it is told to us: only a full compare can find it. The search index has time to catch up.
func (w *World) unseen() {
	for _, t := range w.portals {
		if t.removed {
			continue
		}
		for range 1 + w.rng.IntN(3) {
			c, k, ok := w.linked(t)
			if !ok {
				break
			}
			if w.rng.IntN(4) == 0 {
				w.check(w.hubspot.Delete(t.hub(), "contacts", c.ID, hs.By{Unseen: true}))
				w.trace("HubSpot: %d delete %d unseen", t.id, c.ID)
				continue
			}
			a := t.channels[slices.IndexFunc(t.channels, func(a *channel) bool { return a.slot == k.Slot })]
			err := w.hubspot.Edit(t.hub(), "contacts", c.ID, map[string]string{a.idField: ""}, hs.By{Unseen: true})
			w.trace("HubSpot: %d/%d %s is emptied unseen %v", t.id, c.ID, a.idField, err == nil)
		}
	}
	w.advance(w.weather.lag + time.Minute)
}

// reconcile is the full compare of every portal, to its end.
func (w *World) reconcile() {
	for _, t := range w.portals {
		if !t.removed {
			w.run(t, syncrun.Request{Trigger: syncrun.Nightly, Extent: syncrun.All, Actor: "simulation"})
		}
	}
	w.advance(3 * time.Minute)
	w.quiet(2 * time.Hour)
	w.advance(3 * time.Minute)
	w.quiet(2 * time.Hour)
}

// -- reading our side, as its screens do --------------------------------------------------------------------------------

func (w *World) rows() *dynamo.Table { return dynamo.New(tableWire{w, w.table}, w.tableName()) }

func (w *World) tableName() string { return *w.system.Tables[0].Create.TableName }

func (w *World) friends(t *tenant, c *channel) map[id.LineUserID]friend.Friend {
	out := map[id.LineUserID]friend.Friend{}
	for after := ""; ; {
		fs, next, err := dynamo.Friends{Table: w.rows()}.Page(context.Background(), t.id, c.slot, after, 100)
		if err != nil {
			w.fail("read friends: %v", err)
			return out
		}
		for _, f := range fs {
			out[f.User] = f
		}
		if after = next; after == "" {
			return out
		}
	}
}

func (w *World) failures(t *tenant) map[string]failure.Item {
	out := map[string]failure.Item{}
	for after := ""; ; {
		its, next, err := dynamo.Failures{Table: w.rows()}.List(context.Background(), t.id, after, 100)
		if err != nil {
			w.fail("read failed items: %v", err)
			return out
		}
		for _, it := range its {
			out[it.ID()] = it
		}
		if after = next; after == "" {
			return out
		}
	}
}

func (w *World) mappingsOf(t *tenant) mapping.Set {
	set, err := dynamo.Mappings{Table: w.rows()}.Load(context.Background(), t.id)
	if err != nil {
		w.fail("read mappings: %v", err)
	}
	return set
}

// view is one portal as the checks see it.
type view struct {
	t        *tenant
	contacts map[int64]hs.Record
	ids      []int64
	friends  map[*channel]map[id.LineUserID]friend.Friend
	failed   map[string]failure.Item
	set      mapping.Set
}

func (w *World) look(t *tenant) *view {
	v := &view{t: t, contacts: map[int64]hs.Record{}, friends: map[*channel]map[id.LineUserID]friend.Friend{}, failed: w.failures(t), set: w.mappingsOf(t)}
	all, err := w.hubspot.Records(t.hub(), "contacts")
	w.check(err)
	for _, r := range all {
		whole, err := w.hubspot.Record(t.hub(), "contacts", r.ID)
		w.check(err)
		v.contacts[r.ID], v.ids = whole, append(v.ids, r.ID)
	}
	for _, c := range t.channels {
		v.friends[c] = w.friends(t, c)
	}
	return v
}

// linkedTo lists the friends of a contact.
func (v *view) linkedTo(c id.ContactID) []friend.Key {
	var out []friend.Key
	for _, ch := range v.t.channels {
		for _, u := range sortedUsers(v.friends[ch]) {
			if f := v.friends[ch][u]; f.Link.Contact == c && f.Link.State == friend.Linked {
				out = append(out, f.Key)
			}
		}
	}
	return out
}

// checkStreams: what people did has arrived by webhooks, journal and automatic runs alone (I1).
func (w *World) checkStreams() { w.checkAgreement("by the streams alone") }

// checkAgreement is I1 and I3: links, fields and LINE properties are equal on both sides, by the rule's winner, or a failed item explains why not.
func (w *World) checkAgreement(when string) {
	for _, t := range w.portals {
		if t.removed {
			continue
		}
		v := w.look(t)
		for _, c := range t.channels {
			w.checkClaims(when, v, c)
			w.checkSeats(when, v, c)
			for _, u := range sortedUsers(v.friends[c]) {
				w.checkFriend(when, v, c, v.friends[c][u])
			}
		}
	}
}

func sortedUsers(m map[id.LineUserID]friend.Friend) []id.LineUserID {
	out := make([]id.LineUserID, 0, len(m))
	for u := range m {
		out = append(out, u)
	}
	slices.Sort(out)
	return out
}

// checkClaims: a contact that names a user of the account is linked to that friend, or somebody is told why not.
func (w *World) checkClaims(when string, v *view, c *channel) {
	for _, n := range v.ids {
		value := v.contacts[n].Value(c.idField)
		if value == "" {
			continue
		}
		w.evaluate("I1")
		u, err := id.ParseLineUser(value)
		if err != nil {
			if _, ok := v.failed["link#"+c.slot.String()+"#contact-"+fmt.Sprint(n)]; !ok {
				w.violate("I1", "%s: contact %d/%d holds %q as LINE User ID and no failed item says so", when, v.t.id, n, value)
			}
			continue
		}
		f, known := v.friends[c][u]
		if known && f.Link.Contact == id.ContactID(n) && f.Link.State == friend.Linked {
			continue
		}
		if _, ok := v.failed["link#"+failure.SubjectOf(friend.Key{Slot: c.slot, User: u})]; !ok {
			w.violate("I1", "%s: contact %d/%d names user %s of slot %d, who is %+v, and no failed item says why they are not linked", when, v.t.id, n, u, c.slot, f.Link)
		}
	}
}

// checkSeats: a contact holds one friend of an account (P-31).
func (w *World) checkSeats(when string, v *view, c *channel) {
	seats := map[id.ContactID]id.LineUserID{}
	for _, u := range sortedUsers(v.friends[c]) {
		f := v.friends[c][u]
		if f.Link.State != friend.Linked {
			continue
		}
		w.evaluate("I2")
		if other, taken := seats[f.Link.Contact]; taken {
			w.violate("I2", "%s: contact %d/%d is linked to two friends of slot %d: %s and %s", when, v.t.id, f.Link.Contact, c.slot, other, u)
		}
		seats[f.Link.Contact] = u
	}
}

// checkFriend: both sides agree about a linked friend.
func (w *World) checkFriend(when string, v *view, c *channel, f friend.Friend) {
	if f.Link.Contact == 0 {
		return
	}
	who := fmt.Sprintf("%s: portal %d, slot %d, %s, contact %d", when, v.t.id, c.slot, f.User, f.Link.Contact)
	if f.Link.State == friend.Conflict {
		if _, ok := v.failed["link#"+failure.SubjectOf(f.Key)]; !ok {
			w.violate("I1", "%s: in conflict, and no failed item says so", who)
		}
		return
	}
	r, alive := v.contacts[int64(f.Link.Contact)]
	if !alive {
		w.violate("I3", "%s: the contact is gone and the link still stands", who)
		return
	}
	_, refused := v.failed["write_back#"+failure.SubjectOf(f.Key)]
	for _, m := range v.set.Mappings {
		if m.Status.Flows() {
			w.checkField(who, v, f, m, r, refused)
		}
	}
	if !refused {
		w.checkLineProperties(who, v.t, c, f, r)
	}
}

func (w *World) checkField(who string, v *view, f friend.Friend, m mapping.Mapping, r hs.Record, refused bool) {
	w.evaluate("I3")
	shown := m.Decide(f.Fields[m.Property]).Value
	canon := mapping.Canonical(m)
	if m.Property == mapping.Company {
		want := ""
		if r.PrimaryID != 0 {
			k, err := w.hubspot.Record(v.t.hub(), "companies", r.PrimaryID)
			w.check(err)
			want = k.Value("name")
		}
		if canon(want) != canon(shown) {
			w.violate("I3", "%s: company %q in HubSpot, %q in Lumo", who, want, shown)
		}
		return
	}
	want := w.journal.judge(v.t, v.linkedTo(f.Link.Contact), m, r)
	if want.open || w.journal.inherited(v.t, v.linkedTo(f.Link.Contact), m, f.Fields[m.Property].Lumo) {
		want = verdict{value: shown}
	}
	if canon(shown) != canon(want.value) {
		w.violate("I3", "%s: %s (%s) should be %q of %s, Lumo shows %q; register %+v; HubSpot's history %s; Lumo's edit %+v", who, m.Property, m.Rule, want.value, want.by,
			shown, f.Fields[m.Property], historyText(r.History[m.Property]), w.journal.newest[editKey{v.t.id, f.Key, m.Property}])
	}
	if held := r.Value(m.Property); !refused && canon(held) != canon(want.value) {
		w.violate("I3", "%s: %s (%s) should be %q of %s, HubSpot holds %q; register %+v; HubSpot's history %s; Lumo's edit %+v", who, m.Property, m.Rule, want.value, want.by,
			held, f.Fields[m.Property], historyText(r.History[m.Property]), w.journal.newest[editKey{v.t.id, f.Key, m.Property}])
	}
}

func historyText(entries []hs.Entry) string {
	out := ""
	for _, e := range entries {
		by := "them"
		if ours(e.Source) {
			by = "us"
		}
		out += fmt.Sprintf("[%q %d %s]", e.Value, e.At.UnixMilli(), by)
	}
	return out
}

// checkLineProperties: HubSpot holds what LINE says and Lumo shows.
func (w *World) checkLineProperties(who string, t *tenant, c *channel, f friend.Friend, r hs.Record) {
	names := map[string]string{}
	for key, want := range contactsync.Project(f) {
		if d, ok := lineproperty.Define(key, c.slot, ""); ok {
			names[d.Name] = want
		}
	}
	w.evaluate("I1")
	for _, name := range sortedKeys(names) {
		w.evaluate("I3")
		if _, exists := r.Values[name]; !exists && names[name] == "" {
			continue
		}
		if held := r.Value(name); canonTime(held) != canonTime(names[name]) {
			w.violate("I3", "%s: %s is %q in HubSpot and should be %q", who, name, held, names[name])
		}
	}
	state := w.relation(c, f.User)
	if want := map[string]string{"friend": "following", "blocked": "blocked"}[state]; want != "" && r.Value(followField(c)) != want {
		// A friend whom nobody ever told us about is unknown, and LINE tells nothing of what was before the account was connected.
		if r.Value(followField(c)) != string(friend.Unknown) || f.FollowAt != 0 {
			w.violate("I1", "%s: LINE says %s, HubSpot holds follow status %q", who, state, r.Value(followField(c)))
		}
	}
}

func followField(c *channel) string {
	if c.slot > 1 {
		return "line_follow_status_" + c.slot.String()
	}
	return "line_follow_status"
}

func (w *World) relation(c *channel, u id.LineUserID) string {
	all, err := w.line.Friends(c.ID)
	w.check(err)
	for _, f := range all {
		if f.LineUserID == string(u) {
			return string(f.State)
		}
	}
	return ""
}

// canonTime makes HubSpot's two ways to write a moment equal.
func canonTime(s string) string {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return s
}
