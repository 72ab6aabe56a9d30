package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"lumo/shared/hubspotlist"
	"lumo/shared/id"
)

// Lists implements hubspotlist.Store at P#<portal>#LIST / <list id>.
type Lists struct{ Table *Table }

var _ hubspotlist.Store = Lists{}

func (s Lists) part(p id.PortalID) partition { return s.Table.Portal(p).in("LIST") }

// All implements hubspotlist.Store.
func (s Lists) All(ctx context.Context, p id.PortalID) ([]hubspotlist.List, error) {
	var out []hubspotlist.List
	for q := (query{}); ; {
		pg, err := s.part(p).query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range pg.Items {
			var l hubspotlist.List
			if err := attributevalue.UnmarshalMap(m, &l); err != nil {
				return nil, err
			}
			l.ID = id.ListID(text(m[attrSK]))
			out = append(out, l)
		}
		if q.after = pg.Next; q.after == nil {
			return out, nil
		}
	}
}

// Put implements hubspotlist.Store.
func (s Lists) Put(ctx context.Context, p id.PortalID, l hubspotlist.List) error {
	return s.part(p).put(ctx, string(l.ID), l, nil)
}

// Remove implements hubspotlist.Store.
func (s Lists) Remove(ctx context.Context, p id.PortalID, l id.ListID) error {
	return s.part(p).remove(ctx, string(l), nil)
}
