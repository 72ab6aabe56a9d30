// Package syncdata is what the screen "Sync Data" does (P-35 to P-40): which HubSpot properties can be mapped, adding and changing
// mappings, what to do about one that does not flow, and the run that brings a new field its values.
package syncdata

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/register"
	"lumo/shared/syncrun"
)

// Catalog reads the portal's contact properties; lineproperty.CRM has it.
type Catalog interface {
	Properties(ctx context.Context, p id.PortalID, archived bool) ([]lineproperty.Property, error)
	// Property is fault.NotFound when there is none of that name.
	Property(ctx context.Context, p id.PortalID, name string) (lineproperty.Property, error)
	// Create makes what it can and names what was refused. A property that was deleted comes back under its name.
	Create(ctx context.Context, p id.PortalID, props []lineproperty.Property) ([]lineproperty.Refusal, error)
}

// Accounts and Sets tell which properties are the LINE properties that we write.
type (
	Accounts interface {
		Accounts(ctx context.Context, p id.PortalID) ([]lineaccount.Account, error)
	}
	Sets interface {
		Set(ctx context.Context, p id.PortalID, s id.Slot) (lineproperty.Set, error)
	}
)

// Runs begins runs; syncrun.Starter is the real one.
type Runs interface {
	Start(ctx context.Context, p id.PortalID, req syncrun.Request) (syncrun.Run, error)
	// Again makes the next run that begins by itself a full one.
	Again(ctx context.Context, p id.PortalID) error
}

// Audit writes into the portal's audit log.
type Audit interface {
	Note(ctx context.Context, p id.PortalID, by portal.Actor, a portal.Action, subject string, changes ...portal.Change) error
}

// Agenda makes the minute tick look at a portal.
type Agenda interface {
	BringForward(ctx context.Context, p id.PortalID, t time.Time) error
}

// Service changes mappings.
type Service struct {
	Mappings mapping.Store
	Choices  Choices
	Catalog  Catalog
	Accounts Accounts
	Sets     Sets
	Runs     Runs
	Agenda   Agenda
	Audit    Audit
	Clock    clock.Clock
}

// Named refusals; their texts are shown to users.
var (
	ErrRuleFixed = errors.New("this field only flows from HubSpot, so its rule cannot be changed")
	ErrOwn       = errors.New("this is a LINE property that Lumo writes itself")
	ErrGone      = errors.New("HubSpot has no such contact property")
	ErrNothing   = errors.New("nothing to change: give a rule, or say whether the field is paused")
)

// Settled is the outcome of a change.
type Settled struct {
	Mapping mapping.Mapping
	// Run brings the values; when another run was at work, Queued is set and the tick starts one after it.
	Run    *syncrun.Run
	Queued bool
}

// Add maps a property (P-37) and starts the run that reads it. A repetition with the same time by the same person finds its own mapping.
func (s *Service) Add(ctx context.Context, p id.PortalID, by portal.Actor, property string, rule register.Rule, at time.Time) (Settled, error) {
	h, fit, err := s.find(ctx, p, property)
	if err != nil {
		return Settled{}, err
	}
	m := mapping.Mapping{
		Property: h.Name, Label: h.Label, Type: h.Type, FieldType: h.FieldType, Rule: rule, OneWay: fit == OneWay && h.Name != mapping.Company,
		AddedAt: at.UnixMilli(), AddedBy: Name(by),
	}
	m, err = s.change(ctx, p, property, func(set mapping.Set) (mapping.Set, error) {
		if old, ok := set.Find(property); ok && old.AddedAt == m.AddedAt && old.AddedBy == m.AddedBy {
			return set, errDone
		}
		return set.Add(m)
	})
	if err != nil {
		return Settled{}, err
	}
	if err := s.Audit.Note(ctx, p, by, portal.MappingChanged, property, portal.Change{Field: "rule", New: string(m.Rule)}); err != nil {
		return Settled{}, err
	}
	return s.resync(ctx, p, by, m)
}

// Change is what may be changed of a mapping; nil leaves a part as it is.
type Change struct {
	Rule   *register.Rule
	Paused *bool
}

// Change sets the rule, pauses a field, or lets it flow again. Whatever makes values move also starts a run.
func (s *Service) Change(ctx context.Context, p id.PortalID, by portal.Actor, property string, c Change) (Settled, error) {
	if c.Rule == nil && c.Paused == nil {
		return Settled{}, ErrNothing
	}
	resume := c.Paused != nil && !*c.Paused
	if resume {
		// Resuming is also how somebody says that what was wrong in HubSpot is put right.
		h, fit, err := s.find(ctx, p, property)
		if err != nil {
			return Settled{}, err
		}
		return s.decide(ctx, p, by, property, c, func(m *mapping.Mapping) {
			if m.Property != mapping.Company {
				m.Type, m.FieldType, m.OneWay = h.Type, h.FieldType, fit == OneWay
			}
		})
	}
	return s.decide(ctx, p, by, property, c, func(*mapping.Mapping) {})
}

func (s *Service) decide(ctx context.Context, p id.PortalID, by portal.Actor, property string, c Change, fresh func(*mapping.Mapping)) (Settled, error) {
	var notes []portal.Change
	m, err := s.change(ctx, p, property, func(set mapping.Set) (mapping.Set, error) {
		return set.Change(property, func(m *mapping.Mapping) error {
			before := *m
			fresh(m)
			err := apply(m, c)
			notes = diff(before, *m)
			return err
		})
	})
	if err != nil {
		return Settled{}, err
	}
	if len(notes) > 0 {
		if err := s.Audit.Note(ctx, p, by, portal.MappingChanged, property, notes...); err != nil {
			return Settled{}, err
		}
	}
	if !m.Status.Flows() {
		return Settled{Mapping: m}, nil
	}
	return s.resync(ctx, p, by, m)
}

func apply(m *mapping.Mapping, c Change) error {
	if c.Rule != nil && *c.Rule != m.Rule {
		if !m.Writable() {
			return ErrRuleFixed
		}
		m.Rule = *c.Rule
	}
	switch {
	case c.Paused == nil:
	case *c.Paused:
		m.Status = mapping.Paused
	case !m.Status.Flows():
		m.Status = mapping.WaitingFirst
	}
	return nil
}

func diff(a, b mapping.Mapping) []portal.Change {
	var out []portal.Change
	if a.Rule != b.Rule {
		out = append(out, portal.Change{Field: "rule", Old: string(a.Rule), New: string(b.Rule)})
	}
	if a.Status != b.Status {
		out = append(out, portal.Change{Field: "status", Old: string(a.Status), New: string(b.Status)})
	}
	return out
}

// Remove ends a mapping; removing one that is not there changes nothing. Stored values are kept for 30 days (P-40a).
func (s *Service) Remove(ctx context.Context, p id.PortalID, by portal.Actor, property string) (removed bool, err error) {
	_, err = s.change(ctx, p, property, func(set mapping.Set) (mapping.Set, error) { return set.Remove(property) })
	if errors.Is(err, mapping.ErrUnknown) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.Audit.Note(ctx, p, by, portal.MappingChanged, property, portal.Change{Field: "status", New: "removed"})
}

var errDone = errors.New("done already")

// change reads, decides and saves, again if somebody else was faster. It returns the mapping as it is afterwards. Whoever dies between the
// change and the run that it needs leaves a field that waits: the tick looks for it.
func (s *Service) change(ctx context.Context, p id.PortalID, property string, decide func(mapping.Set) (mapping.Set, error)) (mapping.Mapping, error) {
	if err := s.Agenda.BringForward(ctx, p, s.Clock.Now().Add(time.Minute)); err != nil {
		return mapping.Mapping{}, err
	}
	for range 8 {
		set, err := s.Mappings.Load(ctx, p)
		if err != nil {
			return mapping.Mapping{}, err
		}
		if set.Version == 0 { // nobody connected an account yet: this change must not take the place of what a portal starts with
			set.Mappings = mapping.Default(s.Clock.Now().UnixMilli()).Mappings
		}
		next, err := decide(set)
		if errors.Is(err, errDone) {
			m, _ := set.Find(property)
			return m, nil
		}
		if err != nil {
			return mapping.Mapping{}, err
		}
		if next, err = s.Mappings.Save(ctx, p, next); err == nil {
			m, _ := next.Find(property)
			return m, nil
		}
		if !errors.Is(err, mapping.ErrChanged) {
			return mapping.Mapping{}, err
		}
	}
	return mapping.Mapping{}, mapping.ErrChanged
}

// resync starts a run over all linked contacts, since a run over changes would not see what was there before. A run that is at work
// already read some of them without the change: the one after it is made a full one, and the tick is woken.
func (s *Service) resync(ctx context.Context, p id.PortalID, by portal.Actor, m mapping.Mapping) (Settled, error) {
	run, err := s.Runs.Start(ctx, p, syncrun.Request{Trigger: syncrun.Automatic, Extent: syncrun.Contacts, Actor: Name(by)})
	if err == nil {
		return Settled{Mapping: m, Run: &run}, nil
	}
	if !errors.Is(err, chain.ErrBusy) {
		return Settled{}, fmt.Errorf("start run: %w", err)
	}
	if err := s.Runs.Again(ctx, p); err != nil {
		return Settled{}, err
	}
	return Settled{Mapping: m, Queued: true}, s.Agenda.BringForward(ctx, p, s.Clock.Now())
}

// Name shows who did something.
func Name(a portal.Actor) string {
	switch {
	case a.Email != "":
		return a.Email
	case a.UserID != 0:
		return fmt.Sprintf("user %d", a.UserID)
	}
	return "Lumo"
}

// Todo is the stable code of what a person can do about a field's status; "" is nothing.
func Todo(m mapping.Mapping) string {
	switch m.Status {
	case mapping.WaitingFirst:
		return "WAIT_FOR_RUN"
	case mapping.Paused:
		return "RESUME"
	case mapping.PropertyDeleted:
		return "RESTORE_PROPERTY"
	case mapping.TypeChanged:
		return "MAP_AGAIN"
	case mapping.NoPermission:
		return "GRANT_PERMISSION"
	}
	return ""
}
