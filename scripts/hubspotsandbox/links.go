package hubspotsandbox

import (
	"fmt"
	"slices"
	"strconv"
)

// link ties one contact to one company.
type link struct {
	Contact, Company int64
	Primary          bool
	Labels           []int // custom labels, by their type id from contact to company
}

// links are the associations of one portal between contacts and companies. Of a contact's companies at most one is the primary one.
type links struct {
	List      []*link // saved only; see byContact and byCompany
	Labels    []label
	byContact map[int64][]*link
	byCompany map[int64][]*link
}

// label is a custom association label; each direction has its own type id.
type label struct {
	Name, Label, Inverse string
	ToCompany, ToContact int
}

// HubSpot's own association types.
const (
	contactToCompany = 279
	contactToPrimary = 1
	companyToContact = 280
	primaryToContact = 2
)

func (l *links) init() {
	l.byContact, l.byCompany = map[int64][]*link{}, map[int64][]*link{}
	for _, x := range l.List {
		l.put(x)
	}
	l.List = nil
}

func (l *links) put(x *link) {
	at := func(list []*link, id func(*link) int64) []*link {
		i, _ := slices.BinarySearchFunc(list, id(x), func(y *link, id2 int64) int { return cmp(id(y), id2) })
		return slices.Insert(list, i, x)
	}
	l.byContact[x.Contact] = at(l.byContact[x.Contact], func(y *link) int64 { return y.Company })
	l.byCompany[x.Company] = at(l.byCompany[x.Company], func(y *link) int64 { return y.Contact })
}

func (l *links) drop(x *link) {
	is := func(y *link) bool { return y == x }
	l.byContact[x.Contact] = slices.DeleteFunc(l.byContact[x.Contact], is)
	l.byCompany[x.Company] = slices.DeleteFunc(l.byCompany[x.Company], is)
}

func (l *links) get(contact, company int64) *link {
	for _, x := range l.byContact[contact] {
		if x.Company == company {
			return x
		}
	}
	return nil
}

// primary is the contact's primary company, 0 if none.
func (l *links) primary(contact int64) int64 {
	for _, x := range l.byContact[contact] {
		if x.Primary {
			return x.Company
		}
	}
	return 0
}

// of lists the ids on the other side in ascending order.
func (l *links) of(k *kind, id int64) []int64 {
	var out []int64
	if k == contactKind {
		for _, x := range l.byContact[id] {
			out = append(out, x.Company)
		}
		return out
	}
	for _, x := range l.byCompany[id] {
		out = append(out, x.Contact)
	}
	return out
}

// linkTarget is one association of a create.
type linkTarget struct {
	To struct {
		ID text `json:"id"`
	} `json:"to"`
	Types []linkType `json:"types"`
}

type linkType struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

func otherKind(k *kind) *kind {
	if k == contactKind {
		return companyKind
	}
	return contactKind
}

// checkLinks validates the associations of a record that is to be created.
func (s *Server) checkLinks(p *portal, o *objects, in []linkTarget) *refusal {
	to := p.Objects[otherKind(o.kind).Name]
	for _, t := range in {
		if r := to.lookup(string(t.To.ID), "", false); r == nil {
			return &refusal{status: 400, category: "VALIDATION_ERROR", message: fmt.Sprintf("The %s %s does not exist", to.kind.Singular, t.To.ID)}
		}
		for _, ty := range t.Types {
			if !p.Links.knows(o.kind, ty.TypeID) {
				return unknownType(o.kind, ty.TypeID)
			}
		}
	}
	return nil
}

func unknownType(k *kind, id int) *refusal {
	return &refusal{status: 400, category: "VALIDATION_ERROR",
		message: fmt.Sprintf("Association type %d does not go from %s to %s", id, k.Singular, otherKind(k).Singular)}
}

// knows tells whether a type id leads from this kind to the other.
func (l *links) knows(from *kind, id int) bool {
	own := []int{contactToCompany, contactToPrimary}
	if from == companyKind {
		own = []int{companyToContact, primaryToContact}
	}
	return slices.Contains(own, id) || l.custom(from, id) != nil
}

func (l *links) custom(from *kind, id int) *label {
	for i, x := range l.Labels {
		if from == contactKind && x.ToCompany == id || from == companyKind && x.ToContact == id {
			return &l.Labels[i]
		}
	}
	return nil
}

func (s *Server) linkTargets(p *portal, o *objects, r *record, in []linkTarget, w writer) {
	for _, t := range in {
		id, _ := strconv.ParseInt(string(t.To.ID), 10, 64)
		s.link(p, o.kind, r.ID, id, t.Types, w)
	}
}

// link adds an association with its types; the first company of a contact becomes its primary one.
func (s *Server) link(p *portal, from *kind, fromID, toID int64, types []linkType, w writer) *link {
	contact, company := fromID, toID
	if from == companyKind {
		contact, company = toID, fromID
	}
	x := p.Links.get(contact, company)
	if x == nil {
		x = &link{Contact: contact, Company: company}
		first := p.Links.primary(contact) == 0
		p.Links.put(x)
		s.emitLink(p, x, false, false, w)
		if first {
			s.setPrimary(p, x, w)
		}
	}
	for _, t := range types {
		switch {
		case t.TypeID == contactToPrimary || t.TypeID == primaryToContact:
			s.setPrimary(p, x, w)
		default:
			if l := p.Links.custom(from, t.TypeID); l != nil && !slices.Contains(x.Labels, l.ToCompany) {
				x.Labels = append(x.Labels, l.ToCompany)
			}
		}
	}
	s.changes++
	return x
}

// setPrimary makes x the only primary company of its contact.
func (s *Server) setPrimary(p *portal, x *link, w writer) {
	if x.Primary {
		return
	}
	for _, y := range p.Links.byContact[x.Contact] {
		if y.Primary {
			y.Primary = false
			s.emitLink(p, y, true, true, w)
		}
	}
	x.Primary = true
	s.changes++
	s.emitLink(p, x, true, false, w)
}

// unlink removes everything between the two. Another company does not become primary by itself.
func (s *Server) unlink(p *portal, x *link, w writer) {
	p.Links.drop(x)
	s.changes++
	if x.Primary {
		s.emitLink(p, x, true, true, w)
	}
	s.emitLink(p, x, false, true, w)
}

func (s *Server) emitLink(p *portal, x *link, primary, removed bool, w writer) {
	s.emit(event{kind: linked, portal: p, at: w.at, src: w.src, link: &linkEvent{x.Contact, x.Company, primary, removed}})
}

// types lists what ties the two together, seen from one side.
func (l *links) types(from *kind, x *link) []map[string]any {
	plain, first := contactToCompany, contactToPrimary
	if from == companyKind {
		plain, first = companyToContact, primaryToContact
	}
	out := []map[string]any{}
	if x.Primary {
		out = append(out, map[string]any{"category": "HUBSPOT_DEFINED", "typeId": first, "label": "Primary"})
	}
	out = append(out, map[string]any{"category": "HUBSPOT_DEFINED", "typeId": plain, "label": nil})
	for _, c := range l.Labels {
		if slices.Contains(x.Labels, c.ToCompany) {
			id, text := c.ToCompany, c.Label
			if from == companyKind {
				id = c.ToContact
				if c.Inverse != "" {
					text = c.Inverse
				}
			}
			out = append(out, map[string]any{"category": "USER_DEFINED", "typeId": id, "label": text})
		}
	}
	return out
}
