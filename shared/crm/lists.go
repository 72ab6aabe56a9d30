package crm

import (
	"context"
	"fmt"

	"lumo/shared/contactsync"
	"lumo/shared/hubspot"
	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

// Lists implements hubspotlist.Source.
func (c CRM) Lists(ctx context.Context, p id.PortalID, offset int) ([]hubspotlist.List, int, error) {
	pg, err := c.at(p, contactsync.Bulk).SearchLists(ctx, offset, hubspot.MaxListPage)
	if err != nil {
		return nil, 0, err
	}
	var out []hubspotlist.List
	for _, l := range pg.Lists {
		if l.Deleted || l.ObjectTypeID != "0-1" {
			continue
		}
		kind := hubspotlist.Static
		if l.ProcessingType == "DYNAMIC" {
			kind = hubspotlist.Active
		}
		out = append(out, hubspotlist.List{
			ID: l.ID, Name: l.Name, Kind: kind, Size: l.Size,
			Fingerprint: fmt.Sprintf("%d|%s|%s|%d|%d", l.Size, l.LastAddedAt, l.LastRemovedAt, l.UpdatedAt.UnixMilli(), l.Version),
		})
	}
	return out, pg.Next, nil
}
