package crm

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/id"
	"lumo/shared/journal"
	"lumo/shared/mapping"
)

var _ journal.Feed = CRM{}

// Next implements journal.Feed.
func (c CRM) Next(ctx context.Context, offset string) (journal.Page, error) {
	pg, err := c.Client.JournalNext(ctx, offset)
	var f *fault.Fault
	if errors.As(err, &f) && f.Code == hubspot.CodeOffsetExpired {
		return journal.Page{}, journal.ErrGap
	}
	if err != nil || !pg.OK {
		return journal.Page{Offset: offset}, err
	}
	out := journal.Page{Offset: pg.Offset, More: true}
	for _, e := range pg.Events {
		if entry, ok := c.entry(e); ok {
			out.Entries = append(out.Entries, entry)
		}
	}
	return out, nil
}

// journalBody is what entries carry besides the common fields. HubSpot publishes no schema: names follow webhooks and subscriptions, and
// every one may be missing (docs/verify-live.md).
type journalBody struct {
	PropertyChanges map[string]json.RawMessage `json:"propertyChanges"`
	PrimaryObjectID int64                      `json:"primaryObjectId"`
	NewObjectID     int64                      `json:"newObjectId"`
	MergedObjectIDs []int64                    `json:"mergedObjectIds"`
	FromObjectID    int64                      `json:"fromObjectId"`
	FromTypeID      string                     `json:"fromObjectTypeId"`
	ToObjectID      int64                      `json:"toObjectId"`
	ToTypeID        string                     `json:"toObjectTypeId"`
	ListID          json.Number                `json:"listId"`
	Properties      struct {
		AppID json.Number `json:"hs_app_id"`
	} `json:"properties"`
}

const (
	contactType = "0-1"
	companyType = "0-2"
)

// entry translates one event; false for what concerns nobody here.
func (c CRM) entry(e hubspot.JournalEvent) (journal.Entry, bool) {
	var b journalBody
	if e.Portal <= 0 || json.Unmarshal(e.Raw, &b) != nil {
		return journal.Entry{}, false
	}
	out := journal.Entry{Portal: e.Portal, At: e.OccurredAt}
	if e.Action == "APP_UNINSTALL" {
		n, err := b.Properties.AppID.Int64()
		out.Uninstalled = err != nil || n == 0 || n == c.App
		return out, out.Uninstalled
	}
	at := e.OccurredAt.UnixMilli()
	switch e.Action {
	case "ASSOCIATION_ADDED", "ASSOCIATION_REMOVED":
		contact := b.FromObjectID
		if b.ToTypeID == contactType {
			contact = b.ToObjectID
		}
		if contact > 0 {
			out.Notes = []contactsync.Note{{Kind: contactsync.Associated, Contact: id.ContactID(contact), At: at}}
		}
	case "ADDED_TO_LIST", "REMOVED_FROM_LIST":
		out.Notes = listNote(e, b, at)
	case "GDPR_DELETE":
		if n, err := id.ParseContact(e.ObjectID); err == nil {
			out.Notes = []contactsync.Note{{Kind: contactsync.Erased, Contact: n, At: at}}
		}
	default:
		out.Notes = objectNotes(e, b, at)
	}
	return out, len(out.Notes) > 0
}

func listNote(e hubspot.JournalEvent, b journalBody, at int64) []contactsync.Note {
	l, err := id.ParseList(b.ListID.String())
	c, cerr := id.ParseContact(e.ObjectID)
	if err != nil || cerr != nil || e.ObjectTypeID != "" && e.ObjectTypeID != contactType {
		return nil
	}
	n := contactsync.Note{Kind: contactsync.Listed, List: l, Contact: c, At: at}
	if e.Action == "REMOVED_FROM_LIST" {
		n.Kind = contactsync.Unlisted
	}
	return []contactsync.Note{n}
}

func objectNotes(e hubspot.JournalEvent, b journalBody, at int64) []contactsync.Note {
	if e.ObjectTypeID == companyType {
		n, err := id.ParseCompany(e.ObjectID)
		if err != nil || e.Action != "UPDATE" {
			return nil
		}
		return []contactsync.Note{{Kind: contactsync.Renamed, Company: n, At: at}}
	}
	n, err := id.ParseContact(e.ObjectID)
	if e.ObjectTypeID != contactType || err != nil && e.Action != "MERGE" {
		return nil
	}
	switch e.Action {
	case "RESTORE":
		return []contactsync.Note{{Kind: contactsync.Restored, Contact: n, At: at}}
	case "CREATE", "UPDATE":
		var out []contactsync.Note
		for _, p := range slices.Sorted(maps.Keys(b.PropertyChanges)) {
			out = append(out, contactsync.Note{Kind: contactsync.Changed, Contact: n, Property: p, At: at})
		}
		if len(out) == 0 {
			out = []contactsync.Note{{Kind: contactsync.Changed, Contact: n, At: at}}
		}
		return out
	case "DELETE":
		return []contactsync.Note{{Kind: contactsync.Gone, Contact: n, At: at}}
	case "MERGE":
		return mergeNote(n, b, at)
	}
	return nil
}

func mergeNote(object id.ContactID, b journalBody, at int64) []contactsync.Note {
	to := object
	for _, candidate := range []int64{b.PrimaryObjectID, b.NewObjectID} {
		if candidate > 0 {
			to = id.ContactID(candidate)
		}
	}
	note := contactsync.Note{Kind: contactsync.Merged, Contact: to, At: at}
	for _, o := range append(slices.Clone(b.MergedObjectIDs), b.PrimaryObjectID) {
		if k := id.ContactID(o); k > 0 && k != to && !slices.Contains(note.Others, k) {
			note.Others = append(note.Others, k)
		}
	}
	if to <= 0 {
		return nil
	}
	return []contactsync.Note{note}
}

// Subscribe makes the journal carry what a portal needs: the mapped properties (webhooks have one static list for everybody), associations
// and privacy deletions, and for the whole app the uninstalls.
func (c CRM) Subscribe(ctx context.Context, p id.PortalID, properties []string) error {
	props := slices.DeleteFunc(slices.Clone(properties), func(s string) bool { return s == mapping.CompanyLink })
	slices.Sort(props)
	all := []string{"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"}
	return c.Client.EnsureSubscriptions(ctx, []hubspot.Subscription{
		{Kind: hubspot.SubscribeLifecycle, EventTypeID: hubspot.EventAppUninstalled},
		{Kind: hubspot.SubscribeObject, Portal: p, ObjectTypeID: contactType, Actions: all, Properties: slices.Compact(props)},
		{Kind: hubspot.SubscribeObject, Portal: p, ObjectTypeID: companyType, Actions: []string{"UPDATE"}, Properties: []string{"name"}},
		{Kind: hubspot.SubscribeAssociation, Portal: p, ObjectTypeID: contactType, ToTypeIDs: []string{companyType}, Actions: []string{"ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"}},
		{Kind: hubspot.SubscribePrivacy, Portal: p, ObjectTypeID: contactType, Actions: []string{"GDPR_DELETE"}},
	})
}
