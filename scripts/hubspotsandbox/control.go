package hubspotsandbox

import (
	"errors"
	"fmt"
	"net/url"
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
	do(p, o, r, s.person(p, by))
	return nil
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

// DefineProperty makes a custom property, as an admin would; options are value, label pairs.
func (s *Server) DefineProperty(portalID int64, object string, d Definition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, o, err := s.at(portalID, object)
	if err != nil {
		return err
	}
	if d.Group == "" {
		d.Group = o.Groups[0].Name
	}
	if d.Label == "" {
		d.Label = d.Name
	}
	in := propertyInput{Name: d.Name, Label: &d.Label, Type: &d.Type, FieldType: &d.FieldType, Group: &d.Group, Unique: d.Unique, Options: &d.Options}
	if ref := o.checkDefinition(in); ref != nil {
		return ref
	}
	c := &call{objects: o, portal: p, now: s.now().UnixMilli(), token: &token{User: 1}, r: noRequest}
	_, ref := s.define(c, in)
	return orNil(ref)
}

// Definition is a custom property.
type Definition struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Type      string   `json:"type"`
	FieldType string   `json:"fieldType"`
	Group     string   `json:"groupName"`
	Unique    bool     `json:"hasUniqueValue"`
	Options   []Option `json:"options"`
}

// ArchiveProperty deletes a custom property, as an admin may even while the app uses it.
func (s *Server) ArchiveProperty(portalID int64, object, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, o, err := s.at(portalID, object)
	if err != nil {
		return err
	}
	prop := o.prop(name)
	if prop == nil || prop.HubSpot {
		return fmt.Errorf("%w: custom property %s", ErrNotFound, name)
	}
	s.archiveProperty(prop, s.now().UnixMilli())
	return nil
}

// Properties lists the definitions that are not archived, HubSpot's own included.
func (s *Server) Properties(portalID int64, object string) ([]Definition, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, o, err := s.at(portalID, object)
	if err != nil {
		return nil, err
	}
	var out []Definition
	for _, p := range o.Props {
		if p.ArchivedAt == 0 {
			out = append(out, Definition{p.Name, p.Label, p.Type, p.FieldType, p.Group, p.Unique, slices.Clone(p.Options)})
		}
	}
	return out, nil
}

// SetRules replaces the portal admin's own rules.
func (s *Server) SetRules(portalID int64, rules []Rule) error {
	return s.onPortal(portalID, func(p *portal) { p.Rules = rules })
}

// SetSearch changes the lag of the search index.
func (s *Server) SetSearch(portalID int64, x SearchSettings) error {
	return s.onPortal(portalID, func(p *portal) { p.Search = x })
}

// SetLimits changes the paces.
func (s *Server) SetLimits(portalID int64, l Limits) error {
	return s.onPortal(portalID, func(p *portal) { p.Limits = l })
}

// SetOptions changes what a portal is like.
func (s *Server) SetOptions(portalID int64, o PortalOptions) error {
	return s.onPortal(portalID, func(p *portal) { p.Options = o })
}

func (s *Server) onPortal(id int64, f func(*portal)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[id]
	if p == nil {
		return fmt.Errorf("%w: portal %d", ErrNotFound, id)
	}
	f(p)
	s.changes++
	return nil
}

// SetSkew puts HubSpot's clock ahead of (or, negative, behind) ours.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
	s.changes++
}

// SetJournalDelay is the time until a journal entry can be read.
func (s *Server) SetJournalDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal.Delay = d.Milliseconds()
	s.changes++
}

// SetRotation makes every refresh return a new refresh token and end the old one.
func (s *Server) SetRotation(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.Rotate = on
	s.changes++
}

// SetSecrets sets the client secrets that are accepted; the first one signs. It plays the rotation of the app's secret.
func (s *Server) SetSecrets(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.Secrets = secrets
	s.changes++
}

// Tokens are what an install gives.
type Tokens struct {
	Access  string   `json:"accessToken"`
	Refresh string   `json:"refreshToken"`
	Scopes  []string `json:"scopes"`
}

// Install puts the app into a portal without any page and returns tokens. Without scopes it grants all that the app declares.
func (s *Server) Install(portalID int64, scopes ...string) (Tokens, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return Tokens{}, fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	if len(scopes) == 0 {
		scopes = p.grantable(s.cfg.RequiredScopes, s.cfg.OptionalScopes)
	}
	user := p.Users[0].ID
	s.install(p, user, scopes)
	return Tokens{s.issue(p, user, scopes, false).Value, s.issue(p, user, scopes, true).Value, scopes}, nil
}

// grantable are the scopes that this portal's plan has.
func (p *portal) grantable(lists ...[]string) []string {
	var out []string
	for _, x := range slices.Concat(lists...) {
		if !slices.Contains(out, x) && !slices.Contains(p.Options.Lacks, x) {
			out = append(out, x)
		}
	}
	return out
}

// Code makes an authorization code, as if a person had consented.
func (s *Server) Code(portalID int64, redirectURI string, scopes ...string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return "", fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	if len(scopes) == 0 {
		scopes = p.grantable(s.cfg.RequiredScopes, s.cfg.OptionalScopes)
	}
	return s.code(p, redirectURI, scopes, p.Users[0].ID, url.Values{}).Value, nil
}

func (s *Server) code(p *portal, redirect string, scopes []string, user int64, q url.Values) *code {
	k := &code{Value: "na1-" + s.uuid(), Redirect: redirect, Portal: p.ID, User: user, Scopes: scopes, Expires: s.now().Add(codeLife).UnixMilli(),
		Challenge: q.Get("code_challenge"), Method: q.Get("code_challenge_method")}
	s.oauth.Codes[k.Value] = k
	s.changes++
	return k
}

// Uninstall removes the app as an admin does in HubSpot: every token of the portal dies.
func (s *Server) Uninstall(portalID int64) error {
	return s.onPortal(portalID, func(p *portal) { s.uninstall(p, p.Users[0].ID) })
}

// Installed tells whether the app is in a portal, and with which scopes.
func (s *Server) Installed(portalID int64) ([]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil || p.Installed == nil {
		return nil, false
	}
	return slices.Clone(p.Installed.Scopes), true
}

// ExpireAccessTokens ends all access tokens of a portal (0: app tokens) at once, refresh tokens live on.
func (s *Server) ExpireAccessTokens(portalID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.oauth.Tokens {
		if t.Portal == portalID && !t.Refresh {
			t.Expires = s.now().UnixMilli() - 1
		}
	}
	s.changes++
}

// Secrets lists every token, code and client secret ever handed out and still known, for tests that scan logs for them.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.oauth.Secrets)
	for v := range s.oauth.Tokens {
		out = append(out, v)
	}
	for v := range s.oauth.Codes {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}
