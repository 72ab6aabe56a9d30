package compose

import (
	"context"
	"errors"

	"lumo/shared/dynamo"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/workflow"
)

// Workflows does what steps of HubSpot workflows ask for.
func (a *App) Workflows() *workflow.Service {
	return &workflow.Service{
		Store: dynamo.Workflows{Table: a.Table()}, Portals: a.Portals(), Accounts: a.Accounts().Store, Friends: a.Friends(), Templates: a.Templates().Store,
		Merger: merging{a}, Chat: a.Chat(), Tags: a.Tags(), HubSpot: answering{a}, Links: a.LinkMaker(), Profiles: lineUsers{a}, Consent: a.consent, Groups: a.Groups().Reachable, Queue: a.Sender(), Alarm: a.Directory(), Clock: a.Clock,
		Parallel: a.parallel(32), Log: a.Log, // a batch of 100 ends in time although LINE hangs
	}
}

// consent names the property by which contacts agree to an account's marketing.
func (a *App) consent(ctx context.Context, p id.PortalID, s id.Slot) (string, error) {
	set, err := dynamo.LineProperties{Table: a.Table()}.Set(ctx, p, s)
	if err != nil {
		return "", err
	}
	name, _ := set.Name(lineproperty.Consent)
	return name, nil
}

// unsettled goes on with what people and workflows send, and tells whether any of it is left.
func (a *App) unsettled(ctx context.Context, p id.PortalID, runs bool) (bool, error) {
	chats, err := a.Chat().Resume(ctx, p, runs)
	steps, werr := a.Workflows().Look(ctx, p, runs)
	return chats || steps, errors.Join(err, werr)
}

// answering is workflow.HubSpot over the HubSpot client.
type answering struct{ app *App }

var _ workflow.HubSpot = answering{}

func (h answering) Complete(ctx context.Context, p id.PortalID, cs []workflow.Completion) error {
	out := make([]hubspot.Callback, len(cs))
	for i, c := range cs {
		out[i] = hubspot.Callback{ID: c.Callback, Outputs: c.Outputs}
	}
	return h.app.HubSpot().Portal(p).Complete(ctx, out)
}

func (h answering) Value(ctx context.Context, p id.PortalID, c id.ContactID, property string) (string, error) {
	r, err := h.app.HubSpot().Portal(p).Get(ctx, hubspot.Contacts, c.String(), "", hubspot.Read{Properties: []string{property}})
	if err != nil {
		return "", err
	}
	return r.Value(property), nil
}
