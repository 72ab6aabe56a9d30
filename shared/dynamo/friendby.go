package dynamo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/friend"
	"lumo/shared/id"
)

// ByContact implements friend.Store.
func (s Friends) ByContact(ctx context.Context, p id.PortalID, c id.ContactID) ([]friend.Key, error) {
	k := expression.Key(attrContactPK).Equal(expression.Value(s.contactRef(p, c))).And(expression.Key(attrContactSK).BeginsWith(c.String() + "#"))
	pg, err := s.Table.run(ctx, k, indexContact, query{})
	if err != nil {
		return nil, err
	}
	return friendKeys(pg.Items, attrContactSK)
}

// ByContacts implements friend.Store: one query per shard for ids of the same length, and one per contact where too much lies between them.
func (s Friends) ByContacts(ctx context.Context, p id.PortalID, cs []id.ContactID) (map[id.ContactID][]friend.Key, error) {
	cs = slices.Compact(slices.Sorted(slices.Values(cs)))
	ranges := map[string][]id.ContactID{}
	for _, c := range cs {
		at := fmt.Sprintf("%s/%02d", s.contactRef(p, c), len(c.String()))
		ranges[at] = append(ranges[at], c)
	}
	out := map[id.ContactID][]friend.Key{}
	for _, at := range slices.Sorted(maps.Keys(ranges)) {
		in := ranges[at]
		whole, err := s.contactRange(ctx, p, in, out)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(in) && !whole; i++ {
			if out[in[i]], err = s.ByContact(ctx, p, in[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// contactRange looks up contacts of one shard, from the first to the last. It tells whether one query was enough.
func (s Friends) contactRange(ctx context.Context, p id.PortalID, in []id.ContactID, out map[id.ContactID][]friend.Key) (bool, error) {
	if len(in) == 1 {
		return false, nil
	}
	first, last := in[0].String()+"#", in[len(in)-1].String()+"$" // the character after '#'
	k := expression.Key(attrContactPK).Equal(expression.Value(s.contactRef(p, in[0]))).
		And(expression.Key(attrContactSK).Between(expression.Value(first), expression.Value(last)))
	pg, err := s.Table.run(ctx, k, indexContact, query{limit: int32(4*len(in) + 16)})
	if err != nil || pg.Next != nil {
		return false, err
	}
	ks, err := friendKeys(pg.Items, attrContactSK)
	if err != nil {
		return false, err
	}
	for i, m := range pg.Items {
		ref, _, _ := strings.Cut(text(m[attrContactSK]), "#")
		if c, err := id.ParseContact(ref); err == nil {
			out[c] = append(out[c], ks[i])
		}
	}
	return true, nil
}

// ByCompany implements friend.Store.
func (s Friends) ByCompany(ctx context.Context, p id.PortalID, c id.CompanyID, after string) ([]friend.Key, string, error) {
	q := query{limit: 500}
	if after != "" {
		var err error
		if q.after, err = decodeCursor(after); err != nil {
			return nil, "", err
		}
	}
	k := expression.Key(attrCompanyPK).Equal(expression.Value(s.companyRef(p, c))).And(expression.Key(attrCompanySK).BeginsWith(c.String() + "#"))
	pg, err := s.Table.run(ctx, k, indexCompany, q)
	if err != nil {
		return nil, "", err
	}
	ks, err := friendKeys(pg.Items, attrCompanySK)
	return ks, encodeCursor(pg.Next), err
}

// friendKeys reads "<ref>#<slot>#<user>".
func friendKeys(items []map[string]types.AttributeValue, attr string) ([]friend.Key, error) {
	var out []friend.Key
	for _, m := range items {
		parts := strings.Split(text(m[attr]), "#")
		if len(parts) != 3 {
			return nil, fmt.Errorf("index entry %q is no friend", text(m[attr]))
		}
		slot, err := id.ParseSlot(parts[1])
		if err != nil {
			return nil, err
		}
		out = append(out, friend.Key{Slot: slot, User: id.LineUserID(parts[2])})
	}
	return out, nil
}
