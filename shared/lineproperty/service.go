package lineproperty

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/portal"
)

// CRM is what this package needs of HubSpot's contact properties. Errors are *fault.Fault.
type CRM interface {
	Properties(ctx context.Context, p id.PortalID, archived bool) ([]Property, error)
	// Property is NotFound when there is none of that name.
	Property(ctx context.Context, p id.PortalID, name string) (Property, error)
	// Create makes what it can and names what was refused. An error means that nothing is known.
	Create(ctx context.Context, p id.PortalID, props []Property) ([]Refusal, error)
	// SetOptions replaces the whole list.
	SetOptions(ctx context.Context, p id.PortalID, name string, options []Option) error
	Groups(ctx context.Context, p id.PortalID) ([]Group, error)
	CreateGroup(ctx context.Context, p id.PortalID, g Group) error
}

// Refusal is one property that HubSpot did not make.
type Refusal struct {
	Name string
	Err  error
}

// Service keeps the properties of portals in order.
type Service struct {
	Store Store
	CRM   CRM
	Clock clock.Clock
	NewID func() string
}

// tries bounds how often a change that somebody else overtook is decided anew.
const tries = 5

// ErrUnfit: the property cannot hold what it is meant for.
var ErrUnfit = errors.New("property does not fit")

// Sets reads what is known of some slots.
func (s *Service) Sets(ctx context.Context, p id.PortalID, slots ...id.Slot) (map[id.Slot]Set, error) {
	out := make(map[id.Slot]Set, len(slots))
	for _, slot := range slots {
		set, err := s.Store.Set(ctx, p, slot)
		if err != nil {
			return nil, err
		}
		out[slot] = set
	}
	return out, nil
}

// Ensure brings HubSpot in line with the wishes: groups and missing properties are made, fitting ones adopted. Running it again
// changes nothing. What could not be had is told in the sets (Set.Problems), not by an error.
func (s *Service) Ensure(ctx context.Context, p id.PortalID, wishes ...Wish) ([]Set, error) {
	has, err := s.read(ctx, p)
	if err != nil {
		return nil, err
	}
	// Only who makes a property asks for the groups: mostly there is nothing to make.
	groups := sync.OnceValues(func() ([]Group, error) { return s.CRM.Groups(ctx, p) })
	var out []Set
	for _, w := range wishes {
		set, err := s.ensure(ctx, p, w, &has, groups)
		if err != nil {
			return out, fmt.Errorf("properties of slot %d: %w", w.Slot, err)
		}
		out = append(out, set)
	}
	return out, nil
}

func (s *Service) read(ctx context.Context, p id.PortalID) (portalProperties, error) {
	live, err := s.CRM.Properties(ctx, p, false)
	if err != nil {
		return portalProperties{}, fmt.Errorf("read properties: %w", err)
	}
	archived, err := s.CRM.Properties(ctx, p, true)
	if err != nil {
		return portalProperties{}, fmt.Errorf("read archived properties: %w", err)
	}
	return index(live, archived), nil
}

func (s *Service) ensure(ctx context.Context, p id.PortalID, w Wish, has *portalProperties, groups func() ([]Group, error)) (Set, error) {
	for range tries {
		set, err := s.Store.Set(ctx, p, w.Slot)
		if err != nil {
			return Set{}, err
		}
		st := plan(set, w, *has)
		if err := s.carryOut(ctx, p, w, &st, has, groups); err != nil {
			return Set{}, err
		}
		if set.Version > 0 && maps.Equal(set.Entries, st.entries) {
			return set, nil
		}
		saved, err := s.Store.SaveSet(ctx, Set{Portal: p, Slot: w.Slot, Entries: st.entries, EnsuredAt: s.Clock.Now(), Version: set.Version})
		if !errors.Is(err, ErrChanged) {
			return saved, err
		}
	}
	return Set{}, ErrChanged
}

// carryOut makes the plan true in HubSpot and writes into it what turned out otherwise.
func (s *Service) carryOut(ctx context.Context, p id.PortalID, w Wish, st *step, has *portalProperties, groups func() ([]Group, error)) error {
	for _, name := range slices.Sorted(maps.Keys(st.options)) {
		if err := s.setOptions(ctx, p, name, st.options[name]); err != nil {
			return err
		}
	}
	if len(st.create) == 0 {
		return nil
	}
	if err := s.ensureGroup(ctx, p, GroupFor(w.Slot, w.AccountName), groups); err != nil {
		return err
	}
	refused, err := s.create(ctx, p, st.create)
	if err != nil {
		return err
	}
	for _, d := range st.create {
		e := st.entries[d.Key]
		if cause := refused[d.Name]; cause != nil {
			if e, err = s.refused(ctx, p, d, e, cause); err != nil {
				return err
			}
		} else if _, was := has.archived[d.Name]; was {
			if e, err = s.restored(ctx, p, d, e); err != nil {
				return err
			}
		}
		st.entries[d.Key] = e
		if e.Status == Ready {
			has.live[d.Name] = d
		}
	}
	return nil
}

func (s *Service) setOptions(ctx context.Context, p id.PortalID, name string, options []Option) error {
	// A refusal leaves the property without some values; writing those is then a failed item with HubSpot's reason.
	if err := s.CRM.SetOptions(ctx, p, name, options); err != nil && !settled(err) {
		return fmt.Errorf("options of %s: %w", name, err)
	}
	return nil
}

// restored looks at a property that came back from the archive: it is as it was, not as it was asked for.
func (s *Service) restored(ctx context.Context, p id.PortalID, d Property, e Entry) (Entry, error) {
	have, err := s.CRM.Property(ctx, p, d.Name)
	if err != nil {
		return e, fmt.Errorf("read property %s: %w", d.Name, err)
	}
	e.Unique = have.Unique
	var st step
	st.options = map[string][]Option{}
	st.lacking(d, have)
	for _, name := range slices.Sorted(maps.Keys(st.options)) {
		if err := s.setOptions(ctx, p, name, st.options[name]); err != nil {
			return e, err
		}
	}
	return e, nil
}

func (s *Service) ensureGroup(ctx context.Context, p id.PortalID, g Group, groups func() ([]Group, error)) error {
	all, err := groups()
	if err != nil {
		return fmt.Errorf("read property groups: %w", err)
	}
	for _, have := range all {
		if have.Name == g.Name {
			return nil
		}
	}
	if err := s.CRM.CreateGroup(ctx, p, g); err != nil && !fault.Is(err, fault.Exists) {
		return fmt.Errorf("property group %s: %w", g.Name, err)
	}
	return nil
}

func (s *Service) create(ctx context.Context, p id.PortalID, props []Property) (map[string]error, error) {
	refusals, err := s.CRM.Create(ctx, p, props)
	if err != nil {
		return nil, fmt.Errorf("create properties: %w", err)
	}
	out := map[string]error{}
	for _, r := range refusals {
		out[r.Name] = r.Err
	}
	return out, nil
}

// refused deals with one property that HubSpot did not make: somebody else just did, or its uniqueness is too much for the portal.
func (s *Service) refused(ctx context.Context, p id.PortalID, d Property, e Entry, cause error) (Entry, error) {
	if !settled(cause) {
		return e, cause
	}
	if fault.Is(cause, fault.Exists) {
		have, err := s.CRM.Property(ctx, p, d.Name)
		if err != nil {
			return e, fmt.Errorf("read property %s: %w", d.Name, err)
		}
		if fits(d, have) {
			e.Unique = have.Unique
			return e, nil
		}
	} else if d.Unique {
		// The portal's budget of unique properties may be used up by ones that the list does not show.
		d.Unique, e.Unique = false, false
		again, err := s.create(ctx, p, []Property{d})
		if err != nil {
			return e, err
		}
		if cause = again[d.Name]; cause == nil {
			return e, nil
		}
		if !settled(cause) {
			return e, cause
		}
	}
	e.Status, e.Reason = Refused, codeOf(cause)
	return e, nil
}

// settled tells whether a failure is HubSpot's last word, as opposed to one that goes away.
func settled(err error) bool {
	switch fault.ClassOf(err) {
	case fault.Invalid, fault.Exists, fault.Permission, fault.NotFound, fault.Quota:
		return true
	}
	return false
}

func codeOf(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) && f.Code != "" {
		return f.Code
	}
	return "REFUSED"
}

// Recreate makes a deleted or retyped property anew (P-48). The old data comes back when HubSpot still has it.
func (s *Service) Recreate(ctx context.Context, p id.PortalID, by portal.Actor, w Wish, k Key) (Set, error) {
	set, err := s.Store.Set(ctx, p, w.Slot)
	if err != nil {
		return Set{}, err
	}
	e, ok := set.Entries[k]
	if !ok || e.Status == Ready {
		return set, nil
	}
	set.Entries = maps.Clone(set.Entries)
	delete(set.Entries, k)
	if _, err := s.Store.SaveSet(ctx, set, s.entry(by, portal.PropertyRestore, e.Name, nil)); err != nil {
		return Set{}, err
	}
	w.Also = append(w.Also[:len(w.Also):len(w.Also)], k)
	sets, err := s.Ensure(ctx, p, w)
	if err != nil {
		return Set{}, err
	}
	return sets[0], nil
}

// UseExisting lets a property that was there before us stand for LINE User ID (P-06), such as another tool's.
func (s *Service) UseExisting(ctx context.Context, p id.PortalID, by portal.Actor, slot id.Slot, name string) (Set, error) {
	have, err := s.CRM.Property(ctx, p, name)
	if err != nil {
		return Set{}, fmt.Errorf("read property: %w", err)
	}
	want, _ := Define(UserID, slot, "")
	if have.Archived || have.Standard || !fits(want, have) {
		return Set{}, fmt.Errorf("%w: %s is no text property that can be written", ErrUnfit, name)
	}
	return s.change(ctx, p, slot, func(set *Set) *portal.Entry {
		before := set.Entries[UserID]
		if before.Name == name && before.Status == Ready {
			return nil
		}
		set.Entries[UserID] = Entry{Key: UserID, Name: name, Status: Ready, Adopted: true, Unique: have.Unique}
		e := s.entry(by, portal.PropertyChosen, want.Name, []portal.Change{{Field: string(UserID), Old: before.Name, New: name}})
		return &e
	})
}

// Candidates lists properties that could stand for LINE User ID: writable text properties of the customer's own.
func (s *Service) Candidates(ctx context.Context, p id.PortalID, slot id.Slot) ([]Property, error) {
	all, err := s.CRM.Properties(ctx, p, false)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	want, _ := Define(UserID, slot, "")
	var out []Property
	for _, have := range all {
		if !have.Standard && !have.Hidden && have.FieldType == "text" && fits(want, have) {
			out = append(out, have)
		}
	}
	return out, nil
}

// MarkMissing is called when HubSpot says that a property it should write is not there (P-48). changed is false when that was known.
func (s *Service) MarkMissing(ctx context.Context, p id.PortalID, slot id.Slot, name string) (changed bool, err error) {
	_, err = s.change(ctx, p, slot, func(set *Set) *portal.Entry {
		changed = false
		k, ok := set.KeyOf(name)
		if !ok || set.Entries[k].Status != Ready {
			return nil
		}
		e := set.Entries[k]
		e.Status = Missing
		set.Entries[k] = e
		changed = true
		return &portal.Entry{}
	})
	return changed, err
}

// change reads, decides and saves, again if somebody else was faster. nil means that nothing changed; an entry without an id is not logged.
func (s *Service) change(ctx context.Context, p id.PortalID, slot id.Slot, decide func(*Set) *portal.Entry) (Set, error) {
	for range tries {
		set, err := s.Store.Set(ctx, p, slot)
		if err != nil {
			return Set{}, err
		}
		set.Portal, set.Slot = p, slot
		set.Entries = maps.Clone(set.Entries)
		if set.Entries == nil {
			set.Entries = map[Key]Entry{}
		}
		e := decide(&set)
		if e == nil {
			return set, nil
		}
		var log []portal.Entry
		if e.ID != "" {
			log = append(log, *e)
		}
		saved, err := s.Store.SaveSet(ctx, set, log...)
		if !errors.Is(err, ErrChanged) {
			return saved, err
		}
	}
	return Set{}, ErrChanged
}

func (s *Service) entry(by portal.Actor, a portal.Action, subject string, changes []portal.Change) portal.Entry {
	return portal.Entry{ID: s.NewID(), At: s.Clock.Now(), Actor: by, Action: a, Subject: subject, Changes: changes}
}
