package groupchat

import (
	"context"
	"slices"
	"strings"

	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
)

func (s *Service) label(ctx context.Context, p id.PortalID) (int, error) {
	label, err := s.Store.Label(ctx, p)
	if err != nil || label != 0 {
		return label, err
	}
	if label, err = s.HubSpot.Prepare(ctx, p); err != nil {
		return 0, err
	}
	return label, s.Store.SaveLabel(ctx, p, label)
}

// friends are those of the members of whom the account has a row.
func (s *Service) friends(ctx context.Context, g Group) (map[id.LineUserID]friend.Friend, error) {
	var keys []friend.Key
	for u := range g.Members {
		keys = append(keys, friend.Key{Slot: g.Slot, User: u})
	}
	slices.SortFunc(keys, func(a, b friend.Key) int { return strings.Compare(string(a.User), string(b.User)) })
	rows, err := s.Friends.GetMany(ctx, g.Portal, keys)
	if err != nil {
		return nil, err
	}
	out := map[id.LineUserID]friend.Friend{}
	for k, f := range rows {
		out[k.User] = f
	}
	return out, nil
}

// company makes the group's company, or writes what it does not hold yet. Whoever wrote the group's ID into a company by hand chose that one.
func (s *Service) company(ctx context.Context, g *Group, want map[string]string) error {
	if g.Company == 0 {
		found, err := s.HubSpot.Find(ctx, g.Portal, g.ID)
		if err == nil && found == 0 {
			if found, err = s.HubSpot.Create(ctx, g.Portal, want); err == nil {
				g.Company, g.Shown = found, want
				return nil
			}
			if fault.Is(err, fault.Exists) { // by a call whose answer was lost
				found, err = s.HubSpot.Find(ctx, g.Portal, g.ID)
			}
		}
		if err != nil || found == 0 {
			return err
		}
		g.Company, g.Shown = found, map[string]string{}
	}
	owed := g.owed(want)
	if len(owed) == 0 {
		return nil
	}
	now, err := s.HubSpot.Update(ctx, g.Portal, g.Company, owed)
	if err != nil {
		return err
	}
	if g.Company = now; now == 0 {
		g.Dropped = true
		return nil
	}
	g.Shown = want
	return nil
}

// contacts associates the linked friends who acted in the group (P-97), and takes the label from those who went.
func (s *Service) contacts(ctx context.Context, g *Group, known map[id.LineUserID]friend.Friend, reach map[id.LineUserID]bool, label int) error {
	users := make([]id.LineUserID, 0, len(g.Members))
	for u := range g.Members {
		users = append(users, u)
	}
	slices.Sort(users)
	for _, u := range users {
		m, f := g.Members[u], known[u]
		want := f.Link.Contact
		if !m.In || !m.Acted || f.Link.State != friend.Linked || !reach[u] && m.Contact == 0 {
			want = 0
		}
		if m.Contact == want {
			continue
		}
		if m.Contact != 0 {
			if err := s.HubSpot.Leave(ctx, g.Portal, g.Company, m.Contact, label); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			m.Contact = 0
			g.Members[u] = m
		}
		if want == 0 {
			continue
		}
		if err := s.HubSpot.Join(ctx, g.Portal, g.Company, want, label); err != nil {
			return err
		}
		m.Contact = want
		g.Members[u] = m
	}
	return nil
}

// Prepare makes what the portal's HubSpot needs, so that the first group need not (P-44).
func (s *Service) Prepare(ctx context.Context, p id.PortalID) error {
	on, err := s.Enabled(ctx, p)
	if err != nil || !on {
		return err
	}
	_, err = s.label(ctx, p)
	return err
}
