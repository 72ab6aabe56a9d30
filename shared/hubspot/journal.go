package hubspot

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
)

// Scopes of the app's own token for the webhooks journal. The object scopes of what is subscribed to come on top.
var (
	scopesJournalRead  = []string{"developer.webhooks_journal.read"}
	scopesSubscription = []string{"developer.webhooks_journal.subscriptions.read", "developer.webhooks_journal.subscriptions.write"}
	scopesObjects      = []string{"crm.objects.contacts.read", "crm.objects.companies.read", "crm.lists.read"}
)

// CodeOffsetExpired is the fault code of an offset that the journal no longer knows: entries are kept for three days, so what was
// missed must be found by a full compare, and reading starts again at the earliest entry.
const CodeOffsetExpired = "HUBSPOT_JOURNAL_OFFSET_EXPIRED"

// Event types of APP_LIFECYCLE_EVENT subscriptions.
const (
	EventAppInstalled   = "4-1909196"
	EventAppUninstalled = "4-1916193"
)

// Subscription kinds.
const (
	SubscribeObject      = "OBJECT"
	SubscribeAssociation = "ASSOCIATION"
	SubscribeList        = "LIST_MEMBERSHIP"
	SubscribeLifecycle   = "APP_LIFECYCLE_EVENT"
	SubscribePrivacy     = "GDPR_PRIVACY_DELETION"
)

// Subscription asks for journal entries: of one portal, except SubscribeLifecycle, which is about the whole app.
type Subscription struct {
	ID           int64 // HubSpot's, when listed
	Kind         string
	Portal       id.PortalID
	ObjectTypeID string
	Actions      []string
	Properties   []string
	ToTypeIDs    []string // ASSOCIATION
	ListIDs      []int64  // LIST_MEMBERSHIP; empty is all
	EventTypeID  string   // APP_LIFECYCLE_EVENT
}

// body holds exactly the members that the kind requires.
func (s Subscription) body() map[string]any {
	b := map[string]any{"subscriptionType": s.Kind}
	if s.Kind == SubscribeLifecycle {
		b["eventTypeId"], b["properties"] = s.EventTypeID, orEmpty(s.Properties)
		return b
	}
	b["portalId"], b["actions"] = int64(s.Portal), orEmpty(s.Actions)
	switch s.Kind {
	case SubscribeObject:
		b["objectTypeId"], b["objectIds"], b["properties"] = s.ObjectTypeID, []int64{}, orEmpty(s.Properties)
	case SubscribeAssociation:
		b["objectTypeId"], b["objectIds"], b["associatedObjectTypeIds"] = s.ObjectTypeID, []int64{}, orEmpty(s.ToTypeIDs)
	case SubscribeList:
		b["listIds"], b["objectIds"] = append([]int64{}, s.ListIDs...), []int64{}
	case SubscribePrivacy:
		b["objectTypeId"] = s.ObjectTypeID
	}
	return b
}

// coveredBy tells whether have brings everything that s asks for.
func (s Subscription) coveredBy(have Subscription) bool {
	within := func(want, got []string) bool {
		return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got, w) })
	}
	return s.Kind == have.Kind && s.Portal == have.Portal && s.ObjectTypeID == have.ObjectTypeID && s.EventTypeID == have.EventTypeID &&
		within(s.Actions, have.Actions) && within(s.Properties, have.Properties) && within(s.ToTypeIDs, have.ToTypeIDs) &&
		slices.Equal(slices.Sorted(slices.Values(s.ListIDs)), slices.Sorted(slices.Values(have.ListIDs)))
}

func (c *Client) appCall(method, path string, scopes []string) *call {
	return &call{method: method, path: path, auth: appLevel, scopes: scopes, area: areaJournal}
}

// ListSubscriptions returns all of the app's journal subscriptions, of every portal.
func (c *Client) ListSubscriptions(ctx context.Context) ([]Subscription, error) {
	var b struct {
		Results []struct {
			ID           json.Number `json:"id"`
			Kind         string      `json:"subscriptionType"`
			PortalID     json.Number `json:"portalId"`
			ObjectTypeID string      `json:"objectTypeId"`
			Actions      []string    `json:"actions"`
			Properties   []string    `json:"properties"`
			ToTypeIDs    []string    `json:"associatedObjectTypeIds"`
			ListIDs      []int64     `json:"listIds"`
			EventTypeID  string      `json:"eventTypeId"`
			DeletedAt    *string     `json:"deletedAt"`
		} `json:"results"`
	}
	if err := c.fetch(ctx, c.appCall(http.MethodGet, "/webhooks-journal/subscriptions/{V}", scopesSubscription), &b); err != nil {
		return nil, err
	}
	var out []Subscription
	for _, r := range b.Results {
		if r.DeletedAt != nil {
			continue
		}
		s := Subscription{
			ID: number(r.ID), Kind: r.Kind, Portal: id.PortalID(number(r.PortalID)), ObjectTypeID: r.ObjectTypeID, Actions: r.Actions,
			Properties: r.Properties, ToTypeIDs: r.ToTypeIDs, ListIDs: r.ListIDs, EventTypeID: r.EventTypeID,
		}
		if s.Kind == SubscribeLifecycle {
			// The answer's required objectTypeId is where HubSpot may put the event's type.
			s.EventTypeID, s.ObjectTypeID, s.Portal = orElse(s.EventTypeID, s.ObjectTypeID), "", 0
		}
		out = append(out, s)
	}
	return out, nil
}

// EnsureSubscriptions makes the wanted subscriptions exist and leaves others alone. Creating one that exists updates it.
func (c *Client) EnsureSubscriptions(ctx context.Context, want []Subscription) error {
	have, err := c.ListSubscriptions(ctx)
	if err != nil {
		return err
	}
	for _, w := range want {
		if slices.ContainsFunc(have, w.coveredBy) {
			continue
		}
		q := c.appCall(http.MethodPost, "/webhooks-journal/subscriptions/{V}", slices.Concat(scopesSubscription, scopesObjects))
		q.body = jsonBody(w.body())
		if err := c.fetch(ctx, q, nil); err != nil && !fault.Is(err, fault.Exists) {
			return err
		}
	}
	return nil
}

// WatchLists subscribes a portal to the membership of exactly these lists; none ends it. HubSpot does not document whether a second
// subscription of a portal replaces the first, stands beside it or is refused, so what there is afterwards is looked at.
func (c *Client) WatchLists(ctx context.Context, p id.PortalID, lists []int64) error {
	want := Subscription{Kind: SubscribeList, Portal: p, ListIDs: lists, Actions: []string{"ADDED_TO_LIST", "REMOVED_FROM_LIST"}}
	for range 2 {
		if len(lists) > 0 {
			if err := c.EnsureSubscriptions(ctx, []Subscription{want}); err != nil {
				return err
			}
		}
		have, err := c.ListSubscriptions(ctx)
		if err != nil {
			return err
		}
		held := len(lists) == 0
		for _, h := range have {
			if h.Kind != SubscribeList || h.Portal != p {
				continue
			}
			if len(lists) > 0 && want.coveredBy(h) {
				held = true
			} else if err := c.DeleteSubscription(ctx, h.ID); err != nil {
				return err
			}
		}
		if held {
			break
		}
	}
	return nil
}

// DeleteSubscription removes one. Removing what is gone is no error.
func (c *Client) DeleteSubscription(ctx context.Context, subscription int64) error {
	return c.deleteSubscriptions(ctx, id.PortalID(subscription).String())
}

// DeletePortalSubscriptions removes everything of one portal.
func (c *Client) DeletePortalSubscriptions(ctx context.Context, p id.PortalID) error {
	return c.deleteSubscriptions(ctx, "portals/"+p.String())
}

func (c *Client) deleteSubscriptions(ctx context.Context, which string) error {
	err := c.fetch(ctx, c.appCall(http.MethodDelete, "/webhooks-journal/subscriptions/{V}/"+which, scopesSubscription), nil)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// JournalPage is one file of the journal. OK is false when there is nothing new. Store Offset only after the events are safe.
type JournalPage struct {
	OK          bool
	Offset      string
	PublishedAt time.Time
	Events      []JournalEvent
}

// JournalEvent is one entry. Raw is the whole of it, for what the fields leave out.
type JournalEvent struct {
	Type         string
	Action       string // CREATE, UPDATE, DELETE, MERGE, RESTORE, ASSOCIATION_ADDED, ADDED_TO_LIST, APP_UNINSTALL, ...
	Portal       id.PortalID
	OccurredAt   time.Time
	ObjectTypeID string
	ObjectID     string
	Raw          json.RawMessage
}

// JournalNext reads the file after offset; "" starts at the earliest that HubSpot still has. An offset that is no longer known
// gives a fault with CodeOffsetExpired.
func (c *Client) JournalNext(ctx context.Context, offset string) (JournalPage, error) {
	path := "/webhooks-journal/journal/{V}/earliest"
	if offset != "" {
		path = "/webhooks-journal/journal/{V}/offset/" + pathPart(offset) + "/next"
	}
	r, err := c.send(ctx, c.appCall(http.MethodGet, path, scopesJournalRead))
	if err != nil {
		return JournalPage{}, expiredOffset(err, offset)
	}
	if r.status == http.StatusNoContent {
		return JournalPage{Offset: offset}, nil
	}
	var ref struct {
		URL    string `json:"url"`
		Offset string `json:"currentOffset"`
	}
	if err := r.decode(&ref); err != nil {
		return JournalPage{}, err
	}
	page, err := c.journalFile(ctx, ref.URL)
	if err != nil {
		return JournalPage{}, err
	}
	page.OK, page.Offset = true, ref.Offset
	return page, nil
}

// expiredOffset: a refused offset is one that fell out of the journal (HubSpot documents no status for it).
func expiredOffset(err error, offset string) error {
	f, ok := err.(*fault.Fault)
	if !ok || offset == "" || f.Class != fault.NotFound && f.Class != fault.Invalid {
		return err
	}
	expired := *f
	expired.Class, expired.Code = fault.NotFound, CodeOffsetExpired
	return &expired
}

// journalFile downloads a presigned file: no token goes there.
func (c *Client) journalFile(ctx context.Context, address string) (JournalPage, error) {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return JournalPage{}, &fault.Fault{
			Provider: provider, Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: "HUBSPOT_UNREADABLE_REPLY",
			Message: "the journal's link is not an address",
		}
	}
	var file struct {
		Events      []json.RawMessage `json:"journalEvents"`
		PublishedAt anyTime           `json:"publishedAt"`
	}
	if err := c.fetch(ctx, &call{method: http.MethodGet, path: address, auth: noToken, area: areaJournal}, &file); err != nil {
		return JournalPage{}, err
	}
	page := JournalPage{PublishedAt: file.PublishedAt.Time}
	for _, raw := range file.Events {
		page.Events = append(page.Events, journalEvent(raw))
	}
	return page, nil
}

// journalEvent reads what can be read: an entry of a new shape still arrives, with its Raw.
func journalEvent(raw json.RawMessage) JournalEvent {
	var e struct {
		Type         text    `json:"type"`
		Action       text    `json:"action"`
		PortalID     text    `json:"portalId"`
		OccurredAt   anyTime `json:"occurredAt"`
		ObjectTypeID text    `json:"objectTypeId"`
		ObjectID     text    `json:"objectId"`
	}
	_ = json.Unmarshal(raw, &e)
	p, _ := id.ParsePortal(string(e.PortalID))
	return JournalEvent{
		Type: string(e.Type), Action: string(e.Action), Portal: p, OccurredAt: e.OccurredAt.Time, ObjectTypeID: string(e.ObjectTypeID),
		ObjectID: string(e.ObjectID), Raw: raw,
	}
}

// anyTime reads ISO 8601 and epoch milliseconds; anything else is the zero time.
type anyTime struct{ time.Time }

func (t *anyTime) UnmarshalJSON(b []byte) error {
	var s text
	_ = s.UnmarshalJSON(b)
	if at, err := time.Parse(time.RFC3339Nano, string(s)); err == nil {
		t.Time = at
	} else if ms := number(json.Number(s)); ms > 0 {
		t.Time = time.UnixMilli(ms).UTC()
	}
	return nil
}
