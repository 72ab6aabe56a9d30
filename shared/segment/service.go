package segment

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lumo/shared/blob"
	"lumo/shared/broadcast"
	"lumo/shared/clock"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/mapping"
	"lumo/shared/portal"
	"lumo/shared/tag"
	"lumo/shared/tracking"
)

// Lists are the portal's HubSpot lists; hubspotlist.Jobs is the real one.
type Lists interface {
	Index(ctx context.Context, p id.PortalID) ([]hubspotlist.List, hubspotlist.Checked, error)
	Members(ctx context.Context, p id.PortalID, l id.ListID) (hubspotlist.Members, error)
	// Fresh reads members that are older than since, as far as stop allows.
	Fresh(ctx context.Context, p id.PortalID, l id.ListID, since int64, by string, stop func() bool) (done bool, err error)
	// Use has the members of lists kept from now on, and read if they are not.
	Use(ctx context.Context, p id.PortalID, ls ...id.ListID) error
}

// Tags are an account's tags.
type Tags interface {
	All(ctx context.Context, p id.PortalID, s id.Slot) ([]tag.Tag, error)
}

// Broadcasts are an account's broadcasts, with the progress of those that are being sent.
type Broadcasts interface {
	Now(ctx context.Context, p id.PortalID, s id.Slot, broadcast string) (broadcast.Broadcast, error)
	List(ctx context.Context, p id.PortalID, s id.Slot, after string, limit int) (bs []broadcast.Broadcast, next string, err error)
}

// Marks tell who opened and clicked.
type Marks interface {
	Marked(ctx context.Context, p id.PortalID, broadcast string, visit func(name string, block uint32, m tracking.Marks)) error
}

// Index is the directory of an account's friends.
type Index interface {
	// From visits those of this ordinal and above.
	From(ctx context.Context, p id.PortalID, s id.Slot, from uint32, visit func(friendindex.Entry) bool) error
	// End is above all ordinals.
	End(ctx context.Context, p id.PortalID, s id.Slot) (uint32, error)
}

// Friends are the rows behind it.
type Friends interface {
	GetMany(ctx context.Context, p id.PortalID, ks []friend.Key) (map[friend.Key]friend.Friend, error)
}

// Accounts is the part of the account store in use.
type Accounts interface {
	Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error)
}

// Audit writes into the portal's audit log.
type Audit interface {
	Note(ctx context.Context, p id.PortalID, by portal.Actor, a portal.Action, subject string, changes ...portal.Change) error
}

// Actions in the audit log.
const (
	Created portal.Action = "segment_created"
	Changed portal.Action = "segment_changed"
	Deleted portal.Action = "segment_deleted"
)

// Service keeps and evaluates segments.
type Service struct {
	Store      Store
	Accounts   Accounts
	Tags       Tags
	Mappings   mapping.Store
	Lists      Lists
	Broadcasts Broadcasts
	Marks      Marks
	Blobs      blob.Store
	Index      Index
	Friends    Friends
	Audit      Audit
	// Zone is the portal's time zone: it says what a day is.
	Zone     func(ctx context.Context, p id.PortalID) (*time.Location, error)
	Clock    clock.Clock
	Parallel int // reads of rows at once; 1 in the simulation
	stretch  int // instead of stretched
}

// New is a segment to be made. The same time and seed name the same segment, so that a repeated request makes one.
type New struct {
	Slot id.Slot
	Name string
	Tree Tree
	By   portal.Actor
	At   time.Time
	Seed string
}

// Create keeps a segment.
func (s *Service) Create(ctx context.Context, p id.PortalID, n New) (Segment, error) {
	if err := s.account(ctx, p, n.Slot); err != nil {
		return Segment{}, err
	}
	g := Segment{ID: NewID(n.At, n.Seed), Slot: n.Slot, CreatedAt: n.At.UnixMilli(), CreatedBy: n.By}
	if have, ok, err := s.Store.Get(ctx, p, n.Slot, g.ID); err != nil || ok {
		return have, err
	}
	all, err := s.Store.All(ctx, p, n.Slot)
	if err != nil {
		return g, err
	}
	if len(all) >= MaxSegments {
		return g, ErrTooMany
	}
	if g, err = s.fill(ctx, p, g, n.Name, n.Tree, n.By, n.At); err != nil {
		return g, err
	}
	saved, err := s.Store.Save(ctx, p, g)
	if errors.Is(err, ErrChanged) { // a repetition that overtook us
		saved, _, err = s.Store.Get(ctx, p, g.Slot, g.ID)
		return saved, err
	}
	if err != nil {
		return g, err
	}
	return saved, s.Audit.Note(ctx, p, n.By, Created, saved.Name)
}

func (s *Service) account(ctx context.Context, p id.PortalID, slot id.Slot) error {
	a, err := s.Accounts.Account(ctx, p, slot)
	if errors.Is(err, lineaccount.ErrUnknown) || err == nil && a.State != lineaccount.Active {
		return ErrNoTarget
	}
	return err
}

// fill takes over name and tree if they can be kept, and has the lists read that it names.
func (s *Service) fill(ctx context.Context, p id.PortalID, g Segment, name string, tree Tree, by portal.Actor, at time.Time) (Segment, error) {
	clean, err := CleanName(name)
	if err != nil {
		return g, err
	}
	if err := tree.Check(); err != nil {
		return g, err
	}
	tree = tree.Clean()
	ps, err := s.Problems(ctx, p, g.Slot, tree)
	if err != nil {
		return g, err
	}
	if ps = slices.DeleteFunc(ps, Problem.Passing); len(ps) > 0 {
		return g, ps
	}
	if lists := tree.Lists(); len(lists) > 0 {
		if err := s.Lists.Use(ctx, p, lists...); err != nil {
			return g, err
		}
	}
	g.Name, g.Tree, g.UpdatedAt, g.UpdatedBy = clean, tree, at.UnixMilli(), by
	return g, nil
}

// Edit replaces name and tree of the version that the person saw.
func (s *Service) Edit(ctx context.Context, p id.PortalID, slot id.Slot, segment string, version int64, name string, tree Tree, by portal.Actor) (Segment, error) {
	g, err := s.get(ctx, p, slot, segment)
	if err != nil {
		return g, err
	}
	if g.Version != version {
		return g, ErrChanged
	}
	was := g.Name
	if g, err = s.fill(ctx, p, g, name, tree, by, s.Clock.Now()); err != nil {
		return g, err
	}
	if g, err = s.Store.Save(ctx, p, g); err != nil {
		return g, err
	}
	var changes []portal.Change
	if was != g.Name {
		changes = append(changes, portal.Change{Field: "name", Old: was, New: g.Name})
	}
	return g, s.Audit.Note(ctx, p, by, Changed, g.Name, changes...)
}

// Copy makes another segment of the same conditions, also where it needs attention: nothing is sent to either.
func (s *Service) Copy(ctx context.Context, p id.PortalID, slot id.Slot, segment string, n New) (Segment, error) {
	from, err := s.get(ctx, p, slot, segment)
	if err != nil {
		return from, err
	}
	name, err := CleanName(n.Name)
	if err != nil {
		return from, err
	}
	all, err := s.Store.All(ctx, p, slot)
	if err != nil {
		return from, err
	}
	if len(all) >= MaxSegments {
		return from, ErrTooMany
	}
	at := n.At.UnixMilli()
	g := Segment{ID: NewID(n.At, n.Seed), Slot: slot, Name: name, Tree: from.Tree, CreatedAt: at, CreatedBy: n.By, UpdatedAt: at, UpdatedBy: n.By}
	saved, err := s.Store.Save(ctx, p, g)
	if errors.Is(err, ErrChanged) {
		saved, _, err = s.Store.Get(ctx, p, slot, g.ID)
		return saved, err
	}
	if err != nil {
		return g, err
	}
	return saved, s.Audit.Note(ctx, p, n.By, Created, saved.Name)
}

// Delete removes a segment that no unfinished broadcast uses.
func (s *Service) Delete(ctx context.Context, p id.PortalID, slot id.Slot, segment string, by portal.Actor) error {
	g, ok, err := s.Store.Get(ctx, p, slot, segment)
	if err != nil || !ok {
		return err
	}
	uses, err := s.UsedBy(ctx, p, slot, segment)
	if err != nil {
		return err
	}
	if len(uses) > 0 {
		return ErrInUse
	}
	if err := s.Store.Delete(ctx, p, g); err != nil {
		return err
	}
	if err := s.Blobs.Delete(ctx, p, halfway(segment)); err != nil {
		return err
	}
	return s.Audit.Note(ctx, p, by, Deleted, g.Name)
}

func (s *Service) get(ctx context.Context, p id.PortalID, slot id.Slot, segment string) (Segment, error) {
	g, ok, err := s.Store.Get(ctx, p, slot, segment)
	if err == nil && !ok {
		err = ErrUnknown
	}
	return g, err
}

// Get returns one.
func (s *Service) Get(ctx context.Context, p id.PortalID, slot id.Slot, segment string) (Segment, error) {
	return s.get(ctx, p, slot, segment)
}

// List returns an account's segments by name: those whose name holds search, in upper or lower case.
func (s *Service) List(ctx context.Context, p id.PortalID, slot id.Slot, search string) ([]Segment, error) {
	all, err := s.Store.All(ctx, p, slot)
	if search = strings.ToLower(strings.TrimSpace(search)); search != "" {
		all = slices.DeleteFunc(all, func(g Segment) bool { return !strings.Contains(strings.ToLower(g.Name), search) })
	}
	slices.SortFunc(all, func(a, b Segment) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return all, err
}

// looked bounds how many of an account's latest broadcasts are looked through.
const looked = 500

// UsedBy finds the broadcasts that are not over and whose audience is the segment.
func (s *Service) UsedBy(ctx context.Context, p id.PortalID, slot id.Slot, segment string) ([]broadcast.Broadcast, error) {
	var out []broadcast.Broadcast
	for after, n := "", 0; n < looked; {
		bs, next, err := s.Broadcasts.List(ctx, p, slot, after, 50)
		if err != nil {
			return nil, err
		}
		for _, b := range bs {
			if b.Audience.Kind == broadcast.Segment && b.Audience.Ref == segment && !b.Over() {
				out = append(out, b)
			}
		}
		if after = next; after == "" {
			break
		}
		n += len(bs)
	}
	return out, nil
}

// Dependents implements hubspotlist.Dependents: members of lists are kept while a segment rests on them (P-51). A broadcast rests on lists
// through its segment, which cannot be deleted before it is over.
func (s *Service) Dependents(ctx context.Context, p id.PortalID) ([]hubspotlist.Dependent, error) {
	all, err := s.Store.Every(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []hubspotlist.Dependent
	for _, g := range all {
		if lists := g.Tree.Lists(); len(lists) > 0 {
			out = append(out, hubspotlist.Dependent{Kind: "segment", ID: g.ID, Name: g.Name, Lists: lists})
		}
	}
	return out, nil
}

var _ hubspotlist.Dependents = (*Service)(nil)
