package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/erasure"
	"lumo/shared/id"
)

var _ erasure.ChangeLog = ChangeLog{}

// Forget implements erasure.ChangeLog, a day or a page of its items at a time. The records stay: that something changed is no secret.
func (s ChangeLog) Forget(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (string, error) {
	day, sk, _, err := parseLogCursor(after, s.Clock.Now())
	if err != nil {
		return "", err
	}
	part := s.Table.Portal(p).in("LOG", day)
	q := query{descending: true, limit: 25}
	if sk != "" {
		q.after = part.key(sk)
	}
	pg, err := part.query(ctx, q)
	if err != nil {
		return "", err
	}
	for _, m := range pg.Items {
		if err := s.forgetIn(ctx, part, m, cs); err != nil {
			return "", err
		}
	}
	if pg.Next != nil {
		return day + "|" + text(pg.Next[attrSK]) + "|0", nil
	}
	if day = dayBefore(day); day < dayOf(s.Clock.Now().AddDate(0, 0, -logDays).UnixMilli()) {
		return "", nil
	}
	return day + "||0", nil
}

func (s ChangeLog) forgetIn(ctx context.Context, part partition, m map[string]types.AttributeValue, cs []id.ContactID) error {
	var it logItem
	if err := attributevalue.UnmarshalMap(m, &it); err != nil {
		return err
	}
	rs, err := unpackRecords(it.Records)
	if err != nil {
		return err
	}
	found := false
	for i := range rs {
		if slices.Contains(cs, rs[i].Contact) && rs[i].Old+rs[i].New != "" {
			rs[i].Old, rs[i].New, found = "", "", true
		}
	}
	if !found {
		return nil
	}
	// Blank records are smaller than they were, so they fit the item that held them.
	if it.Records, it.Count, err = packRecords(rs); err != nil {
		return err
	}
	return part.put(ctx, text(m[attrSK]), it, nil)
}
