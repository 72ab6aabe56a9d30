package groupchat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"lumo/shared/chat"
	"lumo/shared/clock"
	"lumo/shared/failure"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/message"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

// Scopes that group chats need beyond those of every portal.
var Scopes = []string{"crm.objects.companies.write", "crm.schemas.companies.read", "crm.schemas.companies.write"}

// refreshed daily: LINE tells nothing of a new name (P-99).
const refresh = 24 * time.Hour

// Line asks LINE about groups. Its errors are *fault.Fault: NotFound means that the account is not in the group.
type Line interface {
	Group(ctx context.Context, p id.PortalID, s id.Slot, g id.GroupID) (Told, error)
	MemberName(ctx context.Context, p id.PortalID, s id.Slot, g id.GroupID, u id.LineUserID) (string, error)
}

// HubSpot is the other side. Its errors are *fault.Fault.
type HubSpot interface {
	// Prepare makes the company properties and the association label and returns the label's type id. Repeating it changes nothing.
	Prepare(ctx context.Context, p id.PortalID) (label int, err error)
	// Find returns the company that stands for a group; 0 when there is none.
	Find(ctx context.Context, p id.PortalID, g id.GroupID) (id.CompanyID, error)
	// Create is sent at most once: after an unknown outcome look for the company before repeating. fault.Exists: there is one of this group.
	Create(ctx context.Context, p id.PortalID, properties map[string]string) (id.CompanyID, error)
	// Update returns the id under which the company is now, 0 when it is deleted.
	Update(ctx context.Context, p id.PortalID, c id.CompanyID, properties map[string]string) (id.CompanyID, error)
	// Join associates a contact under the label, never as the contact's primary company (P-99). Leave takes the label away.
	Join(ctx context.Context, p id.PortalID, c id.CompanyID, contact id.ContactID, label int) error
	Leave(ctx context.Context, p id.PortalID, c id.CompanyID, contact id.ContactID, label int) error
}

// Service keeps groups and their companies.
type Service struct {
	Store    Store
	Friends  friend.Store
	Messages message.Store
	Line     Line
	HubSpot  HubSpot
	Failures failure.Store
	Sealer   seal.Sealer
	Queue    queue.Sender
	Clock    clock.Clock
	// Enabled tells whether the portal wants group chats as companies (P-95).
	Enabled func(ctx context.Context, p id.PortalID) (bool, error)
	// Parse reads LINE's event.
	Parse func(raw json.RawMessage) (Event, bool)
	// Linking is the beginning of every linking address.
	Linking string
}

// Handle does what one note asks. What HubSpot refuses for good becomes a failed item, and the group goes on.
func (s *Service) Handle(ctx context.Context, n Note) error {
	on, err := s.Enabled(ctx, n.Portal)
	if err != nil || !on {
		return err
	}
	err = s.handle(ctx, n)
	var f *fault.Fault
	if err == nil || !errors.As(err, &f) || f.Class.Retryable() {
		return err
	}
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	it := failure.Of(failure.Letter, "group "+n.ID, f, s.now())
	if it.Body, err = s.Sealer.Seal(ctx, n.Portal, b); err != nil {
		return err
	}
	it.Queue = string(queue.Inbox)
	return s.Failures.Put(ctx, n.Portal, it)
}

func (s *Service) now() int64 { return s.Clock.Now().UnixMilli() }

func (s *Service) handle(ctx context.Context, n Note) error {
	g, known, err := s.Store.Get(ctx, n.Portal, n.Slot, n.Group)
	if err != nil {
		return err
	}
	var e Event
	switch {
	case n.Line != nil:
		var ok bool
		if e, ok = s.Parse(n.Line); !ok || e.Group != n.Group {
			return nil
		}
	case !known:
		return nil
	}
	if !known {
		g = Group{Portal: n.Portal, Slot: n.Slot, ID: n.Group}
	}
	g = g.Clone()
	if n.Line != nil {
		g.Apply(e)
	}
	if err := s.ask(ctx, &g, e); err != nil {
		return err
	}
	if err := s.keep(ctx, &g, e); err != nil {
		return err
	}
	// Before HubSpot is told: what LINE said once is not said again.
	if g, err = s.save(ctx, g); err != nil {
		return err
	}
	next, err := s.tell(ctx, g.Clone())
	if serr := s.changed(ctx, next); serr != nil {
		return serr
	}
	return err
}

// save stores a group. LINE is asked again a day after it was last asked.
func (s *Service) save(ctx context.Context, g Group) (Group, error) {
	var due int64
	if g.Present {
		due = g.AskedAt + refresh.Milliseconds()
	}
	return s.Store.Save(ctx, g, due)
}

// changed stores what was told to HubSpot, also where only a part of it was.
func (s *Service) changed(ctx context.Context, g Group) error {
	_, err := s.save(ctx, g)
	return err
}

// ask looks at LINE when members changed, or a day has passed.
func (s *Service) ask(ctx context.Context, g *Group, e Event) error {
	old := s.now()-g.AskedAt >= refresh.Milliseconds()
	if !g.Present || !old && e.Kind != Joined && e.Kind != Arrived && e.Kind != Gone {
		return nil
	}
	told, err := s.Line.Group(ctx, g.Portal, g.Slot, g.ID)
	if fault.Is(err, fault.NotFound) {
		g.Asked(Told{}, true, s.now())
		return nil
	}
	if err != nil {
		return err
	}
	g.Asked(told, false, s.now())
	return nil
}

// keep stores what was said, with the name of who said it.
func (s *Service) keep(ctx context.Context, g *Group, e Event) error {
	switch e.Kind {
	case Said:
		name, err := s.name(ctx, g, e.User)
		if err != nil {
			return err
		}
		return s.Messages.Put(ctx, g.Portal, message.Message{ID: e.MessageID, Friend: g.Key(), Direction: message.In, Type: e.Type, Text: e.Text, At: e.At, By: name})
	case Unsent:
		return s.Messages.Unsend(ctx, g.Portal, g.Key(), e.MessageID, e.At)
	}
	return nil
}

// name of a member, who need not be a friend; "" when LINE does not tell.
func (s *Service) name(ctx context.Context, g *Group, u id.LineUserID) (string, error) {
	if u == "" {
		return "", nil
	}
	m := g.Members[u]
	if m.Name != "" {
		return m.Name, nil
	}
	name, err := s.Line.MemberName(ctx, g.Portal, g.Slot, g.ID, u)
	if err != nil && fault.ClassOf(err).Retryable() {
		return "", err
	}
	if err == nil {
		m.Name = name
		g.Members[u] = m
	}
	return name, nil
}

// tell brings HubSpot up to the group. What is returned is true even with an error.
func (s *Service) tell(ctx context.Context, g Group) (Group, error) {
	if g.Dropped {
		return g, nil
	}
	label, err := s.label(ctx, g.Portal)
	if err != nil {
		return g, err
	}
	known, err := s.friends(ctx, g)
	if err != nil {
		return g, err
	}
	reach := reachable(known)
	if err := s.company(ctx, &g, g.Properties(reach)); err != nil || g.Company == 0 {
		return g, err
	}
	return g, s.contacts(ctx, &g, known, reach, label)
}

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
