package groupchat

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/queue"
)

// OfCompany lists the groups that a company stands for, and who of them can be reached.
func (s *Service) OfCompany(ctx context.Context, p id.PortalID, c id.CompanyID) ([]View, error) {
	all, err := s.Store.OfCompany(ctx, p, c)
	var out []View
	for _, g := range all {
		known, ferr := s.friends(ctx, g)
		if ferr != nil {
			return nil, ferr
		}
		v := View{Group: g, Active: g.Active(reachable(known))}
		for u, m := range g.Members {
			if m.In {
				v.People = append(v.People, Person{User: u, Name: cmp.Or(known[u].Name, m.Name), Contact: m.Contact})
			}
		}
		slices.SortFunc(v.People, func(a, b Person) int { return strings.Compare(string(a.User), string(b.User)) })
		out = append(out, v)
	}
	return out, err
}

// Reachable names the groups of a company that an account is in.
func (s *Service) Reachable(ctx context.Context, p id.PortalID, c id.CompanyID, slot id.Slot) ([]friend.Key, error) {
	all, err := s.Store.OfCompany(ctx, p, c)
	var out []friend.Key
	for _, g := range all {
		if g.Slot == slot && g.Present {
			out = append(out, g.Key())
		}
	}
	return out, err
}

// View is a group as the company's card shows it.
type View struct {
	Group
	Active bool
	People []Person // those of whom LINE told
}

// Person is a member.
type Person struct {
	User    id.LineUserID
	Name    string
	Contact id.ContactID
}

func reachable(known map[id.LineUserID]friend.Friend) map[id.LineUserID]bool {
	out := map[id.LineUserID]bool{}
	for u, f := range known {
		out[u] = f.Follow == friend.Following || f.Follow == friend.Unknown && f.Verified()
	}
	return out
}

// Look has LINE asked about groups that nobody looked at for a day.
func (s *Service) Look(ctx context.Context, p id.PortalID) error {
	now := s.Clock.Now()
	due, err := s.Store.Due(ctx, p, now.UnixMilli(), 50)
	if err != nil {
		return err
	}
	for _, k := range due {
		g, _ := k.Group()
		m, err := Note{Portal: p, Slot: k.Slot, Group: g, ID: "look " + string(g) + now.UTC().Format(" 2006-01-02T15")}.Message("")
		if err != nil {
			return err
		}
		if err := s.Queue.Send(ctx, queue.Inbox, m); err != nil {
			return err
		}
	}
	return nil
}

// Known is chat.ErrNoGroup for a group of which nothing was heard.
func (s *Service) Known(ctx context.Context, p id.PortalID, k friend.Key) error {
	group, _ := k.Group()
	_, ok, err := s.Store.Get(ctx, p, k.Slot, group)
	if err == nil && !ok {
		err = chat.ErrNoGroup
	}
	return err
}

// Allowed tells whether a message may be sent to a group, and how many people get it.
func (s *Service) Allowed(ctx context.Context, p id.PortalID, k friend.Key, texts string) (people int, err error) {
	group, _ := k.Group()
	g, ok, err := s.Store.Get(ctx, p, k.Slot, group)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, chat.ErrNoGroup
	case !g.Present:
		return 0, chat.ErrGroupLeft
	case s.Linking != "" && strings.Contains(texts, s.Linking):
		return 0, chat.ErrGroupLinking
	}
	return g.Count, nil
}
