package hubspotsandbox

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// SeedOptions say what a portal is filled with. The same options and seed give the same records. Nothing is announced by webhooks or the
// journal: the records are as if they had been there for long.
type SeedOptions struct {
	Companies int    `json:"companies"`
	Contacts  int    `json:"contacts"`
	Seed      uint64 `json:"seed"`
	// Linked is the share of contacts with a primary company, when there are companies; default 0.7.
	Linked float64 `json:"linked"`
	// Before is the latest time of any change, ms; default HubSpot's now less one day.
	Before int64 `json:"before"`
	// Property and Values, e.g. line_user_id and a list of LINE user ids: the first contacts of this seeding get one each, in order.
	Property string   `json:"property"`
	Values   []string `json:"values"`
}

var (
	seedFirst = []string{"太郎", "花子", "健一", "美咲", "翔", "さくら", "大輔", "陽菜", "Ken", "Emma", "Olivia", "Noah", "Léa", "Søren", "José", "小明", "지민", "มาลี", "Nguyễn", "Zoë", "Mia 🌸", "☕️Leo"}
	seedLast  = []string{"佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤", "山本", "髙﨑", "Smith", "Müller", "O'Brien", "García", "Dupont", "Kowalska", "陳", "김", "จันทร์", "van der Berg", "", "Tanaka"}
	seedFirms = []string{"株式会社さくら", "合同会社みどり", "Blue Mountain K.K.", "有限会社たなか商店", "Northwind", "Café Lumière", "鈴木工業", "Acme 🚀 Labs", "Kumo Studio", "山本不動産"}
)

// Seed adds companies and contacts and returns their ids.
func (s *Server) Seed(portalID int64, o SeedOptions) (contacts, companies []int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return nil, nil, fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	if o.Linked == 0 {
		o.Linked = 0.7
	}
	if o.Before == 0 {
		o.Before = s.now().UnixMilli() - 86_400_000
	}
	g := &seeder{s: s, p: p, rng: rand.New(rand.NewPCG(o.Seed, 77)), before: o.Before}
	for i := range o.Companies {
		companies = append(companies, g.company(i))
	}
	var key *property
	if o.Property != "" {
		key = s.ensureText(p, o.Property)
	}
	for i := range o.Contacts {
		id := g.contact(i, companies, o.Linked)
		contacts = append(contacts, id)
		if key != nil && i < len(o.Values) {
			r := p.Objects["contacts"].find(id)
			g.set(p.Objects["contacts"], r, key, o.Values[i], Source{"INTEGRATION", strconv.FormatInt(s.cfg.AppID, 10)}, r.Updated)
		}
	}
	for _, k := range kinds {
		p.Objects[k.Name].rebuild()
	}
	s.changes++
	return contacts, companies, nil
}

// ensureText makes a unique text property of contacts if there is none of this name yet.
func (s *Server) ensureText(p *portal, name string) *property {
	o := p.Objects["contacts"]
	if prop := o.prop(name); prop != nil {
		return prop
	}
	prop := &property{Name: name, Label: name, Type: "string", FieldType: "text", Group: o.Groups[0].Name, Unique: o.uniqueCount() < maxUnique,
		CreatedAt: s.now().UnixMilli(), UpdatedAt: s.now().UnixMilli(), Order: -1}
	o.addProperty(prop)
	return prop
}

type seeder struct {
	s      *Server
	p      *portal
	rng    *rand.Rand
	before int64
}

// times draws when a record was made and last changed, within about a year.
func (g *seeder) times() (made, changed int64) {
	made = g.before - g.rng.Int64N(365*86_400_000)
	return made, made + g.rng.Int64N(max(1, g.before-made))
}

func (g *seeder) set(o *objects, r *record, p *property, v string, src Source, at int64) {
	if v == "" {
		return
	}
	r.Vers = with(r.Vers, version{p.idx, g.s.sources.of(src), at, v})
	r.Updated = max(r.Updated, at)
	o.claim(p, v, r.ID)
}

func (g *seeder) record(o *objects) (*record, Source, int64) {
	made, changed := g.times()
	r := &record{ID: o.NextID, Created: made, Updated: made}
	o.NextID++
	o.Recs = append(o.Recs, r)
	src := Source{"IMPORT", "4711"}
	if g.rng.IntN(2) == 0 {
		src = Source{"CRM_UI", fmt.Sprintf("userId:%d", 1+g.rng.IntN(3))}
	}
	return r, src, changed
}

func (g *seeder) company(i int) int64 {
	o := g.p.Objects["companies"]
	r, src, changed := g.record(o)
	name := fmt.Sprintf("%s %d", seedFirms[i%len(seedFirms)], i+1)
	g.set(o, r, o.prop("name"), name, src, r.Created)
	g.set(o, r, o.prop("domain"), fmt.Sprintf("firm%d-%d.example.com", g.p.ID, r.ID), src, r.Created)
	g.set(o, r, o.prop("city"), []string{"東京", "大阪", "Sapporo", "福岡"}[i%4], src, changed)
	return r.ID
}

func (g *seeder) contact(i int, companies []int64, linked float64) int64 {
	o := g.p.Objects["contacts"]
	r, src, changed := g.record(o)
	g.set(o, r, o.prop("firstname"), seedFirst[g.rng.IntN(len(seedFirst))], src, r.Created)
	g.set(o, r, o.prop("lastname"), seedLast[g.rng.IntN(len(seedLast))], src, r.Created)
	g.set(o, r, o.prop("email"), fmt.Sprintf("person%d@portal-%d.example.com", r.ID, g.p.ID), src, r.Created)
	if g.rng.IntN(10) < 7 {
		g.set(o, r, o.prop("phone"), fmt.Sprintf("+8190%08d", g.rng.IntN(100_000_000)), src, r.Created)
	}
	if g.rng.IntN(3) == 0 {
		g.set(o, r, o.prop("firstname"), seedFirst[i%len(seedFirst)], Source{"CRM_UI", "userId:2"}, changed)
	}
	if g.rng.IntN(4) == 0 {
		g.set(o, r, o.prop("lifecyclestage"), stages[g.rng.IntN(4)], Source{"AUTOMATION_PLATFORM", "workflow"}, changed)
	}
	if len(companies) > 0 && g.rng.Float64() < linked {
		g.p.Links.put(&link{Contact: r.ID, Company: companies[g.rng.IntN(len(companies))], Primary: true})
	}
	return r.ID
}

// SetValues gives one value each to the contacts, in order, as an import would: for LINE user ids. It announces nothing.
func (s *Server) SetValues(portalID int64, property string, contacts []int64, values []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.portals[portalID]
	if p == nil {
		return fmt.Errorf("%w: portal %d", ErrNotFound, portalID)
	}
	o, prop := p.Objects["contacts"], s.ensureText(p, property)
	now, src := s.now().UnixMilli(), s.sources.of(Source{"IMPORT", "4712"})
	for i, id := range contacts[:min(len(contacts), len(values))] {
		r := o.find(id)
		if r == nil {
			return fmt.Errorf("%w: contact %d", ErrNotFound, id)
		}
		old, _ := current(r.Vers, prop.idx)
		if old == values[i] {
			continue
		}
		before := r.live()
		o.release(prop, old, id)
		r.Vers = with(r.Vers, version{prop.idx, src, now, values[i]})
		r.Updated = max(r.Updated, now)
		o.claim(prop, values[i], r.ID)
		o.changed(r, before, now, 0, s.tick())
	}
	return nil
}
