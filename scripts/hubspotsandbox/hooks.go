package hubspotsandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Subscription is one entry of the app's webhooks file.
type Subscription struct {
	ID       int64  `json:"id"`
	Type     string `json:"subscriptionType"` // object.creation, ..., contact.privacyDeletion
	Object   string `json:"objectType,omitempty"`
	Property string `json:"propertyName,omitempty"`
	Active   bool   `json:"active"`
}

// WebhookFile is what the app's webhooks metafile says.
type WebhookFile struct {
	Target        string // with its ${VARIABLES} still in it
	MaxConcurrent int
	Subscriptions []Subscription
}

// ReadWebhookFile reads a webhooks-hsmeta.json. Only what it subscribes is ever delivered.
func ReadWebhookFile(path string) (WebhookFile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return WebhookFile{}, fmt.Errorf("webhooks file: %w", err)
	}
	var in struct {
		Config struct {
			Settings struct {
				TargetURL             string `json:"targetUrl"`
				MaxConcurrentRequests int    `json:"maxConcurrentRequests"`
			} `json:"settings"`
			Subscriptions struct {
				CRM    []Subscription `json:"crmObjects"`
				Legacy []Subscription `json:"legacyCrmObjects"`
				Hub    []Subscription `json:"hubEvents"`
			} `json:"subscriptions"`
		} `json:"config"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return WebhookFile{}, fmt.Errorf("webhooks file %s: %w", path, err)
	}
	out := WebhookFile{Target: in.Config.Settings.TargetURL, MaxConcurrent: in.Config.Settings.MaxConcurrentRequests}
	for _, x := range slices.Concat(in.Config.Subscriptions.CRM, in.Config.Subscriptions.Hub) {
		if x.Object != "" && kindOf(x.Object) == nil {
			return WebhookFile{}, fmt.Errorf("webhooks file %s: the sandbox does not keep object type %q", path, x.Object)
		}
		x.ID = int64(2_400_001 + len(out.Subscriptions))
		out.Subscriptions = append(out.Subscriptions, x)
	}
	if n := len(in.Config.Subscriptions.Legacy); n > 0 {
		return WebhookFile{}, fmt.Errorf("webhooks file %s: %d legacy subscriptions; use crmObjects", path, n)
	}
	return out, nil
}

// hookEvent is one event of a webhook body.
type hookEvent struct {
	EventID          int64   `json:"eventId"`
	SubscriptionID   int64   `json:"subscriptionId"`
	PortalID         int64   `json:"portalId"`
	AppID            int64   `json:"appId"`
	OccurredAt       int64   `json:"occurredAt"`
	SubscriptionType string  `json:"subscriptionType"`
	AttemptNumber    int     `json:"attemptNumber"`
	ObjectID         int64   `json:"objectId,omitempty"`
	ObjectTypeID     string  `json:"objectTypeId,omitempty"`
	PropertyName     string  `json:"propertyName,omitempty"`
	PropertyValue    *string `json:"propertyValue,omitempty"`
	ChangeFlag       string  `json:"changeFlag,omitempty"`
	ChangeSource     string  `json:"changeSource"`
	SourceID         string  `json:"sourceId,omitempty"`
	IsSensitive      *bool   `json:"isSensitive,omitempty"`

	PrimaryObjectID         int64   `json:"primaryObjectId,omitempty"`
	MergedObjectIDs         []int64 `json:"mergedObjectIds,omitempty"`
	NewObjectID             int64   `json:"newObjectId,omitempty"`
	NumberOfPropertiesMoved *int    `json:"numberOfPropertiesMoved,omitempty"`

	AssociationType      string `json:"associationType,omitempty"`
	FromObjectID         int64  `json:"fromObjectId,omitempty"`
	FromObjectTypeID     string `json:"fromObjectTypeId,omitempty"`
	ToObjectID           int64  `json:"toObjectId,omitempty"`
	ToObjectTypeID       string `json:"toObjectTypeId,omitempty"`
	AssociationRemoved   *bool  `json:"associationRemoved,omitempty"`
	IsPrimaryAssociation *bool  `json:"isPrimaryAssociation,omitempty"`
}

// toHooks makes the webhook events of a fact, one per subscription that matches.
func (s *Server) toHooks(e event) {
	if s.hooks.target == "" {
		return
	}
	switch e.kind {
	case created:
		s.hookObject(e, "object.creation", e.id, hookEvent{ChangeFlag: "CREATED"})
		s.hookChanges(e)
	case updated:
		s.hookChanges(e)
	case archived:
		s.hookObject(e, "object.deletion", e.id, hookEvent{ChangeFlag: "DELETED"})
	case restored:
		s.hookObject(e, "object.restore", e.id, hookEvent{ChangeFlag: "RESTORED"})
	case purged:
		s.hookObject(e, "object.deletion", e.id, hookEvent{ChangeFlag: "DELETED"})
		s.hook(e, "contact.privacyDeletion", e.objects.kind, "", hookEvent{ObjectID: e.id})
	case merged:
		m := e.merge
		s.hookObject(e, "object.merge", m.survivor, hookEvent{PrimaryObjectID: m.primary, MergedObjectIDs: []int64{m.other}, NewObjectID: m.survivor, NumberOfPropertiesMoved: &m.moved})
		for _, id := range []int64{m.primary, m.other} {
			if id != m.survivor {
				s.hookObject(e, "object.deletion", id, hookEvent{ChangeFlag: "DELETED"})
			}
		}
	case linked:
		s.hookLink(e)
	}
}

func (s *Server) hookObject(e event, typ string, id int64, h hookEvent) {
	h.ObjectID, h.ObjectTypeID = id, e.objects.kind.TypeID
	s.hook(e, typ, e.objects.kind, "", h)
}

func (s *Server) hookChanges(e event) {
	no := false
	for _, c := range e.changes {
		v := c.value
		s.hook(e, "object.propertyChange", e.objects.kind, c.prop.Name, hookEvent{ObjectID: e.id, ObjectTypeID: e.objects.kind.TypeID,
			PropertyName: c.prop.Name, PropertyValue: &v, IsSensitive: &no})
	}
}

// hookLink fires for both directions.
func (s *Server) hookLink(e event) {
	l := e.link
	h := hookEvent{AssociationRemoved: &l.removed, IsPrimaryAssociation: &l.primary}
	a, b := h, h
	a.AssociationType, a.FromObjectID, a.FromObjectTypeID, a.ToObjectID, a.ToObjectTypeID = "CONTACT_TO_COMPANY", l.contact, contactKind.TypeID, l.company, companyKind.TypeID
	b.AssociationType, b.FromObjectID, b.FromObjectTypeID, b.ToObjectID, b.ToObjectTypeID = "COMPANY_TO_CONTACT", l.company, companyKind.TypeID, l.contact, contactKind.TypeID
	s.hook(e, "object.associationChange", contactKind, "", a)
	s.hook(e, "object.associationChange", companyKind, "", b)
}

func (s *Server) hook(e event, typ string, k *kind, property string, h hookEvent) {
	if !slices.Contains(e.portal.Installed.Scopes, "crm.objects."+k.Name+".read") {
		return
	}
	for _, sub := range s.hooks.subs {
		if !sub.Active || sub.Type != typ || sub.Property != property || sub.Object != "" && kindOf(sub.Object) != k {
			continue
		}
		h.EventID, h.SubscriptionID, h.PortalID, h.AppID = s.rng.Int64N(1<<31), sub.ID, e.portal.ID, s.cfg.AppID
		h.OccurredAt, h.SubscriptionType, h.ChangeSource, h.SourceID = e.at, typ, e.src.Type, e.src.ID
		s.enqueue(h)
	}
}

// Expand replaces ${NAME} in the text of a metafile.
func Expand(text string, vars map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		text = strings.ReplaceAll(text, "${"+k+"}", vars[k])
	}
	return text
}
