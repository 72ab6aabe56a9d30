package hubspotsandbox

import (
	"slices"
	"strings"
)

// kind is one CRM object type.
type kind struct {
	Name     string // in paths and scopes: contacts
	Singular string // in webhook subscriptions: contact
	TypeID   string // 0-1
	Modified string // the property that carries the time of the last change
	Defaults []string
	Search   []string // properties that a search "query" looks at
	Keep     int      // versions of one property kept in answers
}

var contactKind = &kind{Name: "contacts", Singular: "contact", TypeID: "0-1", Modified: "lastmodifieddate", Keep: 45,
	Defaults: []string{"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"},
	Search:   []string{"firstname", "lastname", "email", "phone", "hs_additional_emails", "fax", "mobilephone", "company"}}

var companyKind = &kind{Name: "companies", Singular: "company", TypeID: "0-2", Modified: "hs_lastmodifieddate", Keep: 20,
	Defaults: []string{"createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"},
	Search:   []string{"name", "domain", "phone", "website"}}

var kinds = []*kind{contactKind, companyKind}

// kindOf accepts the plural, the singular and the type id, as every HubSpot path does.
func kindOf(s string) *kind {
	s = strings.ToLower(s)
	for _, k := range kinds {
		if s == k.Name || s == k.Singular || s == k.TypeID {
			return k
		}
	}
	return nil
}

// notPlayed are HubSpot types that exist but that the sandbox does not keep.
var notPlayed = []string{"deals", "deal", "0-3", "tickets", "ticket", "0-5", "notes", "note", "0-46", "tasks", "task", "0-27",
	"communications", "communication", "0-18", "emails", "calls", "meetings", "products", "line_items", "quotes", "leads", "owners"}

func knownElsewhere(s string) bool { return slices.Contains(notPlayed, strings.ToLower(s)) }
