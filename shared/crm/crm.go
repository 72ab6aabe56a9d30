// Package crm adapts the HubSpot client to what contactsync and syncrun ask for: our ids, our times, and which history entries are our
// own writes.
package crm

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/pace"
	"lumo/shared/register"
	"lumo/shared/syncrun"
)

// CRM implements contactsync.CRM and syncrun.Source.
type CRM struct {
	Client *hubspot.Client
	App    int64 // our app id: history entries with it are ours
}

var (
	_ contactsync.CRM     = CRM{}
	_ contactsync.Creator = CRM{}
	_ syncrun.Source      = CRM{}
)

func (c CRM) at(p id.PortalID, u contactsync.Urgency) *hubspot.Portal {
	pr := map[contactsync.Urgency]pace.Priority{contactsync.Bulk: pace.Bulk, contactsync.Event: pace.Event, contactsync.Interactive: pace.Interactive}[u]
	return c.Client.Portal(p).At(pr)
}

// Contacts implements contactsync.CRM.
func (c CRM) Contacts(ctx context.Context, p id.PortalID, ids []id.ContactID, properties, history []string, u contactsync.Urgency) ([]contactsync.Contact, []id.ContactID, error) {
	names := make([]string, len(ids))
	for i, n := range ids {
		names[i] = n.String()
	}
	recs, gone, err := c.at(p, u).BatchRead(ctx, hubspot.Contacts, names, "", hubspot.Read{Properties: properties, History: history})
	if err != nil {
		return nil, nil, err
	}
	found, err := c.contacts(recs, false)
	if err != nil {
		return nil, nil, err
	}
	var missing []id.ContactID
	for _, s := range gone {
		n, err := id.ParseContact(s)
		if err != nil {
			return nil, nil, err
		}
		missing = append(missing, n)
	}
	return found, missing, nil
}

func (c CRM) contacts(recs []hubspot.Record, indexed bool) ([]contactsync.Contact, error) {
	out := make([]contactsync.Contact, 0, len(recs))
	for _, r := range recs {
		n, err := id.ParseContact(r.ID)
		if err != nil {
			return nil, err
		}
		k := contactsync.Contact{ID: n, Properties: r.Properties, UpdatedAt: r.UpdatedAt.UnixMilli(), Indexed: indexed}
		for name, hs := range r.History {
			if k.History == nil {
				k.History = map[string][]register.Entry{}
			}
			k.History[name] = c.entries(hs)
		}
		out = append(out, k)
	}
	return out, nil
}

func (c CRM) entries(hs []hubspot.HistoryEntry) []register.Entry {
	out := make([]register.Entry, 0, len(hs))
	for _, h := range hs {
		ours := h.SourceType == "INTEGRATION" && h.SourceID == strconv.FormatInt(c.App, 10)
		out = append(out, register.Entry{Value: h.Value, At: h.At.UnixMilli(), Ours: ours})
	}
	return out
}

// Resolve implements contactsync.CRM: a GET by a merged-away id answers with the survivor.
func (c CRM) Resolve(ctx context.Context, p id.PortalID, k id.ContactID) (id.ContactID, error) {
	r, err := c.at(p, contactsync.Event).Get(ctx, hubspot.Contacts, k.String(), "", hubspot.Read{})
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return id.ParseContact(r.ID)
}

// Update implements contactsync.CRM.
func (c CRM) Update(ctx context.Context, p id.PortalID, in []contactsync.Update, u contactsync.Urgency) ([]contactsync.Updated, []contactsync.Refused, error) {
	changes := make([]hubspot.Change, len(in))
	for i, x := range in {
		changes[i] = hubspot.Change{ID: x.Contact.String(), Properties: x.Properties}
	}
	o, err := c.at(p, u).BatchUpdate(ctx, hubspot.Contacts, changes)
	var done []contactsync.Updated
	for _, r := range o.Done {
		n, perr := id.ParseContact(r.ID)
		if perr != nil {
			return done, nil, perr
		}
		done = append(done, contactsync.Updated{Contact: n, UpdatedAt: r.UpdatedAt.UnixMilli()})
	}
	var refused []contactsync.Refused
	for _, f := range o.Failed {
		n, perr := id.ParseContact(f.ID)
		if perr != nil {
			return done, refused, perr
		}
		refused = append(refused, contactsync.Refused{Contact: n, Err: f.Fault})
	}
	return done, refused, err
}

// CompanyNames implements contactsync.CRM.
func (c CRM) CompanyNames(ctx context.Context, p id.PortalID, ids []id.CompanyID, u contactsync.Urgency) (map[id.CompanyID]string, error) {
	names := make([]string, len(ids))
	for i, n := range ids {
		names[i] = n.String()
	}
	recs, _, err := c.at(p, u).BatchRead(ctx, hubspot.Companies, names, "", hubspot.Read{Properties: []string{"name"}})
	if err != nil {
		return nil, err
	}
	out := make(map[id.CompanyID]string, len(recs))
	for _, r := range recs {
		n, err := id.ParseCompany(r.ID)
		if err != nil {
			return nil, err
		}
		out[n] = r.Value("name")
	}
	return out, nil
}

// List implements syncrun.Source.
func (c CRM) List(ctx context.Context, p id.PortalID, after string, properties []string) (syncrun.Page, error) {
	pg, err := c.Client.Portal(p).At(pace.Chain).List(ctx, hubspot.Contacts, after, hubspot.MaxPage, hubspot.Read{Properties: properties})
	if err != nil {
		return syncrun.Page{}, err
	}
	cs, err := c.contacts(pg.Records, false)
	return syncrun.Page{Contacts: cs, After: pg.After}, err
}

// HubSpot's names of what searches filter and sort by.
const (
	modified = "lastmodifieddate"
	objectID = "hs_object_id"
)

// Search implements syncrun.Source.
func (c CRM) Search(ctx context.Context, p id.PortalID, s syncrun.Search, properties []string) (syncrun.Page, error) {
	q := hubspot.Search{Groups: groups(s), Properties: properties, Limit: s.Limit, Sort: hubspot.Sort{Property: objectID, Descending: s.Down}}
	if s.ByTime {
		q.Sort = hubspot.Sort{Property: modified}
	}
	if s.Skip > 0 {
		q.After = strconv.Itoa(s.Skip)
	}
	f, err := c.at(p, contactsync.Bulk).Search(ctx, hubspot.Contacts, q)
	if err != nil {
		return syncrun.Page{}, err
	}
	cs, err := c.contacts(f.Records, true)
	return syncrun.Page{Contacts: cs, Total: f.Total}, err
}

// groups makes one filter group for each property of AnyOf, since groups are alternatives.
func groups(s syncrun.Search) []hubspot.FilterGroup {
	var common []hubspot.Filter
	if s.IDBelow != 0 {
		common = append(common, hubspot.Filter{Property: objectID, Op: hubspot.Less, Value: s.IDBelow.String()})
	}
	if s.IDAbove != 0 {
		common = append(common, hubspot.Filter{Property: objectID, Op: hubspot.Greater, Value: s.IDAbove.String()})
	}
	if s.ModifiedFrom != 0 {
		common = append(common, hubspot.Filter{Property: modified, Op: hubspot.AtLeast, Value: strconv.FormatInt(s.ModifiedFrom, 10)})
	}
	if s.ModifiedTo != 0 {
		common = append(common, hubspot.Filter{Property: modified, Op: hubspot.AtMost, Value: strconv.FormatInt(s.ModifiedTo, 10)})
	}
	if len(s.AnyOf) == 0 {
		if len(common) == 0 {
			return nil
		}
		return []hubspot.FilterGroup{{Filters: common}}
	}
	out := make([]hubspot.FilterGroup, 0, len(s.AnyOf))
	for _, name := range s.AnyOf {
		filters := append([]hubspot.Filter{{Property: name, Op: hubspot.HasProperty}}, common...)
		out = append(out, hubspot.FilterGroup{Filters: filters})
	}
	return out
}

// ByEmail implements linkage.People. It reads the record itself, not the search index, which lags.
func (c CRM) ByEmail(ctx context.Context, p id.PortalID, email string) (id.ContactID, bool, error) {
	recs, _, err := c.at(p, contactsync.Interactive).BatchRead(ctx, hubspot.Contacts, []string{email}, "email", hubspot.Read{Properties: []string{"email"}})
	if err != nil || len(recs) == 0 {
		return 0, false, err
	}
	found, err := c.contacts(recs, false)
	if err != nil {
		return 0, false, err
	}
	return found[0].ID, true, nil
}

// Address implements linkage.People.
func (c CRM) Address(ctx context.Context, p id.PortalID, contact id.ContactID) (string, id.ContactID, error) {
	found, _, err := c.Contacts(ctx, p, []id.ContactID{contact}, []string{"email"}, nil, contactsync.Interactive)
	if err != nil || len(found) == 0 || found[0].Properties["email"] == nil {
		return "", contact, err
	}
	return strings.ToLower(*found[0].Properties["email"]), found[0].ID, nil
}

// Holders implements contactsync.Creator.
func (c CRM) Holders(ctx context.Context, p id.PortalID, property string, users []id.LineUserID) (map[id.LineUserID]id.ContactID, error) {
	values := make([]string, len(users))
	for i, u := range users {
		values[i] = string(u)
	}
	recs, _, err := c.at(p, contactsync.Event).BatchRead(ctx, hubspot.Contacts, values, property, hubspot.Read{Properties: []string{property}})
	if err != nil {
		return nil, err
	}
	out := map[id.LineUserID]id.ContactID{}
	for _, r := range recs {
		n, err := id.ParseContact(r.ID)
		if err != nil {
			return nil, err
		}
		if v := r.Properties[property]; v != nil {
			out[id.LineUserID(*v)] = n
		}
	}
	return out, nil
}

// Create implements contactsync.Creator.
func (c CRM) Create(ctx context.Context, p id.PortalID, property string, in map[id.LineUserID]map[string]string) error {
	changes := make([]hubspot.Change, 0, len(in))
	for _, u := range slices.Sorted(maps.Keys(in)) {
		changes = append(changes, hubspot.Change{ID: string(u), Properties: in[u]})
	}
	return c.at(p, contactsync.Event).BatchUpsert(ctx, hubspot.Contacts, property, changes)
}
