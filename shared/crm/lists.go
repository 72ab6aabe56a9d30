package crm

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/hubspot"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

var _ hubspotlist.Source = CRM{}

// computing is the processing status of a list whose members HubSpot is working out: its size means nothing yet.
const computing = "PROCESSING"

// Lists implements hubspotlist.Source.
func (c CRM) Lists(ctx context.Context, p id.PortalID, offset int) ([]hubspotlist.List, int, error) {
	pg, err := c.at(p, contactsync.Bulk).SearchLists(ctx, offset, hubspot.MaxListPage)
	if err != nil {
		return nil, 0, err
	}
	var out []hubspotlist.List
	for _, l := range pg.Lists {
		if _, err := id.ParseList(string(l.ID)); err != nil || l.Deleted || l.ObjectTypeID != contactType {
			continue
		}
		kind, size := hubspotlist.Static, l.Size
		if l.ProcessingType == "DYNAMIC" {
			kind = hubspotlist.Active
		}
		if l.Status == computing {
			size = -1
		}
		out = append(out, hubspotlist.List{
			ID: l.ID, Name: l.Name, Kind: kind, Size: size, LastAdded: memberTime(l.LastAddedAt), LastRemoved: memberTime(l.LastRemovedAt),
			Fingerprint: fmt.Sprintf("%d|%s|%s", size, l.LastAddedAt, l.LastRemovedAt),
		})
	}
	return out, pg.Next, nil
}

// memberTime reads the time of a list's last change; HubSpot documents no form. One that cannot be read is later than everything, so that
// nothing is taken for older than it.
func memberTime(s string) int64 {
	if s == "" {
		return 0
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UnixMilli()
	}
	return math.MaxInt64
}

// Exists implements hubspotlist.Source.
func (c CRM) Exists(ctx context.Context, p id.PortalID, l id.ListID) (bool, error) {
	got, err := c.at(p, contactsync.Bulk).HubSpotList(ctx, l)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && !got.Deleted, err
}

// Members implements hubspotlist.Source.
func (c CRM) Members(ctx context.Context, p id.PortalID, l id.ListID, after string) ([]id.ContactID, string, error) {
	pg, err := c.at(p, contactsync.Bulk).ListMembers(ctx, l, after, hubspot.MaxMemberPage)
	if err != nil {
		return nil, "", err
	}
	out := make([]id.ContactID, 0, len(pg.Members))
	for _, m := range pg.Members {
		n, err := id.ParseContact(m.RecordID)
		if err != nil {
			return nil, "", err
		}
		out = append(out, n)
	}
	return out, pg.After, nil
}

// Watch implements hubspotlist.Source.
func (c CRM) Watch(ctx context.Context, p id.PortalID, ls []id.ListID) error {
	ids := make([]int64, 0, len(ls))
	for _, l := range ls {
		n, err := strconv.ParseInt(string(l), 10, 64)
		if err != nil {
			return err
		}
		ids = append(ids, n)
	}
	return c.Client.WatchLists(ctx, p, ids)
}
