package hubspotsandbox

import (
	"slices"
	"strconv"
	"time"
)

const (
	journalLife  = 3 * 24 * time.Hour
	journalFile  = 10_000 // events in one file at most
	fileLinkLife = 15 * time.Minute
)

// journalSub is one subscription of the journal.
type journalSub struct {
	ID                            int64
	Type                          string // OBJECT, ASSOCIATION, LIST_MEMBERSHIP, APP_LIFECYCLE_EVENT, GDPR_PRIVACY_DELETION
	Portal                        int64
	ObjectTypeID, EventTypeID     string
	Associated                    []string
	ObjectIDs, ListIDs            []int64
	Properties, Actions           []string
	CreatedAt, UpdatedAt, Deleted int64
	Filters                       []journalFilter
}

// journalEvent is one entry of a journal file. HubSpot publishes no schema of it: type, action, portalId and occurredAt are observed, the
// rest is named like the members of subscriptions and webhooks.
type journalEvent struct {
	Type         string `json:"type"`
	Action       string `json:"action"`
	PortalID     int64  `json:"portalId"`
	OccurredAt   string `json:"occurredAt"`
	Subscription int64  `json:"subscriptionId"`

	ObjectTypeID    string            `json:"objectTypeId,omitempty"`
	ObjectID        int64             `json:"objectId,omitempty"`
	PropertyChanges map[string]string `json:"propertyChanges,omitempty"`
	ChangeSource    string            `json:"changeSource,omitempty"`
	SourceID        string            `json:"sourceId,omitempty"`

	PrimaryObjectID int64   `json:"primaryObjectId,omitempty"`
	MergedObjectIDs []int64 `json:"mergedObjectIds,omitempty"`
	NewObjectID     int64   `json:"newObjectId,omitempty"`

	FromObjectTypeID    string `json:"fromObjectTypeId,omitempty"`
	FromObjectID        int64  `json:"fromObjectId,omitempty"`
	ToObjectTypeID      string `json:"toObjectTypeId,omitempty"`
	ToObjectID          int64  `json:"toObjectId,omitempty"`
	AssociationCategory string `json:"associationCategory,omitempty"`
	AssociationTypeID   int    `json:"associationTypeId,omitempty"`

	ListID int64 `json:"listId,omitempty"`

	EventTypeID string            `json:"eventTypeId,omitempty"`
	Properties  map[string]string `json:"properties,omitempty"`
}

// pendingEntry becomes visible when it is ready.
type pendingEntry struct {
	Ready int64
	Event journalEvent
}

// journalPage is a published file.
type journalPage struct {
	Offset    string
	Published int64
	Events    []journalEvent
}

type journal struct {
	Subs    []*journalSub
	NextSub int64
	Pending []pendingEntry
	Files   []*journalPage
	Delay   int64 // ms until an entry can be read
}

// lifecycle event types of apps.
const (
	typeInstalled   = "4-1909196"
	typeUninstalled = "4-1916193"
)

// toJournal makes the entries of a fact, one per subscription that matches.
func (s *Server) toJournal(e event) {
	for _, sub := range s.journal.Subs {
		for _, entry := range s.entries(sub, e) {
			entry.PortalID, entry.OccurredAt, entry.Subscription = e.portal.ID, iso(e.at), sub.ID
			s.journal.Pending = append(s.journal.Pending, pendingEntry{s.realNow() + s.journal.Delay, entry})
		}
	}
}

func (s *Server) entries(sub *journalSub, e event) []journalEvent {
	switch sub.Type {
	case "APP_LIFECYCLE_EVENT":
		return s.lifecycleEntries(sub, e)
	case "OBJECT":
		if sub.Portal == e.portal.ID && e.objects != nil && e.objects.kind.TypeID == sub.ObjectTypeID {
			return sub.objectEntries(e)
		}
	case "GDPR_PRIVACY_DELETION":
		if sub.Portal == e.portal.ID && e.kind == purged && e.objects.kind.TypeID == sub.ObjectTypeID {
			return sub.keep(journalEvent{Type: "gdpr_privacy_deletion", Action: "GDPR_DELETE", ObjectTypeID: sub.ObjectTypeID, ObjectID: e.id})
		}
	case "ASSOCIATION":
		if sub.Portal == e.portal.ID && e.kind == linked {
			return sub.linkEntries(e)
		}
	case "LIST_MEMBERSHIP":
		if sub.Portal == e.portal.ID && e.kind == listed {
			return sub.listEntries(e)
		}
	}
	return nil
}

// keep returns the entry if the subscription asked for its action and record.
func (sub *journalSub) keep(entry journalEvent) []journalEvent {
	if !slices.Contains(sub.Actions, entry.Action) || entry.ObjectID != 0 && !among(sub.ObjectIDs, entry.ObjectID) {
		return nil
	}
	return []journalEvent{entry}
}

func among(list []int64, id int64) bool { return len(list) == 0 || slices.Contains(list, id) }

func (sub *journalSub) objectEntries(e event) []journalEvent {
	entry := journalEvent{Type: "object", ObjectTypeID: sub.ObjectTypeID, ObjectID: e.id, ChangeSource: e.src.Type, SourceID: e.src.ID}
	switch e.kind {
	case created, updated:
		entry.Action = "UPDATE"
		if e.kind == created {
			entry.Action = "CREATE"
		}
		for _, c := range e.changes {
			if slices.Contains(sub.Properties, c.prop.Name) {
				if entry.PropertyChanges == nil {
					entry.PropertyChanges = map[string]string{}
				}
				entry.PropertyChanges[c.prop.Name] = c.value
			}
		}
		if e.kind == updated && entry.PropertyChanges == nil || !sub.passes(entry.PropertyChanges) {
			return nil
		}
	case archived, purged:
		entry.Action = "DELETE"
	case restored:
		entry.Action = "RESTORE"
	case merged:
		return sub.mergeEntries(e, entry)
	default:
		return nil
	}
	return sub.keep(entry)
}

func (sub *journalSub) mergeEntries(e event, entry journalEvent) []journalEvent {
	m := e.merge
	whole := entry
	whole.Action, whole.ObjectID = "MERGE", m.survivor
	whole.PrimaryObjectID, whole.MergedObjectIDs, whole.NewObjectID = m.primary, []int64{m.other}, m.survivor
	out := sub.keep(whole)
	for _, id := range []int64{m.primary, m.other} {
		if id != m.survivor {
			gone := entry
			gone.Action, gone.ObjectID = "DELETE", id
			out = append(out, sub.keep(gone)...)
		}
	}
	return out
}

// linkEntries writes the association as seen from the subscribed type.
func (sub *journalSub) linkEntries(e event) []journalEvent {
	l, entry := e.link, journalEvent{Type: "association", Action: "ASSOCIATION_ADDED", AssociationCategory: "HUBSPOT_DEFINED"}
	if l.removed {
		entry.Action = "ASSOCIATION_REMOVED"
	}
	from, to := contactKind, companyKind
	entry.FromObjectID, entry.ToObjectID, entry.AssociationTypeID = l.contact, l.company, contactToCompany
	if l.primary {
		entry.AssociationTypeID = contactToPrimary
	}
	if sub.ObjectTypeID == companyKind.TypeID {
		from, to = to, from
		entry.FromObjectID, entry.ToObjectID, entry.AssociationTypeID = l.company, l.contact, companyToContact
		if l.primary {
			entry.AssociationTypeID = primaryToContact
		}
	}
	if sub.ObjectTypeID != from.TypeID || len(sub.Associated) > 0 && !slices.Contains(sub.Associated, to.TypeID) || !among(sub.ObjectIDs, entry.FromObjectID) {
		return nil
	}
	entry.FromObjectTypeID, entry.ToObjectTypeID = from.TypeID, to.TypeID
	return sub.keep(entry)
}

func (sub *journalSub) listEntries(e event) []journalEvent {
	if !among(sub.ListIDs, e.list.list) {
		return nil
	}
	entry := journalEvent{Type: "list_membership", Action: "ADDED_TO_LIST", ListID: e.list.list, ObjectTypeID: e.objects.kind.TypeID, ObjectID: e.id}
	if e.list.removed {
		entry.Action = "REMOVED_FROM_LIST"
	}
	return sub.keep(entry)
}

func (s *Server) lifecycleEntries(sub *journalSub, e event) []journalEvent {
	entry := journalEvent{Type: "app_lifecycle_event", EventTypeID: sub.EventTypeID}
	switch {
	case e.kind == installed && sub.EventTypeID == typeInstalled:
		entry.Action = "APP_INSTALL"
	case e.kind == uninstalled && sub.EventTypeID == typeUninstalled:
		entry.Action = "APP_UNINSTALL"
	default:
		return nil
	}
	user := strconv.FormatInt(e.user, 10)
	entry.Properties = map[string]string{"hs_app_id": strconv.FormatInt(s.cfg.AppID, 10), "hs_app_install_level": "PORTAL", "hs_initiating_user_id": user, "hs_user_id": user}
	return []journalEvent{entry}
}

// publish turns the entries that are ready into files and forgets files and entries that are too old.
func (s *Server) publish() {
	j, now := &s.journal, s.realNow()
	oldest := now - journalLife.Milliseconds()
	j.Files = slices.DeleteFunc(j.Files, func(f *journalPage) bool { return f.Published < oldest })
	var ready []journalEvent
	j.Pending = slices.DeleteFunc(j.Pending, func(p pendingEntry) bool {
		if p.Ready <= now && p.Ready >= oldest {
			ready = append(ready, p.Event)
		}
		return p.Ready <= now
	})
	for part := range slices.Chunk(ready, journalFile) {
		j.Files = append(j.Files, &journalPage{Offset: s.uuid(), Published: now, Events: slices.Clone(part)})
		s.changes++
	}
}
