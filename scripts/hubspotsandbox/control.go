package hubspotsandbox

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// ErrNotFound is returned for portals, records and lists that do not exist.
var ErrNotFound = errors.New("not found in the HubSpot sandbox")

// Entry is one version of a property, newest first in Record.History.
type Entry struct {
	Value string    `json:"value"`
	At    time.Time `json:"timestamp"`
	Source
}

// Record is a record as it is, seen from outside: with everything, whatever scopes the app has.
type Record struct {
	ID        int64              `json:"id"`
	Values    map[string]string  `json:"values"` // set ones only; "" = cleared
	History   map[string][]Entry `json:"history"`
	Created   time.Time          `json:"createdAt"`
	Updated   time.Time          `json:"updatedAt"`
	Archived  bool               `json:"archived"`
	Linked    []int64            `json:"linked"`    // companies of a contact, contacts of a company
	PrimaryID int64              `json:"primaryId"` // primary company of a contact
	Lists     []int64            `json:"lists"`
}

// Value returns a value, "" when unset.
func (r Record) Value(name string) string { return r.Values[name] }

// at finds a portal and one of its object types.
func (s *Server) at(portalID int64, object string) (*portal, *objects, error) {
	p := s.portals[portalID]
	k := kindOf(object)
	if p == nil || k == nil {
		return nil, nil, fmt.Errorf("%w: %s of portal %d", ErrNotFound, object, portalID)
	}
	return p, p.Objects[k.Name], nil
}

func (s *Server) recordAt(portalID int64, object string, id int64) (*portal, *objects, *record, error) {
	p, o, err := s.at(portalID, object)
	if err != nil {
		return nil, nil, nil, err
	}
	if r := o.find(id); r != nil {
		return p, o, r, nil
	}
	return nil, nil, nil, fmt.Errorf("%w: %s %d of portal %d", ErrNotFound, object, id, portalID)
}

// Record reads one record whole, archived ones and (by an old id) merged ones too.
func (s *Server) Record(portalID int64, object string, id int64) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, r, err := s.recordAt(portalID, object, id)
	if err != nil {
		return Record{}, err
	}
	return s.whole(p, o, r, true), nil
}

// Records reads all live records in the order of their ids, without history.
func (s *Server) Records(portalID int64, object string) ([]Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, err := s.at(portalID, object)
	if err != nil {
		return nil, err
	}
	var out []Record
	for _, r := range o.Recs {
		if !r.Gone && r.Archived == 0 {
			out = append(out, s.whole(p, o, r, false))
		}
	}
	return out, nil
}

func (s *Server) whole(p *portal, o *objects, r *record, history bool) Record {
	out := Record{ID: r.ID, Values: map[string]string{}, Created: time.UnixMilli(r.Created).UTC(), Updated: time.UnixMilli(r.Updated).UTC(),
		Archived: r.Archived != 0, Linked: p.Links.of(o.kind, r.ID)}
	if o.kind == contactKind {
		out.PrimaryID = p.Links.primary(r.ID)
	}
	for _, x := range p.Lists.List {
		if _, has := x.find(r.ID); has && x.TypeID == o.kind.TypeID {
			out.Lists = append(out.Lists, x.ID)
		}
	}
	if history {
		out.History = map[string][]Entry{}
	}
	for _, v := range r.Vers {
		name := o.Props[v.Prop].Name
		out.Values[name] = v.Value
		if history {
			e := Entry{v.Value, time.UnixMilli(v.At).UTC(), s.sources.List[v.Src]}
			out.History[name] = append(out.History[name], e)
		}
	}
	for _, h := range out.History {
		slices.Reverse(h)
	}
	return out
}

// person is the writer of a change made in HubSpot itself. The portal's rules hold there too.
func (s *Server) person(p *portal, by By) writer {
	w := writer{src: by.Source, at: by.At, strict: true}
	if w.at == 0 {
		w.at = s.now().UnixMilli()
	}
	if w.src.Type == "" {
		user := by.UserID
		if user == 0 {
			user = p.Users[0].ID
		}
		w.src = Source{"CRM_UI", "userId:" + strconv.FormatInt(user, 10)}
	}
	return w
}

func orNil(ref *refusal) error {
	if ref == nil {
		return nil
	}
	return ref
}

// Create makes a record as a person (or whoever by says) would.
func (s *Server) Create(portalID int64, object string, values map[string]string, by By) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, err := s.at(portalID, object)
	if err != nil {
		return 0, err
	}
	w := s.person(p, by)
	changes, ref := s.checkNew(p, o, values, w)
	if ref != nil {
		return 0, ref
	}
	return s.create(p, o, changes, w).ID, nil
}

// Edit changes a record as a person would.
func (s *Server) Edit(portalID int64, object string, id int64, values map[string]string, by By) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, r, err := s.recordAt(portalID, object, id)
	if err != nil {
		return err
	}
	defer s.quietly(by)()
	w := s.person(p, by)
	changes, ref := s.check(p, o, r, values, w)
	if ref != nil {
		return ref
	}
	s.apply(p, o, r, changes, w)
	return nil
}

// EditMany changes many records in one bulk action; the first refusal stops it.
func (s *Server) EditMany(portalID int64, object string, ids []int64, values map[string]string, by By) error {
	if by.Source.Type == "" {
		by.Source = Source{"CRM_UI_BULK_ACTION", "userId:1"}
	}
	for _, id := range ids {
		if err := s.Edit(portalID, object, id, values, by); err != nil {
			return err
		}
	}
	return nil
}

// Merge joins two records and returns the survivor's id.
func (s *Server) Merge(portalID int64, object string, primary, other int64, by By) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, a, err := s.recordAt(portalID, object, primary)
	if err != nil {
		return 0, err
	}
	_, _, b, err := s.recordAt(portalID, object, other)
	if err != nil {
		return 0, err
	}
	if ref := o.mergeable(a, b); ref != nil {
		return 0, ref
	}
	return s.merge(p, o, a, b, s.person(p, by)).ID, nil
}

// Delete moves a record to the recycling bin.
func (s *Server) Delete(portalID int64, object string, id int64, by By) error {
	return s.onRecord(portalID, object, id, by, s.archive)
}

// Restore takes a record out of the recycling bin.
func (s *Server) Restore(portalID int64, object string, id int64, by By) error {
	return s.onRecord(portalID, object, id, by, s.restore)
}

// Purge deletes a contact for good, as a privacy deletion does.
func (s *Server) Purge(portalID int64, object string, id int64, by By) error {
	return s.onRecord(portalID, object, id, by, s.purge)
}

func (s *Server) onRecord(portalID int64, object string, id int64, by By, do func(*portal, *objects, *record, writer)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, r, err := s.recordAt(portalID, object, id)
	if err != nil {
		return err
	}
	defer s.quietly(by)()
	do(p, o, r, s.person(p, by))
	return nil
}

// quietly keeps what is done until the end from being told, where that is wanted.
func (s *Server) quietly(by By) (end func()) {
	s.unseen = by.Unseen
	return func() { s.unseen = false }
}

// SetCompany associates a contact with a company; primary makes it the primary one.
func (s *Server) SetCompany(portalID, contact, company int64, primary bool, by By) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, _, a, err := s.recordAt(portalID, "contacts", contact)
	if err != nil {
		return err
	}
	_, _, b, err := s.recordAt(portalID, "companies", company)
	if err != nil {
		return err
	}
	var types []linkType
	if primary {
		types = []linkType{{"HUBSPOT_DEFINED", contactToPrimary}}
	}
	s.link(p, contactKind, a.ID, b.ID, types, s.person(p, by))
	return nil
}

// RemoveCompany takes the association away.
func (s *Server) RemoveCompany(portalID, contact, company int64, by By) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return ErrNotFound
	}
	x := p.Links.get(contact, company)
	if x == nil {
		return fmt.Errorf("%w: association of contact %d with company %d", ErrNotFound, contact, company)
	}
	s.unlink(p, x, s.person(p, by))
	return nil
}
