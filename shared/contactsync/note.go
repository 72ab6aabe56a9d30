package contactsync

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// Kind of a note.
type Kind string

const (
	// Changed: properties of a contact changed, or it is new.
	Changed Kind = "changed"
	// Restored: the contact is back from the recycling bin, with a LINE User ID perhaps.
	Restored Kind = "restored"
	// Gone: HubSpot says the contact was deleted; it may turn out to be a merge (see GoneWait).
	Gone Kind = "gone"
	// Checked: the wait after Gone is over.
	Checked Kind = "checked"
	// Merged: Others were merged into Contact.
	Merged Kind = "merged"
	// Erased: privacy deletion; our copy goes too.
	Erased Kind = "erased"
	// Associated: the contact's companies changed.
	Associated Kind = "associated"
	// Renamed: a company's name changed.
	Renamed Kind = "renamed"
	// Listed and Unlisted: the contact joined or left a HubSpot list.
	Listed   Kind = "listed"
	Unlisted Kind = "unlisted"
	// Parted: a person unlinked Friend from the contact.
	Parted Kind = "parted"
	// Contested: the conflict between Contact, which is linked, and Claimant is back. With a Proof the link itself is back, too, as the Proof says;
	// a Contact of 0 is none.
	Contested Kind = "contested"
	// Proven: a person showed that Friend and Contact are one (Proof).
	Proven Kind = "proven"
	// Wanted: Friend is to have a contact, if the portal's policy is still so (P-29).
	Wanted Kind = "wanted"
	// RenamedBefore is the second look at it, NameWait later.
	RenamedBefore Kind = "renamed_before"
)

// GoneWait is how many seconds a deletion waits for a merge that names it (hubspot-oddities: a merge deletes the losers).
const GoneWait = 60

// NamesLive is how long a run may go on with a company's name that it has read. NameWait is when whatever a run stored under such a name,
// after it changed, is there to be seen. The longer, the fewer names are read twice by a run that the table or HubSpot slows down; SQS holds no
// message back for more than 15 minutes.
const (
	NamesLive = 10 * time.Minute
	NameWait  = NamesLive + 2*time.Minute
)

// Note is one thing that HubSpot told us, from a webhook or the journal, in our words.
type Note struct {
	Kind     Kind           `json:"k"`
	Contact  id.ContactID   `json:"c,omitempty"`
	Company  id.CompanyID   `json:"co,omitempty"`
	Property string         `json:"p,omitempty"`
	List     id.ListID      `json:"l,omitempty"`
	Others   []id.ContactID `json:"o,omitempty"`
	At       int64          `json:"t,omitempty"`
	Friend   *friend.Key    `json:"f,omitempty"`
	Proof    *friend.Proof  `json:"pr,omitempty"`
	By       string         `json:"by,omitempty"` // who unlinked
	Why      friend.Ending  `json:"w,omitempty"`
	// Claimant and Claim restore a conflict together with the link.
	Claimant id.ContactID  `json:"x,omitempty"`
	Claim    *friend.Proof `json:"xp,omitempty"`
	// Answers, by property, are what the person of a Proof said of themselves.
	Answers map[string]string `json:"an,omitempty"`
}

// Batch is what travels through the queue: notes of one portal.
type Batch struct {
	Portal id.PortalID `json:"portal"`
	Notes  []Note      `json:"notes"`
}

// webhookEvent is HubSpot's event; fields of all subscription types together (developer platform, webhooks, payload).
type webhookEvent struct {
	PortalID         int64   `json:"portalId"`
	AppID            int64   `json:"appId"`
	SubscriptionType string  `json:"subscriptionType"`
	EventType        string  `json:"eventType"`
	ObjectID         int64   `json:"objectId"`
	ObjectTypeID     string  `json:"objectTypeId"`
	PropertyName     string  `json:"propertyName"`
	OccurredAt       int64   `json:"occurredAt"`
	PrimaryObjectID  int64   `json:"primaryObjectId"`
	NewObjectID      int64   `json:"newObjectId"`
	MergedObjectIDs  []int64 `json:"mergedObjectIds"`
	FromObjectID     int64   `json:"fromObjectId"`
	ToObjectID       int64   `json:"toObjectId"`
	AssociationType  string  `json:"associationType"`
	FromTypeID       string  `json:"fromObjectTypeId"`
	ToTypeID         string  `json:"toObjectTypeId"`
}

// Skipped says why an event made no note.
type Skipped struct {
	Reason string // "malformed", "other_app", "unknown_type", "unknown_object"
	Type   string
}

// ParseWebhook turns a webhook body into notes by portal. Unknown types, other apps and malformed events are skipped by name, never fatal:
// one bad event must not lose the others. The error is for bodies that are no JSON array at all.
func ParseWebhook(body []byte, app int64) (map[id.PortalID][]Note, []Skipped, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, nil, err
	}
	out := map[id.PortalID][]Note{}
	var skipped []Skipped
	for _, r := range raw {
		var e webhookEvent
		if err := json.Unmarshal(r, &e); err != nil || e.PortalID <= 0 {
			skipped = append(skipped, Skipped{Reason: "malformed"})
			continue
		}
		if e.AppID != 0 && e.AppID != app {
			skipped = append(skipped, Skipped{"other_app", e.SubscriptionType})
			continue
		}
		n, why := e.note()
		if why != "" {
			skipped = append(skipped, Skipped{why, e.SubscriptionType})
			continue
		}
		p := id.PortalID(e.PortalID)
		out[p] = append(out[p], n)
	}
	return out, skipped, nil
}

// ObjectType of HubSpot's CRM.
const (
	contactType = "0-1"
	companyType = "0-2"
)

func (e webhookEvent) note() (Note, string) {
	object, what, ok := strings.Cut(e.SubscriptionType, ".")
	if !ok {
		if object, what, ok = strings.Cut(e.EventType, "."); !ok {
			return Note{}, "unknown_type"
		}
	}
	if what == "associationChange" {
		return e.association(object)
	}
	company := object == "company" || object == "object" && e.ObjectTypeID == companyType
	if !company && object != "contact" && (object != "object" || e.ObjectTypeID != contactType) {
		return Note{}, "unknown_object"
	}
	n := Note{Contact: id.ContactID(e.ObjectID), At: e.OccurredAt}
	switch what {
	case "creation":
		n.Kind = Changed
	case "restore":
		n.Kind = Restored
	case "propertyChange":
		n.Kind, n.Property = Changed, e.PropertyName
	case "deletion":
		n.Kind = Gone
	case "privacyDeletion":
		n.Kind = Erased
	case "merge":
		return e.merge(company)
	default:
		return Note{}, "unknown_type"
	}
	if company {
		if n.Property != "name" && what != "restore" {
			return Note{}, "unknown_type"
		}
		n = Note{Kind: Renamed, Company: id.CompanyID(e.ObjectID), At: e.OccurredAt}
	}
	if n.Contact <= 0 && n.Company <= 0 {
		return Note{}, "malformed"
	}
	return n, ""
}

// association names the contact's end. Each change is told from both ends, and not every form of the event says what object it is about.
func (e webhookEvent) association(object string) (Note, string) {
	n := Note{Kind: Associated, At: e.OccurredAt}
	switch {
	case e.FromTypeID == contactType, strings.HasPrefix(e.AssociationType, "CONTACT_TO_"):
		n.Contact = id.ContactID(e.FromObjectID)
	case e.ToTypeID == contactType, strings.HasSuffix(e.AssociationType, "_TO_CONTACT"):
		n.Contact = id.ContactID(e.ToObjectID)
	case object == "contact" || e.ObjectTypeID == contactType:
		n.Contact = id.ContactID(e.FromObjectID)
	case object == "company" || e.ObjectTypeID == companyType:
		n.Contact = id.ContactID(e.ToObjectID)
	default:
		return Note{}, "unknown_object"
	}
	if n.Contact <= 0 {
		return Note{}, "malformed"
	}
	return n, ""
}

// merge names the survivor: newObjectId, else primaryObjectId, else objectId.
func (e webhookEvent) merge(company bool) (Note, string) {
	if company {
		return Note{}, "unknown_object" // the contacts' association changes tell what matters here
	}
	n := Note{Kind: Merged, Contact: id.ContactID(e.NewObjectID), At: e.OccurredAt}
	if n.Contact == 0 {
		n.Contact = id.ContactID(e.PrimaryObjectID)
	}
	if n.Contact == 0 {
		n.Contact = id.ContactID(e.ObjectID)
	}
	for _, o := range append(slices.Clone(e.MergedObjectIDs), e.PrimaryObjectID) {
		if c := id.ContactID(o); c > 0 && c != n.Contact && !slices.Contains(n.Others, c) {
			n.Others = append(n.Others, c)
		}
	}
	if n.Contact <= 0 {
		return Note{}, "malformed"
	}
	return n, ""
}
