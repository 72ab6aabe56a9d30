package hubspot

import (
	"time"

	"lumo/shared/pace"
)

// ObjectType is a CRM object by name or type id ("contacts", "0-1"); every path takes either.
type ObjectType string

// The object types in use.
const (
	Contacts  ObjectType = "contacts"
	Companies ObjectType = "companies"
	Notes     ObjectType = "notes"
)

// Record is one CRM object. Properties tells three things apart: a name that is not in the map was not asked for (or does not
// exist), nil is unset in HubSpot, and "" is a value.
type Record struct {
	ID         string                    `json:"id"`
	Properties map[string]*string        `json:"properties"`
	History    map[string][]HistoryEntry `json:"propertiesWithHistory"`
	CreatedAt  time.Time                 `json:"createdAt"`
	UpdatedAt  time.Time                 `json:"updatedAt"`
	Archived   bool                      `json:"archived"`
	ArchivedAt time.Time                 `json:"archivedAt"`
}

// Value returns the property's value; unset and absent are "".
func (r Record) Value(name string) string {
	if v := r.Properties[name]; v != nil {
		return *v
	}
	return ""
}

// HistoryEntry is one version of a property, newest first in Record.History. A cleared property has an entry with Value "".
type HistoryEntry struct {
	Value       string    `json:"value"`
	At          time.Time `json:"timestamp"`
	SourceType  string    `json:"sourceType"` // open set: INTEGRATION, CRM_UI, IMPORT, ...
	SourceID    string    `json:"sourceId"`   // our app id for our own writes, "userId:<n>" for a person
	SourceLabel string    `json:"sourceLabel"`
}

// Read says what a read returns. Without Properties HubSpot returns a small default set.
type Read struct {
	Properties []string
	History    []string
	Archived   bool // only archived records
	Priority   pace.Priority
}

// Page is one page of a list. After is "" at the end.
type Page struct {
	Records []Record
	After   string
}

// paging is HubSpot's cursor.
type paging struct {
	Next struct {
		After text `json:"after"`
	} `json:"next"`
}
