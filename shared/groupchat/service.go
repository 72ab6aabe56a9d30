package groupchat

import (
	"context"
	"encoding/json"
	"errors"
	"time"

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
