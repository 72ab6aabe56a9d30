package dynamo

import (
	"context"
	"errors"

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

// Load implements hubspotlist.Store.
func (s Lists) Load(ctx context.Context, p id.PortalID, l id.ListID) (hubspotlist.List, bool, error) {
	row := hubspotlist.List{ID: l}
	ok, err := s.part(p).get(ctx, string(l), &row)
	return row, ok, err
}

// Save implements hubspotlist.Store.
func (s Lists) Save(ctx context.Context, p id.PortalID, l hubspotlist.List) (hubspotlist.List, error) {
	cond := versioned(l.Version)
	l.Version++
	err := s.part(p).put(ctx, string(l.ID), l, cond)
	if errors.Is(err, ErrChanged) {
		return l, hubspotlist.ErrChanged
	}
	return l, err
}

// Remove implements hubspotlist.Store.
func (s Lists) Remove(ctx context.Context, p id.PortalID, l hubspotlist.List) error {
	err := s.part(p).remove(ctx, string(l.ID), versionIs(l.Version))
	if errors.Is(err, ErrChanged) {
		return hubspotlist.ErrChanged
	}
	return err
}

// Checked implements hubspotlist.Store.
func (s Lists) Checked(ctx context.Context, p id.PortalID) (hubspotlist.Checked, error) {
	var c hubspotlist.Checked
	_, err := s.Table.Portal(p).conf().get(ctx, "lists", &c)
	return c, err
}

// SaveChecked implements hubspotlist.Store. The later of two looks may be overwritten by the earlier: the next one follows.
func (s Lists) SaveChecked(ctx context.Context, p id.PortalID, c hubspotlist.Checked) error {
	return s.Table.Portal(p).conf().put(ctx, "lists", c, nil)
}
