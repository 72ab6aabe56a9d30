package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	hs "lumo/scripts/hubspotsandbox"
	ls "lumo/scripts/linesandbox"
	"lumo/shared/compose"
	"lumo/shared/contactsync"
	"lumo/shared/dynamo"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/linkage"
	"lumo/shared/portal"
	"lumo/shared/workflow"
)

// Workflows of HubSpot call Lumo's actions, and repeat the calls. Both steps that link are here: "Create LINE link", and "Link LINE friend by
// property", which takes the LINE User ID that another system wrote into a property of its own.

const (
	createLink = "lumo_create_line_link"
	linkFriend = "lumo_link_line_friend"
	// crmProperty is not mapped, and nothing of ours reads it.
	crmProperty = "crm_line_id"
)

// flow is a workflow of one step for one account.
type flow struct {
	t      *tenant
	a      *channel
	action string
	id     int64
	login  bool // somebody set up LINE Login
}

// named is a LINE User ID that a contact's property held, before the contact came to a step for an account.
type named struct {
	portal  id.PortalID
	contact int64
	key     friend.Key
}

// flow finds the account's workflow with this action, or makes it.
func (w *World) flow(t *tenant, a *channel, action string) *flow {
	for _, f := range w.flows {
		if f.a == a && f.action == action {
			return f
		}
	}
	inputs := map[string]string{workflow.InputAccount: a.slot.String()}
	if action == linkFriend {
		inputs[workflow.InputUser] = "{{enrolled_object." + crmProperty + "}}"
	}
	n, err := w.hubspot.MakeFlow(t.hub(), hs.Flow{Name: action, Steps: []hs.FlowStep{{Action: action, Inputs: inputs}}})
	w.check(err)
	f := &flow{t: t, a: a, action: action, id: n}
	w.flows = append(w.flows, f)
	return f
}

func (w *World) enrolIn(f *flow, contact int64, after time.Duration) {
	w.at(w.now.Add(after), func() {
		w.trace("HubSpot: %d enrolls %d in %s of slot %d", f.t.id, contact, f.action, f.a.slot)
		w.check(w.hubspot.Enroll(f.t.hub(), f.id, contact))
	})
}

// linkByProperty has another system name a person on a contact, rightly, wrongly or not at all; the workflow follows.
func (w *World) linkByProperty() {
	t := w.tenant()
	c, ok := w.contact(t)
	if !ok {
		return
	}
	a := w.account(t)
	u := w.userID(a, w.somebody())
	text := string(u)
	switch w.rng.IntN(12) {
	case 0:
		text = "customer 7"
	case 1:
		u = id.LineUserID(fmt.Sprintf("U%032x", w.rng.Uint32()))
		text = string(u)
	case 2:
		text = ""
	}
	if !t.crm {
		t.crm = true
		w.check(w.hubspot.DefineProperty(t.hub(), "contacts", hs.Definition{Name: crmProperty, Type: "string", FieldType: "text"}))
	}
	w.edit(t, c.ID, crmProperty, text)
	w.lineActs++
	w.named = append(w.named, named{t.id, c.ID, friend.Key{Slot: a.slot, User: u}})
	w.enrolIn(w.flow(t, a, linkFriend), c.ID, time.Duration(w.rng.IntN(20_000))*time.Millisecond)
}

// makeLink has a workflow make a linking address, also for accounts without LINE Login.
func (w *World) makeLink() {
	t := w.tenant()
	c, ok := w.contact(t)
	if !ok {
		return
	}
	a := w.account(t)
	f := w.flow(t, a, createLink)
	if !f.login && w.rng.IntN(3) > 0 {
		f.login = true
		login, err := w.line.CreateChannel(ls.ChannelSpec{Kind: ls.LoginChannel, Provider: a.Provider, LinkedBot: a.ID})
		w.check(err)
		w.canaries.Add("login secret", login.Secret)
		w.press("set up LINE Login", []error{lineaccount.ErrUnknown, contactsync.ErrNotConnected}, func(ctx context.Context, app *compose.App) error {
			_, err := app.Accounts().SetLogin(ctx, t.id, portal.Actor{UserID: 1}, a.slot, login.ID, login.Secret, false, app.LoginChecks())
			return err
		}, func() {})
	}
	w.enrolIn(f, c.ID, time.Duration(w.rng.IntN(20_000))*time.Millisecond)
}

// enrolled counts contacts that wait in workflows of portals that still have the app.
func (w *World) enrolled() int {
	n := 0
	for _, f := range w.flows {
		if !f.t.removed {
			s := w.hubspot.FlowStats(f.t.hub(), f.id)
			n += s.Calling + s.Waiting
		}
	}
	return n
}

// checkFlows: each contact left its step by a branch that says what was done; each execution made one link, and nobody was linked but whom a
// property named.
func (w *World) checkFlows() {
	made := map[id.PortalID]int{}
	for _, f := range w.flows {
		if f.t.removed {
			continue
		}
		for _, e := range w.hubspot.Enrolments(f.t.hub(), f.id) {
			w.evaluate("I1")
			if e.State != hs.FlowDone || len(e.Results) != 1 || e.Results[0].Outputs["status"] == "" {
				w.violate("I1", "%s for contact %d/%d ends nowhere: %s %+v", f.action, f.t.id, e.Contact, e.State, e.Results)
				continue
			}
			if f.action == createLink {
				made[f.t.id]++
				w.checkLink(f, e)
			}
		}
	}
	for _, t := range w.portals {
		links := 0
		for _, it := range w.table.Items(fmt.Sprintf("P#%d#LINKAGE", t.id)) {
			if strings.HasPrefix(flat(it["sk"]), "i#") && flat(it["b"]) == "workflow" {
				links++
			}
		}
		w.evaluate("I2")
		if links > made[t.id] && !t.removed {
			w.violate("I2", "%d steps in portal %d made %d links", made[t.id], t.id, links)
		}
		w.checkNamed(t)
	}
}

// checkLink: the address that the workflow got leads to a link that is kept for this account.
func (w *World) checkLink(f *flow, e hs.Enrolment) {
	out := e.Results[0].Outputs
	token, ok := strings.CutPrefix(out[workflow.OutputLink], publicURL+linkage.Path)
	if done := out["status"] == string(workflow.Done); !done || !ok {
		if done || out[workflow.OutputLink] != "" {
			w.violate("I2", "contact %d/%d got %v", f.t.id, e.Contact, out)
		}
		return
	}
	if len(f.t.erased) > 0 { // with a contact its links are forgotten
		return
	}
	w.evaluate("I2")
	i, kept, err := dynamo.Linkage{Table: w.rows()}.Invitation(context.Background(), f.t.id, linkage.Hash(token))
	w.check(err)
	if !kept || i.Slot != f.a.slot || i.By != "workflow" {
		w.violate("I2", "the address that contact %d/%d got leads to %+v", f.t.id, e.Contact, i)
	}
}

func (w *World) checkNamed(t *tenant) {
	if t.removed {
		return
	}
	// A step reads the property when its turn comes, which may be after the property was written once more, for a step of another account.
	names := map[friend.Key]bool{}
	for _, step := range w.named {
		for _, n := range w.named {
			if n.portal == t.id && step.portal == t.id && n.contact == step.contact {
				names[friend.Key{Slot: step.key.Slot, User: n.key.User}] = true
			}
		}
	}
	for _, c := range t.channels {
		fs := w.friends(t, c)
		for _, u := range sortedUsers(fs) {
			f := fs[u]
			w.evaluate("I2")
			if f.Link.State == friend.Linked && f.Link.Method == friend.AutoMatch && strings.HasPrefix(f.Link.Proof, "workflow:") && !names[f.Key] {
				w.violate("I2", "a workflow linked %s of portal %d, slot %d, whom no property named", u, t.id, c.slot)
			}
		}
	}
}
