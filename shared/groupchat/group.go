// Package groupchat shows LINE group chats as HubSpot companies (P-95 to P-101): who is in a group as far as LINE tells, whether somebody
// can be reached there, and which company and contacts stand for it.
package groupchat

import (
	"context"
	"errors"
	"maps"
	"strconv"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Group is one group chat of one account, as far as LINE has told. Times are Unix ms.
type Group struct {
	Portal  id.PortalID
	Slot    id.Slot
	ID      id.GroupID
	Name    string
	Picture string
	// Present: the account is in it. PresentAt is the time of the event that decided.
	Present   bool
	PresentAt int64
	JoinedAt  int64 // 0 when the account was there before Lumo looked
	Count     int   // people in it when LINE was last asked
	AskedAt   int64
	Members   map[id.LineUserID]Member
	LastAt    int64 // of the last message of a member

	// Company is HubSpot's; 0 before it is made. Dropped: somebody deleted it there, so it is not made again before the account joins anew.
	Company id.CompanyID
	Dropped bool
	Shown   map[string]string // what the company is known to hold
	Version int64
}

// Member is a person of whom an event told.
type Member struct {
	In bool  `dynamodbav:"i,omitempty"`
	At int64 `dynamodbav:"t"`
	// Acted: wrote something while in the group (P-97).
	Acted bool   `dynamodbav:"a,omitempty"`
	Name  string `dynamodbav:"n,omitempty"`
	// Contact that is associated with the company for this member.
	Contact id.ContactID `dynamodbav:"c,omitempty"`
}

// Kind of an event.
type Kind string

const (
	Joined  Kind = "joined" // the account
	Left    Kind = "left"
	Arrived Kind = "arrived" // members
	Gone    Kind = "gone"
	Said    Kind = "said"
	Unsent  Kind = "unsent"
	Other   Kind = "other"
)

// Event is one event of a group at LINE.
type Event struct {
	Kind  Kind
	Group id.GroupID
	At    int64
	User  id.LineUserID   // who said it; LINE does not name everybody
	Users []id.LineUserID // who arrived or went

	MessageID, Type, Text string
}

// Apply merges an event. Events may come twice and in any order: each fact is decided by the latest event that tells of it, and of two of one
// moment by the one that ends something.
func (g *Group) Apply(e Event) {
	if g.Members == nil {
		g.Members = map[id.LineUserID]Member{}
	}
	// The account hears only of groups that it is in, so every event says whether it was, at its time.
	if e.At > g.PresentAt || e.At == g.PresentAt && e.Kind == Left {
		g.Present, g.PresentAt = e.Kind != Left, e.At
		g.Dropped = g.Dropped && e.Kind != Joined
	}
	if e.Kind == Joined {
		g.JoinedAt = max(g.JoinedAt, e.At)
	}
	switch e.Kind {
	case Arrived, Gone:
		for _, u := range e.Users {
			g.member(u, e.Kind == Arrived, e.At)
		}
	case Said:
		g.LastAt = max(g.LastAt, e.At)
		if e.User != "" {
			g.member(e.User, true, e.At)
			m := g.Members[e.User]
			m.Acted = true
			g.Members[e.User] = m
		}
	}
}

func (g *Group) member(u id.LineUserID, in bool, at int64) {
	m, known := g.Members[u]
	if known && (at < m.At || at == m.At && !m.In) {
		return
	}
	m.In, m.At = in, at
	g.Members[u] = m
}

// Told is what LINE answers when it is asked about a group.
type Told struct {
	Name, Picture string
	Count         int
}

// Asked takes LINE's answer; gone: the account is not in the group.
func (g *Group) Asked(t Told, gone bool, now int64) {
	g.AskedAt = now
	if gone {
		g.Present, g.Count = false, 0
		return
	}
	g.Name, g.Picture, g.Count = t.Name, t.Picture, t.Count
}

// Active tells whether somebody can be reached (P-98): the account is in the group and so is a friend. LINE does not name all members, so an
// unknown one passes for a friend: only a friend can have invited the account.
func (g Group) Active(friends map[id.LineUserID]bool) bool {
	if !g.Present || g.Count == 0 {
		return false
	}
	known := 0
	for u, m := range g.Members {
		if !m.In {
			continue
		}
		if friends[u] {
			return true
		}
		known++
	}
	return known < g.Count
}

// Names of the company properties (P-44).
const (
	PropertyID     = "line_group_id"
	PropertyName   = "line_group_name"
	PropertyActive = "line_group_active"
	PropertyCount  = "line_group_member_count"
	PropertyJoined = "line_group_joined_date"
	companyName    = "name"
)

// Properties are what the company should hold. Its name follows the group's (P-99); it never gets a domain, by which HubSpot would join it
// with another company.
func (g Group) Properties(friends map[id.LineUserID]bool) map[string]string {
	out := map[string]string{PropertyID: string(g.ID), PropertyActive: strconv.FormatBool(g.Active(friends)), PropertyCount: strconv.Itoa(g.Count)}
	if g.Name != "" {
		out[PropertyName], out[companyName] = g.Name, g.Name
	}
	if g.JoinedAt != 0 {
		out[PropertyJoined] = strconv.FormatInt(g.JoinedAt, 10)
	}
	return out
}

// owed is what the company does not hold yet. A name that somebody gave the company in HubSpot stays until the group is renamed.
func (g Group) owed(want map[string]string) map[string]string {
	out := maps.Clone(want)
	maps.DeleteFunc(out, func(name, v string) bool { had, ok := g.Shown[name]; return ok && had == v })
	return out
}

// Key names the group's conversation: groups are written to as friends are.
func (g Group) Key() friend.Key { return friend.GroupKey(g.Slot, g.ID) }

// Clone copies what is shared by reference.
func (g Group) Clone() Group {
	g.Members, g.Shown = maps.Clone(g.Members), maps.Clone(g.Shown)
	return g
}

// ErrChanged: somebody else changed the row after it was read.
var ErrChanged = errors.New("group changed meanwhile")

// Store keeps groups of a portal for ever: the company stays as history. Reads are strongly consistent.
type Store interface {
	Get(ctx context.Context, p id.PortalID, s id.Slot, g id.GroupID) (Group, bool, error)
	// Save writes under the version that was read; else ErrChanged. due is when LINE is to be asked again, 0 never.
	Save(ctx context.Context, g Group, due int64) (Group, error)
	// OfCompany lists the groups that a company stands for.
	OfCompany(ctx context.Context, p id.PortalID, c id.CompanyID) ([]Group, error)
	// Due lists groups that LINE is to be asked about.
	Due(ctx context.Context, p id.PortalID, until int64, limit int) ([]friend.Key, error)
	// Label is HubSpot's type id of the association label, once it is known.
	Label(ctx context.Context, p id.PortalID) (int, error)
	SaveLabel(ctx context.Context, p id.PortalID, label int) error
}
