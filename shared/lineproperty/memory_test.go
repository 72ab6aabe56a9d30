package lineproperty_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
	"lumo/shared/portal"
)

// memory is a lineproperty.Store for one portal and one goroutine.
type memory struct {
	sets  map[id.Slot]lineproperty.Set
	locks map[string]string
	log   []portal.Entry
}

func (m *memory) Set(_ context.Context, p id.PortalID, s id.Slot) (lineproperty.Set, error) {
	set := m.sets[s]
	set.Portal, set.Slot = p, s
	return set, nil
}

func (m *memory) SaveSet(_ context.Context, s lineproperty.Set, log ...portal.Entry) (lineproperty.Set, error) {
	if m.sets[s.Slot].Version != s.Version {
		return s, lineproperty.ErrChanged
	}
	s.Version++
	s.Entries = maps.Clone(s.Entries)
	m.sets[s.Slot] = s
	m.log = append(m.log, log...)
	return s, nil
}

func (m *memory) Lock(_ context.Context, _ id.PortalID, name, holder string, _, _ time.Time) (bool, error) {
	if h := m.locks[name]; h != "" && h != holder {
		return false, nil
	}
	m.locks[name] = holder
	return true, nil
}

func (m *memory) Unlock(_ context.Context, _ id.PortalID, name, holder string) error {
	if m.locks[name] == holder {
		delete(m.locks, name)
	}
	return nil
}

// fakeCRM behaves like HubSpot's properties API as far as it matters here.
type fakeCRM struct {
	live, archived map[string]lineproperty.Property
	groups         map[string]bool
	writes         []string
	refuse         map[string]fault.Class // by name
	noUnique       bool
	asked          int // for the groups
	down           bool
}

func newCRM(live ...lineproperty.Property) *fakeCRM {
	c := &fakeCRM{live: map[string]lineproperty.Property{}, archived: map[string]lineproperty.Property{}, groups: map[string]bool{"contactinformation": true}, refuse: map[string]fault.Class{}}
	for _, p := range live {
		c.live[p.Name] = p
	}
	return c
}

func problem(class fault.Class) error {
	return &fault.Fault{Provider: "hubspot", Class: class, Code: "TEST_" + strings.ToUpper(string(class))}
}

func (c *fakeCRM) Properties(_ context.Context, _ id.PortalID, archived bool) ([]lineproperty.Property, error) {
	if c.down {
		return nil, problem(fault.Unavailable)
	}
	if archived {
		return slices.Collect(maps.Values(c.archived)), nil
	}
	return slices.Collect(maps.Values(c.live)), nil
}

func (c *fakeCRM) Property(_ context.Context, _ id.PortalID, name string) (lineproperty.Property, error) {
	p, ok := c.live[name]
	if !ok {
		return p, problem(fault.NotFound)
	}
	return p, nil
}

func (c *fakeCRM) Create(_ context.Context, _ id.PortalID, props []lineproperty.Property) ([]lineproperty.Refusal, error) {
	if c.down {
		return nil, problem(fault.Unavailable)
	}
	var out []lineproperty.Refusal
	for _, p := range props {
		_, there := c.live[p.Name]
		switch {
		case there:
			out = append(out, lineproperty.Refusal{Name: p.Name, Err: problem(fault.Exists)})
		case c.refuse[p.Name] != "":
			out = append(out, lineproperty.Refusal{Name: p.Name, Err: problem(c.refuse[p.Name])})
		case !c.groups[p.Group], p.Unique && c.noUnique:
			out = append(out, lineproperty.Refusal{Name: p.Name, Err: problem(fault.Invalid)})
		default:
			c.writes = append(c.writes, "create "+p.Name)
			p.Key = ""
			if old, ok := c.archived[p.Name]; ok {
				p = old
				delete(c.archived, p.Name)
			}
			c.live[p.Name] = p
		}
	}
	return out, nil
}

func (c *fakeCRM) SetOptions(_ context.Context, _ id.PortalID, name string, options []lineproperty.Option) error {
	p, ok := c.live[name]
	if !ok {
		return problem(fault.NotFound)
	}
	c.writes = append(c.writes, "options "+name)
	p.Options = options
	c.live[name] = p
	return nil
}

func (c *fakeCRM) Groups(context.Context, id.PortalID) ([]lineproperty.Group, error) {
	c.asked++
	var out []lineproperty.Group
	for g := range c.groups {
		out = append(out, lineproperty.Group{Name: g})
	}
	return out, nil
}

func (c *fakeCRM) CreateGroup(_ context.Context, _ id.PortalID, g lineproperty.Group) error {
	c.writes = append(c.writes, "group "+g.Name)
	c.groups[g.Name] = true
	return nil
}

// remove is what a user does in HubSpot.
func (c *fakeCRM) remove(name string) {
	c.archived[name] = c.live[name]
	delete(c.live, name)
}

func newService(crm *fakeCRM) (*lineproperty.Service, *memory) {
	store := &memory{sets: map[id.Slot]lineproperty.Set{}, locks: map[string]string{}}
	n := 0
	return &lineproperty.Service{
		Store: store, CRM: crm, Clock: clock.NewVirtual(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)),
		NewID: func() string { n++; return fmt.Sprintf("id-%d", n) },
	}, store
}
