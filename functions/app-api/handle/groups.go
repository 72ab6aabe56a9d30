package handle

import (
	"context"

	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/groupchat"
	"lumo/shared/id"
	"lumo/shared/message"
	"lumo/shared/portal"
)

// Groups is the part of groupchat.Service in use.
type Groups interface {
	OfCompany(ctx context.Context, p id.PortalID, c id.CompanyID) ([]groupchat.View, error)
	Known(ctx context.Context, p id.PortalID, k friend.Key) error
}

// States of a company's card.
const (
	companyOff     = "integration_off"
	companyNoGroup = "no_group"
	companyGroups  = "groups"
	companyUnasked = "groups_off"
)

type companyView struct {
	CompanyID string        `json:"companyId"`
	State     string        `json:"state"`
	Accounts  []accountName `json:"accounts"`
	Groups    []groupView   `json:"groups"`
}

type groupView struct {
	Slot     id.Slot       `json:"slot"`
	ID       id.GroupID    `json:"id"`
	Name     string        `json:"name"`
	Picture  *string       `json:"pictureUrl"`
	Present  bool          `json:"present"`
	Active   bool          `json:"active"`
	Members  int           `json:"members"`
	People   []groupPerson `json:"people"`
	JoinedAt *int64        `json:"joinedAt"`
	Messages []messageView `json:"messages"`
}

type groupPerson struct {
	User    id.LineUserID `json:"user"`
	Name    string        `json:"name"`
	Contact *string       `json:"contactId"`
}

// peopleShown bounds the names on a card.
const peopleShown = 100

// getCompany is the card of a company: the group chats that it stands for (P-95).
func getCompany(ctx context.Context, c *call) (any, error) {
	company, err := id.ParseCompany(c.params["company"])
	if err != nil {
		return nil, malformed("company", err)
	}
	groups, err := c.Groups.OfCompany(ctx, c.portal(), company)
	if err != nil {
		return nil, err
	}
	accounts, err := c.Accounts.Accounts(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	said := make([][]message.Message, len(groups))
	for i, g := range groups {
		if said[i], _, err = c.Messages.Last(ctx, c.portal(), g.Key(), "", cardMessages); err != nil {
			return nil, err
		}
	}
	out := companyView{CompanyID: company.String(), State: companyState(c.at, len(groups)), Accounts: []accountName{}}
	for _, a := range accounts {
		out.Accounts = append(out.Accounts, accountName{int(a.Slot), a.Name, some(a.PictureURL), a.State})
	}
	now := c.Clock.Now()
	return sized(func(most int) any {
		out.Groups = []groupView{}
		for i, g := range groups {
			v := groupView{g.Slot, g.ID, clip(g.Name, most), some(g.Picture), g.Present, g.Active, g.Count, []groupPerson{}, at(g.JoinedAt), []messageView{}}
			for _, p := range g.People[:min(len(g.People), peopleShown)] {
				person := groupPerson{User: p.User, Name: clip(p.Name, most)}
				if p.Contact != 0 {
					s := p.Contact.String()
					person.Contact = &s
				}
				v.People = append(v.People, person)
			}
			for _, m := range said[i] {
				v.Messages = append(v.Messages, messageViewOf(m, now, most))
			}
			out.Groups = append(out.Groups, v)
		}
		return out
	}), nil
}

func companyState(p portal.Portal, groups int) string {
	switch {
	case !p.State.Runs():
		return companyOff
	case groups > 0:
		return companyGroups
	case !p.Settings.GroupChats:
		return companyUnasked
	}
	return companyNoGroup
}

// talk names whose messages a path is about: a friend's or a group's.
func (c *call) talk() (friend.Key, error) {
	name, group := c.params["group"]
	if !group {
		return c.pathFriend()
	}
	slot, err := id.ParseSlot(c.params["slot"])
	if err != nil {
		return friend.Key{}, malformed("slot", err)
	}
	g, err := id.ParseGroup(name)
	return friend.GroupKey(slot, g), malformed("group", err)
}

// known tells whether there is such a friend or group.
func (c *call) known(ctx context.Context, k friend.Key) error {
	if _, group := k.Group(); group {
		return c.Groups.Known(ctx, c.portal(), k)
	}
	_, ok, err := c.Friends.Get(ctx, c.portal(), k)
	if err == nil && !ok {
		err = friendcard.ErrUnknown
	}
	return err
}
