package compose

import (
	"context"
	"errors"

	"lumo/shared/dynamo"
	"lumo/shared/fault"
	"lumo/shared/groupchat"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/linkage"
	"lumo/shared/portal"
)

// Groups shows LINE group chats as companies.
func (a *App) Groups() *groupchat.Service {
	return &groupchat.Service{
		Store: dynamo.Groups{Table: a.Table()}, Friends: a.Friends(), Messages: a.Messages(), Line: groupLine{a}, HubSpot: companies{a}, Failures: a.Failures(), Sealer: a.Sealer(),
		Queue: a.Sender(), Clock: a.Clock, Enabled: a.GroupsWanted, Parse: line.GroupEvent, Linking: a.Config.PublicURL + linkage.Path,
	}
}

// GroupsWanted tells whether a portal shows group chats as companies.
func (a *App) GroupsWanted(ctx context.Context, p id.PortalID) (bool, error) {
	row, err := dynamo.Portals{Table: a.Table()}.Load(ctx, p)
	if errors.Is(err, portal.ErrUnknown) {
		return false, nil
	}
	return err == nil && row.State.Runs() && row.Settings.GroupChats, err
}

// groupLine is groupchat.Line over the LINE client.
type groupLine struct{ app *App }

var _ groupchat.Line = groupLine{}

func (l groupLine) Group(ctx context.Context, p id.PortalID, s id.Slot, g id.GroupID) (groupchat.Told, error) {
	c, err := lineUsers(l).channel(ctx, p, s)
	if err != nil {
		return groupchat.Told{}, err
	}
	name, picture, err := c.GroupSummary(ctx, g)
	if err != nil {
		return groupchat.Told{}, err
	}
	n, err := c.GroupCount(ctx, g)
	return groupchat.Told{Name: name, Picture: picture, Count: n}, err
}

func (l groupLine) MemberName(ctx context.Context, p id.PortalID, s id.Slot, g id.GroupID, u id.LineUserID) (string, error) {
	c, err := lineUsers(l).channel(ctx, p, s)
	if err != nil {
		return "", err
	}
	return c.GroupMember(ctx, g, u)
}

// companies is groupchat.HubSpot over the HubSpot client.
type companies struct{ app *App }

var _ groupchat.HubSpot = companies{}

func (c companies) at(p id.PortalID) *hubspot.Portal { return c.app.HubSpot().Portal(p) }

const (
	groupGroup = "line_group" // P-42
	labelName  = "line_group_member"
	labelText  = "LINE group member" // P-99
	custom     = "USER_DEFINED"
	standard   = "HUBSPOT_DEFINED"
)

// groupProperties are those of P-44.
func groupProperties() []hubspot.Property {
	property := func(name, label, kind, field, description string) hubspot.Property {
		return hubspot.Property{Name: name, Label: label, Group: groupGroup, Type: kind, FieldType: field, Description: description + " Written by Lumo."}
	}
	key := property(groupchat.PropertyID, "LINE group ID", "string", "text", "The group chat's ID at LINE; joins the company to the group.")
	key.Unique = true
	active := property(groupchat.PropertyActive, "LINE group chat active", "enumeration", "booleancheckbox", "Whether the account and a friend of it are in the group.")
	active.Options = []hubspot.Option{{Label: "Yes", Value: "true"}, {Label: "No", Value: "false", DisplayOrder: 1}}
	return []hubspot.Property{
		key, property(groupchat.PropertyName, "LINE group name", "string", "text", "The group chat's name in LINE."), active,
		property(groupchat.PropertyCount, "LINE group member count", "number", "number", "People in the group, the account not counted."),
		property(groupchat.PropertyJoined, "LINE group joined date", "datetime", "date", "When the account joined the group; empty if that was before Lumo looked."),
	}
}

func (c companies) Prepare(ctx context.Context, p id.PortalID) (int, error) {
	at := c.at(p)
	if err := at.CreateGroup(ctx, hubspot.Companies, hubspot.Group{Name: groupGroup, Label: "LINE group chat"}); err != nil && !fault.Is(err, fault.Exists) {
		return 0, err
	}
	o, err := at.CreateProperties(ctx, hubspot.Companies, groupProperties())
	if err != nil {
		return 0, err
	}
	if len(o.Failed) > 0 {
		return 0, o.Failed[0].Fault
	}
	label, err := c.label(ctx, at)
	if err != nil || label != 0 {
		return label, err
	}
	if err := at.CreateLabel(ctx, hubspot.Contacts, hubspot.Companies, labelName, labelText); err != nil && !fault.Is(err, fault.Exists) {
		return 0, err
	}
	if label, err = c.label(ctx, at); err == nil && label == 0 {
		err = &fault.Fault{Provider: "hubspot", Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: "HUBSPOT_UNAVAILABLE", Message: "the association label is not there yet"}
	}
	return label, err
}

func (c companies) label(ctx context.Context, at *hubspot.Portal) (int, error) {
	all, err := at.Labels(ctx, hubspot.Contacts, hubspot.Companies)
	for _, l := range all {
		if l.Label == labelText {
			return l.TypeID, nil
		}
	}
	return 0, err
}

func (c companies) Find(ctx context.Context, p id.PortalID, g id.GroupID) (id.CompanyID, error) {
	found, _, err := c.at(p).BatchRead(ctx, hubspot.Companies, []string{string(g)}, groupchat.PropertyID, hubspot.Read{Properties: []string{groupchat.PropertyID}})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return id.ParseCompany(found[0].ID)
}

func (c companies) Create(ctx context.Context, p id.PortalID, properties map[string]string) (id.CompanyID, error) {
	r, err := c.at(p).Create(ctx, hubspot.Companies, properties)
	if err != nil {
		return 0, err
	}
	return id.ParseCompany(r.ID)
}

func (c companies) Update(ctx context.Context, p id.PortalID, company id.CompanyID, properties map[string]string) (id.CompanyID, error) {
	for range 2 {
		o, err := c.at(p).BatchUpdate(ctx, hubspot.Companies, []hubspot.Change{{ID: company.String(), Properties: properties}})
		switch {
		case err != nil:
			return company, err
		case len(o.Failed) == 0:
			return company, nil
		case o.Failed[0].Fault.Class != fault.NotFound:
			return company, o.Failed[0].Fault
		}
		// Merged into another, which answers by the old id, or deleted.
		r, err := c.at(p).Get(ctx, hubspot.Companies, company.String(), "", hubspot.Read{})
		if fault.Is(err, fault.NotFound) {
			return 0, nil
		}
		if err != nil {
			return company, err
		}
		if company, err = id.ParseCompany(r.ID); err != nil {
			return company, err
		}
	}
	return 0, nil
}

// Join implements groupchat.HubSpot. A contact's first company becomes the primary one by itself, which a group must not be.
func (c companies) Join(ctx context.Context, p id.PortalID, company id.CompanyID, contact id.ContactID, label int) error {
	at := c.at(p)
	link := hubspot.Link{FromID: contact.String(), ToID: company.String(), Category: custom, TypeID: label}
	if err := at.Associate(ctx, hubspot.Contacts, hubspot.Companies, []hubspot.Link{link}); err != nil {
		return err
	}
	all, err := at.Associations(ctx, hubspot.Contacts, []string{contact.String()}, hubspot.Companies)
	if err != nil {
		return err
	}
	for _, x := range all[contact.String()] {
		if x.ToID == company.String() && x.Has(hubspot.ContactToPrimaryCompany) {
			link.Category, link.TypeID = standard, hubspot.ContactToPrimaryCompany
			return at.Unlabel(ctx, hubspot.Contacts, hubspot.Companies, []hubspot.Link{link})
		}
	}
	return nil
}

func (c companies) Leave(ctx context.Context, p id.PortalID, company id.CompanyID, contact id.ContactID, label int) error {
	return c.at(p).Unlabel(ctx, hubspot.Contacts, hubspot.Companies, []hubspot.Link{{FromID: contact.String(), ToID: company.String(), Category: custom, TypeID: label}})
}
