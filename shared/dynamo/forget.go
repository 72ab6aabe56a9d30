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

// forgetAtOnce items are looked through in one go.
const forgetAtOnce = 100

// Forget implements erasure.ChangeLog: a day, or as many of its items as are looked through in one go. The records stay: that something
// changed is no secret.
func (s ChangeLog) Forget(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (string, error) {
	day, sk, _, err := parseLogCursor(after, s.Clock.Now())
	if err != nil {
		return "", err
	}
	items := s.day(p, day, sk)
	for range forgetAtOnce {
		m, err := items.next(ctx)
		if err != nil {
			return "", err
		}
		if m == nil {
			if day = dayBefore(day); day < s.oldest() {
				return "", nil
			}
			return day + "||0", nil
		}
		sk = text(m[attrSK])
		if err := s.forgetIn(ctx, s.part(p, day, logShardOf(sk)), m, cs); err != nil {
			return "", err
		}
	}
	return day + "|" + sk + "|0", nil // the last one is looked at again, which does no harm
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
